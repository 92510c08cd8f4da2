/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

struct cursor {
	const char *at, *end;
};

/* White space of the C locale, whatever the locale of the process is. */
static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool separates(char c)
{
	return is_blank(c) || (unsigned char)c > 0x7f;
}

static bool begins_comment(char c)
{
	return c == '!' || c == '#';
}

static bool is_brace(char c)
{
	return c == '{' || c == '}';
}

static int add(struct words *words, char *text)
{
	if (words->n == words->size) {
		size_t size = words->size ? words->size * 2 : 8;
		struct word *word = realloc(words->word, size * sizeof *word);

		if (!word) {
			free(text);
			return -ENOMEM;
		}
		words->word = word;
		words->size = size;
	}
	words->word[words->n++] = (struct word){ text };
	return 0;
}

static int add_text(struct words *words, const char *begin, size_t len)
{
	char *text = strndup(begin, len);

	return text ? add(words, text) : -ENOMEM;
}

static int add_plain(struct words *words, struct cursor *c)
{
	const char *begin = c->at;

	while (c->at < c->end && !separates(*c->at) && !begins_comment(*c->at) &&
		!is_brace(*c->at) && *c->at != '"')
		c->at++;
	return add_text(words, begin, (size_t)(c->at - begin));
}

/* The cursor stands behind the opening mark. An empty string adds no word, so that two marks in a
 * row say "empty" and a mark at the very end says "not closed". */
static int add_string(struct words *words, struct cursor *c)
{
	struct text string = TEXT_INIT;
	bool closed = false;
	char *taken;
	int r = 0;

	while (c->at < c->end && !closed) {
		if (*c->at != '"') {
			text_add_bytes(&string, c->at++, 1);
		} else if (c->at + 1 < c->end && c->at[1] == '"') {
			text_add_bytes(&string, "\"", 1);
			c->at += 2;
		} else {
			closed = true;
			c->at++;
		}
	}
	if (string.len || text_failed(&string)) {
		taken = text_take(&string);
		r = taken ? add(words, taken) : -ENOMEM;
	}
	if (r >= 0 && closed)
		r = add(words, NULL);
	return r;
}

static int add_next(struct words *words, struct cursor *c)
{
	int r;

	if (is_brace(*c->at))
		return add_text(words, c->at++, 1);
	if (*c->at != '"')
		return add_plain(words, c);
	c->at++;
	r = add(words, NULL);
	return r < 0 ? r : add_string(words, c);
}

int words_split(struct words *words, const char *line, size_t len)
{
	struct cursor c = { line, line + strnlen(line, len) };
	int r = 0;

	for (size_t i = 0; i < words->n; i++)
		free(words->word[i].text);
	words->n = 0;
	while (r >= 0) {
		while (c.at < c.end && separates(*c.at))
			c.at++;
		if (c.at == c.end || begins_comment(*c.at))
			return 0;
		r = add_next(words, &c);
	}
	return r;
}

void words_done(struct words *words)
{
	for (size_t i = 0; i < words->n; i++)
		free(words->word[i].text);
	free(words->word);
	*words = WORDS_INIT;
}

bool words_is(const struct words *words, size_t i, const char *text)
{
	return i < words->n && words->word[i].text && strcmp(words->word[i].text, text) == 0;
}
