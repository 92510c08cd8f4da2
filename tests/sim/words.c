/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The configuration in force. */
#include "sim.h"

#include <stdio.h>
#include <string.h>

void world_configure(struct sim *s)
{
	static const uint32_t graces[] = { 2, 5, 20, 60 };
	static const uint32_t holds[] = { 0, 20, 120, 600 };

	s->words = (struct words){
		.purge = sim_chance(s, 850),
		.last_path = sim_chance(s, 500),
		.single_path = sim_chance(s, 800),
		.report = sim_chance(s, 80),
		.rescan = sim_chance(s, 500),
		.rescan_s = sim_chance(s, 500) ? 5 + sim_below(s, 100) : 0,
		.checks = 1 + sim_below(s, 4),
		.grace_s = graces[sim_below(s, 4)],
		.limit = sim_chance(s, 300) ? 2 + sim_below(s, 4) : 60,
		.share = sim_chance(s, 300) ? 20 : 100,
		.protected_volume = s->volume[sim_below(s, HOSTS)][sim_below(s, LUNS)],
		.fence = (enum identity_fence)(
			sim_chance(s, 500) ? IDENTITY_FENCE_FAIL : sim_below(s, 3)),
		.fence_limit = sim_chance(s, 500) ? 100 : 1 + sim_below(s, 6),
		.identity_interval = 1 + sim_below(s, 4),
		.hold_s = holds[sim_below(s, 4)],
		.cache_limit = s->seed % 4 ? 0 : 1 + (uint32_t)(s->seed / 4 % 20),
	};
}

struct config *world_config(struct sim *s)
{
	static const char *const fences[] = { [IDENTITY_FENCE_REPORT] = "report",
		[IDENTITY_FENCE_FAIL] = "fail",
		[IDENTITY_FENCE_REMOVE] = "remove" };
	const struct words *w = &s->words;
	char text[1024], protected[MAX_WWID];
	struct config_file file = { .name = "sim.conf", .text = text };
	struct config *config;
	int n;

	world_name_volume(w->protected_volume, protected);
	n = snprintf(text, sizeof text,
		"defaults {\n purge_disconnected %s\n purge_last_path %s\n purge_single_path %s\n"
		" purge_action %s\n purge_checks %u\n purge_grace %u\n purge_limit %u\n"
		" purge_share %u\n polling_interval 5\n max_polling_interval 20\n"
		" checker_timeout 8\n identity_fence %s\n fence_limit %u\n identity_interval "
		"%u\n rescan_on_lun_change %s\n rescan_interval %u\n detach_hold %u\n"
		" node_cache_limit %u\n}\n"
		"multipaths {\n multipath {\n  wwid %s\n  protect yes\n }\n}\n",
		w->purge ? "yes" : "no", w->last_path ? "yes" : "no", w->single_path ? "yes" : "no",
		w->report ? "report" : "remove", w->checks, w->grace_s, w->limit, w->share,
		fences[w->fence], w->fence_limit, w->identity_interval, w->rescan ? "yes" : "no",
		w->rescan_s, w->hold_s, w->cache_limit, protected);
	file.len = (size_t)n;
	if (config_new(&file, 1, NULL, &config) < 0)
		sim_fail(s, "the configuration is refused: %s", text);
	sim_story(s,
		"config: purge=%d last=%d single=%d report=%d checks=%u grace=%u limit=%u share=%u "
		"protected=vol%u fence=%s fence_limit=%u interval=%u",
		w->purge, w->last_path, w->single_path, w->report, w->checks, w->grace_s, w->limit,
		w->share, w->protected_volume, fences[w->fence], w->fence_limit,
		w->identity_interval);
	return config;
}
