/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/words.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "model/name.h"

static const struct {
	int key;
	unsigned option; /* 0: every verb has it */
	const char *name, *value, *help;
} rows[] = {
	{ 'n', MAY_DRY_RUN, "dry-run", NULL,
		"do everything but the deed, and say what would be done" },
	{ 'H', MAY_HELD, "held", NULL,
		"let go what the limits hold back (without DEVICE: all of it)" },
	{ 'F', MAY_FENCED, "fenced", NULL,
		"remove paths whose identity changed (without DEVICE: all that are fenced)" },
	{ 'r', MAY_FORCE, "force", NULL,
		"also what is held but empty, and the maps that are reached through it" },
	{ 't', MAY_TIMEOUT, "timeout", "S",
		"what is not done after S seconds is pending (status 1)" },
	{ 'p', MAY_PATHS, "paths", "N", "with at least N good paths (usual: 1)" },
	{ 'o', MAY_ORIGIN, "origin", NULL, "also say where each value came from" },
	{ 'c', MAY_CHECK_FILE, "check", "FILE", "say what is wrong with FILE, and nothing else" },
	{ 'l', MAY_LAST, "last", "N", "the last N events (usual: 1024)" },
	{ 'm', MAY_METRICS, "metrics", NULL, "as Prometheus text, for a collector of files" },
	{ 'f', MAY_FOLLOW, "follow", NULL, "go on as events come" },
	{ 'u', MAY_HOLDERS, "holders", NULL, "also say who uses each device" },
	{ 'd', MAY_DOT, "dot", NULL, "as a picture, for Graphviz" },
	{ 'j', 0, "json", NULL, "one JSON document on standard output" },
	{ 'h', 0, "help", NULL, "print this text" },
};

enum {
	N_ROWS = sizeof rows / sizeof *rows,
	MAX_TIMEOUT_S = 7 * 24 * 3600,
	MAX_LAST = 1000000,
	MAX_PATHS = 65536
};

void words_print_help(const struct verb_row *verb)
{
	printf("usage: pathkeeper %s%s%s [options]\n%s.\n", verb->name, *verb->arguments ? " " : "",
		verb->arguments, verb->help);
	for (int i = 0; i < N_ROWS; i++)
		if (!rows[i].option || (verb->options & rows[i].option))
			printf("  --%s%s%-*s %s\n", rows[i].name, rows[i].value ? " " : "",
				14 - (int)__builtin_strlen(rows[i].name) - (rows[i].value != NULL),
				rows[i].value ? rows[i].value : "", rows[i].help);
}

static int take_number(const char *option, const char *value, uint64_t most, uint64_t *ret)
{
	if (number_parse_u64(value, 1, most, ret) == 0)
		return 0;
	fprintf(stderr, "pathkeeper: --%s takes a number from 1 to %" PRIu64 ", not \"%s\"\n",
		option, most, value);
	return CODE_USAGE;
}

static int take(struct words *w, int key, const char *value)
{
	uint64_t seconds;
	int r;

	switch (key) {
	case 'n': w->dry_run = true; return 0;
	case 'H': w->held = true; return 0;
	case 'F': w->fenced = true; return 0;
	case 'r': w->force = true; return 0;
	case 'o': w->origin = true; return 0;
	case 'm': w->metrics = true; return 0;
	case 'f': w->follow = true; return 0;
	case 'd': w->dot = true; return 0;
	case 'u': w->holders = true; return 0;
	case 'j': w->json = true; return 0;
	case 'h': w->help = true; return 0;
	case 'c': w->check_file = value; return 0;
	case 'l': return take_number("last", value, MAX_LAST, &w->last);
	case 'p': return take_number("paths", value, MAX_PATHS, &w->paths);
	case 't':
		r = take_number("timeout", value, MAX_TIMEOUT_S, &seconds);
		if (r == 0)
			w->timeout_ms = seconds * 1000;
		return r;
	}
	return CODE_USAGE; /* getopt has said why */
}

/* Most of udev's links (/dev/disk/by-path/...) are known in the file system alone. They live in
 * memory: this waits for no device. */
static const char *follow(const char *name)
{
	const char *target = NULL;

	if (name_form(name) == NAME_LINK)
		target = realpath(name, NULL); /* freed at the end of the program */
	return target ? target : name;
}

int words_parse(const struct verb_row *verb, int argc, char **argv, struct words *ret)
{
	static char program[] = "pathkeeper";
	struct option options[N_ROWS + 1] = { 0 };
	struct words w = { .verb = verb->name };
	int n = 0, c, r = 0;

	for (int i = 0; i < N_ROWS; i++)
		if (!rows[i].option || (verb->options & rows[i].option))
			options[n++] = (struct option){ rows[i].name,
				rows[i].value ? required_argument : no_argument, NULL,
				rows[i].key };
	optind = 0;
	argv[0] = program; /* who getopt says it is */
	while (r == 0 && (c = getopt_long(argc, argv, "", options, NULL)) != -1)
		r = take(&w, c, optarg);
	if (r)
		return r;
	w.names = (const char **)argv + optind;
	w.n_names = (unsigned)(argc - optind);
	for (unsigned i = 0; i < w.n_names; i++)
		w.names[i] = follow(w.names[i]);
	if (!w.help && !w.held && !w.fenced && !w.check_file && w.n_names < verb->min_names) {
		fprintf(stderr, "pathkeeper: %s needs a DEVICE\n", verb->name);
		return CODE_USAGE;
	}
	if ((w.metrics && w.json) || (w.follow && w.last)) {
		fprintf(stderr, "pathkeeper: %s, not both\n",
			w.metrics ? "--metrics or --json" : "--follow or --last");
		return CODE_USAGE;
	}
	if (w.n_names > verb->max_names) {
		fprintf(stderr, "pathkeeper: %s: unexpected word \"%s\"\n", verb->name,
			w.names[verb->max_names]);
		return CODE_USAGE;
	}
	*ret = w;
	return 0;
}
