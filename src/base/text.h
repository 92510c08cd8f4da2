/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A growing string. A failed allocation is remembered and everything after it is dropped, so that
 * a writer checks once, at the end: text_failed().
 */
#include <stdbool.h>
#include <stddef.h>

struct text {
	char *bytes; /* owned; NULL while empty; always terminated */
	size_t len;
	size_t size;
	bool failed;
};

#define TEXT_INIT ((struct text){ 0 })

void text_add(struct text *t, const char *s);
void text_add_bytes(struct text *t, const char *bytes, size_t len);
void text_addf(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Untrusted bytes for people and logs: what is not printable ASCII, and \ and blanks, as \xNN. */
void text_add_escaped(struct text *t, const char *s);
/* And back: n bytes of such a text; \x00 stays as it is. */
void text_add_unescaped(struct text *t, const char *s, size_t n);

/* The string so far ("" while empty). Borrowed until the next text_ call. */
const char *text_str(const struct text *t);

static inline bool text_failed(const struct text *t)
{
	return t->failed;
}

/* Gives the string away (the caller frees it) and empties t; NULL when an allocation had failed. */
char *text_take(struct text *t);
void text_clear(struct text *t);
void text_done(struct text *t);

/* Copy with truncation and termination; the fixed strings of flat messages. Returns dst. */
char *text_copy(char *dst, size_t size, const char *src);
#define TEXT_SET(array, src) text_copy((array), sizeof(array), (src))
