/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "observe/maps.h"
#include "port/dm.h"

#define TABLE_QUEUES "1 queue_if_no_path 0 1 1 service-time 0 2 1 8:0 1 8:48 1"
#define TABLE_FAILS  "0 0 1 1 service-time 0 2 1 8:0 1 8:48 1"
#define STATUS	     "2 0 0 0 1 1 A 0 2 2 8:0 F 1 0 1 8:48 A 0 0 1"

#define TABLE_GROUPS                                                                               \
	"1 queue_if_no_path 1 alua 3 1 service-time 0 1 1 8:0 1 service-time 0 1 1 8:48 1 "        \
	"service-time 0 0 1"
#define STATUS_GROUPS "2 0 1 0 3 2 D 0 1 0 8:0 F 7 A 0 1 0 8:48 A 2 E 0 0 0"

static const struct {
	const char *rule, *table, *status;
	int result;
	bool queues;
	uint32_t n_members;
	bool active[2];
} rows[] = {
	{ "failed and active paths are told apart by the status", TABLE_QUEUES, STATUS, 0, true, 2,
		{ false, true } },
	{ "queueing stands in the table", TABLE_FAILS, STATUS, 0, false, 2, { false, true } },
	{ "a map without paths is a map", "1 queue_if_no_path 0 0 0", "2 0 0 0 0 0", 0, true, 0,
		{ 0 } },
	{ "a status that makes no sense: the members of the table, none of them good", TABLE_QUEUES,
		"2 0 0 0 1", -EINVAL, true, 2, { false, false } },
	{ "a table that makes no sense: what the status says, and a word of it", "1 2 3", STATUS,
		-EINVAL, false, 2, { false, true } },
	{ "nothing understood", "", "", -EINVAL, false, 0, { 0 } },
};

static void a_map_is_its_table_and_its_status(void **state)
{
	const struct dm_device device = { .devt = { 254, 3 },
		.name = "oradata",
		.uuid = "mpath-360014051234567",
		.open_count = 2,
		.suspended = true,
		.read_only = true,
		.sectors = 32768 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct observation o;

		maps_observe(&device, rows[i].table, rows[i].status, &o);
		if (o.kind != OBS_MAP || o.result != rows[i].result ||
			o.map.queues != rows[i].queues || o.map.n_members != rows[i].n_members)
			fail_msg("%s: result %d queues %d members %u", rows[i].rule, o.result,
				o.map.queues, o.map.n_members);
		for (uint32_t m = 0; m < o.map.n_members; m++)
			if (o.map.members[m].active != rows[i].active[m] ||
				o.map.members[m].devt.minor != (m ? 48 : 0))
				fail_msg("%s: member %u", rows[i].rule, m);
		assert_true(o.map.present && o.map.suspended && o.map.read_only);
		assert_int_equal(o.map.size_sectors, 32768);
		assert_int_equal(o.map.devt.minor, 3);
		assert_int_equal(o.map.open_count, 2);
		assert_string_equal(o.map.name, "oradata");
		assert_string_equal(o.map.uuid, "mpath-360014051234567");
	}
}

static void words_and_groups(void **state)
{
	const struct dm_device device = { .name = "oradata" };
	struct observation o;

	(void)state;
	maps_observe(&device, TABLE_GROUPS, STATUS_GROUPS, &o);
	assert_int_equal(o.result, 0);
	assert_string_equal(o.map.features, "1 queue_if_no_path");
	assert_string_equal(o.map.handler, "1 alua");
	assert_string_equal(o.map.selector, "service-time 0");
	assert_string_equal(o.map.groups, "DAE");
	assert_int_equal(o.map.members[0].group, 1);
	assert_int_equal(o.map.members[0].failures, 7);
	assert_int_equal(o.map.members[1].group, 2);
	assert_int_equal(o.map.members[1].failures, 2);

	/* a table knows the groups, and not what became of them */
	maps_observe(&device, TABLE_GROUPS, "", &o);
	assert_string_equal(o.map.groups, "???");
	assert_int_equal(o.map.members[1].group, 2);
}

static void more_groups_than_fit_are_said_to_be_too_many(void **state)
{
	const struct dm_device device = { .name = "high" };
	struct text status = TEXT_INIT, table = TEXT_INIT;
	struct observation o;

	(void)state;
	text_addf(&status, "2 0 0 0 %d 1", MAX_MEMBERS + 1);
	text_addf(&table, "0 0 %d 1", MAX_MEMBERS + 1);
	for (unsigned i = 0; i <= MAX_MEMBERS; i++) {
		text_add(&status, " A 0 0 0");
		text_add(&table, " round-robin 0 0 0");
	}
	maps_observe(&device, text_str(&table), text_str(&status), &o);
	assert_int_equal(o.result, -E2BIG);
	assert_int_equal(strlen(o.map.groups), MAX_MEMBERS);
	text_done(&status);
	text_done(&table);
}

static void more_members_than_fit_are_said_to_be_too_many(void **state)
{
	const struct dm_device device = { .name = "wide" };
	struct text status = TEXT_INIT, table = TEXT_INIT;
	struct observation o;

	(void)state;
	text_addf(&status, "2 0 0 0 1 1 A 0 %d 0", MAX_MEMBERS + 1);
	text_addf(&table, "0 0 1 1 round-robin 0 %d 0", MAX_MEMBERS + 1);
	for (unsigned i = 0; i <= MAX_MEMBERS; i++) {
		text_addf(&status, " 8:%u A 0", i);
		text_addf(&table, " 8:%u", i);
	}
	maps_observe(&device, text_str(&table), text_str(&status), &o);
	assert_int_equal(o.result, -E2BIG);
	assert_int_equal(o.map.n_members, MAX_MEMBERS);
	text_done(&status);
	text_done(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_map_is_its_table_and_its_status),
		cmocka_unit_test(words_and_groups),
		cmocka_unit_test(more_groups_than_fit_are_said_to_be_too_many),
		cmocka_unit_test(more_members_than_fit_are_said_to_be_too_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
