/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/gaps.h"

#include <string.h>

#include "base/text.h"
#include "judge/pace.h"
#include "plan/detach_word.h"

/* ---- beginning ------------------------------------------------------------------------------- */

static uint64_t youngest(const struct model *m)
{
	uint64_t ino = 0;
	struct path *p;

	for_each_path (m, p)
		if (p->device.ino > ino)
			ino = p->device.ino;
	return ino;
}

static struct gap *begin(
	struct model *m, const struct path *p, bool everywhere, const char *requester)
{
	struct obs_gap is = {
		.address = p->device.address,
		.ino = p->device.ino,
		.youngest = youngest(m),
		.everywhere = everywhere && p->device.wwid[0],
		.since = m->now,
		.until = instant_add_ms(m->now, m->defaults.detach_hold_s * 1000ull),
	};
	struct gap *g;

	TEXT_SET(is.wwid, p->device.wwid);
	TEXT_SET(is.requester, requester);
	g = gaps_add(&m->gaps, &is);
	if (!g) {
		m->out_of_memory = m->gaps.n < MAX_GAPS;
		return NULL;
	}
	g->seq = model_next_seq(m);
	g->path = p->id;
	TEXT_SET(g->sysfs, p->device.sysfs);
	model_gap_enter(m, g, GAP_WRITING, BECAUSE_DETACHED);
	return g;
}

/* A record of the same place and name is being taken away: a new one would go with it. */
static bool is_ending(const struct model *m, const struct path *p)
{
	for (uint32_t i = 0; i < m->gaps.n; i++)
		if (m->gaps.rows[i].stage == GAP_ENDING &&
			scsi_address_equal(&m->gaps.rows[i].is.address, &p->device.address) &&
			!strcmp(m->gaps.rows[i].is.wwid, p->device.wwid))
			return true;
	return false;
}

bool gaps_keeps(const struct model *m, const struct path *p)
{
	const struct gap *g = model_gap_begun_with(m, p);

	if (!m->defaults.detach_hold_s || model_gap_of(m, p))
		return true;
	return g ? g->stage == GAP_KEPT : m->gaps.n == MAX_GAPS;
}

bool gaps_keep(struct model *m, const struct path *p, bool everywhere, const char *requester,
	struct agenda *agenda)
{
	if (gaps_keeps(m, p))
		return true;
	if (!is_ending(m, p) &&
		!model_gap_begun_with(m, p)) { /* the end of one is an observation */
		begin(m, p, everywhere, requester);
		agenda_wake_at(agenda, m->now);
	}
	return false;
}

static bool is_same_volume(const struct gap *a, const struct gap *b)
{
	return a == b || (a->is.wwid[0] && !strcmp(a->is.wwid, b->is.wwid));
}

/* ---- records --------------------------------------------------------------------------------- */

static void send_hand(struct model *m, struct gap *g, enum action_kind kind, struct agenda *agenda)
{
	struct action *a;

	if (g->deed)
		return; /* its end is an observation */
	if (!instant_reached(m->now, g->again)) {
		agenda_wake_at(agenda, g->again);
		return;
	}
	a = agenda_add(agenda, kind);
	if (!a)
		return;
	a->id = g->deed = ++m->next_action;
	a->gap.gap = g->is;
	TEXT_SET(a->gap.sysfs, g->sysfs);
}

/* 1: the hand did it, -1: it failed, 0: it is out, or was not. */
static int take_end(struct model *m, struct gap *g)
{
	if (!g->deed_ended)
		return 0;
	g->deed_ended = false;
	if (g->deed_result >= 0)
		return 1;
	g->failures++;
	g->again = instant_add_ms(m->now, GAPS_WRITE_MS);
	return -1;
}

/* One that cannot be written down does not keep the operator waiting: it is kept out all the same,
 * as long as this daemon lives. Behind a device that has left nobody knows what the kernel calls
 * it. */
static void step_writing(struct model *m, struct gap *g, struct agenda *agenda)
{
	int end = take_end(m, g);
	bool is_last = g->failures >= GAPS_WRITE_TRIES || !model_path(m, g->path);

	if (end > 0)
		g->written = true;
	if (end > 0 || (end < 0 && is_last))
		model_gap_enter(m, g, GAP_KEPT, end > 0 ? BECAUSE_DETACHED : BECAUSE_FAILED);
	else
		send_hand(m, g, ACT_KEEP_OUT, agenda);
}

/* A record of a volume has udev keep it out wherever it comes: nobody may look for it before the
 * last of those that end is taken away. */
static bool waits_for_another(const struct model *m, const struct gap *g)
{
	for (uint32_t i = 0; i < m->gaps.n; i++) {
		const struct gap *other = &m->gaps.rows[i];

		if (other->stage == GAP_ENDING && !other->erased && is_same_volume(g, other))
			return true;
	}
	return false;
}

static void step_ending(struct model *m, struct gap *g, struct agenda *agenda)
{
	int end = take_end(m, g);

	if (end < 0)
		g->again = instant_add_ms(m->now, pace_backoff_ms(g->failures));
	if (end > 0) {
		g->erased = true;
		agenda_wake_at(agenda, m->now);
	}
	if (!g->erased)
		send_hand(m, g, ACT_LET_IN, agenda);
	else if (!waits_for_another(m, g))
		model_gap_enter(m, g, GAP_NO, g->why);
}

/* ---- ends ------------------------------------------------------------------------------------ */

static bool is_kept_out(const struct model *m, const struct path *p)
{
	return model_gap_of(m, p);
}

static const struct path *at_place(const struct model *m, const struct gap *g)
{
	struct path *p;

	for_each_path (m, p)
		if (scsi_address_equal(&p->device.address, &g->is.address))
			return p;
	return NULL;
}

/* The number leads to another volume by now. What has no name might be this one. */
static bool leads_elsewhere(const struct gap *g, const struct path *there)
{
	return there && there->appeared_seq > g->seq && there->device.wwid[0] && g->is.wwid[0] &&
	       strcmp(there->device.wwid, g->is.wwid) != 0;
}

/* The word that was to take it away is over. What it did, and what only seems to be there because
 * nobody has looked since, is another matter. */
static bool is_withdrawn(
	struct model *m, struct gap *g, const struct path *begun, struct agenda *agenda)
{
	if (begun->detach || begun->deed.action || begun->device.state == DEVICE_GOING) {
		g->reading = 0;
		return false;
	}
	if (!g->reading) {
		g->reading = model_read_again(m);
		agenda_wake_at(agenda, m->now);
	}
	return m->devices_seq > g->reading;
}

static enum reason why_over(struct model *m, struct gap *g, struct agenda *agenda)
{
	const struct path *begun = model_path(m, g->path), *there = at_place(m, g);

	if (begun)
		return is_withdrawn(m, g, begun, agenda) ? BECAUSE_WITHDRAWN : BECAUSE_NOTHING;
	if (instant_reached(m->now, g->is.until))
		return BECAUSE_TIME;
	agenda_wake_at(agenda, g->is.until);
	if (leads_elsewhere(g, there))
		return BECAUSE_ARRAY;
	if (there) /* it is taken away first */
		return BECAUSE_NOTHING;
	return g->confirmed || g->not_listed >= GAPS_AGREEING ? BECAUSE_ARRAY : BECAUSE_NOTHING;
}

/* What was detached after the word is not meant by it, nor is what ends for another reason. */
static bool is_meant(const struct gap *g, const struct place *place, uint64_t seq)
{
	if (g->stage == GAP_NO || (g->stage == GAP_ENDING && g->why != BECAUSE_RESCAN))
		return false;
	return g->seq <= seq && place_covers(place, &g->is.address);
}

static bool is_released(
	const struct model *m, const struct gap *g, const struct place *place, uint64_t seq)
{
	if (g->stage != GAP_KEPT || g->seq > seq || model_path(m, g->path))
		return false;
	for (uint32_t i = 0; i < m->gaps.n; i++)
		if (is_meant(&m->gaps.rows[i], place, seq) && is_same_volume(g, &m->gaps.rows[i]))
			return true;
	return false;
}

bool gaps_release(struct model *m, const struct place *place, uint64_t seq, struct agenda *agenda)
{
	bool waits = false;

	for (uint32_t i = 0; i < m->gaps.n; i++) {
		struct gap *g = &m->gaps.rows[i];

		if (is_released(m, g, place, seq)) {
			model_gap_enter(m, g, GAP_ENDING, BECAUSE_RESCAN);
			agenda_wake_at(agenda, m->now);
		}
		waits |= g->stage == GAP_ENDING && place_covers(place, &g->is.address);
	}
	return waits;
}

/* ---- the target's word ----------------------------------------------------------------------- */

static bool can_speak(const struct model *m, const struct path *p, const struct gap *g)
{
	return scsi_address_same_nexus(&p->device.address, &g->is.address) &&
	       p->watch == WATCH_YES && p->device.state == DEVICE_RUNNING && p->state == PATH_UP &&
	       p->fence.stage == FENCE_NO && !is_kept_out(m, p);
}

/* LUN 0, which has to know the list, where there is one. */
static struct path *speaker_of(const struct model *m, const struct gap *g)
{
	struct path *p, *any = NULL;

	for_each_path (m, p) {
		if (!can_speak(m, p, g))
			continue;
		if (p->device.address.lun == 0)
			return p;
		if (!any || p->device.address.lun < any->device.address.lun)
			any = p;
	}
	return any;
}

static void seek(struct model *m, struct gap *g, struct agenda *agenda)
{
	struct path *p;

	if (!instant_reached(m->now, g->seek_again)) {
		agenda_wake_at(agenda, g->seek_again);
		return;
	}
	g->seek = 0; /* one that was not answered by now is not waited for */
	p = at_place(m, g) ? NULL : speaker_of(m, g);
	if (!p) {
		g->seek_again = instant_add_ms(m->now, GAPS_SEEK_MS);
		agenda_wake_at(agenda, g->seek_again);
	} else if (!p->check.action) { /* the end of one is an observation */
		p->check_due = m->now;
	}
}

struct gap *gaps_to_seek(struct model *m, const struct path *p)
{
	for (uint32_t i = 0; i < m->gaps.n; i++) {
		struct gap *g = &m->gaps.rows[i];

		if (g->stage == GAP_KEPT && !model_path(m, g->path) && !g->seek &&
			instant_reached(m->now, g->seek_again) && !at_place(m, g) &&
			speaker_of(m, g) == p) {
			g->seek_again = instant_add_ms(m->now, GAPS_SEEK_MS);
			return g;
		}
	}
	return NULL;
}

/* Targets that come back list what they have found so far. */
static bool is_settled(const struct model *m, const struct path *p)
{
	instant up = model_up_since(m, p);

	return instant_is_set(up) &&
	       instant_reached(m->now, instant_add_ms(up, p->settings.purge_grace_s * 1000ull));
}

void gaps_heard(struct model *m, const struct path *p, const struct observation *checked)
{
	for (uint32_t i = 0; i < m->gaps.n; i++) {
		struct gap *g = &m->gaps.rows[i];

		if (!g->seek || g->seek != checked->action)
			continue;
		g->seek = 0;
		switch (checked->checked.sought) {
		case LUN_NOT_LISTED:
			g->not_listed = is_settled(m, p) ? g->not_listed + 1 : 0;
			break;
		case LUN_LISTED: g->not_listed = 0; break;
		case LUN_NOT_ASKED:
		case LUN_UNKNOWN: break;
		}
	}
}

/* ---- coming back ----------------------------------------------------------------------------- */

/* By a word like an operator's, about this device alone: whoever uses it by now is found and
 * named, and keeps it. */
static void take_away(struct model *m, const struct path *p)
{
	const struct gap *g = p->detach || p->device.state == DEVICE_GOING ? NULL
									   : model_gap_of(m, p);

	if (!g)
		return;
	detach_keep_out(m, p, g->is.requester);
}

/* ---- all ------------------------------------------------------------------------------------- */

static void step_kept(struct model *m, struct gap *g, struct agenda *agenda)
{
	enum reason why = why_over(m, g, agenda);

	if (why != BECAUSE_NOTHING)
		model_gap_enter(m, g, GAP_ENDING, why);
	else if (!model_path(m, g->path))
		seek(m, g, agenda);
}

static void step_one(struct model *m, struct gap *g, struct agenda *agenda)
{
	if (g->stage == GAP_WRITING)
		step_writing(m, g, agenda);
	if (g->stage == GAP_KEPT)
		step_kept(m, g, agenda);
	if (g->stage == GAP_ENDING)
		step_ending(m, g, agenda);
}

void gaps_step(struct model *m, struct agenda *agenda)
{
	struct path *p;

	for (uint32_t i = 0; i < m->gaps.n; i++)
		if (!m->gaps.unguarded || m->gaps.rows[i].stage == GAP_ENDING)
			step_one(m, &m->gaps.rows[i], agenda);
	if (m->gaps.unguarded)
		return;
	for_each_path (m, p)
		take_away(m, p);
}
