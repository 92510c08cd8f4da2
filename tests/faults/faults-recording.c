/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A recording, while calls fail, in the daemon and in the process that writes it: the file has all
 * of it, or it is said that it ended, or that process fails; it never has a hole.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "core/recording.h"
#include "fault.h"

enum { ENDED = 0x10, REFUSED = 0x20 };

static const char whole[] = "# recorded by pathkeeperd 7\none\ntwo\n";

static char dir[64], path[80];
static bool is_ended;

static int begin(void **state)
{
	(void)state;
	TEXT_SET(dir, "/tmp/pathkeeper-faults.XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/file", dir);
	return prctl(PR_SET_CHILD_SUBREAPER, 1); /* the writer's end is to be seen, too */
}

static int end(void **state)
{
	(void)state;
	return rmdir(dir);
}

static void listen_to_log(void *arg, enum log_level level, const char *event, const char *line)
{
	(void)arg;
	(void)level;
	(void)line;
	is_ended |= !strcmp(event, "recording-ended");
}

static void put(const char *line)
{
	struct recorder r = recording_recorder();

	if (r.line)
		r.line(r.arg, line);
}

/* In a child, as the daemon does it: also at its end. */
static int record(void)
{
	int r;

	log_set_sink(listen_to_log, NULL);
	signal(SIGPIPE, SIG_IGN);
	fault_begin();
	r = recording_start(path, "7");
	put("one");
	recording_flush();
	put("two");
	recording_flush();
	fault_end();
	recording_flush();
	if (r < 0)
		return strerrorname_np(-r) ? REFUSED : 1;
	return is_ended ? ENDED : 0;
}

static void read_back(char *ret, size_t size)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, ret, size - 1);

	ret[n > 0 ? n : 0] = '\0';
	unlink(path);
}

static void run(const struct fault *f)
{
	int said = -1, written = 0, status;
	char bytes[256];
	pid_t child = fork(), pid;

	assert_true(child >= 0);
	if (child == 0)
		_exit(record());
	while ((pid = waitpid(-1, &status, 0)) > 0) {
		if (!WIFEXITED(status))
			fail_msg("%s: a process is killed", fault_text(f));
		*(pid == child ? &said : &written) = WEXITSTATUS(status);
	}
	read_back(bytes, sizeof bytes);
	if (strncmp(bytes, whole, strlen(bytes)) != 0)
		fail_msg("%s: a hole: %s", fault_text(f), bytes);
	if (!said && !written && strcmp(bytes, whole) != 0)
		fail_msg("%s: not whole: %s", fault_text(f), bytes);
	if (said != 0 && said != ENDED && said != REFUSED)
		fail_msg("%s: %d", fault_text(f), said);
	if (!fault_struck() && said)
		fail_msg("%s: %d without a fault", fault_text(f), said);
}

static void test_recording(void **state)
{
	(void)state;
	fault_each(NULL, run);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recording),
	};

	return cmocka_run_group_tests_name("faults of a recording", tests, begin, end);
}
