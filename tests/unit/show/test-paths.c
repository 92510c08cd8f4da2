/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include <json-c/json.h>

#include "base/cleanup.h"
#include "show/paths.h"
#include "show/table.h"
#include "world.h"

#define NODE "pci0000:00/0000:00:05.0/host3/target3:0:0/3:0:0:"

#define NO_FENCE "\"identity\":\"unknown\",\"live_wwid\":null,\"fence\":\"no\""

static const char up_row[] =
	"{\"dev\":\"sdb\",\"devt\":\"8:16\",\"hctl\":\"3:0:0:0\",\"wwid\":\"36001405aaaa\","
	"\"map\":\"oradata\",\"state\":\"up\",\"checker\":\"up\","
	"\"message\":\" reports path is up\",\"sense\":null,\"dm_state\":\"active\","
	"\"purge\":\"no\",\"reason\":null,\"since\":\"2026-03-01T12:00:00.250Z\","
	"\"node\":\"" NODE "0\"," NO_FENCE "}";

static const char dead_row[] =
	"{\"dev\":\"sdc\",\"devt\":\"8:32\",\"hctl\":\"3:0:0:1\",\"wwid\":\"36001405aaaa\","
	"\"map\":\"oradata\",\"state\":\"down\",\"checker\":\"disconnected\","
	"\"message\":\" no access to this device\",\"sense\":\"05/25/00\",\"dm_state\":\"failed\","
	"\"purge\":\"marked\",\"reason\":\"grace\",\"since\":\"2026-03-01T12:00:00.250Z\","
	"\"node\":\"" NODE "1\"," NO_FENCE "}";

static const char hostile_row[] =
	"{\"dev\":\"sdd\",\"devt\":\"8:48\",\"hctl\":\"3:0:0:2\","
	"\"wwid\":\"a \\\"b\\\"\\\\\\n\\u001b[31m\\\\xff\\\\xc0\\\\xaf</script>\xe2\x80\xae\","
	"\"map\":null,\"state\":\"unchecked\",\"checker\":\"unchecked\","
	"\"message\":\" has not been checked\",\"sense\":null,\"dm_state\":null,"
	"\"purge\":\"no\",\"reason\":null,\"since\":\"2026-03-01T12:00:00.000Z\","
	"\"node\":\"" NODE "2\"," NO_FENCE "}";

static const struct {
	const char *rule;
	const char *names[4];
	int want;
	const char *rows[4];
	const char *unknown;
} rows[] = {
	{ "no name is every path, by address", { NULL }, 0, { up_row, dead_row, hostile_row },
		NULL },
	{ "a device", { "/dev/sdb" }, 0, { up_row }, NULL },
	{ "a path that has two of the names is shown once", { "sdc", "3:0:0:1" }, 0, { dead_row },
		NULL },
	{ "a WWID means all its paths", { "36001405aaaa" }, 0, { up_row, dead_row }, NULL },
	{ "what could be and is not adds no row", { "3:0:0:9" }, 0, { NULL }, NULL },
	{ "no such word", { "nonsense" }, -ENODEV, { NULL }, NULL },
	{ "one unknown name of two is told", { "nonsense", "sdb" }, 0, { up_row }, "\"nonsense\"" },
};

static void expect(const char *rule, const char *got, const char *const *want, const char *unknown)
{
	_cleanup_(text_done) struct text t = TEXT_INIT;

	text_add(&t, "{\"version\":1,\"paths\":[");
	for (size_t i = 0; want[i]; i++)
		text_addf(&t, "%s%s", i ? "," : "", want[i]);
	text_add(&t, "]");
	if (unknown)
		text_addf(&t, ",\"unknown\":[%s]", unknown);
	text_add(&t, "}");
	if (strcmp(text_str(&t), got))
		fail_msg("%s:\n%s\nis not\n%s", rule, got, text_str(&t));
}

static void documents(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(freep) char *json = NULL;
		int r = paths_document(
			w.model, (char *const *)rows[i].names, WORLD_WALL_OFFSET_MS, &json);

		if (r != rows[i].want)
			fail_msg("%s: %d", rows[i].rule, r);
		if (r == 0)
			expect(rows[i].rule, json, rows[i].rows, rows[i].unknown);
	}
	world_done(&w);
}

static void one_that_is_fenced(void **state)
{
	char *const names[] = { (char *)"sdb", NULL };
	_cleanup_(freep) char *json = NULL;
	struct world w;
	struct path *p;

	(void)state;
	world_init(&w);
	p = w.model->paths[0];
	assert_string_equal(p->device.dev, "sdb");
	p->state = PATH_FENCED;
	p->identity.word = IDENTITY_CHANGED;
	TEXT_SET(p->identity.live, "36001405bbbb");
	p->fence.stage = FENCE_FENCED;
	p->fence.why = BECAUSE_IDENTITY_CHANGED;
	assert_int_equal(paths_document(w.model, names, WORLD_WALL_OFFSET_MS, &json), 0);
	assert_non_null(strstr(json, "\"state\":\"fenced\""));
	assert_non_null(strstr(json, "\"reason\":\"identity changed: 36001405bbbb\""));
	assert_non_null(strstr(json,
		"\"identity\":\"changed\",\"live_wwid\":\"36001405bbbb\",\"fence\":\"fenced\""));
	world_done(&w);
}

static void one_that_nobody_asks(void **state)
{
	char *const names[] = { (char *)"sdd", NULL };
	_cleanup_(freep) char *json = NULL;
	struct world w;

	(void)state;
	world_init(&w);
	assert_string_equal(w.model->paths[2]->device.dev, "sdd");
	w.model->paths[2]->askable = false;
	assert_int_equal(paths_document(w.model, names, WORLD_WALL_OFFSET_MS, &json), 0);
	assert_non_null(strstr(json, "\"purge\":\"no\",\"reason\":\"not asked\""));
	world_done(&w);
}

static void for_people(void **state)
{
	static const char want[] =
		"DEV  HCTL     WWID                                                 MAP      STATE "
		"    "
		" CHECKER       SENSE     DM      PURGE   REASON\n"
		"sdb  3:0:0:0  36001405aaaa                                         oradata  up    "
		"    "
		" up            -         active  no      -\n"
		"sdc  3:0:0:1  36001405aaaa                                         oradata  down  "
		"    "
		" disconnected  05/25/00  failed  marked  grace\n"
		"sdd  3:0:0:2  a \"b\"\\\\x0a\\x1b[31m\\xff\\xc0\\xaf</script>\\xe2\\x80\\xae  -   "
		"     "
		"unchecked  unchecked     -         -       no      -\n";
	_cleanup_(text_done) struct text t = TEXT_INIT;
	_cleanup_(freep) char *json = NULL;
	struct json_object *root;
	struct world w;

	(void)state;
	world_init(&w);
	assert_int_equal(paths_document(w.model, NULL, WORLD_WALL_OFFSET_MS, &json), 0);
	root = json_tokener_parse(json);
	assert_non_null(root);
	table_print(path_fields, json_object_object_get(root, "paths"), &t);
	assert_string_equal(text_str(&t), want);
	json_object_put(root);
	world_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents),
		cmocka_unit_test(one_that_is_fenced),
		cmocka_unit_test(one_that_nobody_asks),
		cmocka_unit_test(for_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
