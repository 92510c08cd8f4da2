/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A POSIX extended regular expression, searched anywhere in a string. The C library's compiler can
 * be driven out of memory, stack and time by a short text (nested repetitions, depth, back
 * references), and a file must not be able to do that to a daemon: such patterns are refused.
 */
#include <regex.h>
#include <stdbool.h>

struct pattern {
	regex_t regex;
	bool is_set;
	bool is_inverted;
};

#define PATTERN_INIT ((struct pattern){ 0 })

enum pattern_fault {
	PATTERN_FINE,
	PATTERN_WRONG,	 /* not a regular expression */
	PATTERN_TOO_BIG, /* it, or what its repetitions multiply it to */
	PATTERN_REFERS,	 /* back references take time without bound */
	PATTERN_NO_MEMORY,
};

/* ret is set only when the answer is PATTERN_FINE; pattern_done() it then. */
enum pattern_fault pattern_compile(const char *text, struct pattern *ret);

/* The same with a leading ! that inverts the match; \! stands for a ! at the beginning. */
enum pattern_fault pattern_compile_rule(const char *text, struct pattern *ret);
const char *pattern_fault_text(enum pattern_fault fault);

/* 1, 0 (as does a pattern that is not set), or -ENOMEM: it could not be tried. */
int pattern_matches(const struct pattern *pattern, const char *text);
void pattern_done(struct pattern *pattern);
