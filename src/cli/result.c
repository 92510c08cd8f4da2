/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/result.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "show/answers.h"
#include "show/cleaning.h"
#include "show/configuration.h"
#include "show/dot.h"
#include "show/event.h"
#include "show/holders.h"
#include "show/maps.h"
#include "show/metrics.h"
#include "show/paths.h"
#include "show/remarks.h"
#include "show/table.h"
#include "show/topology.h"
#include "show/tree.h"

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
	{ "result", "grown", CODE_DONE },
	{ "result", "unchanged", CODE_DONE },
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

static void say_whether_complete(struct json_object *root, const char *otherwise)
{
	struct json_object *complete;

	if (json_object_object_get_ex(root, "complete", &complete) &&
		!json_object_get_boolean(complete))
		fprintf(stderr, "pathkeeper: %s\n", otherwise);
}

static void print_holders(struct json_object *root, struct json_object *rows, struct text *out)
{
	if (rows && json_object_array_length(rows))
		table_print(hold_fields, rows, out);
	else
		fputs("pathkeeper: nobody was found\n", stderr);
	say_whether_complete(root, "not everything could be looked at");
}

static void print_tree(struct json_object *root, struct text *out)
{
	tree_print(root, out);
	say_whether_complete(root, "there is more than is shown");
}

static void print_cleaning(struct json_object *root, struct text *out)
{
	cleaning_print(root, out);
	say_whether_complete(root, "it is not known whether all of that is closed");
}

static bool has_rows(struct json_object *root, const char *list)
{
	struct json_object *rows;

	return json_object_object_get_ex(root, list, &rows) &&
	       json_object_is_type(rows, json_type_array) && json_object_array_length(rows);
}

/* What stayed is in use; what may still be open is not done. */
static int code_of_cleaning(struct json_object *root)
{
	struct json_object *complete;

	if (has_rows(root, "busy"))
		return CODE_BUSY;
	return json_object_object_get_ex(root, "complete", &complete) &&
			       !json_object_get_boolean(complete)
		       ? CODE_FAILED
		       : CODE_DONE;
}

static void say_remarks(struct json_object *rows)
{
	struct text t = TEXT_INIT;

	remarks_print(rows, &t);
	fputs(text_str(&t), stderr);
	text_done(&t);
}

/* Documents by the name of their list; one of them by two verbs. */
enum look {
	LOOK_TABLE,
	LOOK_TOPOLOGY,
	LOOK_TREE,
	LOOK_HOLDERS,
	LOOK_CLEANING,
	LOOK_CONFIG,
	LOOK_EVENTS,
	LOOK_REMARKS
};
static const struct look_row {
	const char *list;
	enum look look;
	const struct document_field *fields;
	const char *code_field; /* NULL: only unknown names count */
	const char *verb;	/* NULL: any */
} looks[] = {
	{ "paths", LOOK_TABLE, path_fields, NULL, NULL },
	{ "maps", LOOK_TOPOLOGY, NULL, NULL, "topology" },
	{ "maps", LOOK_TABLE, map_fields, NULL, NULL },
	{ "tree", LOOK_TREE, NULL, NULL, NULL },
	{ "checks", LOOK_TABLE, check_fields, "state", NULL },
	{ "removals", LOOK_TABLE, detach_fields, "result", "detach" },
	{ "removals", LOOK_TABLE, removal_fields, "result", NULL },
	{ "scans", LOOK_TABLE, scan_fields, "result", NULL },
	{ "waits", LOOK_TABLE, wait_fields, "result", NULL },
	{ "growths", LOOK_TABLE, growth_fields, "result", NULL },
	{ "holds", LOOK_HOLDERS, NULL, NULL, NULL },
	{ "cleaned", LOOK_CLEANING, NULL, NULL, NULL },
	{ "config", LOOK_CONFIG, NULL, NULL, NULL },
	{ "events", LOOK_EVENTS, NULL, NULL, NULL },
	{ "remarks", LOOK_REMARKS, NULL, NULL, NULL },
};

/* Below what was refused: by whom. */
static void print_table(const struct look_row *look, struct json_object *root,
	struct json_object *rows, struct text *out)
{
	struct json_object *holds;

	table_print(look->fields, rows, out);
	if (!json_object_object_get_ex(root, "holds", &holds))
		return;
	text_add(out, "\n");
	print_holders(root, holds, out);
}

static void print_look(const struct look_row *look, struct json_object *root,
	struct json_object *rows, struct text *out)
{
	switch (look->look) {
	case LOOK_TABLE: print_table(look, root, rows, out); break;
	case LOOK_TOPOLOGY: topology_print(rows, out); break;
	case LOOK_TREE: print_tree(root, out); break;
	case LOOK_HOLDERS: print_holders(root, rows, out); break;
	case LOOK_CLEANING: print_cleaning(root, out); break;
	case LOOK_CONFIG: configuration_print(rows, out); break;
	case LOOK_EVENTS: print_events(rows, out); break;
	case LOOK_REMARKS: say_remarks(rows); break;
	}
}

/* NULL: an outline will do. "maps" of a status is a number. */
static const struct look_row *find_look(
	const char *verb, struct json_object *root, struct json_object **ret_rows)
{
	for (size_t i = 0; i < ARRAY_SIZE(looks); i++)
		if ((!looks[i].verb || !strcmp(looks[i].verb, verb)) &&
			json_object_object_get_ex(root, looks[i].list, ret_rows) &&
			json_object_is_type(*ret_rows,
				looks[i].look == LOOK_TREE ? json_type_object : json_type_array))
			return &looks[i];
	return NULL;
}

static int print_document(const char *verb, struct json_object *root, struct text *out)
{
	struct json_object *rows = NULL;
	const struct look_row *look = find_look(verb, root, &rows);
	int code = say_unknown(root), one;
	const char *result;

	if (!look) {
		json_object_object_del(root, "version"); /* of no interest to people */
		table_print_outline(root, out);
		return code;
	}
	print_look(look, root, rows, out);
	one = look->code_field ? code_of_rows(rows, look->code_field) : CODE_DONE;
	if (look->look == LOOK_CLEANING)
		one = code_of_cleaning(root);
	result = text_of(root, "result");
	if (look->look == LOOK_REMARKS && result && strcmp(result, "accepted"))
		one = strcmp(result, "refused") ? CODE_FAILED : CODE_USAGE;
	return one > code ? one : code;
}

/* A tree is deeper than what is usually parsed. */
static struct json_object *parse(const char *json)
{
	struct json_tokener *tokener = json_tokener_new_ex(TREE_JSON_DEPTH);
	struct json_object *root;

	if (!tokener)
		return NULL;
	root = json_tokener_parse_ex(tokener, json, (int)strlen(json) + 1);
	json_tokener_free(tokener);
	return root;
}

int result_print(const struct words *words, char *json)
{
	_cleanup_(freep) char *owned = json;
	_cleanup_(json_object_putp) struct json_object *root = parse(owned);
	struct text out = TEXT_INIT;
	int code;

	if (!root) {
		fprintf(stderr, "pathkeeper: %s: an answer that is no document\n", words->verb);
		return CODE_FAILED;
	}
	if (words->metrics || words->dot) {
		(words->metrics ? metrics_print : dot_print)(root, &out);
		code = CODE_DONE;
	} else {
		code = print_document(words->verb, root, &out);
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
