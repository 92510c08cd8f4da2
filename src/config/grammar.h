/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The syntax of multipath.conf: lines into words, words into sections and values. What a keyword
 * means, and whether it exists, is not known here (keywords.h); which word opens which section is.
 *
 * Nothing in a text makes reading it fail: what cannot be understood is skipped with a diagnostic,
 * exactly where multipathd skips it. Lines may have any length and any bytes; a NUL byte ends its
 * line.
 */
#include <stddef.h>

struct diagnostics;

enum section {
	SECTION_TOP,
	SECTION_DEFAULTS,
	SECTION_BLACKLIST,
	SECTION_BLACKLIST_DEVICE,
	SECTION_EXCEPTIONS,
	SECTION_EXCEPTIONS_DEVICE,
	SECTION_DEVICES,
	SECTION_DEVICE,
	SECTION_OVERRIDES,
	SECTION_PROTOCOL,
	SECTION_MULTIPATHS,
	SECTION_MULTIPATH,
};
#define SECTIONS (SECTION_MULTIPATH + 1)

/* "defaults", "devices/device", "overrides/protocol"; "" for the top. */
const char *section_name(enum section section);

enum config_file_kind {
	FILE_MAIN,
	FILE_DROP_IN,  /* what would make a load fail is only skipped, with an error */
	FILE_HARDWARE, /* the built-in table of arrays; stands before all others */
};

struct config_file {
	const char *name;
	const char *text; /* need not be terminated */
	size_t len;
	enum config_file_kind kind;
};

/* All return 0, or a negative errno that ends the reading; strings are borrowed for the call. */
struct grammar_reader {
	int (*enter)(void *arg, enum section section, unsigned line);
	/* value: NULL where the line has none */
	int (*value)(void *arg, enum section section, const char *keyword, const char *value,
		unsigned line);
	int (*leave)(void *arg, enum section section, unsigned line);
	void *arg;
};

/* Reads a whole file. Every enter() has its leave(), also where a brace is missing at the end.
 * 0, -ENOMEM, or what the reader returned. */
int grammar_read(const struct config_file *file, const struct grammar_reader *reader,
	struct diagnostics *list);
