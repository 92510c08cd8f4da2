/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/map.h"

#include <string.h>

const char *map_wwid(const struct map *map)
{
	return strncmp(map->kernel.uuid, "mpath-", 6) ? "" : map->kernel.uuid + 6;
}

bool map_differs(const struct obs_map *a, const struct obs_map *b)
{
	if (a->present != b->present || a->n_members != b->n_members || strcmp(a->uuid, b->uuid) ||
		strcmp(a->name, b->name) || a->queues != b->queues || a->suspended != b->suspended)
		return true;
	for (uint32_t i = 0; i < a->n_members && i < MAX_MEMBERS; i++)
		if (!devt_equal(&a->members[i].devt, &b->members[i].devt) ||
			a->members[i].active != b->members[i].active)
			return true;
	return false;
}

const struct map_member *map_member_of(const struct map *map, const struct devt *devt)
{
	for (uint32_t i = 0; i < map->kernel.n_members && i < MAX_MEMBERS; i++)
		if (devt_equal(&map->kernel.members[i].devt, devt))
			return &map->kernel.members[i];
	return NULL;
}
