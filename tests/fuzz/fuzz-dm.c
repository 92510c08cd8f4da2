/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A table line, a status line or a dm uuid. */
#include "fuzz.h"

#include "base/cleanup.h"
#include "dm/table.h"

static void require_sound(const struct dm_multipath *map)
{
	REQUIRE(map->n_paths <= DM_MAX_PATHS && map->n_groups <= DM_MAX_GROUPS);
	REQUIRE(map->current_group <= map->n_groups);
	for (uint32_t i = 0; i < map->n_paths; i++) {
		REQUIRE(map->paths[i].group >= 1 && map->paths[i].group <= map->n_groups);
		REQUIRE(i == 0 || map->paths[i].group >= map->paths[i - 1].group);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	_cleanup_(freep) char *text = strndup((const char *)bytes, len);
	struct dm_multipath map;
	char wwid[DM_WWID_TEXT];

	REQUIRE(text);
	if (dm_table_parse(text, &map) == 0)
		require_sound(&map);
	if (dm_status_parse(text, &map) == 0) {
		require_sound(&map);
		for (uint32_t g = 0; g < map.n_groups; g++)
			REQUIRE(strchr("AED", map.group_state[g]) && map.group_state[g]);
	}
	if (dm_wwid_from_uuid(text, wwid) == 0)
		REQUIRE(dm_uuid_is_multipath(text) && wwid[0] && strlen(wwid) < sizeof wwid);
	return 0;
}
