/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/deeds.h"

#include "base/text.h"

void deeds_touch_map(struct model *m, const struct path *p, bool touched)
{
	struct path *other;

	for_each_path (m, other)
		if (other->map >= 0 && other->map == p->map && !other->taken &&
			(!touched || other->detach == p->detach))
			other->touched = touched;
}

/* p's map is to be removed by p's word, and missed when that is refused: its owner makes it again
 * when it is given one of the paths back. False: no memory. */
static bool note_taken(struct model *m, const struct path *p, const struct map *map)
{
	if (m->owner.running) {
		deeds_touch_map(m, p, true);
		return true;
	}
	model_detach(m, p->detach)->recorded = true; /* by the hand */
	return taken_add(m, p->detach, map->kernel.name, map->kernel.uuid);
}

bool deeds_tell_map(struct model *m, struct path *p, enum action_kind kind, struct agenda *agenda)
{
	struct map *map = model_map(m, p);
	struct action *a;

	if (map && map->deed.action)
		return false;
	if (kind == ACT_REMOVE_MAP && p->detach && map && !note_taken(m, p, map))
		return false;
	a = agenda_add(agenda, kind);
	if (!a)
		return false;
	a->id = model_ask(m, &p->deed, m->now);
	p->deed_ended = false;
	a->path = p->id;
	a->map.member = p->device.devt;
	a->map.ino = p->device.ino;
	TEXT_SET(a->map.dev, p->device.dev);
	if (map) {
		map->deed = p->deed;
		a->map.map = map->kernel.devt;
		TEXT_SET(a->map.name, map->kernel.name);
		TEXT_SET(a->map.uuid, map->kernel.uuid);
	}
	a->map.word = kind == ACT_REMOVE_MAP ? p->detach : 0;
	a->map.owned = m->owner.running;
	a->map.carried = p->detach && kind != ACT_REMOVE_MAP;
	/* what is given back is wanted back however late it is */
	a->map.deadline_ms = kind == ACT_GIVE_PATH ? 0 : DEEDS_MAP_MS;
	agenda_wake_at(agenda, instant_add_ms(m->now, DEEDS_MAP_MS));
	return true;
}

struct action *deeds_send_hand(
	struct model *m, struct path *p, enum action_kind kind, struct agenda *agenda)
{
	struct action *a = agenda_add(agenda, kind);

	if (!a)
		return NULL;
	a->id = model_ask(m, &p->deed, m->now);
	a->path = p->id;
	p->deed_ended = false;
	agenda_wake_at(agenda, instant_add_ms(m->now, DEEDS_HAND_MS));
	return a;
}

bool deeds_found_alive(const struct obs_done *done)
{
	struct sense sense;

	if (!done->asked)
		return false;
	switch (answer_classify(&done->tur, &sense)) {
	case ANSWER_GOOD:
	case ANSWER_CONFLICT: return true;
	case ANSWER_SENSE:
		return sense.key != SENSE_UNIT_ATTENTION && !scsi_says_unsupported(&done->tur);
	case ANSWER_BUSY:
	case ANSWER_TRANSPORT:
	case ANSWER_TIMEOUT:
	case ANSWER_DEVICE_ABSENT:
	case ANSWER_NONE:
	case ANSWER_KINDS: break;
	}
	return false;
}
