/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What happens by itself: one thing at a time, drawn from the tables by weight; and to ourselves.
 */
#include "sim.h"

#include "base/cleanup.h"

enum { PEACE_EVERY = 500 }; /* disturbances */

static void uevents(struct sim *s)
{
	struct observation o = { .kind = OBS_UEVENTS_LOST };
	uint32_t h, l;
	const struct device *d = world_any_device(s, &h, &l);

	if (sim_chance(s, 200)) {
		sim_feed(s, &o);
		return;
	}
	if (!d)
		return;
	o.kind = OBS_UEVENT;
	world_sysfs(h, l, o.uevent.sysfs);
	o.uevent.dm_path_failed = sim_chance(s, 500);
	o.uevent.devt = (struct devt){ SD_MAJOR, d->minor };
	o.uevent.action = UEVENT_CHANGE;
	sim_feed(s, &o);
}

static void pressure(struct sim *s)
{
	const struct observation o = { .kind = OBS_PRESSURE };

	sim_feed(s, &o);
}

static void lose_helper(struct sim *s)
{
	static const enum helper_kind kinds[] = { HELPER_KEEPER, HELPER_KEEPER, HELPER_SCOUT,
		HELPER_SCANNER, HELPER_DM, HELPER_OWNER, HELPER_HAND, HELPER_HAND };
	enum helper_kind kind = kinds[sim_below(s, ARRAY_SIZE(kinds))];

	if (kind == HELPER_HAND)
		hands_lose(s);
	else
		helpers_lose(s, kind, kind == HELPER_KEEPER ? sim_below(s, HOSTS) : 0);
}

/* It does not answer, and in the end somebody ends it, or it wakes up. */
static void hang_helper(struct sim *s)
{
	static const enum helper_kind kinds[] = { HELPER_SCOUT, HELPER_SCANNER, HELPER_DM,
		HELPER_OWNER };
	enum helper_kind kind = kinds[sim_below(s, ARRAY_SIZE(kinds))];
	struct event *e;

	s->busy_until[kind] = sim_in(s, 1000, 30000);
	if (!sim_chance(s, 500))
		return;
	e = sim_push(s, EVENT_HELPER_LOST, s->busy_until[kind]);
	e->helper = kind;
	e->epoch = s->epochs[kind][0];
}

static void return_hand(struct sim *s)
{
	for (uint32_t i = 0; i < HANDS; i++)
		if (s->hands[i].used && s->hands[i].hung && sim_chance(s, 500)) {
			s->hands[i].hung = false;
			hands_push(s, EVENT_HAND_END, i, sim_in(s, 1, 1000));
		}
}

static void reconfigure(struct sim *s)
{
	world_configure(s);
	for (uint32_t h = 0; h < HOSTS; h++) /* they were measured by other words */
		s->nexuses[h].restoring_until = s->nexuses[h].flicker_until = INSTANT_NEVER;
	s->words_at = s->now;
	core_set_config(s->core, world_config(s));
}

/* A hand that had not written asks anew after a sleep, and does not: its answer is old. */
static void sleep_a_while(struct sim *s)
{
	struct observation o = { .kind = OBS_TIME };

	o.time.slept_ms = 5001 + sim_below(s, 90000);
	s->now = instant_add_ms(s->now, o.time.slept_ms);
	s->slept_at = s->now;
	for (uint32_t h = 0; h < HOSTS; h++)
		for (uint32_t l = 0; l < LUNS; l++) {
			struct device *d = &s->devices[h][l];

			d->agreeing = 0;
			if (instant_is_set(d->differed_at)) /* nobody could read it meanwhile */
				d->differed_at = instant_add_ms(d->differed_at, o.time.slept_ms);
		}
	sim_story(s, "sleep %llu ms", (unsigned long long)o.time.slept_ms);
	sim_feed(s, &o);
	for (uint32_t i = 0; i < HANDS; i++)
		if (s->hands[i].used && !s->hands[i].writing)
			hands_refuse(s, i);
}

static void restart(struct sim *s)
{
	sim_story(s, "restart");
	s->counts.restarts++;
	sim_new_core(s);
}

/* kill -9, in the middle of what it does next. */
static void kill_soon(struct sim *s)
{
	s->dies_in = 1 + sim_below(s, 40);
}

/* Weight 0: by another rule. */
static const struct deed own_deeds[] = {
	{ "peace", sim_make_peace, 0 },
	{ "uevents", uevents, 15 },
	{ "pressure", pressure, 8 },
	{ "lose-helper", lose_helper, 8 },
	{ "hang-helper", hang_helper, 4 },
	{ "return-hand", return_hand, 25 },
	{ "reconfigure", reconfigure, 2 },
	{ "sleep", sleep_a_while, 1 },
	{ "restart", restart, 1 },
	{ "kill", kill_soon, 1 },
	{ 0 },
};

/* ---- what, and when -------------------------------------------------------------------------- */

const struct deed *disturb_deed(uint32_t number)
{
	static const struct deed *const tables[] = { own_deeds, array_deeds, fabric_deeds,
		kernel_deeds, maps_deeds, owner_deeds, operator_deeds, detach_deeds };

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		for (const struct deed *deed = tables[i]; deed->name; deed++)
			if (!number--)
				return deed;
	return NULL;
}

static uint32_t draw_deed(struct sim *s)
{
	uint32_t sum = 0, drawn, number;
	const struct deed *deed;

	if (s->steps >= s->tale->steps) { /* the last one */
		s->ended = true;
		return 0;
	}
	if (s->n_disturbances % PEACE_EVERY == 0)
		return 0;
	for (uint32_t i = 0; (deed = disturb_deed(i)); i++)
		sum += deed->weight;
	drawn = sim_below(s, sum);
	for (number = 0; drawn >= disturb_deed(number)->weight; number++)
		drawn -= disturb_deed(number)->weight;
	return number;
}

static struct disturbance invent(struct sim *s)
{
	uint64_t stream = sim_stream(s->seed, s->n_disturbances);

	s->random = stream;
	return (struct disturbance){ s->now, draw_deed(s), stream ^ 1 };
}

void disturb(struct sim *s)
{
	struct disturbance this;

	s->n_disturbances++;
	if (s->tale->told)
		this = s->tale->list[s->n_disturbances - 1];
	else
		this = invent(s);
	if (s->outcome->n < MOST_HAPPENED)
		s->outcome->happened[s->outcome->n] = this;
	s->outcome->n++;
	s->random = this.stream;
	sim_story(s, "-- %s", disturb_deed(this.deed)->name);
	disturb_deed(this.deed)->happen(s);
	if (!s->peace) /* its end looks for the next one */
		disturb_next(s);
}

void disturb_next(struct sim *s)
{
	uint32_t next = s->n_disturbances;

	if (!s->tale->told) {
		s->random = sim_stream(s->seed, next) ^ 2;
		sim_push(s, EVENT_DISTURB, sim_in(s, 5, sim_chance(s, 200) ? 5000 : 900));
	} else if (next < s->tale->n) {
		sim_push(s, EVENT_DISTURB, s->tale->list[next].at);
	}
}
