/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parameter data of REPORT TARGET PORT GROUPS. */
#include "fuzz.h"

#include "scsi/alua.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct alua alua;

	if (alua_decode(bytes, len, &alua) < 0)
		return 0;
	REQUIRE(alua.n_groups <= ALUA_GROUPS && alua_length(bytes, len) <= len);
	for (uint32_t i = 0; i < alua.n_groups; i++) {
		const struct alua_group *found = alua_find(&alua, alua.groups[i].id);

		REQUIRE(found && found <= &alua.groups[i] && found->id == alua.groups[i].id);
		REQUIRE(alua.groups[i].state <= 0xf && alua_state_name(alua.groups[i].state));
	}
	return 0;
}
