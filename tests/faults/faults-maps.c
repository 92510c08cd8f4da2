/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whoever reads the maps, while reading fails. A map is told as it is or as not understood; never
 * as another one, and never as gone while it is there. That all were told is said when they were;
 * what changes afterwards is told, or the helper's end is seen, whereupon another one begins anew.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "fault.h"
#include "mapper.h"
#include "model/action.h"
#include "observe/maps.h"
#include "port/packet.h"
#include "process.h"

enum { MOST_TOLD = 8, PATIENCE_MS = 10000 };
enum { ORACLE, DB, VOLUME, LATE }; /* of the mapper */

/* What is there: at first, and after something changed. */
static struct mapper at_first, changed;
static struct mapper *mapper;
static char root[64];
static struct packet packet;

/* As they are told without a fault, by their minor. */
static struct observation as_it_is[2][MAPPER_MAPS];
static bool is_first; /* nothing is known to compare with */

static struct told {
	struct observation last[MAPPER_MAPS]; /* of each map; kind 0: nothing */
	bool ended;			      /* by a word */
	int result;
	bool lost; /* the helper */
} told;

static void set_map(struct mapper_map *map, const char *name, unsigned minor, const char *type)
{
	*map = (struct mapper_map){ .there = true, .minor = minor, .sectors = 1000 };
	snprintf(map->name, sizeof map->name, "%s", name);
	snprintf(map->uuid, sizeof map->uuid, "mpath-%s", name);
	snprintf(map->type, sizeof map->type, "%s", type);
	TEXT_SET(map->params, "0 0 1 1 service-time 0 2 1 8:16 1 8:32 1");
	TEXT_SET(map->status, "2 0 0 0 1 1 A 0 2 0 8:16 A 0 8:32 A 0");
}

static void set_up(void)
{
	set_map(&at_first.maps[ORACLE], "oracle", ORACLE, "multipath");
	set_map(&at_first.maps[DB], "db", DB, "multipath");
	set_map(&at_first.maps[VOLUME], "volume", VOLUME, "linear");
	changed = at_first;
	TEXT_SET(changed.maps[ORACLE].status, "2 0 0 0 1 1 A 0 2 0 8:16 F 1 8:32 A 0");
	changed.maps[DB].there = false;
	set_map(&changed.maps[LATE], "late", LATE, "multipath");
}

static void note(const struct observation *o)
{
	if (o->kind == OBS_MAPS_END) {
		told.ended = true;
		told.result = o->result;
		return;
	}
	assert_int_equal(o->kind, OBS_MAP);
	assert_in_range(o->map.devt.minor, 0, MAPPER_MAPS - 1);
	told.last[o->map.devt.minor] = *o;
	told.last[o->map.devt.minor].action = 0;
}

/* Something is heard, or the helper ended. False: neither, in time. */
static bool hear(int socket, int ms)
{
	struct pollfd wanted = { .fd = socket, .events = POLLIN };
	struct observation o;

	if (poll(&wanted, 1, ms) != 1)
		return false;
	told.lost = packet_receive(socket, &packet) != 1;
	while (!told.lost && packet_next(&packet, &o, sizeof o) == 1)
		note(&o);
	return true;
}

/* A kernel without device-mapper has no maps: believed, where it says so. */
static bool says_absent(const struct fault *f)
{
	return f->error == ENOENT || f->error == ENODEV;
}

static void require_true(const struct fault *f, const struct mapper *real, unsigned phase)
{
	for (unsigned i = 0; i < MAPPER_MAPS; i++) {
		const struct observation *o = &told.last[i];
		bool is_map = real->maps[i].there && !strcmp(real->maps[i].type, "multipath");

		if (o->kind != OBS_MAP)
			continue;
		if (!o->map.present && is_map)
			fail_msg("%s: map %u seems to be gone", fault_text(f), i);
		if (o->map.present && o->result >= 0 && !is_first && is_map &&
			memcmp(o, &as_it_is[phase][i], sizeof *o) != 0)
			fail_msg("%s: map %u is another one", fault_text(f), i);
	}
}

static bool all_are_told(const struct mapper *real)
{
	for (unsigned i = 0; i < MAPPER_MAPS; i++) {
		bool is_map = real->maps[i].there && !strcmp(real->maps[i].type, "multipath");

		if (is_map != (told.last[i].kind == OBS_MAP && told.last[i].map.present))
			return false;
	}
	return true;
}

static void ask(const struct fault *f, int socket)
{
	const struct action a = { .kind = ACT_READ_MAPS, .id = 1 };

	told.ended = false;
	told.lost = packet_send_one(socket, &a, action_size(&a), NULL, 0) < 0;
	while (!told.ended && !told.lost)
		if (!hear(socket, PATIENCE_MS))
			fail_msg("%s: it is not answered", fault_text(f));
	if (told.lost)
		return;
	if (told.result < 0 && !strerrorname_np(-told.result))
		fail_msg("%s: %d", fault_text(f), told.result);
	require_true(f, &at_first, 0);
	if (told.result == 0 && !all_are_told(&at_first))
		fail_msg("%s: not all were told", fault_text(f));
}

/* As the daemon would. */
static void ask_until_told(const struct fault *f, int socket)
{
	memset(&told, 0, sizeof told);
	ask(f, socket);
	if (!told.lost && told.result < 0 && !f->stays)
		ask(f, socket);
	if (!told.lost && told.result < 0 && !f->stays && !says_absent(f))
		fail_msg("%s: read again, and still %d", fault_text(f), told.result);
}

/* It was read without failure once: from now on every change is told. */
static void change(const struct fault *f, int socket)
{
	*mapper = changed;
	mapper_tell();
	while (!told.lost &&
		!(all_are_told(&changed) && told.last[ORACLE].map.members[0].failures == 1))
		if (!hear(socket, PATIENCE_MS))
			fail_msg("%s: a change is not told", fault_text(f));
	if (!told.lost)
		require_true(f, &changed, 1);
	else if (!fault_struck())
		fail_msg("%s: lost without a fault", fault_text(f));
}

static void run(const struct fault *f)
{
	int pair[2], pid;

	*mapper = at_first;
	mapper_forget();
	assert_int_equal(packet_pair(pair), 0);
	pid = process_begin(maps_main, 0, pair[0], pair[1]);
	close(pair[1]);
	ask_until_told(f, pair[0]);
	if (!told.lost && told.result == 0)
		ask_until_told(f, pair[0]); /* now that something is known */
	if (is_first)
		memcpy(as_it_is[0], told.last, sizeof told.last);
	if (!told.lost && told.result == 0)
		change(f, pair[0]);
	if (is_first)
		memcpy(as_it_is[1], told.last, sizeof told.last);
	close(pair[0]);
	process_end(pid, NULL, f);
}

static void test_maps(void **state)
{
	static const enum fault_kind none[] = { FAULT_LOOP, FAULT_NONE };
	char command[80];

	(void)state;
	TEXT_SET(root, "/tmp/pathkeeper-faults.XXXXXX");
	assert_non_null(mkdtemp(root));
	fault_world(root);
	mapper = mapper_begin(root);
	set_up();
	is_first = true;
	fault_each(none, run); /* it makes no call of that kind */
	is_first = false;
	fault_each(NULL, run);
	mapper_end();
	fault_world(NULL);
	snprintf(command, sizeof command, "rm -r %s", root);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_maps),
	};

	return cmocka_run_group_tests_name("faults of reading maps", tests, NULL, NULL);
}
