/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/removal.h"

#include <errno.h>

#include "base/text.h"
#include "judge/may_detach.h"
#include "judge/may_go.h"
#include "judge/pace.h"
#include "plan/deeds.h"
#include "plan/facts.h"

/* ---- conditions ------------------------------------------------------------------------------ */

/* Does somebody want p to be removed? If not, *ret_why says which word is missing. */
static bool is_wanted(const struct path *p, enum reason *ret_why)
{
	if (!p->askable) { /* nobody can prove any more that it is gone */
		*ret_why = BECAUSE_NOT_ASKED;
		return false;
	}
	if (p->detach)
		return true;
	if (p->marked_by_word && !p->gone_count && !p->fence.fenced) {
		*ret_why = BECAUSE_DETACHED; /* it was wanted, and is not any more */
		return false;
	}
	if (p->fence.fenced) {
		*ret_why = BECAUSE_FENCED;
		return p->request ? p->lets_fenced_go
				  : p->settings.identity_fence == IDENTITY_FENCE_REMOVE;
	}
	if (p->request || p->found_gone)
		return true;
	if (!p->settings.purge_disconnected) {
		*ret_why = BECAUSE_OFF;
		return false;
	}
	if (p->map < 0 && !p->was_in_map && !p->settings.purge_single_path) {
		*ret_why = BECAUSE_SINGLE_PATH;
		return false;
	}
	return true;
}

static uint32_t checks_needed(const struct path *p)
{
	uint32_t n = p->settings.purge_checks;

	return p->gone == GONE_QUALIFIER && n < 2 ? 2 : n;
}

/* Its end is an observation; until then nothing is asked for in vain. */
static bool host_is_stuck(struct model *m, const struct path *p)
{
	const struct host *host = model_host(m, p->device.address.host);

	return host && host->stuck;
}

/* A fenced device is not asked: what counts of it is that it is closed. */
static enum reason waits_fenced(struct model *m, struct path *p)
{
	if (p->fence.stage != FENCE_FENCED || p->device.state != DEVICE_OFFLINE)
		return BECAUSE_UNDONE;
	return host_is_stuck(m, p) ? BECAUSE_HOST : BECAUSE_NOTHING;
}

static enum reason waits_for_limit(const struct path *p)
{
	return p->held_back && !p->released && !p->request ? BECAUSE_LIMIT : BECAUSE_NOTHING;
}

/* What a marked path still waits for; BECAUSE_NOTHING: it can be verified. */
static enum reason marked_waits(struct model *m, struct path *p, struct agenda *agenda)
{
	instant up = model_up_since(m, p), when;
	enum reason why;

	if (!instant_reached(m->now, p->retry_at)) {
		agenda_wake_at(agenda, p->retry_at);
		return p->purge_why == BECAUSE_HOST || p->purge_why == BECAUSE_MAP_BUSY
			       ? p->purge_why
			       : BECAUSE_BACKOFF;
	}
	if (p->detach)
		return host_is_stuck(m, p) ? BECAUSE_HOST : BECAUSE_NOTHING;
	if (p->fence.fenced) {
		why = waits_fenced(m, p);
		return why == BECAUSE_NOTHING ? waits_for_limit(p) : why;
	}
	if (!instant_is_set(up) || p->device.state != DEVICE_RUNNING)
		return BECAUSE_TRANSPORT;
	if (host_is_stuck(m, p))
		return BECAUSE_HOST;
	if (p->gone_count < checks_needed(p))
		return BECAUSE_CHECKING;
	when = instant_add_ms(up, p->settings.purge_grace_s * 1000ull);
	if (!instant_reached(m->now, when)) {
		agenda_wake_at(agenda, when);
		return BECAUSE_GRACE;
	}
	when = instant_add_ms(p->marked_at, p->settings.purge_delay_s * 1000ull);
	if (!instant_reached(m->now, when)) {
		agenda_wake_at(agenda, when);
		return BECAUSE_DELAY;
	}
	return waits_for_limit(p);
}

/* ---- deeds ----------------------------------------------------------------------------------- */

/* Back to marked, for longer each time. */
static void back_off(struct model *m, struct path *p, enum reason why)
{
	p->failed_why = why;
	p->failed_stage = STAGE_NONE;
	p->failed_result = 0;
	p->retry_at = instant_add_ms(m->now, pace_backoff_ms(++p->failures));
	model_purge_enter(m, p, PURGE_MARKED, why);
}

/* The same, because of what a deed came to. */
static void back_off_after(
	struct model *m, struct path *p, enum reason why, const struct observation *done)
{
	struct change *told;

	back_off(m, p, why);
	p->failed_stage = done->done.stage;
	p->failed_result = done->result;
	told = m->n_changes ? &m->changes[m->n_changes - 1] : NULL;
	if (!told || told->kind != CHANGE_PURGE || !path_id_equal(told->path, p->id))
		return;
	told->result = done->result;
	told->stage = done->done.stage;
}

static void tell_map(struct model *m, struct path *p, enum action_kind kind, enum reason why,
	struct agenda *agenda)
{
	struct map *map = model_map(m, p);
	instant late;

	if (deeds_tell_map(m, p, kind, agenda)) {
		p->touched |= p->detach && kind != ACT_REMOVE_MAP;
		model_purge_enter(m, p, PURGE_UNMAPPING, why);
		return;
	}
	if (!map || !map->deed.action)
		return;
	late = instant_add_ms(map->deed.at, DEEDS_MAP_MS);
	p->purge_why = BECAUSE_MAP_BUSY; /* its end is an observation */
	if (instant_reached(m->now, late))
		back_off(m, p, BECAUSE_MAP_BUSY);
	else
		agenda_wake_at(agenda, late);
}

static void send_hand(struct model *m, struct path *p, struct agenda *agenda)
{
	struct host *host = model_host(m, p->device.address.host);
	struct action *a;

	if (!host || p->watch != WATCH_YES)
		return;
	if (host->deed) {
		p->purge_why = BECAUSE_HOST; /* its end is an observation, and asked again then */
		return;
	}
	a = deeds_send_hand(m, p, ACT_DELETE, agenda);
	if (!a)
		return;
	a->del.host = p->device.address.host;
	a->del.deadline_ms = DEEDS_HAND_MS;
	a->del.claim = p->map < 0;
	a->del.by_qualifier = p->gone == GONE_QUALIFIER;
	a->del.fenced = p->fence.fenced;
	a->del.detached = p->detach;
	a->del.devt = p->device.devt;
	host->deed = a->id;
	host->deed_path = p->id;
	host->deed_at = m->now;
	TEXT_SET(host->dev, p->device.dev);
	lun_add_death(m, p);
	model_purge_enter(m, p, PURGE_DELETING, BECAUSE_VERIFIED);
}

static bool is_only_reported(const struct path *p)
{
	if (p->detach)
		return p->detach_looks;
	return p->dry_run || (!p->request && p->settings.purge_action == PURGE_ACTION_REPORT);
}

/* What is kept out is to be gone soon. */
static uint64_t until_looked_again_ms(const struct model *m, const struct path *p)
{
	const struct detach *d = model_detach(m, p->detach);

	return d && d->keeps_out ? REMOVAL_UDEV_SOON_MS : REMOVAL_UDEV_MS;
}

static void hold(struct model *m, struct path *p, enum reason why)
{
	if (why == BECAUSE_UDEV && !instant_is_set(p->udev_seen_at))
		p->udev_seen_at = m->now;
	if (why != BECAUSE_UDEV && why != BECAUSE_HOLDERS)
		p->udev_seen_at = INSTANT_NEVER;
	p->unseen = why == BECAUSE_HOLDERS_UNKNOWN ? p->unseen + 1 : 0;
	model_purge_enter(m, p, PURGE_HELD, why);
	p->retry_at = instant_add_ms(
		m->now, may_go_soon(p) ? until_looked_again_ms(m, p) : REMOVAL_HELD_MS);
}

/* Their end is an observation; until then the facts are kept fresh. */
static void wait_for_others(struct model *m, struct path *p, struct agenda *agenda)
{
	p->purge_why = BECAUSE_OTHERS_FIRST;
	agenda_wake_at(agenda, instant_add_ms(m->now, 1000));
}

/* All facts are fresh: one question, one answer, one step. */
static void decide(struct model *m, struct path *p, struct agenda *agenda)
{
	enum reason why = p->detach ? may_detach(m, p) : may_go(m, p);

	if (is_only_reported(p) && may_detach_is_deed(why)) {
		hold(m, p, BECAUSE_WOULD_REMOVE);
		return;
	}
	switch ((int)why) {
	case BECAUSE_NOTHING: send_hand(m, p, agenda); return;
	case BECAUSE_FAIL_FIRST: tell_map(m, p, ACT_FAIL_PATH, why, agenda); return;
	case BECAUSE_MAP_FIRST: tell_map(m, p, ACT_REMOVE_MAP, why, agenda); return;
	case BECAUSE_TAKE_FIRST: tell_map(m, p, ACT_TAKE_PATH, why, agenda); return;
	case BECAUSE_OTHERS_FIRST: wait_for_others(m, p, agenda); return;
	case BECAUSE_LIMIT:
		p->held_back = true;
		model_purge_enter(m, p, PURGE_MARKED, why);
		return;
	}
	hold(m, p, why);
}

/* ---- rungs ----------------------------------------------------------------------------------- */

static enum reason why_gone(const struct path *p)
{
	if (p->detach)
		return BECAUSE_DETACHED;
	return p->fence.fenced ? BECAUSE_FENCED : BECAUSE_DISCONNECTED;
}

static void step_no(struct model *m, struct path *p, struct agenda *agenda)
{
	enum reason why;

	(void)agenda;
	if (!p->gone_count && !p->fence.fenced && !p->detach)
		return;
	if (!is_wanted(p, &why)) {
		p->purge_why = why;
		return;
	}
	p->marked_at = m->now;
	p->was_in_map = p->map >= 0;
	p->marked_by_word = p->detach && !p->gone_count;
	model_purge_enter(m, p, PURGE_MARKED, why_gone(p));
}

static void step_marked(struct model *m, struct path *p, struct agenda *agenda)
{
	enum reason why = BECAUSE_OFF;

	if (!is_wanted(p, &why)) {
		model_purge_enter(m, p, PURGE_NO, why);
		return;
	}
	if (p->map >= 0)
		p->was_in_map = true;
	why = marked_waits(m, p, agenda);
	if (why == BECAUSE_NOTHING)
		model_purge_enter(m, p, PURGE_VERIFYING, why_gone(p));
	else
		model_purge_enter(m, p, PURGE_MARKED, why);
}

static void step_verifying(struct model *m, struct path *p, struct agenda *agenda)
{
	enum reason why = BECAUSE_OFF;

	if (!is_wanted(p, &why)) {
		model_purge_enter(m, p, PURGE_NO, why);
		return;
	}
	why = marked_waits(m, p, agenda);
	if (why != BECAUSE_NOTHING) { /* the way went down, graces began anew, marks were lost */
		model_purge_enter(m, p, PURGE_MARKED, why);
		return;
	}
	if (facts_are_fresh(m, p, agenda))
		decide(m, p, agenda);
	else
		agenda_wake_at(agenda, instant_add_ms(m->now, 1000));
}

static void step_unmapping(struct model *m, struct path *p, struct agenda *agenda)
{
	instant deadline = instant_add_ms(p->deed.at, DEEDS_MAP_MS);

	if (p->deed.action && !instant_reached(m->now, deadline)) {
		agenda_wake_at(agenda, deadline);
		return;
	}
	if (p->deed.action) {
		p->deed.action = 0; /* the map remembers that its hand is out */
		back_off(m, p, BECAUSE_MAP_BUSY);
	}
}

/* The write returned, and the kernel's last remove event has not come: look oneself. */
static void step_after_write(struct model *m, struct path *p, struct agenda *agenda)
{
	struct action *a;

	if (p->look_after_deed)
		return;
	if (p->present_after_deed && p->device.state != DEVICE_GOING) {
		m->counters.failed++;
		lun_take_back_death(m, p);
		back_off(m, p, BECAUSE_FAILED);
		return;
	}
	if ((p->present_after_deed || p->look_failed) && !instant_reached(m->now, p->look_again)) {
		agenda_wake_at(agenda, p->look_again);
		return;
	}
	a = agenda_add(agenda, ACT_LOOK);
	if (!a)
		return;
	a->id = p->look_after_deed = ++m->next_action;
	p->look_again = instant_add_ms(m->now, 1000);
	p->look_failed = false;
	TEXT_SET(a->look.sysfs, p->device.sysfs);
}

static void step_deleting(struct model *m, struct path *p, struct agenda *agenda)
{
	instant deadline = instant_add_ms(p->deed.at, DEEDS_HAND_MS);
	struct host *host = model_host(m, p->device.address.host);

	if (p->deed_ended) {
		step_after_write(m, p, agenda);
		return;
	}
	if (p->purge == PURGE_STUCK)
		return;
	if (!instant_reached(m->now, deadline)) {
		agenda_wake_at(agenda, deadline);
		return;
	}
	if (host)
		host->stuck = true;
	model_purge_enter(m, p, PURGE_STUCK, BECAUSE_STUCK);
}

static void step_held(struct model *m, struct path *p, struct agenda *agenda)
{
	enum reason why = BECAUSE_OFF;

	if (!is_wanted(p, &why)) {
		model_purge_enter(m, p, PURGE_NO, why);
		return;
	}
	if (!instant_reached(m->now, p->retry_at)) {
		agenda_wake_at(agenda, p->retry_at);
		return;
	}
	p->looks_again = true;
	model_purge_enter(m, p, PURGE_MARKED, p->purge_why);
}

static void (*const steps[PURGE_STAGES])(struct model *, struct path *, struct agenda *) = {
	[PURGE_NO] = step_no,
	[PURGE_MARKED] = step_marked,
	[PURGE_VERIFYING] = step_verifying,
	[PURGE_UNMAPPING] = step_unmapping,
	[PURGE_DELETING] = step_deleting,
	[PURGE_STUCK] = step_deleting,
	[PURGE_HELD] = step_held,
};

void removal_step(struct model *m, struct path *p, struct agenda *agenda)
{
	if (fence_is_moving(&p->fence))
		return; /* its end is an observation */
	/* every step leads to a rung that was not just left: NO, MARKED, VERIFYING, decision */
	for (int i = 0; i < PURGE_STAGES; i++) {
		enum purge_stage before = p->purge;

		steps[before](m, p, agenda);
		if (p->purge == before)
			return;
	}
}

/* ---- ends ------------------------------------------------------------------------------------ */

/* The kernel says that it is in use: may_go() holds it, by name when it finds one. */
static void claim_refused(struct model *m, struct path *p)
{
	p->claim_refused_at = m->now;
	p->claims_refused++;
	model_purge_enter(m, p, PURGE_MARKED, BECAUSE_CLAIMED);
}

/* In which of its conditions a hand failed, and what that says. Unless it may have written, nothing
 * died by it. */
static void delete_failed(struct model *m, struct path *p, const struct observation *done)
{
	enum hand_stage stage = (enum hand_stage)done->done.stage;

	switch (stage) {
	case STAGE_ASK:
		lun_take_back_death(m, p);
		if (deeds_found_alive(&done->done)) {
			path_forget_gone(p);
			model_purge_enter(m, p, PURGE_NO, BECAUSE_ANSWERS);
		} else {
			back_off_after(m, p, BECAUSE_NOT_CONFIRMED, done);
		}
		return;
	case STAGE_CLAIM:
		lun_take_back_death(m, p);
		claim_refused(m, p);
		return;
	case STAGE_LOCK:
		lun_take_back_death(m, p);
		back_off_after(m, p, BECAUSE_HOST, done);
		return;
	case STAGE_STATE:
	case STAGE_TRANSPORT:
		lun_take_back_death(m, p);
		back_off_after(m, p, p->fence.fenced ? BECAUSE_UNDONE : BECAUSE_TRANSPORT, done);
		return;
	case STAGE_NONE: /* also: it was lost, and nobody knows */
	case STAGE_DAEMON:
	case STAGE_WRITE:
	case STAGE_N: break;
	}
	lun_keep_death(m, p);
	m->counters.failed++;
	back_off_after(m, p, BECAUSE_FAILED, done);
}

static void unmapping_ended(struct model *m, struct path *p, const struct observation *done)
{
	bool takes = p->purge_why == BECAUSE_TAKE_FIRST || p->purge_why == BECAUSE_FAIL_FIRST;

	p->deed_ended = false;
	p->taken |= p->touched && takes && done->result >= 0;
	if (p->purge_why == BECAUSE_MAP_FIRST && done->result == -EBUSY)
		deeds_touch_map(m, p, false);
	if (done->result == -EBUSY && p->purge_why == BECAUSE_MAP_FIRST)
		claim_refused(m, p);
	else if (done->result < 0)
		back_off_after(m, p, BECAUSE_FAILED, done);
	else if (p->map_tells++ && !p->detach) /* it was told before, and somebody took it back */
		back_off(m, p, BECAUSE_MOVED);
	else
		model_purge_enter(m, p, PURGE_MARKED, BECAUSE_MOVED); /* verify again */
}

void removal_deed_ended(struct model *m, struct path *p, const struct observation *done)
{
	switch (p->purge) {
	case PURGE_UNMAPPING: unmapping_ended(m, p, done); return;
	case PURGE_DELETING:
	case PURGE_STUCK:
		if (done->result == -ENODEV) { /* another hand was faster */
			lun_take_back_death(m, p);
			p->gone_by_other = true;
		}
		if (done->result == 0 || done->result == -ENODEV)
			return; /* stays on its rung until it is gone; step_deleting() looks */
		p->deed_ended = false;
		delete_failed(m, p, done);
		return;
	case PURGE_NO:
	case PURGE_MARKED:
	case PURGE_VERIFYING:
	case PURGE_HELD:
	case PURGE_STAGES: p->deed_ended = false;
	}
}
