/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/fence.h"

#include "base/text.h"
#include "judge/may_fence.h"
#include "judge/pace.h"
#include "plan/deeds.h"
#include "plan/facts.h"

/* ---- deeds ----------------------------------------------------------------------------------- */

static void back_off(struct model *m, struct path *p)
{
	uint64_t wait_ms = pace_backoff_ms(++p->fence.failures);

	p->fence.retry_at = instant_add_ms(
		m->now, wait_ms < FENCE_LATE_MS ? wait_ms : FENCE_LATE_MS);
}

/* The kernel lets itself be told so only in these states; in all others there is no I/O. */
static bool can_be_set_offline(const struct path *p)
{
	return p->device.state == DEVICE_RUNNING || p->device.state == DEVICE_OFFLINE;
}

static void set_offline(struct model *m, struct path *p, struct agenda *agenda)
{
	struct action *a = p->watch == WATCH_YES ? deeds_send_hand(m, p, ACT_FENCE, agenda) : NULL;

	if (!a)
		return;
	a->fence.host = p->device.address.host;
	a->fence.deadline_ms = DEEDS_HAND_MS;
	a->fence.ino = p->device.ino;
	TEXT_SET(a->fence.sysfs, p->device.sysfs);
	TEXT_SET(a->fence.found, p->identity.live);
	model_fence_enter(m, p, FENCE_OFFLINING, p->fence.why);
}

/* Failing the path first spares the map an error; a map that cannot be told does not keep the
 * device from being closed. */
static void begin(struct model *m, struct path *p, enum reason why, struct agenda *agenda)
{
	p->fence.why = why;
	if (p->map >= 0 && p->in_map_active && deeds_tell_map(m, p, ACT_FAIL_PATH, agenda))
		model_fence_enter(m, p, FENCE_FAILING, why);
	else
		set_offline(m, p, agenda);
}

/* It may have been long ago, and the path away since: read again. What is away does no harm. */
static bool is_fresh(const struct model *m, struct path *p, struct agenda *agenda)
{
	instant again = instant_add_ms(m->now, PACE_CONFIRM_MS);

	if (p->fence.fenced || instant_ms_between(p->identity.changed_at, m->now) <= FACTS_FRESH_MS)
		return true;
	if (p->check.action || p->watch != WATCH_YES)
		return false; /* an observation brings us back */
	p->check_due = instant_earlier(p->check_due, again);
	agenda_wake_at(agenda, instant_before(m->now, p->check_due) ? p->check_due : again);
	return false;
}

/* ---- rungs ----------------------------------------------------------------------------------- */

static void step_changed(struct model *m, struct path *p, struct agenda *agenda)
{
	enum reason why;

	if (!instant_reached(m->now, p->fence.retry_at) && !p->fence.released) {
		agenda_wake_at(agenda, p->fence.retry_at);
		return;
	}
	why = p->fence.fenced ? BECAUSE_NOTHING : may_fence(m, p);
	if (why == BECAUSE_CHECKING)
		agenda_wake_at(agenda, instant_add_ms(p->fence.since, MAY_FENCE_PATIENCE_MS));
	if (why == BECAUSE_NOTHING && !can_be_set_offline(p))
		why = BECAUSE_TRANSPORT;
	if (why == BECAUSE_NOTHING && !is_fresh(m, p, agenda))
		why = BECAUSE_CHECKING;
	if (why == BECAUSE_FENCE_LIMIT)
		p->fence.held = true;
	if (why == BECAUSE_FENCE_LIMIT || why == BECAUSE_ALL_CHANGED || why == BECAUSE_REPORTED)
		p->fence.retry_at = instant_add_ms(m->now, FENCE_HELD_MS);
	if (why == BECAUSE_NOTHING)
		begin(m, p, BECAUSE_IDENTITY_CHANGED, agenda);
	else
		model_fence_enter(m, p, FENCE_CHANGED, why);
}

static void step_failing(struct model *m, struct path *p, struct agenda *agenda)
{
	instant deadline = instant_add_ms(p->deed.at, DEEDS_MAP_MS);

	if (p->deed.action && !instant_reached(m->now, deadline)) {
		agenda_wake_at(agenda, deadline);
		return;
	}
	p->deed.action = 0; /* the map remembers that its hand is out */
	if (!p->fence.fenced && may_fence(m, p) == BECAUSE_REPORTED) /* another word meanwhile */
		model_fence_enter(m, p, FENCE_CHANGED, BECAUSE_REPORTED);
	else
		set_offline(m, p, agenda);
}

/* Session recovery sets devices running, and an owner reinstates paths. */
static void step_fenced(struct model *m, struct path *p, struct agenda *agenda)
{
	bool runs = p->device.state == DEVICE_RUNNING;

	if (!runs && !(p->map >= 0 && p->in_map_active))
		return;
	if (!instant_reached(m->now, p->fence.retry_at)) {
		agenda_wake_at(agenda, p->fence.retry_at);
		return;
	}
	back_off(m, p);
	begin(m, p, BECAUSE_UNDONE, agenda);
}

void fence_step(struct model *m, struct path *p, struct agenda *agenda)
{
	/* a removal is under way: its end is an observation */
	if (p->purge == PURGE_UNMAPPING || p->purge == PURGE_DELETING || p->purge == PURGE_STUCK ||
		p->device.state == DEVICE_GOING)
		return;
	switch (p->fence.stage) {
	case FENCE_NO:
	case FENCE_SUSPECTED: /* read again by the next check */
	case FENCE_OFFLINING: /* its end is an observation */
	case FENCE_STAGES: return;
	case FENCE_CHANGED: step_changed(m, p, agenda); return;
	case FENCE_FAILING: step_failing(m, p, agenda); return;
	case FENCE_FENCED: step_fenced(m, p, agenda); return;
	}
}

/* ---- ends ------------------------------------------------------------------------------------ */

static void offline_now(struct model *m, struct path *p)
{
	model_set_fenced(m, p);
	p->fence.retry_at = instant_add_ms(m->now, FENCE_FIRST_MS);
	p->device.state = DEVICE_OFFLINE;
	p->check_due = m->now;
	path_forget_gone(p);
	if (p->purge == PURGE_MARKED || p->purge == PURGE_VERIFYING || p->purge == PURGE_HELD)
		model_purge_enter(m, p, PURGE_NO, BECAUSE_FENCED);
	model_fence_enter(m, p, FENCE_FENCED, BECAUSE_IDENTITY_CHANGED);
	model_state_enter(m, p, PATH_FENCED, BECAUSE_IDENTITY_CHANGED);
}

void fence_deed_ended(struct model *m, struct path *p, const struct observation *done)
{
	p->deed_ended = false;
	if (p->fence.stage == FENCE_FAILING)
		return; /* whatever became of it: the next step goes on */
	p->fence.failed_result = done->result;
	if (done->result == 0) {
		offline_now(m, p);
		return;
	}
	back_off(m, p);
	model_fence_enter(m, p, FENCE_CHANGED, BECAUSE_FAILED);
}
