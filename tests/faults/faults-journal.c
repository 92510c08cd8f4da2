/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where lines go, while calls fail, in the daemon and in the process that hands them on: a line
 * arrives once and whole, or the daemon counts it as dropped, or that process ends. Nobody waits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "core/journal.h"
#include "fault.h"

enum { DROPPED = 0x10, REFUSED = 0x20 };

static const char *const words[] = { "tick", "tock" };

static char dir[64], path[80], file[80];
static int journal = -1;
static bool with_journal;
static char arrived[16384];

static int begin(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	(void)state;
	TEXT_SET(dir, "/tmp/pathkeeper-faults.XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/socket", dir);
	snprintf(file, sizeof file, "%s/stderr", dir);
	TEXT_SET(address.sun_path, path);
	journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(journal, (const struct sockaddr *)&address, sizeof address), 0);
	return prctl(PR_SET_CHILD_SUBREAPER, 1); /* the writer's end is to be seen, too */
}

static int end(void **state)
{
	(void)state;
	close(journal);
	unlink(path);
	unlink(file);
	return rmdir(dir);
}

/* In a child. What of it was dropped is its exit status. */
static int say_words(void)
{
	int fd = open(file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_APPEND, 0600);
	char stream[64];
	struct stat st;
	int r;

	dup2(fd, STDERR_FILENO);
	fstat(fd, &st);
	snprintf(stream, sizeof stream, "%lu:%lu", (unsigned long)st.st_dev,
		(unsigned long)st.st_ino);
	unsetenv("JOURNAL_STREAM");
	if (with_journal)
		setenv("JOURNAL_STREAM", stream, 1);
	fault_begin();
	r = journal_start(path);
	for (size_t i = 0; i < ARRAY_SIZE(words) && r >= 0; i++)
		log_event(LOG_LEVEL_NOTICE, words[i], "n=%zu", i);
	fault_end();
	if (r < 0)
		return strerrorname_np(-r) ? REFUSED : 1;
	return journal_dropped() ? DROPPED : 0;
}

/* All that was said, wherever. */
static void gather(void)
{
	_cleanup_(closep) int fd = open(file, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	assert_true(fd >= 0);
	while ((n = recv(journal, arrived + len, sizeof arrived - 1 - len, 0)) > 0)
		len += (size_t)n;
	n = read(fd, arrived + len, sizeof arrived - 1 - len);
	len += n > 0 ? (size_t)n : 0;
	for (size_t i = 0; i < len; i++)
		if (!arrived[i])
			arrived[i] = ' '; /* of lengths: so that it is one text */
	arrived[len] = '\0';
}

static unsigned times(size_t i)
{
	char line[32];
	unsigned n = 0;

	snprintf(line, sizeof line, "%s n=%zu", words[i], i);
	for (const char *at = arrived; (at = strstr(at, line)); at++)
		n++;
	return n;
}

/* The writer cannot tell who reads standard error (what cannot be looked at is closed), nor go on
 * where a pipe cannot be read. */
static bool may_lose(const struct fault *f)
{
	if (!with_journal && f->kind == FAULT_CONTROL)
		return true;
	if (f->error == EINTR || f->error == FAULT_SHORT)
		return false;
	return f->kind == FAULT_READ || (!with_journal && f->kind == FAULT_WRITE);
}

static void run(const struct fault *f)
{
	int said = -1, written = 0, status;
	pid_t child, pid;

	if (f->kind == FAULT_WRITE && f->error == FAULT_SHORT)
		return; /* the pipe takes a line whole, or not at all */
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(say_words());
	while ((pid = waitpid(-1, &status, 0)) > 0) {
		if (!WIFEXITED(status))
			fail_msg("%s: a process is killed", fault_text(f));
		*(pid == child ? &said : &written) = WEXITSTATUS(status);
	}
	gather();
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		unsigned n = times(i);

		if (n > 1 || (n && said == REFUSED) || (!n && !said && !written && !may_lose(f)))
			fail_msg("%s: %s is there %u times (%d, %d): %s", fault_text(f), words[i],
				n, said, written, arrived);
	}
	if (said != 0 && said != DROPPED && said != REFUSED)
		fail_msg("%s: %d", fault_text(f), said);
}

static void test_journal(void **state)
{
	(void)state;
	with_journal = true;
	fault_each(NULL, run);
}

static void test_standard_error(void **state)
{
	(void)state;
	with_journal = false;
	fault_each(NULL, run);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_journal),
		cmocka_unit_test(test_standard_error),
	};

	return cmocka_run_group_tests_name("faults of the journal", tests, begin, end);
}
