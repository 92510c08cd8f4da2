/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The device-mapper devices that are partitions of a map, by their uuids: "part1-mpath-3600...". */
#include <stdbool.h>

#include "port/dm.h"

bool partitions_is_of(const char *uuid, const char *map);

/* 0 or negative errno, which ends the visits. */
typedef int partitions_visitor(void *arg, const struct dm_device *partition);

/* Every partition of the map with this uuid, with its table. What goes meanwhile is none, nor is
 * what has a table that nobody understands. 0 or negative errno: not all were visited. */
int partitions_each(struct dm *dm, const char *map, partitions_visitor *visit, void *arg);
