/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "port/process.h"

static int the_pipe = -1;
static uint64_t dropped; /* and not said yet */
static uint64_t dropped_ever;
static bool with_priority;

static const int syslog_levels[] = {
	[LOG_LEVEL_ERR] = 3,
	[LOG_LEVEL_WARNING] = 4,
	[LOG_LEVEL_NOTICE] = 5,
	[LOG_LEVEL_INFO] = 6,
	[LOG_LEVEL_DEBUG] = 7,
};

/* A line is shorter than PIPE_BUF, so it is written whole or not at all. */
static bool put(enum log_level level, const char *line)
{
	char bytes[1200];
	int n = with_priority
			? snprintf(bytes, sizeof bytes, "<%d>%s\n", syslog_levels[level], line)
			: snprintf(bytes, sizeof bytes, "%s\n", line);

	if (n < 0)
		return false;
	if ((size_t)n >= sizeof bytes) {
		n = sizeof bytes - 1;
		bytes[n - 1] = '\n';
	}
	return write(the_pipe, bytes, (size_t)n) == n;
}

static void sink(void *arg, enum log_level level, const char *event, const char *line)
{
	(void)arg;
	(void)event;
	if (dropped) {
		char lost[64];

		snprintf(lost, sizeof lost, "events-dropped n=%llu", (unsigned long long)dropped);
		if (put(LOG_LEVEL_WARNING, lost))
			dropped = 0;
	}
	if (!put(level, line)) {
		dropped++;
		dropped_ever++;
	}
}

uint64_t journal_dropped(void)
{
	return dropped_ever;
}

static _Noreturn void write_for_ever(int from)
{
	char bytes[65536];

	for (;;) {
		ssize_t n = read(from, bytes, sizeof bytes), done = 0;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(EXIT_SUCCESS);
		while (done < n) {
			ssize_t m = write(STDERR_FILENO, bytes + done, (size_t)(n - done));

			if (m < 0 && errno == EINTR)
				continue;
			if (m <= 0)
				break; /* nobody reads: keep emptying the pipe */
			done += m;
		}
	}
}

int journal_start(void)
{
	_cleanup_(closep) int from = -1, to = -1;
	int ends[2], pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	from = ends[0];
	to = ends[1];
	if (fcntl(to, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	fcntl(to, F_SETPIPE_SZ, 1 << 20);
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		int keep = from;

		if (process_close_all_but(&keep, 1) < 0)
			_exit(EXIT_FAILURE);
		process_settle("pk-journal");
		write_for_ever(from);
	}
	signal(SIGPIPE, SIG_IGN); /* without its writer a line is lost, and nothing else */
	the_pipe = TAKE_FD(to);
	with_priority = getenv("JOURNAL_STREAM") != NULL;
	log_set_sink(sink, NULL);
	return 0;
}
