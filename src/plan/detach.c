/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/detach.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "judge/may_detach.h"
#include "judge/may_go.h"
#include "model/name.h"
#include "plan/deeds.h"
#include "plan/detach_rows.h"
#include "plan/detach_undo.h"
#include "plan/detach_word.h"
#include "plan/gaps.h"
#include "plan/requests.h"

enum { TRIES = 3, CLERK_AGAIN_MS = 1000 };

/* ---- one word -------------------------------------------------------------------------------- */

struct going {
	struct model *m;
	struct detach *d;
	struct agenda *agenda;
	uint32_t paths, ready;
};

static void enter(struct going *g, enum detach_stage next, enum reason why)
{
	model_detach_enter(g->m, g->d, next, why);
	agenda_wake_at(g->agenda, g->m->now);
}

/* The volume's map, when no path is in it. */
static struct map *bare_map(const struct going *g)
{
	struct model *m = g->m;
	const struct path *p;

	for (uint32_t i = 0; g->d->word.wwid[0] && i < m->n_maps; i++) {
		bool bare = m->maps[i].present && !strcmp(map_wwid(&m->maps[i]), g->d->word.wwid);

		for_each_path (m, p)
			bare &= p->map != (int)i;
		if (bare)
			return &m->maps[i];
	}
	return NULL;
}

/* Nothing that it means is there any more, as far as all was read since it came. */
static bool nothing_is_left(const struct going *g)
{
	const struct model *m = g->m;

	if (g->paths || bare_map(g))
		return false;
	if (!g->d->reads_again) {
		g->d->reads_again = true;
		g->d->seq = model_read_again(g->m);
		g->m->maps_lost = true;
		agenda_wake_at(g->agenda, g->m->now);
	}
	return m->devices_known && m->devices_seq > g->d->seq && m->maps_seq > g->d->seq;
}

static enum request_result result_of(enum reason why)
{
	switch ((int)why) {
	case BECAUSE_HOLDERS:
	case BECAUSE_CLAIMED:
	case BECAUSE_LAST_PATH: return RESULT_BUSY;
	case BECAUSE_FAILED: return RESULT_FAILED;
	}
	return RESULT_REFUSED;
}

/* By a daemon before this one. */
static bool may_be_taken(const struct model *m, const struct path *p)
{
	return m->owner.running ? p->map < 0 : p->map >= 0 && !p->in_map_active && !p->gone_count;
}

/* All or nothing. */
static void refuse(struct going *g, const struct path *whose, enum reason why)
{
	struct model *m = g->m;
	struct detach *d = g->d;
	struct path *p;

	if (d->keeps_out)
		return; /* its rung says why, and is looked at again */
	d->why = why;
	if (whose)
		TEXT_SET(d->whose, whose->device.dev);
	detach_rows_end_map(m, d, result_of(why), why);
	for_each_path (m, p)
		if (detach_means(m, d, p)) {
			detach_rows_end(m, d, p, p == whose ? result_of(why) : RESULT_REFUSED, why);
			p->touched |= d->resumed && may_be_taken(m, p);
		}
	if (d->recorded)
		enter(g, DETACH_UNDOING, why);
	else
		enter(g, DETACH_NONE, why);
}

/* What forbids it for p, whatever is verified; BECAUSE_NOTHING. */
static enum reason cannot_go(const struct path *p)
{
	if (!p->askable)
		return BECAUSE_NOT_ASKED;
	if (p->watch == WATCH_FAILED)
		return BECAUSE_UNREACHABLE;
	return BECAUSE_NOTHING;
}

/* Its verdict of after the word; BECAUSE_NOTHING: there is none yet. */
static enum reason verdict_of(const struct detach *d, const struct path *p)
{
	if (p->detach != d->word.number)
		return BECAUSE_NOTHING; /* another word's */
	if (detach_looks(d) && cannot_go(p) != BECAUSE_NOTHING)
		return cannot_go(p);
	if (p->purge == PURGE_HELD && p->verify_seq > d->seq && !may_go_soon(p))
		return p->purge_why;
	if (p->purge == PURGE_MARKED && p->failed_why == BECAUSE_FAILED && p->failures >= TRIES)
		return BECAUSE_FAILED;
	return BECAUSE_NOTHING;
}

/* It waits for the others, and nothing moved since that was found out. */
static bool waits_for_others(const struct path *p)
{
	return p->purge == PURGE_VERIFYING && p->purge_why == BECAUSE_OTHERS_FIRST &&
	       p->holders_seq > p->verify_seq;
}

/* Counts what is meant, and what of it is as far as it can be; false: one of them refused. */
static bool look_at_all(struct going *g)
{
	struct model *m = g->m;
	struct path *p;

	for_each_path (m, p) {
		enum reason why;

		if (!detach_means(m, g->d, p))
			continue;
		g->paths++;
		if (p->purge == PURGE_UNMAPPING)
			g->d->looked_again = false;
		if (p->device.state == DEVICE_GOING)
			continue;
		why = verdict_of(g->d, p);
		if (why == BECAUSE_WOULD_REMOVE) {
			detach_rows_plan(m, g->d, p);
			g->ready++;
		} else if (waits_for_others(p)) {
			g->ready++;
		} else if (p->purge == PURGE_STUCK) {
			detach_rows_end(m, g->d, p, RESULT_PENDING, BECAUSE_STUCK);
		} else if (why != BECAUSE_NOTHING) {
			refuse(g, p, why);
			return false;
		}
	}
	return true;
}

static void end_rows(struct going *g, enum request_result result)
{
	struct model *m = g->m;
	struct path *p;

	for_each_path (m, p)
		if (detach_means(m, g->d, p))
			detach_rows_end(m, g->d, p, result, BECAUSE_NOTHING);
}

static void be_verified_anew(struct going *g)
{
	struct model *m = g->m;
	struct path *p;

	g->d->seq = model_next_seq(m);
	for_each_path (m, p)
		if (p->detach == g->d->word.number) {
			if (p->purge == PURGE_HELD)
				p->retry_at = m->now;
			model_moved(m, p);
		}
}

/* Nothing is left of it. Of what it was called so, that is remembered. */
static void over(struct going *g)
{
	struct model *m = g->m;

	detach_rows_end_map(m, g->d, RESULT_REMOVED, BECAUSE_NOTHING);
	TEXT_SET(m->detached[m->n_detached++ % MAX_DETACHED], g->d->word.name);
	enter(g, g->d->recorded ? DETACH_STRIKING : DETACH_NONE, BECAUSE_NOTHING);
}

/* No path verifies that it is unused: the kernel does, or its owner. */
static bool is_protected(const struct going *g)
{
	const struct config_device device = { .wwid = g->d->word.wwid };
	struct settings settings;

	return config_resolve(g->m->config, &device, &settings) < 0 || settings.protect;
}

static void remove_bare(struct going *g, struct map *map)
{
	struct model *m = g->m;
	struct action *a;

	if (map->deed.action || !m->owner_known)
		return;
	if (!instant_reached(m->now, g->d->again)) {
		agenda_wake_at(g->agenda, g->d->again);
		return;
	}
	if (g->d->map_tells == TRIES) {
		refuse(g, NULL, map->kernel.open_count ? BECAUSE_HOLDERS : BECAUSE_CAME_BACK);
		return;
	}
	if (!m->owner.running &&
		!taken_add(m, g->d->word.number, map->kernel.name, map->kernel.uuid))
		return;
	a = agenda_add(g->agenda, ACT_REMOVE_MAP);
	if (!a)
		return;
	g->d->map_tells++;
	g->d->again = instant_add_ms(m->now, CLERK_AGAIN_MS);
	a->id = model_ask(m, &map->deed, m->now);
	a->map.map = map->kernel.devt;
	a->map.owned = m->owner.running;
	a->map.word = g->d->word.number;
	a->map.deadline_ms = DEEDS_MAP_MS;
	TEXT_SET(a->map.name, map->kernel.name);
	TEXT_SET(a->map.uuid, map->kernel.uuid);
}

static void step_looking(struct going *g)
{
	struct map *bare = bare_map(g);

	if (!g->d->resumed && !detach_rows_are_awaited(g->m, g->d)) {
		enter(g, DETACH_NONE, BECAUSE_NOTHING); /* whoever said it has left */
		return;
	}
	if (!look_at_all(g))
		return;
	if (nothing_is_left(g)) {
		over(g);
		return;
	}
	if ((!g->paths && !bare) || g->ready < g->paths)
		return;
	if (bare && is_protected(g)) {
		refuse(g, NULL, BECAUSE_PROTECTED);
		return;
	}
	if (g->d->dry_run) {
		end_rows(g, RESULT_WOULD_REMOVE);
		detach_rows_end_map(g->m, g->d, RESULT_WOULD_REMOVE, BECAUSE_NOTHING);
		enter(g, DETACH_NONE, BECAUSE_WOULD_REMOVE);
		return;
	}
	enter(g, DETACH_RECORDING, BECAUSE_NOTHING);
}

/* Before the first deed, so that what comes back meanwhile is kept out, too. */
static bool are_kept_out(struct going *g)
{
	struct path *p;
	bool all = true;

	for_each_path (g->m, p)
		if (detach_means(g->m, g->d, p))
			all &= gaps_keep(
				g->m, p, g->d->word.wwid[0], g->d->word.requester, g->agenda);
	return all; /* that it is written down is an observation */
}

/* True: it has ended since it was sent. */
static bool clerk_is_through(struct going *g, enum action_kind kind)
{
	struct detach *d = g->d;
	struct action *a;

	if (d->clerk_ended)
		return true;
	if (d->clerk.action)
		return false;
	a = agenda_add(g->agenda, kind);
	if (!a)
		return false;
	a->id = model_ask(g->m, &d->clerk, g->m->now);
	a->word = d->word;
	return false;
}

static void step_recording(struct going *g)
{
	struct detach *d = g->d;
	struct path *p;

	if (!are_kept_out(g))
		return;
	if (d->recorded || (clerk_is_through(g, ACT_WRITE_DOWN) && d->clerk_result >= 0)) {
		d->recorded = true;
		d->clerk_ended = false;
		enter(g, DETACH_UNMAPPING, BECAUSE_NOTHING);
		be_verified_anew(g);
		return;
	}
	if (!d->clerk_ended)
		return;
	d->recorded = true; /* as far as is known */
	d->clerk_ended = false;
	for_each_path (g->m, p)
		if (detach_means(g->m, d, p)) {
			refuse(g, p, BECAUSE_FAILED);
			return;
		}
	enter(g, DETACH_STRIKING, BECAUSE_FAILED);
}

/* A deletion cannot be taken back: all are verified since the last map was told, before the first
 * of them is deleted. */
static void look_once_more(struct going *g)
{
	if (g->d->looked_again)
		enter(g, DETACH_DELETING, BECAUSE_NOTHING);
	else
		be_verified_anew(g);
	g->d->looked_again = true;
}

static void step_unmapping(struct going *g)
{
	struct map *bare = bare_map(g);

	are_kept_out(g);
	if (!look_at_all(g))
		return;
	if (nothing_is_left(g)) {
		over(g);
	} else if (bare && g->ready == g->paths) {
		remove_bare(g, bare);
	} else if (g->paths && g->ready == g->paths) {
		look_once_more(g);
	}
}

/* For as long as it is there, and kept out. */
static void step_keeping_out(struct going *g)
{
	struct model *m = g->m;
	const struct path *p = model_path_at(m, g->d->word.sysfs);

	if (!p || p->device.ino != g->d->word.ino)
		enter(g, g->d->recorded ? DETACH_STRIKING : DETACH_NONE, BECAUSE_NOTHING);
	else if (!model_gap_of(m, p))
		enter(g, DETACH_UNDOING, BECAUSE_WITHDRAWN);
}

static void step_deleting(struct going *g)
{
	struct map *bare = bare_map(g);

	if (g->d->keeps_out) {
		step_keeping_out(g);
		return;
	}
	are_kept_out(g);
	if (!look_at_all(g))
		return;
	if (nothing_is_left(g))
		over(g);
	else if (bare && !g->paths)
		remove_bare(g, bare); /* it came back, and has no path */
}

static void step_undoing(struct going *g)
{
	if (detach_undo(g->m, g->d, g->agenda))
		enter(g, g->d->recorded ? DETACH_STRIKING : DETACH_NONE, g->d->why);
}

static void step_striking(struct going *g)
{
	struct detach *d = g->d;

	if (!instant_reached(g->m->now, d->again)) {
		agenda_wake_at(g->agenda, d->again);
		return;
	}
	if (!clerk_is_through(g, ACT_STRIKE_OUT))
		return;
	d->clerk_ended = false;
	d->again = instant_add_ms(g->m->now, CLERK_AGAIN_MS);
	agenda_wake_at(g->agenda, g->m->now);
	if (d->clerk_result >= 0)
		enter(g, DETACH_NONE, BECAUSE_NOTHING);
}

static void (*const steps[DETACH_STAGES])(struct going *g) = {
	[DETACH_LOOKING] = step_looking,
	[DETACH_RECORDING] = step_recording,
	[DETACH_UNMAPPING] = step_unmapping,
	[DETACH_DELETING] = step_deleting,
	[DETACH_UNDOING] = step_undoing,
	[DETACH_STRIKING] = step_striking,
};

void detaches_step(struct model *m, struct agenda *agenda)
{
	for (uint32_t i = 0; i < m->n_detaches; i++) {
		struct going g = { .m = m, .d = &m->detaches[i], .agenda = agenda };

		if (steps[g.d->stage])
			steps[g.d->stage](&g);
	}
}
