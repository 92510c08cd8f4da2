/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

static bool reserve(struct text *t, size_t more)
{
	size_t want = t->len + more + 1, size = t->size ? t->size : 64;
	char *bytes;

	if (t->failed)
		return false;
	if (want <= t->size)
		return true;
	while (size < want)
		size *= 2;
	bytes = realloc(t->bytes, size);
	if (!bytes) {
		t->failed = true;
		return false;
	}
	t->bytes = bytes;
	t->size = size;
	return true;
}

void text_add_bytes(struct text *t, const char *bytes, size_t len)
{
	if (!reserve(t, len))
		return;
	memcpy(t->bytes + t->len, bytes, len);
	t->len += len;
	t->bytes[t->len] = '\0';
}

void text_add(struct text *t, const char *s)
{
	text_add_bytes(t, s, strlen(s));
}

void text_addf(struct text *t, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0 || !reserve(t, (size_t)n))
		return;
	va_start(args, format);
	vsnprintf(t->bytes + t->len, (size_t)n + 1, format, args);
	va_end(args);
	t->len += (size_t)n;
}

void text_add_escaped(struct text *t, const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c > ' ' && c < 0x7f && c != '\\')
			text_add_bytes(t, s, 1);
		else
			text_addf(t, "\\x%02x", c);
	}
}

/* The byte that \xNN stands for; 0: it is none. */
static char escaped_byte(const char *s, size_t n)
{
	char digits[3] = "";
	uint64_t byte;

	if (n < 4 || s[0] != '\\' || s[1] != 'x')
		return '\0';
	memcpy(digits, s + 2, 2);
	return number_parse_hex(digits, 0xff, &byte) == 0 ? (char)byte : '\0';
}

void text_add_unescaped(struct text *t, const char *s, size_t n)
{
	for (size_t i = 0; i < n;) {
		char byte = escaped_byte(s + i, n - i);

		text_add_bytes(t, byte ? &byte : s + i, 1);
		i += byte ? 4 : 1;
	}
}

const char *text_str(const struct text *t)
{
	return t->bytes ? t->bytes : "";
}

char *text_take(struct text *t)
{
	char *bytes;

	if (t->failed) {
		text_done(t);
		return NULL;
	}
	bytes = t->bytes ? t->bytes : strdup("");
	*t = TEXT_INIT;
	return bytes;
}

void text_clear(struct text *t)
{
	t->len = 0;
	if (t->bytes)
		t->bytes[0] = '\0';
}

void text_done(struct text *t)
{
	free(t->bytes);
	*t = TEXT_INIT;
}

char *text_copy(char *dst, size_t size, const char *src)
{
	size_t len = strnlen(src, size - 1);

	memcpy(dst, src, len);
	dst[len] = '\0';
	return dst;
}
