/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The kernel's multipath maps: read when asked, and watched from then on. A device-mapper device is
 * a multipath map by its target, not by its name or uuid: that is what the kernel does with it.
 */
#include "model/observation.h"

struct dm_device;

/* One map out of what dm says; table and status are the parameters of its multipath target. What is
 * not understood is named by ret->result, and then every member counts as failed. */
void maps_observe(const struct dm_device *device, const char *table, const char *status,
	struct observation *ret);

/*
 * The helper: answers ACT_READ_MAPS with an OBS_MAP for each and OBS_MAPS_END, whose result is
 * -ENOENT while the kernel has no device-mapper. Once asked it also tells, unasked, what changed:
 * an OBS_MAP for a new, changed or vanished map, at most four times a second.
 */
int maps_main(int socket, uint32_t tag);
