/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tests/sim/run: worlds out of seeds, one after the other. A promise that is broken is shrunk to
 * what is needed for it, written to a file beside this program, and told from there.
 */
#include "sim.h"

#include <getopt.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

enum { TOLD_LINES = 40 }; /* of a file */

struct options {
	uint64_t from, to, steps;
	uint32_t cpu_s, shrink_s; /* 0: no end; not at all */
	bool story, keeps_going;
	const char *replay, *folder;
	FILE *recording;
	char **more; /* to be replayed, too; ends with NULL */
};

static void usage(FILE *to)
{
	fprintf(to,
		"usage: run [--seed N | --seeds A..[B]] [--steps M] [--cpu-seconds S] "
		"[--keep-going]\n"
		"           [--shrink S] [--write FOLDER] [--story] [--record FILE]\n"
		"       run --replay FILE [--story]\n"
		"\n"
		"  --steps M        of each world; an event, and what the core makes of it "
		"(50000)\n"
		"  --cpu-seconds S  no other world once so much processor time is used\n"
		"  --keep-going     also behind one that failed\n"
		"  --shrink S       look for less that fails for so many CPU seconds (30); 0: "
		"do not\n"
		"  --write FOLDER   for the story of what failed (beside this program)\n"
		"  --story          tell all of it, line by line\n"
		"  --record FILE    what the last daemon of the world was told, for tests/replay\n"
		"  --replay FILE... run stories again; the first that fails is told line by "
		"line\n");
}

static _Noreturn void wrong_usage(void)
{
	usage(stderr);
	exit(2);
}

static uint64_t number_of(const char *word)
{
	uint64_t n;

	if (sscanf(word, "%" SCNu64, &n) != 1)
		wrong_usage();
	return n;
}

static void read_seeds(const char *word, struct options *o)
{
	int n = sscanf(word, "%" SCNu64 "..%" SCNu64, &o->from, &o->to);

	if (n < 1 || !strstr(word, ".."))
		wrong_usage();
	if (n == 1)
		o->to = UINT64_MAX;
}

/* By lines: the world is run by a process of its own, which may end at any of them. */
static FILE *open_recording(const char *file)
{
	FILE *f = fopen(file, "we");

	if (!f)
		wrong_usage();
	setlinebuf(f);
	return f;
}

static void read_options(int argc, char **argv, struct options *o)
{
	static const struct option options[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "seeds", required_argument, NULL, 'S' },
		{ "steps", required_argument, NULL, 'n' },
		{ "cpu-seconds", required_argument, NULL, 'c' },
		{ "shrink", required_argument, NULL, 'k' },
		{ "write", required_argument, NULL, 'w' },
		{ "record", required_argument, NULL, 'R' },
		{ "replay", required_argument, NULL, 'r' },
		{ "keep-going", no_argument, NULL, 'g' },
		{ "story", no_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (c) {
		case 's': o->from = o->to = number_of(optarg); break;
		case 'S': read_seeds(optarg, o); break;
		case 'n': o->steps = number_of(optarg); break;
		case 'c': o->cpu_s = (uint32_t)number_of(optarg); break;
		case 'k': o->shrink_s = (uint32_t)number_of(optarg); break;
		case 'w': o->folder = optarg; break;
		case 'R': o->recording = open_recording(optarg); break;
		case 'r': o->replay = optarg; break;
		case 'g': o->keeps_going = true; break;
		case 't': o->story = true; break;
		case 'h': usage(stdout); exit(0);
		default: wrong_usage();
		}
	o->more = argv + optind;
	if (optind != argc && !o->replay)
		wrong_usage();
}

/* ---- one world ------------------------------------------------------------------------------- */

static void tell_counts(uint64_t seed, const struct outcome *out)
{
	const struct counts *c = &out->counts;

	printf("seed %" PRIu64 ": %" PRIu64 " steps, %" PRIu64 " s, deletes %" PRIu64
	       " refused %" PRIu64 " fences %" PRIu64 " elsewhere %" PRIu64 " stuck %" PRIu64
	       " held %" PRIu64 " maps removed %" PRIu64 " made %" PRIu64 " scans %" PRIu64
	       " found %" PRIu64 " waits %" PRIu64 " reread %" PRIu64 " resized %" PRIu64
	       " restarts %" PRIu64 " peaces %" PRIu64 "\n",
		seed, out->steps, out->at.ms / 1000, c->deletes, c->refused, c->fences,
		c->fence_held, c->stuck, c->held, c->maps_removed, c->maps_made, c->scans, c->found,
		c->waits, c->rereads, c->resized, c->restarts, c->peaces);
}

static void tell_failure(uint64_t seed, const struct outcome *out)
{
	printf("seed %" PRIu64 " step %" PRIu64 " at %" PRIu64 ": %s\n", seed, out->steps,
		out->at.ms, out->words);
	fflush(stdout);
}

static void tell_file(const char *file)
{
	FILE *f = fopen(file, "re");
	char line[512];

	for (int i = 0; f && i < TOLD_LINES && fgets(line, sizeof line, f); i++)
		printf("  %s", line);
	if (f)
		fclose(f);
}

static void shrink_and_write(struct tale *tale, struct outcome *out, const struct options *o)
{
	uint32_t before = out->n;
	char file[512];
	int r;

	if (!o->shrink_s)
		return;
	shrink(tale, out, o->shrink_s);
	snprintf(file, sizeof file, "%s/seed-%" PRIu64 ".story", o->folder, tale->seed);
	r = story_write(file, tale, out);
	if (r < 0) {
		fprintf(stderr, "%s: %s\n", file, strerror(-r));
		return;
	}
	printf("%u of %u disturbances are enough:\n", tale->n, before);
	tell_file(file);
	printf("replay: run --replay %s\n", file);
}

static bool run_seed(uint64_t seed, struct outcome *out, const struct options *o)
{
	struct tale tale = { .seed = seed, .steps = o->steps, .recording = o->recording };

	attempt(&tale, out, o->story ? stdout : NULL);
	if (!out->failed) {
		tell_counts(seed, out);
		return true;
	}
	tell_failure(seed, out);
	shrink_and_write(&tale, out, o);
	return false;
}

/* Without its story when it holds, as long as nobody asked for it. */
static bool replay(const char *file, struct outcome *out, const struct options *o)
{
	struct tale tale;
	int r = story_read(file, &tale);

	if (r < 0) {
		fprintf(stderr, "%s: %s\n", file, strerror(-r));
		exit(2);
	}
	attempt(&tale, out, o->story ? stdout : NULL);
	if (out->failed && !o->story)
		attempt(&tale, out, stdout);
	if (out->failed)
		tell_failure(tale.seed, out);
	else
		tell_counts(tale.seed, out);
	free((void *)tale.list);
	return !out->failed;
}

static bool replay_all(struct outcome *out, const struct options *o)
{
	bool held = replay(o->replay, out, o);

	for (char **file = o->more; held && *file; file++)
		held = replay(*file, out, o);
	return held;
}

/* ---- many ------------------------------------------------------------------------------------ */

static bool run_seeds(struct outcome *out, const struct options *o)
{
	uint64_t steps = 0, worlds = 0, failed = 0;

	for (uint64_t seed = o->from; seed <= o->to && (!o->cpu_s || attempt_cpu_s() < o->cpu_s);
		seed++) {
		bool held = run_seed(seed, out, o);

		fflush(stdout);
		worlds++;
		steps += out->steps;
		failed += !held;
		if (!held && !o->keeps_going)
			break;
	}
	printf("%" PRIu64 " worlds, %" PRIu64 " steps in %" PRIu64 " CPU seconds, %" PRIu64
	       " failed\n",
		worlds, steps, attempt_cpu_s(), failed);
	return !failed;
}

int main(int argc, char **argv)
{
	struct options o = { .from = 1, .to = 1, .steps = 50000, .shrink_s = 30 };
	struct outcome *out = mmap(NULL, sizeof *out, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *slash;

	if (out == MAP_FAILED)
		return 2;
	read_options(argc, argv, &o);
	slash = strrchr(argv[0], '/');
	if (!o.folder && slash)
		*slash = '\0';
	if (!o.folder)
		o.folder = slash ? argv[0] : ".";
	return (o.replay ? replay_all(out, &o) : run_seeds(out, &o)) ? 0 : 1;
}
