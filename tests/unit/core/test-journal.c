/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "core/journal.h"

/* Of the two only the writer ends by SIGTERM. */
static int log_without_a_writer(void)
{
	setpgid(0, 0);
	signal(SIGTERM, SIG_IGN);
	signal(SIGPIPE, SIG_DFL); /* as it is where no service manager ignores it for us */
	if (journal_start() < 0)
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
		cmocka_unit_test(a_lost_writer_costs_lines_and_not_the_daemon),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
