/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "dm/table.h"

/* A map in one line, so that rows can be compared: what each row wants. */
static void print_map(const struct dm_multipath *map, struct text *out)
{
	text_clear(out);
	text_addf(out, "%s%s", map->queues ? "queues " : "", map->queues_now ? "queues-now " : "");
	if (map->handler[0] && strcmp(map->handler, "0"))
		text_addf(out, "%s ", map->handler);
	text_addf(out, "%u/%u", map->current_group, map->n_groups);
	for (uint32_t g = 0; g < map->n_groups; g++) {
		text_addf(out, " %c", map->group_state[g] ? map->group_state[g] : '-');
		for (uint32_t i = 0; i < map->n_paths; i++)
			if (map->paths[i].group == g + 1)
				text_addf(out, " %u:%u%s%u", map->paths[i].devt.major,
					map->paths[i].devt.minor, map->paths[i].active ? "+" : "-",
					map->paths[i].failures);
	}
}

static const struct {
	const char *rule, *params;
	int want;
	const char *map;
} tables[] = {
	{ "as configured",
		"1 queue_if_no_path 1 alua 2 1 service-time 0 1 1 8:0 1 service-time 0 1 1 8:16 1",
		0, "queues 1 alua 1/2 - 8:0-0 - 8:16-0" },
	{ "as the kernel prints it back",
		"1 queue_if_no_path 1 alua 1 1 service-time 0 2 2 8:48 1 1 8:96 1 1", 0,
		"queues 1 alua 1/1 - 8:48-0 8:96-0" },
	{ "does not queue", "0 0 1 1 round-robin 0 2 1 8:16 1 8:32 1", 0, "1/1 - 8:16-0 8:32-0" },
	{ "queues among other features",
		"5 pg_init_retries 50 queue_if_no_path queue_mode bio 0 1 1 queue-length 0 1 1 "
		"8:16 1",
		0, "queues 1/1 - 8:16-0" },
	{ "other features do not queue", "3 pg_init_retries 50 retain_attached_hw_handler 0 0 0", 0,
		"0/0" },
	{ "a handler with words", "0 3 emc 1 0 1 1 round-robin 0 1 1 8:16 1000", 0,
		"3 emc 1 0 1/1 - 8:16-0" },
	{ "a selector with words", "0 0 1 1 io-affinity 2 a b 1 2 8:16 3 4", 0, "1/1 - 8:16-0" },
	{ "no words of a path", "0 0 1 1 service-time 0 1 0 8:16", 0, "1/1 - 8:16-0" },
	{ "empty", "0 0 0 0", 0, "0/0" },
	{ "empty, and queues", "1 queue_if_no_path 0 0 0", 0, "queues 0/0" },
	{ "a blank behind, as the kernel prints", "0 0 1 1 service-time 0 1 2 8:16 1 1 ", 0,
		"1/1 - 8:16-0" },
	{ "a group without paths", "0 0 2 1 service-time 0 0 1 service-time 0 1 1 8:16 1", 0,
		"1/2 - - 8:16-0" },
	{ "a word too many", "0 0 1 1 service-time 0 1 1 8:16 1 1", -EINVAL, NULL },
	{ "a word too few", "0 0 1 1 service-time 0 1 1 8:16", -EINVAL, NULL },
	{ "a path too few", "0 0 1 1 service-time 0 2 1 8:16 1", -EINVAL, NULL },
	{ "a group too few", "0 0 2 1 service-time 0 1 1 8:16 1", -EINVAL, NULL },
	{ "a first group that is not there", "0 0 1 2 service-time 0 1 1 8:16 1", -EINVAL, NULL },
	{ "a path by name", "0 0 1 1 service-time 0 1 1 /dev/sdb 1", -EINVAL, NULL },
	{ "a count that is none", "x 0 0 0", -EINVAL, NULL },
	{ "a negative count", "-1 0 0 0", -EINVAL, NULL },
	{ "a count that overflows", "4294967296 0 0 0", -EINVAL, NULL },
	{ "a count that lies", "4294967295 0 0 0", -EINVAL, NULL },
	{ "words of a path that lie", "0 0 1 1 service-time 0 1 4294967295 8:16", -EINVAL, NULL },
	{ "more groups than fit", "0 0 257 1", -E2BIG, NULL },
	{ "groups that lie", "0 0 4294967295 1", -E2BIG, NULL },
	{ "paths that lie", "0 0 1 1 service-time 0 4294967295 1 8:16 1", -E2BIG, NULL },
	{ "a word without end",
		"1 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 0 0 0",
		-EINVAL, NULL },
	{ "another target's", "0 8:16 0", -EINVAL, NULL },
	{ "nothing", "", -EINVAL, NULL },
	{ "blanks", "   ", -EINVAL, NULL },
};

static const struct {
	const char *rule, *params;
	int want;
	const char *map;
} statuses[] = {
	{ "two groups, all failed", "2 0 0 0 2 1 E 0 1 0 8:0 F 1 E 0 1 0 8:48 F 1", 0,
		"1/2 E 8:0-1 E 8:48-1" },
	{ "words of the selector", "2 0 1 0 1 1 A 0 2 2 8:48 A 1 0 1 8:96 A 0 0 1", 0,
		"1/1 A 8:48+1 8:96+0" },
	{ "I/O waits", "2 1 0 0 1 1 E 0 1 0 8:16 F 7", 0, "queues-now 1/1 E 8:16-7" },
	{ "all letters", "2 0 0 0 3 2 D 0 1 0 8:0 F 1 A 0 1 0 8:16 A 0 E 0 1 0 8:32 A 4294967295",
		0, "2/3 D 8:0-1 A 8:16+0 E 8:32+4294967295" },
	{ "empty", "2 0 0 0 0 0", 0, "0/0" },
	{ "empty, older", "0 0 0 0", 0, "0/0" },
	{ "a blank behind, as the kernel prints", "2 0 0 0 1 1 A 0 1 2 8:16 A 0 0 1 ", 0,
		"1/1 A 8:16+0" },
	{ "large minors", "2 0 0 0 1 1 A 0 1 0 259:1048575 A 0", 0, "1/1 A 259:1048575+0" },
	{ "a group's letter nobody knows", "2 0 0 0 1 1 X 0 1 0 8:16 A 0", -EINVAL, NULL },
	{ "a path's letter nobody knows", "2 0 0 0 1 1 A 0 1 0 8:16 E 0", -EINVAL, NULL },
	{ "a letter and more", "2 0 0 0 1 1 AA 0 1 0 8:16 A 0", -EINVAL, NULL },
	{ "failures that are none", "2 0 0 0 1 1 A 0 1 0 8:16 A x", -EINVAL, NULL },
	{ "a table is no status", "1 queue_if_no_path 1 alua 1 1 service-time 0 1 1 8:0 1", -EINVAL,
		NULL },
	{ "nothing", "", -EINVAL, NULL },
};

static void expect(
	const char *rule, int r, int want, const struct dm_multipath *map, const char *line)
{
	struct text out = TEXT_INIT;

	if (r >= 0)
		print_map(map, &out);
	if (r != want || (r >= 0 && strcmp(text_str(&out), line)))
		fail_msg("%s: %d %s", rule, r, text_str(&out));
	if (r < 0 && map->n_groups != 777)
		fail_msg("%s: touched", rule);
	text_done(&out);
}

static void table_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		struct dm_multipath map = { .n_groups = 777 };
		int r = dm_table_parse(tables[i].params, &map);

		expect(tables[i].rule, r, tables[i].want, &map, tables[i].map);
	}
}

static void status_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
		struct dm_multipath map = { .n_groups = 777 };
		int r = dm_status_parse(statuses[i].params, &map);

		expect(statuses[i].rule, r, statuses[i].want, &map, statuses[i].map);
	}
}

#define LONG_WORD "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *rule, *params, *features, *handler, *selector;
} words[] = {
	{ "words stand as the kernel has them",
		"1 queue_if_no_path 1 alua 2 1 service-time 0 1 1 8:0 1 service-time 0 1 1 8:16 1",
		"1 queue_if_no_path", "1 alua", "service-time 0" },
	{ "none are a count, too", "0 0 1 1 round-robin 0 1 1 8:0 1000", "0", "0",
		"round-robin 0" },
	{ "words of a selector belong to it", " 0  0 1 1 io-affinity 2 a b 1 1 8:0 1", "0", "0",
		"io-affinity 2 a b" },
	{ "groups that differ have none together",
		"0 0 2 1 service-time 0 1 1 8:0 1 round-robin 0 1 1 8:16 1", "0", "0", "" },
	{ "a map without groups has none", "0 0 0 0", "0", "0", "" },
	{ "what does not fit is cut", "3 " LONG_WORD " " LONG_WORD " " LONG_WORD " 0 0 0",
		"3 " LONG_WORD " " LONG_WORD " aaaaaaaaaaaaaaaaaaaaaaa", "0", "" },
};

static void words_of_tables(void **state)
{
	struct dm_multipath map;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (dm_table_parse(words[i].params, &map) < 0 ||
			strcmp(map.features, words[i].features) ||
			strcmp(map.handler, words[i].handler) ||
			strcmp(map.selector, words[i].selector))
			fail_msg("%s: \"%s\" \"%s\" \"%s\"", words[i].rule, map.features,
				map.handler, map.selector);
	}
	assert_int_equal(dm_status_parse("2 0 1 0 1 1 A 0 1 0 8:16 A 0", &map), 0);
	assert_true(!map.features[0] && !map.handler[0] && !map.selector[0]);
}

static void as_many_paths_as_fit(void **state)
{
	struct dm_multipath map;
	struct text line = TEXT_INIT;

	(void)state;
	for (unsigned n = DM_MAX_PATHS; n <= DM_MAX_PATHS + 1; n++) {
		text_clear(&line);
		text_addf(&line, "2 0 0 0 2 1 A 0 %u 0", n - 1);
		for (unsigned i = 0; i < n - 1; i++)
			text_addf(&line, " 8:%u A 0", i);
		text_add(&line, " E 0 1 0 9:1 F 3");
		assert_int_equal(
			dm_status_parse(text_str(&line), &map), n > DM_MAX_PATHS ? -E2BIG : 0);
	}
	assert_int_equal(map.n_paths, DM_MAX_PATHS);
	assert_int_equal(map.paths[DM_MAX_PATHS - 1].devt.major, 9);
	assert_int_equal(map.paths[DM_MAX_PATHS - 1].group, 2);
	text_done(&line);
}

/* Each line cut at each place, in memory of just its size. */
static void cut_lines(void **state)
{
	struct dm_multipath map;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(tables) + ARRAY_SIZE(statuses); i++) {
		bool is_table = i < ARRAY_SIZE(tables);
		const char *line = is_table ? tables[i].params
					    : statuses[i - ARRAY_SIZE(tables)].params;

		for (size_t n = 0; n < strlen(line); n++) {
			_cleanup_(freep) char *cut = strndup(line, n);

			assert_non_null(cut);
			(void)dm_table_parse(cut, &map);
			(void)dm_status_parse(cut, &map);
		}
	}
}

static const struct {
	const char *rule, *params;
	int want;
	const char *kept;
} kept[] = {
	/* of 8:16 and 8:32 */
	{ "all of them",
		"1 queue_if_no_path 1 alua 2 1 service-time 0 1 2 8:16 1 1 service-time 0 1 2 8:32 "
		"1 1",
		2,
		"1 queue_if_no_path 1 alua 2 1 service-time 0 1 2 8:16 1 1 service-time 0 1 2 8:32 "
		"1 1" },
	{ "one that is not meant", "0 0 1 1 service-time 0 2 1 8:16 1 8:48 1", 1,
		"0 0 1 1 service-time 0 1 1 8:16 1" },
	{ "... nor one whose number begins so", "0 0 1 1 service-time 0 2 1 8:160 1 8:32 1", 1,
		"0 0 1 1 service-time 0 1 1 8:32 1" },
	{ "a group that is empty then",
		"0 0 3 3 a 0 1 1 8:48 1 b 1 x 1 1 8:16 1 c 0 2 1 8:64 1 8:32 2", 2,
		"0 0 2 2 b 1 x 1 1 8:16 1 c 0 1 1 8:32 2" },
	{ "the one to begin with is", "0 0 2 1 a 0 1 1 8:48 1 b 0 1 1 8:16 1", 1,
		"0 0 1 1 b 0 1 1 8:16 1" },
	{ "one after it is", "0 0 3 2 a 0 1 0 8:32 b 0 1 0 8:16 c 0 1 0 8:48", 2,
		"0 0 2 2 a 0 1 0 8:32 b 0 1 0 8:16" },
	{ "none of them", "0 0 1 1 a 0 1 1 8:48 1", 0, "0 0 0 0" },
	{ "features and a handler with words", "3 a b 4 2 rdac 1 1 1 a 0 1 1 8:16 1 ", 1,
		"3 a b 4 2 rdac 1 1 1 a 0 1 1 8:16 1" },
	{ "no paths at all", "0 0 0 0", 0, "0 0 0 0" },
	{ "no table", "0 0 1 1 a 0 1 1", -EINVAL, "" },
	{ "a count that lies", "0 0 2 1 a 0 1 1 8:16 1", -EINVAL, "" },
};

static void tables_with_fewer_paths(void **state)
{
	static const struct devt keep[] = { { 8, 32 }, { 8, 16 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		_cleanup_(text_done) struct text out = TEXT_INIT;
		int r = dm_table_keep(kept[i].params, keep, ARRAY_SIZE(keep), &out);

		if (r != kept[i].want || strcmp(text_str(&out), kept[i].kept) != 0)
			fail_msg("%s: %d \"%s\"", kept[i].rule, r, text_str(&out));
	}
}

static const struct {
	const char *rule, *uuid;
	bool is_multipath;
	int want;
	const char *wwid;
} uuids[] = {
	{ "D1 a map", "mpath-3600a0b8000", true, 0, "3600a0b8000" },
	{ "D2 empty", "", false, -EINVAL, NULL },
	{ "D2 no dash", "mpath3600a0b8000", false, -EINVAL, NULL },
	{ "D2 a blank before", " mpath-3600a0b8000", false, -EINVAL, NULL },
	{ "D2 a dash before", "-mpath-3600a0b8000", false, -EINVAL, NULL },
	{ "D2 misspelt", "mpth-3600a0b8000", false, -EINVAL, NULL },
	{ "D2 a partition", "part1-mpath-3600a0b8000", false, -EINVAL, NULL },
	{ "D2 a blank for a dash", "mpath 3600a0b8000", false, -EINVAL, NULL },
	{ "D2 cut", "mpath", false, -EINVAL, NULL },
	{ "D3 a map, and nobody's WWID", "mpath-", true, -EINVAL, NULL },
	{ "LVM's", "LVM-abcdef", false, -EINVAL, NULL },
};

static void uuids_of_maps(void **state)
{
	char wwid[DM_WWID_TEXT], longest[6 + DM_WWID_TEXT + 1] = "mpath-";

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(uuids); i++) {
		int r;

		TEXT_SET(wwid, "untouched");
		r = dm_wwid_from_uuid(uuids[i].uuid, wwid);
		if (r != uuids[i].want ||
			dm_uuid_is_multipath(uuids[i].uuid) != uuids[i].is_multipath ||
			strcmp(wwid, r < 0 ? "untouched" : uuids[i].wwid))
			fail_msg("%s: %d %s", uuids[i].rule, r, wwid);
	}
	memset(longest + 6, '3', DM_WWID_TEXT);
	assert_int_equal(dm_wwid_from_uuid(longest, wwid), -EOVERFLOW);
	longest[6 + DM_WWID_TEXT - 1] = '\0';
	assert_int_equal(dm_wwid_from_uuid(longest, wwid), 0);
	assert_int_equal(strlen(wwid), DM_WWID_TEXT - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_lines),
		cmocka_unit_test(status_lines),
		cmocka_unit_test(words_of_tables),
		cmocka_unit_test(as_many_paths_as_fit),
		cmocka_unit_test(cut_lines),
		cmocka_unit_test(tables_with_fewer_paths),
		cmocka_unit_test(uuids_of_maps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
