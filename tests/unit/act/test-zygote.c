/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "act/zygote.h"
#include "base/cleanup.h"
#include "port/loop.h"
#include "port/packet.h"

/* What a helper finds when it is born. */
struct found {
	uint32_t tag, n_fds;
	bool blocks_hang_up, ends_by_term;
	char comm[16];
};

static struct packet packet;

static unsigned open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n - 3; /* ".", ".." and the directory itself */
}

static int tell_and_wait(int socket, uint32_t tag)
{
	struct found found = { .tag = tag, .n_fds = open_fds() };
	FILE *comm = fopen("/proc/self/comm", "re");
	struct sigaction action;

	if (!comm || !fgets(found.comm, sizeof found.comm, comm))
		return 1;
	fclose(comm);
	found.comm[strcspn(found.comm, "\n")] = '\0';
	sigaction(SIGHUP, NULL, &action);
	found.blocks_hang_up = action.sa_handler == SIG_IGN;
	sigaction(SIGTERM, NULL, &action);
	found.ends_by_term = action.sa_handler == SIG_DFL;
	packet_send_one(socket, &found, sizeof found, NULL, 0);
	packet_wait(socket, false);
	return 0;
}

static int leave(int socket, uint32_t tag)
{
	(void)socket;
	(void)tag;
	return 1;
}

static const struct helper_role roles[] = {
	[HELPER_KEEPER] = { "pk-toy", tell_and_wait },
	[HELPER_SCOUT] = { "pk-leaver", leave },
	[HELPER_SCANNER] = { "pk-nobody", NULL },
};

static void receive(int socket)
{
	struct pollfd in = { .fd = socket, .events = POLLIN };

	assert_int_equal(poll(&in, 1, 10000), 1);
}

static struct observation receive_birth(int socket)
{
	struct observation born;

	receive(socket);
	assert_int_equal(packet_receive(socket, &packet), 1);
	assert_int_equal(packet_next(&packet, &born, sizeof born), 1);
	assert_int_equal(born.kind, OBS_HELPER);
	assert_int_equal(born.helper.event, HELPER_BORN);
	return born;
}

static void wait_for_end(uint32_t pid)
{
	for (int i = 0; i < 1000 && kill((pid_t)pid, 0) == 0; i++)
		poll(NULL, 0, 10);
	assert_int_equal(kill((pid_t)pid, 0), -1); /* not even as a zombie */
}

static void a_helper_is_born_with_nothing_but_its_socket(void **state)
{
	int zygote = *(int *)*state, socket;
	struct observation born;
	struct found found;

	assert_int_equal(zygote_spawn(zygote, HELPER_KEEPER, 77, &socket), 0);
	born = receive_birth(socket);
	assert_int_equal(born.helper.helper, HELPER_KEEPER);
	assert_int_equal(born.helper.host, 77);
	receive(socket);
	assert_int_equal(packet_receive(socket, &packet), 1);
	assert_int_equal(packet_next(&packet, &found, sizeof found), 1);
	assert_int_equal(found.tag, 77);
	assert_int_equal(found.n_fds, 4);
	assert_string_equal(found.comm, "pk-toy");
	assert_true(found.blocks_hang_up);
	assert_true(found.ends_by_term);
	assert_int_equal(getppid() > 0, 1);
	close(socket);
	wait_for_end(born.helper.pid);
}

static void a_helper_that_leaves_is_seen_by_its_socket(void **state)
{
	int zygote = *(int *)*state, socket;
	struct observation born;

	assert_int_equal(zygote_spawn(zygote, HELPER_SCOUT, 0, &socket), 0);
	born = receive_birth(socket);
	receive(socket);
	assert_int_equal(packet_receive(socket, &packet), 0);
	close(socket);
	wait_for_end(born.helper.pid);
}

static void a_role_that_is_none_closes_the_socket(void **state)
{
	static const enum helper_kind none[] = { HELPER_SCANNER, HELPER_ZYGOTE, HELPER_HAND };
	int zygote = *(int *)*state, socket;

	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		assert_int_equal(zygote_spawn(zygote, none[i], 0, &socket), 0);
		receive(socket);
		assert_int_equal(packet_receive(socket, &packet), 0);
		close(socket);
	}
}

static void the_zygote_survives_bad_packets(void **state)
{
	int zygote = *(int *)*state, socket;

	assert_int_equal(send(zygote, "x", 1, 0), 1);
	assert_int_equal(packet_send_one(zygote, "12345678", 8, NULL, 0), 0);
	assert_int_equal(packet_send_one(zygote, "12345678", 8, (int[]){ 0, 0 }, 2), 0);
	assert_int_equal(zygote_spawn(zygote, HELPER_SCOUT, 0, &socket), 0);
	receive_birth(socket);
	close(socket);
}

/* ---- the spare ---------------------------------------------------------------------------- */

static bool is_named(uint32_t pid, const char *name, uint32_t *ret_parent)
{
	char path[32], line[256] = "", *end;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%u/stat", pid); /* "77 (pk-spare) S 76 ..." */
	file = fopen(path, "re");
	if (!file)
		return false;
	end = fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
	fclose(file);
	if (!end)
		return false;
	*end = '\0';
	*ret_parent = (uint32_t)strtoul(end + 3, NULL, 10);
	return !strcmp(strchr(line, '(') + 1, name);
}

/* The process of that name which parent made; 0: there is none. */
static uint32_t child_named(const char *name, uint32_t parent)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	uint32_t found = 0, its_parent;

	while ((entry = readdir(dir))) {
		uint32_t pid = (uint32_t)strtoul(entry->d_name, NULL, 10);

		if (pid && is_named(pid, name, &its_parent) && its_parent == parent)
			found = pid;
	}
	closedir(dir);
	return found;
}

static uint32_t wait_for_child(const char *name, uint32_t parent)
{
	uint32_t pid = 0;

	for (int i = 0; i < 500 && !pid; i++) {
		pid = child_named(name, parent);
		if (!pid)
			poll(NULL, 0, 10);
	}
	return pid;
}

static uint32_t zygote_pid(void)
{
	return wait_for_child("pk-zygote", (uint32_t)getpid());
}

static void a_helper_was_there_before_it_was_wanted(void **state)
{
	int zygote = *(int *)*state, socket;
	instant began = loop_now();

	for (int i = 0; i < 5; i++) {
		uint32_t spare = wait_for_child("pk-spare", zygote_pid());

		assert_int_not_equal(spare, 0);
		assert_int_equal(zygote_spawn(zygote, HELPER_KEEPER, 1, &socket), 0);
		assert_int_equal(receive_birth(socket).helper.pid, spare);
		close(socket);
	}
	/* the next one is made at once, not when a second is over */
	assert_in_range(instant_ms_between(began, loop_now()), 0, 4000);
}

static void a_spare_that_ended_is_missed_by_nobody(void **state)
{
	int zygote = *(int *)*state, socket;
	uint32_t spare = wait_for_child("pk-spare", zygote_pid());

	assert_int_equal(kill((pid_t)zygote_pid(), SIGSTOP), 0); /* it cannot know of the end */
	assert_int_equal(kill((pid_t)spare, SIGKILL), 0);
	wait_for_end(spare);
	assert_int_equal(zygote_spawn(zygote, HELPER_KEEPER, 1, &socket), 0);
	assert_int_equal(kill((pid_t)zygote_pid(), SIGCONT), 0);
	receive_birth(socket);
	close(socket);

	spare = wait_for_child("pk-spare", zygote_pid());
	assert_int_equal(kill((pid_t)spare, SIGKILL), 0);
	wait_for_end(spare);
	assert_int_not_equal(wait_for_child("pk-spare", zygote_pid()), 0);
}

static bool is_born(int zygote)
{
	struct pollfd in;
	int socket;
	bool born;

	if (zygote_spawn(zygote, HELPER_KEEPER, 1, &socket) < 0)
		return false;
	in = (struct pollfd){ .fd = socket, .events = POLLIN };
	born = poll(&in, 1, 10000) == 1 && packet_receive(socket, &packet) == 1;
	close(socket);
	return born;
}

/* Who may make no process has still the one that waits. Not as root, whom no limit binds. */
static int without_forks(void)
{
	struct rlimit none = { 0, 4096 }, some = { 4096, 4096 };
	uint32_t maker;
	int zygote;

	if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
		return __LINE__;
	if (zygote_start(roles, ARRAY_SIZE(roles), &zygote) < 0)
		return __LINE__;
	maker = zygote_pid();
	if (!wait_for_child("pk-spare", maker))
		return __LINE__;
	if (prlimit((pid_t)maker, RLIMIT_NPROC, &none, NULL) < 0)
		return __LINE__;
	if (!is_born(zygote))
		return __LINE__;
	if (is_born(zygote)) /* the next one could not be made */
		return __LINE__;
	if (prlimit((pid_t)maker, RLIMIT_NPROC, &some, NULL) < 0)
		return __LINE__;
	return wait_for_child("pk-spare", maker) && is_born(zygote) ? 0 : __LINE__;
}

static void the_spare_needs_no_fork(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0)
		_exit(without_forks() & 0xff);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void no_descriptor_of_ours_stays(void **state)
{
	int zygote = *(int *)*state, socket;
	unsigned before = open_fds();

	for (int i = 0; i < 10; i++) {
		assert_int_equal(zygote_spawn(zygote, HELPER_KEEPER, 1, &socket), 0);
		receive_birth(socket);
		close(socket);
	}
	assert_int_equal(open_fds(), before);
}

static void the_zygote_ends_with_its_socket(void **state)
{
	int status, *zygote = *state;

	close(*zygote);
	*zygote = -1;
	assert_in_range(wait(&status), 1, INT32_MAX);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	static int zygote;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(a_helper_is_born_with_nothing_but_its_socket, &zygote),
		cmocka_unit_test_prestate(a_helper_that_leaves_is_seen_by_its_socket, &zygote),
		cmocka_unit_test_prestate(a_role_that_is_none_closes_the_socket, &zygote),
		cmocka_unit_test_prestate(the_zygote_survives_bad_packets, &zygote),
		cmocka_unit_test_prestate(a_helper_was_there_before_it_was_wanted, &zygote),
		cmocka_unit_test_prestate(a_spare_that_ended_is_missed_by_nobody, &zygote),
		cmocka_unit_test(the_spare_needs_no_fork),
		cmocka_unit_test_prestate(no_descriptor_of_ours_stays, &zygote),
		cmocka_unit_test_prestate(the_zygote_ends_with_its_socket, &zygote),
	};

	open("/dev/null", O_RDONLY); /* which no helper shall have */
	if (zygote_start(roles, ARRAY_SIZE(roles), &zygote) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
