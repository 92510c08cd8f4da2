/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A message of a uevent socket; the first byte says whose. */
#include "fuzz.h"

#include "observe/uevent_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct obs_uevent e;
	enum uevent_origin origin;

	if (!len)
		return 0;
	origin = bytes[0] & 1 ? UEVENT_FROM_UDEV : UEVENT_FROM_KERNEL;
	if (uevent_parse(origin, bytes + 1, len - 1, &e) != 1)
		return 0;
	REQUIRE(memchr(e.sysfs, '\0', sizeof e.sysfs));
	REQUIRE(e.dm_path_failed != (e.sysfs[0] != '\0'));
	REQUIRE(origin == UEVENT_FROM_KERNEL || e.action != UEVENT_REMOVE);
	return 0;
}
