/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Bytes that lie. Every prefix of a sample is decoded from memory of exactly its size, and so is
 * every sample with one byte changed: under the address sanitizer a decoder that follows a length
 * it did not check ends here.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static inline void decode_exactly(
	const uint8_t *bytes, size_t len, void (*decode)(const uint8_t *bytes, size_t len))
{
	uint8_t *exact = malloc(len ? len : 1);

	if (!exact)
		abort();
	memcpy(exact, bytes, len);
	/* An empty buffer: one behind the only byte, which nobody may read. */
	decode(len ? exact : exact + 1, len);
	free(exact);
}

static inline void decode_hostile(
	const uint8_t *bytes, size_t len, void (*decode)(const uint8_t *bytes, size_t len))
{
	static const uint8_t lies[] = { 0x00, 0x01, 0x10, 0x7f, 0x80, 0xff };
	uint8_t changed[512];

	for (size_t n = 0; n <= len; n++)
		decode_exactly(bytes, n, decode);
	for (size_t i = 0; i < len && len <= sizeof changed; i++)
		for (size_t lie = 0; lie < sizeof lies; lie++) {
			memcpy(changed, bytes, len);
			changed[i] = lies[lie];
			decode_exactly(changed, len, decode);
		}
}
