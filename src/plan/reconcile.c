/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/reconcile.h"

#include "base/text.h"
#include "judge/pace.h"
#include "judge/path_judge.h"
#include "plan/clean.h"
#include "plan/detach.h"
#include "plan/detach_word.h"
#include "plan/facts.h"
#include "plan/fence.h"
#include "plan/gaps.h"
#include "plan/removal.h"
#include "plan/requests.h"
#include "plan/scans.h"

/* ---- the whole world ------------------------------------------------------------------------- */

/* Is it time to ask q again? Wakes for the next time when not. */
static bool is_due(const struct model *m, const struct question *q, bool at_once, uint64_t every_ms,
	struct agenda *agenda)
{
	instant next = instant_add_ms(q->at, every_ms);

	if (!agenda_may_ask(agenda, q, m->now))
		return false;
	if (!q->answered || at_once || instant_reached(m->now, next))
		return true;
	agenda_wake_at(agenda, next);
	return false;
}

/* False: there is no memory for it, and it is still to be asked. */
static bool ask_world(
	struct model *m, enum action_kind kind, struct question *q, struct agenda *agenda)
{
	struct action *a = agenda_add(agenda, kind);

	if (a)
		a->id = model_ask(m, q, m->now);
	return a;
}

static void step_world(struct model *m, struct agenda *agenda)
{
	if (is_due(m, &m->devices_asked, m->devices_lost, RECONCILE_DEVICES_MS, agenda) &&
		ask_world(m, ACT_READ_DEVICES, &m->devices_asked, agenda))
		m->devices_lost = false;
	if (is_due(m, &m->maps_asked, m->maps_lost, RECONCILE_DEVICES_MS, agenda) &&
		ask_world(m, ACT_READ_MAPS, &m->maps_asked, agenda))
		m->maps_lost = false;
	if (is_due(m, &m->owner_asked, false, RECONCILE_OWNER_MS, agenda))
		ask_world(m, ACT_ASK_OWNER, &m->owner_asked, agenda);
	for (uint32_t i = 0; i < m->n_looks; i++) {
		struct action *a = agenda_add(agenda, ACT_LOOK);

		if (!a) {
			m->devices_lost = true;
			break;
		}
		a->id = ++m->next_action;
		TEXT_SET(a->look.sysfs, m->looks[i].sysfs);
	}
	m->n_looks = 0;
}

/* ---- nexuses --------------------------------------------------------------------------------- */

/* Something happened at the target: is each still there, and still the same? */
static void sweep(struct model *m, uint32_t nexus)
{
	uint64_t wish = model_next_seq(m);
	struct path *p;

	for_each_path (m, p) {
		if (p->nexus != nexus)
			continue;
		p->check_due = m->now;
		p->identity.wish = wish;
		p->check_wants_inquiry |= p->device.address.lun == 0;
	}
}

/* The next path of the nexus behind the one that was asked last. */
static struct path *next_sentinel(struct model *m, uint32_t nexus)
{
	uint32_t from = m->nexuses[nexus].sentinel_slot;

	for (uint32_t i = 1; i <= m->n_slots; i++) {
		struct path *p = m->paths[(from + i) % m->n_slots];

		if (p && p->nexus == nexus && p->watch == WATCH_YES)
			return p;
	}
	return NULL;
}

static void step_nexus(struct model *m, uint32_t i, struct agenda *agenda)
{
	struct nexus *n = &m->nexuses[i];
	instant next;

	if (n->sweep) {
		next = instant_add_ms(n->swept_at, RECONCILE_SECOND_MS);
		if (!instant_is_set(n->swept_at) || instant_reached(m->now, next)) {
			n->sweep = false;
			n->swept_at = m->now;
			sweep(m, i);
		} else {
			agenda_wake_at(agenda, next);
		}
	}
	if (n->n_paths < 2) /* nobody would hear of a neighbour's attention */
		return;
	next = instant_add_ms(n->sentinel_at, RECONCILE_SECOND_MS);
	if (instant_reached(m->now, next)) {
		struct path *p = next_sentinel(m, i);

		n->sentinel_at = m->now;
		if (p) {
			n->sentinel_slot = p->id.slot;
			if (!p->check.action)
				p->check_due = m->now;
		}
		next = instant_add_ms(m->now, RECONCILE_SECOND_MS);
	}
	agenda_wake_at(agenda, next);
}

/* ---- paths ----------------------------------------------------------------------------------- */

static void not_asked(struct model *m, struct path *p, enum reason why)
{
	if (p->fence.fenced) /* it is, whoever asks it */
		return;
	p->checker = CHECKER_UNCHECKED;
	p->has_sense = false;
	model_state_enter(m, p, PATH_UNCHECKED, why);
}

/* The keeper closes its handles; what it was asked is not answered any more. */
static void unwatch(struct model *m, struct path *p, struct agenda *agenda)
{
	struct action *a;

	if (p->watch != WATCH_YES)
		return;
	a = agenda_add(agenda, ACT_FORGET);
	if (!a)
		return;
	a->path = p->id;
	p->watch = WATCH_NO;
	model_drop_check(m, p);
}

static void step_watch(struct model *m, struct path *p, struct agenda *agenda)
{
	struct action *a;

	if (!p->askable) {
		unwatch(m, p, agenda);
		not_asked(m, p, BECAUSE_NOT_ASKED);
		return;
	}
	if (p->watch == WATCH_FAILED && p->device.state != DEVICE_GOING)
		not_asked(m, p, BECAUSE_UNREACHABLE);
	if (p->watch == WATCH_YES || p->watch == WATCH_ASKED)
		return;
	if (!instant_reached(m->now, p->cleaned ? p->check_due : p->watch_again)) {
		agenda_wake_at(agenda, p->cleaned ? p->check_due : p->watch_again);
		return;
	}
	a = agenda_add(agenda, ACT_WATCH);
	if (!a)
		return;
	p->watch_again = instant_add_ms(m->now, RECONCILE_SECOND_MS);
	a->id = p->watch_action = ++m->next_action;
	a->path = p->id;
	TEXT_SET(a->watch.sysfs, p->device.sysfs);
	a->watch.ino = p->device.ino;
	a->watch.host = p->device.address.host;
	a->watch.devt = p->device.devt;
	a->watch.sg = p->device.sg;
	p->watch = WATCH_ASKED;
	p->giving_back = 0;
	if (!p->cleaned) /* or it is due now */
		p->check_due = pace_first(p, m->now);
	p->cleaned = false;
}

/* A check past checker_timeout is a time-out, stays in flight, and nothing queues behind it. */
static void step_silence(struct model *m, struct path *p, struct agenda *agenda)
{
	uint32_t timeout_s = p->settings.checker_timeout_s ? p->settings.checker_timeout_s : 30;
	instant deadline = instant_add_ms(p->check.at, timeout_s * 1000ull);
	struct verdict v;

	if (p->timed_out)
		return;
	if (!instant_reached(m->now, deadline)) {
		agenda_wake_at(agenda, deadline);
		return;
	}
	p->timed_out = true;
	p->identity.lapsed = true;
	v = path_judge_silence(p);
	verdict_apply(m, p, &v);
}

static void step_check(struct model *m, struct path *p, struct agenda *agenda)
{
	bool inquiry;

	if (p->check.action) {
		step_silence(m, p, agenda);
		return;
	}
	if (p->watch != WATCH_YES)
		return;
	if (!instant_reached(m->now, p->check_due)) {
		agenda_wake_at(agenda, p->check_due);
		return;
	}
	inquiry = p->device.address.lun == 0 || p->gone_count || p->check_wants_inquiry;
	facts_ask_check(m, p, inquiry, agenda);
}

/* The kernel's last word on a device comes before its directory goes, and the directory may stay
 * for long: looked at until it is gone. After a deed of ours removal_step() does that. */
static void step_going(struct model *m, struct path *p, struct agenda *agenda)
{
	struct action *a;

	if (p->device.state != DEVICE_GOING || p->deed_ended)
		return;
	if (!instant_reached(m->now, p->look_again)) {
		agenda_wake_at(agenda, p->look_again);
		return;
	}
	a = agenda_add(agenda, ACT_LOOK);
	if (!a)
		return;
	a->id = ++m->next_action;
	TEXT_SET(a->look.sysfs, p->device.sysfs);
	p->look_again = instant_add_ms(m->now, RECONCILE_SECOND_MS);
	agenda_wake_at(agenda, p->look_again);
}

void reconcile(struct model *m, struct agenda *agenda)
{
	struct path *p;

	step_world(m, agenda);
	for (uint32_t i = 0; i < m->n_nexuses; i++)
		step_nexus(m, i, agenda);
	detaches_assign(m);
	gaps_step(m, agenda);
	detaches_assign(m); /* what came back leaves, or is let in from now on */
	for_each_path (m, p) {
		step_watch(m, p, agenda);
		step_check(m, p, agenda);
		step_going(m, p, agenda);
		fence_step(m, p, agenda);
		removal_step(m, p, agenda);
	}
	detaches_step(m, agenda);
	scans_step(m, agenda);
	requests_step(m, agenda);
	clean_step_cache(m, agenda);
}
