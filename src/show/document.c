/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "show/document.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "show/printable.h"

/* ---- values ---------------------------------------------------------------------------------- */

/* NULL would be JSON's null: a value that could not be had spoils the whole document. */
static struct json_object *had(struct document *d, struct json_object *value)
{
	d->failed |= !value;
	return value;
}

struct json_object *document_text(struct document *d, const char *text)
{
	_cleanup_(text_done) struct text clean = TEXT_INIT;

	printable_utf8(text, &clean);
	d->failed |= text_failed(&clean);
	return had(d, json_object_new_string_len(text_str(&clean), (int)clean.len));
}

struct json_object *document_number(struct document *d, uint64_t number)
{
	return had(d, json_object_new_int64(number > INT64_MAX ? INT64_MAX : (int64_t)number));
}

struct json_object *document_yes(struct document *d, bool yes)
{
	return had(d, json_object_new_boolean(yes));
}

void document_time_print(int64_t unix_ms, struct text *out)
{
	time_t seconds = (time_t)(unix_ms / 1000);
	struct tm tm;

	if (unix_ms < 0 || !gmtime_r(&seconds, &tm)) {
		text_add(out, "1970-01-01T00:00:00.000Z"); /* a clock that was never set */
		return;
	}
	text_addf(out, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900, tm.tm_mon + 1,
		tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(unix_ms % 1000));
}

int document_time_parse(const char *text, int64_t *ret_unix_ms)
{
	struct tm tm = { 0 };
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S.", &tm);
	uint64_t ms;

	if (!end || strlen(end) != 4 || number_parse_field(&end, 'Z', 999, &ms) < 0 || *end)
		return -EINVAL;
	*ret_unix_ms = (int64_t)timegm(&tm) * 1000 + (int64_t)ms;
	return 0;
}

static struct json_object *time_value(struct document *d, int64_t unix_ms)
{
	text_clear(&d->scratch);
	document_time_print(unix_ms, &d->scratch);
	return document_text(d, text_str(&d->scratch));
}

/* ---- getters --------------------------------------------------------------------------------- */

struct datum datum_text(const char *text)
{
	return (struct datum){ .is_there = text && *text, .text = text };
}

struct datum datum_number(uint64_t number)
{
	return (struct datum){ .is_there = true, .number = number };
}

struct datum datum_yes(bool yes)
{
	return (struct datum){ .is_there = true, .yes = yes };
}

struct datum datum_unix_ms(int64_t unix_ms)
{
	return (struct datum){ .is_there = true, .unix_ms = unix_ms };
}

struct datum datum_part(struct json_object *part)
{
	return (struct datum){ .is_there = part, .part = part };
}

struct datum datum_instant(const struct document *d, instant at)
{
	return instant_is_set(at) ? datum_unix_ms((int64_t)at.ms + d->wall_offset_ms)
				  : datum_nothing();
}

struct datum datum_scratch(const struct document *d)
{
	return datum_text(text_str(&d->scratch));
}

/* ---- building -------------------------------------------------------------------------------- */

void document_init(struct document *d, int64_t wall_offset_ms)
{
	*d = (struct document){ .wall_offset_ms = wall_offset_ms };
	d->root = document_empty(d);
	document_put(d, d->root, "version", document_number(d, DOCUMENT_VERSION));
}

void document_done(struct document *d)
{
	json_object_put(d->root);
	text_done(&d->scratch);
	*d = (struct document){ 0 };
}

int document_finish(struct document *d, char **ret)
{
	const unsigned how = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;
	const char *json;
	char *text;

	if (d->failed || text_failed(&d->scratch))
		return -ENOMEM;
	json = json_object_to_json_string_ext(d->root, how);
	text = json ? strdup(json) : NULL;
	if (!text)
		return -ENOMEM;
	*ret = text;
	return 0;
}

struct json_object *document_array(struct document *d)
{
	return had(d, json_object_new_array());
}

void document_put(
	struct document *d, struct json_object *object, const char *name, struct json_object *value)
{
	const unsigned how = JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_ADD_CONSTANT_KEY;

	if (object && json_object_object_add_ex(object, name, value, how) == 0)
		return;
	d->failed = true;
	json_object_put(value);
}

void document_append(struct document *d, struct json_object *array, struct json_object *value)
{
	if (array && json_object_array_add(array, value) == 0)
		return;
	d->failed = true;
	json_object_put(value);
}

void document_append_object(struct document *d, struct json_object *array,
	const struct document_field *fields, const void *item)
{
	document_append(d, array, document_object(d, fields, item));
}

static struct json_object *value_of(
	struct document *d, enum document_type type, const struct datum *datum)
{
	switch (type) {
	case DOCUMENT_TEXT: return document_text(d, datum->text ? datum->text : "");
	case DOCUMENT_NUMBER: return document_number(d, datum->number);
	case DOCUMENT_BOOL: return document_yes(d, datum->yes);
	case DOCUMENT_TIME: return time_value(d, datum->unix_ms);
	case DOCUMENT_PART: return had(d, datum->part);
	}
	return NULL;
}

struct json_object *document_empty(struct document *d)
{
	return had(d, json_object_new_object());
}

void document_put_fields(struct document *d, struct json_object *object,
	const struct document_field *fields, const void *item)
{
	for (const struct document_field *f = fields; f->name; f++) {
		struct datum datum;

		text_clear(&d->scratch);
		datum = f->get(d, item);
		if (datum.is_there || f->absence == ALWAYS)
			document_put(d, object, f->name, value_of(d, f->type, &datum));
		else if (f->absence == OR_NULL)
			document_put(d, object, f->name, NULL);
	}
}

struct json_object *document_object(
	struct document *d, const struct document_field *fields, const void *item)
{
	struct json_object *object = document_empty(d);

	document_put_fields(d, object, fields, item);
	return object;
}
