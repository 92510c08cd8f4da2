/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * model_note(): one observation becomes facts. Nothing is judged here; what is due because of it,
 * the plan finds when it looks at the whole.
 */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "model/note.h"
#include "model/owner.h"

enum { SLEPT_LONG_MS = 5000 };

/* ---- hints ----------------------------------------------------------------------------------- */

static void sweep(struct model *m, const struct path *p)
{
	model_nexus(m, p)->sweep = true;
}

/* The target's list of LUNs is another one: what we removed there may be on it again. */
static void want_back(struct model *m, const struct path *p)
{
	for (uint32_t i = 0; i < m->departures.n; i++) {
		struct departed *row = &m->departures.rows[i];

		row->wanted |= row->ours && row->rescan_on_lun_change &&
			       scsi_address_same_nexus(&row->address, &p->device.address);
	}
}

static void note_attention(struct model *m, struct path *p, enum attention attention)
{
	struct nexus *n = model_nexus(m, p);
	struct path *other;
	struct change *c = model_add_change(m, CHANGE_ATTENTION, p);

	c->number = attention;
	/* the way was lost and came back between two checks, or leads to another controller */
	if ((attention == ATTENTION_RESET || attention == ATTENTION_ACCESS_CHANGED) &&
		instant_is_set(n->up_since))
		n->up_since = m->now;
	sweep(m, p);
	for_each_path (m, other)
		if (other->nexus == p->nexus)
			model_moved(m, other);
	if (attention == ATTENTION_LUNS_CHANGED)
		want_back(m, p);
}

static void note_uevent(struct model *m, const struct observation *o)
{
	const struct obs_uevent *u = &o->uevent;
	struct path *p;

	if (u->dm_path_failed) {
		p = model_path_by_devt(m, &u->devt);
		if (p)
			p->check_due = m->now;
		return;
	}
	if (!u->sysfs[0])
		return;
	if (u->attention != ATTENTION_NONE) {
		p = model_path_at(m, u->sysfs);
		if (p)
			note_attention(m, p, u->attention);
		return;
	}
	model_add_look(m, u->sysfs);
}

/* ---- checks ---------------------------------------------------------------------------------- */

static void note_watched(struct model *m, const struct observation *o)
{
	struct path *p = model_path(m, o->path);

	if (p && o->action && o->action == p->giving_back)
		p->giving_back = 0;
	if (!p || p->watch != WATCH_ASKED || o->action != p->watch_action)
		return;
	p->watch_action = 0;
	p->watch = o->result < 0 ? WATCH_FAILED : WATCH_YES;
	p->watch_again = instant_add_ms(m->now, 5000);
	if (o->result == -ESTALE || o->result == -ENODEV)
		model_add_look(m, p->device.sysfs);
}

static void note_checked(struct model *m, const struct observation *o)
{
	struct path *p = model_path(m, o->path);

	if (!p || !p->check.action || o->action != p->check.action)
		return;
	model_drop_check(m, p);
	if (o->result < 0) {
		p->check_due = question_may_be_asked_at(&p->check);
		if (o->result == -ENODEV || o->result == -ESTALE) {
			p->watch = WATCH_NO;
			model_add_look(m, p->device.sysfs);
		}
		return;
	}
	m->counters.checks++;
	if (o->checked.asked)
		latency_add(&m->counters.latency, o->checked.took_ms);
	p->check.answered = true;
	p->answer_seq = p->check.seq;
	p->answered_at = m->now;
	note_way(m, p, o->checked.state, o->checked.transport);
}

static void note_hung_up(struct model *m, const struct observation *o)
{
	struct path *p = model_path(m, o->path);

	if (!p)
		return;
	p->watch = WATCH_NO;
	p->watch_again = instant_add_ms(m->now, 1000);
	model_drop_check(m, p);
	model_add_look(m, p->device.sysfs);
}

/* ---- holders, owner -------------------------------------------------------------------------- */

static void note_holders(struct model *m, const struct observation *o)
{
	struct path *p = model_path(m, o->path);

	for (uint32_t i = 0; i < m->n_requests; i++) {
		struct request *r = &m->requests[i];

		if (r->used && r->holders_asked.action && r->holders_asked.action == o->action) {
			r->holders_asked.action = 0;
			r->holders_asked.answered = true;
			r->holders_known = true;
			r->holders = o->holders;
			r->holders.complete = o->holders.complete && o->result == 0;
		}
	}
	if (!p || !p->holders_asked.action || p->holders_asked.action != o->action)
		return;
	p->holders_asked.action = 0;
	p->holders_asked.answered = true;
	p->holders_seq = p->holders_asked.seq;
	p->holders_at = m->now;
	p->holders = o->holders;
	if (o->result < 0)
		p->holders.complete = false;
}

static bool same_owner(const struct obs_owner *a, const struct obs_owner *b)
{
	return a->running == b->running && a->pid == b->pid && a->knows_purge == b->knows_purge &&
	       a->purges == b->purges && !strcmp(a->rules, b->rules);
}

static void note_owner(struct model *m, const struct observation *o)
{
	struct path *p;

	if (!o->action || o->action != m->owner_asked.action)
		return;
	m->owner_asked.action = 0;
	if (o->result < 0)
		return; /* that nothing could be learned does not mean that there is none */
	m->owner_asked.answered = true;
	m->owner_at = m->now;
	if (m->owner_known && same_owner(&m->owner, &o->owner))
		return;
	m->owner_known = true;
	owner_set(m, &o->owner);
	model_add_change(m, CHANGE_OWNER, NULL)->number = o->owner.running;
	for_each_path (m, p)
		model_moved(m, p);
}

/* ---- deeds ----------------------------------------------------------------------------------- */

static void note_hand(struct model *m, const struct observation *o)
{
	struct path *p = model_path(m, o->path);

	for (uint32_t i = 0; i < m->n_hosts; i++)
		if (m->hosts[i].deed && m->hosts[i].deed == o->action)
			m->hosts[i].hand_pid = o->hand.pid;
	if (p && p->deed.action == o->action)
		p->hand_pid = o->hand.pid;
}

static void host_deed_ended(struct host *host)
{
	host->deed = 0;
	host->deed_path = PATH_NONE;
	host->deed_at = INSTANT_NEVER;
	host->hand_pid = 0;
	host->stuck = host->scans = false;
	host->dev[0] = '\0';
}

/* Who waits for it. Where nothing was brought back, the next word of the target leads to the next
 * scan; where it was not even looked, a little later. */
static void note_scanned(struct model *m, const struct observation *o)
{
	for (uint32_t i = 0; i < m->n_requests; i++) {
		struct request *r = &m->requests[i];

		if (!r->used || r->deed != o->action)
			continue;
		r->deed = 0;
		r->deed_ended = true;
		r->deed_result = o->result;
		r->deed_stage = o->done.stage;
	}
	for (uint32_t i = 0; i < m->departures.n; i++) {
		struct departed *row = &m->departures.rows[i];

		if (row->scan != o->action)
			continue;
		row->scan = 0;
		row->wanted |= o->result < 0;
	}
}

static void note_reread(struct path *p, const struct observation *o)
{
	if (!p->reread.action || p->reread.action != o->action)
		return;
	p->reread.action = 0;
	p->reread_result = o->result;
	p->reread_stage = o->done.stage;
	p->reread_sectors = o->done.sectors;
}

static void note_clerk(struct model *m, const struct observation *o)
{
	for (uint32_t i = 0; i < m->n_detaches; i++) {
		struct detach *d = &m->detaches[i];

		if (d->clerk.action != o->action)
			continue;
		d->clerk.action = 0;
		d->clerk_ended = true;
		d->clerk_result = o->result;
	}
}

/* Read again what became of it, before anything else is done to it or because of it. */
static void map_deed_ended(struct model *m, int map)
{
	struct path *p;

	m->maps[map].deed.action = 0;
	m->maps_lost = true;
	for_each_path (m, p)
		if (p->map == map)
			model_moved(m, p);
}

static void note_done(struct model *m, const struct observation *o)
{
	struct path *p = model_path(m, o->path);

	if (!o->action)
		return;
	note_scanned(m, o);
	gaps_note_done(m, o->action, o->result);
	note_clerk(m, o);
	taken_note_done(m, o);
	for (uint32_t i = 0; i < m->n_hosts; i++)
		if (m->hosts[i].deed == o->action)
			host_deed_ended(&m->hosts[i]);
	for (uint32_t i = 0; i < m->n_maps; i++)
		if (m->maps[i].deed.action == o->action)
			map_deed_ended(m, (int)i);
	if (p)
		note_reread(p, o);
	if (!p || !p->deed.action || p->deed.action != o->action)
		return;
	p->deed.action = 0;
	p->deed_ended = true;
}

/* All that was asked of a lost helper is asked again by the next step. */
static void forget_keeper(struct model *m, uint32_t host)
{
	struct path *p;

	for_each_path (m, p) {
		if (p->device.address.host != host)
			continue;
		p->watch = WATCH_NO;
		p->watch_action = p->giving_back = 0;
		model_drop_check(m, p);
	}
}

static void note_helper(struct model *m, const struct observation *o)
{
	struct path *p;
	struct change *c;

	if (o->helper.event != HELPER_LOST)
		return;
	c = model_add_change(m, CHANGE_HELPER_LOST, NULL);
	TEXT_SET(c->text, helper_kind_name(o->helper.helper));
	c->number = o->helper.pid;
	switch (o->helper.helper) {
	case HELPER_KEEPER: forget_keeper(m, o->helper.host); break;
	case HELPER_SCOUT:
		for_each_path (m, p)
			p->look_after_deed = 0;
		m->devices_asked.action = 0;
		m->devices_lost = true;
		break;
	case HELPER_SCANNER:
		for_each_path (m, p)
			p->holders_asked.action = 0;
		for (uint32_t i = 0; i < m->n_requests; i++)
			m->requests[i].holders_asked.action = 0;
		break;
	case HELPER_DM:
		m->maps_asked.action = 0;
		m->maps_lost = true;
		break;
	case HELPER_OWNER: m->owner_asked.action = 0; break;
	case HELPER_ZYGOTE:
	case HELPER_DM_HAND:
	case HELPER_SCAN_HAND:
	case HELPER_CLERK:
	case HELPER_READER:
	case HELPER_HAND: break;
	}
}

static void note_fenced(struct model *m, const struct observation *o)
{
	struct obs_fenced *more = realloc(m->fences, (m->n_fences + 1) * sizeof *more);

	if (!more) {
		m->out_of_memory = true;
		return;
	}
	m->fences = more;
	m->fences[m->n_fences++] = o->fenced;
}

/* Whoever asked for it has gone; what was begun is not. */
static void note_detaching(struct model *m, const struct observation *o)
{
	struct detach *d = model_detach(m, o->detaching.number);

	if (!d)
		d = model_add_detach(m, &o->detaching);
	if (!d)
		return;
	d->resumed = d->recorded = true;
	if (d->stage == DETACH_NONE)
		model_detach_enter(m, d, DETACH_LOOKING, BECAUSE_NOTHING);
}

/* ---- time ------------------------------------------------------------------------------------ */

/* Nothing that was known before a sleep proves anything after it (P2). */
static void note_time(struct model *m, const struct observation *o)
{
	struct path *p;

	if (o->time.slept_ms <= SLEPT_LONG_MS)
		return;
	model_add_change(m, CHANGE_SLEPT, NULL)->number = o->time.slept_ms;
	for (uint32_t i = 0; i < m->n_nexuses; i++)
		if (instant_is_set(m->nexuses[i].up_since))
			m->nexuses[i].up_since = m->now;
	for_each_path (m, p) {
		p->gone_count = 0;
		p->check_due = m->now;
		p->check_wants_inquiry |= p->purge != PURGE_NO;
		if (p->purge == PURGE_VERIFYING || p->purge == PURGE_HELD)
			model_purge_enter(m, p, PURGE_MARKED, BECAUSE_SLEPT);
		if (p->purge == PURGE_MARKED)
			p->marked_at = m->now;
	}
	m->devices_lost = m->maps_lost = true;
}

void model_note(struct model *m, const struct observation *o)
{
	if (instant_before(m->now, o->at))
		m->now = o->at;
	if (!instant_is_set(m->begun))
		m->begun = m->now;
	switch (o->kind) {
	case OBS_TIME: note_time(m, o); break;
	case OBS_DEVICE: note_device(m, o); break;
	case OBS_HOST: note_host(m, o); break;
	case OBS_DEVICES_END: note_devices_end(m, o); break;
	case OBS_UEVENT: note_uevent(m, o); break;
	case OBS_UEVENTS_LOST:
		m->counters.uevents_lost++;
		m->devices_lost = m->maps_lost = true;
		model_add_change(m, CHANGE_UEVENTS_LOST, NULL);
		break;
	case OBS_WATCHED: note_watched(m, o); break;
	case OBS_CHECKED: note_checked(m, o); break;
	case OBS_HUNG_UP: note_hung_up(m, o); break;
	case OBS_HOLDERS: note_holders(m, o); break;
	case OBS_MAP: note_map(m, o); break;
	case OBS_MAPS_END: note_maps_end(m, o); break;
	case OBS_OWNER: note_owner(m, o); break;
	case OBS_HAND: note_hand(m, o); break;
	case OBS_DONE: note_done(m, o); break;
	case OBS_HELPER: note_helper(m, o); break;
	case OBS_FENCED: note_fenced(m, o); break;
	case OBS_PRESSURE: m->pressed_at = m->now; break;
	case OBS_KEPT_OUT: gaps_note_record(m, &o->gap); break;
	case OBS_DETACHING: note_detaching(m, o); break;
	case OBS_TAKEN: taken_note(m, &o->taken); break;
	case OBS_REQUEST: /* core names the device and adds the request itself */
	case OBSERVATION_KINDS: break;
	}
}
