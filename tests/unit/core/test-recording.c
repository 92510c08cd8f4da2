/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file of --record, and how a recording ends. Each case is a child: a process has one. */
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
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "core/recording.h"

static char dir[64], path[80];
static char said[128];

static int begin(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/pathkeeper-recording.XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/file", dir);
	return 0;
}

static int end(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static void note(void *arg, enum log_level level, const char *event, const char *line)
{
	(void)arg;
	(void)event;
	if (level == LOG_LEVEL_WARNING)
		snprintf(said, sizeof said, "%s", line);
}

static void put(const char *line)
{
	struct recorder r = recording_recorder();

	if (r.line)
		r.line(r.arg, line);
}

/* The only child of a case. */
static pid_t writer(void)
{
	char name[64];
	pid_t pid = 0;
	FILE *file;

	snprintf(name, sizeof name, "/proc/self/task/%d/children", (int)getpid());
	file = fopen(name, "re");
	if (file && fscanf(file, "%d", &pid) != 1)
		pid = 0;
	if (file)
		fclose(file);
	return pid;
}

static int lines(void)
{
	put("one");
	put("two");
	recording_flush();
	return said[0] != '\0';
}

/* A megabyte of lines waits in the pipe, and what waits here has an end. */
static int slow(void)
{
	static char line[1024 * 1024];

	memset(line, 'x', sizeof line - 1);
	if (kill(writer(), SIGSTOP) < 0)
		return 2;
	for (int i = 0; i < 64 && !said[0]; i++) {
		put(line);
		recording_flush();
	}
	kill(writer(), SIGKILL);
	put("more");
	recording_flush();
	return strncmp(said, "recording-ended why=slow lines=", 31) != 0 ||
	       recording_recorder().line != NULL;
}

static int lost(void)
{
	signal(SIGPIPE, SIG_IGN); /* as journal_start() does */
	kill(writer(), SIGKILL);
	waitpid(-1, NULL, 0);
	put("one");
	recording_flush();
	return strcmp(said, "recording-ended why=lost lines=2") != 0;
}

/* A file has an end, and what does not fit into it is not begun. */
static int full(void)
{
	char *line = malloc(RECORDING_FILE_BYTES);

	if (!line)
		return 2;
	memset(line, 'x', RECORDING_FILE_BYTES - 1);
	line[RECORDING_FILE_BYTES - 1] = '\0';
	put("one");
	put(line);
	free(line);
	put("more");
	recording_flush();
	return strcmp(said, "recording-ended why=full lines=2") != 0 ||
	       recording_recorder().line != NULL;
}

static int no_memory(void)
{
	put(NULL);
	return strcmp(said, "recording-ended why=no-memory lines=1") != 0;
}

static const struct case_row {
	const char *rule;
	int (*run)(void);
	const char *file; /* NULL: whatever */
} cases[] = {
	{ "lines come in their order", lines, "# recorded by pathkeeperd 7\none\ntwo\n" },
	{ "who does not write fast enough ends it, and nobody waits", slow, NULL },
	{ "so does a writer that is gone", lost, NULL },
	{ "a file that has become too long", full, NULL },
	{ "and a line that could not be made", no_memory, NULL },
};

/* The writer ends when it has written what its daemon left. */
static void require_file(const struct case_row *row)
{
	char bytes[256] = "";

	for (int i = 0; row->file && strcmp(bytes, row->file) && i < 1000; i++) {
		_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t n = fd < 0 ? 0 : read(fd, bytes, sizeof bytes - 1);

		bytes[n > 0 ? n : 0] = '\0';
		poll(NULL, 0, 10);
	}
	if (row->file && strcmp(bytes, row->file) != 0)
		fail_msg("%s: %s", row->rule, bytes);
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		pid_t pid = fork();
		int status;

		if (pid == 0) {
			log_set_sink(note, NULL);
			if (recording_start(path, "7") < 0)
				_exit(3);
			_exit(cases[i].run());
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (status != 0)
			fail_msg("%s: status %x", cases[i].rule, (unsigned)status);
		require_file(&cases[i]);
		unlink(path);
	}
}

static void test_never_over_a_file(void **state)
{
	_cleanup_(closep) int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	struct stat s;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(recording_start(path, "7"), -EEXIST);
	assert_null(recording_recorder().line);
	unlink(path);
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_true(recording_start(path, "7") < 0);
	assert_int_equal(lstat(path, &s), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_never_over_a_file),
	};

	return cmocka_run_group_tests_name("recording", tests, begin, end);
}
