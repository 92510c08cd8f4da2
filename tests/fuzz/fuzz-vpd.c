/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A page of vital product data. */
#include "fuzz.h"

#include "scsi/vpd.h"

static void require_cut_is_a_prefix(const uint8_t *bytes, size_t len, const char *wwid)
{
	for (size_t size = 1; size <= 34; size++) {
		char cut[34];

		REQUIRE(vpd_83_wwid_cut(bytes, len, cut, size) == 0);
		REQUIRE(strlen(cut) < size && !strncmp(cut, wwid, strlen(cut)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct vpd_identity identity;
	char wwid[VPD_WWID_TEXT], serial[VPD_SERIAL_TEXT];
	int has_wwid = vpd_83_wwid(bytes, len, wwid) == 0;
	uint16_t group;

	if (vpd_80_serial(bytes, len, serial, sizeof serial) == 0)
		REQUIRE(strlen(serial) < sizeof serial);
	if (vpd_80_decode(bytes, len, &identity) == 0)
		REQUIRE(vpd_identity_compare(&identity, &identity) == VPD_MATCH_YES);
	(void)vpd_83_target_port_group(bytes, len, &group);
	if (has_wwid) {
		REQUIRE(strlen(wwid) > 1 && strlen(wwid) < sizeof wwid && !strchr(wwid, '\n'));
		require_cut_is_a_prefix(bytes, len, wwid);
	}
	if (vpd_83_decode(bytes, len, &identity) < 0)
		return 0;
	REQUIRE(identity.n_designators > 0 && identity.n_designators <= VPD_DESIGNATORS);
	REQUIRE(vpd_identity_compare(&identity, &identity) == VPD_MATCH_YES);
	if (has_wwid && identity.complete)
		REQUIRE(vpd_identity_match(&identity, wwid) == VPD_MATCH_YES);
	return 0;
}
