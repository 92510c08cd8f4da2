/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/clean.h"

#include "base/text.h"
#include "pathkeeper.h"
#include "plan/branch.h"

enum {
	LIMIT_AGAIN_MS = 10000,
	PRESSURE_AGAIN_MS = 60000, /* so that no path is blind for long, however long that lasts */
	AGAIN_MS = 50,
};

static void tell(struct model *m, const char *root, enum reason why, uint32_t given_back,
	const struct cleaning *cleaning)
{
	struct change *c = model_add_change(m, CHANGE_CLEANED, NULL);

	TEXT_SET(c->text, root);
	c->why = why;
	c->from = (int)given_back;
	c->to = (int)cleaning_count(cleaning, NODE_BUSY);
}

/* ---- a client's word ------------------------------------------------------------------------- */

static void walk(struct model *m, struct request *r, struct agenda *agenda)
{
	struct branch b = {
		.model = m,
		.agenda = agenda,
		.cleaning = &r->cleaning,
		.root = r->name,
		.below = r->below,
		.request = r,
		.dry_run = r->flags & REQUEST_DRY_RUN,
	};

	if (b.dry_run) {
		r->cleaning.n = 0; /* nothing of it happened */
	} else {
		cleaning_keep_cleaned(&r->cleaning);
		branch_remove_gone(&b);
	}
	branch_clean(&b, r->flags & REQUEST_FORCE ? PK_CLEAN_FORCE : 0);
	r->found += b.given_back;
}

/* Is there something that stays, and nothing for longer than an answer takes? */
static bool stays_for_a_moment(const struct cleaning *c)
{
	const uint32_t moments = 1u << CLEANING_BELOW | 1u << CLEANING_CHECK | 1u << CLEANING_WATCH;
	bool stays = false;

	for (uint32_t i = 0; i < c->n; i++) {
		if (c->nodes[i].word == NODE_BUSY && c->nodes[i].holds & ~moments)
			return false;
		stays |= c->nodes[i].word == NODE_BUSY;
	}
	return stays;
}

static bool waits_until(struct model *m, struct agenda *agenda, instant when)
{
	if (instant_reached(m->now, when))
		return false;
	agenda_wake_at(agenda, when);
	return true;
}

/* Has a keeper not said yet that it closed what was given back there? */
static bool is_closing(const struct model *m, const struct request *r)
{
	struct path *p;

	for_each_path (m, p)
		if (p->giving_back && branch_covers(r->name, p))
			return true;
	return false;
}

enum request_result clean_step(
	struct model *m, struct request *r, struct agenda *agenda, struct text *ret_reason)
{
	bool dry_run = r->flags & REQUEST_DRY_RUN;

	(void)ret_reason;
	if (waits_until(m, agenda, r->again))
		return REQUEST_OPEN;
	if (!r->walked) {
		walk(m, r, agenda);
		if (r->cleaning.failed)
			return RESULT_FAILED;
		r->again = instant_add_ms(m->now, AGAIN_MS);
		if (stays_for_a_moment(&r->cleaning) &&
			waits_until(m, agenda, instant_add_ms(r->started, CLEAN_PATIENCE_MS))) {
			agenda_wake_at(agenda, r->again);
			return REQUEST_OPEN;
		}
		r->walked = true;
		r->count_again = instant_add_ms(m->now, CLEAN_CLOSING_MS);
		if (!dry_run)
			tell(m, r->name, BECAUSE_OPERATOR, r->found, &r->cleaning);
	}
	r->cleaning.unfinished = is_closing(m, r);
	if (r->cleaning.unfinished && waits_until(m, agenda, r->count_again))
		return REQUEST_OPEN;
	return cleaning_count(&r->cleaning, NODE_BUSY) ? RESULT_BUSY : RESULT_CLEANED;
}

/* ---- nobody's word --------------------------------------------------------------------------- */

static void clean_all(struct model *m, struct agenda *agenda, enum reason why)
{
	struct cleaning cleaning = { 0 };
	struct branch b = {
		.model = m, .agenda = agenda, .cleaning = &cleaning, .root = "", .below = ""
	};

	branch_clean(&b, 0);
	if (b.given_back)
		tell(m, "devices", why, b.given_back, &cleaning);
	cleaning_done(&cleaning);
}

static uint32_t count_cached(const struct model *m)
{
	uint32_t n = 0;
	struct path *p;

	for_each_path (m, p)
		n += p->watch == WATCH_YES || p->watch == WATCH_ASKED;
	return n;
}

/* Was it done for this a while ago? */
static bool is_over(struct model *m, instant *last, uint64_t pause_ms)
{
	if (instant_is_set(*last) && instant_ms_between(*last, m->now) < pause_ms)
		return false;
	*last = m->now;
	return true;
}

void clean_step_cache(struct model *m, struct agenda *agenda)
{
	uint32_t limit = m->defaults.node_cache_limit;

	if (instant_is_set(m->pressed_at)) {
		m->pressed_at = INSTANT_NEVER;
		if (is_over(m, &m->cleaned_for[1], PRESSURE_AGAIN_MS))
			clean_all(m, agenda, BECAUSE_PRESSURE);
	}
	if (limit && count_cached(m) > limit && is_over(m, &m->cleaned_for[0], LIMIT_AGAIN_MS))
		clean_all(m, agenda, BECAUSE_NODE_CACHE_LIMIT);
}
