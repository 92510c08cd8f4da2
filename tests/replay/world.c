/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

enum { LATENCY_MS = 1, GOING_MS = 50 };

struct told {
	struct observation *all; /* owned */
	size_t n;
};

struct standing {
	struct scsi_address at;
	bool silence;
	struct observation answer;
};

struct world {
	struct told devices, hosts, maps, saying; /* saying: in the order of time */
	struct observation owner;
	struct standing *standing; /* owned */
	size_t n_standing;
};

int world_new(struct world **ret)
{
	struct world *w = calloc(1, sizeof *w);

	if (!w)
		return -ENOMEM;
	w->owner.kind = OBS_OWNER;
	*ret = w;
	return 0;
}

struct world *world_free(struct world *w)
{
	if (!w)
		return NULL;
	free(w->devices.all);
	free(w->hosts.all);
	free(w->maps.all);
	free(w->saying.all);
	free(w->standing);
	free(w);
	return NULL;
}

static int insert(struct told *list, size_t i, const struct observation *o)
{
	struct observation *more = realloc(list->all, (list->n + 1) * sizeof *more);

	if (!more)
		return -ENOMEM;
	memmove(more + i + 1, more + i, (list->n - i) * sizeof *more);
	more[i] = *o;
	list->all = more;
	list->n++;
	return 0;
}

/* ---- what is so ------------------------------------------------------------------------------ */

static bool is_of_same(const struct observation *a, const struct observation *b)
{
	if (a->kind == OBS_DEVICE)
		return !strcmp(a->device.sysfs, b->device.sysfs);
	if (a->kind == OBS_HOST)
		return a->host.number == b->host.number;
	return devt_equal(&a->map.devt, &b->map.devt);
}

static int replace(struct told *list, const struct observation *o)
{
	for (size_t i = 0; i < list->n; i++)
		if (is_of_same(&list->all[i], o)) {
			list->all[i] = *o;
			return 0;
		}
	return insert(list, list->n, o);
}

int world_note(struct world *w, const struct observation *o)
{
	if (o->kind == OBS_DEVICE)
		return replace(&w->devices, o);
	if (o->kind == OBS_HOST)
		return replace(&w->hosts, o);
	if (o->kind == OBS_MAP)
		return replace(&w->maps, o);
	if (o->kind == OBS_OWNER)
		w->owner = *o;
	return 0;
}

static struct standing *find_standing(
	const struct world *w, const struct scsi_address *at, enum observation_kind kind)
{
	for (size_t i = 0; at && i < w->n_standing; i++)
		if (w->standing[i].answer.kind == kind &&
			scsi_address_equal(&w->standing[i].at, at))
			return &w->standing[i];
	return NULL;
}

int world_set_answer(struct world *w, const struct scsi_address *at, const struct observation *o)
{
	struct standing row = { .at = *at, .silence = !o, .answer = { .kind = OBS_DONE } }, *old;
	struct standing *more;

	if (o)
		row.answer = *o;
	old = find_standing(w, at, row.answer.kind);
	if (old) {
		*old = row;
		return 0;
	}
	more = realloc(w->standing, (w->n_standing + 1) * sizeof *more);
	if (!more)
		return -ENOMEM;
	more[w->n_standing++] = row;
	w->standing = more;
	return 0;
}

/* ---- what it says ---------------------------------------------------------------------------- */

static int say(struct world *w, instant at, const struct observation *o)
{
	struct observation timed = *o;
	size_t i = w->saying.n;

	timed.at = at;
	while (i && instant_before(at, w->saying.all[i - 1].at))
		i--;
	return insert(&w->saying, i, &timed);
}

static int say_all(struct world *w, instant at, const struct told *list)
{
	for (size_t i = 0; i < list->n; i++) {
		int r = say(w, at, &list->all[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

instant world_next(const struct world *w)
{
	return w->saying.n ? w->saying.all[0].at : INSTANT_FAR;
}

struct observation *world_say(struct world *w, instant now)
{
	struct observation *first;

	if (!w->saying.n || instant_before(now, w->saying.all[0].at))
		return NULL;
	first = malloc(sizeof *first);
	if (!first)
		return NULL;
	*first = w->saying.all[0];
	memmove(w->saying.all, w->saying.all + 1, --w->saying.n * sizeof *first);
	return first;
}

/* ---- what it is asked ------------------------------------------------------------------------ */

static int list_devices(struct world *w, instant at, const struct observation *end)
{
	int r = say_all(w, at, &w->devices);

	if (r >= 0)
		r = say_all(w, at, &w->hosts);
	return r < 0 ? r : say(w, at, end);
}

static int list_maps(struct world *w, instant at, const struct observation *end)
{
	int r = say_all(w, at, &w->maps);

	return r < 0 ? r : say(w, at, end);
}

static int look(struct world *w, instant at, const struct action *a)
{
	struct observation o = { .kind = OBS_DEVICE, .action = a->id };

	TEXT_SET(o.device.sysfs, a->look.sysfs);
	for (size_t i = 0; i < w->devices.n; i++)
		if (!strcmp(w->devices.all[i].device.sysfs, a->look.sysfs))
			o = w->devices.all[i];
	o.action = a->id;
	return say(w, at, &o);
}

static struct obs_device *device_at(struct world *w, const struct scsi_address *at)
{
	for (size_t i = 0; at && i < w->devices.n; i++)
		if (scsi_address_equal(&w->devices.all[i].device.address, at))
			return &w->devices.all[i].device;
	return NULL;
}

static int answer_check(struct world *w, instant at, const struct action *a,
	const struct scsi_address *address, struct observation *o)
{
	const struct standing *s = find_standing(w, address, OBS_CHECKED);
	const struct obs_device *d = device_at(w, address);

	if (s)
		o->checked = s->answer.checked;
	else
		o->checked = (struct obs_checked){ .state = DEVICE_RUNNING, .asked = true };
	if (d && d->state == DEVICE_OFFLINE) /* fenced: nobody can ask it */
		o->checked = (struct obs_checked){ .state = DEVICE_OFFLINE };
	if (a->check.only_look)
		o->checked.asked = false;
	if (!a->check.ask_inquiry || !o->checked.asked)
		o->checked.inquired = false;
	if (!a->check.ask_identity || !o->checked.asked)
		o->checked.identified = false;
	return say(w, at, o);
}

/* What is deleted is gone a little after its hand, and an event says where to look. */
static int delete_device(struct world *w, instant at, const struct scsi_address *address)
{
	struct obs_device *d = device_at(w, address);
	struct observation hint = { .kind = OBS_UEVENT,
		.uevent = { .action = UEVENT_REMOVE, .scsi_device = true } };

	if (!d)
		return 0;
	d->present = false;
	TEXT_SET(hint.uevent.sysfs, d->sysfs);
	return say(w, instant_add_ms(at, GOING_MS), &hint);
}

static int change_map(struct world *w, instant at, const struct action *a)
{
	for (size_t i = 0; i < w->maps.n; i++) {
		struct obs_map *m = &w->maps.all[i].map;

		if (!devt_equal(&m->devt, &a->map.map))
			continue;
		if (a->kind == ACT_REMOVE_MAP)
			m->present = false;
		for (uint32_t k = 0; k < m->n_members && k < MAX_MEMBERS; k++)
			if (devt_equal(&m->members[k].devt, &a->map.member))
				m->members[k].active = false;
		return say(w, at, &w->maps.all[i]);
	}
	return 0;
}

static int answer_deed(struct world *w, instant at, const struct action *a,
	const struct scsi_address *address, const struct standing *s, struct observation *o)
{
	struct obs_device *d = device_at(w, address);
	int r = 0;

	if (s && s->silence)
		return 0;
	if (s) {
		o->result = s->answer.result;
		o->done = s->answer.done;
	} else {
		o->done = (struct obs_done){ .written = true, .stage = STAGE_WRITE };
	}
	if (o->result == 0 && a->kind == ACT_DELETE)
		r = delete_device(w, at, address);
	if (o->result == 0 && a->kind == ACT_FENCE && d)
		d->state = DEVICE_OFFLINE;
	if (o->result == 0 && (a->kind == ACT_FAIL_PATH || a->kind == ACT_REMOVE_MAP))
		r = change_map(w, at, a);
	return r < 0 ? r : say(w, at, o);
}

static enum observation_kind end_of(enum action_kind kind)
{
	static const enum observation_kind ends[ACTION_KINDS] = {
		[ACT_READ_DEVICES] = OBS_DEVICES_END,
		[ACT_LOOK] = OBS_DEVICE,
		[ACT_ASK_OWNER] = OBS_OWNER,
		[ACT_WATCH] = OBS_WATCHED,
		[ACT_FORGET] = OBSERVATION_KINDS,
		[ACT_CHECK] = OBS_CHECKED,
		[ACT_FIND_HOLDERS] = OBS_HOLDERS,
		[ACT_READ_MAPS] = OBS_MAPS_END,
		[ACT_FAIL_PATH] = OBS_DONE,
		[ACT_REMOVE_MAP] = OBS_DONE,
		[ACT_RESIZE_MAP] = OBS_DONE,
		[ACT_DELETE] = OBS_DONE,
		[ACT_FENCE] = OBS_DONE,
		[ACT_SCAN] = OBS_DONE,
		[ACT_REREAD] = OBS_DONE,
		[ACT_TAKE_PATH] = OBS_DONE,
		[ACT_GIVE_PATH] = OBS_DONE,
		[ACT_MAKE_MAP] = OBS_DONE,
		[ACT_WRITE_DOWN] = OBS_DONE,
		[ACT_STRIKE_OUT] = OBS_DONE,
		[ACT_KEEP_OUT] = OBS_DONE,
		[ACT_LET_IN] = OBS_DONE,
	};

	return ends[kind];
}

int world_asked(struct world *w, instant now, const struct action *a, const struct scsi_address *at)
{
	struct observation o = { .kind = end_of(a->kind), .action = a->id, .path = a->path };
	const struct standing *s = find_standing(w, at, o.kind);
	instant then = instant_add_ms(now, LATENCY_MS);

	switch (a->kind) {
	case ACT_READ_DEVICES: return list_devices(w, then, &o);
	case ACT_LOOK: return look(w, then, a);
	case ACT_ASK_OWNER: o.owner = w->owner.owner; return say(w, then, &o);
	case ACT_WATCH: return say(w, then, &o);
	case ACT_CHECK: return answer_check(w, then, a, at, &o);
	case ACT_FIND_HOLDERS:
		if (s)
			o.holders = s->answer.holders;
		else
			o.holders.complete = true;
		return say(w, then, &o);
	case ACT_READ_MAPS: return list_maps(w, then, &o);
	case ACT_FAIL_PATH:
	case ACT_REMOVE_MAP:
	case ACT_RESIZE_MAP:
	case ACT_DELETE:
	case ACT_FENCE:
	case ACT_SCAN:
	case ACT_KEEP_OUT:
	case ACT_LET_IN:
	case ACT_TAKE_PATH:
	case ACT_GIVE_PATH:
	case ACT_MAKE_MAP:
	case ACT_WRITE_DOWN:
	case ACT_STRIKE_OUT:
	case ACT_REREAD: return answer_deed(w, then, a, at, s, &o);
	case ACT_FORGET:
	case ACTION_KINDS: break;
	}
	return 0;
}
