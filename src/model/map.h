/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A multipath map as the kernel last described it. Its members are device numbers: which of them
 * are paths that still exist, the model tells (path.map). */
#include "model/path.h"

struct map {
	bool present;
	struct obs_map kernel;
	uint64_t seen_seq;
	struct question deed; /* a dm hand is out: one at a time for a map */
};

/* The WWID in "mpath-<wwid>", or "" for a map of another kind. Borrowed from the map. */
const char *map_wwid(const struct map *map);

/* Is there a difference that a removal has to be verified against? (Open counts are not.) */
bool map_differs(const struct obs_map *a, const struct obs_map *b);

/* The member with this number, or NULL. */
const struct map_member *map_member_of(const struct map *map, const struct devt *devt);
