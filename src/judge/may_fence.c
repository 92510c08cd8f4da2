/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "judge/may_fence.h"

static bool is_relative(const struct path *p, const struct path *other)
{
	return other != p && (other->nexus == p->nexus || (p->map >= 0 && other->map == p->map));
}

/* Is an answer to be expected of it, and has not come? */
static bool is_awaited(const struct path *p, const struct path *other)
{
	if ((other->watch != WATCH_YES && !path_is_cleaned(other)) ||
		other->device.state != DEVICE_RUNNING ||
		other->device.transport == TRANSPORT_DOWN || other->fence.fenced)
		return false;
	return other->identity.seq <= p->fence.seq || other->fence.stage == FENCE_SUSPECTED;
}

static bool relatives_are_known(const struct model *m, const struct path *p)
{
	struct path *other;

	if (instant_ms_between(p->fence.since, m->now) >= MAY_FENCE_PATIENCE_MS)
		return true;
	for_each_path (m, other)
		if (is_relative(p, other) && is_awaited(p, other))
			return false;
	return true;
}

/* Was no path of its map left what it should be? Those that cannot be read did not change. */
static bool all_paths_changed(const struct model *m, const struct path *p)
{
	struct path *other;

	if (p->map < 0)
		return false;
	for_each_path (m, other)
		if (other->map == p->map && other->device.state != DEVICE_GOING &&
			!fence_is_certain(&other->fence))
			return false;
	return true;
}

/* Those that were fenced count also when they were taken away since. */
static uint32_t changed_at_once(const struct model *m)
{
	uint32_t n = model_count_fenced(m, MAY_FENCE_ONCE_MS);
	struct path *p;

	for_each_path (m, p)
		n += !p->fence.fenced && fence_is_certain(&p->fence);
	return n;
}

enum reason may_fence(const struct model *m, const struct path *p)
{
	if (p->fence.released)
		return BECAUSE_NOTHING;
	if (p->settings.identity_fence == IDENTITY_FENCE_REPORT)
		return BECAUSE_REPORTED;
	if (p->fence.held)
		return BECAUSE_FENCE_LIMIT;
	if (!relatives_are_known(m, p))
		return BECAUSE_CHECKING;
	if (all_paths_changed(m, p))
		return BECAUSE_ALL_CHANGED;
	return changed_at_once(m) > m->defaults.fence_limit ? BECAUSE_FENCE_LIMIT : BECAUSE_NOTHING;
}
