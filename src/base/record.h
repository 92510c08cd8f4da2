/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The text form of a flat struct, out of a table of its fields: "name=value name=value". What is
 * zero or empty is left out; nested arrays are written as name.0.field=value. The same table prints
 * and parses, so that what was recorded can be replayed and compared.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text;

enum field_type {
	FIELD_U64,
	FIELD_I32,
	FIELD_U32,
	FIELD_U16,
	FIELD_U8,
	FIELD_BOOL,
	FIELD_ENUM,  /* a 4-byte enum; names: NULL-terminated by n_names */
	FIELD_TEXT,  /* char[size] */
	FIELD_BYTES, /* uint8_t[size], of which count_offset (uint8_t, uint16_t) tells how many */
	FIELD_ARRAY, /* struct[...], of which count_offset (uint32_t) tells how many */
};

struct field {
	const char *name;
	enum field_type type;
	uint32_t offset, size;
	uint32_t count_offset, count_size;
	uint32_t max_count; /* FIELD_ARRAY: capacity; FIELD_ENUM: number of names */
	const char *const *names;
	const struct field *fields; /* FIELD_ARRAY: of one element, ended by name NULL */
};

#define FIELD(s, m, t)                                                                             \
	{                                                                                          \
		.name = #m, .type = t, .offset = offsetof(struct s, m),                            \
		.size = sizeof(((struct s *)0)->m)                                                 \
	}
#define FIELD_AS(n, s, m, t)                                                                       \
	{                                                                                          \
		.name = n, .type = t, .offset = offsetof(struct s, m),                             \
		.size = sizeof(((struct s *)0)->m)                                                 \
	}
#define FIELD_NAMED(n, s, m, tab)                                                                  \
	{                                                                                          \
		.name = n, .type = FIELD_ENUM, .offset = offsetof(struct s, m),                    \
		.size = sizeof(((struct s *)0)->m), .names = tab, .max_count = ARRAY_SIZE(tab)     \
	}
#define FIELD_HEX(n, s, m, c)                                                                      \
	{                                                                                          \
		.name = n, .type = FIELD_BYTES, .offset = offsetof(struct s, m),                   \
		.size = sizeof(((struct s *)0)->m), .count_offset = offsetof(struct s, c),         \
		.count_size = sizeof(((struct s *)0)->c)                                           \
	}
#define FIELD_LIST(n, s, m, c, f)                                                                  \
	{                                                                                          \
		.name = n, .type = FIELD_ARRAY, .offset = offsetof(struct s, m),                   \
		.size = sizeof(((struct s *)0)->m[0]), .count_offset = offsetof(struct s, c),      \
		.max_count = ARRAY_SIZE(((struct s *)0)->m), .fields = f                           \
	}
#define FIELD_END                                                                                  \
	{                                                                                          \
		.name = NULL                                                                       \
	}

/* Appends " name=value" for every field that is not zero. */
void record_print(struct text *out, const struct field *fields, const void *base);

/* Sets the named field ("path.slot", "holders.3.kind"). 0, -ENOENT (no such field), -EINVAL. */
int record_set(const struct field *fields, void *base, const char *name, const char *value);

/* Is it one of ours, whoever sent it: texts end, enums and booleans are values of theirs, and no
 * count is beyond its bytes. An array may tell of more elements than it holds. */
bool record_is_sound(const struct field *fields, const void *base);
