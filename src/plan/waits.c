/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/waits.h"

#include <string.h>

#include "base/text.h"
#include "judge/identity.h"
#include "model/name.h"

struct count {
	struct model *model;
	struct request *request;
	struct agenda *agenda;
	uint32_t seen;
};

/* BECAUSE_NOTHING: p counts. */
static enum reason what_is_missing(
	const struct model *m, const struct request *r, const struct path *p)
{
	if (p->state == PATH_FENCED)
		return BECAUSE_FENCED;
	if (p->fence.stage != FENCE_NO || p->identity.word == IDENTITY_CHANGED)
		return BECAUSE_IDENTITY_CHANGED;
	/* sysfs says what the kernel read once, and its map may have been made of another one since
	 */
	if (name_says(r->name, p->device.wwid) &&
		vpd_identity_match(&p->identity.record, p->device.wwid) == VPD_MATCH_NO)
		return BECAUSE_IDENTITY_CHANGED;
	if (model_gap_of(m, p))
		return BECAUSE_DETACHED;
	if (p->gone_count)
		return BECAUSE_DISCONNECTED;
	if (p->state != PATH_UP && p->state != PATH_GHOST)
		return p->state_why == BECAUSE_NOTHING ? BECAUSE_CHECKING : p->state_why;
	if (p->device.state != DEVICE_RUNNING || p->identity.seq <= r->seq)
		return BECAUSE_CHECKING;
	return BECAUSE_NOTHING;
}

static const char *common(const char *text, const char *of, bool first)
{
	return first || !strcmp(text, of) ? of : "";
}

static void add_good(struct request *r, const struct model *m, const struct path *p)
{
	const char *map = p->map < 0 ? "" : m->maps[p->map].kernel.name;
	bool first = !r->found++;

	TEXT_SET(r->wwid, common(r->wwid, p->device.wwid, first));
	TEXT_SET(r->map, common(r->map, map, first));
}

static void look_at(void *arg, struct path *p)
{
	struct count *count = arg;
	struct request *r = count->request;
	enum reason why = what_is_missing(count->model, r, p);

	count->seen++;
	if (why == BECAUSE_NOTHING) {
		add_good(r, count->model, p);
	} else if (r->waits == BECAUSE_TOO_FEW) {
		r->waits = why;
		TEXT_SET(r->waits_of, p->device.dev);
	}
	if (p->identity.wish > r->seq || p->fence.fenced)
		return;
	identity_ask_soon(count->model, p); /* once: the wish is younger than the word */
	agenda_wake_at(count->agenda, count->model->now);
}

bool wait_is_over(struct model *m, struct request *r, struct agenda *agenda)
{
	struct count count = { .model = m, .request = r, .agenda = agenda };

	if (!instant_reached(m->now, r->count_again) && !instant_reached(m->now, r->deadline)) {
		agenda_wake_at(agenda, r->count_again);
		return false;
	}
	r->count_again = instant_add_ms(m->now, WAITS_COUNT_MS);
	r->found = 0;
	r->wwid[0] = r->map[0] = r->waits_of[0] = '\0';
	r->waits = BECAUSE_TOO_FEW;
	name_find(m, r->name, look_at, &count);
	if (!count.seen)
		r->waits = BECAUSE_ABSENT;
	return r->found >= r->wanted;
}
