/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/cleanup.h"
#include "show/event.h"

#define HEAD "{\"version\":1,\"number\":3,\"time\":\"2026-03-01T12:00:00.001Z\",\"event\":\"x\""

static const struct {
	const char *rule, *fields, *want;
} rows[] = {
	{ "no fields", "", HEAD "}" },
	{ "texts", "dev=sdb old=up new=down",
		HEAD ",\"dev\":\"sdb\",\"old\":\"up\",\"new\":\"down\"}" },
	{ "a dash is nothing", "wwid=- dev=sdb", HEAD ",\"wwid\":null,\"dev\":\"sdb\"}" },
	{ "blanks come back", "holder=mount\\x20/data", HEAD ",\"holder\":\"mount /data\"}" },
	{ "bytes that are no text do not", "map=a\\xff\\x22", HEAD ",\"map\":\"a\\\\xff\\\"\"}" },
	{ "a backslash that escapes nothing", "map=a\\xg", HEAD ",\"map\":\"a\\\\xg\"}" },
	{ "no NUL", "map=a\\x00b", HEAD ",\"map\":\"a\\\\x00b\"}" },
	{ "numbers", "pid=42 ms=5 paths=2", HEAD ",\"pid\":42,\"ms\":5,\"paths\":2}" },
	{ "a number that is none", "pid=x", HEAD ",\"pid\":\"x\"}" },
	{ "yes and no", "running=yes", HEAD ",\"running\":true}" },
	{ "a sign of equality in a value", "map=a=b", HEAD ",\"map\":\"a=b\"}" },
	{ "words that are no field", "oops", HEAD "}" },
};

static void fields_become_members(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(freep) char *json = NULL;

		assert_int_equal(
			event_document(3, INT64_C(1772366400001), "x", rows[i].fields, &json), 0);
		if (strcmp(json, rows[i].want))
			fail_msg("%s: %s", rows[i].rule, json);
	}
}

static void many_in_one(void **state)
{
	static const char *const events[] = { "{\"number\":7}", "{\"number\":8}" };
	_cleanup_(freep) char *json = NULL, *none = NULL;

	(void)state;
	assert_int_equal(events_document(8, events, 2, &json), 0);
	assert_string_equal(
		json, "{\"version\":1,\"last\":8,\"events\":[{\"number\":7},{\"number\":8}]}");
	assert_int_equal(events_document(8, NULL, 0, &none), 0);
	assert_string_equal(none, "{\"version\":1,\"last\":8,\"events\":[]}");
}

static const struct {
	const char *rule, *fields, *want;
} lines[] = {
	{ "no fields", "", "" },
	{ "words", "dev=sdb old=up", " dev=sdb old=up" },
	{ "nothing is a dash", "wwid=-", " wwid=-" },
	{ "no value", "wwid= dev=sdb", " wwid= dev=sdb" },
	{ "a blank parts no value", "holder=mount\\x20/d\\x20new=up",
		" holder=mount\\x20/d\\x20new=up" },
	{ "nothing for a terminal to obey", "map=\\x1b[0m\\x0a", " map=\\x1b[0m\\x0a" },
	{ "a backslash is none of ours", "map=a\\x5cx20b", " map=a\\x5cx20b" },
	{ "letters beyond ASCII", "map=\\xc3\\xa9", " map=\\xc3\\xa9" },
	{ "numbers", "pid=42", " pid=42" },
	{ "yes and no", "running=yes", " running=yes" },
	{ "no", "running=no", " running=no" },
};

/* As in the log, which is what it was made of. */
static void one_line_for_people(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		_cleanup_(text_done) struct text t = TEXT_INIT, want = TEXT_INIT;
		_cleanup_(freep) char *json = NULL;
		struct json_object *event;

		assert_int_equal(event_document(3, INT64_C(1772366400001), "path-purge",
					 lines[i].fields, &json),
			0);
		event = json_tokener_parse(json);
		event_print(event, &t);
		json_object_put(event);
		text_addf(&want, "2026-03-01T12:00:00.001Z path-purge%s\n", lines[i].want);
		if (strcmp(text_str(&t), text_str(&want)))
			fail_msg("%s: %s", lines[i].rule, text_str(&t));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_become_members),
		cmocka_unit_test(many_in_one),
		cmocka_unit_test(one_line_for_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
