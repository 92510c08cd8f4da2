/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "serve/frame.h"

#include <errno.h>
#include <stdbool.h>

#include "base/number.h"

enum { AT_ORDER = 0, AT_TYPE = 1, AT_VERSION = 3, AT_BODY = 4, AT_SERIAL = 8, AT_FIELDS = 12 };

static uint32_t read_u32(const uint8_t *b, bool is_little)
{
	if (!is_little)
		return number_be32(b);
	return (uint32_t)b[3] << 24 | (uint32_t)b[2] << 16 | (uint32_t)b[1] << 8 | b[0];
}

ssize_t frame_size(const uint8_t *bytes, size_t len)
{
	uint64_t body, fields, size;
	bool is_little;

	if (len < FRAME_HEAD)
		return 0;
	is_little = bytes[AT_ORDER] == 'l';
	if (!is_little && bytes[AT_ORDER] != 'B')
		return -EBADMSG;
	if (bytes[AT_TYPE] == 0 || bytes[AT_VERSION] != 1)
		return -EBADMSG;
	if (read_u32(bytes + AT_SERIAL, is_little) == 0)
		return -EBADMSG;
	body = read_u32(bytes + AT_BODY, is_little);
	fields = read_u32(bytes + AT_FIELDS, is_little);
	size = FRAME_HEAD + (fields + 7) / 8 * 8 + body;
	return size > FRAME_MAX ? -EMSGSIZE : (ssize_t)size;
}
