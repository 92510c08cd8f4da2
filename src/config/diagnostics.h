/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What is to be said about configuration texts: one row per remark, in the order of reading, each
 * with the file and line it is about. Nothing is logged here; status, config --check and the
 * journal all read this list.
 */
#include <stdbool.h>
#include <stddef.h>

enum severity {
	SEVERITY_NOTE,	  /* understood, and without effect: a deprecated keyword */
	SEVERITY_WARNING, /* skipped or corrected, as multipathd does with a message */
	SEVERITY_ERROR,	  /* a keyword that guards devices is wrong: its safe value is in force */
	SEVERITY_FATAL,	  /* the whole configuration is refused */
};
#define SEVERITIES (SEVERITY_FATAL + 1)

struct diagnostic {
	enum severity severity;
	char *file;    /* owned; as it was handed in */
	unsigned line; /* from 1; 0: the file as a whole */
	char *text;    /* owned; what is not printable ASCII is escaped */
};

struct diagnostics {
	struct diagnostic *rows; /* owned */
	size_t n;
	size_t size;
	bool failed; /* a row was lost for want of memory */
};

#define DIAGNOSTICS_INIT ((struct diagnostics){ 0 })

/* All functions that fill a list accept NULL for "nobody wants to know". */
void diagnostics_add(struct diagnostics *list, enum severity severity, const char *file,
	unsigned line, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* How many rows are at least that severe. */
size_t diagnostics_count(const struct diagnostics *list, enum severity at_least);
const char *severity_name(enum severity severity);
void diagnostics_done(struct diagnostics *list);
