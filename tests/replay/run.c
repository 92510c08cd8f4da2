/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tests/replay/run [--all | --journal] FILE.obs: what the core does when it is told again what it
 * was told. Prints the deeds (delete, fence, fail-path, remove-map, resize-map, scan,
 * reread), one a line:
 *
 *   +MS H:C:T:L ACTION        MS since the first line that has a time; "-": about no device
 *
 * With --all questions and events, too; with --journal the events alone, as "journalctl -o
 * short-unix" shows them.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "core/events.h"
#include "replay.h"

struct run {
	struct replay *replay;
	bool all, journal;
	instant begun;
};

static bool is_deed(enum action_kind kind)
{
	switch (kind) {
	case ACT_FAIL_PATH:
	case ACT_REMOVE_MAP:
	case ACT_RESIZE_MAP:
	case ACT_DELETE:
	case ACT_FENCE:
	case ACT_SCAN:
	case ACT_KEEP_OUT:
	case ACT_LET_IN:
	case ACT_TAKE_PATH:
	case ACT_GIVE_PATH:
	case ACT_MAKE_MAP:
	case ACT_WRITE_DOWN:
	case ACT_STRIKE_OUT:
	case ACT_REREAD: return true;
	case ACT_READ_DEVICES:
	case ACT_LOOK:
	case ACT_ASK_OWNER:
	case ACT_WATCH:
	case ACT_FORGET:
	case ACT_CHECK:
	case ACT_FIND_HOLDERS:
	case ACT_READ_MAPS:
	case ACTION_KINDS: break;
	}
	return false;
}

static void begin(struct run *run, instant now)
{
	if (!instant_is_set(run->begun))
		run->begun = now;
}

static void act(void *arg, instant now, const struct action *a)
{
	_cleanup_(text_done) struct text line = TEXT_INIT;
	struct run *run = arg;
	const struct path *p = model_path(core_model(replay_core(run->replay)), a->path);
	struct action shown = *a;
	char at[SCSI_ADDRESS_TEXT] = "-";

	begin(run, now);
	if (run->journal || !(run->all || is_deed(a->kind)))
		return;
	if (p)
		scsi_address_print(&p->device.address, at);
	shown.id = 0; /* how many questions there were before is nobody's business */
	action_print(&shown, &line);
	printf("+%" PRIu64 " %s %s\n", instant_ms_between(run->begun, now), at, text_str(&line));
}

static void changed(void *arg, instant now, const struct change *c)
{
	_cleanup_(text_done) struct text line = TEXT_INIT;
	struct run *run = arg;

	begin(run, now);
	event_fields(c, &line);
	if (run->journal)
		printf("%" PRIu64 ".%06" PRIu64 " host pathkeeperd[1]: %s %s\n", now.ms / 1000,
			now.ms % 1000 * 1000, event_name(c), text_str(&line));
	else if (run->all)
		printf("+%" PRIu64 " event %s %s\n", instant_ms_between(run->begun, now),
			event_name(c), text_str(&line));
}

/* A last line without its end is where a recording was cut. */
static int feed(struct run *run, const char *name, FILE *file)
{
	_cleanup_(freep) char *line = NULL;
	size_t size = 0, n = 0;
	ssize_t len;

	while ((len = getline(&line, &size, file)) > 0 && line[len - 1] == '\n') {
		int r;

		n++;
		line[len - 1] = '\0';
		r = replay_line(run->replay, line);
		if (r < 0) {
			fprintf(stderr, "%s:%zu: %s\n", name, n, strerror(-r));
			return r;
		}
	}
	if (replay_core(run->replay))
		return 0;
	fprintf(stderr, "%s: nothing was recorded\n", name);
	return -EINVAL;
}

static void drop_log(void *arg, enum log_level level, const char *event, const char *line)
{
	(void)arg;
	(void)level;
	(void)event;
	(void)line;
}

int main(int argc, char **argv)
{
	struct run run = { 0 };
	const struct replay_listener listener = { .act = act, .changed = changed, .arg = &run };
	const char *name = argc > 1 ? argv[argc - 1] : "--help";
	FILE *file;
	int r;

	run.all = argc == 3 && !strcmp(argv[1], "--all");
	run.journal = argc == 3 && !strcmp(argv[1], "--journal");
	if (name[0] == '-' || argc != 2 + (run.all || run.journal)) {
		fputs("usage: tests/replay/run [--all | --journal] FILE.obs\n", stderr);
		return 2;
	}
	file = fopen(name, "re");
	if (!file || replay_new(&listener, &run.replay) < 0) {
		perror(name);
		return EXIT_FAILURE;
	}
	log_set_sink(drop_log, NULL);
	r = feed(&run, name, file);
	if (r == 0 && replay_unasked(run.replay) && !run.journal)
		printf("# %" PRIu32 " answers were to questions that were not asked\n",
			replay_unasked(run.replay));
	replay_free(run.replay);
	fclose(file);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
