/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The log of a daemon, while its calls fail: the daemon goes on and does not wait, and what it lost
 * it counts. While those of the process fail that takes the lines: whatever is merely to be tried
 * again is, and of the rest the daemon notices nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "core/journal.h"
#include "fault.h"

enum { LINES = 6, MOST_MS = 2000, UNNAMED = 9 };

/* What a daemon knows of itself. */
static struct word {
	uint64_t dropped, ms;
	int started;
} * word;

static char dir[64], path[80], file[80];
static int journal;
static bool with_records, from_the_start;

static struct {
	unsigned lines, said; /* lines that arrived, and losses that were told */
	bool last;
} got;

/* ---- the daemon --------------------------------------------------------------------------- */

static void prepare_error(void)
{
	int fd = open(file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	char text[64];
	struct stat st;

	assert_true(dup2(fd, STDERR_FILENO) >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	snprintf(text, sizeof text, "%lu:%lu", (unsigned long)st.st_dev, (unsigned long)st.st_ino);
	unsetenv("JOURNAL_STREAM");
	if (with_records)
		setenv("JOURNAL_STREAM", text, 1);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static _Noreturn void be_daemon(void)
{
	uint64_t began;

	prepare_error();
	if (from_the_start)
		fault_begin();
	word->started = journal_start(path);
	if (word->started < 0)
		_exit(strerrorname_np(-word->started) ? 0 : UNNAMED);
	fault_begin();
	began = now_ms();
	for (int i = 1; i <= LINES; i++)
		log_event(LOG_LEVEL_NOTICE, "fault-line", "n=%d of=%d", i, LINES);
	word->ms = now_ms() - began;
	word->dropped = journal_dropped();
	_exit(0);
}

/* ---- what arrives ------------------------------------------------------------------------- */

static void count(const char *text)
{
	const char *lost = strstr(text, "events-dropped n=");

	for (const char *at = text; (at = strstr(at, "fault-line n=")); at++) {
		got.lines++;
		got.last |= atoi(at + strlen("fault-line n=")) == LINES;
	}
	if (lost)
		got.said += (unsigned)atoi(lost + strlen("events-dropped n="));
}

static bool receive(int ms)
{
	struct pollfd wanted = { .fd = journal, .events = POLLIN };
	char bytes[4096], *line, *end;
	ssize_t n;

	if (poll(&wanted, 1, ms) != 1)
		return false;
	n = recv(journal, bytes, sizeof bytes - 1, MSG_DONTWAIT);
	assert_true(n > 0);
	bytes[n] = '\0';
	line = memmem(bytes, (size_t)n, "fault-line n=", 13);
	if (!line)
		line = memmem(bytes, (size_t)n, "events-dropped n=", 17);
	assert_non_null(line);
	end = strchr(line, '\n');
	if (end)
		*end = '\0';
	count(line);
	return true;
}

/* Until daemon and writer ended, who are both our children. */
static void follow(const struct fault *f)
{
	int status, pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) >= 0) {
		if (pid > 0 && (!WIFEXITED(status) || WEXITSTATUS(status) > 1))
			fail_msg("%s: one ended by %x", fault_text(f), (unsigned)status);
		receive(pid ? 0 : 5);
	}
	while (receive(0))
		;
}

static void read_file(void)
{
	char bytes[8192];
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, bytes, sizeof bytes - 1);

	bytes[n > 0 ? n : 0] = '\0';
	close(fd);
	count(bytes);
}

/* ---- what must hold ----------------------------------------------------------------------- */

/* Only the daemon's calls fail: it knows all that is lost. */
static void require_count(const struct fault *f)
{
	if (got.lines + word->dropped != LINES)
		fail_msg("%s: %u arrived, %u were dropped", fault_text(f), got.lines,
			(unsigned)word->dropped);
	if (got.last && !f->stays && got.said != word->dropped)
		fail_msg("%s: %u are said to be dropped, not %u", fault_text(f), got.said,
			(unsigned)word->dropped);
}

/* What can be tried again. */
static bool is_passing(const struct fault *f)
{
	return !f->stays &&
	       (f->kind == FAULT_SEND || f->kind == FAULT_LOOK ||
		       (f->kind == FAULT_READ && (f->error == EINTR || f->error == FAULT_SHORT)));
}

static void run(const struct fault *f)
{
	int pid;

	if (f->kind == FAULT_WRITE && f->error == FAULT_SHORT)
		return; /* a pipe takes what is shorter than PIPE_BUF as a whole, or nothing */
	memset(&got, 0, sizeof got);
	memset(word, 0, sizeof *word);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		be_daemon();
	follow(f);
	read_file();
	if (word->ms > MOST_MS)
		fail_msg("%s: the daemon waited", fault_text(f));
	if (word->started < 0 && !(from_the_start && fault_struck()))
		fail_msg("%s: %d", fault_text(f), word->started);
	if (!from_the_start || !fault_struck())
		require_count(f);
	else if (is_passing(f) && got.lines != LINES)
		fail_msg("%s: %u arrived", fault_text(f), got.lines);
}

static void test_journal(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	(void)state;
	TEXT_SET(dir, "/tmp/pathkeeper-faults.XXXXXX");
	assert_non_null(mkdtemp(dir));
	fault_world(dir);
	snprintf(path, sizeof path, "%s/socket", dir);
	snprintf(file, sizeof file, "%s/stderr", dir);
	TEXT_SET(address.sun_path, path);
	journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(journal, (const struct sockaddr *)&address, sizeof address), 0);
	word = mmap(NULL, sizeof *word, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(word != MAP_FAILED);
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	for (int i = 0; i < 4; i++) {
		with_records = i & 1;
		from_the_start = i & 2;
		fault_each(NULL, run);
	}
	fault_world(NULL);
	munmap(word, sizeof *word);
	close(journal);
	unlink(path);
	unlink(file);
	rmdir(dir);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_journal),
	};

	return cmocka_run_group_tests_name("faults of the log", tests, NULL, NULL);
}
