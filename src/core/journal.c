/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/number.h"
#include "base/text.h"
#include "core/journal_record.h"
#include "port/process.h"

/* A record in the pipe has its length in front; both are written whole or not at all. */
typedef uint16_t record_length;
_Static_assert(JOURNAL_RECORD_BYTES + sizeof(record_length) <= PIPE_BUF, "one write is one record");

enum { AGAIN_MS = 100, MAX_TRIES_AFTER_THE_END = 20 };

static int the_pipe = -1;
static uint64_t dropped; /* and not said yet */
static uint64_t dropped_ever;
static bool with_records, with_priority;
static uint32_t our_pid;

/* ---- the daemon's end ------------------------------------------------------------------------ */

/* A line is shorter than PIPE_BUF, too. */
static bool put_line(enum log_level level, const char *line)
{
	char bytes[1200];
	int n = with_priority
			? snprintf(bytes, sizeof bytes, "<%d>%s\n", journal_priority(level), line)
			: snprintf(bytes, sizeof bytes, "%s\n", line);

	if (n < 0)
		return false;
	if ((size_t)n >= sizeof bytes) {
		n = sizeof bytes - 1;
		bytes[n - 1] = '\n';
	}
	return write(the_pipe, bytes, (size_t)n) == n;
}

static bool put_record(enum log_level level, const char *event, const char *line)
{
	_cleanup_(text_done) struct text record = TEXT_INIT;
	char bytes[PIPE_BUF];
	record_length len;

	journal_record(level, event, line, our_pid, &record);
	if (text_failed(&record) || record.len > JOURNAL_RECORD_BYTES)
		return false;
	len = (record_length)record.len;
	memcpy(bytes, &len, sizeof len);
	memcpy(bytes + sizeof len, text_str(&record), len);
	return write(the_pipe, bytes, sizeof len + len) == (ssize_t)(sizeof len + len);
}

static bool put(enum log_level level, const char *event, const char *line)
{
	return with_records ? put_record(level, event, line) : put_line(level, line);
}

static void sink(void *arg, enum log_level level, const char *event, const char *line)
{
	(void)arg;
	if (dropped) {
		char lost[64];

		snprintf(lost, sizeof lost, "events-dropped n=%llu", (unsigned long long)dropped);
		if (put(LOG_LEVEL_WARNING, "events-dropped", lost))
			dropped = 0;
	}
	if (!put(level, event, line)) {
		dropped++;
		dropped_ever++;
	}
}

uint64_t journal_dropped(void)
{
	return dropped_ever;
}

/* ---- the process ----------------------------------------------------------------------------- */

static _Noreturn void write_lines(int from)
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

/* Exactly so many bytes; false at the end. */
static bool read_all(int from, void *bytes, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = read(from, (char *)bytes + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

static bool has_ended(int from)
{
	struct pollfd wanted = { .fd = from };

	return poll(&wanted, 1, 0) == 1 && (wanted.revents & POLLHUP);
}

/* The journal may be full, or be started anew: meanwhile the pipe is where records wait. Only when
 * the daemon has ended nobody is told what is lost, and this process must end, too. */
static void hand_on(
	int from, int socket, const struct sockaddr_un *to, const char *record, size_t len)
{
	const struct timespec pause = { .tv_nsec = AGAIN_MS * 1000000L };
	static unsigned tries_after_the_end;

	while (sendto(socket, record, len, MSG_NOSIGNAL, (const struct sockaddr *)to, sizeof *to) <
		0) {
		if (errno == EINTR)
			continue;
		if (errno == EMSGSIZE)
			return;
		if (errno != EAGAIN) /* that has waited */
			nanosleep(&pause, NULL);
		if (has_ended(from) && ++tries_after_the_end > MAX_TRIES_AFTER_THE_END)
			_exit(EXIT_FAILURE);
	}
}

/* It waits for room in the journal's queue, and now and then looks whether the daemon lives. */
static int open_sender(void)
{
	const struct timeval patience = { .tv_usec = AGAIN_MS * 1000L };
	_cleanup_(closep) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static _Noreturn void send_records(int from, const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	_cleanup_(closep) int fd = open_sender();
	char record[JOURNAL_RECORD_BYTES];
	record_length len;

	TEXT_SET(to.sun_path, path);
	while (fd >= 0 && read_all(from, &len, sizeof len) && len <= sizeof record &&
		read_all(from, record, len))
		hand_on(from, fd, &to, record, len);
	_exit(fd < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

/* ---- the start ------------------------------------------------------------------------------- */

/* "DEVICE:INODE" of the stream that systemd made for us: it may have been replaced since. */
static bool is_journal(const char *stream, int fd)
{
	uint64_t device, inode;
	struct stat st;

	return stream && number_parse_field(&stream, ':', UINT64_MAX, &device) == 0 &&
	       number_parse_field(&stream, '\0', UINT64_MAX, &inode) == 0 && fstat(fd, &st) == 0 &&
	       st.st_dev == device && st.st_ino == inode;
}

static _Noreturn void become_writer(int from, const char *socket)
{
	if (process_close_all_but(&from, 1) < 0)
		_exit(EXIT_FAILURE);
	process_settle("pk-journal");
	if (with_records)
		send_records(from, socket);
	write_lines(from);
}

int journal_start(const char *socket)
{
	const char *stream = getenv("JOURNAL_STREAM");
	_cleanup_(closep) int from = -1, to = -1;
	int ends[2], pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	from = ends[0];
	to = ends[1];
	if (fcntl(to, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	fcntl(to, F_SETPIPE_SZ, 1 << 20);
	with_records = is_journal(stream, STDERR_FILENO);
	with_priority = stream != NULL;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		become_writer(from, socket);
	signal(SIGPIPE, SIG_IGN); /* without its writer a line is lost, and nothing else */
	our_pid = (uint32_t)getpid();
	the_pipe = TAKE_FD(to);
	log_set_sink(sink, NULL);
	return 0;
}
