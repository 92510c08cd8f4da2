/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What keeps a scan hand from writing. It never gets as far as a host of this machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "act/hand.h"
#include "act/scan_hand.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "port/packet.h"

enum { HOST = 4242 };

static char dir[] = "/tmp/pathkeeper-scan.XXXXXX";

/* In a process of its own, since a lock belongs to one. */
static struct observation perform(const struct action *a)
{
	struct observation o = { 0 };
	struct packet packet = { 0 };
	int pair[2], status;
	pid_t pid;

	assert_true(packet_pair(pair) >= 0);
	pid = fork();
	if (pid == 0) {
		close(pair[0]);
		_exit(scan_hand_main(pair[1], HOST));
	}
	close(pair[1]);
	assert_true(packet_send_one(pair[0], a, action_size(a), NULL, 0) >= 0);
	while (o.kind != OBS_DONE) {
		assert_true(packet_wait(pair[0], false) >= 0);
		assert_int_equal(packet_receive(pair[0], &packet), 1);
		while (packet_next(&packet, &o, sizeof o) == 1 && o.kind != OBS_DONE)
			;
		packet_done(&packet);
	}
	close(pair[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(o.action, 7);
	assert_false(o.done.written);
	return o;
}

static struct observation scan(const char *sysfs, uint64_t ino)
{
	struct action a = { .kind = ACT_SCAN, .id = 7 };

	a.scan.place = place_of_host(HOST);
	a.scan.ino = ino;
	TEXT_SET(a.scan.sysfs, sysfs);
	return perform(&a);
}

static struct observation reread(const char *sysfs, uint64_t ino)
{
	struct action a = { .kind = ACT_REREAD, .id = 7, .path = { .slot = 3, .gen = 2 } };
	struct observation o;

	a.reread.device.host = HOST;
	a.reread.device.ino = ino;
	TEXT_SET(a.reread.device.sysfs, sysfs);
	o = perform(&a);
	assert_int_equal(o.path.slot, 3);
	assert_int_equal(o.path.gen, 2);
	return o;
}

static void another_directory_is_not_written_below(void **state)
{
	struct observation o = scan("devices", 1);

	(void)state;
	assert_int_equal(o.result, -ESTALE);
	assert_int_equal(o.done.stage, STAGE_STATE);
}

static void another_device_is_not_read_again(void **state)
{
	struct observation o = reread("devices", 1);

	(void)state;
	assert_int_equal(o.result, -ESTALE);
	assert_int_equal(o.done.stage, STAGE_STATE);
	assert_false(o.done.asked);
}

static void a_host_that_is_gone(void **state)
{
	struct observation o = scan("devices/platform/host4242", 1);

	(void)state;
	assert_int_equal(o.result, -ENOENT);
	assert_int_equal(o.done.stage, STAGE_STATE);
}

static void one_hand_a_host(void **state)
{
	int locks = hand_open_locks();
	struct observation o;

	(void)state;
	assert_int_equal(hand_lock_host(locks, HOST), 0);
	o = scan("devices/platform/host4242", 1);
	assert_int_equal(o.result, -EBUSY);
	assert_int_equal(o.done.stage, STAGE_LOCK);
	assert_int_equal(reread("devices/platform/host4242", 1).done.stage, STAGE_LOCK);
	close(locks);
	assert_int_equal(scan("devices/platform/host4242", 1).result, -ENOENT);
}

static int begin(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(dir));
	return setenv("PATHKEEPER_RUNTIME_DIR", dir, 1);
}

static int end(void **state)
{
	char path[64];

	(void)state;
	snprintf(path, sizeof path, "%s/hands", dir);
	unlink(path);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_directory_is_not_written_below),
		cmocka_unit_test(another_device_is_not_read_again),
		cmocka_unit_test(a_host_that_is_gone),
		cmocka_unit_test(one_hand_a_host),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
