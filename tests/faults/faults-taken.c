/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A map that a word to detach removes where nobody owns it, and makes again, while every call of
 * the hand's fails once, and from then on. Nothing is removed that is not written down; what is
 * made is the map as it was, of those of its paths that are the same devices, or nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act/detaches.h"
#include "act/dm_hand.h"
#include "act/hand.h"
#include "act/records.h"
#include "act/taken.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "fault.h"
#include "mapper.h"
#include "port/packet.h"
#include "process.h"

enum { WORD = 3, SECTORS = 1000, DEADLINE_MS = 3600000, NEW_MINOR = 20 };
enum { ORACLE, OTHER, PART1, PART2 }; /* the maps */
enum { UDEV_LINKS = 0x0040 << 16 };   /* it is the change after which udev makes links */

#define TABLE	"1 queue_if_no_path 1 alua 1 1 service-time 0 2 1 8:16 1 8:32 1"
#define FIRST	"1 queue_if_no_path 1 alua 1 1 service-time 0 1 1 8:16 1"
#define SECOND	"1 queue_if_no_path 1 alua 1 1 service-time 0 1 1 8:32 1"
#define REMOVED ACT_REMOVE_MAP
#define MADE	ACT_MAKE_MAP

static const struct row {
	const char *rule;
	enum action_kind kind;
	int want; /* without a fault */
	const char *made;
	bool there, empty, parts, one_part; /* before */
	bool odd_part, bare;		    /* is none; the map has no table */
	bool other_device, meant_once, name_taken, refuses_load, refuses_take_over, runs, alone,
		late;
	bool nothing, garbage; /* written down; so is */
	const char *written;   /* before, by that word: it stays */
} rows[] = {
	{ "what is removed is written down", REMOVED, .there = true },
	{ "... with its partitions", REMOVED, .there = true, .parts = true },
	{ "... as it was when the word came", REMOVED, .there = true, .written = FIRST },
	{ "... not what is none of its partitions", REMOVED, -EBUSY, .there = true, .parts = true,
		.odd_part = true },
	{ "... nor what has no table", REMOVED, .there = true, .bare = true },
	{ "a map is made again", MADE, .made = TABLE },
	{ "... with its partitions, by its new number", MADE, .made = TABLE, .parts = true },
	{ "... with one that is not there", MADE, .made = TABLE, .there = true, .parts = true,
		.one_part = true },
	{ "... not of another device", MADE, .made = SECOND, .other_device = true },
	{ "... nor of one that is not meant", MADE, .made = FIRST, .meant_once = true },
	{ "... nor of none", MADE, -ENODEV, .meant_once = true, .other_device = true },
	{ "one that is there stays as it is", MADE, .made = TABLE, .there = true,
		.meant_once = true },
	{ "one that was begun gets its table", MADE, .made = TABLE, .there = true, .empty = true },
	{ "... not by a name that is another's", MADE, -EBUSY, .name_taken = true },
	{ "... not when the kernel does not take its table", MADE, -EINVAL, .refuses_load = true },
	{ "... nor when it does not take it over", MADE, -EINVAL, .refuses_take_over = true },
	{ "... not when it may have an owner by now", MADE, -EAGAIN, .runs = true },
	{ "... not for a daemon that is gone", MADE, -ECANCELED, .alone = true },
	{ "... not when that was long ago", MADE, -EAGAIN, .late = true },
	{ "... nothing, when nothing was written down", MADE, .nothing = true },
	{ "... nor when what was is no record", MADE, .garbage = true },
};

static const struct row *row;
static struct mapper *mapper;
static struct mapper before;
static char root[64];
static struct packet packet;
static const char *const uuids[] = { "mpath-oracle", NULL, "part1-mpath-oracle",
	"part2-mpath-oracle" };

/* ---- the world ---------------------------------------------------------------------------- */

static void shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void shell(const char *format, ...)
{
	char command[512];
	va_list list;

	va_start(list, format);
	vsnprintf(command, sizeof command, format, list);
	va_end(list);
	assert_int_equal(system(command), 0);
}

static uint64_t inode_of(const char *devt)
{
	char path[256];
	struct stat st;

	snprintf(path, sizeof path, "%s/sys/dev/block/%s/device", root, devt);
	assert_int_equal(stat(path, &st), 0);
	return st.st_ino;
}

static struct action action_of(const struct row *r)
{
	struct action a = { .kind = r->kind, .id = 7 };

	if (r->kind == MADE) {
		a.make.word = WORD;
		a.make.deadline_ms = DEADLINE_MS;
		a.make.boot_ms = hand_clock() - (r->late ? DEADLINE_MS + 1 : 0);
		TEXT_SET(a.make.uuid, uuids[ORACLE]);
		a.make.n_members = r->meant_once ? 1 : 2;
		a.make.members[0] = (struct act_member){ { 8, 16 },
			inode_of("8:16") + r->other_device };
		a.make.members[1] = (struct act_member){ { 8, 32 }, inode_of("8:32") };
		return a;
	}
	a.map.word = WORD;
	a.map.map = (struct devt){ MAPPER_MAJOR, 1 };
	a.map.deadline_ms = DEADLINE_MS;
	a.map.boot_ms = hand_clock();
	TEXT_SET(a.map.name, "oracle");
	TEXT_SET(a.map.uuid, uuids[ORACLE]);
	return a;
}

static void set_map(struct mapper_map *map, const char *name, const char *uuid, unsigned minor)
{
	*map = (struct mapper_map){ .there = true, .minor = minor, .sectors = SECTORS };
	TEXT_SET(map->name, name);
	TEXT_SET(map->uuid, uuid);
	TEXT_SET(map->type, "multipath");
	TEXT_SET(map->params, TABLE);
	TEXT_SET(map->status, "2 0 0 0 1 1 A 0 2 0 8:16 A 0 8:32 A 0");
}

static void set_part(unsigned n, unsigned of)
{
	struct mapper_map *map = &mapper->maps[ORACLE + 1 + n];

	set_map(map, n == 1 ? "oracle1" : "oracle2", uuids[ORACLE + 1 + n], 9 + n);
	TEXT_SET(map->type, row->odd_part && n == 2 ? "striped" : "linear");
	snprintf(map->params, sizeof map->params, "%d:%u %u", MAPPER_MAJOR, of, n * 100);
	map->sectors = n * 10;
}

/* As a hand before wrote it. */
static void write_down(unsigned i, const char *params)
{
	const struct mapper_map *map = &mapper->maps[i];
	struct observation o = { .kind = OBS_TAKEN, .taken = { .word = WORD } };
	char name[32];

	o.taken.devt = (struct devt){ MAPPER_MAJOR, map->minor };
	o.taken.sectors = map->sectors;
	o.taken.read_only = false;
	TEXT_SET(o.taken.name, map->name);
	TEXT_SET(o.taken.uuid, map->uuid);
	TEXT_SET(o.taken.type, map->type);
	TEXT_SET(o.taken.params, params ? params : map->params);
	snprintf(name, sizeof name, "taken-%d-%u", WORD, i);
	assert_int_equal(records_write(name, &o), 0);
}

static void set_records(void)
{
	mapper_forget_records(root);
	if (row->kind != MADE || row->nothing)
		return;
	if (row->garbage) {
		shell("echo nothing > %s/run/pathkeeper/state/taken-3-0", root);
		return;
	}
	for (unsigned i = ORACLE; i <= PART2; i++)
		if (uuids[i] && (i == ORACLE || row->parts))
			write_down(i, NULL);
}

static void set_up(void)
{
	*mapper = (struct mapper){ .last_minor = NEW_MINOR - 1 };
	set_map(&mapper->maps[ORACLE], "oracle", uuids[ORACLE], 1);
	set_map(&mapper->maps[OTHER], row->name_taken ? "oracle" : "other", "mpath-other", 9);
	set_part(1, 1);
	set_part(2, 1);
	set_records();
	if (row->written) { /* by a hand of the same word */
		struct mapper_map *map = &mapper->maps[ORACLE];
		struct dm *dm = NULL;
		const struct action a = action_of(row);

		TEXT_SET(map->params, row->written);
		assert_int_equal(dm_new(&dm), 0);
		assert_int_equal(taken_write(dm, &a.map), 0);
		dm_free(dm);
		TEXT_SET(map->params, TABLE);
	}
	mapper->maps[ORACLE].there = row->there;
	mapper->maps[PART1].there = row->parts && (row->kind == REMOVED || row->one_part);
	mapper->maps[PART2].there = row->parts && row->kind == REMOVED;
	if (row->empty || row->bare)
		memset(mapper->maps[ORACLE].params, 0, sizeof mapper->maps[ORACLE].params);
	mapper->refuses_load = row->refuses_load;
	mapper->refuses_take_over = row->refuses_take_over;
	before = *mapper;
}

/* ---- promises ----------------------------------------------------------------------------- */

static const struct mapper_map *find(const char *uuid)
{
	for (unsigned i = 0; i < MAPPER_MAPS; i++)
		if (mapper->maps[i].there && !strcmp(mapper->maps[i].uuid, uuid))
			return &mapper->maps[i];
	return NULL;
}

static struct obs_taken read_down[4];
static unsigned n_read;

static void note(void *arg, const struct observation *o)
{
	(void)arg;
	assert_true(n_read < ARRAY_SIZE(read_down));
	read_down[n_read++] = o->taken;
}

static int yes(const struct observation *o)
{
	(void)o;
	return 1;
}

static const struct obs_taken *written_of(const char *uuid)
{
	for (unsigned i = 0; i < n_read; i++)
		if (!strcmp(read_down[i].uuid, uuid))
			return &read_down[i];
	return NULL;
}

/* "There is nothing" is believed: then it is written anew. */
static const char *wanted_params(const struct mapper_map *was, const struct fault *f)
{
	return row->written && !(fault_struck() && f->error == ENOENT) ? row->written : was->params;
}

static void require_written(const struct fault *f)
{
	n_read = 0;
	assert_int_equal(records_read("taken-3-", OBS_TAKEN, yes, note, NULL), 0);
	if (row->bare && n_read)
		fail_msg("%s, %s: what is nothing is written down", row->rule, fault_text(f));
	for (unsigned i = 0; i < MAPPER_MAPS; i++) {
		const struct mapper_map *was = &before.maps[i];
		const struct obs_taken *is;

		if (!uuids[i] || !was->there || find(uuids[i]) || row->bare)
			continue;
		is = written_of(uuids[i]);
		if (!is)
			fail_msg("%s, %s: %s is not written down", row->rule, fault_text(f),
				uuids[i]);
		else if ((strcmp(is->params, wanted_params(was, f)) != 0 &&
				 !(row->written && !strcmp(is->params, row->written))) ||
			 strcmp(is->name, was->name) != 0 || is->sectors != was->sectors ||
			 strcmp(is->type, was->type) != 0 || is->devt.minor != was->minor)
			fail_msg("%s, %s: \"%s\"", row->rule, fault_text(f), is->params);
	}
	if (!fault_struck() && row->want == 0 && find(uuids[ORACLE]))
		fail_msg("%s: it is there", row->rule);
}

static bool is_part(unsigned n, unsigned of)
{
	const struct mapper_map *part = find(uuids[ORACLE + 1 + n]);
	char params[64];

	snprintf(params, sizeof params, "%d:%u %u", MAPPER_MAJOR, of, n * 100);
	return part && !strcmp(part->params, params) && !strcmp(part->type, "linear") &&
	       part->sectors == n * 10;
}

/* A call that fails for ever cannot mend anything. */
static bool is_hopeless(const struct fault *f)
{
	return f->kind == FAULT_CONTROL && f->stays;
}

/* A path of which it is said that there is none is left out. */
static bool is_as_wanted(const char *params, const struct fault *f)
{
	if (fault_struck() && f->error == ENOENT &&
		(!strcmp(params, FIRST) || !strcmp(params, SECOND)))
		return true;
	if (row->runs && fault_struck() && f->error == ENOENT)
		return true; /* its owner */
	return row->made && !strcmp(params, row->made);
}

static bool is_there(const struct fault *f)
{
	const struct mapper_map *map = find(uuids[ORACLE]);

	if (!map || (!map->params[0] && (row->empty || is_hopeless(f))))
		return false;
	if (!is_as_wanted(map->params, f) || map->sectors != SECTORS ||
		strcmp(map->type, "multipath") != 0 || strcmp(map->name, "oracle") != 0)
		fail_msg("%s, %s: \"%s\"", row->rule, fault_text(f), map->params);
	if ((!row->there || row->empty) && map->cookie != UDEV_LINKS)
		fail_msg("%s, %s: udev makes no links", row->rule, fault_text(f));
	if (!row->there && map->minor < NEW_MINOR)
		fail_msg("%s, %s: minor %u", row->rule, fault_text(f), map->minor);
	return true;
}

static void require_made(const struct fault *f, const struct observation *done)
{
	bool there = is_there(f);
	unsigned minor = there ? find(uuids[ORACLE])->minor : 0;

	if (memcmp(&mapper->maps[OTHER], &before.maps[OTHER], sizeof before.maps[0]) != 0)
		fail_msg("%s, %s: another map changed", row->rule, fault_text(f));
	if (!done || done->result < 0)
		return;
	if (row->made && !there && !fault_struck())
		fail_msg("%s: done, it says", row->rule);
	if (row->parts && there && !fault_struck() && (!is_part(1, minor) || !is_part(2, minor)))
		fail_msg("%s: its partitions", row->rule);
	if (!row->there && there && !done->done.written)
		fail_msg("%s, %s: it does not say that it wrote", row->rule, fault_text(f));
}

/* ---- the hand ----------------------------------------------------------------------------- */

static bool hear(int socket, struct observation *ret)
{
	bool any = packet_receive_patiently(socket, &packet) == 1 &&
		   packet_next(&packet, ret, sizeof *ret) == 1;

	packet_done(&packet);
	return any && ret->kind == OBS_DONE && ret->action == 7;
}

static void run(const struct fault *f)
{
	struct observation done;
	struct action a;
	int pair[2], pid;
	bool heard;

	set_up();
	a = action_of(row);
	assert_int_equal(packet_pair(pair), 0);
	assert_int_equal(packet_send_one(pair[0], &a, action_size(&a), NULL, 0), 0);
	if (row->alone)
		pair[0] = close_fd(pair[0]);
	else
		assert_int_equal(shutdown(pair[0], SHUT_WR), 0);
	pid = process_begin(dm_hand_main, 0, pair[0], pair[1]);
	close(pair[1]);
	heard = pair[0] >= 0 && hear(pair[0], &done);
	close_fd(pair[0]);
	process_end(pid, row->rule, f);
	if (!fault_struck() && !heard && !row->alone)
		fail_msg("%s: no word", row->rule);
	if (!fault_struck() && heard && done.result != row->want)
		fail_msg("%s: %d", row->rule, done.result);
	if (row->kind == MADE)
		require_made(f, heard ? &done : NULL);
	else
		require_written(f);
}

static void test_hand(void **state)
{
	(void)state;
	TEXT_SET(root, "/tmp/pathkeeper-faults.XXXXXX");
	assert_non_null(mkdtemp(root));
	fault_world(root);
	mapper = mapper_begin(root);
	shell("cd %s && mkdir -p sys/dev/block/8:16/device sys/dev/block/8:32/device proc/4711 "
	      "run/pathkeeper/state",
		root);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		row = &rows[i];
		shell("echo %s > %s/run/multipathd.pid", row->runs ? "4711" : "0", root);
		shell("echo multipathd > %s/proc/4711/comm", root);
		fault_each(NULL, run);
	}
	mapper_end();
	fault_world(NULL);
	shell("rm -r %s", root);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hand),
	};

	return cmocka_run_group_tests_name("faults of a hand that makes maps", tests, NULL, NULL);
}
