/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What people and the kernel call places: what is understood is printed, and read back the same. */
#include "fuzz.h"

#include "base/cleanup.h"
#include "base/devt.h"
#include "model/name.h"
#include "scsi/address.h"
#include "scsi/place.h"
#include "scsi/report_luns.h"

static void require_address(const char *text)
{
	struct scsi_address address, back;
	char printed[SCSI_ADDRESS_TEXT];
	struct place place;
	uint8_t lun[8];

	if (scsi_address_parse(text, &address) < 0)
		return;
	scsi_address_print(&address, printed);
	REQUIRE(scsi_address_parse(printed, &back) == 0 && scsi_address_equal(&address, &back));
	REQUIRE(name_form(text) == NAME_ADDRESS);
	place = place_of_address(&address);
	REQUIRE(place_covers(&place, &address));
	place = place_of_target(&address);
	REQUIRE(place_covers(&place, &address));
	lun_from_linux(address.lun, lun);
}

static void require_devt(const char *text)
{
	struct devt devt, back;
	char printed[DEVT_TEXT];

	if (devt_parse(text, &devt) < 0)
		return;
	devt_print(&devt, printed);
	REQUIRE(devt_parse(printed, &back) == 0 && devt_equal(&devt, &back));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	_cleanup_(freep) char *text = strndup((const char *)bytes, len);

	REQUIRE(text);
	require_address(text);
	require_devt(text);
	(void)name_form(text);
	return 0;
}
