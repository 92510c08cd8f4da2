/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A document is described once, as rows of {name, type, getter}: the order of the rows is the
 * order in JSON and of the columns for people. JSON is made from what is believed; what people
 * read is made from that JSON, so that it looks the same whether a daemon answered or not.
 *
 * Fields may be added, never changed or removed (docs/json.md). A reader finds
 * "version" first in every document.
 */
#include <stdbool.h>
#include <stdint.h>

#include <json-c/json_types.h>

#include "base/clock.h"
#include "base/text.h"

enum { DOCUMENT_VERSION = 1 };

enum document_type {
	DOCUMENT_TEXT,
	DOCUMENT_NUMBER,
	DOCUMENT_BOOL,
	DOCUMENT_TIME, /* RFC 3339, in UTC */
	DOCUMENT_PART, /* an object or array of its own description */
};

/* What stands where there is nothing to say. */
enum document_absence {
	ALWAYS,	 /* "", 0, false: cannot be missing */
	OR_NULL, /* null */
	OR_LESS, /* the field is left out */
};

/* What a getter says. Texts are borrowed until the next getter runs; a part is given away. */
struct datum {
	bool is_there;
	bool yes;
	uint64_t number;
	int64_t unix_ms;
	const char *text;
	struct json_object *part;
};

/* One document in the making. */
struct document {
	int64_t wall_offset_ms;	  /* instant + this: milliseconds since 1970 */
	struct json_object *root; /* owned */
	struct text scratch;	  /* for texts that a getter makes on the spot */
	bool failed;		  /* no memory: there will be no document */
};

struct document_field {
	const char *name;
	enum document_type type;
	enum document_absence absence;
	const char *heading; /* of its column; NULL: people are not shown it */
	struct datum (*get)(struct document *d, const void *item);
};

#define DOCUMENT_FIELDS_END                                                                        \
	{                                                                                          \
		.name = NULL                                                                       \
	}

/* Begins {"version":1}; document_done() is due also when this failed. */
void document_init(struct document *d, int64_t wall_offset_ms);
void document_done(struct document *d);

/* *ret: the text of the document, the caller's. 0 or -ENOMEM. */
int document_finish(struct document *d, char **ret);

/* An object out of a description; the caller's. NULL, and d->failed, without memory. */
struct json_object *document_object(
	struct document *d, const struct document_field *fields, const void *item);
struct json_object *document_empty(struct document *d);
struct json_object *document_array(struct document *d);

/* The fields of item into an object that is there. */
void document_put_fields(struct document *d, struct json_object *object,
	const struct document_field *fields, const void *item);

/* Into an object (name is a literal) or array that may be NULL; value is taken. */
void document_put(struct document *d, struct json_object *object, const char *name,
	struct json_object *value);
void document_append(struct document *d, struct json_object *array, struct json_object *value);
void document_append_object(struct document *d, struct json_object *array,
	const struct document_field *fields, const void *item);

/* Single values; bytes that are not UTF-8 become \xNN. */
struct json_object *document_text(struct document *d, const char *text);
struct json_object *document_number(struct document *d, uint64_t number);
struct json_object *document_yes(struct document *d, bool yes);

/* For getters. NULL and "" are nothing. */
struct datum datum_text(const char *text);
struct datum datum_number(uint64_t number);
struct datum datum_yes(bool yes);
struct datum datum_unix_ms(int64_t unix_ms);
struct datum datum_part(struct json_object *part);
struct datum datum_instant(const struct document *d, instant at);
/* What the getter wrote to d->scratch. */
struct datum datum_scratch(const struct document *d);

static inline struct datum datum_nothing(void)
{
	return (struct datum){ .is_there = false };
}

/* "2026-03-01T12:00:00.250Z". */
void document_time_print(int64_t unix_ms, struct text *out);
/* And back. 0 or -EINVAL. */
int document_time_parse(const char *text, int64_t *ret_unix_ms);
