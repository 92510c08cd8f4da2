/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where lines go: a socket stands for the journal's, a pipe or a file for standard error. Each case
 * is a child, since a process has one log.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static char dir[64], path[80], file[80];
static int journal = -1;

static void open_journal(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	TEXT_SET(address.sun_path, path);
	assert_int_equal(bind(journal, (const struct sockaddr *)&address, sizeof address), 0);
}

static void close_journal(void)
{
	close(journal);
	unlink(path);
	journal = -1;
}

/* Parent and child wait for each other by files, however slow the machine. */
static const char *mark_path(const char *mark)
{
	static char at[96];

	snprintf(at, sizeof at, "%s/%s", dir, mark);
	return at;
}

static void set_mark(const char *mark)
{
	close(open(mark_path(mark), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

static bool wait_mark(const char *mark)
{
	for (int i = 0; i < 6000; i++) {
		if (access(mark_path(mark), F_OK) == 0)
			return true;
		poll(NULL, 0, 10);
	}
	return false;
}

static int begin(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/pathkeeper-journal.XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/socket", dir);
	snprintf(file, sizeof file, "%s/stderr", dir);
	return 0;
}

static int end(void **state)
{
	(void)state;
	if (journal >= 0)
		close_journal();
	unlink(file);
	unlink(mark_path("logged"));
	unlink(mark_path("read"));
	rmdir(dir);
	return 0;
}

/* In a child: standard error is a file, $JOURNAL_STREAM says what stream says of it. */
static int start_child(const char *stream, void (*child)(void))
{
	int pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		int fd = open(file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		char text[64];
		struct stat st;

		dup2(fd, STDERR_FILENO);
		fstat(fd, &st);
		snprintf(text, sizeof text, "%lu:%lu", (unsigned long)st.st_dev,
			(unsigned long)st.st_ino);
		unsetenv("JOURNAL_STREAM");
		if (stream)
			setenv("JOURNAL_STREAM", strcmp(stream, "its") ? stream : text, 1);
		if (journal_start(path) < 0)
			_exit(1);
		child();
		_exit(0);
	}
	return pid;
}

static void wait_child(int pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static bool receive(char *ret, size_t size, int ms)
{
	struct pollfd wanted = { .fd = journal, .events = POLLIN };
	ssize_t n;

	if (poll(&wanted, 1, ms) != 1)
		return false;
	n = recv(journal, ret, size - 1, MSG_DONTWAIT);
	assert_true(n > 0);
	ret[n] = '\0';
	for (ssize_t i = 0; i < n; i++)
		if (!ret[i])
			ret[i] = '\n'; /* of lengths: so that it is one text */
	return true;
}

/* The writer is nobody's child any more when the file has what it should. */
static void read_file(char *ret, size_t size, const char *wanted)
{
	const struct timespec pause = { .tv_nsec = 10000000 };

	for (int i = 0; i < 1000; i++) {
		int fd = open(file, O_RDONLY | O_CLOEXEC);
		ssize_t n = fd < 0 ? 0 : read(fd, ret, size - 1);

		ret[n > 0 ? n : 0] = '\0';
		close(fd);
		if (strstr(ret, wanted))
			return;
		nanosleep(&pause, NULL);
	}
	fail_msg("standard error has \"%s\", not \"%s\"", ret, wanted);
}

static void log_two(void)
{
	log_event(LOG_LEVEL_NOTICE, "path-state", "dev=%s why=in\\x20use", "sdb");
	log_event(LOG_LEVEL_WARNING, "slept", "ms=7");
}

static void test_records(void **state)
{
	char got[8192];

	(void)state;
	open_journal();
	wait_child(start_child("its", log_two));
	assert_true(receive(got, sizeof got, 10000));
	assert_non_null(strstr(got, "path-state dev=sdb why=in\\x20use"));
	assert_non_null(strstr(got, "PRIORITY=5\n"));
	assert_non_null(strstr(got, "PATHKEEPER_WHY"));
	assert_true(receive(got, sizeof got, 10000));
	assert_non_null(strstr(got, "PATHKEEPER_MS"));
	assert_non_null(strstr(got, "PRIORITY=4\n"));
	read_file(got, sizeof got, "");
	assert_string_equal(got, "");
}

static void test_lines(void **state)
{
	char got[8192];

	(void)state;
	open_journal();
	wait_child(start_child(NULL, log_two));
	read_file(got, sizeof got, "slept");
	assert_string_equal(got, "path-state dev=sdb why=in\\x20use\nslept ms=7\n");
	assert_false(receive(got, sizeof got, 0));
}

/* Standard error was the journal when systemd started somebody, who gave us another one. */
static void test_another_stream(void **state)
{
	static const char *const streams[] = { "1:1", "", ":", "1", "1:1:1", "x:y" };
	char got[8192];

	(void)state;
	open_journal();
	for (size_t i = 0; i < ARRAY_SIZE(streams); i++) {
		wait_child(start_child(streams[i], log_two));
		read_file(got, sizeof got, "slept");
		assert_string_equal(got, "<5>path-state dev=sdb why=in\\x20use\n<4>slept ms=7\n");
		unlink(file);
	}
	assert_false(receive(got, sizeof got, 0));
}

static void log_and_stay(void)
{
	log_two();
	set_mark("logged");
	if (!wait_mark("read"))
		_exit(2);
}

/* The journal is started anew: what is said meanwhile waits for it. */
static void test_no_journal_for_a_moment(void **state)
{
	char got[8192];
	int pid;

	(void)state;
	pid = start_child("its", log_and_stay);
	assert_true(wait_mark("logged"));
	poll(NULL, 0, 300);
	open_journal();
	assert_true(receive(got, sizeof got, 30000));
	assert_non_null(strstr(got, "path-state"));
	assert_true(receive(got, sizeof got, 30000));
	assert_non_null(strstr(got, "slept"));
	set_mark("read");
	wait_child(pid);
}

enum { FLOOD = 20000 };

/* More than anything between here and the journal can hold, which takes nothing. */
static void log_a_flood(void)
{
	struct timespec from, to;
	int64_t ms;

	clock_gettime(CLOCK_MONOTONIC, &from);
	for (int i = 0; i < FLOOD; i++)
		log_event(LOG_LEVEL_NOTICE, "path-state", "dev=sd%d hctl=3:0:0:%d", i, i);
	clock_gettime(CLOCK_MONOTONIC, &to);
	ms = (to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000;
	set_mark("logged");
	if (!wait_mark("read") || !journal_dropped() || journal_dropped() >= FLOOD || ms > 30000)
		_exit(2);
}

static void test_nobody_waits(void **state)
{
	char got[8192];
	unsigned n = 0;
	int pid;

	(void)state;
	open_journal();
	pid = start_child("its", log_a_flood);
	assert_true(wait_mark("logged"));
	while (receive(got, sizeof got, 3000))
		n++;
	set_mark("read");
	wait_child(pid);
	assert_in_range(n, 100, FLOOD - 1);
}

/* Until there has been room for a while: the loss itself needs some, too. */
static void log_a_flood_and_more(void)
{
	uint64_t lost;

	for (int i = 0; i < FLOOD; i++)
		log_event(LOG_LEVEL_NOTICE, "path-state", "dev=sd%d hctl=3:0:0:%d", i, i);
	set_mark("flooded");
	lost = journal_dropped();
	for (int i = 0, in_a_row = 0; i < 3000 && in_a_row < 20; i++) {
		poll(NULL, 0, 20);
		log_event(LOG_LEVEL_NOTICE, "slept", "ms=%d", i);
		in_a_row = journal_dropped() == lost ? in_a_row + 1 : 0;
		lost = journal_dropped();
	}
	if (!wait_mark("read"))
		_exit(2);
}

static void test_losses_are_said(void **state)
{
	bool said = false;
	char got[8192];
	int pid;

	(void)state;
	open_journal();
	pid = start_child("its", log_a_flood_and_more);
	assert_true(wait_mark("flooded"));
	while (!said && receive(got, sizeof got, 30000))
		said = strstr(got, "events-dropped n=") && strstr(got, "PRIORITY=4\n");
	set_mark("read");
	wait_child(pid);
	assert_true(said);
}

/* Of the two only the writer ends by SIGTERM. */
static int log_without_a_writer(void)
{
	setpgid(0, 0);
	signal(SIGTERM, SIG_IGN);
	signal(SIGPIPE, SIG_DFL); /* as it is where no service manager ignores it for us */
	if (journal_start(JOURNAL_SOCKET) < 0)
		return 1;
	for (int i = 0; i < 500 && waitpid(-1, NULL, WNOHANG) == 0; i++) {
		kill(0, SIGTERM); /* it takes it when it has settled */
		poll(NULL, 0, 10);
	}
	log_event(LOG_LEVEL_NOTICE, "nobody-reads-this", "n=%d", 1);
	log_event(LOG_LEVEL_NOTICE, "nor-this", "n=%d", 2);
	return 0;
}

static void a_lost_writer_costs_lines_and_not_the_daemon(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0)
		_exit(log_without_a_writer());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_records, begin, end),
		cmocka_unit_test_setup_teardown(test_lines, begin, end),
		cmocka_unit_test_setup_teardown(test_another_stream, begin, end),
		cmocka_unit_test_setup_teardown(test_no_journal_for_a_moment, begin, end),
		cmocka_unit_test_setup_teardown(test_nobody_waits, begin, end),
		cmocka_unit_test_setup_teardown(test_losses_are_said, begin, end),
		cmocka_unit_test(a_lost_writer_costs_lines_and_not_the_daemon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
