/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The doing column alone: reads actions as text lines from standard input, prints every observation
 * as a text line. Besides actions: "helpers" lists who is out, "uevents" listens to the kernel and
 * udev from then on, "quit" (or the end of input) ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "act/clerk.h"
#include "act/dm_hand.h"
#include "act/keeper.h"
#include "act/perform.h"
#include "act/scan_hand.h"
#include "act/zygote.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "observe/discover.h"
#include "observe/holders.h"
#include "observe/maps.h"
#include "observe/owner.h"
#include "observe/uevent.h"
#include "port/loop.h"

static const struct helper_role roles[] = {
	[HELPER_KEEPER] = { "pk-keeper", keeper_main },
	[HELPER_SCOUT] = { "pk-scout", scout_main },
	[HELPER_SCANNER] = { "pk-scanner", scanner_main },
	[HELPER_DM] = { "pk-dm", maps_main },
	[HELPER_OWNER] = { "pk-owner", owner_main },
	[HELPER_DM_HAND] = { "pk-dm-hand", dm_hand_main },
	[HELPER_SCAN_HAND] = { "pk-scan-hand", scan_hand_main },
	[HELPER_CLERK] = { "pk-clerk", clerk_main },
};

struct doer {
	struct loop *loop;
	struct perform *perform;
	struct uevent *uevent;
	char line[4096];
	size_t len;
};

static void print(void *arg, const struct observation *o)
{
	struct text line = TEXT_INIT;

	(void)arg;
	observation_print(o, &line);
	puts(text_str(&line));
	text_done(&line);
}

static void print_helper(
	void *arg, enum helper_kind kind, uint32_t pid, uint32_t host, uint64_t action)
{
	(void)arg;
	printf("# %s pid=%" PRIu32 " host=%" PRIu32 " action=%" PRIu64 "\n", helper_kind_name(kind),
		pid, host, action);
}

static void listen_to_uevents(struct doer *d)
{
	int r = d->uevent ? 0 : uevent_new(d->loop, print, NULL, &d->uevent);

	printf("# listening%s%s\n", r < 0 ? ": " : "", r < 0 ? strerror(-r) : "");
}

static void do_line(struct doer *d, const char *line)
{
	struct action a;

	if (!strcmp(line, "quit"))
		loop_exit(d->loop, 0);
	else if (!strcmp(line, "helpers"))
		perform_helpers(d->perform, print_helper, NULL);
	else if (!strcmp(line, "uevents"))
		listen_to_uevents(d);
	else if (action_parse(line, &a) < 0)
		printf("# not an action: %s\n", line);
	else
		perform_act(d->perform, &a);
}

static void on_input(void *arg, int fd, uint32_t events)
{
	struct doer *d = arg;
	ssize_t n = read(fd, d->line + d->len, sizeof d->line - 1 - d->len);
	char *end;

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		loop_exit(d->loop, 0);
		return;
	}
	d->len += (size_t)n;
	d->line[d->len] = '\0';
	while ((end = strchr(d->line, '\n'))) {
		*end++ = '\0';
		do_line(d, d->line);
		d->len -= (size_t)(end - d->line);
		memmove(d->line, end, d->len + 1);
	}
}

int main(void)
{
	struct doer d = { 0 };
	struct source *input;
	int zygote, r = zygote_start(roles, ARRAY_SIZE(roles), &zygote);

	if (r >= 0)
		r = loop_new(&d.loop);
	if (r >= 0)
		r = perform_new(d.loop, zygote, print, NULL, &d.perform);
	if (r >= 0)
		r = loop_watch(
			d.loop, STDIN_FILENO, EPOLLIN, PRIORITY_CLIENT, on_input, &d, &input);
	if (r < 0) {
		fprintf(stderr, "doer: %s\n", strerror(-r));
		return EXIT_FAILURE;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
#ifdef PATHKEEPER_TEST_POINTS
	puts("# ready test-points=yes");
#else
	puts("# ready test-points=no");
#endif
	r = loop_run(d.loop);
	source_free(input);
	uevent_free(d.uevent);
	perform_free(d.perform);
	loop_free(d.loop);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
