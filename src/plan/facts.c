/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/facts.h"

#include "base/text.h"
#include "judge/identity.h"
#include "judge/may_detach.h"
#include "plan/gaps.h"

/* Something of p's target is kept out until the target does not list it any more. */
static void seek(struct model *m, const struct path *p, struct action *a)
{
	struct gap *g = a->check.only_look ? NULL : gaps_to_seek(m, p);

	if (!g)
		return;
	g->seek = a->id;
	a->check.seek = true;
	a->check.lun = g->is.address.lun;
}

void facts_ask_check(struct model *m, struct path *p, bool inquiry, struct agenda *agenda)
{
	struct action *a;

	if (p->watch != WATCH_YES || p->deed.action || !agenda_may_ask(agenda, &p->check, m->now))
		return;
	if (model_nexus(m, p)->n_out >= FACTS_OUT_PER_TARGET)
		return; /* an answer of this target brings us back */
	a = agenda_add(agenda, ACT_CHECK);
	if (!a)
		return;
	a->id = model_ask(m, &p->check, m->now);
	a->path = p->id;
	a->check.host = p->device.address.host;
	a->check.only_look = p->fence.fenced;
	a->check.ask_inquiry = inquiry && !p->fence.fenced;
	a->check.ask_identity = identity_is_due(m, p) && !p->fence.fenced;
	p->identity.asked = a->check.ask_identity;
	seek(m, p, a);
	p->check_wants_inquiry = false;
	model_nexus(m, p)->n_out++;
}

void facts_ask_holders(
	struct model *m, const struct path *p, struct question *q, struct agenda *agenda)
{
	struct map *map = model_map(m, p);
	struct action *a;

	if (!agenda_may_ask(agenda, q, m->now))
		return;
	a = agenda_add(agenda, ACT_FIND_HOLDERS);
	if (!a)
		return;
	a->id = model_ask(m, q, m->now);
	a->path = p->id;
	a->holders.devt = p->device.devt;
	if (map)
		a->holders.map = map->kernel.devt;
	TEXT_SET(a->holders.dev, p->device.dev);
	a->holders.deadline_ms = p->unseen ? 2 * FACTS_FRESH_MS : FACTS_FRESH_MS;
}

static void ask_maps(struct model *m, struct agenda *agenda)
{
	struct action *a;

	if (!agenda_may_ask(agenda, &m->maps_asked, m->now))
		return;
	a = agenda_add(agenda, ACT_READ_MAPS);
	if (a)
		a->id = model_ask(m, &m->maps_asked, m->now);
}

static bool is_recent(const struct model *m, instant at)
{
	return instant_ms_between(at, m->now) <= FACTS_FRESH_MS;
}

/* An answer that says nothing of the logical unit (busy, attention) is followed at the pace that it
 * asked for, not at once. */
static void ask_evidence(struct model *m, struct path *p, struct agenda *agenda)
{
	if (p->answer_seq <= p->verify_seq || !is_recent(m, p->answered_at) ||
		instant_reached(m->now, p->check_due))
		facts_ask_check(m, p, true, agenda);
	else
		agenda_wake_at(agenda, p->check_due);
}

/* An operator's word takes p out of a map that stays: is it known, now, that it is carried on? One
 * that does not answer is known when its check is given up. */
static bool neighbours_are_known(struct model *m, const struct path *p, struct agenda *agenda)
{
	struct path *other;
	bool known = true;

	for_each_path (m, other) {
		if (!may_detach_stays(m, p, other))
			continue;
		if (other->answer_seq > p->verify_seq)
			return true;
		facts_ask_check(m, other, false, agenda);
		known = false;
	}
	return known;
}

bool facts_are_fresh(struct model *m, struct path *p, struct agenda *agenda)
{
	bool fresh = true;

	if (p->detach)
		fresh = neighbours_are_known(m, p, agenda);
	else if (!p->fence.fenced && (p->gone_seq <= p->verify_seq || !is_recent(m, p->gone_at))) {
		ask_evidence(m, p, agenda);
		fresh = false;
	}
	if (p->holders_seq <= p->verify_seq || !is_recent(m, p->holders_at)) {
		facts_ask_holders(m, p, &p->holders_asked, agenda);
		fresh = false;
	}
	if (m->maps_seq <= p->verify_seq || !is_recent(m, m->maps_at)) {
		ask_maps(m, agenda);
		fresh = false;
	}
	return fresh && m->owner_known && !p->check.action;
}
