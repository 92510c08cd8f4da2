/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The owner of the maps: which of them it purges, and how its configuration says so. */
#include "sim.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

bool owner_truth_purges(const struct owner_truth *owner, uint32_t volume)
{
	bool excepted = false;

	for (uint32_t i = 0; i < owner->n_excepted; i++)
		excepted |= owner->excepted[i] == volume;
	return owner->said.running && owner->said.knows_purge && owner->said.purges &&
	       (owner->vague || owner->by_default != excepted);
}

static void print_rules(struct sim *s, const struct owner_truth *owner, struct text *out)
{
	static const char *const places[][2] = { { "defaults {\n", "}\n" },
		{ "devices {\ndevice {\nvendor SIM\nproduct \"^DISK$\"\n", "}\n}\n" },
		{ "overrides {\n", "}\n" } };
	const char *const *place = places[sim_below(s, 3)];
	char wwid[MAX_WWID];

	text_addf(out, "%spurge_disconnected %s\n%s", place[0], owner->by_default ? "yes" : "no",
		place[1]);
	if (owner->n_excepted)
		text_add(out, "multipaths {\n");
	for (uint32_t i = 0; i < owner->n_excepted; i++) {
		world_name_volume(owner->excepted[i], wwid);
		text_addf(out, "multipath {\nwwid %s\npurge_disconnected %s\n}\n", wwid,
			owner->by_default ? "no" : "yes");
	}
	if (owner->n_excepted)
		text_add(out, "}\n");
}

/* Mostly volumes that there are. */
static void except(struct sim *s, struct owner_truth *owner)
{
	owner->n_excepted = sim_below(s, OWNER_ROWS + 1);
	for (uint32_t i = 0; i < owner->n_excepted; i++) {
		const struct map_truth *map = &s->maps[sim_below(s, MAPS)];
		uint32_t volume = map->exists ? map->volume : 1 + sim_below(s, s->last_volume);

		for (uint32_t j = 0; j < i; j++)
			if (owner->excepted[j] == volume)
				volume = s->last_volume + 100 + i; /* not twice */
		owner->excepted[i] = volume;
	}
}

void owner_truth_speaks(struct sim *s)
{
	struct owner_truth *owner = &s->owner;
	struct text rules = TEXT_INIT;

	owner->said.knows_purge = sim_chance(s, 500);
	owner->vague = sim_chance(s, 200);
	owner->by_default = sim_chance(s, 300);
	except(s, owner);
	owner->said.purges = owner->said.knows_purge &&
			     (owner->vague ? sim_chance(s, 500)
					   : owner->by_default || owner->n_excepted);
	if (owner->said.purges && !owner->vague)
		print_rules(s, owner, &rules);
	memset(owner->said.rules, 0, sizeof owner->said.rules);
	TEXT_SET(owner->said.rules, text_str(&rules));
	text_done(&rules);
	sim_story(s, "owner: running=%d purges=%d default=%d excepted=%u", owner->said.running,
		owner->said.purges, owner->vague || owner->by_default, owner->n_excepted);
}

/* The owner's round: what is gone leaves its map, what came joins, an empty map goes. */
static void owner_works(struct sim *s)
{
	struct map_truth *m = maps_any(s);

	if (!m || !s->owner.said.running)
		return;
	for (uint32_t i = 0; i < m->n_members; i++) {
		bool there = false;

		for (uint32_t h = 0; h < HOSTS; h++)
			for (uint32_t l = 0; l < LUNS; l++)
				there |= s->devices[h][l].ino &&
					 s->devices[h][l].minor == m->members[i].minor;
		if (!there)
			maps_drop(s, m, i--);
	}
	maps_gather(s, m);
	if (!m->n_members && !m->mounted) {
		m->exists = false;
		world_map_changed(s, (uint32_t)(m - s->maps));
	}
}

/* It purges what it finds gone in its maps: late, one by one, and by the name of the path. */
static void owner_purges(struct sim *s)
{
	for (uint32_t i = 0; i < HOSTS * LUNS; i++) {
		uint32_t h = i / LUNS, l = i % LUNS;
		const struct device *d = &s->devices[h][l];
		int map = d->ino && !d->going ? world_map_of(s, d) : -1;
		struct event *e;

		if (map < 0 || !world_is_gone(s, h, l) || world_says_by_qualifier(h, l) ||
			!s->nexuses[h].up || !owner_truth_purges(&s->owner, s->maps[map].volume))
			continue;
		e = sim_push(s, EVENT_OWNER_DELETES, sim_in(s, 10, 30000));
		e->host = h;
		e->lun = l;
		e->ino = d->ino;
		e->daemon = s->owner.said.pid;
	}
}

/* A name, and by now another device has it. */
void owner_deletes(struct sim *s, const struct event *e)
{
	const struct device *d = &s->devices[e->host][e->lun];

	if (!s->owner.said.running || s->owner.said.pid != e->daemon || !d->ino || d->going)
		return;
	sim_story(s, "owner: deletes %u:0:0:%u", e->host, e->lun);
	oracle_owner_deletes(s, e->host, e->lun, e->ino);
	kernel_delete(s, e->host, e->lun);
}

static void owner_comes_or_goes(struct sim *s)
{
	s->owner.said.running = !s->owner.said.running;
	s->owner.said.pid++;
	owner_truth_speaks(s);
}

const struct deed owner_deeds[] = {
	{ "owner-works", owner_works, 40 },
	{ "owner-purges", owner_purges, 6 },
	{ "owner-comes-or-goes", owner_comes_or_goes, 1 },
	{ "owner-speaks", owner_truth_speaks, 1 },
	{ 0 },
};
