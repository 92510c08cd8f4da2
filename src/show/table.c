/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "show/table.h"

#include <json-c/json.h>

#include "base/cleanup.h"
#include "show/document.h"
#include "show/printable.h"

enum { MAX_COLUMNS = 16, GAP = 2, OUTLINE_WIDTH = 10 };

static void print_value(struct json_object *value, struct text *out)
{
	switch (json_object_get_type(value)) {
	case json_type_null: text_add(out, "-"); break;
	case json_type_boolean: text_add(out, json_object_get_boolean(value) ? "yes" : "no"); break;
	case json_type_string:
		if (json_object_get_string_len(value) == 0)
			text_add(out, "-");
		else
			printable_terminal(json_object_get_string(value), out);
		break;
	case json_type_double:
	case json_type_int:
	case json_type_object:
	case json_type_array: text_add(out, json_object_get_string(value)); break;
	}
}

/* Characters, near enough to columns of a terminal. */
static size_t width_of(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

static void pad(size_t from, size_t to, struct text *out)
{
	for (size_t i = from; i < to; i++)
		text_add(out, " ");
}

struct columns {
	const struct document_field *fields[MAX_COLUMNS];
	size_t width[MAX_COLUMNS];
	size_t n;
};

static void choose_columns(const struct document_field *fields, struct columns *c)
{
	for (const struct document_field *f = fields; f->name && c->n < MAX_COLUMNS; f++)
		if (f->heading) {
			c->width[c->n] = width_of(f->heading);
			c->fields[c->n++] = f;
		}
}

static void print_cell(
	const struct columns *c, size_t i, struct json_object *row, struct text *cell)
{
	struct json_object *value = NULL;

	text_clear(cell);
	json_object_object_get_ex(row, c->fields[i]->name, &value);
	print_value(value, cell);
}

/* The last column is not padded: no blanks at the end of a line. */
static void end_cell(const struct columns *c, size_t i, const char *cell, struct text *out)
{
	text_add(out, cell);
	if (i + 1 == c->n)
		text_add(out, "\n");
	else
		pad(width_of(cell), c->width[i] + GAP, out);
}

void table_print(const struct document_field *fields, struct json_object *rows, struct text *out)
{
	_cleanup_(text_done) struct text cell = TEXT_INIT;
	struct columns c = { .n = 0 };
	size_t n = rows ? json_object_array_length(rows) : 0;

	choose_columns(fields, &c);
	for (size_t row = 0; row < n; row++)
		for (size_t i = 0; i < c.n; i++) {
			size_t width;

			print_cell(&c, i, json_object_array_get_idx(rows, row), &cell);
			width = width_of(text_str(&cell));
			if (width > c.width[i])
				c.width[i] = width;
		}
	for (size_t i = 0; i < c.n; i++)
		end_cell(&c, i, c.fields[i]->heading, out);
	for (size_t row = 0; row < n; row++)
		for (size_t i = 0; i < c.n; i++) {
			print_cell(&c, i, json_object_array_get_idx(rows, row), &cell);
			end_cell(&c, i, text_str(&cell), out);
		}
}

/* "up 4  down 1": on one line. */
static void print_inline(struct json_object *object, struct text *out)
{
	const char *gap = "";

	json_object_object_foreach(object, name, value)
	{
		if (json_object_is_type(value, json_type_array))
			continue;
		text_addf(out, "%s%s ", gap, name);
		print_value(value, out);
		gap = "  ";
	}
}

static void print_named(const char *name, struct json_object *value, struct text *out)
{
	text_add(out, name);
	pad(width_of(name), OUTLINE_WIDTH, out);
	text_add(out, " ");
	if (json_object_is_type(value, json_type_object))
		print_inline(value, out);
	else
		print_value(value, out);
	text_add(out, "\n");
}

static void print_each(const char *name, struct json_object *array, struct text *out)
{
	for (size_t i = 0; i < json_object_array_length(array); i++)
		print_named(i == 0 ? name : "", json_object_array_get_idx(array, i), out);
}

void table_print_outline(struct json_object *object, struct text *out)
{
	json_object_object_foreach(object, name, value)
	{
		if (json_object_is_type(value, json_type_array))
			print_each(name, value, out);
		else
			print_named(name, value, out);
		if (!json_object_is_type(value, json_type_object))
			continue;
		json_object_object_foreach(value, inner_name, inner)
		{
			if (json_object_is_type(inner, json_type_array))
				print_each(inner_name, inner, out);
		}
	}
}
