/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parameter data of REPORT LUNS and of REPORT TARGET PORT GROUPS. */
#include "fuzz.h"

#include "scsi/alua.h"
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
	struct alua alua;

	read_luns(bytes, len, 8);
	read_luns(bytes, len, 1);
	if (alua_decode(bytes, len, &alua) < 0)
		return 0;
	REQUIRE(alua.n_groups <= ALUA_GROUPS && alua_length(bytes, len) <= len);
	for (uint32_t i = 0; i < alua.n_groups; i++) {
		REQUIRE(alua.groups[i].state <= 0xf && alua_state_name(alua.groups[i].state));
		REQUIRE(alua_find(&alua, alua.groups[i].id));
	}
	return 0;
}
