/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What one section, or one entry of a section, sets: assignments in the order of reading, at most
 * one per keyword. Its file and line are kept with each, so that they survive every merge.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/pattern.h"
#include "config/settings.h"

struct keyword;

struct assignment {
	const struct keyword *keyword;
	int64_t number;
	char *text; /* owned; NULL for a number */
	struct origin origin;
};

struct entry {
	struct assignment *assignments; /* owned */
	size_t n;
	size_t size;
	struct origin origin; /* the line that opened it */

	/* of an entry of devices; not set: matches everything, unless never_matches */
	struct pattern vendor, product, revision;
	bool never_matches; /* a pattern that cannot be used */
	bool is_merged;	    /* into a later one, which is in force instead */
};

/* A later assignment of the same keyword, or of another name of it, replaces the earlier one.
 * 0 or -ENOMEM. */
int entry_set(struct entry *entry, const struct keyword *keyword, int64_t number, const char *text,
	struct origin origin);

void entry_unset(struct entry *entry, const struct keyword *keyword);

/* Borrowed, NULL when it is not set. */
const struct assignment *entry_get(const struct entry *entry, const struct keyword *keyword);
const struct assignment *entry_get_by_name(const struct entry *entry, const char *name);

/* The text of a keyword; NULL when it is not set. */
const char *entry_text(const struct entry *entry, const char *name);

/* Moves into entry what only the earlier one sets; the earlier one is empty and merged then.
 * 0 or -ENOMEM. */
int entry_merge(struct entry *entry, struct entry *earlier);

/* Puts what has a field into ret. */
void entry_apply(const struct entry *entry, struct settings *ret);
void entry_done(struct entry *entry);

/* A growing list of entries. */
struct entries {
	struct entry *entry; /* owned */
	size_t n;
	size_t size;
};

/* A new, empty entry at the end; borrowed until the next one is added. NULL: no memory. */
struct entry *entries_add(struct entries *entries, struct origin origin);

/* Lets the last one go. */
void entries_drop_last(struct entries *entries);

/* Lets go what was merged; the order of the others stays. */
void entries_drop_merged(struct entries *entries);
void entries_done(struct entries *entries);
