/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "port/process.h"

static struct {
	int pipe;
	struct text kept;
	uint64_t bytes, lines;
} the = { .pipe = -1 };

/* ---- the daemon's end ------------------------------------------------------------------------ */

static void end(const char *why)
{
	the.pipe = close_fd(the.pipe);
	text_done(&the.kept);
	log_event(LOG_LEVEL_WARNING, "recording-ended", "why=%s lines=%" PRIu64, why, the.lines);
}

static void drop_front(struct text *t, size_t n)
{
	memmove(t->bytes, t->bytes + n, t->len - n + 1);
	t->len -= n;
}

void recording_flush(void)
{
	size_t done = 0;

	if (the.pipe < 0 || !the.kept.len)
		return;
	while (done < the.kept.len) {
		ssize_t n = write(the.pipe, the.kept.bytes + done, the.kept.len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			end("lost");
			return;
		}
		done += (size_t)n;
	}
	drop_front(&the.kept, done);
}

static void take_line(void *arg, const char *line)
{
	size_t len = line ? strlen(line) + 1 : 0;

	(void)arg;
	if (the.pipe < 0)
		return;
	if (the.bytes + len > RECORDING_FILE_BYTES) {
		end("full");
		return;
	}
	if (the.kept.len + len > RECORDING_KEPT_BYTES) {
		end("slow");
		return;
	}
	text_add_bytes(&the.kept, line ? line : "", len ? len - 1 : 0);
	text_add(&the.kept, "\n");
	if (!line || text_failed(&the.kept)) {
		end("no-memory");
		return;
	}
	the.bytes += len;
	the.lines++;
}

struct recorder recording_recorder(void)
{
	return (struct recorder){ .line = the.pipe < 0 ? NULL : take_line };
}

/* ---- the process ----------------------------------------------------------------------------- */

static bool write_all(int to, const char *bytes, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = write(to, bytes + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

/* It ends when the daemon does, or when the file takes no more. */
static _Noreturn void become_writer(int from, int to)
{
	const int fds[] = { from, to };
	static char bytes[65536];

	if (process_close_all_but(fds, ARRAY_SIZE(fds)) < 0)
		_exit(EXIT_FAILURE);
	process_settle("pk-recorder");
	for (;;) {
		ssize_t n = read(from, bytes, sizeof bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			_exit(EXIT_SUCCESS);
		if (n < 0 || !write_all(to, bytes, (size_t)n))
			_exit(EXIT_FAILURE);
	}
}

int recording_start(const char *path, const char *version)
{
	_cleanup_(closep) int file = -1, from = -1, to = -1;
	char first[96];
	int ends[2], pid;

	file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (file < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	from = ends[0];
	to = ends[1];
	if (fcntl(to, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	fcntl(to, F_SETPIPE_SZ, 1 << 20);
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		become_writer(from, file);
	the.pipe = TAKE_FD(to);
	snprintf(first, sizeof first, "# recorded by pathkeeperd %s", version);
	take_line(NULL, first);
	return 0;
}
