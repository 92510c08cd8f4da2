/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "judge/identity.h"

#include "base/text.h"

/* ---- one reading ----------------------------------------------------------------------------- */

static enum identity_word word_of(enum vpd_match match)
{
	switch (match) {
	case VPD_MATCH_YES: return IDENTITY_SAME;
	case VPD_MATCH_NO: return IDENTITY_CHANGED;
	case VPD_MATCH_UNKNOWN: break;
	}
	return IDENTITY_UNKNOWN;
}

struct identity_verdict identity_judge(const char *map_wwid, const char *udev_serial,
	const struct vpd_identity *record, const char *sysfs_wwid, const struct vpd_identity *live)
{
	const struct {
		enum baseline baseline;
		bool is_there;
		enum vpd_match match;
	} rows[] = {
		{ BASELINE_MAP, map_wwid[0], vpd_identity_match(live, map_wwid) },
		{ BASELINE_UDEV, udev_serial[0], vpd_identity_match(live, udev_serial) },
		{ BASELINE_RECORD, record->n_designators, vpd_identity_compare(live, record) },
		{ BASELINE_SYSFS, sysfs_wwid[0], vpd_identity_match(live, sysfs_wwid) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].is_there && rows[i].match != VPD_MATCH_UNKNOWN)
			return (struct identity_verdict){ word_of(rows[i].match),
				rows[i].baseline };
	return (struct identity_verdict){ IDENTITY_UNKNOWN, BASELINE_NONE };
}

/* ---- what follows ---------------------------------------------------------------------------- */

void identity_ask_soon(struct model *m, struct path *p)
{
	p->identity.wish = model_next_seq(m);
	p->check_due = m->now;
}

/* Whether it is alone decides what is done: those that share its way or its map are read, too. */
static void suspect(struct model *m, struct path *p)
{
	struct path *other;

	model_fence_enter(m, p, FENCE_SUSPECTED, BECAUSE_IDENTITY_CHANGED);
	p->fence.seq = model_next_seq(m);
	model_nexus(m, p)->sweep = true;
	for_each_path (m, other)
		if (other != p && p->map >= 0 && other->map == p->map)
			identity_ask_soon(m, other);
}

static void apply_change(struct model *m, struct path *p)
{
	instant confirmed = instant_add_ms(p->fence.since, IDENTITY_CONFIRM_MS);

	p->identity.changed_at = m->now;
	if (p->fence.stage == FENCE_NO)
		suspect(m, p);
	else if (p->fence.stage == FENCE_SUSPECTED && instant_reached(m->now, confirmed))
		model_fence_enter(m, p, FENCE_CHANGED, BECAUSE_IDENTITY_CHANGED);
	if (p->fence.stage == FENCE_SUSPECTED)
		p->check_due = instant_earlier(
			p->check_due, instant_add_ms(p->fence.since, IDENTITY_CONFIRM_MS));
}

static void give_up(struct model *m, struct path *p, enum reason why)
{
	if (!fence_may_enter(p->fence.stage, FENCE_NO) || p->fence.fenced)
		return;
	p->fence.held = p->fence.released = false;
	model_fence_enter(m, p, FENCE_NO, why);
}

static void apply_same(struct model *m, struct path *p, const struct vpd_identity *live)
{
	p->identity.record = *live;
	give_up(m, p, BECAUSE_IDENTITY_SAME);
}

static void apply_reading(struct model *m, struct path *p, const struct vpd_identity *live)
{
	const struct map *map = model_map(m, p);
	struct identity *i = &p->identity;
	struct identity_verdict v = identity_judge(
		map ? map_wwid(map) : "", i->udev, &i->record, p->device.wwid, live);

	i->word = v.word;
	i->baseline = v.baseline;
	vpd_identity_wwid(live, i->live);
	switch (v.word) {
	case IDENTITY_SAME: apply_same(m, p, live); return;
	case IDENTITY_CHANGED: apply_change(m, p); return;
	case IDENTITY_UNKNOWN:
		if (!i->record.n_designators)
			i->record = *live; /* there is nothing else to go by from now on */
		return;
	case IDENTITY_WORDS: return;
	}
}

/* It answers, and what was to be read was not asked for: at once. What was asked for in vain waits
 * for the next check. */
static void ask_again(struct model *m, struct path *p)
{
	bool answers = !p->gone_count && (p->state == PATH_UP || p->state == PATH_GHOST);

	if (answers && !p->identity.asked &&
		(p->identity.lapsed || p->identity.wish > p->identity.seq))
		p->check_due = m->now;
}

void identity_apply(struct model *m, struct path *p, const struct obs_checked *checked)
{
	struct vpd_identity live;

	if (p->fence.fenced)
		return;
	p->identity.checks++;
	if (p->gone_count) /* nothing can be done to anybody through it; read when it is back */
		give_up(m, p, BECAUSE_DISCONNECTED);
	if (!checked->identified) {
		ask_again(m, p);
		return;
	}
	p->identity.checks = 0;
	p->identity.seq = p->answer_seq;
	p->identity.lapsed = false;
	if (vpd_identity_decode(checked->identity_data, checked->identity_len, &live) >= 0) {
		apply_reading(m, p, &live);
		return;
	}
	p->identity.word = IDENTITY_UNKNOWN;
	p->identity.live[0] = '\0';
}

bool identity_is_due(const struct model *m, const struct path *p)
{
	const struct identity *i = &p->identity;

	return i->wish > i->seq || i->lapsed || p->fence.stage != FENCE_NO ||
	       i->checks + 1 >= m->defaults.identity_interval_checks;
}
