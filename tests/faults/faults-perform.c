/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The daemon's side of its helpers, while its calls fail: whatever was handed out is answered, by
 * the helper or by a name, or the helper's end is told; nothing is left open, nothing hangs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "act/hand.h"
#include "act/perform.h"
#include "act/zygote.h"
#include "base/cleanup.h"
#include "fault.h"
#include "port/loop.h"
#include "port/packet.h"

enum { HEARTBEAT_MS = 20, MOST_BEATS = 500 };

static struct packet packet;

/* ---- helpers that answer ------------------------------------------------------------------ */

static void answer(int socket, const struct action *a)
{
	struct observation o = { .action = a->id, .path = a->path };

	switch ((int)a->kind) {
	case ACT_WATCH: o.kind = OBS_WATCHED; break;
	case ACT_CHECK: o.kind = OBS_CHECKED; break;
	case ACT_READ_DEVICES: o.kind = OBS_DEVICES_END; break;
	case ACT_DELETE: o.kind = OBS_DONE; break;
	default: return;
	}
	packet_send_patiently(socket, &o, observation_size(&o));
}

static int toy(int socket, uint32_t tag)
{
	struct hand_order order;
	struct action a;

	(void)tag;
	while (packet_receive_patiently(socket, &packet) == 1) {
		while (packet_next(&packet, &a, sizeof a) == 1) {
			bool is_deed = a.kind == ACT_DELETE;

			if (is_deed && (packet.n_fds != 1 ||
					       packet_next(&packet, &order, sizeof order) != 1))
				return 1;
			answer(is_deed ? packet.fds[0] : socket, &a);
		}
		packet_done(&packet);
	}
	return 0;
}

static const struct helper_role roles[] = {
	[HELPER_KEEPER] = { "pk-toy-keeper", toy },
	[HELPER_SCOUT] = { "pk-toy-scout", toy },
};

/* ---- the daemon --------------------------------------------------------------------------- */

static const enum action_kind story[] = { ACT_WATCH, ACT_CHECK, ACT_DELETE, ACT_READ_DEVICES,
	ACT_FORGET };

static struct {
	const struct fault *fault;
	struct loop *loop;
	struct perform *perform;
	struct source *heartbeat;
	size_t at;
	unsigned beats;
	bool is_over, is_lost;
} t;

static void go_on(void)
{
	struct action a = { .kind = story[t.at], .id = t.at + 1, .path = { 1, 1 } };

	if (a.kind == ACT_WATCH)
		a.watch.host = 3;
	if (a.kind == ACT_DELETE)
		a.del.host = 3;
	perform_act(t.perform, &a);
	t.is_over = a.kind == ACT_FORGET;
}

static void sink(void *arg, const struct observation *o)
{
	(void)arg;
	if (o->result < 0 && !strerrorname_np(-o->result))
		fail_msg("%s: %d", fault_text(t.fault), o->result);
	t.is_lost |= o->kind == OBS_HELPER && o->helper.event == HELPER_LOST;
	if (o->kind != OBS_HELPER && o->action == t.at + 1) {
		t.is_lost |= o->result < 0; /* by name */
		t.at++;
	}
}

/* As the daemon's own: without it nothing would go on. */
static void on_beat(void *arg)
{
	static size_t begun;

	(void)arg;
	if (!t.beats++)
		begun = SIZE_MAX;
	if (t.is_over || t.is_lost) {
		loop_exit(t.loop, 0);
		return;
	}
	if (begun != t.at)
		go_on();
	begun = t.at;
	if (t.beats > MOST_BEATS)
		fail_msg("%s: %s is not answered", fault_text(t.fault), action_name(story[t.at]));
	if (loop_timer_set(t.heartbeat, instant_add_ms(loop_now(), HEARTBEAT_MS)) < 0)
		loop_exit(t.loop, 1);
}

static void begin_loop(void)
{
	assert_int_equal(loop_new(&t.loop), 0);
	assert_int_equal(loop_timer(t.loop, PRIORITY_TIME, on_beat, NULL, &t.heartbeat), 0);
	assert_int_equal(loop_timer_set(t.heartbeat, loop_now()), 0);
}

static void run(const struct fault *f)
{
	const struct perform_limits limits = { .keepers = 1,
		.keepers_more = 1,
		.respawn_ms = 10,
		.answer_ms = 8000,
		.behind_ms = 8000 };
	unsigned fds = fault_open_fds();
	long live = fault_live();
	int zygote;

	memset(&t, 0, sizeof t);
	t.fault = f;
	assert_int_equal(zygote_start(roles, ARRAY_SIZE(roles), &zygote), 0);
	begin_loop();
	fault_begin();
	if (perform_new(t.loop, zygote, sink, NULL, &t.perform) == 0) {
		perform_set_limits(t.perform, &limits);
		loop_run(t.loop);
		t.perform = perform_free(t.perform);
	}
	fault_end();
	if (!fault_struck() && !t.is_over)
		fail_msg("%s: lost without a fault", fault_text(f));
	t.heartbeat = source_free(t.heartbeat);
	t.loop = loop_free(t.loop);
	if (fault_open_fds() != fds || fault_live() != live)
		fail_msg("%s: %u descriptors, %ld allocations are left", fault_text(f),
			fault_open_fds() - fds, fault_live() - live);
}

static void test_perform(void **state)
{
	(void)state;
	signal(SIGCHLD, SIG_IGN);
	fault_each(NULL, run);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_perform),
	};

	return cmocka_run_group_tests_name("faults of the daemon's side", tests, NULL, NULL);
}
