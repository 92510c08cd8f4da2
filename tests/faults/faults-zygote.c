/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The zygote's own side, while its calls fail. A helper that cannot be made is seen by its socket,
 * which closes; no descriptor stays, in the zygote or in a helper; and the next one is made, unless
 * it fails for ever or the zygote could not even begin.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "act/zygote.h"
#include "base/cleanup.h"
#include "fault.h"
#include "port/packet.h"

enum {
	TRIES = 4,
	OF_HELPER = 4, /* 0 to 2, and its socket */
	OF_ZYGOTE = 5, /* the same, and its spare's */
};

struct found {
	uint32_t n_fds, zygote;
};

static struct packet packet;

static unsigned count_fds(const char *pid)
{
	char path[64];
	unsigned n = 0;
	DIR *dir;

	snprintf(path, sizeof path, "/proc/%s/fd", pid);
	dir = opendir(path);
	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n > 2 ? n - 2 : 0;
}

/* It may be about to make its spare. */
static unsigned count_in_the_end(const char *pid)
{
	for (int i = 0; i < 200 && count_fds(pid) > OF_ZYGOTE; i++)
		poll(NULL, 0, 5);
	return count_fds(pid);
}

/* A helper that outlives its zygote is another's child by then. */
static bool is_zygote(uint32_t pid)
{
	siginfo_t info;

	return waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

static int toy(int socket, uint32_t tag)
{
	struct found found;

	(void)tag;
	fault_end();
	found = (struct found){ .n_fds = count_fds("self") - 1, .zygote = (uint32_t)getppid() };
	packet_send_one(socket, &found, sizeof found, NULL, 0);
	packet_wait(socket, false);
	return 0;
}

static const struct helper_role roles[] = {
	[HELPER_KEEPER] = { "pk-toy", toy },
};

/* Is one born? False: its socket closed, or there is no zygote any more. */
static bool make(const struct fault *f, int zygote, struct found *ret)
{
	struct observation born;
	bool is_born;
	int socket, r = zygote_spawn(zygote, HELPER_KEEPER, 3, &socket);

	if (r < 0) {
		if (r != -EPIPE && r != -ECONNRESET)
			fail_msg("%s: %d", fault_text(f), r);
		return false;
	}
	is_born = packet_receive_patiently(socket, &packet) == 1 &&
		  packet_next(&packet, &born, sizeof born) == 1;
	if (is_born && (born.kind != OBS_HELPER || born.helper.event != HELPER_BORN))
		fail_msg("%s: not a birth", fault_text(f));
	if (is_born && (packet_receive_patiently(socket, &packet) != 1 ||
			       packet_next(&packet, ret, sizeof *ret) != 1))
		fail_msg("%s: a helper that says nothing", fault_text(f));
	close(socket);
	return is_born;
}

/* Where the zygote itself could not begin, no helper is ever made, and that is seen, too. */
static bool may_have_none(const struct fault *f)
{
	return f->stays || f->kind == FAULT_OPEN || f->kind == FAULT_PROCESS ||
	       f->kind == FAULT_CONTROL;
}

static void require_helpers(const struct fault *f, int zygote)
{
	struct found found = { 0 };
	unsigned born = 0;
	char pid[16];

	for (int i = 0; i < TRIES; i++)
		born += make(f, zygote, &found);
	if (!fault_struck() && born != TRIES)
		fail_msg("%s: %u are born", fault_text(f), born);
	if (!may_have_none(f) && born < TRIES - 1)
		fail_msg("%s: the next one is not made: %u", fault_text(f), born);
	if (!born)
		return;
	if (found.n_fds != OF_HELPER)
		fail_msg("%s: a helper has %u descriptors", fault_text(f), found.n_fds);
	snprintf(pid, sizeof pid, "%u", found.zygote);
	if (is_zygote(found.zygote) && count_in_the_end(pid) > OF_ZYGOTE)
		fail_msg("%s: the zygote has %u descriptors", fault_text(f), count_fds(pid));
}

static void run(const struct fault *f)
{
	unsigned fds = fault_open_fds();
	int zygote, status, r;

	fault_begin();
	r = zygote_start(roles, ARRAY_SIZE(roles), &zygote);
	fault_end();
	if (r < 0 && (!fault_struck() || !strerrorname_np(-r)))
		fail_msg("%s: %d", fault_text(f), r);
	if (r >= 0) {
		require_helpers(f, zygote);
		close(zygote);
		assert_true(waitpid(-1, &status, 0) > 0);
		if (!WIFEXITED(status) || WEXITSTATUS(status) > 1)
			fail_msg("%s: it ended by %x", fault_text(f), (unsigned)status);
	}
	if (fault_open_fds() != fds)
		fail_msg("%s: something is left open", fault_text(f));
}

static void test_zygote(void **state)
{
	(void)state;
	fault_each(NULL, run);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_zygote),
	};

	return cmocka_run_group_tests_name("faults of the zygote", tests, NULL, NULL);
}
