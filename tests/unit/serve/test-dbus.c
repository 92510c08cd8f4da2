/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <systemd/sd-bus.h>

#include "base/cleanup.h"
#include "pathkeeper.h"
#include "port/loop.h"
#include "stage.h"
#include "../root.h"

enum { NOBODY = 65534 };

static const char *const known[] = { "sdaab", NULL };
static const char *const unknown[] = { "no-such-map", NULL };
static const char *const impossible[] = { "no name", NULL };
static const char *const gone[] = { "9:9:9:9", NULL };
static const char *const none[] = { NULL };

enum { SKIPPED_BY_MESON = 77 };

static void play(const struct stage_script *script, unsigned uid, int (*client)(void))
{
	struct stage stage;

	stage_init(&stage, script);
	stage_run(&stage, uid, client);
	stage_done(&stage);
}

/* ---- answers --------------------------------------------------------------------------------- */

static int asks_everything(void)
{
	struct pk *pk;
	char *json;

	EXPECT(pk_connect(0, &pk) == 0);
	EXPECT(pk_status(pk, &json) == 0 && strstr(json, "\"mode\":\"observe\""));
	EXPECT(strstr(json, "{\"kind\":\"keeper\",\"pid\":4711,\"host\":3}"));
	EXPECT(strstr(json, "\"clients\":{\"connected\":1,"));
	EXPECT(pk_paths(pk, none, &json) == 0 && strstr(json, "\"dev\":\"sdaac\""));
	EXPECT(pk_paths(pk, known, &json) == 0 && !strstr(json, "\"dev\":\"sdaac\""));
	EXPECT(pk_paths(pk, gone, &json) == 0 && strstr(json, "\"paths\":[]"));
	EXPECT(pk_maps(pk, none, &json) == 0 && strstr(json, "\"maps\":[]"));
	EXPECT(pk_maps(pk, known, &json) == 0 && !strstr(json, "\"unknown\""));
	EXPECT(pk_check(pk, known, 5000, &json) == 0 && strstr(json, "\"state\":\"up\""));
	EXPECT(pk_check(pk, known, 0, &json) == 0 && strstr(json, "\"state\":\"up\""));
	EXPECT(pk_purge(pk, known, 0, 5000, &json) == 0 && strstr(json, "\"result\":\"refused\""));
	EXPECT(strstr(json, "\"requester\":\"uid 0 pid "));
	EXPECT(pk_purge(pk, gone, 0, 5000, &json) == 0 && strstr(json, "\"result\":\"absent\""));
	EXPECT(pk_purge(pk, none, PK_PURGE_HELD, 0, &json) == 0 && strstr(json, "\"removals\":[]"));
	EXPECT(pk_holders(pk, "sdaab", &json) == 0 && strstr(json, "\"complete\":true"));
	EXPECT(pk_rescan(pk, none, 0, &json) == 0 &&
		strstr(json, "{\"dev\":\"host3\",\"place\":\"3:-:-:-\",\"result\":\"scanned\""));
	EXPECT(pk_rescan(pk, known, 5000, &json) == 0 && strstr(json, "\"place\":\"3:0:0:-\""));
	EXPECT(pk_wait(pk, known, 1, 5000, &json) == 0 && strstr(json, "\"result\":\"reached\""));
	EXPECT(pk_wait(pk, unknown, 1, 300, &json) == 0 && strstr(json, "\"result\":\"pending\""));
	EXPECT(pk_config(pk, 0, &json) == 0 && !strstr(json, "\"origin\""));
	EXPECT(pk_config(pk, 1, &json) == 0 && strstr(json, "\"origin\":\"built-in\""));
	EXPECT(pk_reconfigure(pk, &json) == 0 && strstr(json, "\"result\":\"accepted\""));
	EXPECT(pk_events(pk, 0, &json) == 0 && strstr(json, "\"event\":\"path-added\""));
	EXPECT(pk_events(pk, UINT64_MAX, &json) == 0 && strstr(json, "\"events\":[]"));
	pk_close(pk);
	return 0;
}

static int asks_wrongly(void)
{
	const char *both[] = { "no-such-map", "sdaab", NULL }, *many[1026];
	char long_name[300];
	struct pk *pk;
	char *json;

	EXPECT(pk_connect(0, &pk) == 0);
	EXPECT(pk_paths(pk, unknown, &json) == -ENODEV);
	EXPECT(pk_maps(pk, unknown, &json) == -ENODEV);
	EXPECT(pk_check(pk, unknown, 0, &json) == -ENODEV);
	EXPECT(*pk_error(pk));
	EXPECT(pk_holders(pk, "no-such-map", &json) == -ENODEV);
	EXPECT(pk_check(pk, none, 0, &json) == -EINVAL);
	EXPECT(pk_rescan(pk, unknown, 0, &json) == -ENODEV);
	EXPECT(pk_grow(pk, known, 0, &json) == 0 && strstr(json, "identity unknown: "));
	EXPECT(pk_grow(pk, none, 0, &json) == -EINVAL);
	EXPECT(pk_grow(pk, impossible, 0, &json) == -ENODEV);
	EXPECT(pk_wait(pk, impossible, 1, 0, &json) == -ENODEV);
	EXPECT(pk_wait(pk, none, 1, 0, &json) == -EINVAL);
	EXPECT(pk_wait(pk, known, 0, 0, &json) == -EINVAL);
	EXPECT(pk_wait(pk, known, 65537, 0, &json) == -EINVAL);
	EXPECT(pk_purge(pk, none, 0, 0, &json) == -EINVAL);
	EXPECT(pk_purge(pk, known, 8, 0, &json) == -EINVAL);
	EXPECT(pk_check(pk, both, 0, &json) == 0 && strstr(json, "\"unknown\":[\"no-such-map\"]"));
	memset(long_name, 'a', sizeof long_name - 1);
	long_name[sizeof long_name - 1] = '\0';
	EXPECT(pk_holders(pk, long_name, &json) == -EINVAL);
	for (size_t i = 0; i < 1025; i++)
		many[i] = "sdaab";
	many[1025] = NULL;
	EXPECT(pk_paths(pk, many, &json) < 0);
	EXPECT(pk_status(pk, &json) == 0);
	return 0;
}

static int reads_only(void)
{
	struct pk *pk;
	char *json;

	EXPECT(pk_connect(0, &pk) == -EPERM);
	EXPECT(pk_connect(PK_CONNECT_READ, &pk) == 0);
	EXPECT(pk_status(pk, &json) == 0);
	EXPECT(pk_paths(pk, none, &json) == 0);
	EXPECT(pk_paths(pk, none, &json) == 0);
	EXPECT(pk_maps(pk, none, &json) == 0);
	EXPECT(pk_maps(pk, none, &json) == 0);
	EXPECT(pk_events(pk, 0, &json) == 0);
	EXPECT(pk_config(pk, 1, &json) == 0);
	EXPECT(pk_check(pk, known, 0, &json) == -EPERM);
	EXPECT(pk_purge(pk, known, 0, 0, &json) == -EPERM);
	EXPECT(pk_holders(pk, "sdaab", &json) == -EPERM);
	EXPECT(pk_rescan(pk, none, 0, &json) == -EPERM);
	EXPECT(pk_wait(pk, known, 1, 0, &json) == -EPERM);
	EXPECT(pk_grow(pk, known, 0, &json) == -EPERM);
	EXPECT(pk_reconfigure(pk, &json) == -EPERM);
	return 0;
}

/* Whatever the mode of the socket became: the kernel says who is there. */
static int comes_by_the_private_door(void)
{
	struct pk *pk;

	EXPECT(pk_connect(0, &pk) == -ECONNREFUSED);
	EXPECT(stage_is_closed(stage_connect("private"), 2000));
	return 0;
}

static void everything_is_answered(void **state)
{
	(void)state;
	play(&(struct stage_script){ .n_devices = 4 }, 0, asks_everything);
}

static void what_is_wrong_has_a_name(void **state)
{
	(void)state;
	play(&(struct stage_script){ .n_devices = 4 }, 0, asks_wrongly);
}

static void everybody_may_read(void **state)
{
	(void)state;
	play(&(struct stage_script){ .n_devices = 4 }, NOBODY, reads_only);
}

static void the_private_door_is_roots(void **state)
{
	struct stage stage;
	char path[128];

	(void)state;
	stage_init(&stage, &(struct stage_script){ .n_devices = 4 });
	snprintf(path, sizeof path, "%s/private", stage.dir);
	assert_int_equal(chmod(path, 0666), 0);
	stage_run(&stage, NOBODY, comes_by_the_private_door);
	stage_done(&stage);
}

/* ---- a bad configuration --------------------------------------------------------------------- */

static int reads_a_bad_configuration(void)
{
	struct pk *pk;
	char *json;

	EXPECT(pk_connect(0, &pk) == 0);
	for (int i = 0; i < 3; i++) {
		EXPECT(pk_reconfigure(pk, &json) == 0 && strstr(json, "\"result\":\"refused\""));
		EXPECT(strstr(
			json, "\"file\":\"/etc/x.conf\",\"line\":3,\"text\":\"missing brace\""));
	}
	EXPECT(pk_status(pk, &json) == 0 && strstr(json, "missing brace"));
	return 0;
}

static void what_is_refused_is_shown(void **state)
{
	(void)state;
	play(&(struct stage_script){ .n_devices = 1, .reading_result = -EINVAL }, 0,
		reads_a_bad_configuration);
}

/* ---- waiting --------------------------------------------------------------------------------- */

static int waits_for_devices(void)
{
	struct pk *pk;
	char *json;

	EXPECT(pk_connect(0, &pk) == 0);
	EXPECT(pk_status(pk, &json) == 0 && strstr(json, "\"ready\":false"));
	EXPECT(pk_check(pk, known, 1500, &json) == -ETIMEDOUT);
	return 0;
}

static int waits_for_a_check(void)
{
	struct pk *pk;
	char *json;

	EXPECT(pk_connect(0, &pk) == 0);
	EXPECT(pk_check(pk, known, 500, &json) == 0 && strstr(json, "\"state\":\"pending\""));
	return 0;
}

static void devices_that_are_not_known_are_not_absent(void **state)
{
	(void)state;
	play(&(struct stage_script){ .devices_stay_unknown = true }, 0, waits_for_devices);
}

static void a_check_has_a_deadline(void **state)
{
	(void)state;
	play(&(struct stage_script){ .n_devices = 4, .checks_stay_out = true }, 0,
		waits_for_a_check);
}

/* A bus object without the library, for what that does not do. */
static int raw_bus(const char *door, sd_bus **ret)
{
	sd_bus *bus;
	int fd = stage_connect(door), r;

	if (fd < 0)
		return fd;
	r = sd_bus_new(&bus);
	if (r >= 0)
		r = sd_bus_set_fd(bus, fd, fd);
	if (r >= 0)
		r = sd_bus_start(bus);
	*ret = bus;
	return r;
}

static int send_check(sd_bus *bus, sd_bus_message_handler_t on_reply, void *arg)
{
	return sd_bus_call_method_async(bus, NULL, NULL, "/org/pathkeeper1",
		"org.pathkeeper1.Manager", "Check", on_reply, arg, "ast", 1, "sdaab",
		UINT64_C(50000));
}

static int count_errors(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	(void)error;
	*(int *)arg += sd_bus_message_is_method_error(m, "org.pathkeeper1.Error.LimitsExceeded")
			       ? 1
			       : 100;
	return 0;
}

static int asks_too_much_at_once(void)
{
	int errors = 0;
	sd_bus *bus;

	EXPECT(raw_bus("private", &bus) >= 0);
	for (int i = 0; i < 20; i++)
		EXPECT(send_check(bus, count_errors, &errors) >= 0);
	for (int i = 0; i < 50 && errors < 4; i++) {
		while (sd_bus_process(bus, NULL) > 0)
			;
		sd_bus_wait(bus, 100000);
	}
	EXPECT(errors == 4);
	/* and then it goes away without a word, with 16 calls out */
	return 0;
}

static void sixteen_calls_at_once(void **state)
{
	struct stage stage;

	(void)state;
	stage_init(&stage, &(struct stage_script){ .n_devices = 4, .checks_stay_out = true });
	stage_run(&stage, 0, asks_too_much_at_once);
	stage_done(&stage);
}

static int asks_and_leaves(void)
{
	struct pk *pk;
	sd_bus *bus;
	char *json;

	EXPECT(raw_bus("private", &bus) >= 0);
	EXPECT(send_check(bus, NULL, NULL) >= 0);
	sd_bus_flush(bus);
	EXPECT(pk_connect(0, &pk) == 0);
	EXPECT(pk_paths(pk, none, &json) == 0);
	usleep(300000); /* the request is open now */
	sd_bus_close(bus);
	usleep(300000);
	EXPECT(pk_status(pk, &json) == 0 && strstr(json, "\"connected\":1,"));
	return 0;
}

static void who_leaves_takes_the_requests_along(void **state)
{
	struct stage stage;

	(void)state;
	stage_init(&stage, &(struct stage_script){ .n_devices = 4, .checks_stay_out = true });
	stage_run(&stage, 0, asks_and_leaves);
	assert_int_equal(stage_requests(&stage), 0);
	stage_done(&stage);
}

static int waits_and_leaves(void)
{
	struct pk *pk;
	sd_bus *bus;
	char *json;

	EXPECT(raw_bus("private", &bus) >= 0);
	EXPECT(sd_bus_call_method_async(bus, NULL, NULL, "/org/pathkeeper1",
		       "org.pathkeeper1.Manager", "Wait", NULL, NULL, "asut", 1, "no-such-map", 1,
		       UINT64_C(500000)) >= 0);
	sd_bus_flush(bus);
	usleep(300000);
	sd_bus_close(bus);
	EXPECT(pk_connect(0, &pk) == 0);
	for (int i = 0; i < 50; i++) {
		EXPECT(pk_status(pk, &json) == 0);
		if (strstr(json, "\"connected\":1,"))
			return 0;
		usleep(100000);
	}
	return __LINE__ % 255;
}

static void who_waits_and_leaves_is_forgotten(void **state)
{
	struct stage stage;

	(void)state;
	stage_init(&stage, &(struct stage_script){ .n_devices = 4 });
	stage_run(&stage, 0, waits_and_leaves);
	assert_int_equal(stage_requests(&stage), 0);
	stage_done(&stage);
}

/* ---- bad clients ----------------------------------------------------------------------------- */

#define HELLO "\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n"

static const struct {
	const char *bytes;
	size_t len;
} garbage[] = {
	{ "GET / HTTP/1.1\r\n\r\n", 18 }, { "\0AUTH EXTERNAL 31\r\nBEGIN\r\n", 26 },
	{ "\0BEGIN\r\n", 8 }, { HELLO "xxxxxxxxxxxxxxxx", sizeof HELLO - 1 + 16 },
	{ HELLO "l\1\0\1\xff\xff\xff\x07\1\0\0\0\0\0\0\0", sizeof HELLO - 1 + 16 }, /* 128 MiB */
};

/* Whole, small, and no message: the bus object drops it, and nothing else. */
static const char nonsense[] = HELLO "l\1\0\1\0\0\0\0\1\0\0\0\x08\0\0\0garbage!";

static int sends_garbage(void)
{
	static const char *const doors[] = { "private", "read" };
	struct pk *pk;
	char *json;

	EXPECT(pk_connect(0, &pk) == 0);
	for (size_t d = 0; d < ARRAY_SIZE(doors); d++)
		for (size_t i = 0; i < ARRAY_SIZE(garbage); i++) {
			int fd = stage_connect(doors[d]);

			EXPECT(fd >= 0);
			EXPECT(send(fd, garbage[i].bytes, garbage[i].len, MSG_NOSIGNAL) > 0);
			EXPECT(stage_is_closed(fd, 3000));
			close(fd);
			EXPECT(pk_status(pk, &json) == 0);
		}
	EXPECT(strstr(json, "\"connected\":1,"));
	EXPECT(strstr(json, "\"dropped\":10}"));
	EXPECT(send(stage_connect("read"), nonsense, sizeof nonsense - 1, MSG_NOSIGNAL) > 0);
	for (int i = 0; i < 3; i++)
		EXPECT(pk_status(pk, &json) == 0);
	return 0;
}

static void garbage_drops_only_its_connection(void **state)
{
	(void)state;
	play(&(struct stage_script){ .n_devices = 4 }, 0, sends_garbage);
}

static int says_nothing(void)
{
	instant began = loop_now();
	int fds[10];
	struct pk *pk;
	char *json;

	EXPECT(pk_connect(0, &pk) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		EXPECT((fds[i] = stage_connect("read")) >= 0);
	EXPECT(send(fds[0], "\0AUTH EX", 8, MSG_NOSIGNAL) == 8);
	EXPECT(pk_status(pk, &json) == 0 && strstr(json, "\"connected\":11,"));
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		EXPECT(stage_is_closed(fds[i], 8000));
	EXPECT(instant_ms_between(began, loop_now()) >= 4500);
	EXPECT(pk_status(pk, &json) == 0 && strstr(json, "\"connected\":1,"));
	return 0;
}

static void silence_ends(void **state)
{
	(void)state;
	play(&(struct stage_script){ .n_devices = 4 }, 0, says_nothing);
}

static int comes_a_thousand_times(void)
{
	const struct rlimit limit = { 2048, 2048 };
	int fds[1000], closed = 0;
	struct pk *pk;
	char *json;

	setrlimit(RLIMIT_NOFILE, &limit);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		EXPECT((fds[i] = stage_connect("read")) >= 0);
		send(fds[i], "\0", 1, MSG_NOSIGNAL);
	}
	EXPECT(pk_connect(0, &pk) == 0);
	EXPECT(pk_status(pk, &json) == 0 && strstr(json, "\"connected\":65,\"refused\":936,"));
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		closed += recv(fds[i], json, 1, MSG_DONTWAIT) == 0 || errno == ECONNRESET;
	EXPECT(closed == 936);
	return 0;
}

static void a_thousand_connections(void **state)
{
	(void)state;
	play(&(struct stage_script){ .n_devices = 4 }, 0, comes_a_thousand_times);
}

/* ---- those who do not read ------------------------------------------------------------------- */

static int send_call(int fd, const char *member, uint32_t serial)
{
	static const struct {
		char code;
		const char *type, *value;
	} fields[] = {
		{ 1, "o", "/org/pathkeeper1" },
		{ 2, "s", "org.pathkeeper1.Manager" },
		{ 3, "s", NULL },
		{ 8, "g", "as" },
	};
	uint8_t m[512] = { 'l', 1, 0, 1 };
	size_t at = 16;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const char *value = fields[i].value ? fields[i].value : member;
		uint8_t len = (uint8_t)strlen(value);

		if (fields[i].code == 8 && strcmp(member, "Paths"))
			continue;
		at = (at + 7) / 8 * 8;
		memcpy(m + at, (char[]){ fields[i].code, 1, fields[i].type[0], 0 }, 4);
		at += 4;
		m[at] = len;
		at += fields[i].code == 8 ? 1 : 4;
		memcpy(m + at, value, len + 1u);
		at += len + 1u;
	}
	memcpy(m + 12, &(uint32_t){ (uint32_t)at - 16 }, 4);
	memcpy(m + 8, &serial, 4);
	at = (at + 7) / 8 * 8;
	if (!strcmp(member, "Paths")) { /* an empty array */
		m[4] = 4;
		at += 4;
	}
	return send(fd, m, at, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)at;
}

/* 2,000 paths are 700 kB of JSON; a thousand such answers would be 700 MB. */
static int asks_and_never_reads(void)
{
	int fds[20];
	struct pk *pk;
	char *json;

	EXPECT(pk_connect(0, &pk) == 0);
	EXPECT(pk_paths(pk, none, &json) == 0 && strlen(json) > 500000);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		EXPECT((fds[i] = stage_connect("read")) >= 0);
		EXPECT(send(fds[i], HELLO, sizeof HELLO - 1, MSG_NOSIGNAL) > 0);
	}
	for (uint32_t serial = 1; serial < 50; serial++)
		for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
			send_call(fds[i], i % 2 ? "Paths" : "Status", serial);
	for (int i = 0; i < 20; i++)
		EXPECT(pk_paths(pk, known, &json) == 0);
	EXPECT(pk_paths(pk, none, &json) == 0 && strlen(json) > 500000);
	return 0;
}

static void what_waits_is_one_document(void **state)
{
	struct stage stage;
	size_t before, after;

	(void)state;
	stage_init(&stage, &(struct stage_script){ .n_devices = 2000 });
	before = mallinfo2().uordblks + mallinfo2().hblkhd;
	stage_run(&stage, 0, asks_and_never_reads);
	/* of ten that asked for the paths a document each, twice at most while it is handed on; the
	 * model itself is some megabytes */
	after = mallinfo2().uordblks + mallinfo2().hblkhd;
	if (after - before > 50u << 20)
		fail_msg("%zu MiB", (after - before) >> 20);
	stage_done(&stage);
}

/* What is late is slow, not lost: one after the other. */
static int reads_late(void)
{
	static const char mark[] = "{\"version\":1,\"paths\":[";
	static char bytes[1 << 16];
	int fd = stage_connect("read"), got = 0;
	size_t kept = 0; /* of a mark that may stand across two pieces */
	struct pk *pk;
	char *json;

	EXPECT(pk_connect(0, &pk) == 0);
	EXPECT(pk_paths(pk, none, &json) == 0);
	EXPECT(send(fd, HELLO, sizeof HELLO - 1, MSG_NOSIGNAL) > 0);
	for (uint32_t serial = 1; serial <= 12; serial++)
		EXPECT(send_call(fd, "Paths", serial));
	usleep(300000);
	while (got < 12) {
		ssize_t n = recv(fd, bytes + kept, sizeof bytes - kept, 0);
		char *at = bytes, *end = bytes + kept + n;

		EXPECT(n > 0);
		while ((at = memmem(at, (size_t)(end - at), mark, sizeof mark - 1))) {
			at += sizeof mark - 1;
			got++;
		}
		kept = kept + (size_t)n < sizeof mark - 2 ? kept + (size_t)n : sizeof mark - 2;
		memmove(bytes, end - kept, kept);
	}
	return 0;
}

static void who_reads_late_gets_all(void **state)
{
	(void)state;
	play(&(struct stage_script){ .n_devices = 2000 }, 0, reads_late);
}

/* ---- events ---------------------------------------------------------------------------------- */

static int until_900(void *arg, uint64_t number, const char *json)
{
	uint64_t *last = arg;

	if (*last && number != *last + 1)
		return 2;
	*last = number;
	return strstr(json, "\"map\":\"map899\"") ? 1 : 0;
}

static int follows(void)
{
	uint64_t last = 0;
	struct pk *pk;

	EXPECT(pk_connect(PK_CONNECT_READ, &pk) == 0);
	EXPECT(pk_follow(pk, until_900, &last) == 1);
	EXPECT(last > 900);
	return 0;
}

/* Between asking for what is kept and following what comes, everything happens. */
static int asks_sleeps_and_follows(void)
{
	uint64_t last = 0;
	struct pk *pk;
	char *json;

	EXPECT(pk_connect(PK_CONNECT_READ, &pk) == 0);
	EXPECT(pk_events(pk, 0, &json) == 0 && !strstr(json, "map0"));
	usleep(1500000);
	EXPECT(pk_follow(pk, until_900, &last) == 1);
	EXPECT(last > 900);
	return 0;
}

static void a_burst_is_followed(void **state)
{
	struct stage stage;

	(void)state;
	stage_init(&stage, &(struct stage_script){ .n_devices = 4 });
	stage_happen(&stage, 900, 1000);
	stage_run(&stage, 0, follows);
	stage_done(&stage);
	stage_init(&stage, &(struct stage_script){ .n_devices = 4 });
	stage_happen(&stage, 900, 1000);
	stage_run(&stage, 0, asks_sleeps_and_follows);
	stage_done(&stage);
}

static int count_unasked(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	(void)error;
	*(int *)arg += sd_bus_message_is_signal(m, NULL, "Event");
	return 0;
}

static int does_not_subscribe(void)
{
	int signals = 0;
	sd_bus *bus;

	EXPECT(raw_bus("private", &bus) >= 0);
	EXPECT(sd_bus_add_filter(bus, NULL, count_unasked, &signals) >= 0);
	for (int i = 0; i < 20; i++) {
		while (sd_bus_process(bus, NULL) > 0)
			;
		sd_bus_wait(bus, 100000);
	}
	EXPECT(signals == 0);
	return 0;
}

static void who_did_not_subscribe_is_not_told(void **state)
{
	struct stage stage;

	(void)state;
	stage_init(&stage, &(struct stage_script){ .n_devices = 4 });
	stage_happen(&stage, 10, 1000);
	stage_run(&stage, 0, does_not_subscribe);
	stage_done(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_is_answered),
		cmocka_unit_test(what_is_wrong_has_a_name),
		cmocka_unit_test(everybody_may_read),
		cmocka_unit_test(the_private_door_is_roots),
		cmocka_unit_test(what_is_refused_is_shown),
		cmocka_unit_test(devices_that_are_not_known_are_not_absent),
		cmocka_unit_test(a_check_has_a_deadline),
		cmocka_unit_test(sixteen_calls_at_once),
		cmocka_unit_test(who_leaves_takes_the_requests_along),
		cmocka_unit_test(who_waits_and_leaves_is_forgotten),
		cmocka_unit_test(garbage_drops_only_its_connection),
		cmocka_unit_test(silence_ends),
		cmocka_unit_test(a_thousand_connections),
		cmocka_unit_test(what_waits_is_one_document),
		cmocka_unit_test(who_reads_late_gets_all),
		cmocka_unit_test(a_burst_is_followed),
		cmocka_unit_test(who_did_not_subscribe_is_not_told),
	};

	if (!root_is_here()) /* the private door is root's */
		return SKIPPED_BY_MESON;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
