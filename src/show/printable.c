/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "show/printable.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

static const char harmless[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
			       "_./:@%+=,-";

/* Leading byte -> how many follow, which bits of it count, the least character so encoded. */
static const struct shape {
	uint8_t mask, lead, n, bits;
	uint32_t least;
} shapes[] = {
	{ 0x80, 0x00, 0, 0x7f, 0 },
	{ 0xe0, 0xc0, 1, 0x1f, 0x80 },
	{ 0xf0, 0xe0, 2, 0x0f, 0x800 },
	{ 0xf8, 0xf0, 3, 0x07, 0x10000 },
};

/* Characters that D-Bus takes: no surrogates, no noncharacters. */
static bool is_character(uint32_t c)
{
	return c < 0x110000 && (c & 0xfffff800) != 0xd800 && (c < 0xfdd0 || c > 0xfdef) &&
	       (c & 0xfffe) != 0xfffe;
}

/* Bytes of the character at s, 0 when there is none. */
static size_t decode(const char *s, uint32_t *ret)
{
	const uint8_t *b = (const uint8_t *)s;

	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		const struct shape *shape = &shapes[i];
		uint32_t c = b[0] & shape->bits;

		if ((b[0] & shape->mask) != shape->lead)
			continue;
		for (size_t k = 1; k <= shape->n; k++) {
			if ((b[k] & 0xc0) != 0x80) /* also the end of the string */
				return 0;
			c = c << 6 | (b[k] & 0x3f);
		}
		if (c < shape->least || !is_character(c))
			return 0;
		*ret = c;
		return shape->n + 1u;
	}
	return 0;
}

static void add_hex(const char *s, size_t n, struct text *out)
{
	for (size_t i = 0; i < n; i++)
		text_addf(out, "\\x%02x", (uint8_t)s[i]);
}

static bool is_obeyed(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0x00, 0x1f },
		{ 0x7f, 0x9f }, /* controls */
		{ 0x200b, 0x200f },
		{ 0x2028, 0x202e }, /* invisible, lines, directions */
		{ 0x2060, 0x206f },
		{ 0xfeff, 0xfeff },
	};

	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

static void add(const char *s, bool for_terminal, struct text *out)
{
	while (*s) {
		uint32_t c = 0;
		size_t n = decode(s, &c);

		if (n && !(for_terminal && is_obeyed(c)))
			text_add_bytes(out, s, n);
		else
			add_hex(s, n ? n : 1, out);
		s += n ? n : 1;
	}
}

void printable_utf8(const char *s, struct text *out)
{
	add(s, false, out);
}

void printable_terminal(const char *s, struct text *out)
{
	add(s, true, out);
}

/* $'...' keeps every byte, and nothing in it is obeyed on the way to the shell. */
void printable_shell_word(const char *s, struct text *out)
{
	bool plain = *s && *s != '-' && strspn(s, harmless) == strlen(s);

	if (plain) {
		text_add(out, s);
		return;
	}
	text_add(out, "$'");
	while (*s) {
		uint32_t c = 0;
		size_t n = decode(s, &c);

		if (*s == '\'' || *s == '\\')
			text_addf(out, "\\%c", *s);
		else if (n && !is_obeyed(c))
			text_add_bytes(out, s, n);
		else
			add_hex(s, n ? n : 1, out);
		s += n ? n : 1;
	}
	text_add(out, "'");
}
