/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A keeper is given a device to watch, to check and to delete, while its calls fail. Whatever it
 * was asked is answered, or its end tells that it is not; it closes all that it opened; and what it
 * forks writes nothing that must not be written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "act/hand.h"
#include "act/keeper.h"
#include "base/cleanup.h"
#include "disk.h"
#include "fault.h"
#include "port/packet.h"
#include "process.h"

static const struct row {
	const char *rule;
	bool with_sg, gone;
	uint64_t lun; /* is it listed? 0: nobody wants to know */
	enum lun_word sought;
} rows[] = {
	{ "by its sg node, it is gone", true, true, 0, LUN_NOT_ASKED },
	{ "by its sg node, it answers", true, false, 0, LUN_NOT_ASKED },
	{ "by its sg node, its target lists nothing at all", true, false, 1, LUN_UNKNOWN },
	{ "without an sg node, it is gone", false, true, 1, LUN_NOT_ASKED },
	{ "without an sg node, a number is listed", false, false, 1, LUN_LISTED },
	{ "without an sg node, a number is not listed", false, false, 9, LUN_NOT_LISTED },
};

static const struct row *row;
static struct packet packet;

/* The answer to this action; false: the other end closed. */
static bool wait_for(int socket, uint64_t action, struct observation *ret)
{
	while (packet_receive_patiently(socket, &packet) == 1)
		while (packet_next(&packet, ret, sizeof *ret) == 1)
			if (ret->action == action && ret->kind != OBS_HAND)
				return true;
	return false;
}

static bool ask(int socket, const struct action *a, struct observation *ret)
{
	return packet_send_one(socket, a, action_size(a), NULL, 0) == 0 &&
	       wait_for(socket, a->id, ret);
}

static bool require_name(const struct fault *f, const struct observation *o, const char *what)
{
	if (o->result < 0 && !strerrorname_np(-o->result))
		fail_msg("%s, %s: %s: %d", row->rule, fault_text(f), what, o->result);
	return o->result >= 0;
}

/* What went wrong on the way is no word of the target's. */
static void require_word(const struct fault *f, const struct observation *o)
{
	enum lun_word is = o->checked.sought;

	if (is != row->sought && (!fault_struck() || (is != LUN_UNKNOWN && is != LUN_NOT_ASKED)))
		fail_msg("%s, %s: %s", row->rule, fault_text(f), lun_word_name(is));
}

static void delete_it(const struct fault *f, int keeper)
{
	struct action a = { .kind = ACT_DELETE, .id = 3, .path = { 1, 1 } };
	struct observation done = { .result = -EPIPE };
	int pair[2];

	a.del = (struct act_delete){ .host = 3, .deadline_ms = 60000, .claim = true };
	assert_int_equal(packet_pair(pair), 0);
	if (hand_send_order(keeper, &a, pair[1]) < 0)
		pair[1] = close_fd(pair[1]); /* it ended already */
	pair[1] = close_fd(pair[1]);
	if (wait_for(pair[0], a.id, &done)) {
		assert_int_equal(done.kind, OBS_DONE);
		require_name(f, &done, "delete");
	}
	while (wait_for(pair[0], a.id, &done))
		;
	close(pair[0]);
}

static void run(const struct fault *f)
{
	struct action watch = { .kind = ACT_WATCH, .id = 1, .path = { 1, 1 } };
	struct action check = { .kind = ACT_CHECK, .id = 2, .path = { 1, 1 } };
	struct action forget = { .kind = ACT_FORGET, .path = { 1, 1 } };
	struct observation o;
	int pair[2], pid;

	watch.watch = disk_watch();
	check.check.host = 3;
	check.check.ask_inquiry = true;
	check.check.seek = row->lun != 0;
	check.check.lun = row->lun;
	assert_int_equal(packet_pair(pair), 0);
	pid = process_begin(keeper_main, 3, pair[0], pair[1]);
	close(pair[1]);
	if (ask(pair[0], &watch, &o) && require_name(f, &o, "watch") && ask(pair[0], &check, &o)) {
		require_name(f, &o, "check");
		require_word(f, &o);
		delete_it(f, pair[0]);
	}
	packet_send_one(pair[0], &forget, action_size(&forget), NULL, 0);
	close(pair[0]);
	process_end(pid, row->rule, f);
	if (disk_was_written("sys/" DISK "/delete") != row->gone && (!row->gone || !fault_struck()))
		fail_msg("%s, %s", row->rule, fault_text(f));
}

static void test_keeper(void **state)
{
	/* what it opens and reads is that of handles and of the hand: faults-hand.c */
	static const enum fault_kind kinds[] = { FAULT_MEMORY, FAULT_CONTROL, FAULT_SEND,
		FAULT_RECEIVE, FAULT_SOCKET, FAULT_WAIT, FAULT_PROCESS, FAULT_NONE };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		row = &rows[i];
		disk_begin(row->with_sg);
		disk_answers(row->gone ? DISK_GONE : DISK_GOOD);
		fault_each(kinds, run);
		disk_end();
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keeper),
	};

	return cmocka_run_group_tests_name("faults of a keeper", tests, NULL, NULL);
}
