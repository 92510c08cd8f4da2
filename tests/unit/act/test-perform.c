/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Actions to toy helpers and back. A toy does what the slot of the path says: so one keeper can
 * answer for one path and be silent for another.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <systemd/sd-event.h>

#include "act/hand.h"
#include "act/perform.h"
#include "act/zygote.h"
#include "base/cleanup.h"
#include "port/loop.h"
#include "port/packet.h"

enum { ANSWER, IGNORE, DIE, SLEEP, DROP_HAND };

static struct packet packet;

/* ---- toys --------------------------------------------------------------------------------- */

static void toy_delete(const struct action *a)
{
	struct observation o = {
		.kind = OBS_HAND, .action = a->id, .path = a->path, .hand.pid = 4242
	};

	if (a->path.slot != DROP_HAND) {
		packet_send_one(packet.fds[0], &o, observation_size(&o), NULL, 0);
		o = (struct observation){ .kind = OBS_DONE, .action = a->id, .path = a->path };
		packet_send_one(packet.fds[0], &o, observation_size(&o), NULL, 0);
	}
	packet_done(&packet);
}

static int toy_keeper(int socket, uint32_t tag)
{
	struct hand_order order;
	struct action a;

	(void)tag;
	for (;;) {
		packet_wait(socket, false);
		if (packet_receive(socket, &packet) == 0)
			return 0;
		while (packet_next(&packet, &a, sizeof a) == 1) {
			struct observation o = { .kind = a.kind == ACT_WATCH ? OBS_WATCHED
									     : OBS_CHECKED,
				.action = a.id,
				.path = a.path };

			if (a.kind == ACT_DELETE) {
				assert_true(packet_next(&packet, &order, sizeof order) == 1);
				toy_delete(&a);
			} else if (a.kind == ACT_CHECK && a.path.slot == DIE) {
				return 1;
			} else if (a.kind == ACT_CHECK && a.path.slot == SLEEP) {
				poll(NULL, 0, 5000);
				return 1;
			} else if (a.kind != ACT_FORGET && a.path.slot != IGNORE) {
				packet_send_patiently(socket, &o, observation_size(&o));
			}
		}
	}
}

static int toy_scout(int socket, uint32_t tag)
{
	struct action a;

	(void)tag;
	for (;;) {
		packet_wait(socket, false);
		if (packet_receive(socket, &packet) == 0)
			return 0;
		while (packet_next(&packet, &a, sizeof a) == 1) {
			struct observation o = { .kind = OBS_DEVICES_END, .action = a.id };

			if (a.kind == ACT_LOOK && a.path.slot == SLEEP)
				poll(NULL, 0, 3000);
			if (a.kind == ACT_READ_DEVICES)
				packet_send_patiently(socket, &o, observation_size(&o));
		}
	}
}

static int toy_hand(int socket, uint32_t tag)
{
	struct observation o = { .kind = OBS_DONE };
	struct action a;

	(void)tag;
	packet_wait(socket, false);
	if (packet_receive(socket, &packet) != 1 || packet_next(&packet, &a, sizeof a) != 1)
		return 1;
	o.action = a.id;
	if (a.path.slot == DIE)
		return 1;
	packet_send_patiently(socket, &o, observation_size(&o));
	while (packet_receive(socket, &packet) != 0)
		packet_wait(socket, false);
	return 0;
}

static const struct helper_role roles[] = {
	[HELPER_KEEPER] = { "pk-toy-keeper", toy_keeper },
	[HELPER_SCOUT] = { "pk-toy-scout", toy_scout },
	[HELPER_SCANNER] = { "pk-toy-scanner", toy_scout }, /* it never answers */
	[HELPER_DM_HAND] = { "pk-toy-hand", toy_hand },
};

/* ---- the world around it ------------------------------------------------------------------ */

static struct world {
	int zygote;
	struct loop *loop;
	struct perform *perform;
	struct observation seen[16], last;
	size_t n_seen, n_born;
	bool in_act; /* nothing may be said from within perform_act() */
} w;

static unsigned open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void see(void *arg, const struct observation *o)
{
	(void)arg;
	assert_false(w.in_act);
	assert_true(instant_is_set(o->at));
	if (o->kind == OBS_HELPER && o->helper.event == HELPER_BORN) {
		w.n_born++;
		return;
	}
	if (w.n_seen < ARRAY_SIZE(w.seen))
		w.seen[w.n_seen] = *o;
	w.last = *o;
	w.n_seen++;
}

static void begin(const struct perform_limits *limits)
{
	memset(&w, 0, sizeof w);
	assert_int_equal(zygote_start(roles, ARRAY_SIZE(roles), &w.zygote), 0);
	assert_int_equal(loop_new(&w.loop), 0);
	assert_int_equal(perform_new(w.loop, w.zygote, see, NULL, &w.perform), 0);
	if (limits)
		perform_set_limits(w.perform, limits);
}

static void end(void)
{
	perform_free(w.perform);
	loop_free(w.loop);
}

static void act(struct action a)
{
	w.in_act = true;
	perform_act(w.perform, &a);
	w.in_act = false;
}

/* Runs until n more observations are there (births are not counted), or for ms: then false. */
static bool see_more(size_t n, uint64_t ms)
{
	instant deadline = instant_add_ms(loop_now(), ms);

	n += w.n_seen;
	while (w.n_seen < n && instant_before(loop_now(), deadline))
		assert_in_range(sd_event_run(loop_sd_event(w.loop), 20000), 0, 1);
	return w.n_seen >= n;
}

static struct action watch(uint32_t slot, uint32_t host)
{
	return (struct action){
		.kind = ACT_WATCH, .id = 100 + slot, .path = { slot, 1 }, .watch.host = host
	};
}

static struct action check(uint32_t slot)
{
	return (struct action){ .kind = ACT_CHECK, .id = 200 + slot, .path = { slot, 1 } };
}

static struct action delete (uint32_t slot)
{
	return (struct action){
		.kind = ACT_DELETE, .id = 300 + slot, .path = { slot, 1 }, .del.host = 9
	};
}

static const struct observation *last(void)
{
	return &w.last;
}

static void count_helper(
	void *arg, enum helper_kind kind, uint32_t pid, uint32_t host, uint64_t action)
{
	unsigned *n = arg;

	(void)pid;
	(void)host;
	(void)action;
	n[kind]++;
}

static unsigned helpers(enum helper_kind kind)
{
	unsigned n[HELPER_HAND + 1] = { 0 };

	perform_helpers(w.perform, count_helper, n);
	return n[kind];
}

/* ---- tests -------------------------------------------------------------------------------- */

static void each_host_has_a_keeper_and_answers_come_back(void **state)
{
	(void)state;
	begin(NULL);
	act(watch(ANSWER, 3));
	act(watch(10, 3));
	act(watch(11, 4));
	assert_true(see_more(3, 5000));
	assert_int_equal(last()->kind, OBS_WATCHED);
	assert_int_equal(helpers(HELPER_KEEPER), 2);
	act(check(10));
	assert_true(see_more(1, 5000));
	assert_int_equal(last()->kind, OBS_CHECKED);
	assert_int_equal(last()->action, 210);
	assert_int_equal(last()->result, 0);
	end();
}

/* More than fits into a packet, all in one turn of the loop, before the keeper is even born. */
static void thousands_of_paths_appear_at_once(void **state)
{
	(void)state;
	begin(NULL);
	for (uint32_t i = 0; i < 2000; i++)
		act(watch(10 + i, 3));
	assert_true(see_more(2000, 20000));
	assert_int_equal(last()->action, 100 + 10 + 1999);
	assert_int_equal(last()->result, 0);
	assert_int_equal(helpers(HELPER_KEEPER), 1);
	end();
}

static void what_nobody_watches_cannot_be_checked_or_deleted(void **state)
{
	(void)state;
	begin(NULL);
	act(check(10));
	act(delete (11));
	act((struct action){ .kind = ACT_FORGET, .path = { 12, 1 } });
	assert_true(see_more(2, 5000));
	assert_int_equal(w.seen[0].kind, OBS_CHECKED);
	assert_int_equal(w.seen[0].result, -ENODEV);
	assert_int_equal(w.seen[1].kind, OBS_DONE);
	assert_int_equal(w.seen[1].result, -ENODEV);
	assert_false(see_more(1, 100));
	act((struct action){ .kind = ACT_FORGET, .id = 7, .path = { 12, 1 } });
	assert_true(see_more(1, 5000)); /* somebody waits for it to be closed */
	assert_int_equal(last()->kind, OBS_WATCHED);
	assert_int_equal(last()->action, 7);
	assert_int_equal(last()->result, -ENODEV);
	end();
}

static void hosts_share_keepers_beyond_the_limit(void **state)
{
	struct perform_limits limits = PERFORM_LIMITS;

	(void)state;
	limits.keepers = 3;
	begin(&limits);
	for (uint32_t i = 0; i < 10; i++)
		act(watch(10 + i, i));
	assert_true(see_more(10, 10000));
	assert_int_equal(helpers(HELPER_KEEPER), 3);
	end();
}

static void a_lost_keeper_is_told_for_each_of_its_hosts_and_made_again(void **state)
{
	struct perform_limits limits = PERFORM_LIMITS;
	instant lost_at;

	(void)state;
	limits.keepers = 1;
	limits.respawn_ms = 300;
	begin(&limits);
	act(watch(10, 1));
	act(watch(DIE, 2));
	assert_true(see_more(2, 5000));
	act(check(DIE));
	assert_true(see_more(2, 5000));
	assert_int_equal(w.seen[2].kind, OBS_HELPER);
	assert_int_equal(w.seen[2].helper.event, HELPER_LOST);
	assert_int_equal(w.seen[2].helper.helper, HELPER_KEEPER);
	assert_int_equal(w.seen[2].helper.host + w.seen[3].helper.host, 3);
	lost_at = loop_now();
	act(watch(10, 1));
	assert_true(see_more(1, 5000));
	assert_int_equal(last()->kind, OBS_WATCHED);
	assert_in_range(instant_ms_between(lost_at, loop_now()), 200, 4000);
	end();
}

static void a_hand_answers_on_a_socket_of_its_own(void **state)
{
	(void)state;
	begin(NULL);
	act(watch(10, 9));
	assert_true(see_more(1, 5000));
	act(delete (10));
	assert_true(see_more(2, 5000));
	assert_int_equal(w.seen[1].kind, OBS_HAND);
	assert_int_equal(w.seen[2].kind, OBS_DONE);
	assert_int_equal(w.seen[2].action, 310);
	assert_int_equal(w.seen[2].result, 0);
	assert_false(see_more(1, 200)); /* its end after its word is no news */
	assert_int_equal(helpers(HELPER_HAND), 0);
	end();
}

static void a_hand_that_ends_without_a_word_has_failed(void **state)
{
	(void)state;
	begin(NULL);
	act(watch(DROP_HAND, 9));
	assert_true(see_more(1, 5000));
	act(delete (DROP_HAND));
	assert_true(see_more(1, 5000));
	assert_int_equal(last()->kind, OBS_DONE);
	assert_int_equal(last()->action, 300 + DROP_HAND);
	assert_int_equal(last()->result, -EPIPE);
	end();
}

static void a_map_hand_is_made_for_one_deed(void **state)
{
	(void)state;
	begin(NULL);
	act((struct action){ .kind = ACT_FAIL_PATH, .id = 1 });
	act((struct action){ .kind = ACT_REMOVE_MAP, .id = 2, .path.slot = DIE });
	assert_true(see_more(2, 5000));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(w.seen[i].kind, OBS_DONE);
		assert_int_equal(w.seen[i].result, w.seen[i].action == 1 ? 0 : -EPIPE);
	}
	assert_false(see_more(1, 200));
	assert_int_equal(helpers(HELPER_DM_HAND), 0);
	end();
}

static void a_scout_that_owes_an_answer_too_long_is_given_up(void **state)
{
	struct perform_limits limits = PERFORM_LIMITS;

	(void)state;
	limits.answer_ms = 200;
	limits.respawn_ms = 100;
	begin(&limits);
	act((struct action){ .kind = ACT_READ_DEVICES, .id = 1 });
	assert_true(see_more(1, 5000));
	assert_int_equal(last()->kind, OBS_DEVICES_END);
	assert_false(see_more(1, 400)); /* nothing is owed: nothing is given up */
	act((struct action){ .kind = ACT_LOOK, .id = 2 });
	assert_true(see_more(1, 5000));
	assert_int_equal(last()->kind, OBS_HELPER);
	assert_int_equal(last()->helper.helper, HELPER_SCOUT);
	assert_int_equal(last()->helper.event, HELPER_LOST);
	assert_int_equal(helpers(HELPER_SCOUT), 0);
	act((struct action){ .kind = ACT_READ_DEVICES, .id = 3 });
	assert_true(see_more(1, 5000));
	assert_int_equal(last()->kind, OBS_DEVICES_END);
	end();
}

/* A question waits for the look before it: that is not owed too long. */
static void a_scanner_has_time_for_two_looks(void **state)
{
	struct perform_limits limits = PERFORM_LIMITS;

	(void)state;
	limits.answer_ms = 500;
	begin(&limits);
	act((struct action){ .kind = ACT_FIND_HOLDERS, .id = 1 });
	assert_false(see_more(1, 1000));
	assert_true(see_more(1, 5000));
	assert_int_equal(last()->kind, OBS_HELPER);
	assert_int_equal(last()->helper.helper, HELPER_SCANNER);
	assert_int_equal(last()->helper.event, HELPER_LOST);
	end();
}

/* In the kernel, where the next one would be lost as well. */
static void those_that_were_given_up_and_stay_are_not_joined_without_end(void **state)
{
	const struct action stuck = { .kind = ACT_LOOK, .id = 2, .path.slot = SLEEP };
	struct perform_limits limits = PERFORM_LIMITS;
	size_t born;

	(void)state;
	limits.answer_ms = 300;
	limits.respawn_ms = 20;
	begin(&limits);
	for (int i = 0; i < 6; i++) {
		act(stuck);
		assert_true(see_more(1, 5000)); /* told each time, also when none was made */
		assert_int_equal(last()->helper.event, HELPER_LOST);
	}
	assert_int_equal(w.n_born, 4);
	born = w.n_born;
	assert_false(see_more(1, 4000)); /* they come back and end, and nothing they say is heard */
	act((struct action){ .kind = ACT_READ_DEVICES, .id = 3 });
	assert_true(see_more(1, 5000));
	assert_int_equal(last()->kind, OBS_DEVICES_END);
	assert_int_equal(w.n_born, born + 1);
	end();
}

static void a_keeper_that_does_not_listen_costs_its_host_alone(void **state)
{
	struct action a = check(IGNORE);
	size_t n = 0;

	(void)state;
	begin(NULL);
	act(watch(SLEEP, 1));
	act(watch(10, 2));
	assert_true(see_more(2, 5000));
	act(check(SLEEP));
	assert_false(see_more(1, 200));
	a.path.slot = SLEEP;
	for (int i = 0; i < 200000 && n == 0; i++) { /* until its socket is full */
		act(a);
		if (i % 1000 == 0)
			see_more(1, 1);
		n = w.n_seen - 2;
	}
	assert_true(n > 0);
	assert_int_equal(last()->kind, OBS_CHECKED);
	assert_int_equal(last()->result, -EAGAIN);
	n = w.n_seen;
	act(check(10));
	while (last()->action != 210)
		assert_true(see_more(1, 2000));
	end();
}

static void hosts_leave_a_shared_keeper_that_does_not_listen(void **state)
{
	struct perform_limits limits = PERFORM_LIMITS;

	(void)state;
	limits.keepers = 1;
	limits.behind_ms = 300;
	limits.respawn_ms = 50;
	begin(&limits);
	act(watch(SLEEP, 1));
	act(watch(10, 2));
	assert_true(see_more(2, 5000));
	assert_false(see_more(1, 1000)); /* an idle one is not late */
	act(check(SLEEP));
	assert_false(see_more(1, 100));
	act(check(10));
	assert_true(see_more(2, 5000));
	assert_int_equal(w.seen[2].helper.event, HELPER_LOST);
	assert_int_equal(w.seen[3].helper.event, HELPER_LOST);
	act(watch(SLEEP, 1));
	act(watch(10, 2));
	assert_true(see_more(2, 5000));
	assert_int_equal(helpers(HELPER_KEEPER), 2); /* they share no more */
	act(check(SLEEP));
	assert_false(see_more(1, 100));
	act(check(SLEEP));
	act(check(10));
	assert_true(see_more(1, 5000));
	assert_int_equal(last()->action, 210);
	assert_false(see_more(1, 1000)); /* nothing is gained without the one that sleeps */
	end();
}

static void without_a_zygote_all_fails_aloud(void **state)
{
	int pair[2];

	(void)state;
	begin(NULL);
	perform_free(w.perform);
	assert_int_equal(packet_pair(pair), 0);
	close(pair[1]);
	assert_int_equal(perform_new(w.loop, pair[0], see, NULL, &w.perform), 0);
	assert_true(see_more(1, 5000));
	assert_int_equal(last()->helper.helper, HELPER_ZYGOTE);
	act(watch(10, 1));
	assert_true(see_more(1, 5000));
	assert_int_equal(last()->helper.helper, HELPER_KEEPER);
	assert_int_equal(last()->helper.host, 1);
	act((struct action){ .kind = ACT_READ_MAPS, .id = 7 });
	assert_true(see_more(1, 5000));
	assert_int_equal(last()->helper.helper, HELPER_DM);
	act((struct action){ .kind = ACT_FAIL_PATH, .id = 8 });
	assert_true(see_more(1, 5000));
	assert_int_equal(last()->kind, OBS_DONE);
	assert_int_equal(last()->result, -EPIPE);
	end();
}

static void no_descriptor_stays(void **state)
{
	unsigned before = open_fds();

	(void)state;
	a_lost_keeper_is_told_for_each_of_its_hosts_and_made_again(NULL);
	a_hand_answers_on_a_socket_of_its_own(NULL);
	a_hand_that_ends_without_a_word_has_failed(NULL);
	a_map_hand_is_made_for_one_deed(NULL);
	assert_int_equal(open_fds(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_host_has_a_keeper_and_answers_come_back),
		cmocka_unit_test(thousands_of_paths_appear_at_once),
		cmocka_unit_test(what_nobody_watches_cannot_be_checked_or_deleted),
		cmocka_unit_test(hosts_share_keepers_beyond_the_limit),
		cmocka_unit_test(a_lost_keeper_is_told_for_each_of_its_hosts_and_made_again),
		cmocka_unit_test(a_hand_answers_on_a_socket_of_its_own),
		cmocka_unit_test(a_hand_that_ends_without_a_word_has_failed),
		cmocka_unit_test(a_map_hand_is_made_for_one_deed),
		cmocka_unit_test(a_scout_that_owes_an_answer_too_long_is_given_up),
		cmocka_unit_test(a_scanner_has_time_for_two_looks),
		cmocka_unit_test(those_that_were_given_up_and_stay_are_not_joined_without_end),
		cmocka_unit_test(a_keeper_that_does_not_listen_costs_its_host_alone),
		cmocka_unit_test(hosts_leave_a_shared_keeper_that_does_not_listen),
		cmocka_unit_test(without_a_zygote_all_fails_aloud),
		cmocka_unit_test(no_descriptor_stays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
