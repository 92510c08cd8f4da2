/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Sense data out of untrusted bytes (SPC-6 4.4). What a key, code and qualifier *mean* for a path
 * is the judge's business; here they are only read and named.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sense_key {
	SENSE_NO_SENSE = 0x0,
	SENSE_RECOVERED_ERROR = 0x1,
	SENSE_NOT_READY = 0x2,
	SENSE_MEDIUM_ERROR = 0x3,
	SENSE_HARDWARE_ERROR = 0x4,
	SENSE_ILLEGAL_REQUEST = 0x5,
	SENSE_UNIT_ATTENTION = 0x6,
	SENSE_DATA_PROTECT = 0x7,
	SENSE_ABORTED_COMMAND = 0xb,
};

struct sense {
	uint8_t key, asc, ascq;
	bool deferred; /* tells of an earlier command, not of the one that was asked */
};

#define SENSE_TEXT 16

/*
 * Fixed (70h, 71h) and descriptor (72h, 73h) format. 0, or -EBADMSG: neither, or cut short before
 * the additional sense code. Fixed sense that by its own length has no code is 00/00.
 */
int sense_decode(const uint8_t *bytes, size_t len, struct sense *ret);

/* The standard's name of key/asc/ascq, in short; NULL when we know none. */
const char *sense_name(uint8_t key, uint8_t asc, uint8_t ascq);
const char *sense_key_name(uint8_t key);

/* "05/25/00" */
void sense_print(const struct sense *sense, char ret[SENSE_TEXT]);

static inline bool sense_is(const struct sense *sense, uint8_t key, uint8_t asc, uint8_t ascq)
{
	return sense->key == key && sense->asc == asc && sense->ascq == ascq;
}
