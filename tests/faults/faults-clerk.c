/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A clerk, whose every call fails once, and from then on. What it says is done is there as a whole,
 * or away as a whole, for the next daemon and for udev's rule; where it says that it failed there
 * is what was there before, or what was wanted; and trying it again without a fault does it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "act/clerk.h"
#include "act/detaches.h"
#include "act/gaps.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "disk.h"
#include "fault.h"
#include "port/packet.h"
#include "process.h"

#define FOLDER "run/state/gap/@naa.60014"

enum { NUMBER = 5 };

static const struct row {
	const char *rule;
	enum action_kind kind;
	int want;			    /* without a fault */
	bool there, volume, another, elder; /* another: device than the one that is meant */
} rows[] = {
	{ "a volume is written down", ACT_WRITE_DOWN, .volume = true },
	{ "... over what was there before", ACT_WRITE_DOWN, .volume = true, .there = true },
	{ "a branch is written down, by its inode", ACT_WRITE_DOWN, .want = 0 },
	{ "a word is struck out", ACT_STRIKE_OUT, .there = true },
	{ "... that is there no more", ACT_STRIKE_OUT, .want = 0 },
	{ "a device is kept out", ACT_KEEP_OUT, .want = 0 },
	{ "... at another of its places, too", ACT_KEEP_OUT, .elder = true },
	{ "... not another device", ACT_KEEP_OUT, -ESTALE, .another = true },
	{ "it is let in", ACT_LET_IN, .there = true },
	{ "... at one place of two", ACT_LET_IN, .there = true, .elder = true },
	{ "... that is there no more", ACT_LET_IN, .want = 0 },
};

static const struct row *row;
static const char *root;
static struct packet packet;
static struct observation told[4];
static unsigned n_told;

static void note(void *arg, const struct observation *o)
{
	(void)arg;
	assert_true(n_told < ARRAY_SIZE(told));
	told[n_told++] = *o;
}

static bool is_word(void)
{
	return row->kind == ACT_WRITE_DOWN || row->kind == ACT_STRIKE_OUT;
}

static bool is_wanted_there(void)
{
	return row->kind == ACT_WRITE_DOWN || row->kind == ACT_KEEP_OUT;
}

static struct obs_gap gap_of(uint32_t host)
{
	struct obs_gap gap = { .address = { .host = host, .lun = 1 }, .everywhere = true };

	gap.ino = disk_watch().ino;
	TEXT_SET(gap.wwid, "360014");
	return gap;
}

static struct action action_of(const struct row *r)
{
	struct action a = { .kind = r->kind, .id = 7, .path = { 1, 1 } };

	if (!is_word()) {
		a.gap.gap = gap_of(3);
		a.gap.gap.ino += r->another;
		TEXT_SET(a.gap.sysfs, DISK);
		return a;
	}
	a.word.number = NUMBER;
	TEXT_SET(a.word.name, "new");
	if (r->volume)
		TEXT_SET(a.word.wwid, "360014");
	else
		TEXT_SET(a.word.sysfs, DISK);
	return a;
}

/* What there was before. */
static void set_up(void)
{
	struct obs_detaching word = { .number = NUMBER };
	const struct obs_gap gap = gap_of(3), elder = gap_of(4);

	disk_remove("run/state");
	TEXT_SET(word.wwid, "360014");
	TEXT_SET(word.name, "old");
	if (row->there && is_word())
		assert_int_equal(detaches_write(&word), 0);
	if (row->there && !is_word())
		assert_int_equal(gaps_write(&gap, "@naa.60014"), 0);
	if (row->elder)
		assert_int_equal(gaps_write(&elder, "@naa.60014"), 0);
}

static bool hear(int socket, struct observation *ret)
{
	bool any = packet_receive_patiently(socket, &packet) == 1 &&
		   packet_next(&packet, ret, sizeof *ret) == 1;

	packet_done(&packet);
	return any && ret->kind == OBS_DONE && ret->action == 7;
}

/* Its word, or -EPIPE: its end. */
static int ask(const struct fault *f, const struct action *a)
{
	struct observation done = { .result = -EPIPE };
	int pair[2], pid;

	assert_int_equal(packet_pair(pair), 0);
	assert_int_equal(packet_send_one(pair[0], a, action_size(a), NULL, 0), 0);
	assert_int_equal(shutdown(pair[0], SHUT_WR), 0); /* nothing more is asked */
	pid = process_begin(clerk_main, 0, pair[0], pair[1]);
	close(pair[1]);
	if (!hear(pair[0], &done))
		done.result = -EPIPE;
	close(pair[0]);
	process_end(pid, row->rule, f);
	if (done.result < 0 && !strerrorname_np(-done.result))
		fail_msg("%s, %s: %d", row->rule, fault_text(f), done.result);
	return done.result;
}

/* As udev's rule looks. */
static bool is_seen_by_udev(void)
{
	char path[512];
	struct stat s;

	snprintf(path, sizeof path, "%s/" FOLDER, root);
	return stat(path, &s) == 0;
}

/* What the next daemon is told: how many there are, and is it what was wanted? */
static unsigned read_again(const struct fault *f, bool *ret_new)
{
	int r;

	n_told = 0;
	r = is_word() ? detaches_read(note, NULL) : gaps_read(note, NULL);
	if (r < 0)
		fail_msg("%s, %s: not to be read any more: %d", row->rule, fault_text(f), r);
	*ret_new = !is_word();
	for (unsigned i = 0; i < n_told; i++)
		*ret_new |= !strcmp(told[i].detaching.name, "new");
	return n_told;
}

static void require_done(const struct fault *f)
{
	unsigned wanted = is_wanted_there() + row->elder, n;
	bool is_new, seen = is_seen_by_udev(); /* before the next daemon tidies up */

	n = read_again(f, &is_new);
	if (n != wanted || (is_wanted_there() && !is_new))
		fail_msg("%s, %s: done, it says, and %u are there", row->rule, fault_text(f), n);
	if (!is_word() && seen != (wanted > 0))
		fail_msg("%s, %s: done, it says, and udev %s it", row->rule, fault_text(f),
			seen ? "keeps out" : "does not know of");
}

static void require_whole(const struct fault *f)
{
	bool is_new;
	unsigned n = read_again(f, &is_new);

	if (n < row->elder || (row->there && is_wanted_there() && n != 1U + row->elder) ||
		n > 1U + row->elder)
		fail_msg("%s, %s: %u are there", row->rule, fault_text(f), n);
}

/* These mean that there is nothing, and are believed. */
static bool says_absent(const struct fault *f)
{
	return f->error == ENOENT;
}

static void run(const struct fault *f)
{
	const struct action a = action_of(row);
	struct observation again;
	int r;

	set_up();
	r = ask(f, &a);
	if (!fault_struck() && r != row->want)
		fail_msg("%s: %d", row->rule, r);
	if (r == 0 && row->want == 0 && !says_absent(f))
		require_done(f);
	else if (r < 0)
		require_whole(f);
	if (row->want < 0)
		return;
	clerk_perform(&a, &again);
	assert_int_equal(again.result, 0);
	require_done(f);
}

static void test_clerk(void **state)
{
	(void)state;
	root = disk_begin(false);
	disk_write("sys/" DISK "/wwid", "naa.60014\n");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		row = &rows[i];
		fault_each(NULL, run);
	}
	disk_end();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clerk),
	};

	return cmocka_run_group_tests_name("faults of a clerk", tests, NULL, NULL);
}
