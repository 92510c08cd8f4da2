/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A scan hand, whose every call fails once, and from then on. It writes nothing unless all its
 * conditions hold; and the daemon learns how it ended, by stage and errno, or that it did.
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
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "act/hand.h"
#include "act/scan_hand.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "disk.h"
#include "fault.h"
#include "port/packet.h"
#include "process.h"

#define HOST   "devices/pci0/host3"
#define SCAN   "sys/" HOST "/scsi_host/host3/scan"
#define RESCAN "sys/" DISK "/rescan"

enum { SECTORS = 2048 };

static const struct row {
	const char *rule;
	enum action_kind kind;
	int want;
	bool locked, alone, leaves, silent, another, unlike, other_inode;
	const char *state;
} rows[] = {
	{ "a place is scanned", ACT_SCAN, .want = 0 },
	{ "... not of another host", ACT_SCAN, -ESTALE, .other_inode = true },
	{ "... not beside another hand", ACT_SCAN, -EBUSY, .locked = true },
	{ "... not for a daemon that is gone", ACT_SCAN, -EPIPE, .alone = true },
	{ "... nor for one that goes meanwhile", ACT_SCAN, -EPIPE, .leaves = true },
	{ "a device is read again", ACT_REREAD, .want = 0 },
	{ "... not another one", ACT_REREAD, -ESTALE, .other_inode = true },
	{ "... nor one that leads to another volume", ACT_REREAD, -ESTALE, .another = true },
	{ "... nor one that does not say who it is", ACT_REREAD, -EAGAIN, .silent = true },
	{ "... nor one that says it in other words", ACT_REREAD, -EAGAIN, .unlike = true },
	{ "... nor one that does not run", ACT_REREAD, -EAGAIN, .state = "blocked\n" },
	{ "... not beside another hand", ACT_REREAD, -EBUSY, .locked = true },
	{ "... not for a daemon that is gone", ACT_REREAD, -EPIPE, .alone = true },
	{ "... nor for one that goes meanwhile", ACT_REREAD, -EPIPE, .leaves = true },
};

static const struct row *row;
static const char *root;
static struct packet packet;

static uint64_t inode_of(const char *sysfs)
{
	char path[512];
	struct stat st;

	snprintf(path, sizeof path, "%s/sys/%s", root, sysfs);
	assert_int_equal(stat(path, &st), 0);
	return st.st_ino;
}

static struct action action_of(const struct row *r)
{
	struct action a = { .kind = r->kind, .id = 7, .path = { 1, 1 } };

	if (r->kind == ACT_SCAN) {
		a.scan.place = place_of_host(3);
		a.scan.ino = inode_of(HOST) + r->other_inode;
		TEXT_SET(a.scan.sysfs, HOST);
		return a;
	}
	a.reread.device = disk_watch();
	a.reread.device.ino += r->other_inode;
	TEXT_SET(a.reread.wwid, r->unlike    ? "1ATA     a disk of another kind"
				: r->another ? DISK_ANOTHER_WWID
					     : DISK_WWID);
	return a;
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

static void require_word(const struct fault *f, const struct observation *done, bool was_written)
{
	if (done->result < 0 && (!strerrorname_np(-done->result) || done->done.stage == STAGE_NONE))
		fail_msg("%s, %s: %d at stage %u", row->rule, fault_text(f), done->result,
			done->done.stage);
	if (was_written && !done->done.written)
		fail_msg("%s, %s: it wrote and does not say so", row->rule, fault_text(f));
	if (done->result == 0 && !was_written)
		fail_msg("%s, %s: done, and nothing was written", row->rule, fault_text(f));
	if (done->result == 0 && row->kind == ACT_REREAD && done->done.sectors != SECTORS)
		fail_msg("%s, %s: another size", row->rule, fault_text(f));
	if (!fault_struck() && done->result != row->want)
		fail_msg("%s: %d at stage %u", row->rule, done->result, done->done.stage);
}

static void run(const struct fault *f)
{
	const struct action a = action_of(row);
	int pair[2], pid, other = hand_open_locks();
	struct observation done;
	bool heard, announced = false, whole, scanned, reread;

	if (row->locked)
		assert_int_equal(hand_lock_host(other, 3), 0);
	assert_int_equal(packet_pair(pair), 0);
	assert_int_equal(packet_send_one(pair[0], &a, action_size(&a), NULL, 0), 0);
	if (row->alone)
		pair[0] = close_fd(pair[0]);
	pid = process_begin(scan_hand_main, 3, pair[0], pair[1]);
	close(pair[1]);
	heard = pair[0] >= 0 && hear(pair[0], &done, &announced);
	close_fd(pair[0]);
	close(other);
	process_end(pid, row->rule, f);
	whole = row->kind == ACT_SCAN ? disk_holds(SCAN, "- - -") : disk_holds(RESCAN, "1");
	if (heard)
		require_word(f, &done, whole);
	scanned = disk_was_written(SCAN);
	reread = disk_was_written(RESCAN);
	if ((scanned || reread) && row->want < 0)
		fail_msg("%s, %s: it writes", row->rule, fault_text(f));
	if ((scanned || reread) && !announced)
		fail_msg("%s, %s: nobody knows of it", row->rule, fault_text(f));
	if (!fault_struck() && !heard && row->want != -EPIPE)
		fail_msg("%s: no word", row->rule);
}

static void test_scan_hand(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		row = &rows[i];
		root = disk_begin(true);
		disk_folder("sys/" HOST "/scsi_host/host3");
		disk_write(SCAN, "");
		disk_write(RESCAN, "");
		disk_write("sys/" DISK "/block/sda/size", "2048\n");
		if (row->state)
			disk_write("sys/" DISK "/state", row->state);
		fault_moments(&(struct fault_moments){ .leaves = row->leaves });
		disk_answers(row->silent ? DISK_GONE : DISK_GOOD);
		fault_each(NULL, run);
		disk_end();
	}
	fault_moments(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scan_hand),
	};

	return cmocka_run_group_tests_name("faults of a scan hand", tests, NULL, NULL);
}
