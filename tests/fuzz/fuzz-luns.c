/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parameter data of REPORT LUNS. */
#include "fuzz.h"

#include "scsi/report_luns.h"

static void read_luns(const uint8_t *bytes, size_t len, size_t size)
{
	uint64_t luns[8];
	size_t total;
	int n = report_luns_decode(bytes, len, luns, size, &total);

	if (n < 0)
		return;
	REQUIRE((size_t)n <= size && (size_t)n <= total);
	for (int i = 0; i < n; i++) {
		uint8_t back[8];

		lun_from_linux(luns[i], back);
		REQUIRE(!memcmp(back, bytes + 8 + 8 * i, 8));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	read_luns(bytes, len, 8);
	read_luns(bytes, len, 1);
	return 0;
}
