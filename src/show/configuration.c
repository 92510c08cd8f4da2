/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "show/configuration.h"

#include <string.h>

#include <json-c/json.h>

#include "base/cleanup.h"
#include "config/policy.h"
#include "show/printable.h"

/* ---- as JSON --------------------------------------------------------------------------------- */

static struct datum get_section(struct document *d, const void *item)
{
	const struct config_row *row = item;

	(void)d;
	return datum_text(section_name(row->section));
}

static struct datum get_entry(struct document *d, const void *item)
{
	const struct config_row *row = item;

	(void)d;
	return datum_number(row->entry);
}

static struct datum get_keyword(struct document *d, const void *item)
{
	const struct config_row *row = item;

	(void)d;
	return datum_text(row->keyword);
}

static struct datum get_value(struct document *d, const void *item)
{
	const struct config_row *row = item;

	(void)d;
	return datum_text(row->value);
}

static struct datum get_acted_on(struct document *d, const void *item)
{
	const struct config_row *row = item;

	(void)d;
	return datum_yes(row->is_acted_on);
}

static struct datum get_origin(struct document *d, const void *item)
{
	const struct config_row *row = item;

	(void)d;
	return datum_text(row->origin);
}

static const struct document_field row_fields[] = {
	{ "section", DOCUMENT_TEXT, ALWAYS, "SECTION", get_section },
	{ "entry", DOCUMENT_NUMBER, ALWAYS, NULL, get_entry },
	{ "keyword", DOCUMENT_TEXT, ALWAYS, "KEYWORD", get_keyword },
	{ "value", DOCUMENT_TEXT, ALWAYS, "VALUE", get_value },
	{ "acted_on", DOCUMENT_BOOL, ALWAYS, NULL, get_acted_on },
	DOCUMENT_FIELDS_END,
};

static const struct document_field origin_fields[] = {
	{ "origin", DOCUMENT_TEXT, OR_LESS, "ORIGIN", get_origin },
	DOCUMENT_FIELDS_END,
};

struct writing {
	struct document document;
	struct json_object *rows;
	bool with_origin;
};

static int write_row(void *arg, const struct config_row *row)
{
	struct writing *w = arg;
	struct json_object *object = document_object(&w->document, row_fields, row);

	if (w->with_origin)
		document_put_fields(&w->document, object, origin_fields, row);
	document_append(&w->document, w->rows, object);
	return 0;
}

int configuration_document(const struct config *config, bool with_origin, char **ret)
{
	struct writing w = { .with_origin = with_origin };
	int r;

	document_init(&w.document, 0);
	w.rows = document_array(&w.document);
	document_put(&w.document, w.document.root, "config", w.rows);
	r = config_rows(config, write_row, &w);
	if (r >= 0)
		r = document_finish(&w.document, ret);
	document_done(&w.document);
	return r;
}

/* ---- as a file ------------------------------------------------------------------------------- */

static const char *text_of(struct json_object *row, const char *name)
{
	struct json_object *value = NULL;

	return json_object_object_get_ex(row, name, &value) && value ? json_object_get_string(value)
								     : "";
}

static int64_t entry_of(struct json_object *row)
{
	return json_object_get_int64(json_object_object_get(row, "entry"));
}

/* "devices/device" -> how much of it names the outer section. */
static size_t outer_len(const char *section)
{
	return strcspn(section, "/");
}

static bool is_same_outer(const char *a, const char *b)
{
	return outer_len(a) == outer_len(b) && !strncmp(a, b, outer_len(a));
}

/* Closes and opens braces on the way from one row to the next; either may be "" for none. */
static void step(
	const char *from, int64_t from_entry, const char *to, int64_t to_entry, struct text *out)
{
	bool outer = !is_same_outer(from, to);
	bool inner = outer || strcmp(from, to) || from_entry != to_entry;

	if (inner && from[outer_len(from)])
		text_add(out, "\t}\n");
	if (outer && *from)
		text_add(out, "}\n");
	if (outer && *to) {
		text_add_bytes(out, to, outer_len(to));
		text_add(out, " {\n");
	}
	if (inner && to[outer_len(to)])
		text_addf(out, "\t%s {\n", to + outer_len(to) + 1);
}

static bool is_number(const char *s)
{
	return *s && strspn(s, "0123456789") == strlen(s);
}

/* Within quotation marks two of them are one. */
static void print_value(const char *value, struct text *out)
{
	_cleanup_(text_done) struct text clean = TEXT_INIT;

	printable_terminal(value, &clean);
	if (is_number(value)) {
		text_add(out, value);
		return;
	}
	text_add(out, "\"");
	for (const char *c = text_str(&clean); *c; c++)
		text_addf(out, *c == '"' ? "\"\"" : "%c", *c);
	text_add(out, "\"");
}

static void print_row(struct json_object *row, struct text *out)
{
	const char *section = text_of(row, "section"), *origin = text_of(row, "origin");

	text_addf(
		out, "%s%s ", section[outer_len(section)] ? "\t\t" : "\t", text_of(row, "keyword"));
	print_value(text_of(row, "value"), out);
	if (*origin) {
		text_add(out, " # ");
		printable_terminal(origin, out);
	}
	text_add(out, "\n");
}

void configuration_print(struct json_object *rows, struct text *out)
{
	size_t n = rows ? json_object_array_length(rows) : 0;
	const char *section = "";
	int64_t entry = 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);

		step(section, entry, text_of(row, "section"), entry_of(row), out);
		section = text_of(row, "section");
		entry = entry_of(row);
		print_row(row, out);
	}
	step(section, entry, "", 0, out);
}
