/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "show/event.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <json-c/json.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "base/text.h"

/* Fields that are not text; all others are. */
static const struct {
	const char *name;
	enum document_type type;
} types[] = {
	{ "pid", DOCUMENT_NUMBER },
	{ "ms", DOCUMENT_NUMBER },
	{ "paths", DOCUMENT_NUMBER },
	{ "running", DOCUMENT_BOOL },
};

static enum document_type type_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (!strcmp(types[i].name, name))
			return types[i].type;
	return DOCUMENT_TEXT;
}

static struct json_object *text_value(struct document *d, const char *value)
{
	_cleanup_(text_done) struct text plain = TEXT_INIT;

	text_add_unescaped(&plain, value, strlen(value));
	d->failed |= text_failed(&plain);
	return document_text(d, text_str(&plain));
}

static struct json_object *value_of(struct document *d, const char *name, const char *value)
{
	uint64_t number = 0;

	switch (type_of(name)) {
	case DOCUMENT_NUMBER:
		if (number_parse_u64(value, 0, INT64_MAX, &number) == 0)
			return document_number(d, number);
		break;
	case DOCUMENT_BOOL: return document_yes(d, !strcmp(value, "yes"));
	case DOCUMENT_TEXT:
	case DOCUMENT_TIME:
	case DOCUMENT_PART: break;
	}
	return text_value(d, value);
}

/* Keys come from a line and do not outlive it: unlike document_put() this copies the name. */
static void put_word(struct document *d, char *word)
{
	char *value = strchr(word, '=');
	struct json_object *json = NULL;

	if (!value)
		return;
	*value++ = '\0';
	if (strcmp(value, "-"))
		json = value_of(d, word, value);
	if (json_object_object_add(d->root, word, json) < 0) {
		d->failed = true;
		json_object_put(json);
	}
}

int event_document(
	uint64_t number, int64_t unix_ms, const char *name, const char *fields, char **ret)
{
	_cleanup_(document_done) struct document d;
	_cleanup_(freep) char *line = strdup(fields);
	struct text time = TEXT_INIT;
	char *rest = line;

	document_init(&d, 0);
	if (!line)
		return -ENOMEM;
	document_time_print(unix_ms, &time);
	document_put(&d, d.root, "number", number ? document_number(&d, number) : NULL);
	document_put(&d, d.root, "time", document_text(&d, text_str(&time)));
	document_put(&d, d.root, "event", document_text(&d, name));
	for (char *word = strsep(&rest, " "); word; word = strsep(&rest, " "))
		put_word(&d, word);
	d.failed |= text_failed(&time);
	text_done(&time);
	return document_finish(&d, ret);
}

/* Finished texts need not be read again to stand in an array. */
int events_document(uint64_t last, const char *const *events, size_t n, char **ret)
{
	_cleanup_(text_done) struct text t = TEXT_INIT;

	text_addf(&t, "{\"version\":%d,\"last\":%" PRIu64 ",\"events\":[", DOCUMENT_VERSION, last);
	for (size_t i = 0; i < n; i++) {
		text_add(&t, i ? "," : "");
		text_add(&t, events[i]);
	}
	text_add(&t, "]}");
	if (text_failed(&t))
		return -ENOMEM;
	*ret = text_take(&t);
	return 0;
}

static bool is_head(const char *name)
{
	return !strcmp(name, "version") || !strcmp(name, "number") || !strcmp(name, "time") ||
	       !strcmp(name, "event");
}

static void print_member(struct json_object *event, const char *name, struct text *out)
{
	struct json_object *value = json_object_object_get(event, name);

	if (!value)
		text_add(out, "-");
	else if (json_object_is_type(value, json_type_boolean))
		text_add(out, json_object_get_boolean(value) ? "yes" : "no");
	else
		text_add_escaped(out, json_object_get_string(value));
}

void event_print(struct json_object *event, struct text *out)
{
	print_member(event, "time", out);
	text_add(out, " ");
	print_member(event, "event", out);
	json_object_object_foreach(event, name, value)
	{
		(void)value;
		if (is_head(name))
			continue;
		text_add(out, " ");
		text_add_escaped(out, name);
		text_add(out, "=");
		print_member(event, name, out);
	}
	text_add(out, "\n");
}
