/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The one table of keywords: a row says what a keyword is called, where it may stand, what it may
 * be set to, what it is when nobody sets it, and what it is for. Reading, ranges, precedence,
 * dumps, completion and the manual page all come from the row.
 *
 * A row with a field of struct settings that somebody reads is acted on, and so is one that says
 * what its entry or rule applies to, or that decides who is asked. The others are known, checked
 * and shown, so that a file written for multipathd brings no complaint.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/grammar.h"
#include "config/settings.h"

enum keyword_type {
	TYPE_NUMBER,	 /* a number in [min, max], capped into it */
	TYPE_COUNT,	 /* the same, without a sign */
	TYPE_CHOICE,	 /* one of the choices, or a number in [min, max] where that is not empty */
	TYPE_PREFIX,	 /* begins with one of the choices */
	TYPE_TEXT,	 /* anything; at most max bytes where max is set */
	TYPE_NAME,	 /* a text without slash, or one of the choices */
	TYPE_PATTERN,	 /* a regular expression; a leading ! inverts it */
	TYPE_ARGUMENTS,	 /* words; word number min says how many follow it */
	TYPE_OCTAL,	 /* in [min, max] */
	TYPE_KEY,	 /* a reservation key, or "file" */
	TYPE_ATTRIBUTES, /* words prefix:ATTRIBUTE */
};

enum keyword_flag {
	KEYWORD_MANY = 1,	  /* may stand more than once in a section */
	KEYWORD_NO_EFFECT = 2,	  /* deprecated: accepted with a note */
	KEYWORD_MUST_PARSE = 4,	  /* a bad value refuses the file, as multipathd does */
	KEYWORD_SELECTS = 8,	  /* says what its entry or rule applies to */
	KEYWORD_IDLE = 16,	  /* has a field at which nobody looks yet */
	KEYWORD_ZERO_UNSETS = 32, /* 0 is as if nobody had set it here */
	KEYWORD_OF_NODE = 64,	  /* merged together: all of them from one entry */
	KEYWORD_ASKED_FOR = 128,  /* acted on without a field: this folder asks for it */
};

struct choice {
	const char *word; /* ends a list when NULL; the first of a number is the one printed */
	int64_t number;
};

struct keyword {
	const char *name;
	enum keyword_type type;
	unsigned sections; /* bits 1 << enum section */
	unsigned flags;
	const struct choice *choices;
	int64_t min, max;
	const char *built_in; /* in force when nobody sets it; NULL: unset */
	const char *safe;     /* in force instead of a bad value; NULL: a bad value is skipped */
	const char *help;
	enum setting setting; /* these three only when it has a field: size is not 0 */
	size_t offset, size;
};

#define KEYWORDS_MOST 256

/* The rows in the order in which they are shown; NULL behind the last. */
const struct keyword *keyword_at(size_t i);

/* The row of a keyword in this section, NULL: there is none. Where there are two rows, the value
 * (may be NULL) tells which one is meant. */
const struct keyword *keyword_find(enum section section, const char *name, const char *value);

/* The row of this name that has a value when nobody sets it; NULL: there is none. */
const struct keyword *keyword_with_default(const char *name);
const struct keyword *keyword_of_setting(enum setting setting);

static inline bool keyword_has_field(const struct keyword *k)
{
	return k->size != 0;
}

static inline bool keyword_is_acted_on(const struct keyword *k)
{
	return k->flags & (KEYWORD_SELECTS | KEYWORD_ASKED_FOR) ||
	       (keyword_has_field(k) && !(k->flags & KEYWORD_IDLE));
}

static inline bool keyword_may_stand_in(const struct keyword *k, enum section section)
{
	return k->sections >> section & 1;
}
