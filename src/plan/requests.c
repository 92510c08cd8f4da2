/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/requests.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "judge/may_go.h"
#include "plan/clean.h"
#include "plan/facts.h"
#include "plan/growth.h"
#include "plan/rescan.h"
#include "plan/waits.h"

static struct request *free_request(struct model *m)
{
	struct request *more;

	for (uint32_t i = 0; i < m->n_requests; i++)
		if (!m->requests[i].used)
			return &m->requests[i];
	more = realloc(m->requests, (m->n_requests + 1) * sizeof *more);
	if (!more)
		return NULL;
	m->requests = more;
	return &m->requests[m->n_requests++];
}

/* Which open purge stands behind p now? One that means it, before a dry run; the latest. */
static void choose_request(struct model *m, struct path *p)
{
	const struct request *chosen = NULL;

	for (uint32_t i = 0; i < m->n_requests; i++) {
		const struct request *r = &m->requests[i];

		if (!r->used || r->result != REQUEST_OPEN || !r->stands ||
			!path_id_equal(r->path, p->id))
			continue;
		if (!chosen || (chosen->flags & REQUEST_DRY_RUN) > (r->flags & REQUEST_DRY_RUN) ||
			((chosen->flags & REQUEST_DRY_RUN) == (r->flags & REQUEST_DRY_RUN) &&
				chosen->seq < r->seq))
			chosen = r;
	}
	p->request = chosen ? chosen->id : 0;
	p->dry_run = chosen && chosen->flags & REQUEST_DRY_RUN;
	p->lets_fenced_go = chosen && chosen->flags & REQUEST_FENCED;
}

static void open_purge(struct model *m, struct request *r, struct path *p)
{
	bool lets_go = r->flags & REQUEST_HELD && !(r->flags & REQUEST_DRY_RUN);

	if (r->flags & REQUEST_FENCED && !(r->flags & REQUEST_DRY_RUN) &&
		p->fence.stage == FENCE_CHANGED)
		p->fence.released = true; /* fence it first, whatever held that back */
	if (lets_go && p->purge != PURGE_NO)
		p->released = true;
	else
		r->stands = true;
	r->failures = p->failures;
	choose_request(m, p);
	if (p->purge == PURGE_HELD || p->purge == PURGE_MARKED) {
		p->retry_at = m->now;
		p->claim_refused_at = INSTANT_NEVER;
	}
	p->check_wants_inquiry = true;
	p->check_due = m->now;
}

/* A new row for this word; borrowed until the next one. */
static struct request *open_row(
	struct model *m, const struct obs_request *word, path_id path, const char *dev)
{
	struct request *r = free_request(m);

	if (!r)
		return NULL;
	*r = (struct request){
		.used = true,
		.id = word->request,
		.verb = word->verb,
		.flags = word->flags,
		.path = path,
		.seq = model_next_seq(m),
		.started = m->now,
		.deadline = word->timeout_ms ? instant_add_ms(m->now, word->timeout_ms)
					     : INSTANT_FAR,
	};
	TEXT_SET(r->requester, word->requester);
	TEXT_SET(r->dev, dev);
	return r;
}

int request_open(struct model *m, const struct obs_request *word, struct path *p, const char *dev)
{
	struct request *r = open_row(
		m, word, p ? p->id : PATH_NONE, p && p->device.dev[0] ? p->device.dev : dev);

	if (!r)
		return -ENOMEM;
	if (!p) {
		r->result = RESULT_ABSENT;
		return 0;
	}
	scsi_address_print(&p->device.address, r->hctl);
	TEXT_SET(r->wwid, p->device.wwid);
	if (r->verb == VERB_PURGE)
		open_purge(m, r, p);
	if (r->verb == VERB_CHECK) {
		p->check_wants_inquiry = true;
		p->check_due = m->now;
	}
	return 0;
}

int request_open_place(struct model *m, const struct obs_request *word, const struct place *place,
	const char *name)
{
	struct request *r = open_row(m, word, PATH_NONE, name);
	char text[PLACE_TEXT];

	if (!r)
		return -ENOMEM;
	r->place = *place;
	place_print(place, text);
	TEXT_SET(r->hctl, text);
	return 0;
}

int request_open_wait(struct model *m, const struct obs_request *word, const char *name)
{
	struct request *r;

	if (strlen(name) >= sizeof r->name)
		return -EINVAL;
	r = open_row(m, word, PATH_NONE, name);
	if (!r)
		return -ENOMEM;
	TEXT_SET(r->name, name);
	r->wanted = word->paths;
	return 0;
}

static bool is_meant(const struct request *r, const struct obs_request *word, const struct path *p)
{
	return r->used && r->id == word->request &&
	       (r->wwid[0] ? !strcmp(r->wwid, p->device.wwid) : path_id_equal(r->path, p->id));
}

int request_open_grow(struct model *m, const struct obs_request *word, const struct path *p)
{
	const struct map *map = model_map(m, p);
	struct request *r;

	for (uint32_t i = 0; i < m->n_requests; i++)
		if (is_meant(&m->requests[i], word, p))
			return 0;
	r = open_row(m, word, p->id, p->device.dev);
	if (!r)
		return -ENOMEM;
	TEXT_SET(r->wwid, p->device.wwid);
	TEXT_SET(r->name, map ? map->kernel.name : p->device.dev);
	r->sectors_before = r->sectors = map ? map->kernel.size_sectors : p->device.size_sectors;
	TEXT_SET(r->map, map ? map->kernel.name : "");
	return 0;
}

int request_open_clean(struct model *m, const struct obs_request *word, const char *root)
{
	struct request *r;

	for (uint32_t i = 0; i < m->n_requests; i++)
		if (m->requests[i].used && m->requests[i].id == word->request &&
			!strcmp(m->requests[i].name, root))
			return 0;
	r = open_row(m, word, PATH_NONE, root);
	if (!r)
		return -ENOMEM;
	TEXT_SET(r->name, root);
	TEXT_SET(r->below, word->below);
	return 0;
}

int request_open_detach_map(
	struct model *m, const struct obs_request *word, const char *map, uint64_t number)
{
	struct request *r = open_row(m, word, PATH_NONE, map);

	if (!r)
		return -ENOMEM;
	r->detach = number;
	return 0;
}

int request_open_detach(
	struct model *m, const struct obs_request *word, const struct path *p, uint64_t number)
{
	struct request *r = open_row(m, word, p->id, p->device.dev);

	if (!r)
		return -ENOMEM;
	r->detach = number;
	scsi_address_print(&p->device.address, r->hctl);
	TEXT_SET(r->wwid, p->device.wwid);
	return 0;
}

static void end(struct model *m, struct request *r, struct path *p, enum request_result result,
	const char *reason)
{
	bool stood;

	r->result = result;
	TEXT_SET(r->reason, reason);
	if (!p)
		return;
	r->state = p->state;
	r->checker = p->checker;
	if (p->has_sense)
		sense_print(&p->sense, r->sense);
	stood = p->request == r->id;
	choose_request(m, p);
	if (stood && p->purge == PURGE_HELD)
		p->retry_at = m->now; /* it was held by other words than those in force now */
}

/* Which answer a hold is: the device is in use, or a promise says no. */
static enum request_result result_of_hold(enum reason why)
{
	switch ((int)why) {
	case BECAUSE_WOULD_REMOVE: return RESULT_WOULD_REMOVE;
	case BECAUSE_HOLDERS:
	case BECAUSE_CLAIMED:
	case BECAUSE_LAST_PATH: return RESULT_BUSY;
	}
	return RESULT_REFUSED;
}

static void end_with_rung(
	struct model *m, struct request *r, struct path *p, enum request_result result)
{
	struct text t = TEXT_INIT;

	path_purge_reason(p, &t);
	end(m, r, p, result, text_str(&t));
	request_keep_holders(r, p);
	text_done(&t);
}

static bool answered_since(const struct request *r, const struct path *p)
{
	return p->answer_seq > r->seq && !p->check.action;
}

/* A path that nobody asks cannot be proved gone. */
static bool cannot_be_asked(const struct path *p)
{
	return !p->askable || p->watch == WATCH_FAILED;
}

/* It is there, as was found out after the request came. */
static bool is_found_alive(const struct request *r, const struct path *p)
{
	return answered_since(r, p) && !p->gone_count && p->gone == GONE_NO &&
	       instant_is_set(p->answering_at) && !instant_before(p->answering_at, r->started);
}

/* It does not come back by itself, as a transport may; until then nobody can ask it. */
static bool is_offline(const struct request *r, const struct path *p)
{
	return answered_since(r, p) && p->device.state == DEVICE_OFFLINE;
}

/* Whether it leads elsewhere is not this word's to find out. */
static bool will_be_fenced(const struct request *r, const struct path *p)
{
	return p->fence.fenced || fence_is_moving(&p->fence) ||
	       (p->fence.stage == FENCE_CHANGED && !(r->flags & REQUEST_DRY_RUN));
}

/* It was seen to lead elsewhere, and set offline by somebody before it was fenced. */
static bool cannot_be_read_again(const struct request *r, const struct path *p)
{
	return p->fence.stage == FENCE_CHANGED && !p->fence.fenced && is_offline(r, p);
}

static void step_unmarked(struct model *m, struct request *r, struct path *p)
{
	if (r->flags & REQUEST_FENCED) {
		if (!will_be_fenced(r, p))
			end(m, r, p, RESULT_REFUSED, reason_name(BECAUSE_NOT_FENCED));
		else if (cannot_be_read_again(r, p))
			end(m, r, p, RESULT_FAILED, reason_name(BECAUSE_OFFLINE));
		return;
	}
	if (is_found_alive(r, p))
		end(m, r, p, RESULT_REFUSED, reason_name(BECAUSE_ANSWERS));
	else if (cannot_be_asked(p))
		end(m, r, p, RESULT_FAILED,
			reason_name(p->askable ? BECAUSE_UNREACHABLE : BECAUSE_NOT_ASKED));
	else if (is_offline(r, p))
		end(m, r, p, RESULT_FAILED, reason_name(BECAUSE_OFFLINE));
	else if (p->gone_count && !p->request) /* --held, and it is not wanted any more */
		end_with_rung(m, r, p, RESULT_REFUSED);
}

static void step_purge(struct model *m, struct request *r, struct path *p)
{
	if (p->fence.fenced && !(r->flags & REQUEST_FENCED)) {
		end(m, r, p, RESULT_REFUSED, reason_name(BECAUSE_FENCED));
		return;
	}
	switch (p->purge) {
	case PURGE_NO: step_unmarked(m, r, p); return;
	case PURGE_HELD:
		if (!instant_before(p->purge_since, r->started) &&
			!instant_reached(m->now, p->retry_at) && !may_go_soon(p))
			end_with_rung(m, r, p, result_of_hold(p->purge_why));
		return;
	case PURGE_MARKED:
		if (is_offline(r, p) && !p->fence.fenced)
			end(m, r, p, RESULT_FAILED, reason_name(BECAUSE_OFFLINE));
		else if (p->failures > r->failures && p->failed_why == BECAUSE_FAILED)
			end_with_rung(
				m, r, p, p->failed_result == -EBUSY ? RESULT_BUSY : RESULT_FAILED);
		else if (p->watch == WATCH_FAILED)
			end(m, r, p, RESULT_FAILED, reason_name(BECAUSE_UNREACHABLE));
		return;
	case PURGE_STUCK: end_with_rung(m, r, p, RESULT_PENDING); return;
	case PURGE_VERIFYING:
	case PURGE_UNMAPPING:
	case PURGE_DELETING:
	case PURGE_STAGES: return;
	}
}

static void step_check(struct model *m, struct request *r, struct path *p)
{
	if (answered_since(r, p) && p->attentions == 0)
		end(m, r, p, RESULT_CHECKED, "");
	else if (p->timed_out)
		end(m, r, p, RESULT_CHECKED, reason_name(BECAUSE_TIMEOUT));
	else if (p->purge == PURGE_STUCK)
		end(m, r, p, RESULT_CHECKED, reason_name(BECAUSE_STUCK));
	else if (cannot_be_asked(p))
		end(m, r, p, RESULT_CHECKED,
			reason_name(p->askable ? BECAUSE_UNREACHABLE : BECAUSE_NOT_ASKED));
}

static void step_holders(struct model *m, struct request *r, struct path *p, struct agenda *agenda)
{
	if (r->holders_known)
		end(m, r, p, RESULT_HOLDERS_FOUND, "");
	else
		facts_ask_holders(m, p, &r->holders_asked, agenda);
}

/* ---- all ------------------------------------------------------------------------------------- */

static void step_path(struct model *m, struct request *r, struct path *p, struct agenda *agenda)
{
	switch (r->verb) {
	case VERB_PURGE: step_purge(m, r, p); return;
	case VERB_CHECK: step_check(m, r, p); return;
	case VERB_HOLDERS: step_holders(m, r, p, agenda); return;
	case VERB_DETACH: /* its end is that of the whole */
	case VERB_RESCAN: /* it is about a place */
	case VERB_WAIT:
	case VERB_GROW:
	case VERB_CLEAN: return;
	}
}

static void end_late(struct model *m, struct request *r, struct path *p)
{
	struct text t = TEXT_INIT;

	if (p && r->verb != VERB_GROW) {
		end_with_rung(m, r, p, RESULT_PENDING);
		return;
	}
	text_addf(&t, "%s%s%s", reason_name(r->waits), r->waits_of[0] ? ": " : "", r->waits_of);
	end(m, r, NULL, RESULT_PENDING, text_str(&t));
	text_done(&t);
}

typedef enum request_result step_of_word(
	struct model *m, struct request *r, struct agenda *agenda, struct text *ret_reason);

/* A word that is about no path alone. */
static void step_with(step_of_word *step, struct model *m, struct request *r, struct agenda *agenda)
{
	struct text reason = TEXT_INIT;
	enum request_result result = step(m, r, agenda, &reason);

	if (result != REQUEST_OPEN)
		end(m, r, NULL, result, text_str(&reason));
	text_done(&reason);
}

static void step_one(struct model *m, struct request *r, struct agenda *agenda)
{
	struct path *p = model_path(m, r->path);

	if (r->verb == VERB_RESCAN) {
		step_with(rescan_step, m, r, agenda);
	} else if (r->verb == VERB_WAIT) {
		if (wait_is_over(m, r, agenda))
			end(m, r, NULL, RESULT_REACHED, "");
	} else if (r->verb == VERB_GROW) {
		step_with(growth_step, m, r, agenda);
	} else if (r->verb == VERB_CLEAN) {
		step_with(clean_step, m, r, agenda);
	} else if (p) {
		step_path(m, r, p, agenda);
	} else if (r->detach && !r->path.gen) {
		/* about a map without paths: its end is that of the whole */
	} else {
		end(m, r, NULL,
			r->verb == VERB_PURGE || r->verb == VERB_DETACH ? RESULT_REMOVED
									: RESULT_ABSENT,
			"");
		return;
	}
	if (r->result != REQUEST_OPEN) {
		agenda_wake_at(agenda, m->now); /* what stood behind the path may have changed */
		return;
	}
	if (instant_reached(m->now, r->deadline))
		end_late(m, r, p);
	else
		agenda_wake_at(agenda, r->deadline);
}

void requests_step(struct model *m, struct agenda *agenda)
{
	for (uint32_t i = 0; i < m->n_requests; i++)
		if (m->requests[i].used && m->requests[i].result == REQUEST_OPEN)
			step_one(m, &m->requests[i], agenda);
}

bool request_is_done(const struct model *m, uint64_t id)
{
	for (uint32_t i = 0; i < m->n_requests; i++)
		if (m->requests[i].used && m->requests[i].id == id &&
			m->requests[i].result == REQUEST_OPEN)
			return false;
	return true;
}

void request_close(struct model *m, uint64_t id)
{
	for (uint32_t i = 0; i < m->n_requests; i++) {
		struct request *r = &m->requests[i];
		struct path *p;

		if (!r->used || r->id != id)
			continue;
		request_done(r);
		p = model_path(m, r->path);
		if (p && p->request == id)
			choose_request(m, p);
	}
}
