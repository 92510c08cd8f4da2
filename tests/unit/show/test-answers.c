/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "model/use.h"
#include "show/answers.h"
#include "show/cleaning.h"
#include "show/release.h"
#include "world.h"

static void checks(void **state)
{
	_cleanup_(freep) char *json = NULL;
	char *const unknown[] = { (char *)"bad\x01name", NULL };
	struct request *r;
	struct world w;

	(void)state;
	world_init(&w);
	r = world_request(&w, VERB_CHECK, "sdb", "3:0:0:0", RESULT_CHECKED);
	r->state = PATH_UP;
	r->checker = CHECKER_UP;
	TEXT_SET(r->wwid, "36001405aaaa");
	r = world_request(&w, VERB_CHECK, "sdc", "3:0:0:1", RESULT_CHECKED);
	r->state = PATH_DOWN;
	r->checker = CHECKER_DISCONNECTED;
	TEXT_SET(r->sense, "05/25/00");
	world_request(&w, VERB_CHECK, "3:0:0:9", "", RESULT_ABSENT);
	r = world_request(&w, VERB_CHECK, "sdd", "3:0:0:2", RESULT_PENDING);
	r->state = PATH_UP; /* what was believed before is not an answer now */
	r->checker = CHECKER_UP;
	world_request(&w, VERB_CHECK, "sde", "3:0:0:3", RESULT_CHECKED)->id = 8;
	assert_int_equal(rows_document(w.model, VERB_CHECK, 7, unknown, &json), 0);
	assert_string_equal(json,
		"{\"version\":1,\"checks\":["
		"{\"dev\":\"sdb\",\"hctl\":\"3:0:0:0\",\"state\":\"up\",\"checker\":\"up\","
		"\"message\":\" reports path is "
		"up\",\"sense\":null,\"wwid\":\"36001405aaaa\",\"reason\":null},"
		"{\"dev\":\"sdc\",\"hctl\":\"3:0:0:1\",\"state\":\"down\",\"checker\":"
		"\"disconnected\","
		"\"message\":\" no access to this "
		"device\",\"sense\":\"05/25/00\",\"wwid\":null,\"reason\":null},"
		"{\"dev\":\"3:0:0:9\",\"hctl\":\"\",\"state\":\"down\",\"checker\":\"removed\","
		"\"message\":\" is not there\",\"sense\":null,\"wwid\":null,\"reason\":\"absent\"},"
		"{\"dev\":\"sdd\",\"hctl\":\"3:0:0:2\",\"state\":\"pending\",\"checker\":"
		"\"timeout\","
		"\"message\":\" timed out\",\"sense\":null,\"wwid\":null,\"reason\":\"no answer "
		"before the timeout\"}"
		"],\"unknown\":[\"bad\\u0001name\"]}");
	world_done(&w);
}

static void cleanings(void **state)
{
	_cleanup_(freep) char *json = NULL, *two = NULL;
	struct cleaning_node *busy;
	struct request *r;
	struct world w;

	(void)state;
	world_init(&w);
	r = world_request(&w, VERB_CLEAN, "host3", "", RESULT_BUSY);
	TEXT_SET(r->name, "pci0000:00/host3");
	cleaning_add(&r->cleaning, NODE_CLEANED, "pci0000:00/host3/3:0:0:1");
	busy = cleaning_add(&r->cleaning, NODE_BUSY, "pci0000:00/host3/3:0:0:2");
	busy->holds = 1u << CLEANING_CHECK | 1u << CLEANING_REMOVAL;
	TEXT_SET(busy->what, "marked: grace");
	cleaning_add(&r->cleaning, NODE_SKIPPED, "pci0000:00/host3/3:0:0:3");
	assert_int_equal(cleaning_document(w.model, 7, "host3", &json), 0);
	assert_string_equal(json,
		"{\"version\":1,\"root\":\"pci0000:00/host3\","
		"\"cleaned\":[\"pci0000:00/host3/3:0:0:1\"],"
		"\"busy\":[{\"node\":\"pci0000:00/host3/3:0:0:2\",\"holds\":["
		"{\"kind\":\"check\",\"what\":\"\"},"
		"{\"kind\":\"removal\",\"what\":\"marked: grace\"}]}],"
		"\"stale\":[],\"skipped\":[\"pci0000:00/host3/3:0:0:3\"],\"complete\":true}");
	request_done(r);
	r->used = true;
	r = world_request(&w, VERB_CLEAN, "host4", "", RESULT_CLEANED);
	TEXT_SET(r->name, "pci0000:00/host4");
	r->cleaning.unfinished = true;
	assert_int_equal(cleaning_document(w.model, 7, "session1", &two), 0);
	assert_string_equal(two, "{\"version\":1,\"root\":\"session1\",\"cleaned\":[],\"busy\":[],"
				 "\"stale\":[],\"skipped\":[],\"complete\":false}");
	world_done(&w);
}

static void refused(struct request *r)
{
	TEXT_SET(r->reason, "in use: mount /da\"ta");
	r->holders_known = true;
	r->holders.n_holds = 2;
	r->holders.holds[0] = (struct hold){ .kind = HOLD_MOUNT, .what = "/da\"ta" };
	r->holders.holds[1] = (struct hold){ .kind = HOLD_OPEN, .pid = 7, .comm = "dd" };
}

/* Who holds a volume holds each of its paths, and is told once. */
static void removals_of_a_used_volume(void **state)
{
	_cleanup_(freep) char *json = NULL;
	struct world w;

	(void)state;
	world_init(&w);
	refused(world_request(&w, VERB_DETACH, "sdc", "3:0:0:1", RESULT_BUSY));
	refused(world_request(&w, VERB_DETACH, "sdd", "4:0:0:1", RESULT_BUSY));
	assert_int_equal(rows_document(w.model, VERB_DETACH, 7, NULL, &json), 0);
	assert_non_null(strstr(json, "],\"holds\":[{\"kind\":\"mount\",\"what\":\"/da\\\"ta\""));
	assert_non_null(strstr(json, "{\"kind\":\"open\""));
	assert_null(strstr(strstr(json, "{\"kind\":\"open\"") + 1, "{\"kind\""));
	assert_non_null(strstr(json, "],\"complete\":false}")); /* not all could be looked at */
	world_done(&w);
}

static void removals(void **state)
{
	_cleanup_(freep) char *json = NULL;
	struct world w;

	(void)state;
	world_init(&w);
	world_request(&w, VERB_PURGE, "sdb", "3:0:0:0", RESULT_REMOVED);
	refused(world_request(&w, VERB_PURGE, "sdc", "3:0:0:1", RESULT_BUSY));
	world_request(&w, VERB_PURGE, "sdd", "3:0:0:2", REQUEST_OPEN);
	world_request(&w, VERB_PURGE, "8:144", "", RESULT_ABSENT);
	assert_int_equal(rows_document(w.model, VERB_PURGE, 7, NULL, &json), 0);
	*strstr(json, ",\"holds\"") = '\0';
	assert_string_equal(json,
		"{\"version\":1,\"removals\":["
		"{\"dev\":\"sdb\",\"hctl\":\"3:0:0:0\",\"result\":\"removed\",\"reason\":null,"
		"\"requester\":\"uid 0 pid 42\"},"
		"{\"dev\":\"sdc\",\"hctl\":\"3:0:0:1\",\"result\":\"busy\","
		"\"reason\":\"in use: mount /da\\\"ta\",\"requester\":\"uid 0 pid 42\"},"
		"{\"dev\":\"sdd\",\"hctl\":\"3:0:0:2\",\"result\":\"pending\",\"reason\":null,"
		"\"requester\":\"uid 0 pid 42\"},"
		"{\"dev\":\"8:144\",\"hctl\":\"\",\"result\":\"absent\",\"reason\":null,"
		"\"requester\":\"uid 0 pid 42\"}]");
	world_done(&w);
}

static void waits(void **state)
{
	_cleanup_(freep) char *json = NULL;
	struct request *r;
	struct world w;

	(void)state;
	world_init(&w);
	r = world_request(&w, VERB_WAIT, "36001405aaaa", "", RESULT_REACHED);
	TEXT_SET(r->name, "36001405aaaa");
	TEXT_SET(r->wwid, "36001405aaaa");
	TEXT_SET(r->map, "oradata");
	r->found = 4;
	r->wanted = 2;
	r = world_request(&w, VERB_WAIT, "/dev/mapper/later", "", RESULT_PENDING);
	TEXT_SET(r->name, "/dev/mapper/later");
	TEXT_SET(r->reason, "absent");
	r->wanted = 1;
	assert_int_equal(rows_document(w.model, VERB_WAIT, 7, NULL, &json), 0);
	assert_string_equal(json,
		"{\"version\":1,\"waits\":["
		"{\"device\":\"36001405aaaa\",\"wwid\":\"36001405aaaa\",\"map\":\"oradata\","
		"\"paths\":4,\"wanted\":2,\"result\":\"reached\",\"reason\":null,"
		"\"requester\":\"uid 0 pid 42\"},"
		"{\"device\":\"/dev/mapper/later\",\"wwid\":null,\"map\":null,"
		"\"paths\":0,\"wanted\":1,\"result\":\"pending\",\"reason\":\"absent\","
		"\"requester\":\"uid 0 pid 42\"}]}");
	world_done(&w);
}

static struct hold a_hold(enum hold_kind kind, const char *what, uint32_t pid, const char *comm)
{
	struct hold h = { .kind = kind, .pid = pid };

	TEXT_SET(h.what, what);
	TEXT_SET(h.comm, comm);
	return h;
}

static void holders(void **state)
{
	_cleanup_(freep) char *json = NULL;
	struct request *r;
	struct world w;

	(void)state;
	world_init(&w);
	r = world_request(&w, VERB_HOLDERS, "sdb", "3:0:0:0", RESULT_HOLDERS_FOUND);
	r->holders_known = r->holders.complete = true;
	r->holders.n_holds = 2;
	r->holders.holds[0] = a_hold(HOLD_MOUNT, "/data", 0, "");
	r->holders.holds[0].critical = true;
	r->holders.holds[1] = a_hold(HOLD_OPEN, "/dev/dm-4", 4711, "post\xffgres");
	r = world_request(&w, VERB_HOLDERS, "sdc", "3:0:0:1", RESULT_HOLDERS_FOUND);
	r->holders_known = r->holders.complete = true;
	r->holders.n_holds = 1;
	r->holders.holds[0] = a_hold(HOLD_MOUNT, "/data", 0, "");
	assert_int_equal(holders_document(w.model, 7, "36001405aaaa", &json), 0);
	assert_string_equal(json, "{\"version\":1,\"dev\":\"36001405aaaa\",\"holds\":["
				  "{\"kind\":\"mount\",\"what\":\"/data\",\"release\":null,"
				  "\"critical\":true},"
				  "{\"kind\":\"open\",\"what\":\"/dev/"
				  "dm-4\",\"pid\":4711,\"comm\":\"post\\\\xffgres\","
				  "\"release\":\"kill 4711\"}],\"complete\":true}");
	world_done(&w);
}

static const struct {
	const char *rule;
	uint32_t n_holds;
	bool known, complete;
	enum request_result result;
	const char *want;
} completeness[] = {
	{ "nothing was found", 0, true, true, RESULT_HOLDERS_FOUND, "\"complete\":true" },
	{ "the scan was cut", 0, true, false, RESULT_HOLDERS_FOUND, "\"complete\":false" },
	{ "no scan ended", 0, false, false, RESULT_PENDING, "\"complete\":false" },
	{ "more than can be listed", MAX_HOLDS + 1, true, true, RESULT_HOLDERS_FOUND,
		"\"complete\":false" },
	{ "what is not there has no holder", 0, false, false, RESULT_ABSENT, "\"complete\":true" },
};

static void complete_or_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(completeness); i++) {
		_cleanup_(freep) char *json = NULL;
		struct request *r;
		struct world w;

		world_init(&w);
		r = world_request(&w, VERB_HOLDERS, "sdb", "3:0:0:0", completeness[i].result);
		r->holders_known = completeness[i].known;
		r->holders.complete = completeness[i].complete;
		r->holders.n_holds = completeness[i].n_holds;
		assert_int_equal(holders_document(w.model, 7, "sdb", &json), 0);
		if (!strstr(json, completeness[i].want))
			fail_msg("%s: %s", completeness[i].rule, json);
		world_done(&w);
	}
}

static const struct {
	const char *rule;
	struct use use;
	const char *want;
} releases[] = {
	{ "a mount", { .kind = HOLD_MOUNT, .what = "/mnt" }, "umount /mnt" },
	{ "nothing of a name is obeyed", { .kind = HOLD_MOUNT, .what = "/a;b" }, "umount $'/a;b'" },
	{ "a mount that others see", { .kind = HOLD_MOUNT, .pid = 12, .what = "/mnt" },
		"nsenter -t 12 -m umount /mnt" },
	{ "a mount in a namespace that nobody is in",
		{ .kind = HOLD_MOUNT, .namespace = "/run/ns a", .what = "/mnt" },
		"nsenter --mount=$'/run/ns a' umount /mnt" },
	{ "half a name is another's", { .kind = HOLD_MOUNT, .is_cut = true, .what = "/mnt" }, "" },
	{ "the root stays", { .kind = HOLD_MOUNT, .critical = true, .what = "/" }, "" },
	{ "swap", { .kind = HOLD_SWAP, .critical = true, .what = "/dev/sdx" }, "swapoff /dev/sdx" },
	{ "swap, by the kernel's name", { .kind = HOLD_SWAP, .what = "sdx" }, "swapoff /dev/sdx" },
	{ "a map", { .kind = HOLD_MAP, .what = "dm-5 data-part1" }, "dmsetup remove data-part1" },
	{ "a map without a name", { .kind = HOLD_MAP, .what = "dm-5" }, "" },
	{ "a map that looks like an option", { .kind = HOLD_MAP, .what = "dm-5 -x" },
		"dmsetup remove -- $'-x'" },
	{ "a volume", { .kind = HOLD_MAP, .what = "dm-6 vg0-data LVM" }, "lvchange -an vg0/data" },
	{ "a volume with dashes", { .kind = HOLD_MAP, .what = "dm-6 my--vg-a--b-c LVM" },
		"lvchange -an my-vg/a-b-c" },
	{ "md", { .kind = HOLD_MD, .what = "md0" }, "mdadm --stop /dev/md0" },
	{ "loop", { .kind = HOLD_LOOP, .what = "loop3" }, "losetup -d /dev/loop3" },
	{ "a descriptor", { .kind = HOLD_OPEN, .pid = 12, .what = "/dev/sdx" }, "kill 12" },
	{ "a file of a service",
		{ .kind = HOLD_OPEN, .pid = 12, .unit = "a.service", .what = "/mnt/x" },
		"systemctl stop a.service" },
	{ "a file of a scope",
		{ .kind = HOLD_OPEN, .pid = 12, .unit = "session-1.scope", .what = "/mnt/x" },
		"kill 12" },
	{ "a file of a user's service",
		{ .kind = HOLD_OPEN, .pid = 12, .unit = "user@0.service", .what = "/mnt/x" },
		"kill 12" },
	{ "a unit that looks like an option",
		{ .kind = HOLD_OPEN, .pid = 12, .unit = "-.service", .what = "/mnt/x" },
		"systemctl stop -- $'-.service'" },
	{ "udev ends by itself",
		{ .kind = HOLD_OPEN,
			.pid = 12,
			.udev = true,
			.unit = "systemd-udevd.service",
			.what = "/dev/sdx" },
		"udevadm settle" },
	{ "nobody", { .kind = HOLD_CLAIM }, "" },
	{ "an export", { .kind = HOLD_EXPORT, .what = "iblock_0/x" }, "" },
	{ "a mount without a point", { .kind = HOLD_MOUNT }, "" },
};

static void how_to_let_go(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(releases); i++) {
		_cleanup_(text_done) struct text t = TEXT_INIT;

		release_print(&releases[i].use, &t);
		if (strcmp(text_str(&t), releases[i].want))
			fail_msg("%s: %s", releases[i].rule, text_str(&t));
	}
}

static void a_name_that_was_cut_releases_nothing(void **state)
{
	struct hold hold = { .kind = HOLD_MOUNT };
	struct text t = TEXT_INIT;
	struct use use;

	(void)state;
	memset(hold.what, 'a', sizeof hold.what - 1);
	use = use_of_hold(&hold);
	release_print(&use, &t);
	assert_string_equal(text_str(&t), "");
	hold.what[sizeof hold.what - 2] = '\0';
	use = use_of_hold(&hold);
	release_print(&use, &t);
	assert_non_null(strstr(text_str(&t), "umount aaa"));
	text_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checks),
		cmocka_unit_test(cleanings),
		cmocka_unit_test(removals),
		cmocka_unit_test(removals_of_a_used_volume),
		cmocka_unit_test(waits),
		cmocka_unit_test(holders),
		cmocka_unit_test(complete_or_not),
		cmocka_unit_test(how_to_let_go),
		cmocka_unit_test(a_name_that_was_cut_releases_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
