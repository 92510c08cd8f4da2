/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/result.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "show/answers.h"
#include "show/configuration.h"
#include "show/event.h"
#include "show/metrics.h"
#include "show/paths.h"
#include "show/remarks.h"
#include "show/table.h"

DEFINE_FREEP(struct json_object, json_object_put)

static const struct {
	int error;
	enum exit_code code;
	const char *words;
} failures[] = {
	{ ECONNREFUSED, CODE_NO_DAEMON, "no pathkeeperd answers" },
	{ ECONNRESET, CODE_NO_DAEMON, "pathkeeperd went away" },
	{ EPERM, CODE_NOT_PERMITTED, "not permitted" },
	{ EACCES, CODE_NOT_PERMITTED, "not permitted" },
	{ ENODEV, CODE_NO_DEVICE, "no such device" },
	{ EINVAL, CODE_USAGE, "not understood" },
	{ ETIMEDOUT, CODE_FAILED, "no answer in time" },
};

int result_failure(const char *verb, int r, const char *words)
{
	for (size_t i = 0; i < ARRAY_SIZE(failures); i++)
		if (failures[i].error == -r) {
			fprintf(stderr, "pathkeeper: %s: %s\n", verb,
				words && *words ? words : failures[i].words);
			return failures[i].code;
		}
	fprintf(stderr, "pathkeeper: %s: %s\n", verb, words && *words ? words : strerror(-r));
	return CODE_FAILED;
}

/* The answers of a removal, and their exit status; what a row of another document says. */
static const struct {
	const char *field, *value;
	enum exit_code code;
} row_codes[] = {
	{ "result", "removed", CODE_DONE },
	{ "result", "absent", CODE_DONE },
	{ "result", "scanned", CODE_DONE },
	{ "result", "reached", CODE_DONE },
	{ "result", "would-remove", CODE_DONE },
	{ "result", "refused", CODE_BUSY },
	{ "result", "busy", CODE_BUSY },
	{ "result", "failed", CODE_FAILED },
	{ "result", "pending", CODE_FAILED },
	{ "state", "up", CODE_DONE },
	{ "state", "ghost", CODE_DONE },
};

static const char *text_of(struct json_object *object, const char *name)
{
	struct json_object *value;

	return json_object_object_get_ex(object, name, &value) ? json_object_get_string(value)
							       : NULL;
}

static int code_of_row(struct json_object *row, const char *field)
{
	const char *value = text_of(row, field);

	for (size_t i = 0; value && i < ARRAY_SIZE(row_codes); i++)
		if (!strcmp(row_codes[i].field, field) && !strcmp(row_codes[i].value, value))
			return row_codes[i].code;
	return CODE_FAILED;
}

/* Several devices: the highest single code. */
static int code_of_rows(struct json_object *rows, const char *field)
{
	int code = CODE_DONE;

	for (size_t i = 0; rows && i < json_object_array_length(rows); i++) {
		int one = code_of_row(json_object_array_get_idx(rows, i), field);

		if (one > code)
			code = one;
	}
	return code;
}

static int say_unknown(struct json_object *root)
{
	struct json_object *names;

	if (!json_object_object_get_ex(root, "unknown", &names) || !json_object_array_length(names))
		return CODE_DONE;
	for (size_t i = 0; i < json_object_array_length(names); i++) {
		struct text t = TEXT_INIT;

		text_add_escaped(&t, json_object_get_string(json_object_array_get_idx(names, i)));
		fprintf(stderr, "pathkeeper: no such device: %s\n", text_str(&t));
		text_done(&t);
	}
	return CODE_NO_DEVICE;
}

static void print_events(struct json_object *rows, struct text *out)
{
	for (size_t i = 0; rows && i < json_object_array_length(rows); i++)
		event_print(json_object_array_get_idx(rows, i), out);
}

static void print_holders(struct json_object *root, struct json_object *rows, struct text *out)
{
	struct json_object *complete;

	if (rows && json_object_array_length(rows))
		table_print(hold_fields, rows, out);
	else
		fputs("pathkeeper: nobody was found\n", stderr);
	if (json_object_object_get_ex(root, "complete", &complete) &&
		!json_object_get_boolean(complete))
		fputs("pathkeeper: not everything could be looked at\n", stderr);
}

static void say_remarks(struct json_object *rows)
{
	struct text t = TEXT_INIT;

	remarks_print(rows, &t);
	fputs(text_str(&t), stderr);
	text_done(&t);
}

/* Documents by the name of their list. */
enum look { LOOK_TABLE, LOOK_HOLDERS, LOOK_CONFIG, LOOK_EVENTS, LOOK_REMARKS };
static const struct look_row {
	const char *list;
	enum look look;
	const struct document_field *fields;
	const char *code_field; /* NULL: only unknown names count */
} looks[] = {
	{ "paths", LOOK_TABLE, path_fields, NULL },
	{ "checks", LOOK_TABLE, check_fields, "state" },
	{ "removals", LOOK_TABLE, removal_fields, "result" },
	{ "scans", LOOK_TABLE, scan_fields, "result" },
	{ "waits", LOOK_TABLE, wait_fields, "result" },
	{ "holds", LOOK_HOLDERS, NULL, NULL },
	{ "config", LOOK_CONFIG, NULL, NULL },
	{ "events", LOOK_EVENTS, NULL, NULL },
	{ "remarks", LOOK_REMARKS, NULL, NULL },
};

static void print_look(const struct look_row *look, struct json_object *root,
	struct json_object *rows, struct text *out)
{
	switch (look->look) {
	case LOOK_TABLE: table_print(look->fields, rows, out); break;
	case LOOK_HOLDERS: print_holders(root, rows, out); break;
	case LOOK_CONFIG: configuration_print(rows, out); break;
	case LOOK_EVENTS: print_events(rows, out); break;
	case LOOK_REMARKS: say_remarks(rows); break;
	}
}

static int print_document(struct json_object *root, struct text *out)
{
	struct json_object *rows;
	int code = say_unknown(root), one;
	const char *result;

	for (size_t i = 0; i < ARRAY_SIZE(looks); i++) {
		if (!json_object_object_get_ex(root, looks[i].list, &rows) ||
			!json_object_is_type(rows, json_type_array))
			continue;
		print_look(&looks[i], root, rows, out);
		one = looks[i].code_field ? code_of_rows(rows, looks[i].code_field) : CODE_DONE;
		result = text_of(root, "result");
		if (looks[i].look == LOOK_REMARKS && result && strcmp(result, "accepted"))
			one = strcmp(result, "refused") ? CODE_FAILED : CODE_USAGE;
		return one > code ? one : code;
	}
	json_object_object_del(root, "version"); /* of no interest to people */
	table_print_outline(root, out);
	return code;
}

int result_print(const struct words *words, char *json)
{
	_cleanup_(freep) char *owned = json;
	_cleanup_(json_object_putp) struct json_object *root = json_tokener_parse(owned);
	struct text out = TEXT_INIT;
	int code;

	if (!root) {
		fprintf(stderr, "pathkeeper: %s: an answer that is no document\n", words->verb);
		return CODE_FAILED;
	}
	if (words->metrics) {
		metrics_print(root, &out);
		code = CODE_DONE;
	} else {
		code = print_document(root, &out);
	}
	if (words->json)
		puts(owned);
	else
		fputs(text_str(&out), stdout);
	text_done(&out);
	if (fflush(stdout) == EOF)
		return CODE_FAILED;
	return code;
}
