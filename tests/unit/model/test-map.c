/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What of a map is a move of the world: removals in it are then verified anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "model/map.h"

static struct obs_map first(void)
{
	struct obs_map map = { .present = true,
		.devt = { 253, 3 },
		.name = "oradata",
		.uuid = "mpath-one",
		.groups = "A",
		.n_members = 2 };

	map.members[0] = (struct map_member){ .devt = { 8, 16 }, .active = true, .group = 1 };
	map.members[1] = (struct map_member){ .devt = { 8, 32 }, .active = true, .group = 1 };
	return map;
}

static void none(struct obs_map *map)
{
	(void)map;
}

static void gone(struct obs_map *map)
{
	map->present = false;
}

static void named(struct obs_map *map)
{
	TEXT_SET(map->name, "oralog");
}

static void of_another(struct obs_map *map)
{
	TEXT_SET(map->uuid, "mpath-two");
}

static void queueing(struct obs_map *map)
{
	map->queues = true;
}

static void suspended(struct obs_map *map)
{
	map->suspended = true;
}

static void shorter(struct obs_map *map)
{
	map->n_members = 1;
}

static void failed(struct obs_map *map)
{
	map->members[1].active = false;
}

static void replaced(struct obs_map *map)
{
	map->members[1].devt.minor = 48;
}

static void counted(struct obs_map *map)
{
	map->members[1].failures++;
	map->open_count++;
}

static const struct {
	const char *rule;
	void (*change)(struct obs_map *map);
	bool differs;
} rows[] = {
	{ "the same again", none, false },
	{ "it is gone", gone, true },
	{ "it has another name", named, true },
	{ "it is of another volume", of_another, true },
	{ "it queues now", queueing, true },
	{ "it is suspended", suspended, true },
	{ "a path left it", shorter, true },
	{ "a path failed", failed, true },
	{ "a path is another one", replaced, true },
	{ "counters count", counted, false },
};

static void test_differs(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct obs_map a = first(), b = first();

		rows[i].change(&b);
		if (map_differs(&a, &b) != rows[i].differs ||
			map_differs(&b, &a) != rows[i].differs)
			fail_msg("%s", rows[i].rule);
	}
}

/* It says that it has more than can be listed. */
static void test_members_that_are_not_listed(void **state)
{
	struct map map = { .kernel = { .present = true } };
	struct obs_map other;

	(void)state;
	map.kernel.n_members = MAX_MEMBERS + 7;
	for (uint32_t i = 0; i < MAX_MEMBERS; i++)
		map.kernel.members[i].devt = (struct devt){ 8, i };
	assert_ptr_equal(map_member_of(&map, &(struct devt){ 8, MAX_MEMBERS - 1 }),
		&map.kernel.members[MAX_MEMBERS - 1]);
	assert_null(map_member_of(&map, &(struct devt){ 8, MAX_MEMBERS }));
	other = map.kernel;
	assert_false(map_differs(&map.kernel, &other));
}

static void test_wwid(void **state)
{
	struct map map = { .kernel = first() };

	(void)state;
	assert_string_equal(map_wwid(&map), "one");
	TEXT_SET(map.kernel.uuid, "LVM-one");
	assert_string_equal(map_wwid(&map), "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_differs),
		cmocka_unit_test(test_members_that_are_not_listed),
		cmocka_unit_test(test_wwid),
	};

	return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}
