/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include <json-c/json.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "show/holders.h"

#define HOST "devices/platform/host3"
#define ONE  HOST "/target3:0:0/3:0:0:1"
#define TWO  HOST "/target3:0:0/3:0:0:2"
#define VIRT "devices/virtual/block/"

/* sda and sdb (with a partition) are paths of dm-0, on which are its partition, a volume, a file
 * system, a loop device in it, and a file system on that. sdc is a disk of its own. */
enum {
	ROOT,
	PLATFORM,
	HOST3,
	TARGET,
	LUN1,
	SDA,
	LUN2,
	SDB,
	SDB1,
	HOST4,
	SDC,
	VIRTUAL,
	MAP,
	PART,
	VOLUME,
	LOOP,
	MD
};

static const struct node nodes[] = {
	[ROOT] = { .kind = NODE_ROOT, .sysfs = "devices" },
	[PLATFORM] = { .kind = NODE_OTHER, .depth = 1, .sysfs = "devices/platform" },
	[HOST3] = { .kind = NODE_HOST, .depth = 2, .sysfs = HOST },
	[TARGET] = { .kind = NODE_TARGET, .depth = 3, .sysfs = HOST "/target3:0:0" },
	[LUN1] = { .kind = NODE_LUN, .depth = 4, .sysfs = ONE, .wwid = "36001" },
	[SDA] = { .kind = NODE_DISK, .depth = 5, .sysfs = ONE "/block/sda", .devt = { 8, 0 } },
	[LUN2] = { .kind = NODE_LUN, .depth = 4, .sysfs = TWO, .wwid = "36001" },
	[SDB] = { .kind = NODE_DISK, .depth = 5, .sysfs = TWO "/block/sdb", .devt = { 8, 16 } },
	[SDB1] = { .kind = NODE_PARTITION,
		.depth = 6,
		.sysfs = TWO "/block/sdb/sdb1",
		.devt = { 8, 17 } },
	[HOST4] = { .kind = NODE_HOST, .depth = 2, .sysfs = "devices/platform/host4" },
	[SDC] = { .kind = NODE_DISK,
		.depth = 3,
		.sysfs = "devices/platform/host4/sdc",
		.devt = { 8, 32 } },
	[VIRTUAL] = { .kind = NODE_OTHER, .depth = 1, .sysfs = "devices/virtual" },
	[MAP] = { .kind = NODE_MAP,
		.depth = 2,
		.sysfs = VIRT "dm-0",
		.devt = { 254, 0 },
		.label = "ora",
		.wwid = "36001" },
	[PART] = { .kind = NODE_MAP, .depth = 2, .sysfs = VIRT "dm-1", .devt = { 254, 1 } },
	[VOLUME] = { .kind = NODE_MAP, .depth = 2, .sysfs = VIRT "dm-2", .devt = { 254, 2 } },
	[LOOP] = { .kind = NODE_DISK, .depth = 2, .sysfs = VIRT "loop0", .devt = { 7, 0 } },
	[MD] = { .kind = NODE_DISK, .depth = 2, .sysfs = VIRT "md0", .devt = { 9, 0 } },
};

#define NOBODY USE_NO_NODE

static const struct use uses[] = {
	{ .kind = HOLD_MAP, .node = SDA, .by = MAP, .is_path = true, .what = "dm-0", .on = "sda" },
	{ .kind = HOLD_MAP, .node = SDB, .by = MAP, .is_path = true, .what = "dm-0", .on = "sdb" },
	{ .kind = HOLD_OTHER,
		.node = SDB1,
		.by = NOBODY,
		.is_doubtful = true,
		.what = "btrfs u",
		.on = "sdb1" },
	{ .kind = HOLD_MOUNT, .node = SDC, .by = NOBODY, .what = "/c", .on = "sdc" },
	{ .kind = HOLD_MAP, .node = MAP, .by = PART, .what = "dm-1 p1", .on = "dm-0" },
	{ .kind = HOLD_MAP, .node = PART, .by = VOLUME, .what = "dm-2 vg-lv LVM", .on = "dm-1" },
	{ .kind = HOLD_MOUNT, .node = VOLUME, .by = NOBODY, .what = "/data", .on = "dm-2" },
	{ .kind = HOLD_MOUNT, .node = VOLUME, .by = NOBODY, .what = "/data/in", .on = "dm-2" },
	{ .kind = HOLD_LOOP, .node = VOLUME, .by = LOOP, .what = "loop0", .on = "dm-2" },
	{ .kind = HOLD_OPEN,
		.node = VOLUME,
		.by = NOBODY,
		.pid = 9,
		.what = "cwd /data",
		.on = "dm-2" },
	{ .kind = HOLD_MOUNT, .node = LOOP, .by = NOBODY, .what = "/iso", .on = "loop0" },
	{ .kind = HOLD_MD, .node = MD, .by = MD, .what = "md0", .on = "md0" }, /* a circle */
};

#define STACK "/iso cwd\\x20/data loop0 /data/in /data dm-2\\x20vg-lv\\x20LVM dm-1\\x20p1"

static const struct {
	const char *rule, *name;
	int want;
	const char *dev, *holds; /* what holds, in its order */
	bool complete;
} rows[] = {
	{ "a path is held by all that is on its map, but by the map", "sda", 0, "sda", STACK,
		true },
	{ "a LUN is its disk", "3:0:0:1", 0, "sda", STACK, true },
	{ "a disk is its partitions, too", "sdb", 0, "sdb", STACK " btrfs\\x20u", false },
	{ "a partition alone", "sdb1", 0, "sdb1", "btrfs\\x20u", false },
	{ "a target is all its disks, each holder once", "target3:0:0", 0, "target3:0:0",
		STACK " btrfs\\x20u", false },
	{ "a host", "host3", 0, "host3", STACK " btrfs\\x20u", false },
	{ "a host by its directory", "/sys/devices/platform/host3", 0,
		"/sys/devices/platform/host3", STACK " btrfs\\x20u", false },
	{ "a host after devfs", "/platform/host@3", 0, "/platform/host@3", STACK " btrfs\\x20u",
		false },
	{ "a WWID is the paths and the map", "36001", 0, "36001", STACK " btrfs\\x20u", false },
	{ "a map by its name", "ora", 0, "dm-0", STACK, true },
	{ "a map by its number", "dm-1", 0, "dm-1",
		"/iso cwd\\x20/data loop0 /data/in /data dm-2\\x20vg-lv\\x20LVM", true },
	{ "a loop device", "loop0", 0, "loop0", "/iso", true },
	{ "another disk is none of it", "sdc", 0, "sdc", "/c", true },
	{ "a device upon itself", "md0", 0, "md0", "md0", true },
	{ "what is not there", "3:0:0:9", 0, "3:0:0:9", "", true },
	{ "a word that means nothing", "nonsense", -ENODEV, NULL, NULL, false },
};

static void who_holds_a_device(void **state)
{
	static const struct tree_uses all = { uses, ARRAY_SIZE(uses), true };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(freep) char *json = NULL;
		struct json_object *root, *holds;
		struct text t = TEXT_INIT;
		int r = node_holders_document(nodes, ARRAY_SIZE(nodes), &all, rows[i].name, &json);

		if (r != rows[i].want)
			fail_msg("%s: %d", rows[i].rule, r);
		if (r < 0)
			continue;
		root = json_tokener_parse(json);
		holds = json_object_object_get(root, "holds");
		for (size_t k = 0; k < json_object_array_length(holds); k++) {
			struct json_object *hold = json_object_array_get_idx(holds, k);

			text_add(&t, k ? " " : "");
			text_add_escaped(
				&t, json_object_get_string(json_object_object_get(hold, "what")));
		}
		if (strcmp(text_str(&t), rows[i].holds) != 0)
			fail_msg("%s: %s", rows[i].rule, text_str(&t));
		assert_string_equal(
			json_object_get_string(json_object_object_get(root, "dev")), rows[i].dev);
		if (json_object_get_boolean(json_object_object_get(root, "complete")) !=
			rows[i].complete)
			fail_msg("%s: complete", rows[i].rule);
		json_object_put(root);
		text_done(&t);
	}
}

static void a_look_that_was_cut(void **state)
{
	static const struct tree_uses cut = { uses, ARRAY_SIZE(uses), false };
	_cleanup_(freep) char *json = NULL, *absent = NULL;

	(void)state;
	assert_int_equal(node_holders_document(nodes, ARRAY_SIZE(nodes), &cut, "sdc", &json), 0);
	assert_string_equal(json,
		"{\"version\":1,\"dev\":\"sdc\",\"holds\":[{\"kind\":\"mount\",\"what\":"
		"\"/c\",\"on\":\"sdc\",\"release\":\"umount /c\"}],\"complete\":false}");
	/* what is not there is held by nobody, whatever was not looked at */
	assert_int_equal(
		node_holders_document(nodes, ARRAY_SIZE(nodes), &cut, "3:0:0:9", &absent), 0);
	assert_non_null(strstr(absent, "\"complete\":true"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_holds_a_device),
		cmocka_unit_test(a_look_that_was_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
