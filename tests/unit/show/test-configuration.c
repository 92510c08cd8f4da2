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
#include "config/policy.h"
#include "show/configuration.h"
#include "show/remarks.h"

static const char text[] = "defaults {\n"
			   "\tpurge_disconnected yes\n"
			   "}\n"
			   "blacklist {\n"
			   "\tdevnode \"^sd[a-z]$\"\n"
			   "\tdevice {\n"
			   "\t\tvendor \"A\"\"B\"\n"
			   "\t\tproduct .*\n"
			   "\t}\n"
			   "}\n"
			   "multipaths {\n"
			   "\tmultipath {\n"
			   "\t\twwid 1\n"
			   "\t\tprotect yes\n"
			   "\t}\n"
			   "\tmultipath {\n"
			   "\t\twwid 2\n"
			   "\t\tprotect yes\n"
			   "\t}\n"
			   "}\n";

static struct config *read_config(const char *name, const char *bytes)
{
	const struct config_file file = { .name = name, .text = bytes, .len = strlen(bytes) };
	struct config *config = NULL;

	assert_int_equal(config_new(&file, 1, NULL, &config), 0);
	return config;
}

static char *dump(const struct config *config, bool with_origin, bool as_json)
{
	char *json = NULL;
	struct json_object *root;
	struct text t = TEXT_INIT;

	assert_int_equal(configuration_document(config, with_origin, &json), 0);
	if (as_json)
		return json;
	root = json_tokener_parse(json);
	configuration_print(json_object_object_get(root, "config"), &t);
	json_object_put(root);
	free(json);
	return text_take(&t);
}

static void expect_part(const char *whole, const char *part)
{
	if (!strstr(whole, part))
		fail_msg("no %s in:\n%s", part, whole);
}

static void rows_of_json(void **state)
{
	_cleanup_(config_freep) struct config *config = read_config("/etc/multipath.conf", text);
	_cleanup_(freep) char *plain = dump(config, false, true), *with = dump(config, true, true);

	(void)state;
	expect_part(plain, "{\"version\":1,\"config\":[{\"section\":\"defaults\",\"entry\":0,");
	expect_part(
		plain, "\"keyword\":\"purge_disconnected\",\"value\":\"yes\",\"acted_on\":true}");
	expect_part(with, "\"keyword\":\"purge_disconnected\",\"value\":\"yes\",\"acted_on\":true,"
			  "\"origin\":\"multipath.conf:2 (defaults)\"}");
	assert_null(strstr(plain, "\"origin\""));
}

static void a_file_for_people(void **state)
{
	_cleanup_(config_freep) struct config *config = read_config("/etc/multipath.conf", text);
	_cleanup_(freep) char *file = dump(config, false, false), *with = dump(config, true, false);

	(void)state;
	expect_part(file, "\tpurge_disconnected \"yes\"\n");
	expect_part(file, "\tdevice {\n\t\tvendor \"A\"\"B\"\n\t\tproduct \".*\"\n\t}\n");
	expect_part(file, "multipaths {\n\tmultipath {\n\t\twwid 1\n\t\tprotect \"yes\"\n\t}\n"
			  "\tmultipath {\n\t\twwid 2\n\t\tprotect \"yes\"\n\t}\n}\n");
	expect_part(with, "\tpurge_disconnected \"yes\" # multipath.conf:2 (defaults)\n");
}

static void what_is_printed_can_be_read_back(void **state)
{
	_cleanup_(config_freep) struct config *first = read_config("/etc/multipath.conf", text);
	_cleanup_(freep) char *file = dump(first, true, false), *json = dump(first, false, true);
	_cleanup_(config_freep) struct config *second = read_config("/etc/multipath.conf", file);
	_cleanup_(freep) char *again = dump(second, false, true);

	(void)state;
	assert_string_equal(json, again);
}

static void remarks_for_people(void **state)
{
	_cleanup_(text_done) struct text t = TEXT_INIT;
	struct diagnostics list = DIAGNOSTICS_INIT;
	_cleanup_(freep) char *json = NULL;
	struct json_object *root;

	(void)state;
	diagnostics_add(&list, SEVERITY_ERROR, "/etc/a.conf", 3, "bad");
	diagnostics_add(&list, SEVERITY_FATAL, "/etc/b.conf", 0, "cannot be read");
	assert_int_equal(remarks_document("refused", NULL, &list, &json), 0);
	diagnostics_done(&list);
	assert_string_equal(json,
		"{\"version\":1,\"result\":\"refused\",\"reason\":null,\"remarks\":["
		"{\"severity\":\"error\",\"file\":\"/etc/a.conf\",\"line\":3,\"text\":\"bad\"},"
		"{\"severity\":\"fatal\",\"file\":\"/etc/b.conf\",\"line\":0,\"text\":\"cannot be "
		"read\"}]}");
	root = json_tokener_parse(json);
	remarks_print(json_object_object_get(root, "remarks"), &t);
	json_object_put(root);
	assert_string_equal(
		text_str(&t), "/etc/a.conf:3: error: bad\n/etc/b.conf: fatal: cannot be read\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_of_json),
		cmocka_unit_test(a_file_for_people),
		cmocka_unit_test(what_is_printed_can_be_read_back),
		cmocka_unit_test(remarks_for_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
