/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The loop. A step is one event of the world, what it tells the core, and the core's thought about
 * it. What a step draws comes out of the seed, its time and what it is about, never out of how many
 * steps there were before: where one disturbance is left out, the others stay as they were.
 */
#include "sim.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

enum { PEACE_MS = 800000 /* longer than the longest back-off and the longest look */ };

/* ---- chance ---------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

uint64_t sim_stream(uint64_t seed, uint64_t of)
{
	return mix(mix(seed + 0x9e3779b97f4a7c15u) ^ (of * 0xd1342543de82ef95u));
}

uint32_t sim_below(struct sim *s, uint32_t n)
{
	return (uint32_t)(mix(s->random += 0x9e3779b97f4a7c15u) >> 32) % n;
}

bool sim_chance(struct sim *s, uint32_t per_mille)
{
	return sim_below(s, 1000) < per_mille;
}

instant sim_in(struct sim *s, uint32_t from_ms, uint32_t to_ms)
{
	return instant_add_ms(
		s->now, from_ms + (to_ms > from_ms ? sim_below(s, to_ms - from_ms) : 0));
}

static void draw_anew(struct sim *s, uint32_t what, const struct event *e)
{
	uint64_t about = e ? (uint64_t)e->host << 24 | e->lun << 16 | e->index : 0;

	s->random = sim_stream(s->seed + s->now.ms, about << 16 | what);
}

/* ---- the story ------------------------------------------------------------------------------- */

void sim_story(struct sim *s, const char *format, ...)
{
	va_list args;

	if (!s->story)
		return;
	fprintf(s->story, "%" PRIu64 " ", s->now.ms);
	va_start(args, format);
	vfprintf(s->story, format, args);
	va_end(args);
	fputc('\n', s->story);
}

/* Ends the process: what is wrong once may be anything afterwards. */
void sim_fail(struct sim *s, const char *format, ...)
{
	struct outcome *outcome = s->outcome;
	va_list args;

	va_start(args, format);
	vsnprintf(outcome->words, sizeof outcome->words, format, args);
	va_end(args);
	outcome->failed = true;
	outcome->steps = s->steps;
	outcome->at = s->now;
	if (s->story)
		fflush(s->story);
	_exit(1);
}

/* ---- events ---------------------------------------------------------------------------------- */

static bool is_earlier(const struct event *a, const struct event *b)
{
	return a->at.ms != b->at.ms ? a->at.ms < b->at.ms : a->order < b->order;
}

struct event *sim_push(struct sim *s, enum event_kind kind, instant at)
{
	struct event *e = calloc(1, sizeof *e);
	uint32_t i = s->n_events++;

	if (s->n_events > s->max_events) {
		s->max_events = s->max_events ? 2 * s->max_events : 256;
		s->heap = realloc(s->heap, s->max_events * sizeof(struct event *));
	}
	*e = (struct event){ .at = at, .order = ++s->last_order, .kind = kind };
	for (; i && is_earlier(e, s->heap[(i - 1) / 2]); i = (i - 1) / 2)
		s->heap[i] = s->heap[(i - 1) / 2];
	s->heap[i] = e;
	return e;
}

static struct event *pop(struct sim *s)
{
	struct event *first = s->heap[0], *last = s->heap[--s->n_events];
	uint32_t i = 0, child;

	while ((child = 2 * i + 1) < s->n_events) {
		child += child + 1 < s->n_events && is_earlier(s->heap[child + 1], s->heap[child]);
		if (!is_earlier(s->heap[child], last))
			break;
		s->heap[i] = s->heap[child];
		i = child;
	}
	s->heap[i] = last;
	return first;
}

static void event_free(struct event *e)
{
	free(e->said);
	free(e);
}

/* ---- the core -------------------------------------------------------------------------------- */

/* Whatever is heard of one path may be a reason to ask others. */
static bool may_stir(const struct observation *o)
{
	return (o->kind == OBS_UEVENT &&
		       (o->uevent.attention != ATTENTION_NONE || o->uevent.dm_path_failed)) ||
	       (o->kind == OBS_TIME && o->time.slept_ms) ||
	       (o->kind == OBS_CHECKED && o->checked.tur.status == 0x02 &&
		       (o->checked.tur.sense[1] & 0xf) == 6);
}

void sim_feed(struct sim *s, const struct observation *o)
{
	struct observation at_now = *o;

	if (may_stir(o))
		s->stirred_at = s->now;
	at_now.at = s->now;
	if (s->story) {
		struct text t = TEXT_INIT;

		observation_print(&at_now, &t);
		sim_story(s, "obs %s", text_str(&t));
		text_done(&t);
	}
	core_feed(s->core, &at_now);
}

static void act(void *arg, const struct action *a)
{
	struct sim *s = arg;

	if (s->story) {
		struct text t = TEXT_INIT;

		action_print(a, &t);
		sim_story(s, "do  %s", text_str(&t));
		text_done(&t);
	}
	s->dead |= s->dies_in && !--s->dies_in;
	if (s->dead)
		return;
	draw_anew(s, 1000u + a->kind, &(struct event){ .index = a->path.slot });
	helpers_act(s, a);
}

static void changed(void *arg, const struct change *c)
{
	struct sim *s = arg;
	struct text t = TEXT_INIT;

	s->counts.held += c->kind == CHANGE_PURGE && c->to == PURGE_HELD;
	if (!s->story)
		return;
	event_fields(c, &t);
	sim_story(s, "    %s %s", event_name(c), text_str(&t));
	text_done(&t);
}

static void record(void *arg, const char *line)
{
	fprintf(arg, "%s\n", line);
}

/* A recording has one daemon's life: that of the one before goes. */
static struct recorder new_recorder(const struct sim *s)
{
	FILE *recording = s->tale->recording;

	if (!recording)
		return (struct recorder){ 0 };
	rewind(recording);
	if (ftruncate(fileno(recording), 0) < 0)
		return (struct recorder){ 0 };
	return (struct recorder){ .line = record, .arg = recording };
}

void sim_new_core(struct sim *s)
{
	const struct core_port port = {
		.act = act, .changed = changed, .arg = s, .recorder = new_recorder(s)
	};

	s->core = core_free(s->core);
	s->dead = false;
	s->dies_in = 0;
	helpers_forget_all(s);
	memset(s->requests, 0, sizeof s->requests);
	memset(s->waits, 0, sizeof s->waits);
	s->started_at = s->words_at = s->now;
	s->n_kills = s->cleans = 0;
	for (uint32_t h = 0; h < HOSTS; h++)
		for (uint32_t l = 0; l < LUNS; l++) {
			s->devices[h][l].agreeing = 0;
			s->devices[h][l].present_at = INSTANT_NEVER;
			s->devices[h][l].cleaned_at = INSTANT_NEVER;
			s->devices[h][l].told_at = INSTANT_NEVER;
		}
	if (core_new(&port, world_config(s), &s->core) < 0)
		sim_fail(s, "no core");
	world_tell_fences(s);
	gaps_tell(s);
	records_tell(s);
	taken_tell(s);
}

static void settle(struct sim *s)
{
	int times = 0;

	do {
		s->wake = core_settle(s->core, s->now);
		if (++times > 8)
			sim_fail(s, "the core wants to think without end");
	} while (instant_reached(s->now, s->wake));
}

/* ---- the loop -------------------------------------------------------------------------------- */

static void happen(struct sim *s, struct event *e)
{
	switch (e->kind) {
	case EVENT_ANSWER: helpers_answer(s, e); return;
	case EVENT_SAY:
	case EVENT_MAP: helpers_say(s, e); return;
	case EVENT_HAND:
	case EVENT_HAND_END:
		if (!s->hands[e->index].used || s->hands[e->index].action != e->action.id)
			return;
		if (e->kind == EVENT_HAND)
			hands_act(s, e->index);
		else
			hands_ended(s, e->index);
		return;
	case EVENT_UP: disturb_nexus_up(s, e->host); return;
	case EVENT_DEV_LOSS: fabric_lose_devices(s, e->host); return;
	case EVENT_HELPER_LOST:
		if (e->epoch == s->epochs[e->helper][0])
			helpers_lose(s, e->helper, 0);
		return;
	case EVENT_RESCAN: operator_deletes(s, e->host); return;
	case EVENT_OWNER_DELETES: owner_deletes(s, e); return;
	case EVENT_GONE: world_end_removal(s, e->host, e->lun); return;
	case EVENT_DISTURB: disturb(s); return;
	}
}

/* Left alone, the world has to come to rest. */
void sim_make_peace(struct sim *s)
{
	sim_story(s, "peace");
	s->peace = true;
	s->peace_until = instant_add_ms(s->now, PEACE_MS);
	s->half_way = false;
	if (s->words.cache_limit) { /* under it there is always one that nobody watches */
		s->words.cache_limit = 0;
		core_set_config(s->core, world_config(s));
	}
	fabric_heal(s);
	for (uint32_t i = 0; i < HANDS; i++)
		if (s->hands[i].used && s->hands[i].hung && sim_chance(s, 500)) {
			s->hands[i].hung = false;
			hands_push(s, EVENT_HAND_END, i, sim_in(s, 1, 1000));
		}
}

static void end_peace(struct sim *s)
{
	oracle_peace(s);
	s->peace = false;
	s->ill_host = HOSTS;
	disturb_next(s);
}

static void step(struct sim *s)
{
	struct event *e;

	s->steps++;
	if (!s->n_events || instant_before(s->wake, s->heap[0]->at)) {
		struct observation o = { .kind = OBS_TIME };

		s->now = instant_before(s->now, s->wake) ? s->wake : s->now;
		draw_anew(s, 0, NULL);
		sim_feed(s, &o);
	} else {
		e = pop(s);
		s->now = instant_before(s->now, e->at) ? e->at : s->now;
		draw_anew(s, 1u + e->kind, e);
		happen(s, e);
		event_free(e);
	}
	world_note_identities(s);
	settle(s);
	oracle_waits(s);
	if (instant_ms_between(s->looked_at, s->now) >= 1000) {
		s->looked_at = s->now;
		oracle_second(s);
	}
	if (s->dead) {
		sim_story(s, "killed");
		s->counts.restarts++;
		sim_new_core(s);
		settle(s);
	}
	if (s->peace && !s->half_way && instant_ms_between(s->now, s->peace_until) < PEACE_MS / 2) {
		s->half_way = true;
		oracle_half_peace(s);
	}
	if (s->peace && instant_reached(s->now, s->peace_until))
		end_peace(s);
}

static bool is_over(const struct sim *s)
{
	const struct tale *tale = s->tale;

	return !s->peace && (tale->told ? instant_reached(s->now, tale->until) : s->ended);
}

void sim_run(const struct tale *tale, struct outcome *outcome, FILE *story)
{
	struct sim *s = calloc(1, sizeof *s);

	outcome->sim = s;
	s->outcome = outcome;
	s->tale = tale;
	s->story = story;
	s->seed = s->random = tale->seed;
	s->ill_host = HOSTS;
	world_begin(s);
	sim_new_core(s);
	disturb_next(s);
	settle(s);
	while (!is_over(s))
		step(s);
	outcome->steps = s->steps;
	outcome->at = s->now;
	outcome->counts = s->counts;
	outcome->sim = NULL;
	core_free(s->core);
	while (s->n_events)
		event_free(pop(s));
	free(s->heap);
	free(s);
}
