/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What device-mapper says of a map, and whose paths that moves; a reading of all of them ends. */
#include <errno.h>

#include "base/text.h"
#include "model/note.h"

/* Which maps there are is not known any more: no removal rests on what was read before. */
static void miss_map(struct model *m)
{
	m->out_of_memory = m->maps_missed = m->maps_lost = true;
	m->maps_seq = 0;
}

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
			miss_map(m);
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

	for_each_path (m, p)
		note_membership(m, p);
}

void note_map(struct model *m, const struct observation *o)
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

void note_maps_end(struct model *m, const struct observation *o)
{
	if (!o->action || o->action != m->maps_asked.action)
		return;
	m->maps_asked.action = 0;
	if ((o->result < 0 && o->result != -ENOENT) || m->maps_missed) {
		m->maps_missed = false;
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
	m->maps_asked.answered = true;
	m->maps_seq = m->maps_asked.seq;
	m->maps_at = m->now;
}
