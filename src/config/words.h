/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A line cut into words as multipathd cuts it, in files and on its socket:
 *
 *   - blanks and bytes beyond ASCII separate words; ! and # begin a comment, also within a word
 *   - { and } are words of their own
 *   - a quotation mark is a word of its own and begins a string: one word that ends at the next
 *     quotation mark and keeps everything; "" within a string is one quotation mark
 *   - a string that does not end takes the rest of the line
 */
#include <stdbool.h>
#include <stddef.h>

struct word {
	char *text; /* owned; NULL: a quotation mark */
};

struct words {
	struct word *word; /* owned */
	size_t n;
	size_t size;
};

#define WORDS_INIT ((struct words){ 0 })

/* Splits len bytes, or less when a NUL byte comes first; what words held before is let go.
 * 0 or -ENOMEM (words then hold what was read so far). */
int words_split(struct words *words, const char *line, size_t len);
void words_done(struct words *words);

/* Is the i-th word there and this text, outside of quotation marks or not? */
bool words_is(const struct words *words, size_t i, const char *text);

static inline bool words_is_quote(const struct words *words, size_t i)
{
	return i < words->n && !words->word[i].text;
}
