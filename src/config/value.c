/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Compatible with what is in use, not with what is broken: "10x" is no number (and not 10), and a
 * negative number where none is allowed never becomes a huge one.
 */
#include "config/value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "config/keywords.h"
#include "config/pattern.h"

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int into_range(const struct keyword *k, int64_t n, int64_t *ret)
{
	*ret = n < k->min ? k->min : n > k->max ? k->max : n;
	return *ret == n ? 0 : -ERANGE;
}

/* Blanks around a number are tolerated; strtoll() saturates, which is what capping wants. */
static int parse_number(const struct keyword *k, const char *text, int64_t *ret)
{
	char *end;
	int64_t n = strtoll(text, &end, 10);

	if (end == text)
		return -EINVAL;
	while (is_blank(*end))
		end++;
	return *end ? -EINVAL : into_range(k, n, ret);
}

static int parse_count(const struct keyword *k, const char *text, int64_t *ret)
{
	while (is_blank(*text))
		text++;
	return is_digit(*text) ? parse_number(k, text, ret) : -EINVAL;
}

static int parse_choice(const struct keyword *k, const char *text, int64_t *ret)
{
	for (const struct choice *c = k->choices; c->word; c++) {
		if (strcmp(c->word, text) == 0) {
			*ret = c->number;
			return 0;
		}
	}
	return k->min < k->max ? parse_number(k, text, ret) : -EINVAL;
}

static int parse_prefix(const struct keyword *k, const char *text, int64_t *ret)
{
	for (const struct choice *c = k->choices; c->word; c++) {
		if (strncmp(c->word, text, strlen(c->word)) == 0) {
			*ret = c->number;
			return 0;
		}
	}
	return -EINVAL;
}

static int parse_text(const struct keyword *k, const char *text, int64_t *ret)
{
	if (k->max && strlen(text) > (size_t)k->max)
		return -EINVAL;
	*ret = 0;
	return 0;
}

static int parse_name(const struct keyword *k, const char *text, int64_t *ret)
{
	for (const struct choice *c = k->choices; c && c->word; c++)
		if (strcmp(c->word, text) == 0)
			return parse_text(k, text, ret);
	return strchr(text, '/') ? -EINVAL : parse_text(k, text, ret);
}

static int parse_pattern(const struct keyword *k, const char *text, int64_t *ret)
{
	struct pattern pattern = PATTERN_INIT;
	enum pattern_fault fault = pattern_compile_rule(text, &pattern);

	pattern_done(&pattern);
	return fault == PATTERN_FINE ? parse_text(k, text, ret) : -EINVAL;
}

static const char *skip_word(const char *p)
{
	p += strcspn(p, " \t");
	return p + strspn(p, " \t");
}

/* "service-time 0", "2 pg_init_retries 50": a count, and exactly as many words behind it. */
static int parse_arguments(const struct keyword *k, const char *text, int64_t *ret)
{
	const char *p = text + strspn(text, " \t");
	uint64_t promised = 0, n = 0;

	for (int64_t i = 0; i < k->min; i++)
		p = skip_word(p);
	if (!is_digit(*p))
		return -EINVAL;
	for (; is_digit(*p) && promised < UINT16_MAX; p++)
		promised = promised * 10 + (uint64_t)(*p - '0');
	if (*p && *p != ' ' && *p != '\t')
		return -EINVAL;
	for (p += strspn(p, " \t"); *p; p = skip_word(p))
		n++;
	*ret = 0;
	return n == promised ? 0 : -EINVAL;
}

static int parse_octal(const struct keyword *k, const char *text, int64_t *ret)
{
	int64_t n = 0;

	if (!*text || strlen(text) > 8)
		return -EINVAL;
	for (; *text >= '0' && *text <= '7'; text++)
		n = n * 8 + (*text - '0');
	return *text ? -EINVAL : into_range(k, n, ret) == 0 ? 0 : -EINVAL;
}

/* "file", or [0][x]1..16 hexadecimal digits. Behind a colon only aptpl means something, and
 * anything is accepted: a wrong key refuses the file, and that word must not. */
static int parse_key(const struct keyword *k, const char *text, int64_t *ret)
{
	size_t digits;

	*ret = 0;
	if (strcmp(text, "file") == 0)
		return 0;
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		text += 2;
	else if (text[0] == 'x' || text[0] == 'X')
		text++;
	digits = strspn(text, "0123456789abcdefABCDEF");
	if (digits == 0 || digits > 16)
		return -EINVAL;
	(void)k;
	return !text[digits] || text[digits] == ':' ? 0 : -EINVAL;
}

static int parse_attributes(const struct keyword *k, const char *text, int64_t *ret)
{
	for (const char *p = text + strspn(text, " \t"); *p; p = skip_word(p))
		if (!memchr(p, ':', strcspn(p, " \t")))
			return -EINVAL;
	return parse_text(k, text, ret);
}

static void print_number(const struct keyword *k, int64_t number, struct text *out)
{
	(void)k;
	text_addf(out, "%" PRId64, number);
}

static void print_choice(const struct keyword *k, int64_t number, struct text *out)
{
	for (const struct choice *c = k->choices; c->word; c++) {
		if (c->number == number) {
			text_add(out, c->word);
			return;
		}
	}
	print_number(k, number, out);
}

static void print_octal(const struct keyword *k, int64_t number, struct text *out)
{
	(void)k;
	text_addf(out, "0%" PRIo64, (uint64_t)number);
}

static const struct type {
	int (*parse)(const struct keyword *k, const char *text, int64_t *ret);
	void (*print)(const struct keyword *k, int64_t number, struct text *out); /* NULL: a text */
	const char *expects; /* NULL: choices and range say it */
} types[] = {
	[TYPE_NUMBER] = { parse_number, print_number, NULL },
	[TYPE_COUNT] = { parse_count, print_number, NULL },
	[TYPE_CHOICE] = { parse_choice, print_choice, NULL },
	[TYPE_PREFIX] = { parse_prefix, print_choice, NULL },
	[TYPE_TEXT] = { parse_text, NULL, "a text" },
	[TYPE_NAME] = { parse_name, NULL, "a text without /" },
	[TYPE_PATTERN] = { parse_pattern, NULL, "a regular expression" },
	[TYPE_ARGUMENTS] = { parse_arguments, NULL, "a number of arguments and as many arguments" },
	[TYPE_OCTAL] = { parse_octal, print_octal, "an octal number" },
	[TYPE_KEY] = { parse_key, NULL, "file, or up to 16 hexadecimal digits" },
	[TYPE_ATTRIBUTES] = { parse_attributes, NULL, "words of the form prefix:ATTRIBUTE" },
};

bool value_is_text(const struct keyword *k)
{
	return !types[k->type].print;
}

int value_parse(const struct keyword *k, const char *text, int64_t *ret)
{
	int64_t n;
	int r = types[k->type].parse(k, text, &n);

	if (r != -EINVAL)
		*ret = n;
	return r;
}

void value_print(const struct keyword *k, int64_t number, const char *text, struct text *out)
{
	if (value_is_text(k))
		text_add(out, text);
	else
		types[k->type].print(k, number, out);
}

void value_print_range(const struct keyword *k, struct text *out)
{
	const char *between = "";

	if (types[k->type].expects) {
		text_add(out, types[k->type].expects);
		return;
	}
	for (const struct choice *c = k->choices; c && c->word; c++) {
		text_addf(out, "%s%s", between, c->word);
		between = ", ";
	}
	if (k->min < k->max)
		text_addf(out, "%s%" PRId64 "..%" PRId64, between, k->min, k->max);
}

static void *field_of(const struct keyword *k, struct settings *settings)
{
	return (char *)settings + k->offset;
}

void value_store(const struct keyword *k, int64_t number, const char *text, struct settings *ret)
{
	uint32_t n = (uint32_t)number;
	bool is_true = number != 0;

	if (value_is_text(k))
		text_copy(field_of(k, ret), k->size, text);
	else if (k->size == sizeof is_true)
		memcpy(field_of(k, ret), &is_true, sizeof is_true);
	else
		memcpy(field_of(k, ret), &n, sizeof n);
}

void value_print_field(const struct keyword *k, const struct settings *settings, struct text *out)
{
	const char *field = (const char *)settings + k->offset;
	uint32_t n = 0;
	bool is_true;

	if (value_is_text(k)) {
		text_add(out, field);
		return;
	}
	if (k->size == sizeof is_true) {
		memcpy(&is_true, field, sizeof is_true);
		n = is_true;
	} else {
		memcpy(&n, field, sizeof n);
	}
	types[k->type].print(k, n, out);
}
