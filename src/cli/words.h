/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The words of a command line, after its verb. */
#include <stdbool.h>
#include <stdint.h>

enum exit_code {
	CODE_DONE = 0,
	CODE_FAILED = 1, /* or still pending at the timeout */
	CODE_USAGE = 2,	 /* or configuration */
	CODE_BUSY = 3,	 /* or refused by a promise; nothing changed for that device */
	CODE_NO_DEVICE = 4,
	CODE_NO_DAEMON = 5,
	CODE_NOT_PERMITTED = 6,
};

enum {
	WORDS_PURGE_TIMEOUT_S = 120,
	WORDS_RESCAN_TIMEOUT_S = 120,
	WORDS_WAIT_TIMEOUT_S = 120,
	WORDS_GROW_TIMEOUT_S = 120,
	WORDS_DETACH_TIMEOUT_S = 120,
	WORDS_CHECK_TIMEOUT_S = 60,
};

struct words {
	const char *verb;
	bool json, help, metrics;
	bool dot;     /* a picture, for Graphviz */
	bool holders; /* who uses what is shown */
	bool dry_run, held, fenced, force, origin, follow;
	const char *check_file;
	uint64_t timeout_ms; /* 0: not given */
	uint64_t last;	     /* events; 0: not given */
	uint64_t paths;	     /* 0: not given */
	const char **names;  /* NULL-terminated; borrowed from argv */
	unsigned n_names;
};

struct verb_row {
	const char *name, *arguments;
	unsigned options; /* enum word_option */
	unsigned min_names, max_names;
	int (*run)(const struct words *words);
	const char *help;
};

enum word_option {
	MAY_DRY_RUN = 1 << 0,
	MAY_HELD = 1 << 1,
	MAY_TIMEOUT = 1 << 2,
	MAY_ORIGIN = 1 << 3,
	MAY_CHECK_FILE = 1 << 4,
	MAY_FOLLOW = 1 << 5,
	MAY_METRICS = 1 << 6,
	MAY_LAST = 1 << 7,
	MAY_FENCED = 1 << 8,
	MAY_PATHS = 1 << 9,
	MAY_DOT = 1 << 10,
	MAY_HOLDERS = 1 << 11,
	MAY_FORCE = 1 << 12,
};

/* argv[0] is the verb. What is wrong is said on standard error. 0 or CODE_USAGE. */
int words_parse(const struct verb_row *verb, int argc, char **argv, struct words *ret);
/* Help for one verb, on standard output. */
void words_print_help(const struct verb_row *verb);
