/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The simulation's loop: tests/sim/run [--seed N | --seeds A..B] [--steps M] [--story]
 * [--record FILE]: what the last daemon of the run was told, for tests/replay
 *
 * A step is one event of the world, what it tells the core, and the core's thought about it. A
 * promise that is broken prints the seed and the last lines of the story, by running it again.
 */
#include "sim.h"

#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum {
	PEACE_EVERY = 25000, /* steps */
	PEACE_MS = 800000,   /* longer than the longest back-off and the longest look */
	STORY_LINES = 250,
};

static struct sim *the_sim;
static char *the_program;
static char story_lines[STORY_LINES][512];
static uint64_t n_story;
static FILE *recording;

/* ---- tools ----------------------------------------------------------------------------------- */

uint32_t sim_below(struct sim *s, uint32_t n)
{
	uint64_t z = s->random += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (uint32_t)((z ^ (z >> 31)) >> 32) % n;
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

void sim_story(struct sim *s, const char *format, ...)
{
	char *line = story_lines[n_story % STORY_LINES];
	va_list args;
	int n;

	if (!s->story)
		return;
	n = snprintf(line, sizeof story_lines[0], "%" PRIu64 " ", s->now.ms);
	va_start(args, format);
	vsnprintf(line + n, sizeof story_lines[0] - (size_t)n, format, args);
	va_end(args);
	n_story++;
}

static void tell_story(void)
{
	for (uint64_t i = n_story > STORY_LINES ? n_story - STORY_LINES : 0; i < n_story; i++)
		printf("%s\n", story_lines[i % STORY_LINES]);
}

/* The second time with its story. */
static _Noreturn void run_again(const struct sim *s)
{
	char seed[24], steps[24];

	snprintf(seed, sizeof seed, "%" PRIu64, s->seed);
	snprintf(steps, sizeof steps, "%" PRIu64, s->steps + 1);
	if (s->story) {
		tell_story();
		printf("replay: tests/sim/run --seed %s --steps %s\n", seed, steps);
		fflush(stdout);
		_exit(1);
	}
	fflush(stdout);
	execl(the_program, the_program, "--seed", seed, "--steps", steps, "--story", (char *)NULL);
	_exit(1);
}

void sim_fail(struct sim *s, const char *format, ...)
{
	va_list args;

	printf("seed %" PRIu64 " step %" PRIu64 " at %" PRIu64 ": ", s->seed, s->steps, s->now.ms);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	run_again(s);
}

/* An assertion of the core itself. */
static void on_abort(int signal)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_UNBLOCK, &all, NULL);
	printf("seed %" PRIu64 " step %" PRIu64 ": signal %d\n", the_sim->seed, the_sim->steps,
		signal);
	run_again(the_sim);
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

void sim_feed(struct sim *s, const struct observation *o)
{
	struct observation at_now = *o;

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
	doers_act(s, a);
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
	(void)arg;
	fprintf(recording, "%s\n", line);
}

/* A recording has one daemon's life: that of the one before goes. */
static struct recorder new_recorder(void)
{
	if (!recording)
		return (struct recorder){ 0 };
	rewind(recording);
	if (ftruncate(fileno(recording), 0) < 0)
		return (struct recorder){ 0 };
	return (struct recorder){ .line = record };
}

void sim_new_core(struct sim *s)
{
	const struct core_port port = {
		.act = act, .changed = changed, .arg = s, .recorder = new_recorder()
	};

	s->core = core_free(s->core);
	doers_forget_all(s);
	memset(s->requests, 0, sizeof s->requests);
	memset(s->waits, 0, sizeof s->waits);
	s->started_at = s->words_at = s->now;
	s->n_kills = 0;
	for (uint32_t h = 0; h < HOSTS; h++)
		for (uint32_t l = 0; l < LUNS; l++) {
			s->devices[h][l].agreeing = 0;
			s->devices[h][l].present_at = INSTANT_NEVER;
		}
	if (core_new(&port, world_config(s), &s->core) < 0)
		sim_fail(s, "no core");
	world_tell_fences(s);
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
	case EVENT_ANSWER: doers_answer(s, e); return;
	case EVENT_SAY:
	case EVENT_MAP: doers_say(s, e); return;
	case EVENT_HAND:
	case EVENT_HAND_END:
		if (!s->hands[e->index].used || s->hands[e->index].action != e->action.id)
			return;
		if (e->kind == EVENT_HAND)
			doers_hand(s, e->index);
		else
			doers_hand_ended(s, e->index);
		return;
	case EVENT_UP: disturb_nexus_up(s, e->host); return;
	case EVENT_GONE: world_end_removal(s, e->host, e->lun); return;
	case EVENT_DISTURB:
		if (!s->peace)
			disturb(s);
		sim_push(s, EVENT_DISTURB, sim_in(s, 5, sim_chance(s, 200) ? 5000 : 900));
		return;
	}
}

static void step(struct sim *s)
{
	struct event *e;

	s->steps++;
	if (!s->n_events || instant_before(s->wake, s->heap[0]->at)) {
		struct observation o = { .kind = OBS_TIME };

		s->now = instant_before(s->now, s->wake) ? s->wake : s->now;
		sim_feed(s, &o);
	} else {
		e = pop(s);
		s->now = instant_before(s->now, e->at) ? e->at : s->now;
		happen(s, e);
		event_free(e);
	}
	world_note_identities(s);
	settle(s);
	oracle_waits(s);
}

static void make_peace(struct sim *s)
{
	instant until = instant_add_ms(s->now, PEACE_MS);

	sim_story(s, "peace");
	s->peace = true;
	for (uint32_t h = 0; h < HOSTS; h++) {
		disturb_nexus_up(s, h);
		s->nexuses[h].restoring_until = s->nexuses[h].flicker_until = INSTANT_NEVER;
		s->nexuses[h].lossy_until = INSTANT_NEVER;
	}
	for (uint32_t i = 0; i < HANDS; i++)
		if (s->hands[i].used && s->hands[i].hung && sim_chance(s, 500)) {
			s->hands[i].hung = false;
			doers_push_hand(s, EVENT_HAND_END, i, sim_in(s, 1, 1000));
		}
	while (instant_before(s->now, until))
		step(s);
	oracle_peace(s);
	s->peace = false;
}

static struct sim *begin(uint64_t seed, bool story)
{
	struct sim *s = calloc(1, sizeof *s);

	the_sim = s;
	s->seed = s->random = seed;
	s->story = story;
	sim_below(s, 2);
	world_begin(s);
	sim_new_core(s);
	sim_push(s, EVENT_DISTURB, sim_in(s, 0, 1000));
	settle(s);
	return s;
}

static void end(struct sim *s)
{
	core_free(s->core);
	while (s->n_events)
		event_free(pop(s));
	free(s->heap);
	free(s);
}

static void run(uint64_t seed, uint64_t steps, bool story)
{
	struct sim *s = begin(seed, story);

	while (s->steps < steps) {
		step(s);
		if (s->steps % PEACE_EVERY == 0)
			make_peace(s);
	}
	printf("seed %" PRIu64 ": %" PRIu64 " steps, %" PRIu64 " s, deletes %" PRIu64
	       " refused %" PRIu64 " fences %" PRIu64 " elsewhere %" PRIu64 " stuck %" PRIu64
	       " held %" PRIu64 " maps removed %" PRIu64 " scans %" PRIu64 " found %" PRIu64
	       " waits %" PRIu64 " restarts %" PRIu64 " peaces %" PRIu64 "\n",
		seed, s->steps, s->now.ms / 1000, s->counts.deletes, s->counts.refused,
		s->counts.fences, s->counts.fence_held, s->counts.stuck, s->counts.held,
		s->counts.maps_removed, s->counts.scans, s->counts.found, s->counts.waits,
		s->counts.restarts, s->counts.peaces);
	if (story)
		tell_story();
	end(s);
}

static _Noreturn void usage(void)
{
	fprintf(stderr, "usage: run [--seed N | --seeds A..B] [--steps M] [--story] "
			"[--record FILE]\n");
	exit(2);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "seeds", required_argument, NULL, 'S' },
		{ "steps", required_argument, NULL, 'n' },
		{ "story", no_argument, NULL, 't' },
		{ "record", required_argument, NULL, 'r' },
		{ 0 },
	};
	uint64_t from = 1, to = 1, steps = 100000;
	bool story = false;
	int c;

	the_program = argv[0];
	signal(SIGABRT, on_abort);
	signal(SIGSEGV, on_abort);
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (c) {
		case 's':
			if (sscanf(optarg, "%" SCNu64, &from) != 1)
				usage();
			to = from;
			break;
		case 'S':
			if (sscanf(optarg, "%" SCNu64 "..%" SCNu64, &from, &to) != 2)
				usage();
			break;
		case 'n':
			if (sscanf(optarg, "%" SCNu64, &steps) != 1)
				usage();
			break;
		case 't': story = true; break;
		case 'r':
			recording = fopen(optarg, "we");
			if (!recording)
				usage();
			break;
		default: usage();
		}
	for (uint64_t seed = from; seed <= to; seed++)
		run(seed, steps, story);
	return 0;
}
