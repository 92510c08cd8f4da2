/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command: a table of verbs; find one, call it. */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/verbs.h"

enum { ANY = 4096 };

static const struct verb_row verbs[] = {
	{ "status", "", MAY_METRICS, 0, 0, verb_status,
		"The daemon, counts by state, what is stuck and held" },
	{ "paths", "[DEVICE...]", 0, 0, ANY, verb_paths, "One row a path" },
	{ "maps", "", 0, 0, 0, verb_maps, "One row a multipath map" },
	{ "topology", "[DEVICE...]", 0, 0, ANY, verb_maps, "Maps with their groups and paths" },
	{ "tree", "[DEVICE]", MAY_DOT | MAY_HOLDERS, 0, 1, verb_tree,
		"The kernel's device tree that leads to storage" },
	{ "check", "DEVICE...", MAY_TIMEOUT, 1, ANY, verb_check,
		"Ask the devices now (status 0: all are up or ghost)" },
	{ "purge", "DEVICE...", MAY_DRY_RUN | MAY_HELD | MAY_FENCED | MAY_TIMEOUT, 1, ANY,
		verb_purge, "Verify that the devices are gone, remove them, wait for the end" },
	{ "detach", "DEVICE...", MAY_DRY_RUN | MAY_TIMEOUT, 1, ANY, verb_detach,
		"Take devices that are there, and unused, out of service and away" },
	{ "holders", "DEVICE", 0, 1, 1, verb_holders,
		"Who uses the device, and how to release it" },
	{ "rescan", "[DEVICE...]", MAY_TIMEOUT, 0, ANY, verb_rescan,
		"Look for new LUNs there, or on all hosts" },
	{ "wait", "DEVICE...", MAY_PATHS | MAY_TIMEOUT, 1, ANY, verb_wait,
		"Until the devices are there, with good paths" },
	{ "grow", "DEVICE...", MAY_TIMEOUT, 1, ANY, verb_grow,
		"Volumes grew: see it on every good path, and on the map" },
	{ "clean", "DEVICE [NAME]", MAY_FORCE | MAY_DRY_RUN, 1, 2, verb_clean,
		"Close what the daemon has open there and nobody uses" },
	{ "config", "", MAY_ORIGIN | MAY_CHECK_FILE, 0, 0, verb_config,
		"The configuration that is in force" },
	{ "reconfigure", "", 0, 0, 0, verb_reconfigure, "Read the configuration files again" },
	{ "events", "", MAY_FOLLOW | MAY_LAST, 0, 0, verb_events, "What happened" },
};

static void print_usage(FILE *to)
{
	fprintf(to, "usage: pathkeeper VERB [DEVICE...] [options]\n");
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		fprintf(to, "  %-12s %-13s %s\n", verbs[i].name, verbs[i].arguments, verbs[i].help);
	fprintf(to, "  --version, --help; every verb takes --json and --help\n"
		    "DEVICE: sdb, 8:16, 3:0:0:1, a WWID, a map, host3, target3:0:0, session1, "
		    "rport-3:0-1, a sysfs path\n");
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	struct words words;
	int r;

	if (!strcmp(name, "--help")) {
		print_usage(stdout);
		return CODE_DONE;
	}
	if (!strcmp(name, "--version")) {
		printf("pathkeeper %s\n", PATHKEEPER_VERSION);
		return CODE_DONE;
	}
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(name, verbs[i].name))
			continue;
		r = words_parse(&verbs[i], argc - 1, argv + 1, &words);
		if (r)
			return r;
		if (words.help) {
			words_print_help(&verbs[i]);
			return CODE_DONE;
		}
		return verbs[i].run(&words);
	}
	if (*name)
		fprintf(stderr, "pathkeeper: no verb is called \"%s\"\n", name);
	print_usage(stderr);
	return CODE_USAGE;
}
