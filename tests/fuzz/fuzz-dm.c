/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A table line, a status line or a dm uuid. */
#include "fuzz.h"

#include "base/cleanup.h"
#include "base/text.h"
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

/* Of a table every other path is kept: what comes out is a table of these. */
static void require_kept(const char *text, const struct dm_multipath *map)
{
	_cleanup_(text_done) struct text out = TEXT_INIT;
	struct devt keep[DM_MAX_PATHS];
	struct dm_multipath kept;
	size_t n = 0;
	int r;

	for (uint32_t i = 0; i < map->n_paths; i += 2)
		keep[n++] = map->paths[i].devt;
	r = dm_table_keep(text, keep, n, &out);
	REQUIRE(r >= (int)n && dm_table_parse(text_str(&out), &kept) == 0);
	REQUIRE(kept.n_paths == (uint32_t)r && kept.n_groups <= map->n_groups);
	REQUIRE(!strcmp(kept.features, map->features) && !strcmp(kept.handler, map->handler));
	REQUIRE(!kept.n_groups == !r && !kept.current_group == !r);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	_cleanup_(freep) char *text = strndup((const char *)bytes, len);
	struct dm_multipath map;
	char wwid[DM_WWID_TEXT];

	REQUIRE(text);
	if (dm_table_parse(text, &map) == 0) {
		require_sound(&map);
		require_kept(text, &map);
	}
	if (dm_status_parse(text, &map) == 0) {
		require_sound(&map);
		for (uint32_t g = 0; g < map.n_groups; g++)
			REQUIRE(strchr("AED", map.group_state[g]) && map.group_state[g]);
	}
	if (dm_wwid_from_uuid(text, wwid) == 0)
		REQUIRE(dm_uuid_is_multipath(text) && wwid[0] && strlen(wwid) < sizeof wwid);
	return 0;
}
