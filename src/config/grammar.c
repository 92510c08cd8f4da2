/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A line is one of: } | section word [{] | keyword value. What follows on the same line is reported
 * and ignored, also behind an opening brace: "defaults { verbosity 3 }" opens a section and sets
 * nothing. The seven old section words open their section with or without a brace, since files with
 * the brace on the next line are in use; that lonely brace is reported and skipped.
 *
 * A word that opens nothing here is handed on as keyword and value. When it was meant to open a
 * block, the lines of the block belong to the section around it, and its closing brace ends that.
 */
#include "config/grammar.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/diagnostics.h"
#include "config/words.h"

#define DEEPEST 4

static const char *const names[SECTIONS] = {
	[SECTION_TOP] = "",
	[SECTION_DEFAULTS] = "defaults",
	[SECTION_BLACKLIST] = "blacklist",
	[SECTION_BLACKLIST_DEVICE] = "blacklist/device",
	[SECTION_EXCEPTIONS] = "blacklist_exceptions",
	[SECTION_EXCEPTIONS_DEVICE] = "blacklist_exceptions/device",
	[SECTION_DEVICES] = "devices",
	[SECTION_DEVICE] = "devices/device",
	[SECTION_OVERRIDES] = "overrides",
	[SECTION_PROTOCOL] = "overrides/protocol",
	[SECTION_MULTIPATHS] = "multipaths",
	[SECTION_MULTIPATH] = "multipaths/multipath",
};

static const struct opening {
	enum section around;
	const char *word;
	enum section opens;
	bool also_bare; /* also where no brace follows */
} openings[] = {
	{ SECTION_TOP, "defaults", SECTION_DEFAULTS, true },
	{ SECTION_TOP, "blacklist", SECTION_BLACKLIST, true },
	{ SECTION_TOP, "blacklist_exceptions", SECTION_EXCEPTIONS, true },
	{ SECTION_TOP, "devices", SECTION_DEVICES, true },
	{ SECTION_TOP, "overrides", SECTION_OVERRIDES, false },
	{ SECTION_TOP, "multipaths", SECTION_MULTIPATHS, true },
	{ SECTION_BLACKLIST, "device", SECTION_BLACKLIST_DEVICE, true },
	{ SECTION_EXCEPTIONS, "device", SECTION_EXCEPTIONS_DEVICE, true },
	{ SECTION_DEVICES, "device", SECTION_DEVICE, true },
	{ SECTION_OVERRIDES, "protocol", SECTION_PROTOCOL, false },
	{ SECTION_MULTIPATHS, "multipath", SECTION_MULTIPATH, true },
};

struct reading {
	const struct config_file *file;
	const struct grammar_reader *reader;
	struct diagnostics *list;
	struct words words;
	unsigned line;
	unsigned seen; /* sections of the top, one bit each */
	size_t depth;
	struct {
		enum section section;
		unsigned line;
	} open[DEEPEST];
};

#define REMARK(r, ...)                                                                             \
	diagnostics_add((r)->list, SEVERITY_WARNING, (r)->file->name, (r)->line, __VA_ARGS__)

const char *section_name(enum section section)
{
	return names[section];
}

static enum section current(const struct reading *r)
{
	return r->open[r->depth].section;
}

static const struct opening *opening_here(enum section around, const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(openings); i++)
		if (openings[i].around == around && strcmp(openings[i].word, word) == 0)
			return &openings[i];
	return NULL;
}

/* These words may stand without a value in every section, even where they open none. */
static bool is_bare_word(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(openings); i++)
		if (openings[i].also_bare && strcmp(openings[i].word, word) == 0)
			return true;
	return false;
}

static int enter(struct reading *r, const struct opening *o)
{
	unsigned bit = 1u << o->opens;

	if (!words_is(&r->words, 1, "{"))
		REMARK(r, "missing '{' behind '%s'", o->word);
	else if (r->words.n > 2)
		REMARK(r, "ignoring what follows '{'");
	if (o->around == SECTION_TOP && r->seen & bit)
		REMARK(r, "another section '%s'; its values are added", o->word);
	r->seen |= bit;
	r->depth++;
	r->open[r->depth].section = o->opens;
	r->open[r->depth].line = r->line;
	return r->reader->enter(r->reader->arg, o->opens, r->line);
}

static int leave(struct reading *r)
{
	enum section section = current(r);

	r->depth--;
	return r->reader->leave(r->reader->arg, section, r->line);
}

static int closing_brace(struct reading *r)
{
	if (r->words.n > 1)
		REMARK(r, "ignoring what follows '}'");
	if (r->depth == 0) {
		REMARK(r, "unmatched '}'");
		return 0;
	}
	return leave(r);
}

/* The value of the line, NULL when there is none. Words: key, value | key, ", [string, [",]] ... */
static const char *value_of(struct reading *r)
{
	const struct words *w = &r->words;
	bool is_empty;
	size_t used;

	if (w->n < 2)
		return NULL;
	if (!words_is_quote(w, 1)) {
		if (w->n > 2)
			REMARK(r, "ignoring what follows the value of '%s'", w->word[0].text);
		return w->word[1].text;
	}
	is_empty = w->n == 2 || words_is_quote(w, 2);
	used = is_empty ? 2 : 3;
	if (!words_is_quote(w, used))
		REMARK(r, "missing closing quotation mark behind '%s'", w->word[0].text);
	else if (w->n > used + 1)
		REMARK(r, "ignoring what follows the value of '%s'", w->word[0].text);
	return is_empty ? "" : w->word[2].text;
}

static int read_words(struct reading *r)
{
	const char *word = r->words.word[0].text;
	const struct opening *o;

	if (!word) {
		REMARK(r, "a line cannot begin with a quotation mark, skipping it");
		return 0;
	}
	if (strcmp(word, "}") == 0)
		return closing_brace(r);
	if (strcmp(word, "{") == 0) {
		REMARK(r, "a line cannot begin with '{', skipping it");
		return 0;
	}
	o = opening_here(current(r), word);
	if (o && (o->also_bare || r->words.n > 1))
		return enter(r, o);
	if (o || (is_bare_word(word) && (r->words.n == 1 || words_is(&r->words, 1, "{")))) {
		REMARK(r,
			o ? "missing '{' behind '%s', skipping the line"
			  : "no section '%s' here, skipping the line",
			word);
		return 0;
	}
	return r->reader->value(r->reader->arg, current(r), word, value_of(r), r->line);
}

static int read_line(struct reading *r, const char *line, size_t len)
{
	size_t used = strnlen(line, len);
	const char *end;
	int ret;

	if (used < len)
		REMARK(r, "NUL byte, ignoring the rest of the line");
	end = memchr(line, '\r', used);
	ret = words_split(&r->words, line, end ? (size_t)(end - line) : used);
	return ret < 0 || r->words.n == 0 ? ret : read_words(r);
}

static int read_lines(struct reading *r)
{
	const char *at = r->file->text, *end = at + r->file->len;
	int ret = 0;

	while (at < end && ret >= 0) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *stop = newline ? newline : end;

		r->line++;
		ret = read_line(r, at, (size_t)(stop - at));
		at = newline ? newline + 1 : end;
	}
	while (r->depth > 0 && ret >= 0) {
		diagnostics_add(r->list, SEVERITY_WARNING, r->file->name, r->line,
			"missing '}' of the section '%s' of line %u", section_name(current(r)),
			r->open[r->depth].line);
		ret = leave(r);
	}
	return ret < 0 ? ret : 0;
}

int grammar_read(const struct config_file *file, const struct grammar_reader *reader,
	struct diagnostics *list)
{
	struct reading r = { .file = file, .reader = reader, .list = list };
	int ret = file->len ? read_lines(&r) : 0;

	words_done(&r.words);
	return ret;
}
