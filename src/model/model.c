/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/model.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { FIRST_SLOTS = 64, FIRST_CHANGES = 64 };

int model_new(struct config *config, struct model **ret)
{
	struct model *m = calloc(1, sizeof *m);

	if (!m) {
		config_free(config);
		return -ENOMEM;
	}
	m->config = config;
	config_resolve(config, NULL, &m->defaults);
	m->deaths = calloc(MAX_DEATHS, sizeof *m->deaths);
	m->changes = calloc(FIRST_CHANGES, sizeof *m->changes);
	m->max_changes = FIRST_CHANGES;
	if (!m->deaths || !m->changes) {
		model_free(m);
		return -ENOMEM;
	}
	*ret = m;
	return 0;
}

struct model *model_free(struct model *m)
{
	struct lun *lun, *next;

	if (!m)
		return NULL;
	HASH_CLEAR(hh, m->by_sysfs);
	HASH_ITER (hh, m->luns, lun, next) {
		HASH_DEL(m->luns, lun);
		free(lun);
	}
	for (uint32_t i = 0; i < m->n_slots; i++)
		free(m->paths[i]);
	free(m->paths);
	free(m->generations);
	free(m->left);
	free(m->maps);
	free(m->nexuses);
	free(m->hosts);
	departures_done(&m->departures);
	for (uint32_t i = 0; i < m->n_requests; i++)
		request_done(&m->requests[i]);
	gaps_done(&m->gaps);
	free(m->requests);
	free(m->deaths);
	free(m->looks);
	free(m->fences);
	free(m->detaches);
	free(m->taken);
	free(m->changes);
	config_free(m->config);
	config_free(m->owner_rules);
	free(m);
	return NULL;
}

struct path *model_path(const struct model *m, path_id id)
{
	return id.gen && id.slot < m->n_slots && m->generations[id.slot] == id.gen
		       ? m->paths[id.slot]
		       : NULL;
}

struct path *model_path_at(const struct model *m, const char *sysfs)
{
	struct path *p;

	HASH_FIND_STR(m->by_sysfs, sysfs, p);
	return p;
}

struct path *model_path_by_devt(const struct model *m, const struct devt *devt)
{
	struct path *p;

	for_each_path (m, p)
		if (devt_equal(&p->device.devt, devt))
			return p;
	return NULL;
}

uint64_t model_ask(struct model *m, struct question *q, instant now)
{
	q->action = ++m->next_action;
	q->seq = model_next_seq(m);
	q->at = now;
	q->answered = false;
	return q->action;
}

struct nexus *model_nexus(struct model *m, const struct path *p)
{
	return &m->nexuses[p->nexus];
}

struct map *model_map(struct model *m, const struct path *p)
{
	return p->map < 0 ? NULL : &m->maps[p->map];
}

struct host *model_host(struct model *m, uint32_t number)
{
	struct host *hosts;

	for (uint32_t i = 0; i < m->n_hosts; i++)
		if (m->hosts[i].number == number)
			return &m->hosts[i];
	hosts = realloc(m->hosts, (m->n_hosts + 1) * sizeof *hosts);
	if (!hosts) {
		m->out_of_memory = true;
		return NULL;
	}
	m->hosts = hosts;
	m->hosts[m->n_hosts] = (struct host){ .number = number };
	return &m->hosts[m->n_hosts++];
}

const struct host *model_known_host(const struct model *m, uint32_t number)
{
	for (uint32_t i = 0; i < m->n_hosts; i++)
		if (m->hosts[i].number == number && m->hosts[i].known)
			return &m->hosts[i];
	return NULL;
}

uint64_t model_read_again(struct model *m)
{
	m->devices_lost = true;
	return model_next_seq(m);
}

instant model_up_since(const struct model *m, const struct path *p)
{
	const struct nexus *n = &m->nexuses[p->nexus];

	if (!instant_is_set(n->up_since) || !instant_is_set(p->up_since))
		return INSTANT_NEVER;
	return instant_before(n->up_since, p->up_since) ? p->up_since : n->up_since;
}

/* ---- what is to be looked at, what changed -----------------------------------------------------
 */

void model_add_look(struct model *m, const char *sysfs)
{
	for (uint32_t i = 0; i < m->n_looks; i++)
		if (!strcmp(m->looks[i].sysfs, sysfs))
			return;
	if (m->n_looks == m->max_looks) {
		uint32_t max = m->max_looks ? m->max_looks * 2 : 16;
		struct look *looks = max > 4096 ? NULL : realloc(m->looks, max * sizeof *looks);

		if (!looks) { /* too many to remember: read all */
			m->devices_lost = true;
			return;
		}
		m->looks = looks;
		m->max_looks = max;
	}
	TEXT_SET(m->looks[m->n_looks++].sysfs, sysfs);
}

struct change *model_add_change(struct model *m, enum change_kind kind, const struct path *p)
{
	static struct change nowhere;
	struct change *c;

	if (m->n_changes == m->max_changes) {
		struct change *changes = realloc(m->changes, 2 * m->max_changes * sizeof *changes);

		if (!changes) {
			m->out_of_memory = true;
			return &nowhere;
		}
		m->changes = changes;
		m->max_changes *= 2;
	}
	c = &m->changes[m->n_changes++];
	*c = (struct change){ .kind = kind };
	if (p) {
		const struct map *map = p->map < 0 ? NULL : &m->maps[p->map];

		c->path = p->id;
		TEXT_SET(c->dev, p->device.dev);
		c->address = p->device.address;
		TEXT_SET(c->wwid, p->device.wwid);
		if (map)
			TEXT_SET(c->map, map->kernel.name);
	}
	return c;
}

void model_state_enter(struct model *m, struct path *p, enum path_state next, enum reason why)
{
	enum path_state old = p->state;
	struct change *c;

	if (path_state_enter(p, next, why, m->now) != 1)
		return;
	c = model_add_change(m, CHANGE_STATE, p);
	c->from = (int)old;
	c->to = (int)next;
	c->why = why;
}

/* What a rung that is left behind takes with it. A request that stands behind the path stays: it is
 * answered by what comes next. */
static void purge_left(struct path *p, enum purge_stage next)
{
	if (next == PURGE_NO) {
		p->held_back = p->released = p->was_in_map = p->found_gone = p->marked_by_word =
			false;
		p->failures = p->map_tells = p->claims_refused = p->unseen = 0;
		p->retry_at = p->marked_at = p->udev_seen_at = INSTANT_NEVER;
	}
	if (next == PURGE_MARKED || next == PURGE_NO) {
		p->hand_pid = 0;
		p->deed_ended = p->present_after_deed = p->gone_by_other = false;
		p->look_failed = false;
		p->look_after_deed = 0;
	}
}

/* A held path is verified again every few seconds; that it is held still is no news. */
static bool is_news(struct path *p, enum purge_stage next, enum reason why)
{
	if (!p->looks_again)
		return true;
	if (next == PURGE_VERIFYING || (next == PURGE_MARKED && why == p->told_why))
		return false;
	p->looks_again = false;
	return next != PURGE_HELD || why != p->told_why;
}

void model_purge_enter(struct model *m, struct path *p, enum purge_stage next, enum reason why)
{
	enum purge_stage old = p->looks_again ? PURGE_HELD : p->purge;
	enum reason old_why = p->purge_why;
	struct change *c;
	int r = path_purge_enter(p, next, why, m->now);

	assert(r >= 0); /* a step that is not in the table is our own bug */
	if (r == 1) {
		purge_left(p, next);
		if (next == PURGE_VERIFYING)
			p->verify_seq = model_next_seq(m);
	} else if (old_why == why) {
		return;
	}
	if (!is_news(p, next, why))
		return;
	p->told_why = why;
	if (next == PURGE_HELD)
		m->counters.held++;
	if (next == PURGE_STUCK)
		m->counters.stuck++;
	c = model_add_change(m, CHANGE_PURGE, p);
	c->from = (int)old;
	c->to = (int)next;
	c->why = why;
	if (next == PURGE_HELD && p->holders.n_holds && p->holders_seq > p->verify_seq) {
		struct text t = TEXT_INIT;

		hold_print(&p->holders.holds[0], &t);
		TEXT_SET(c->text, text_str(&t));
		text_done(&t);
	}
}

void model_fence_enter(struct model *m, struct path *p, enum fence_stage next, enum reason why)
{
	enum fence_stage old = p->fence.stage;
	enum reason old_why = p->fence.why;
	struct change *c;
	int r = fence_enter(&p->fence, next, why, m->now);

	assert(r >= 0); /* a step that is not in the table is our own bug */
	if (r == 0 && old_why == why)
		return;
	m->counters.fenced += r == 1 && next == FENCE_FENCED;
	c = model_add_change(m, CHANGE_FENCE, p);
	c->from = (int)old;
	c->to = (int)next;
	c->why = why;
	c->result = why == BECAUSE_FAILED ? p->fence.failed_result : 0;
	c->number = p->identity.baseline;
	TEXT_SET(c->text, p->identity.live);
}

void model_set_fenced(struct model *m, struct path *p)
{
	if (!p->fence.fenced)
		m->fenced_at[m->n_fenced++ % FENCES_KEPT] = m->now;
	p->fence.fenced = true;
}

uint32_t model_count_fenced(const struct model *m, uint64_t within_ms)
{
	uint32_t n = 0;

	while (n < FENCES_KEPT && n < m->n_fenced &&
		instant_ms_between(m->fenced_at[(m->n_fenced - 1 - n) % FENCES_KEPT], m->now) <
			within_ms)
		n++;
	return n;
}

struct detach *model_detach(const struct model *m, uint64_t number)
{
	for (uint32_t i = 0; number && i < m->n_detaches; i++)
		if (m->detaches[i].stage != DETACH_NONE && m->detaches[i].word.number == number)
			return &m->detaches[i];
	return NULL;
}

bool model_was_detached(const struct model *m, const char *name)
{
	for (uint32_t i = 0; i < m->n_detached && i < MAX_DETACHED; i++)
		if (!strcmp(m->detached[i], name))
			return true;
	return false;
}

struct detach *model_add_detach(struct model *m, const struct obs_detaching *word)
{
	struct detach *more, *d = NULL;

	for (uint32_t i = 0; i < m->n_detaches && !d; i++)
		if (m->detaches[i].stage == DETACH_NONE)
			d = &m->detaches[i];
	if (!d) {
		more = realloc(m->detaches, (m->n_detaches + 1) * sizeof *more);
		if (!more) {
			m->out_of_memory = true;
			return NULL;
		}
		m->detaches = more;
		d = &m->detaches[m->n_detaches++];
	}
	*d = (struct detach){ .word = *word, .seq = model_next_seq(m) };
	if (!word->number)
		d->word.number = m->last_detach + 1;
	if (m->last_detach < d->word.number)
		m->last_detach = d->word.number;
	return d;
}

void model_detach_enter(struct model *m, struct detach *d, enum detach_stage next, enum reason why)
{
	enum detach_stage old = d->stage;
	struct change *c;
	int r = detach_enter(d, next);

	assert(r >= 0); /* a step that is not in the table is our own bug */
	if (r == 0)
		return;
	c = model_add_change(m, CHANGE_DETACH, NULL);
	c->from = (int)old;
	c->to = (int)next;
	c->why = why;
	TEXT_SET(c->dev, d->whose);
	TEXT_SET(c->wwid, d->word.wwid);
	TEXT_SET(c->text, d->word.name);
	c->number = d->word.number;
	if (next == DETACH_NONE)
		taken_forget(m, d->word.number);
}

void model_drop_check(struct model *m, struct path *p)
{
	p->timed_out = false;
	if (!p->check.action)
		return;
	p->check.action = 0;
	model_nexus(m, p)->n_out--;
}

void model_moved(struct model *m, struct path *p)
{
	switch (p->purge) {
	case PURGE_VERIFYING: p->verify_seq = model_next_seq(m); break;
	case PURGE_HELD: p->retry_at = m->now; break;
	case PURGE_NO:
	case PURGE_MARKED:
	case PURGE_UNMAPPING: /* its end leads back to verifying anyway */
	case PURGE_DELETING:  /* the hand asks again itself */
	case PURGE_STUCK:
	case PURGE_STAGES: break;
	}
}

static bool is_removed_by_us(const struct path *p)
{
	return (p->purge == PURGE_DELETING || p->purge == PURGE_STUCK) && !p->gone_by_other;
}

static void remember_departure(struct model *m, const struct path *p)
{
	const struct departed row = {
		.address = p->device.address,
		.at = m->now,
		.ours = is_removed_by_us(p),
		.rescan_on_lun_change = p->settings.rescan_on_lun_change && !p->detach &&
					!model_is_gap(m, &p->device.address),
	};

	if (departures_add(&m->departures, &row) < 0)
		m->out_of_memory = true;
}

void model_path_remove(struct model *m, struct path *p)
{
	struct nexus *n = model_nexus(m, p);
	struct change *c = model_add_change(m, CHANGE_PATH_GONE, p);
	struct path *other;

	c->from = (int)p->purge;
	n->n_paths--;
	model_drop_check(m, p);
	if (is_removed_by_us(p))
		m->counters.purged++;
	else
		m->counters.gone_by_others++;
	if (fence_is_moving(&p->fence))
		model_set_fenced(m, p); /* nobody can tell any more */
	remember_departure(m, p);
	gaps_note_departure(m, p);
	lun_leave(m, p);
	HASH_DEL(m->by_sysfs, p);
	m->paths[p->id.slot] = NULL;
	m->n_paths--;
	assert(m->n_left < m->n_slots); /* core takes them after each observation */
	m->left[m->n_left++] = p->id;
	/* a neighbour in the same map may be the last one now */
	if (p->map >= 0)
		for_each_path (m, other)
			if (other->map == p->map)
				model_moved(m, other);
	free(p);
}
