/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fills the keywords into the page about them: copies its one argument to standard output, with
 * each line @SELECTS@, @ACTED_ON@, @IDLE@, @KNOWN@ and @DEPRECATED@ replaced by what the table of
 * keywords says now.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "config/grammar.h"
#include "config/keywords.h"
#include "config/value.h"

enum part { PART_SELECTS, PART_ACTED_ON, PART_IDLE, PART_KNOWN, PART_DEPRECATED, PARTS };

static enum part part_of(const struct keyword *k)
{
	if (k->flags & KEYWORD_SELECTS)
		return PART_SELECTS;
	if (k->flags & KEYWORD_NO_EFFECT)
		return PART_DEPRECATED;
	if (keyword_is_acted_on(k))
		return PART_ACTED_ON;
	if (!keyword_has_field(k))
		return PART_KNOWN;
	return PART_IDLE;
}

/* The characters that mean something to scdoc anywhere in a line. */
static void put_escaped(const char *s)
{
	for (; *s; s++) {
		if (strchr("*_\\`#", *s))
			putchar('\\');
		putchar(*s);
	}
}

static const char *type_name(const struct keyword *k)
{
	switch (k->type) {
	case TYPE_NUMBER:
	case TYPE_COUNT: return "a number: ";
	case TYPE_CHOICE: return k->min < k->max ? "one of these, or a number: " : "one of: ";
	case TYPE_PREFIX: return "begins with one of: ";
	case TYPE_TEXT:
	case TYPE_NAME:
	case TYPE_PATTERN:
	case TYPE_ARGUMENTS:
	case TYPE_OCTAL:
	case TYPE_KEY:
	case TYPE_ATTRIBUTES: break;
	}
	return "";
}

static void put_values(const struct keyword *k)
{
	_cleanup_(text_done) struct text values = TEXT_INIT;

	value_print_range(k, &values);
	put_escaped(type_name(k));
	put_escaped(text_str(&values));
	if (k->type == TYPE_TEXT && k->max)
		printf(" of at most %d bytes", (int)k->max);
}

/* "devices/device" is what everybody calls devices; "overrides/protocol" are two blocks. */
static void put_section(const char *name)
{
	const char *slash = strchr(name, '/');
	size_t outer = slash ? (size_t)(slash - name) : strlen(name);

	fwrite(name, 1, outer, stdout);
	if (slash && strncmp(slash + 1, name, strlen(slash + 1)) != 0)
		printf(" { %s }", slash + 1);
}

static void put_sections(const struct keyword *k)
{
	const char *between = "";

	for (int i = 0; i < SECTIONS; i++)
		if (keyword_may_stand_in(k, (enum section)i)) {
			fputs(between, stdout);
			put_section(section_name((enum section)i));
			between = ", ";
		}
}

/* Where the value is a text, what is built in may be an empty one. */
static void put_default(const struct keyword *k)
{
	if (!k->built_in) {
		fputs("unset", stdout);
		return;
	}
	putchar('*');
	put_escaped(*k->built_in ? k->built_in : "\"\"");
	putchar('*');
}

static void put_row(const struct keyword *k)
{
	putchar('*');
	put_escaped(k->name);
	fputs("* _", stdout);
	put_values(k);
	fputs("_\n\t", stdout);
	put_escaped(k->help);
	fputs(".\n\n\tIn ", stdout);
	put_sections(k);
	putchar('.');
	if (part_of(k) != PART_SELECTS) {
		fputs(" Default: ", stdout);
		put_default(k);
		putchar('.');
	}
	if (k->safe) {
		fputs(" A bad value counts as *", stdout);
		put_escaped(k->safe);
		fputs("*.", stdout);
	}
	if (k->flags & KEYWORD_MUST_PARSE)
		fputs(" A bad value refuses the configuration.", stdout);
	fputs("\n\n", stdout);
}

static void put_rows(enum part part)
{
	const struct keyword *k;

	for (size_t i = 0; (k = keyword_at(i)); i++)
		if (part_of(k) == part)
			put_row(k);
}

/* A name that stands for several rows is said once. */
static bool was_named(enum part part, size_t row)
{
	for (size_t i = 0; i < row; i++)
		if (part_of(keyword_at(i)) == part &&
			!strcmp(keyword_at(i)->name, keyword_at(row)->name))
			return true;
	return false;
}

static void put_names(enum part part)
{
	const struct keyword *k;
	const char *between = "";

	for (size_t i = 0; (k = keyword_at(i)); i++) {
		if (part_of(k) != part || was_named(part, i))
			continue;
		printf("%s*", between);
		put_escaped(k->name);
		putchar('*');
		between = ",\n";
	}
	fputs(".\n", stdout);
}

static const struct {
	const char *line;
	enum part part;
	void (*put)(enum part part);
} parts[] = {
	{ "@SELECTS@\n", PART_SELECTS, put_rows },
	{ "@ACTED_ON@\n", PART_ACTED_ON, put_rows },
	{ "@IDLE@\n", PART_IDLE, put_rows },
	{ "@KNOWN@\n", PART_KNOWN, put_names },
	{ "@DEPRECATED@\n", PART_DEPRECATED, put_names },
};
_Static_assert(ARRAY_SIZE(parts) == PARTS, "each part has its place in the page");

static void put_line(const char *line, unsigned used[])
{
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (!strcmp(line, parts[i].line)) {
			used[i]++;
			parts[i].put(parts[i].part);
			return;
		}
	fputs(line, stdout);
}

int main(int argc, char **argv)
{
	_cleanup_(freep) char *line = NULL;
	unsigned used[ARRAY_SIZE(parts)] = { 0 };
	size_t size = 0;
	FILE *page = argc == 2 ? fopen(argv[1], "re") : NULL;

	if (!page) {
		fprintf(stderr, "usage: keywords PAGE: %s\n", strerror(argc == 2 ? errno : EINVAL));
		return EXIT_FAILURE;
	}
	while (getline(&line, &size, page) >= 0)
		put_line(line, used);
	fclose(page);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (used[i] != 1) {
			fprintf(stderr, "%s: not once: %s", argv[1], parts[i].line);
			return EXIT_FAILURE;
		}
	return fflush(stdout) == EOF ? EXIT_FAILURE : EXIT_SUCCESS;
}
