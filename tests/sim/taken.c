/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Maps of nobody that were removed by a word to detach, and are made again. */
#include "sim.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { TELLS = 6 }; /* then it may be given up */

static void name_map(const struct map_truth *m, char ret[MAX_WWID + 8])
{
	char wwid[MAX_WWID];

	world_name_volume(m->volume, wwid);
	snprintf(ret, MAX_WWID + 8, "mpath-%s", wwid);
}

static struct taken_truth *find(struct sim *s, uint64_t word, const char *uuid)
{
	char name[MAX_WWID + 8];

	for (uint32_t i = 0; i < TAKEN; i++) {
		name_map(&s->taken[i].map, name);
		if (s->taken[i].word == word && !strcmp(name, uuid))
			return &s->taken[i];
	}
	return NULL;
}

void taken_keep(struct sim *s, uint64_t word, const struct map_truth *m)
{
	char uuid[MAX_WWID + 8];

	name_map(m, uuid);
	if (find(s, word, uuid))
		return;
	for (uint32_t i = 0; i < TAKEN; i++)
		if (!s->taken[i].word) {
			s->taken[i] = (struct taken_truth){ .word = word, .map = *m };
			return;
		}
}

void taken_disturb(struct sim *s, const struct map_truth *m)
{
	for (uint32_t i = 0; m->n_members && i < HOSTS * LUNS; i++) {
		struct device *d = &s->devices[i / LUNS][i % LUNS];

		if (!d->ino || d->going || d->minor != m->members[0].minor)
			continue;
		if (sim_chance(s, 200))
			d->mounted = true;
		else
			d->opened_at = s->now;
	}
}

static struct map_truth *map_of_volume(struct sim *s, uint32_t volume)
{
	for (uint32_t i = 0; i < MAPS; i++)
		if (s->maps[i].exists && s->maps[i].volume == volume)
			return &s->maps[i];
	return NULL;
}

static struct map_truth *free_map(struct sim *s)
{
	for (uint32_t i = 0; i < MAPS; i++)
		if (!s->maps[i].exists)
			return &s->maps[i];
	return NULL;
}

static struct device *device_of(struct sim *s, const struct act_member *member)
{
	for (uint32_t i = 0; i < HOSTS * LUNS; i++) {
		struct device *d = &s->devices[i / LUNS][i % LUNS];

		if (d->ino && d->ino == member->ino && !d->going && d->minor == member->devt.minor)
			return d;
	}
	return NULL;
}

static bool had(const struct taken_truth *t, uint32_t minor)
{
	for (uint32_t i = 0; i < t->map.n_members; i++)
		if (t->map.members[i].minor == minor)
			return true;
	return false;
}

/* As the kernel takes a table, or does not. */
static int gather(struct sim *s, const struct taken_truth *t, const struct act_make *make,
	struct map_truth *m)
{
	for (uint32_t i = 0; i < make->n_members; i++) {
		struct device *d = device_of(s, &make->members[i]);

		if (!d || !had(t, d->minor))
			continue;
		if (d->offline)
			return -ENXIO;
		if (world_is_busy(s, d))
			return -EBUSY;
		m->members[m->n_members++] = (struct member){ d->minor, true };
		d->reinstated_at = s->now;
		d->elsewhere_told = 0;
		d->opened_at = INSTANT_NEVER;
	}
	return m->n_members ? 0 : -ENODEV;
}

void taken_sent(struct sim *s, const struct act_make *make)
{
	struct taken_truth *t = find(s, make->word, make->uuid);

	if (t)
		t->tells++;
	for (uint32_t i = 0; i < make->n_members; i++) {
		const struct device *d = device_of(s, &make->members[i]);

		if (d && d->fenced_told == s->daemon)
			sim_fail(s, "P7: %s is made again of what is fenced", make->uuid);
	}
}

int taken_make(struct sim *s, const struct act_make *make)
{
	struct taken_truth *t = find(s, make->word, make->uuid);
	struct map_truth made, *m;
	int r;

	if (s->owner.said.running || s->now.ms - make->boot_ms > make->deadline_ms)
		return -EAGAIN;
	if (!t || map_of_volume(s, t->map.volume))
		return 0;
	m = free_map(s);
	if (!m)
		return -ENOMEM;
	made = (struct map_truth){
		.exists = true,
		.minor = ++s->last_map,
		.volume = t->map.volume,
		.sectors = t->map.sectors,
	};
	r = gather(s, t, make, &made);
	if (r < 0)
		return r;
	*m = made;
	s->counts.maps_made++;
	sim_story(s, "map%u of vol%u is made again", m->minor, m->volume);
	world_map_changed(s, (uint32_t)(m - s->maps));
	return 0;
}

void taken_ended(struct sim *s, const struct act_make *make, int result)
{
	struct taken_truth *t = find(s, make->word, make->uuid);

	if (t)
		t->again |= result == 0;
}

void taken_excuse(struct sim *s)
{
	for (uint32_t i = 0; i < TAKEN; i++)
		s->taken[i].excused = true;
}

void taken_strike(struct sim *s, uint64_t word)
{
	const struct detach *d = model_detach(core_model(s->core), word);

	for (uint32_t i = 0; i < TAKEN; i++) {
		struct taken_truth *t = &s->taken[i];

		if (t->word != word)
			continue;
		if (d && d->why != BECAUSE_NOTHING && !t->again && !t->excused && t->tells < TELLS)
			sim_fail(s, "detach: map%u is not made again", t->map.minor);
		t->word = 0;
	}
}

void taken_tell(struct sim *s)
{
	for (uint32_t i = 0; i < TAKEN; i++) {
		struct observation o = { .kind = OBS_TAKEN };
		struct taken_truth *t = &s->taken[i];

		if (t->word && !records_have(s, t->word))
			t->word = 0;
		if (!t->word)
			continue;
		o.taken.word = t->word;
		snprintf(o.taken.name, sizeof o.taken.name, "map%u", t->map.minor);
		name_map(&t->map, o.taken.uuid);
		sim_feed(s, &o);
	}
}
