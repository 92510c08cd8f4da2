/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scsi/sense.h"

#include <errno.h>
#include <stdio.h>

enum {
	RESPONSE_FIXED = 0x70,
	RESPONSE_FIXED_DEFERRED = 0x71,
	RESPONSE_DESCRIPTOR = 0x72,
	RESPONSE_DESCRIPTOR_DEFERRED = 0x73,
	FIXED_HEADER = 8,     /* up to and with the additional length */
	FIXED_WITH_CODE = 14, /* up to and with the additional sense code qualifier */
	DESCRIPTOR_WITH_CODE = 4,
};

static int decode_fixed(const uint8_t *bytes, size_t len, struct sense *ret)
{
	size_t sent;
	bool has_code;

	if (len < FIXED_HEADER)
		return -EBADMSG;
	sent = (size_t)FIXED_HEADER + bytes[7];
	has_code = sent >= FIXED_WITH_CODE;
	if (has_code && len < FIXED_WITH_CODE)
		return -EBADMSG;
	*ret = (struct sense){
		.key = bytes[2] & 0x0f,
		.asc = has_code ? bytes[12] : 0,
		.ascq = has_code ? bytes[13] : 0,
		.deferred = (bytes[0] & 0x7f) == RESPONSE_FIXED_DEFERRED,
	};
	return 0;
}

static int decode_descriptor(const uint8_t *bytes, size_t len, struct sense *ret)
{
	if (len < DESCRIPTOR_WITH_CODE)
		return -EBADMSG;
	*ret = (struct sense){
		.key = bytes[1] & 0x0f,
		.asc = bytes[2],
		.ascq = bytes[3],
		.deferred = (bytes[0] & 0x7f) == RESPONSE_DESCRIPTOR_DEFERRED,
	};
	return 0;
}

int sense_decode(const uint8_t *bytes, size_t len, struct sense *ret)
{
	if (len < 1)
		return -EBADMSG;
	switch (bytes[0] & 0x7f) {
	case RESPONSE_FIXED:
	case RESPONSE_FIXED_DEFERRED: return decode_fixed(bytes, len, ret);
	case RESPONSE_DESCRIPTOR:
	case RESPONSE_DESCRIPTOR_DEFERRED: return decode_descriptor(bytes, len, ret);
	}
	return -EBADMSG;
}

void sense_print(const struct sense *sense, char ret[SENSE_TEXT])
{
	snprintf(ret, SENSE_TEXT, "%02x/%02x/%02x", sense->key, sense->asc, sense->ascq);
}
