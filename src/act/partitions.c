/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "act/partitions.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"

bool partitions_is_of(const char *uuid, const char *map)
{
	size_t digits;

	if (strncmp(uuid, "part", 4) != 0)
		return false;
	digits = strspn(uuid + 4, "0123456789");
	return digits && uuid[4 + digits] == '-' && !strcmp(uuid + 5 + digits, map);
}

int partitions_each(struct dm *dm, const char *map, partitions_visitor *visit, void *arg)
{
	_cleanup_(freep) struct dm_listed *listed = NULL;
	struct dm_device device;
	size_t n = 0;
	int r = dm_list(dm, &listed, &n);

	for (size_t i = 0; r >= 0 && i < n; i++) {
		r = dm_read(dm, &listed[i].devt, DM_READ_TABLE, &device);
		if (r == -ENXIO || r == -EBADMSG)
			r = 0;
		else if (r >= 0 && partitions_is_of(device.uuid, map))
			r = visit(arg, &device);
	}
	return r < 0 ? r : 0;
}
