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
#include <inttypes.h>
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

#define STATE  "sys/" DISK "/state"
#define WAY    "sys/devices/pci0/host3/session1/iscsi_session/session1/state"
#define HOLDER "sys/" DISK "/block/sda/holders/dm-3/"

enum { ENDED = 100 }; /* the exit status of a hand that was not ended by a sanitizer: + 0 or 1 */

enum {
	DEADLINE_MS = 60000,
	LATE_MS = DEADLINE_MS + 1,
	SHORT_NAP_MS = 3000,		     /* an answer from before it still counts ... */
	NEARLY_LATE_MS = DEADLINE_MS - 2000, /* ... and this is late after it */
	LONG_NAP_MS = 6000,
};

/* In the order of the steps; what is said of a row is the condition that fails, and it alone. */
static const struct row {
	const char *rule;
	int want;	       /* 0: it is done */
	enum hand_stage stage; /* where it ends without a fault */
	bool asked;	       /* was it, by then? */
	enum disk_answer answer;
	bool fenced, fence, detached, by_qualifier, no_claim;
	bool locked, no_locks, alone, leaves, for_ever;
	unsigned age_ms, asleep_ms; /* of the order; while it is claimed */
	int claim;		    /* by this errno it cannot be */
	const char *state, *way;
	const char *later, *later_way; /* after so many looks; after one */
	unsigned looks;
	const char *holder, *neighbour; /* the uuid of what holds it; the other path's state */
	bool no_disk, no_driver, two_disks;
} rows[] = {
	{ "all holds", .asked = true },
	{ "there is no deadline", .asked = true, .age_ms = LATE_MS, .for_ever = true },
	{ "another hand is out there", -EBUSY, STAGE_LOCK, .locked = true },
	{ "there is no file of locks", -EBADF, STAGE_LOCK, .no_locks = true },
	{ "the daemon is gone", -EPIPE, STAGE_DAEMON, .alone = true },
	{ "it is not running", -EAGAIN, STAGE_STATE, .state = "blocked\n" },
	{ "it goes already", -ENODEV, STAGE_STATE, .state = "cancel\n" },
	{ "the way is down", -EAGAIN, STAGE_TRANSPORT, .way = "FAILED\n" },
	{ "the order is late", -EAGAIN, STAGE_ASK, .age_ms = LATE_MS },
	{ "it answers", -EAGAIN, STAGE_ASK, .asked = true, .answer = DISK_GOOD },
	{ "only its qualifier says that it is gone", -EAGAIN, STAGE_ASK, .asked = true,
		.answer = DISK_UNCONNECTED },
	{ "... and did so before", 0, STAGE_NONE, .asked = true, .answer = DISK_UNCONNECTED,
		.by_qualifier = true },
	{ "it has two disks", -EINVAL, STAGE_CLAIM, .asked = true, .two_disks = true },
	{ "its disk is being made, or unmade", -EAGAIN, STAGE_CLAIM, .asked = true,
		.no_disk = true },
	{ "it never had one", .asked = true, .no_disk = true, .no_driver = true },
	{ "somebody uses it", -EBUSY, STAGE_CLAIM, .asked = true, .claim = EBUSY },
	{ "it is in a map by now", -EBUSY, STAGE_CLAIM, .asked = true, .claim = EBUSY,
		.holder = "mpath-one\n", .neighbour = "running\n" },
	{ "it is in a map, which has claimed it", .asked = true, .claim = EBUSY, .no_claim = true,
		.holder = "mpath-one\n", .neighbour = "running\n" },
	{ "it left its map, and somebody uses it", -EBUSY, STAGE_CLAIM, .asked = true,
		.claim = EBUSY, .no_claim = true },
	{ "... who is no multipath map", -EBUSY, STAGE_CLAIM, .asked = true, .claim = EBUSY,
		.no_claim = true, .holder = "LVM-one\n", .neighbour = "running\n" },
	{ "a map has no other path by now", -EBUSY, STAGE_CLAIM, .asked = true, .claim = EBUSY,
		.no_claim = true, .holder = "mpath-one\n" },
	{ "the other path goes", -EBUSY, STAGE_CLAIM, .asked = true, .claim = EBUSY,
		.no_claim = true, .holder = "mpath-one\n", .neighbour = "cancel\n" },
	{ "... which was blocked, and so has another word", -EBUSY, STAGE_CLAIM, .asked = true,
		.claim = EBUSY, .no_claim = true, .holder = "mpath-one\n",
		.neighbour = "deleted\n" },
	{ "... and has no state any more", -EBUSY, STAGE_CLAIM, .asked = true, .claim = EBUSY,
		.no_claim = true, .holder = "mpath-one\n", .neighbour = "" },
	{ "it runs, and cannot be opened", -ENXIO, STAGE_CLAIM, .asked = true, .claim = ENXIO },
	{ "it does not run any more", -EAGAIN, STAGE_STATE, .asked = true, .later = "blocked\n",
		.looks = 1 },
	{ "the way is down by now", -EAGAIN, STAGE_TRANSPORT, .asked = true,
		.later_way = "FAILED\n" },
	{ "the answer is old", -EAGAIN, STAGE_ASK, .asked = true, .asleep_ms = LONG_NAP_MS },
	{ "the order is late by now", -EAGAIN, STAGE_ASK, .asked = true, .age_ms = NEARLY_LATE_MS,
		.asleep_ms = SHORT_NAP_MS },
	{ "the daemon is gone by now", -EPIPE, STAGE_DAEMON, .asked = true, .leaves = true },

	{ "a fenced one is offline", .fenced = true, .state = "offline\n" },
	{ "... and so cannot be opened", .fenced = true, .state = "offline\n", .claim = ENXIO },
	{ "..., and another hand is out there", -EBUSY, STAGE_LOCK, .fenced = true,
		.state = "offline\n", .locked = true },
	{ "... was brought back, whoever uses it", -EAGAIN, STAGE_STATE, .fenced = true,
		.claim = EBUSY },
	{ "..., and the order is late, whoever uses it", -EAGAIN, STAGE_ASK, .fenced = true,
		.state = "offline\n", .age_ms = LATE_MS, .claim = EBUSY },
	{ "..., and somebody uses it", -EBUSY, STAGE_CLAIM, .fenced = true, .state = "offline\n",
		.claim = EBUSY },
	{ "... is brought back by now", -EAGAIN, STAGE_STATE, .fenced = true, .state = "offline\n",
		.later = "running\n", .looks = 1 },
	{ "..., and the order is late by now", -EAGAIN, STAGE_ASK, .fenced = true,
		.state = "offline\n", .age_ms = NEARLY_LATE_MS, .asleep_ms = SHORT_NAP_MS },
	{ "..., and the daemon is gone by now", -EPIPE, STAGE_DAEMON, .fenced = true,
		.state = "offline\n", .leaves = true },

	{ "it is to be fenced", .fence = true },
	{ "..., and the daemon is gone", -EPIPE, STAGE_DAEMON, .fence = true, .alone = true },
	{ "..., and the order is late", -EAGAIN, STAGE_ASK, .fence = true, .age_ms = LATE_MS },
	{ "..., and the daemon is gone by now", -EPIPE, STAGE_DAEMON, .fence = true,
		.leaves = true },
	{ "... and does not become offline", -EAGAIN, STAGE_WRITE, .fence = true,
		.later = "running\n" },

	{ "an operator's word: it answers", .detached = true, .answer = DISK_GOOD },
	{ "..., fenced or not", .detached = true, .fenced = true },
	{ "..., and it is offline", .detached = true, .state = "offline\n", .claim = ENXIO },
	{ "... since its way is down", .detached = true, .state = "transport-offline\n",
		.claim = ENXIO },
	{ "..., and another hand is out there", -EBUSY, STAGE_LOCK, .detached = true,
		.locked = true },
	{ "..., and the daemon is gone", -EPIPE, STAGE_DAEMON, .detached = true, .alone = true },
	{ "..., and it goes already", -ENODEV, STAGE_STATE, .detached = true, .state = "cancel\n" },
	{ "..., of long ago, whoever uses it", -EAGAIN, STAGE_ASK, .detached = true,
		.age_ms = LATE_MS, .claim = EBUSY },
	{ "..., and somebody uses it", -EBUSY, STAGE_CLAIM, .detached = true, .claim = EBUSY },
	{ "..., and it is the last of a map by now", -EBUSY, STAGE_CLAIM, .detached = true,
		.claim = EBUSY, .no_claim = true, .holder = "mpath-one\n" },
	{ "..., and it runs, and cannot be opened", -ENXIO, STAGE_CLAIM, .detached = true,
		.claim = ENXIO },
	{ "..., and it was offline", -EAGAIN, STAGE_STATE, .detached = true, .state = "offline\n",
		.claim = ENXIO, .later = "running\n", .looks = 2 },
	{ "..., which is long ago by now", -EAGAIN, STAGE_ASK, .detached = true,
		.age_ms = NEARLY_LATE_MS, .asleep_ms = SHORT_NAP_MS },
	{ "..., and the daemon is gone by now", -EPIPE, STAGE_DAEMON, .detached = true,
		.leaves = true },
};

static const struct row *row;
static struct handles handles;
static struct packet packet;
static char record[64]; /* of the fence, in the world */

static struct action action_of(const struct row *r)
{
	struct action a = { .kind = r->fence ? ACT_FENCE : ACT_DELETE, .id = 7, .path = { 1, 1 } };

	if (r->fence) {
		a.fence = (struct act_fence){ .host = 3, .deadline_ms = DEADLINE_MS, .ino = 1 };
		return a;
	}
	a.del = (struct act_delete){ .host = 3,
		.deadline_ms = r->for_ever ? 0 : DEADLINE_MS,
		.claim = !r->no_claim,
		.by_qualifier = r->by_qualifier,
		.fenced = r->fenced,
		.detached = r->detached,
		.devt = { 8, 0 } };
	return a;
}

static int begin_hand(int socket, int locks)
{
	const struct hand_order order = { .boot_ms = hand_clock() - row->age_ms };
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
static bool hear(int socket, struct observation *ret, bool *ret_announced)
{
	bool any = false;

	while (packet_receive_patiently(socket, &packet) == 1)
		while (packet_next(&packet, ret, sizeof *ret) == 1) {
			*ret_announced |= ret->kind == OBS_HAND && ret->hand.host == 3;
			any = true;
		}
	return any && ret->kind == OBS_DONE;
}

/* The world moves on between two looks of the hand. */
static void move_on(int fd)
{
	static unsigned looks, ways;

	if (row->later && fd == handles.state && looks++ >= row->looks)
		disk_write(STATE, row->later);
	if (row->later_way && fd == handles.transport && ways++ >= 1)
		disk_write(WAY, row->later_way);
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

/* Without a fault. */
static void require_end(const struct observation *done)
{
	bool is_flushed = disk_has(DISK_FLUSHED);

	if (done->result != row->want || done->done.stage != row->stage)
		fail_msg("%s: %d at stage %u", row->rule, done->result, done->done.stage);
	if (!row->leaves && done->done.asked != row->asked)
		fail_msg("%s: asked: %d", row->rule, done->done.asked);
	if (row->want == 0 && is_flushed != (row->detached && !row->claim))
		fail_msg("%s: flushed: %d", row->rule, is_flushed);
	if (row->fence && disk_has(record) != (row->want == 0))
		fail_msg("%s: its record: %d", row->rule, disk_has(record));
	if (row->fenced && !row->detached && disk_has(record) != (row->want < 0))
		fail_msg("%s: the record of its fence: %d", row->rule, disk_has(record));
}

/* No driver, where there is no disk, is believed; and an operator's word needs no state. */
static bool is_no_lie(const struct fault *f)
{
	return (row->no_disk && f->kind == FAULT_LOOK && f->error == ENOENT) ||
	       (row->detached && row->stage == STAGE_STATE && !row->later && f->kind == FAULT_READ);
}

static bool is_written(void)
{
	if (row->fence)
		return disk_holds(STATE, "offline\n");
	return disk_was_written("sys/" DISK "/delete");
}

static void set_back(void)
{
	disk_write(STATE, row->state ? row->state : "running\n");
	disk_write(WAY, row->way ? row->way : "LOGGED_IN\n");
	if (disk_has(DISK_FLUSHED))
		disk_remove(DISK_FLUSHED);
	if (row->fence && disk_has(record))
		disk_remove(record);
	if (row->fenced)
		disk_write(record, "");
}

static void run(const struct fault *f)
{
	struct observation done;
	int pair[2], pid, status, locks = hand_open_locks(), other = hand_open_locks();
	bool was_written, announced = false;

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
	if (pair[0] >= 0 && !hear(pair[0], &done, &announced))
		done = (struct observation){ .result = -EPIPE,
			.done = { .written = true, .stage = STAGE_DAEMON } };
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status) < ENDED)
		fail_msg("%s, %s: it ended by %x", row->rule, fault_text(f), (unsigned)status);
	was_written = is_written();
	if (was_written && row->want < 0 && !is_no_lie(f))
		fail_msg("%s, %s: it writes", row->rule, fault_text(f));
	if (was_written && !announced)
		fail_msg("%s, %s: nobody knows of it", row->rule, fault_text(f));
	if (!fault_struck())
		require_end(&done);
	require_name(f, &done, was_written);
	set_back();
	close_fd(pair[0]);
	close(locks);
	close(other);
}

static void hold(void)
{
	disk_folder(HOLDER "dm");
	disk_write(HOLDER "dm/uuid", row->holder);
	disk_folder(HOLDER "slaves/sda/device");
	disk_write(HOLDER "slaves/sda/device/state", "running\n");
	if (!row->neighbour)
		return;
	disk_folder(HOLDER "slaves/sdb/device");
	if (*row->neighbour)
		disk_write(HOLDER "slaves/sdb/device/state", row->neighbour);
}

static void set_up(void)
{
	const struct fault_moments moments = { .claim = row->claim,
		.asleep_ms = row->asleep_ms,
		.leaves = row->leaves,
		.on_read = move_on };

	disk_begin(true);
	disk_answers(row->answer);
	fault_moments(&moments);
	disk_folder("run/state");
	snprintf(record, sizeof record, "run/state/fence-%" PRIu64,
		row->fence ? 1 : disk_watch().ino);
	set_back();
	if (row->holder)
		hold();
	if (row->two_disks)
		disk_folder("sys/" DISK "/block/sdb");
	if (row->no_disk)
		disk_remove("sys/" DISK "/block");
	if (row->no_driver)
		disk_remove("sys/" DISK "/driver");
}

static void test_hand(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct act_watch watch;

		row = &rows[i];
		set_up();
		watch = disk_watch();
		assert_int_equal(handles_open(&watch, &handles), 0);
		fault_each(NULL, run);
		handles_close(&handles);
		disk_end();
	}
	fault_moments(NULL);
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
