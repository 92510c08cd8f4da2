/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Less of a tale that still fails in the same way: disturbances are left out, first many at once,
 * then one by one, until none can be spared. Every attempt has a process of its own, which may
 * crash and must not hang.
 */
#include "sim.h"

#include <ctype.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	AFTERWARDS_MS = 60000, /* of a story, so that it still tells something when it is mended */
	GAP_MS = 3000,
	TICK_S = 10, /* of processor time, in which a step has to end */
};

static struct outcome *the_outcome;
static uint64_t steps_at_tick;

/* An assertion of the core itself, or memory that is not there. */
static void on_crash(int number)
{
	if (the_outcome->sim)
		sim_fail(the_outcome->sim, "signal %d: %s", number, strsignal(number));
	_exit(1);
}

static void on_tick(int number)
{
	uint64_t steps = the_outcome->sim ? the_outcome->sim->steps : 0;

	(void)number;
	if (steps == steps_at_tick && the_outcome->sim)
		sim_fail(the_outcome->sim, "a step without end");
	steps_at_tick = steps;
}

static void listen_to_signals(struct outcome *outcome)
{
	const struct itimerval tick = { { TICK_S, 0 }, { TICK_S, 0 } };

	the_outcome = outcome;
	signal(SIGABRT, on_crash);
#ifndef __SANITIZE_ADDRESS__ /* it says more about these */
	signal(SIGSEGV, on_crash);
	signal(SIGBUS, on_crash);
	signal(SIGFPE, on_crash);
#endif
	signal(SIGVTALRM, on_tick);
	setitimer(ITIMER_VIRTUAL, &tick, NULL);
}

void attempt(const struct tale *tale, struct outcome *outcome, FILE *story)
{
	pid_t child;
	int status = 0;

	outcome->failed = false;
	outcome->n = 0;
	fflush(NULL);
	child = fork();
	if (child == 0) {
		listen_to_signals(outcome);
		sim_run(tale, outcome, story);
		exit(0); /* and whoever looks for leaks then looks */
	}
	if (child < 0 || waitpid(child, &status, 0) < 0) {
		perror("attempt");
		exit(2);
	}
	if (status != 0 && !outcome->failed) { /* a sanitizer's word is on stderr */
		outcome->failed = true;
		snprintf(outcome->words, sizeof outcome->words, "the process ended with %#x",
			(unsigned)status);
	}
}

uint64_t attempt_cpu_s(void)
{
	struct rusage usage;

	getrusage(RUSAGE_CHILDREN, &usage);
	return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec);
}

/* The same promise, whatever the numbers are. */
static bool same_words(const char *a, const char *b)
{
	for (;;) {
		while (isdigit((unsigned char)*a))
			a++;
		while (isdigit((unsigned char)*b))
			b++;
		if (*a != *b)
			return false;
		if (!*a)
			return true;
		a++;
		b++;
	}
}

struct shrinking {
	struct tale *tale;
	struct outcome *outcome;
	struct disturbance *list; /* what is left */
	uint32_t n;
	char words[400];
	uint64_t until_s; /* of processor time */
};

static bool is_late(const struct shrinking *k)
{
	return attempt_cpu_s() >= k->until_s;
}

/* What happened up to the failure is what is left. */
static void keep(struct shrinking *k)
{
	k->n = k->outcome->n;
	memcpy(k->list, k->outcome->happened, k->n * sizeof *k->list);
	k->tale->list = k->list;
	k->tale->n = k->n;
	k->tale->told = true;
	k->tale->until = instant_add_ms(k->outcome->at, AFTERWARDS_MS);
}

static bool still_fails(struct shrinking *k, const struct disturbance *list, uint32_t n)
{
	struct tale tale = *k->tale;

	tale.list = list;
	tale.n = n;
	attempt(&tale, k->outcome, NULL);
	return k->outcome->failed && same_words(k->outcome->words, k->words);
}

/* Peaces take most of the time, and few failures need one but at the end. */
static void leave_out_peaces(struct shrinking *k)
{
	struct disturbance *without = malloc((k->n + 1) * sizeof *without);
	uint32_t n = 0;

	for (uint32_t i = 0; without && i < k->n; i++)
		if (k->list[i].deed != 0 || i + 1 == k->n)
			without[n++] = k->list[i];
	if (without && n < k->n && still_fails(k, without, n))
		keep(k);
	free(without);
}

/* Where much was left out there is nothing but time, which costs some, too. */
static void close_gaps(struct shrinking *k)
{
	struct disturbance *closer = malloc((k->n + 1) * sizeof *closer);
	uint64_t early_ms = 0, before_ms = 100000;

	for (uint32_t i = 0; closer && i < k->n; i++) {
		uint64_t gap_ms = k->list[i].at.ms - early_ms;

		gap_ms = gap_ms > before_ms ? gap_ms - before_ms : 0;
		if (gap_ms > GAP_MS && k->list[i].deed != 0)
			early_ms += gap_ms - GAP_MS;
		closer[i] = k->list[i];
		closer[i].at.ms -= early_ms;
		before_ms = closer[i].at.ms;
	}
	if (closer && early_ms && still_fails(k, closer, k->n))
		keep(k);
	free(closer);
}

/* One round with pieces of this size; true: something could be left out. */
static bool leave_out(struct shrinking *k, uint32_t size)
{
	struct disturbance *without = malloc((k->n + 1) * sizeof *without);
	bool any = false;

	for (uint32_t from = 0; without && from < k->n && !is_late(k);) {
		uint32_t rest = k->n - from < size ? k->n - from : size;

		memcpy(without, k->list, from * sizeof *without);
		memcpy(without + from, k->list + from + rest,
			(k->n - from - rest) * sizeof *without);
		if (still_fails(k, without, k->n - rest)) {
			keep(k);
			any = true;
		} else {
			from += rest;
		}
	}
	free(without);
	return any;
}

void shrink(struct tale *tale, struct outcome *outcome, uint32_t seconds)
{
	struct shrinking k = {
		.tale = tale, .outcome = outcome, .until_s = attempt_cpu_s() + seconds
	};

	k.list = calloc(MOST_HAPPENED, sizeof *k.list);
	if (!k.list || outcome->n > MOST_HAPPENED)
		return;
	memcpy(k.words, outcome->words, sizeof k.words);
	keep(&k);
	leave_out_peaces(&k);
	close_gaps(&k);
	for (uint32_t size = k.n / 2 + 1; size && !is_late(&k);) {
		bool any = leave_out(&k, size);

		if (any)
			close_gaps(&k);
		if (size > 1)
			size /= 2;
		else if (!any)
			break;
	}
	if (!still_fails(&k, k.list, k.n)) {
		memcpy(outcome->words, k.words, sizeof k.words);
		printf("it does not fail again as it was told\n");
	}
}
