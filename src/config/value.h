/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The value of a keyword: from the text of a file into a number or a checked text, back into words,
 * and into the field of struct settings that belongs to the keyword. One row of {parse, print} per
 * type, in value.c.
 */
#include <stdbool.h>
#include <stdint.h>

struct keyword;
struct settings;
struct text;

/* Is the value kept as the text it was written as (else as a number)? */
bool value_is_text(const struct keyword *k);

/* 0; -ERANGE: *ret is the nearest number within the range; -EINVAL: *ret is untouched. For a text
 * *ret becomes 0. */
int value_parse(const struct keyword *k, const char *text, int64_t *ret);

/* Writes what value_parse() has read in the words of a file; text is used for texts only. */
void value_print(const struct keyword *k, int64_t number, const char *text, struct text *out);

/* What may be written: "yes, no", "1..86400", "infinity, 0..10". */
void value_print_range(const struct keyword *k, struct text *out);

/* Into and out of the field of a keyword that has one. */
void value_store(const struct keyword *k, int64_t number, const char *text, struct settings *ret);
void value_print_field(const struct keyword *k, const struct settings *settings, struct text *out);
