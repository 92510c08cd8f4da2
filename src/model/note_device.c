/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What sysfs says of a device, and what follows from it for the path: its way, its map, settings.
 */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "model/note.h"

/* What multipathd calls the way to a device, and so do the files: it has no word for some of ours.
 */
static enum protocol protocol_in_files(enum protocol protocol)
{
	switch (protocol) {
	case PROTOCOL_VIRTIO:
	case PROTOCOL_DEBUG: return PROTOCOL_UNSPEC;
	case PROTOCOL_ISCSI:
	case PROTOCOL_FCP:
	case PROTOCOL_SAS:
	case PROTOCOL_SRP:
	case PROTOCOL_UNSPEC:
	case PROTOCOL_USB:
	case PROTOCOL_ATA: break;
	}
	return protocol;
}

static const struct config_device *config_device_of(
	const struct obs_device *d, struct config_device *ret)
{
	*ret = (struct config_device){
		.wwid = d->wwid,
		.vendor = d->vendor,
		.product = d->product,
		.revision = d->revision,
		.devnode = d->dev,
		.protocol = protocol_name(protocol_in_files(d->protocol)),
		.properties = d->properties,
	};
	return ret;
}

bool model_asks_protocol(enum protocol protocol)
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
	path_id *left;

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
	left = realloc(m->left, size * sizeof *left);
	if (!left)
		return -ENOMEM;
	m->left = left;
	memset(paths + m->n_slots, 0, (size - m->n_slots) * sizeof *paths);
	memset(generations + m->n_slots, 0, (size - m->n_slots) * sizeof *generations);
	*ret = m->n_slots;
	m->n_slots = size;
	return 0;
}

/* Nothing is known of what could not be kept: all is read again, and this reading is not whole. */
static void miss_device(struct model *m)
{
	m->out_of_memory = m->devices_missed = m->devices_lost = true;
}

/* Under its name, and with its logical unit. */
static int enroll(struct model *m, struct path *p)
{
	int r = lun_join(m, p);

	if (r < 0)
		return r;
	HASH_ADD_STR(m->by_sysfs, device.sysfs, p);
	if (HASH_TOOK(p))
		return 0;
	lun_leave(m, p);
	return -ENOMEM;
}

static struct path *new_path(struct model *m, const struct obs_device *d)
{
	struct path *p = calloc(1, sizeof *p);
	uint32_t slot, nexus;

	if (p)
		p->device = *d;
	if (!p || new_slot(m, &slot) < 0 || find_nexus(m, &d->address, &nexus) < 0 ||
		enroll(m, p) < 0) {
		free(p);
		miss_device(m);
		return NULL;
	}
	p->id = (path_id){ slot, ++m->generations[slot] };
	p->nexus = nexus;
	p->map = -1;
	p->state_since = p->purge_since = m->now;
	p->identity.wish = model_next_seq(m);
	p->check_due = m->now;
	p->appeared_seq = model_next_seq(m);
	m->paths[slot] = p;
	m->n_paths++;
	m->nexuses[nexus].n_paths++;
	departures_return(&m->departures, &d->address);
	return p;
}

void note_membership(struct model *m, struct path *p)
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
	int r, asked;

	config_device_of(&p->device, &d);
	r = config_resolve(m->config, &d, &p->settings);
	asked = config_is_asked(m->config, &d, NULL);
	p->askable = p->device.type == 0 && (p->device.devt.major || p->device.sg.major) &&
		     model_asks_protocol(p->device.protocol) && r >= 0 && asked > 0;
	if (r < 0 || asked < 0) /* nothing is done to it until what is allowed is known */
		m->out_of_memory = m->devices_lost = true;
}

void note_way(
	struct model *m, struct path *p, enum device_state state, enum transport_state transport)
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

/* What udev knows may be of the device that had this number before, as long as udev is behind: it
 * counts when the kernel found the same. And it stays: after a rescan in place both name what is
 * there now. */
static void note_udev(struct path *p)
{
	if (!p->identity.udev[0] && !strcmp(p->device.udev_serial, p->device.wwid))
		TEXT_SET(p->identity.udev, p->device.wwid);
}

static void update_path(struct model *m, struct path *p, const struct obs_device *d, bool is_new)
{
	struct obs_device old = p->device;

	p->device = *d;
	p->device.state = old.state;
	p->device.transport = old.transport;
	if (!d->wwid[0]) /* a page that cannot be read now is not another name */
		TEXT_SET(p->device.wwid, old.wwid);
	note_udev(p);
	note_way(m, p, d->state, d->transport);
	if (lun_join(m, p) < 0)
		m->out_of_memory = true; /* counted with what it was called before */
	refresh_settings(m, p);
	note_membership(m, p);
	if (is_new || !handles_differ(&old, d))
		return;
	model_moved(m, p);
	if (p->watch == WATCH_YES)
		p->watch = WATCH_NO; /* the disk or its sg node came later: pin those too */
}

/* A daemon before this one fenced it: nobody asks it again. */
static void restore_fence(struct model *m, struct path *p)
{
	for (uint32_t i = 0; i < m->n_fences; i++) {
		const struct obs_fenced *f = &m->fences[i];

		if (f->ino != p->device.ino || strcmp(f->sysfs, p->device.sysfs))
			continue;
		fence_restore(&p->fence, m->now);
		p->identity.word = IDENTITY_CHANGED;
		TEXT_SET(p->identity.live, f->found);
		model_state_enter(m, p, PATH_FENCED, BECAUSE_IDENTITY_CHANGED);
		m->fences[i] = m->fences[--m->n_fences];
		return;
	}
}

/* Somebody looked for it before the array took it away. */
static void note_gap(struct model *m, const struct path *p)
{
	struct gap *g = model_gap_of(m, p);
	struct change *c;

	if (!g)
		return;
	m->counters.kept_out++;
	c = model_add_change(m, CHANGE_KEPT_OUT, p);
	TEXT_SET(c->text, g->is.requester);
}

static void note_presence(struct model *m, struct path *p, uint64_t action)
{
	p->seen_seq = model_next_seq(m);
	if (p->look_after_deed && p->look_after_deed == action) {
		p->look_after_deed = 0;
		p->present_after_deed = true;
	}
}

/* Nothing was learned of it, not even that it is gone. */
static void note_unread(struct model *m, struct path *p, uint64_t action)
{
	m->devices_lost = true;
	if (!p) {
		m->devices_missed = true;
		return;
	}
	p->seen_seq = model_next_seq(m);
	if (p->look_after_deed && p->look_after_deed == action) {
		p->look_after_deed = 0;
		p->look_failed = true;
	}
}

void note_device(struct model *m, const struct observation *o)
{
	const struct obs_device *d = &o->device;
	struct path *p = model_path_at(m, d->sysfs);
	bool is_new = false;

	if (o->result < 0) {
		note_unread(m, p, o->action);
		return;
	}
	if (p && (!d->present || d->ino != p->device.ino)) {
		model_path_remove(m, p);
		p = NULL;
	}
	if (p && d->state == DEVICE_GOING) { /* what else it says is no longer true */
		note_presence(m, p, o->action);
		note_way(m, p, DEVICE_GOING, p->device.transport);
		return;
	}
	if (!d->present || d->type != 0)
		return;
	if (!p) {
		p = new_path(m, d);
		if (!p)
			return;
		is_new = true;
	}
	note_presence(m, p, o->action);
	update_path(m, p, d, is_new);
	if (!is_new)
		return;
	model_add_change(m, CHANGE_PATH_ADDED, p);
	restore_fence(m, p);
	gaps_note_device(m, p);
	note_gap(m, p);
}

void note_host(struct model *m, const struct observation *o)
{
	struct host *host = model_host(m, o->host.number);

	if (!host) {
		miss_device(m);
		return;
	}
	if (!host->known)
		host->silent_since = m->now;
	if (host->known && host->seen.ino != o->host.ino) /* another one of that number */
		departures_drop_host(&m->departures, host->number);
	host->known = true;
	host->seen = o->host;
	host->seen_seq = model_next_seq(m);
}

static void forget_unseen_hosts(struct model *m)
{
	for (uint32_t i = 0; i < m->n_hosts; i++) {
		struct host *host = &m->hosts[i];

		if (!host->known || host->seen_seq > m->devices_asked.seq)
			continue;
		host->known = false;
		departures_drop_host(&m->departures, host->number);
	}
}

void note_devices_end(struct model *m, const struct observation *o)
{
	struct path *p;

	if (!o->action || o->action != m->devices_asked.action)
		return; /* of a reading that was given up */
	m->devices_asked.action = 0;
	if (o->result < 0 || m->devices_missed) {
		m->devices_missed = false;
		m->devices_lost = true;
		return;
	}
	m->devices_asked.answered = true;
	for_each_path (m, p) {
		if (p->seen_seq >= m->devices_asked.seq)
			continue;
		if (p->device.state == DEVICE_GOING || p->deed.action)
			model_add_look(
				m, p->device.sysfs); /* the bus forgets it before it is gone */
		else
			model_path_remove(m, p);
	}
	forget_unseen_hosts(m);
	m->devices_known = true;
	m->devices_seq = m->devices_asked.seq;
	m->devices_at = m->now;
}

void model_set_config(struct model *m, struct config *config)
{
	struct path *p;

	config_free(m->config);
	m->config = config;
	config_resolve(config, NULL, &m->defaults);
	m->config_seq = model_next_seq(m);
	for_each_path (m, p) {
		refresh_settings(m, p);
		model_moved(m, p);
	}
	m->owner_asked.answered = false; /* asked again */
}
