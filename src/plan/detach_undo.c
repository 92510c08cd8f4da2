/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/detach_undo.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "judge/may_detach.h"
#include "judge/pace.h"
#include "plan/deeds.h"
#include "plan/detach_word.h"

enum { TELLS = 6 }; /* in half a minute: who holds one of its devices may only look */

/* ---- paths ----------------------------------------------------------------------------------- */

/* p is another word's by now: that one gives it back, unless it is still only looking. */
static bool is_anothers(const struct detach *d, const struct path *p)
{
	return p->detach && p->detach != d->word.number && !p->detach_looks;
}

static bool is_at_a_deed(const struct path *p)
{
	return p->deed.action || p->purge == PURGE_DELETING;
}

/* What a hand is at by another word is not asked to come back: how that ended has to be known
 * first, as does whether a word that looks will want it taken. */
static bool may_be_given_back(const struct path *p)
{
	return p->touched && !is_at_a_deed(p) && !p->detach_looks;
}

/* What it took, or a daemon before this one may have taken for it. */
static bool undo_paths(struct model *m, const struct detach *d, struct agenda *agenda)
{
	struct path *p;
	bool waits = false;

	for_each_path (m, p) {
		if (!detach_means(m, d, p) || p->device.state == DEVICE_GOING ||
			p->purge == PURGE_STUCK || is_anothers(d, p))
			continue;
		waits |= is_at_a_deed(p) || (p->touched && p->fence.stage == FENCE_NO);
		if (may_be_given_back(p) && p->fence.stage == FENCE_NO &&
			deeds_tell_map(m, p, ACT_GIVE_PATH, agenda))
			p->touched = p->taken = false;
	}
	return !waits;
}

/* ---- maps ------------------------------------------------------------------------------------ */

static const char *wwid_of(const struct taken *t)
{
	return t->uuid + strlen("mpath-");
}

/* Those that can be in it now. */
static void add_members(const struct model *m, const struct taken *t, struct act_make *make)
{
	struct path *p;

	for_each_path (m, p)
		if (make->n_members < MAX_MEMBERS && may_detach_returns(p, wwid_of(t)))
			make->members[make->n_members++] =
				(struct act_member){ .devt = p->device.devt, .ino = p->device.ino };
}

static void give_up(struct model *m, struct taken *t, int result)
{
	struct change *c = model_add_change(m, CHANGE_MAP_LOST, NULL);

	TEXT_SET(c->map, t->name);
	TEXT_SET(c->wwid, wwid_of(t));
	c->number = t->word;
	c->result = result;
	t->word = 0;
}

static void tell(struct model *m, struct taken *t, struct agenda *agenda)
{
	struct action *a = agenda_add(agenda, ACT_MAKE_MAP);

	if (!a)
		return;
	a->id = model_ask(m, &t->deed, m->now);
	a->make.word = t->word;
	a->make.deadline_ms = DEEDS_MAP_MS; /* what is good now may be fenced by then */
	TEXT_SET(a->make.uuid, t->uuid);
	add_members(m, t, &a->make);
	t->ended = false;
	t->again = instant_add_ms(m->now, pace_backoff_ms(++t->tells));
}

/* Its owner, should there be one by now, makes its maps itself. */
static bool is_through(const struct model *m, const struct taken *t)
{
	return (t->ended && t->result >= 0) || (m->owner_known && m->owner.running);
}

/* One that does not come back is given up, as any hand of device-mapper. */
static bool is_out(const struct model *m, struct taken *t, struct agenda *agenda)
{
	instant late = instant_add_ms(t->deed.at, DEEDS_MAP_MS);

	if (!t->deed.action)
		return false;
	agenda_wake_at(agenda, late);
	if (!instant_reached(m->now, late))
		return true;
	t->deed.action = 0;
	t->ended = true;
	t->result = -ETIMEDOUT;
	return false;
}

static void undo_map(struct model *m, struct taken *t, struct agenda *agenda)
{
	if (is_out(m, t, agenda))
		return;
	if (is_through(m, t)) {
		t->word = 0;
		return;
	}
	if (t->ended && t->tells >= TELLS) {
		give_up(m, t, t->result);
		return;
	}
	if (!instant_reached(m->now, t->again))
		agenda_wake_at(agenda, t->again);
	else if (m->owner_known)
		tell(m, t, agenda);
}

/* Not before the last hand of that word has ended, which may be at removing it. */
static bool undo_maps(
	struct model *m, const struct detach *d, bool may_begin, struct agenda *agenda)
{
	bool waits = false;

	for (uint32_t i = 0; i < m->n_taken; i++) {
		struct taken *t = &m->taken[i];

		if (t->word == d->word.number && may_begin)
			undo_map(m, t, agenda);
		waits |= t->word == d->word.number;
	}
	return !waits;
}

bool detach_undo(struct model *m, struct detach *d, struct agenda *agenda)
{
	bool paths = undo_paths(m, d, agenda);

	return undo_maps(m, d, paths, agenda) && paths;
}
