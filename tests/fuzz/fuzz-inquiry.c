/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Standard INQUIRY data. */
#include "fuzz.h"

#include "scsi/inquiry.h"

static void require_trimmed(const char *field, size_t size)
{
	size_t len = strnlen(field, size);

	REQUIRE(len < size);
	REQUIRE(!len || field[len - 1] != ' ');
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct inquiry inquiry;

	if (inquiry_decode(bytes, len, &inquiry) < 0) {
		REQUIRE(len < INQUIRY_BYTES || bytes[4] + 5 < INQUIRY_BYTES);
		return 0;
	}
	REQUIRE(len >= INQUIRY_BYTES);
	REQUIRE((inquiry.qualifier << 5 | inquiry.type) == bytes[0]);
	REQUIRE(inquiry.tpgs <= 3);
	require_trimmed(inquiry.vendor, sizeof inquiry.vendor);
	require_trimmed(inquiry.product, sizeof inquiry.product);
	require_trimmed(inquiry.revision, sizeof inquiry.revision);
	REQUIRE(!memcmp(inquiry.vendor, bytes + 8, strlen(inquiry.vendor)));
	REQUIRE(!memcmp(inquiry.product, bytes + 16, strlen(inquiry.product)));
	return 0;
}
