/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"

/* A sanitizer ends it by a status of its own. */
enum { ENDED = 100, LEAKED = 103 };

int process_begin(
	int (*helper_main)(int socket, uint32_t tag), uint32_t tag, int daemon, int socket)
{
	long live = fault_live();
	unsigned fds, left;
	int pid = fork(), r;

	assert_true(pid >= 0);
	if (pid)
		return pid;
	close_fd(daemon);
	fds = fault_open_fds();
	fault_begin();
	r = helper_main(socket, tag);
	fault_end();
	left = fault_open_fds();
	_exit(left != fds || fault_live() != live ? LEAKED : ENDED + r);
}

void process_end(int pid, const char *rule, const struct fault *fault)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status) < ENDED || WEXITSTATUS(status) == LEAKED)
		fail_msg("%s%s%s: it ended by %x", rule ? rule : "", rule ? ", " : "",
			fault_text(fault), (unsigned)status);
}
