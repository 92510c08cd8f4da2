/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * model_note(): one observation becomes facts. Nothing is judged here; what is due because of it,
 * the plan finds when it looks at the whole.
 */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "model/model.h"

enum { SLEPT_LONG_MS = 5000 };

/* ---- devices --------------------------------------------------------------------------------- */

static const struct config_device *config_device_of(
	const struct obs_device *d, struct config_device *ret)
{
	*ret = (struct config_device){
		.wwid = d->wwid,
		.vendor = d->vendor,
		.product = d->product,
		.revision = d->revision,
		.devnode = d->dev,
		.protocol = protocol_name(d->protocol),
	};
	return ret;
}

/* Asked are disks on transports whose LUNs an array can take away. */
static bool protocol_is_asked(enum protocol protocol)
{
	switch (protocol) {
	case PROTOCOL_ISCSI:
	case PROTOCOL_FCP:
	case PROTOCOL_SAS:
	case PROTOCOL_SRP:
	case PROTOCOL_VIRTIO:
	case PROTOCOL_DEBUG: return true;
	case PROTOCOL_UNSPEC:
	case PROTOCOL_USB:
	case PROTOCOL_ATA: break;
	}
	return false;
}

static int find_nexus(struct model *m, const struct scsi_address *address, uint32_t *ret)
{
	struct nexus *more;

	for (uint32_t i = 0; i < m->n_nexuses; i++)
		if (scsi_address_same_nexus(&m->nexuses[i].address, address)) {
			*ret = i;
			return 0;
		}
	more = realloc(m->nexuses, (m->n_nexuses + 1) * sizeof *more);
	if (!more)
		return -ENOMEM;
	m->nexuses = more;
	m->nexuses[m->n_nexuses] = (struct nexus){ .address = *address };
	*ret = m->n_nexuses++;
	return 0;
}

static int new_slot(struct model *m, uint32_t *ret)
{
	uint32_t size = m->n_slots ? m->n_slots * 2 : 64;
	struct path **paths;
	uint32_t *generations;

	for (uint32_t i = 0; i < m->n_slots; i++)
		if (!m->paths[i]) {
			*ret = i;
			return 0;
		}
	paths = realloc(m->paths, size * sizeof *paths);
	if (!paths)
		return -ENOMEM;
	m->paths = paths;
	generations = realloc(m->generations, size * sizeof *generations);
	if (!generations)
		return -ENOMEM;
	m->generations = generations;
	memset(paths + m->n_slots, 0, (size - m->n_slots) * sizeof *paths);
	memset(generations + m->n_slots, 0, (size - m->n_slots) * sizeof *generations);
	*ret = m->n_slots;
	m->n_slots = size;
	return 0;
}

static struct path *new_path(struct model *m, const struct obs_device *d)
{
	struct path *p = calloc(1, sizeof *p);
	uint32_t slot, nexus;

	if (!p || new_slot(m, &slot) < 0 || find_nexus(m, &d->address, &nexus) < 0) {
		free(p);
		m->out_of_memory = true;
		return NULL;
	}
	p->id = (path_id){ slot, ++m->generations[slot] };
	p->device = *d;
	p->nexus = nexus;
	p->map = -1;
	p->state_since = p->purge_since = m->now;
	p->check_due = m->now;
	m->paths[slot] = p;
	m->n_paths++;
	m->nexuses[nexus].n_paths++;
	HASH_ADD_STR(m->by_sysfs, device.sysfs, p);
	return p;
}

static void link_to_map(struct model *m, struct path *p)
{
	int found = -1;
	bool active = false;

	for (uint32_t i = 0; i < m->n_maps && found < 0; i++) {
		const struct map_member *member =
			m->maps[i].present ? map_member_of(&m->maps[i], &p->device.devt) : NULL;

		if (member) {
			found = (int)i;
			active = member->active;
		}
	}
	if (found != p->map || active != p->in_map_active)
		model_moved(m, p);
	p->map = found;
	p->in_map_active = active;
}

static void refresh_settings(struct model *m, struct path *p)
{
	struct config_device d;

	config_device_of(&p->device, &d);
	config_resolve(m->config, &d, &p->settings);
	p->askable = p->device.type == 0 && (p->device.devt.major || p->device.sg.major) &&
		     protocol_is_asked(p->device.protocol) && config_is_asked(m->config, &d, NULL);
}

static void note_way(struct model *m, struct path *p, enum device_state state,
	enum transport_state transport)
{
	struct nexus *n = model_nexus(m, p);
	bool down = transport == TRANSPORT_DOWN || state == DEVICE_BLOCKED ||
		    state == DEVICE_TRANSPORT_OFFLINE;

	if (down)
		n->up_since = INSTANT_NEVER;
	else if (!instant_is_set(n->up_since) && state == DEVICE_RUNNING)
		n->up_since = m->now;
	if (state != p->device.state || transport != p->device.transport)
		model_moved(m, p);
	p->device.state = state;
	p->device.transport = transport;
}

static bool handles_differ(const struct obs_device *a, const struct obs_device *b)
{
	return !devt_equal(&a->devt, &b->devt) || !devt_equal(&a->sg, &b->sg);
}

static void update_path(struct model *m, struct path *p, const struct obs_device *d, bool is_new)
{
	struct obs_device old = p->device;

	p->device = *d;
	p->device.state = old.state;
	p->device.transport = old.transport;
	if (!d->wwid[0]) /* a page that cannot be read now is not another name */
		TEXT_SET(p->device.wwid, old.wwid);
	note_way(m, p, d->state, d->transport);
	refresh_settings(m, p);
	link_to_map(m, p);
	if (is_new || !handles_differ(&old, d))
		return;
	model_moved(m, p);
	if (p->watch == WATCH_YES)
		p->watch = WATCH_NO; /* the disk or its sg node came later: pin those too */
}

static void note_device(struct model *m, const struct observation *o)
{
	const struct obs_device *d = &o->device;
	struct path *p = model_path_at(m, d->sysfs);
	bool is_new = false;

	if (p && (!d->present || d->ino != p->device.ino)) {
		model_path_remove(m, p);
		p = NULL;
	}
	if (!d->present || d->type != 0)
		return;
	if (!p) {
		p = new_path(m, d);
		if (!p)
			return;
		is_new = true;
	}
	p->seen_seq = model_next_seq(m);
	if (p->look_after_deed && p->look_after_deed == o->action) {
		p->look_after_deed = 0;
		p->present_after_deed = true;
	}
	update_path(m, p, d, is_new);
	if (is_new)
		model_add_change(m, CHANGE_PATH_ADDED, p);
}

static void note_devices_end(struct model *m, const struct observation *o)
{
	struct path *p;

	if (!o->action || o->action != m->devices_asked.action)
		return; /* of a reading that was given up */
	m->devices_asked.action = 0;
	if (o->result < 0) {
		m->devices_lost = true;
		return;
	}
	for_each_path(m, p)
		if (p->seen_seq < m->devices_asked.seq)
			model_path_remove(m, p);
	m->devices_known = true;
	m->devices_at = m->now;
}

/* ---- hints ----------------------------------------------------------------------------------- */

static void sweep(struct model *m, const struct path *p)
{
	model_nexus(m, p)->sweep = true;
}

static void note_attention(struct model *m, struct path *p, enum attention attention)
{
	struct nexus *n = model_nexus(m, p);
	struct path *other;
	struct change *c = model_add_change(m, CHANGE_ATTENTION, p);

	c->number = attention;
	if (attention == ATTENTION_RESET && instant_is_set(n->up_since))
		n->up_since = m->now; /* the way was lost and came back between two checks */
	sweep(m, p);
	for_each_path(m, other)
		if (other->nexus == p->nexus)
			model_moved(m, other);
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
	p->check.action = 0;
	p->timed_out = false;
	model_nexus(m, p)->n_out--;
	if (o->result < 0) {
		if (o->result == -ENODEV || o->result == -ESTALE) {
			p->watch = WATCH_NO;
			model_add_look(m, p->device.sysfs);
		}
		return;
	}
	m->counters.checks++;
	p->answer_seq = p->check.seq;
	p->answered_at = m->now;
	note_way(m, p, o->checked.state, o->checked.transport);
}

static void note_hung_up(struct model *m, const struct observation *o)
{
	struct path *p = model_path(m, o->path);

	if (!p)
		return;
	p->watch = WATCH_FAILED;
	p->watch_again = instant_add_ms(m->now, 1000);
	if (p->check.action) {
		p->check.action = 0;
		model_nexus(m, p)->n_out--;
	}
	model_add_look(m, p->device.sysfs);
}

/* ---- maps, holders, owner -------------------------------------------------------------------- */

static struct map *map_slot(struct model *m, const struct devt *devt)
{
	struct map *maps, *spare = NULL;

	for (uint32_t i = 0; i < m->n_maps; i++) {
		if (m->maps[i].present && devt_equal(&m->maps[i].kernel.devt, devt))
			return &m->maps[i];
		if (!m->maps[i].present && !m->maps[i].deed.action)
			spare = &m->maps[i];
	}
	if (!spare) {
		maps = realloc(m->maps, (m->n_maps + 1) * sizeof *maps);
		if (!maps) {
			m->out_of_memory = true;
			return NULL;
		}
		m->maps = maps;
		spare = &maps[m->n_maps++];
	}
	*spare = (struct map){ 0 };
	return spare;
}

static void relink_all(struct model *m)
{
	struct path *p;

	for_each_path(m, p)
		link_to_map(m, p);
}

static void note_map(struct model *m, const struct observation *o)
{
	struct map *map = map_slot(m, &o->map.devt);
	struct change *c;

	if (!map || (!map->present && !o->map.present))
		return;
	map->seen_seq = model_next_seq(m);
	if (!map_differs(&map->kernel, &o->map)) {
		map->kernel = o->map;
		return;
	}
	c = model_add_change(m, o->map.present ? CHANGE_MAP : CHANGE_MAP_GONE, NULL);
	TEXT_SET(c->map, o->map.present ? o->map.name : map->kernel.name);
	c->number = o->map.n_members;
	if (o->map.present)
		map->kernel = o->map;
	map->present = o->map.present;
	for (uint32_t slot = 0; slot < m->n_slots; slot++)
		if (m->paths[slot] && m->paths[slot]->map == (int)(map - m->maps))
			model_moved(m, m->paths[slot]);
	relink_all(m);
}

static void note_maps_end(struct model *m, const struct observation *o)
{
	if (!o->action || o->action != m->maps_asked.action)
		return;
	m->maps_asked.action = 0;
	if (o->result < 0 && o->result != -ENOENT) {
		m->maps_lost = true;
		return;
	}
	for (uint32_t i = 0; i < m->n_maps; i++) {
		struct observation gone = { .kind = OBS_MAP, .at = m->now };

		if (!m->maps[i].present || m->maps[i].seen_seq > m->maps_asked.seq)
			continue;
		gone.map.devt = m->maps[i].kernel.devt;
		note_map(m, &gone);
	}
	m->maps_seq = m->maps_asked.seq;
	m->maps_at = m->now;
}

static void note_holders(struct model *m, const struct observation *o)
{
	struct path *p = model_path(m, o->path);

	for (uint32_t i = 0; i < m->n_requests; i++) {
		struct request *r = &m->requests[i];

		if (r->used && r->holders_asked.action && r->holders_asked.action == o->action) {
			r->holders_asked.action = 0;
			r->holders_known = true;
			r->holders = o->holders;
			r->holders.complete = o->holders.complete && o->result == 0;
		}
	}
	if (!p || !p->holders_asked.action || p->holders_asked.action != o->action)
		return;
	p->holders_asked.action = 0;
	p->holders_seq = p->holders_asked.seq;
	p->holders_at = m->now;
	p->holders = o->holders;
	if (o->result < 0)
		p->holders.complete = false;
}

static void note_owner(struct model *m, const struct observation *o)
{
	struct path *p;

	m->owner_asked.action = 0;
	m->owner_at = m->now;
	if (m->owner_known && !memcmp(&m->owner, &o->owner, sizeof m->owner))
		return;
	m->owner_known = true;
	m->owner = o->owner;
	model_add_change(m, CHANGE_OWNER, NULL)->number = o->owner.running;
	for_each_path(m, p)
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

static void note_done(struct model *m, const struct observation *o)
{
	struct path *p = model_path(m, o->path);

	if (!o->action)
		return;
	for (uint32_t i = 0; i < m->n_hosts; i++)
		if (m->hosts[i].deed == o->action)
			m->hosts[i] = (struct host){ .number = m->hosts[i].number };
	for (uint32_t i = 0; i < m->n_maps; i++)
		if (m->maps[i].deed.action == o->action) {
			m->maps[i].deed.action = 0;
			m->maps_lost = true; /* read again what became of it */
		}
	if (!p || !p->deed.action || p->deed.action != o->action)
		return;
	p->deed.action = 0;
	p->deed_ended = true;
}

/* All that was asked of a lost helper is asked again by the next step. */
static void forget_keeper(struct model *m, uint32_t host)
{
	struct path *p;

	for_each_path(m, p) {
		if (p->device.address.host != host)
			continue;
		p->watch = WATCH_NO;
		p->watch_action = 0;
		if (p->check.action) {
			p->check.action = 0;
			model_nexus(m, p)->n_out--;
		}
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
		for_each_path(m, p)
			p->look_after_deed = 0;
		m->devices_asked.action = 0;
		m->devices_lost = true;
		break;
	case HELPER_SCANNER:
		for_each_path(m, p)
			p->holders_asked.action = 0;
		for (uint32_t i = 0; i < m->n_requests; i++)
			m->requests[i].holders_asked.action = 0;
		break;
	case HELPER_DM:
		m->maps_asked.action = 0;
		m->maps_lost = true;
		break;
	case HELPER_OWNER:
		m->owner_asked.action = 0;
		m->owner_asked.at = m->now; /* not before its next turn */
		break;
	case HELPER_ZYGOTE:
	case HELPER_DM_HAND:
	case HELPER_READER:
	case HELPER_HAND: break;
	}
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
	for_each_path(m, p) {
		if (p->gone_count)
			p->gone_count = 1;
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
	switch (o->kind) {
	case OBS_TIME: note_time(m, o); break;
	case OBS_DEVICE: note_device(m, o); break;
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
	case OBS_REQUEST: /* core names the device and adds the request itself */
	case OBSERVATION_KINDS: break;
	}
}
