/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Multipath maps: the kernel's tables. */
#include "sim.h"

#include <stdio.h>

struct member *world_member(struct sim *s, const struct device *d)
{
	for (uint32_t i = 0; i < MAPS; i++)
		for (uint32_t j = 0; s->maps[i].exists && j < s->maps[i].n_members; j++)
			if (s->maps[i].members[j].minor == d->minor)
				return &s->maps[i].members[j];
	return NULL;
}

int world_map_of(const struct sim *s, const struct device *d)
{
	for (uint32_t i = 0; i < MAPS; i++)
		for (uint32_t j = 0; s->maps[i].exists && j < s->maps[i].n_members; j++)
			if (s->maps[i].members[j].minor == d->minor)
				return (int)i;
	return -1;
}

uint32_t world_others_in_map(const struct sim *s, uint32_t host, uint32_t lun, int map)
{
	uint32_t n = 0;

	for (uint32_t h = 0; h < HOSTS; h++)
		for (uint32_t l = 0; l < LUNS; l++) {
			const struct device *d = &s->devices[h][l];

			n += (h != host || l != lun) && d->ino && !d->going && map >= 0 &&
			     world_map_of(s, d) == map;
		}
	return n;
}

void world_describe_map(const struct sim *s, uint32_t map, struct observation *ret)
{
	const struct map_truth *m = &s->maps[map];
	char wwid[MAX_WWID];

	*ret = (struct observation){ .kind = OBS_MAP };
	ret->map.present = m->exists;
	ret->map.devt = (struct devt){ DM_MAJOR, m->minor };
	ret->map.size_sectors = m->sectors;
	snprintf(ret->map.name, sizeof ret->map.name, "map%u", m->minor);
	world_name_volume(m->volume, wwid);
	snprintf(ret->map.uuid, sizeof ret->map.uuid, "mpath-%s", wwid);
	for (uint32_t i = 0; i < m->n_members; i++)
		ret->map.members[ret->map.n_members++] = (struct map_member){
			.devt = { SD_MAJOR, m->members[i].minor }, .active = m->members[i].active
		};
}

/* The dm helper watches once it was asked. What it says of a map that is there is what it is when
 * it is said; that one is gone is said of that one, whatever took its place. */
void world_map_changed(struct sim *s, uint32_t map)
{
	bool exists = s->maps[map].exists;
	struct event *e;

	if (!s->dm_watches)
		return;
	e = sim_push(s, exists ? EVENT_MAP : EVENT_SAY, sim_in(s, 1, 300));
	e->helper = HELPER_DM;
	e->epoch = s->epochs[HELPER_DM][0];
	e->daemon = s->daemon;
	e->index = map;
	if (exists)
		return;
	e->said = malloc(sizeof *e->said);
	world_describe_map(s, map, e->said);
}

bool world_is_busy(const struct sim *s, const struct device *d)
{
	return d->mounted || d->claimed || world_map_of(s, d) >= 0;
}

struct map_truth *maps_any(struct sim *s)
{
	for (int tries = 0; tries < 8; tries++) {
		struct map_truth *m = &s->maps[sim_below(s, MAPS)];

		if (m->exists)
			return m;
	}
	return NULL;
}

static uint32_t number_of(const struct sim *s, const struct map_truth *m)
{
	return (uint32_t)(m - s->maps);
}

static void add_member(struct sim *s, struct map_truth *m, struct device *d)
{
	if (m->n_members == MEMBERS || d->going || world_is_busy(s, d))
		return;
	m->members[m->n_members++] = (struct member){ .minor = d->minor, .active = true };
	d->reinstated_at = s->now;
	d->elsewhere_told = 0;
	d->opened_at = INSTANT_NEVER;
}

void maps_gather(struct sim *s, struct map_truth *m)
{
	for (uint32_t h = 0; h < HOSTS; h++)
		for (uint32_t l = 0; l < LUNS; l++)
			if (s->devices[h][l].ino && s->devices[h][l].volume == m->volume)
				add_member(s, m, &s->devices[h][l]);
	world_map_changed(s, number_of(s, m));
}

static void make_map(struct sim *s)
{
	uint32_t h, l;
	struct device *d = world_any_device(s, &h, &l);
	struct map_truth *m = &s->maps[sim_below(s, MAPS)];

	if (!d || d->going || m->exists || world_is_busy(s, d))
		return;
	for (uint32_t i = 0; i < MAPS; i++)
		if (s->maps[i].exists && s->maps[i].volume == d->volume)
			return;
	*m = (struct map_truth){
		.exists = true,
		.minor = ++s->last_map,
		.volume = d->volume,
		.sectors = d->sectors,
	};
	sim_story(s, "kernel: map%u of vol%u", m->minor, m->volume);
	maps_gather(s, m);
}

void maps_note_taken(struct sim *s, const struct device *d)
{
	int map = world_map_of(s, d);

	if (map >= 0)
		s->maps[map].others_took = s->now;
}

void maps_drop(struct sim *s, struct map_truth *m, uint32_t i)
{
	m->members[i] = m->members[--m->n_members];
	m->others_took = s->now;
}

/* Its owner reloads the map without it. */
void maps_take(struct sim *s, const struct device *d)
{
	int map = world_map_of(s, d);
	struct map_truth *m = &s->maps[map];

	for (uint32_t i = 0; i < m->n_members; i++)
		if (m->members[i].minor == d->minor)
			m->members[i--] = m->members[--m->n_members];
	world_map_changed(s, (uint32_t)map);
}

static void reinstate(struct sim *s, struct member *member)
{
	member->active = true;
	for (uint32_t i = 0; i < HOSTS * LUNS; i++)
		if (s->devices[i / LUNS][i % LUNS].minor == member->minor)
			s->devices[i / LUNS][i % LUNS].reinstated_at = s->now;
}

/* By its owner into the map of its volume, if there is one; else as a message to the kernel. */
void maps_give(struct sim *s, struct device *d, bool owned)
{
	struct member *member = world_member(s, d);

	if (member && !owned)
		reinstate(s, member);
	if (member && !owned)
		world_map_changed(s, (uint32_t)world_map_of(s, d));
	for (uint32_t i = 0; i < MAPS && owned && !member; i++)
		if (s->maps[i].exists && s->maps[i].volume == d->volume) {
			add_member(s, &s->maps[i], d);
			world_map_changed(s, i);
			return;
		}
}

static void map_changes(struct sim *s)
{
	struct map_truth *m = maps_any(s);
	struct member *member;

	if (!m)
		return;
	member = &m->members[sim_below(s, MEMBERS)];
	switch (sim_below(s, 5)) {
	case 0: m->mounted = !m->mounted; return;
	case 1: m->exists = m->mounted; break;
	case 2: reinstate(s, member); break;
	case 3: member->active = false; break;
	default:
		if (m->n_members && sim_chance(s, 300))
			maps_drop(s, m, sim_below(s, m->n_members));
	}
	world_map_changed(s, number_of(s, m));
}

const struct deed maps_deeds[] = {
	{ "make-map", make_map, 30 },
	{ "map-changes", map_changes, 20 },
	{ 0 },
};
