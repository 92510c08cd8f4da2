/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/pattern.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The largest patterns people write are lists of a hundred identifiers, and what repetitions add to
 * them is little. Both are dear: the compiler's time grows with their square and worse. */
#define LONGEST	   4096u
#define DEEPEST	   64u
#define MOST_ADDED 4096u
#define DUP_LIMIT  32767u

static const char *const faults[] = {
	[PATTERN_FINE] = "fine",
	[PATTERN_WRONG] = "not a regular expression",
	[PATTERN_TOO_BIG] = "a regular expression that is too large",
	[PATTERN_REFERS] = "a regular expression with a back reference",
	[PATTERN_NO_MEMORY] = "out of memory",
};

/* How many nodes the compiler will make of a pattern: it copies what is repeated. */
struct estimate {
	size_t depth;
	uint64_t group[DEEPEST + 1]; /* cost of each open group so far */
	uint64_t atom;		     /* cost of the last atom, which a repetition multiplies */
	uint64_t added;		     /* by all repetitions together */
};

/* Behind a bracket expression that begins at p. A ] in the first place is meant literally. */
static const char *skip_brackets(const char *p)
{
	p++;
	if (*p == '^')
		p++;
	if (*p == ']')
		p++;
	while (*p && *p != ']') {
		if (*p == '[' && p[1] && strchr(".:=", p[1])) {
			const char end[] = { p[1], ']', '\0' };
			const char *close = strstr(p + 2, end);

			p = close ? close + 1 : p;
		}
		p++;
	}
	return *p ? p + 1 : p;
}

/* The larger number of {m,n}, and where it ends; p behind the brace. Anything else counts once. */
static uint64_t read_interval(const char **p)
{
	uint64_t n = 0, most = 1;

	for (; **p && **p != '}'; (*p)++) {
		if (**p == ',')
			n = 0;
		else if (**p < '0' || **p > '9')
			return most;
		else
			n = n > DUP_LIMIT ? n : n * 10 + (uint64_t)(**p - '0');
		most = n > most ? n : most;
	}
	return most;
}

static void add_atom(struct estimate *e, uint64_t cost)
{
	e->group[e->depth] += cost;
	e->atom = cost;
}

static void repeat_atom(struct estimate *e, uint64_t times)
{
	uint64_t added = e->atom * (times - 1);

	e->added += added;
	e->atom += added;
	e->group[e->depth] += added;
}

/* One step of the estimate: from p to what is behind it. NULL: too deep. */
static const char *estimate_step(struct estimate *e, const char *p)
{
	uint64_t times;

	switch (*p) {
	case '(':
		if (e->depth == DEEPEST)
			return NULL;
		e->group[++e->depth] = 1;
		return p + 1;
	case ')':
		if (e->depth > 0) {
			e->depth--;
			add_atom(e, e->group[e->depth + 1]);
		}
		return p + 1;
	case '*':
	case '+':
	case '?': repeat_atom(e, 2); return p + 1;
	case '{':
		p++;
		times = read_interval(&p);
		repeat_atom(e, times + 1);
		return p;
	case '[': add_atom(e, 1); return skip_brackets(p);
	case '\\': add_atom(e, 1); return p[1] ? p + 2 : p + 1;
	default: add_atom(e, 1); return p + 1;
	}
}

static bool is_too_big(const char *text)
{
	struct estimate e = { 0 };

	if (strlen(text) > LONGEST)
		return true;
	for (const char *p = text; *p;) {
		p = estimate_step(&e, p);
		if (!p || e.added > MOST_ADDED)
			return true;
	}
	return false;
}

static bool has_back_reference(const char *text)
{
	for (const char *p = text; *p;) {
		if (*p == '[') {
			p = skip_brackets(p);
		} else if (*p == '\\' && p[1]) {
			if (p[1] >= '1' && p[1] <= '9')
				return true;
			p += 2;
		} else {
			p++;
		}
	}
	return false;
}

enum pattern_fault pattern_compile(const char *text, struct pattern *ret)
{
	struct pattern p = PATTERN_INIT;
	int r;

	if (is_too_big(text))
		return PATTERN_TOO_BIG;
	if (has_back_reference(text))
		return PATTERN_REFERS;
	r = regcomp(&p.regex, text, REG_EXTENDED | REG_NOSUB);
	if (r == REG_ESPACE)
		return PATTERN_NO_MEMORY;
	if (r != 0)
		return PATTERN_WRONG;
	p.is_set = true;
	*ret = p;
	return PATTERN_FINE;
}

enum pattern_fault pattern_compile_rule(const char *text, struct pattern *ret)
{
	bool is_inverted = text[0] == '!';
	bool is_escaped = text[0] == '\\' && text[1] == '!';
	enum pattern_fault fault = pattern_compile(text + (is_inverted || is_escaped), ret);

	if (fault == PATTERN_FINE)
		ret->is_inverted = is_inverted;
	return fault;
}

const char *pattern_fault_text(enum pattern_fault fault)
{
	return faults[fault];
}

int pattern_matches(const struct pattern *pattern, const char *text)
{
	int r;

	if (!pattern->is_set)
		return 0;
	r = regexec(&pattern->regex, text, 0, NULL, 0);
	if (r != 0 && r != REG_NOMATCH)
		return -ENOMEM;
	return (r == 0) != pattern->is_inverted;
}

void pattern_done(struct pattern *pattern)
{
	if (pattern->is_set)
		regfree(&pattern->regex);
	*pattern = PATTERN_INIT;
}
