/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Bounded numbers out of untrusted text and bytes. The whole text must be the number: no leading
 * blanks or signs where none are allowed, nothing behind it.
 */
#include <stddef.h>
#include <stdint.h>

/* Decimal text within [min, max]. 0, -EINVAL (not a number), -ERANGE; *ret untouched on failure. */
int number_parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *ret);
int number_parse_u32(const char *text, uint32_t *ret);

/*
 * One decimal field of a text such as "8:16": the digits up to separator ('\0': up to the end), and
 * *text goes on behind it. 0, -EINVAL, -ERANGE; *text and *ret untouched on failure.
 */
int number_parse_field(const char **text, char separator, uint64_t max, uint64_t *ret);

/* Hexadecimal text without prefix. 0, -EINVAL, -ERANGE. */
int number_parse_hex(const char *text, uint64_t max, uint64_t *ret);

/* "0a1b ff" -> bytes; blanks between bytes are skipped. Number of bytes, -EINVAL, -ENOSPC. */
int number_parse_bytes(const char *text, uint8_t *ret, size_t size);

static inline uint16_t number_be16(const uint8_t *b)
{
	return (uint16_t)(b[0] << 8 | b[1]);
}

static inline uint32_t number_be32(const uint8_t *b)
{
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static inline uint64_t number_be64(const uint8_t *b)
{
	return (uint64_t)number_be32(b) << 32 | number_be32(b + 4);
}
