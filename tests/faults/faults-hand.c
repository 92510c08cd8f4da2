/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A hand, whose every system call fails once, and from then on. It writes nothing unless all its
 * conditions hold, whatever fails; and the daemon learns how it ended, by name, or that it did.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "act/hand.h"
#include "base/cleanup.h"
#include "disk.h"
#include "fault.h"
#include "port/packet.h"

enum { ENDED = 100 }; /* the exit status of a hand that was not ended by a sanitizer: + 0 or 1 */

static const struct row {
	const char *rule;
	bool may_write;
	bool good, claimed, locked, late, alone, fenced, fence, no_locks, in_map, no_claim;
	bool detached;
	const char *state, *way, *neighbour; /* its state, in the map */
} rows[] = {
	{ "all holds", .may_write = true },
	{ "it is in a map, which has claimed it", .may_write = true, .in_map = true,
		.claimed = true, .no_claim = true, .neighbour = "running\n" },
	{ "a map has no other path by now", .in_map = true, .claimed = true, .no_claim = true },
	{ "the other path goes", .in_map = true, .claimed = true, .no_claim = true,
		.neighbour = "cancel\n" },
	{ "a fenced one is offline", .may_write = true, .fenced = true, .state = "offline\n" },
	{ "it is to be fenced", .may_write = true, .fence = true },
	{ "it answers", .good = true },
	{ "somebody uses it", .claimed = true },
	{ "it left its map, and somebody uses it", .claimed = true, .no_claim = true },
	{ "it is not running", .state = "blocked\n" },
	{ "the way is down", .way = "FAILED\n" },
	{ "another hand is out there", .locked = true },
	{ "there is no file of locks", .no_locks = true },
	{ "the order is late", .late = true },
	{ "the daemon is gone", .alone = true },
	{ "a fenced one was brought back", .fenced = true },
	{ "a fenced one, and the order is late", .fenced = true, .state = "offline\n",
		.late = true },
	{ "it is to be fenced, and the order is late", .fence = true, .late = true },
	{ "it is to be fenced, and the daemon is gone", .fence = true, .alone = true },
	{ "an operator's word: it answers", .may_write = true, .detached = true, .good = true },
	{ "an operator's word, and somebody uses it", .detached = true, .good = true,
		.claimed = true },
	{ "an operator's word, and it is the last of a map by now", .detached = true, .good = true,
		.claimed = true, .no_claim = true, .in_map = true },
	{ "an operator's word, of long ago", .detached = true, .good = true, .late = true },
	{ "an operator's word, and the daemon is gone", .detached = true, .good = true,
		.alone = true },
	{ "an operator's word, and another hand is out there", .detached = true, .good = true,
		.locked = true },
};

static const struct row *row;
static struct handles handles;
static struct packet packet;

static struct action action_of(const struct row *r)
{
	struct action a = { .kind = r->fence ? ACT_FENCE : ACT_DELETE, .id = 7, .path = { 1, 1 } };

	if (r->fence) {
		a.fence = (struct act_fence){ .host = 3, .deadline_ms = 60000, .ino = 1 };
		return a;
	}
	a.del = (struct act_delete){ .host = 3,
		.deadline_ms = 60000,
		.claim = !r->no_claim,
		.fenced = r->fenced,
		.detached = r->detached,
		.devt = { 8, 0 } };
	return a;
}

static int begin_hand(int socket, int locks)
{
	const struct hand_order order = { .boot_ms = row->late ? 1 : hand_clock() };
	const struct action a = action_of(row);
	int pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		fault_begin();
		_exit(ENDED +
			hand_main(&a, &order, &handles, socket, -1, row->no_locks ? -1 : locks));
	}
	return pid;
}

/* The last word, if there is one. */
static bool hear(int socket, struct observation *ret)
{
	bool any = false;

	while (packet_receive_patiently(socket, &packet) == 1)
		while (packet_next(&packet, ret, sizeof *ret) == 1)
			any = true;
	return any && ret->kind == OBS_DONE;
}

static void require_name(const struct fault *f, const struct observation *done, bool was_written)
{
	if (done->result == 0 && !was_written)
		fail_msg("%s, %s: done, and nothing was written", row->rule, fault_text(f));
	if (was_written && !done->done.written)
		fail_msg("%s, %s: it wrote and does not say so", row->rule, fault_text(f));
	if (done->result < 0 && (!strerrorname_np(-done->result) || done->done.stage == STAGE_NONE))
		fail_msg("%s, %s: %d at stage %u", row->rule, fault_text(f), done->result,
			done->done.stage);
}

static void run(const struct fault *f)
{
	struct observation done;
	int pair[2], pid, status, locks = hand_open_locks(), other = hand_open_locks();
	bool was_written;

	assert_int_equal(packet_pair(pair), 0);
	if (row->alone)
		pair[0] = close_fd(pair[0]);
	if (row->locked)
		assert_int_equal(hand_lock_host(other, 3), 0);
	pid = begin_hand(pair[1], locks);
	close(pair[1]);
	memset(&done, 0, sizeof done);
	done.result = -EPIPE;
	done.done.stage = STAGE_DAEMON;
	if (pair[0] >= 0 && !hear(pair[0], &done))
		done = (struct observation){ .result = -EPIPE,
			.done = { .written = true, .stage = STAGE_DAEMON } };
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status) < ENDED)
		fail_msg("%s, %s: it ended by %x", row->rule, fault_text(f), (unsigned)status);
	was_written = disk_was_written("sys/" DISK "/delete");
	if (!row->may_write)
		was_written |= disk_holds("sys/" DISK "/state", "offline\n") && !row->fenced;
	if (was_written && !row->may_write)
		fail_msg("%s, %s: it writes", row->rule, fault_text(f));
	if (!fault_struck() && (done.result == 0) != row->may_write)
		fail_msg("%s, without a fault: %d at stage %u", row->rule, done.result,
			done.done.stage);
	if (!row->fence)
		require_name(f, &done, was_written);
	if (row->fence)
		disk_write("sys/" DISK "/state", "running\n");
	close_fd(pair[0]);
	close(locks);
	close(other);
}

static void test_hand(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct act_watch watch;

		row = &rows[i];
		disk_begin(true);
		disk_answers(row->good);
		fault_claimed(row->claimed);
		if (row->state)
			disk_write("sys/" DISK "/state", row->state);
		if (row->way)
			disk_write("sys/devices/pci0/host3/session1/iscsi_session/session1/state",
				row->way);
		if (row->in_map) {
			disk_folder("sys/" DISK "/block/sda/holders/dm-3/dm");
			disk_write("sys/" DISK "/block/sda/holders/dm-3/dm/uuid", "mpath-one\n");
			disk_folder("sys/" DISK "/block/sda/holders/dm-3/slaves/sda/device");
			disk_write("sys/" DISK "/block/sda/holders/dm-3/slaves/sda/device/state",
				"running\n");
		}
		if (row->neighbour) {
			disk_folder("sys/" DISK "/block/sda/holders/dm-3/slaves/sdb/device");
			disk_write("sys/" DISK "/block/sda/holders/dm-3/slaves/sdb/device/state",
				row->neighbour);
		}
		watch = disk_watch();
		assert_int_equal(handles_open(&watch, &handles), 0);
		fault_each(NULL, run);
		handles_close(&handles);
		disk_end();
	}
}

static void run_handles(const struct fault *f)
{
	const struct act_watch watch = disk_watch();
	unsigned fds = fault_open_fds();
	int r;

	handles = HANDLES_NONE;
	fault_begin();
	r = handles_open(&watch, &handles);
	fault_end();
	if (r < 0 && (fault_open_fds() != fds || !strerrorname_np(-r)))
		fail_msg("%s: %d, and %u descriptors are left", fault_text(f), r,
			fault_open_fds() - fds);
	if (r >= 0 && (handles.delete_file < 0 || handles.state < 0 || handles.transport < 0))
		fail_msg("%s: not all is open", fault_text(f));
	handles_close(&handles);
	assert_int_equal(fault_open_fds(), fds);
}

static void test_handles(void **state)
{
	(void)state;
	disk_begin(true);
	fault_each(NULL, run_handles);
	disk_end();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hand),
		cmocka_unit_test(test_handles),
	};

	return cmocka_run_group_tests_name("faults of a hand", tests, NULL, NULL);
}
