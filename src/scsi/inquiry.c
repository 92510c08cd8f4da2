/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scsi/inquiry.h"

#include <errno.h>
#include <string.h>

static void copy_field(char *dst, const uint8_t *bytes, size_t len)
{
	len = strnlen((const char *)bytes, len);
	while (len && bytes[len - 1] == ' ')
		len--;
	memcpy(dst, bytes, len);
	dst[len] = '\0';
}

int inquiry_decode(const uint8_t *bytes, size_t len, struct inquiry *ret)
{
	if (len < INQUIRY_BYTES || bytes[4] + 5u < INQUIRY_BYTES)
		return -EBADMSG;
	*ret = (struct inquiry){
		.qualifier = bytes[0] >> 5,
		.type = bytes[0] & 0x1f,
		.removable = bytes[1] & 0x80,
		.version = bytes[2],
		.tpgs = bytes[5] >> 4 & 0x3,
	};
	copy_field(ret->vendor, bytes + 8, 8);
	copy_field(ret->product, bytes + 16, 16);
	copy_field(ret->revision, bytes + 32, 4);
	return 0;
}
