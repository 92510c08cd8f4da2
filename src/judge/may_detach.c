/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "judge/may_detach.h"

#include <string.h>

#include "base/text.h"
#include "judge/may_go.h"

enum { ROUNDS = 3 }; /* a map that came back after so many words to it is somebody's */

/* ---- the map --------------------------------------------------------------------------------- */

static bool is_good(const struct path *p)
{
	return (p->state == PATH_UP || p->state == PATH_GHOST) && !p->gone_count &&
	       p->device.state == DEVICE_RUNNING && p->watch == WATCH_YES && p->in_map_active &&
	       p->fence.stage == FENCE_NO && !may_go_is_leaving(p);
}

/* Is another word taking it away already? One that only looks may be refused. */
static bool is_meant_otherwise(const struct path *p)
{
	return p->detach && !p->detach_looks;
}

bool may_detach_stays(const struct model *m, const struct path *p, const struct path *other)
{
	(void)m;
	return other != p && p->map >= 0 && other->map == p->map && other->detach != p->detach &&
	       !is_meant_otherwise(other) && is_good(other);
}

bool may_detach_returns(const struct path *p, const char *wwid)
{
	return !strcmp(p->device.wwid, wwid) && p->device.devt.major && p->map < 0 &&
	       p->device.state == DEVICE_RUNNING && !p->gone_count && p->fence.stage == FENCE_NO &&
	       !may_go_is_leaving(p) && !is_meant_otherwise(p);
}

/* Only what was asked after p began to verify counts. */
static bool has_good_neighbour(const struct model *m, const struct path *p)
{
	const struct path *other;

	for_each_path (m, other)
		if (may_detach_stays(m, p, other) && other->answer_seq > p->verify_seq)
			return true;
	return false;
}

static bool is_volume(const struct detach *d)
{
	return d->word.wwid[0];
}

static bool goes_with_its_map(const struct model *m, const struct detach *d, const struct path *p)
{
	return p->map >= 0 && (is_volume(d) || !has_good_neighbour(m, p));
}

/* How often was it told by any path of that word, for all of them? */
static bool was_told_enough(const struct model *m, const struct detach *d, const struct path *p)
{
	const struct path *other;
	uint32_t n = 0;

	if (!goes_with_its_map(m, d, p))
		return p->map >= 0 && p->map_tells >= ROUNDS;
	for_each_path (m, other)
		if (other->map == p->map && other->detach == p->detach)
			n += other->map_tells;
	return n >= ROUNDS;
}

/* ---- use ------------------------------------------------------------------------------------- */

static enum reason judge_use(const struct model *m, const struct detach *d, const struct path *p)
{
	enum reason why;

	if (p->map >= 0 && !goes_with_its_map(m, d, p))
		return BECAUSE_NOTHING; /* the others carry it */
	why = may_go_used(m, p);
	return why == BECAUSE_HOLDERS && p->map >= 0 && !is_volume(d) ? BECAUSE_LAST_PATH : why;
}

/* The kernel's word on a map is one for all its paths. */
static bool is_claimed(const struct model *m, const struct detach *d, const struct path *p)
{
	const struct path *other;

	if (!goes_with_its_map(m, d, p))
		return may_go_is_claimed(m, p);
	for_each_path (m, other)
		if (other->map == p->map && other->detach == p->detach &&
			may_go_is_claimed(m, other))
			return true;
	return false;
}

static enum reason judge_owner(const struct model *m, const struct path *p)
{
	if (m->owner.running)
		return p->map >= 0 || !p->taken ? BECAUSE_TAKE_FIRST : BECAUSE_NOTHING;
	return p->map >= 0 && p->in_map_active ? BECAUSE_FAIL_FIRST : BECAUSE_NOTHING;
}

enum reason may_detach(const struct model *m, const struct path *p)
{
	const struct detach *d = model_detach(m, p->detach);
	enum reason why = d ? may_go_protected(p) : BECAUSE_OFF;

	if (why == BECAUSE_NOTHING)
		why = judge_use(m, d, p);
	if (why != BECAUSE_NOTHING)
		return why;
	if (is_claimed(m, d, p))
		return BECAUSE_CLAIMED;
	if (was_told_enough(m, d, p))
		return BECAUSE_CAME_BACK;
	if (goes_with_its_map(m, d, p))
		return BECAUSE_MAP_FIRST;
	why = judge_owner(m, p);
	if (why != BECAUSE_NOTHING)
		return why;
	return d->stage == DETACH_UNMAPPING ? BECAUSE_OTHERS_FIRST : BECAUSE_NOTHING;
}

bool may_detach_is_deed(enum reason why)
{
	return why == BECAUSE_NOTHING || why == BECAUSE_MAP_FIRST || why == BECAUSE_TAKE_FIRST ||
	       why == BECAUSE_FAIL_FIRST || why == BECAUSE_OTHERS_FIRST;
}

void may_detach_plan(const struct model *m, const struct path *p, struct text *out)
{
	const struct detach *d = model_detach(m, p->detach);
	bool with_map = d && goes_with_its_map(m, d, p);

	if (with_map) {
		text_add(out, "remove-map ");
		text_add_escaped(out, m->maps[p->map].kernel.name);
		text_add(out, ", ");
	}
	if (m->owner.running)
		text_add(out, "take-path, ");
	else if (p->map >= 0 && p->in_map_active && !with_map)
		text_add(out, "fail-path, ");
	text_add(out, "delete");
}
