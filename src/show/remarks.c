/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "show/remarks.h"

#include <errno.h>

#include <json-c/json.h>

#include "base/cleanup.h"
#include "config/diagnostics.h"
#include "show/printable.h"

static struct datum get_severity(struct document *d, const void *item)
{
	const struct diagnostic *row = item;

	(void)d;
	return datum_text(severity_name(row->severity));
}

static struct datum get_file(struct document *d, const void *item)
{
	const struct diagnostic *row = item;

	(void)d;
	return datum_text(row->file);
}

static struct datum get_line(struct document *d, const void *item)
{
	const struct diagnostic *row = item;

	(void)d;
	return datum_number(row->line);
}

static struct datum get_text(struct document *d, const void *item)
{
	const struct diagnostic *row = item;

	(void)d;
	return datum_text(row->text);
}

static const struct document_field remark_fields[] = {
	{ "severity", DOCUMENT_TEXT, ALWAYS, "SEVERITY", get_severity },
	{ "file", DOCUMENT_TEXT, ALWAYS, "FILE", get_file },
	{ "line", DOCUMENT_NUMBER, ALWAYS, "LINE", get_line },
	{ "text", DOCUMENT_TEXT, ALWAYS, "TEXT", get_text },
	DOCUMENT_FIELDS_END,
};

struct json_object *remarks_array(struct document *d, const struct diagnostics *list)
{
	struct json_object *array = document_array(d);

	for (size_t i = 0; list && i < list->n; i++)
		document_append_object(d, array, remark_fields, &list->rows[i]);
	return array;
}

int remarks_document(
	const char *result, const char *reason, const struct diagnostics *list, char **ret)
{
	_cleanup_(document_done) struct document d;

	document_init(&d, 0);
	document_put(&d, d.root, "result", document_text(&d, result));
	document_put(&d, d.root, "reason", reason ? document_text(&d, reason) : NULL);
	document_put(&d, d.root, "remarks", remarks_array(&d, list));
	return document_finish(&d, ret);
}

static const char *text_of(struct json_object *object, const char *name)
{
	struct json_object *value = json_object_object_get(object, name);

	return value ? json_object_get_string(value) : "";
}

void remarks_print(struct json_object *remarks, struct text *out)
{
	size_t n = remarks ? json_object_array_length(remarks) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *row = json_object_array_get_idx(remarks, i);

		printable_terminal(text_of(row, "file"), out);
		if (json_object_get_int64(json_object_object_get(row, "line")) > 0)
			text_addf(out, ":%s", text_of(row, "line"));
		text_addf(out, ": %s: ", text_of(row, "severity"));
		printable_terminal(text_of(row, "text"), out);
		text_add(out, "\n");
	}
}
