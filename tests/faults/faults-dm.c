/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A hand of device-mapper, whose every call fails once, and from then on. It does nothing unless
 * all its conditions hold; it says what it did and how that ended, by name, or its end is seen; and
 * no map is left suspended by it, or with a table that somebody else's resume would bring in.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "act/dm_hand.h"
#include "act/hand.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "dm_rows.h"
#include "fault.h"
#include "mapper.h"
#include "port/packet.h"
#include "process.h"
#include "../unit/root.h"

#define OWNER "/org/kernel/linux/storage/multipathd"

enum { SECTORS = 1000, MORE = 2000, DEADLINE_MS = 3600000 };
enum { ORACLE, OTHER, PART1, PART2 }; /* the maps */

#define MEMBER	 "8:16 1"
#define NEIGHBOR "8:32 1"

static const struct row *row;
static struct mapper *mapper;
static struct mapper before;
static char root[64];
static struct packet packet;

static uint64_t inode_of_device(void)
{
	char path[256];
	struct stat st;

	snprintf(path, sizeof path, "%s/sys/class/block/sdb/device", root);
	assert_int_equal(stat(path, &st), 0);
	return st.st_ino;
}

static struct action action_of(const struct row *r)
{
	struct action a = { .kind = r->kind, .id = 7 };

	a.map.map = (struct devt){ MAPPER_MAJOR, r->other_number ? 9 : 1 };
	a.map.member = (struct devt){ 8, 16 };
	a.map.owned = r->owned;
	a.map.sectors = MORE;
	a.map.word = r->whole ? 3 : 0;
	a.map.carried = r->carried;
	a.map.deadline_ms = DEADLINE_MS;
	a.map.boot_ms = hand_clock() - (r->late ? DEADLINE_MS + 1 : 0);
	a.map.ino = inode_of_device() + r->other_device;
	TEXT_SET(a.map.dev, r->odd_dev ? "../block/sdb" : r->no_dev ? "sdc" : "sdb");
	TEXT_SET(a.map.name, r->other_name ? "elsewhere" : r->blank ? "ora cle" : "oracle");
	if (!r->no_map)
		TEXT_SET(a.map.uuid, "mpath-oracle");
	return a;
}

static void set_map(struct mapper_map *map, const char *name, unsigned minor)
{
	*map = (struct mapper_map){ .there = true, .minor = minor, .sectors = SECTORS };
	snprintf(map->name, sizeof map->name, "%s", name);
	snprintf(map->uuid, sizeof map->uuid, "mpath-%s", name);
	TEXT_SET(map->type, "multipath");
	TEXT_SET(map->params, "0 0 1 1 service-time 0 1 1 " MEMBER);
	TEXT_SET(map->status, "2 0 0 0 1 1 A 0 2 0 8:16 A 0 8:32 A 0");
}

static void set_part(struct mapper_map *map, unsigned n)
{
	set_map(map, n == 1 ? "oracle1" : "oracle2", 9 + n);
	snprintf(map->uuid, sizeof map->uuid, "part%u-mpath-oracle", n);
	TEXT_SET(map->type, "linear");
	TEXT_SET(map->params, "254:1 0");
	map->there = row->parts;
}

static void move_out(struct mapper_map *map, bool out)
{
	char *at = strstr(map->params, " 1 1 8:");

	assert_non_null(at);
	strcpy(at + strlen(" 1 1 "), out ? NEIGHBOR : MEMBER);
}

static void set_status(void)
{
	static const char last[] = "2 0 0 0 1 1 A 0 2 0 8:16 A 0 8:32 F 1",
			  left[] = "2 0 0 0 1 1 A 0 1 0 8:32 F 1";
	struct mapper_map *map = &mapper->maps[row->absent ? OTHER : ORACLE];

	if (row->last)
		TEXT_SET(map->status, row->out ? left : last);
	if (row->nonsense) {
		TEXT_SET(map->params, "nonsense");
		TEXT_SET(map->status, "nonsense");
	}
}

static void set_other(struct mapper_map *map)
{
	if (row->other) {
		snprintf(map->uuid, sizeof map->uuid, "%s", row->other);
		TEXT_SET(map->type, "linear");
	}
	map->open_count = row->other_in_use;
	map->garbled = row->garbled;
	map->ghost = row->ghost;
	map->there = !row->ghost;
}

static void set_up(void)
{
	*mapper = (struct mapper){ .refuses_load = row->refuses_load,
		.refuses_take_over = row->refuses_take_over };
	set_map(&mapper->maps[ORACLE], "oracle", 1);
	set_map(&mapper->maps[OTHER], "other", 9);
	mapper->maps[ORACLE].there = !row->absent;
	mapper->maps[ORACLE].suspended = row->suspended;
	mapper->maps[ORACLE].open_count = row->in_use;
	if (row->blank)
		TEXT_SET(mapper->maps[ORACLE].name, "ora cle");
	set_other(&mapper->maps[OTHER]);
	set_part(&mapper->maps[PART1], 1);
	set_part(&mapper->maps[PART2], 2);
	mapper->maps[PART2].open_count = row->part_in_use;
	mapper_queue(&mapper->maps[ORACLE], row->queues);
	move_out(&mapper->maps[ORACLE], row->out);
	set_status();
	before = *mapper;
}

int __real_connect(int fd, const struct sockaddr *a, socklen_t len);

/* ---- the owner ---------------------------------------------------------------------------- */

static bool obey(const char *command)
{
	struct mapper_map *map = &mapper->maps[ORACLE];

	if (!strcmp(command, "del map oracle"))
		map->there = row->owner_keeps;
	else if (!strcmp(command, "resize map oracle")) {
		map->sectors = MORE;
		if (row->owner_renames)
			TEXT_SET(map->uuid, "mpath-elsewhere");
	} else if (!strcmp(command, "disablequeueing map oracle") && row->owner_queues)
		return false;
	else if (!strcmp(command, "disablequeueing map oracle"))
		mapper_queue(map, false);
	else if (!strcmp(command, "restorequeueing map oracle"))
		mapper_queue(map, true);
	else if (!strcmp(command, "del path sdb"))
		move_out(map, true);
	else if (!strcmp(command, "add path sdb"))
		move_out(map, false);
	else
		return true;
	TEXT_SET(mapper->told, command);
	return !(row->owner_keeps && !strcmp(command, "del map oracle"));
}

static void serve_one(int fd)
{
	const char *reply = row->owner_is_late			    ? "timeout\n"
			    : row->owner_fails || row->owner_denies ? "fail\n"
								    : "ok\n";
	size_t len = 0, reply_len;
	char command[512] = "";

	if (recv(fd, &len, sizeof len, MSG_WAITALL) != sizeof len || len >= sizeof command ||
		recv(fd, command, len, MSG_WAITALL) != (ssize_t)len)
		return;
	if (!row->owner_fails && !row->owner_is_late && !row->owner_lies && !obey(command))
		reply = "fail\n";
	reply_len = strlen(reply) + 1;
	send(fd, &reply_len, sizeof reply_len, MSG_NOSIGNAL);
	send(fd, reply, reply_len, MSG_NOSIGNAL);
}

static _Noreturn void be_owner(int listening)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		int client = accept(listening, NULL, NULL);

		serve_one(client);
		close(client);
	}
}

/* Until it is ended; its pid. */
static int begin_owner(void)
{
	struct sockaddr_un address;
	socklen_t len = fault_address(OWNER, &address);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), pid;

	assert_int_equal(bind(fd, (const struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(fd, 8), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		be_owner(fd);
	close(fd);
	return pid;
}

/* It takes one after the other: what it was told before is done. */
static void wait_for_owner(void)
{
	static const char command[] = "nothing";
	struct sockaddr_un address;
	socklen_t len = fault_address(OWNER, &address);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t size = sizeof command;

	assert_int_equal(__real_connect(fd, (const struct sockaddr *)&address, len), 0);
	assert_int_equal(send(fd, &size, sizeof size, MSG_NOSIGNAL), sizeof size);
	assert_int_equal(send(fd, command, sizeof command, MSG_NOSIGNAL), sizeof command);
	assert_int_equal(recv(fd, &size, sizeof size, MSG_WAITALL), sizeof size);
	close(fd);
}

static void write_file(const char *path, const char *text)
{
	char command[256];

	snprintf(command, sizeof command, "mkdir -p %s/proc/4711 && echo %s > %s/%s", root, text,
		root, path);
	assert_int_equal(system(command), 0);
}

/* ---- the hand ----------------------------------------------------------------------------- */

static bool hear(int socket, struct observation *ret)
{
	bool any = packet_receive_patiently(socket, &packet) == 1 &&
		   packet_next(&packet, ret, sizeof *ret) == 1;

	packet_done(&packet);
	return any && ret->kind == OBS_DONE && ret->action == 7;
}

static bool is_done(void)
{
	const struct mapper_map *map = &mapper->maps[ORACLE];

	switch ((int)row->kind) {
	case ACT_FAIL_PATH: return mapper->messages > 0;
	case ACT_REMOVE_MAP:
		return !map->there && !mapper->maps[PART1].there && !mapper->maps[PART2].there;
	case ACT_TAKE_PATH: return strstr(map->params, NEIGHBOR);
	case ACT_GIVE_PATH:
		if (row->owned)
			return strstr(map->params, MEMBER);
		return row->no_map || mapper->messages;
	default: return map->sectors == MORE;
	}
}

/* A call that fails for ever cannot mend anything. */
static bool is_hopeless(const struct fault *f)
{
	return f->kind == FAULT_CONTROL && f->stays;
}

/* These mean that there is nothing, and are believed. */
static bool says_absent(const struct fault *f)
{
	return (f->error == ENOENT || f->error == ENODEV) && f->kind != FAULT_SOCKET;
}

/* What was said to the map does not count, as long as it is as it was. */
static bool is_changed(void)
{
	struct mapper now = *mapper;

	if (row->queues && row->whole) {
		now.messages = before.messages;
		memcpy(now.told, before.told, sizeof now.told);
	}
	return memcmp(&now, &before, sizeof now) != 0;
}

/* Where it failed for once, the map is told to go on as before. */
static void require_queueing(const struct fault *f, const struct observation *done)
{
	const struct mapper_map *map = &mapper->maps[ORACLE];
	bool queues = strstr(map->params, "queue_if_no_path");

	if (row->queues && map->there && done->result < 0 && !queues && !f->stays &&
		(row->want == 0 || !fault_struck()))
		fail_msg("%s, %s: it does not queue any more", row->rule, fault_text(f));
}

static void require_untouched(const struct fault *f)
{
	const struct mapper_map *map = &mapper->maps[ORACLE];

	if (memcmp(&mapper->maps[OTHER], &before.maps[OTHER], sizeof *map) != 0)
		fail_msg("%s, %s: another map changed", row->rule, fault_text(f));
	if (map->suspended != before.maps[ORACLE].suspended && !is_hopeless(f))
		fail_msg("%s, %s: suspended: %d", row->rule, fault_text(f), map->suspended);
	if (map->has_new && !is_hopeless(f))
		fail_msg("%s, %s: a table waits to be taken over", row->rule, fault_text(f));
	if (row->want < 0 && is_changed() && !is_hopeless(f) && !(row->queues && fault_struck()) &&
		!(row->runs && says_absent(f)) && !row->owner_renames)
		fail_msg("%s, %s: it is done", row->rule, fault_text(f));
}

static void require_word(const struct fault *f, const struct observation *done)
{
	bool changed = memcmp(mapper, &before, sizeof before) != 0;

	if (done->result < 0 && !strerrorname_np(-done->result))
		fail_msg("%s, %s: %d", row->rule, fault_text(f), done->result);
	if (done->result == 0 && !is_done() && !says_absent(f))
		fail_msg("%s, %s: done, it says", row->rule, fault_text(f));
	if (changed && !done->done.written)
		fail_msg("%s, %s: it does not say that it wrote", row->rule, fault_text(f));
	if (!fault_struck() && done->result != row->want)
		fail_msg("%s: %d", row->rule, done->result);
}

static void run(const struct fault *f)
{
	const struct action a = action_of(row);
	struct observation done;
	int pair[2], pid;
	bool heard;

	set_up();
	mapper_forget_records(root);
	assert_int_equal(packet_pair(pair), 0);
	assert_int_equal(packet_send_one(pair[0], &a, action_size(&a), NULL, 0), 0);
	if (row->alone)
		pair[0] = close_fd(pair[0]);
	else
		assert_int_equal(shutdown(pair[0], SHUT_WR), 0); /* nothing more is asked */
	pid = process_begin(dm_hand_main, 0, pair[0], pair[1]);
	close(pair[1]);
	heard = pair[0] >= 0 && hear(pair[0], &done);
	close_fd(pair[0]);
	process_end(pid, row->rule, f);
	if (row->owned)
		wait_for_owner();
	if (!fault_struck() && !heard && !row->alone)
		fail_msg("%s: no word", row->rule);
	if (heard) {
		require_word(f, &done);
		require_queueing(f, &done);
	}
	require_untouched(f);
}

static void test_dm_hand(void **state)
{
	char command[128];
	int owner = -1;

	(void)state;
	TEXT_SET(root, "/tmp/pathkeeper-faults.XXXXXX");
	assert_non_null(mkdtemp(root));
	fault_world(root);
	mapper = mapper_begin(root);
	snprintf(command, sizeof command, "mkdir -p %s/sys/class/block/sdb/device", root);
	assert_int_equal(system(command), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		row = &rows[i];
		if (row->owned && !root_is_here())
			continue; /* its socket is believed to be root's only */
		write_file("run/multipathd.pid", row->runs ? "4711" : "0");
		write_file("proc/4711/comm", row->runs ? "multipathd" : "other");
		if (row->owned)
			owner = begin_owner();
		fault_each(NULL, run);
		if (row->owned) {
			kill(owner, SIGKILL);
			waitpid(owner, NULL, 0);
		}
	}
	mapper_end();
	fault_world(NULL);
	snprintf(command, sizeof command, "rm -r %s", root);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dm_hand),
	};

	return cmocka_run_group_tests_name("faults of a hand of maps", tests, NULL, NULL);
}
