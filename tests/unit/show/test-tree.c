/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "base/cleanup.h"
#include "show/tree.h"

#define HOST "devices/platform/host3"
#define LUN  HOST "/session1/target3:0:0/3:0:0:1"
#define WWID "36001405aaaa"

static const struct node nodes[] = {
	{ .kind = NODE_ROOT, .sysfs = "devices" },
	{ .kind = NODE_OTHER, .depth = 1, .sysfs = "devices/platform" },
	{ .kind = NODE_HOST, .depth = 2, .sysfs = HOST, .label = "iscsi_tcp" },
	{ .kind = NODE_SESSION, .depth = 3, .sysfs = HOST "/session1", .label = "iqn.a" },
	{ .kind = NODE_TARGET, .depth = 4, .sysfs = HOST "/session1/target3:0:0" },
	{ .kind = NODE_LUN,
		.depth = 5,
		.sysfs = LUN,
		.driver = "sd",
		.label = "LIO-ORG \x1b[31m\xff",
		.wwid = WWID,
		.sg = "sg1",
		.state = "running" },
	{ .kind = NODE_DISK,
		.depth = 6,
		.sysfs = LUN "/block/sdb",
		.devt = { 8, 16 },
		.size_sectors = 32768 },
	{ .kind = NODE_PARTITION,
		.depth = 7,
		.sysfs = LUN "/block/sdb/sdb1",
		.devt = { 8, 17 },
		.size_sectors = 2048 },
	{ .kind = NODE_HOST, .depth = 2, .sysfs = "devices/platform/host31" },
	{ .kind = NODE_OTHER, .depth = 1, .sysfs = "devices/virtual" },
	{ .kind = NODE_MAP,
		.depth = 2,
		.sysfs = "devices/virtual/block/dm-0",
		.devt = { 254, 0 },
		.label = "oradata",
		.wwid = WWID,
		.size_sectors = 32768 },
};

static const struct {
	const char *rule, *name;
	int want;
	const char *shown; /* names, in their order */
} rows[] = {
	{ "everything", NULL, 0,
		"devices platform host3 session1 target3:0:0 3:0:0:1 sdb sdb1 host31 virtual "
		"dm-0" },
	{ "a host is its branch", "host3", 0,
		"devices platform host3 session1 target3:0:0 3:0:0:1 sdb sdb1" },
	{ "a host without anything", "host31", 0, "devices platform host31" },
	{ "a session", "session1", 0,
		"devices platform host3 session1 target3:0:0 3:0:0:1 sdb sdb1" },
	{ "an address", "3:0:0:1", 0,
		"devices platform host3 session1 target3:0:0 3:0:0:1 sdb sdb1" },
	{ "a disk", "/dev/sdb", 0, "devices platform host3 session1 target3:0:0 3:0:0:1 sdb sdb1" },
	{ "a link to a disk", "/sys/block/sdb", 0,
		"devices platform host3 session1 target3:0:0 3:0:0:1 sdb sdb1" },
	{ "a partition is no more", "sdb1", 0,
		"devices platform host3 session1 target3:0:0 3:0:0:1 sdb sdb1" },
	{ "a number", "254:0", 0, "devices virtual dm-0" },
	{ "a map by its number", "dm-0", 0, "devices virtual dm-0" },
	{ "a map by its name", "/dev/mapper/oradata", 0, "devices virtual dm-0" },
	{ "a WWID is the LUN and its map", WWID, 0,
		"devices platform host3 session1 target3:0:0 3:0:0:1 sdb sdb1 virtual dm-0" },
	{ "a directory", "/sys/devices/platform/host3", 0,
		"devices platform host3 session1 target3:0:0 3:0:0:1 sdb sdb1" },
	{ "a disk after devfs", "sd@3:0:0:1:sdb", 0,
		"devices platform host3 session1 target3:0:0 3:0:0:1 sdb sdb1" },
	{ "a partition after devfs", "/platform/host@3/sd@3:0:0:1:sdb1", 0,
		"devices platform host3 session1 target3:0:0 3:0:0:1 sdb sdb1" },
	{ "the other minor of a disk", "/dev/sg1", 0,
		"devices platform host3 session1 target3:0:0 3:0:0:1 sdb sdb1" },
	{ "... after devfs", "sd@3:0:0:1:sg1", 0,
		"devices platform host3 session1 target3:0:0 3:0:0:1 sdb sdb1" },
	{ "a disk that this address has not", "sd@3:0:0:1:sdc", 0, "devices" },
	{ "a host after devfs", "/devices/platform/host@31", 0, "devices platform host31" },
	{ "a map after devfs", "dm@0:dm-0", 0, "devices virtual dm-0" },
	{ "a directory between devices", "virtual/block", 0, "devices virtual dm-0" },
	{ "where nothing is is nothing", "3:0:0:9", 0, "devices" },
	{ "a label of what is no map is no name", "iqn.a", -ENODEV, NULL },
	{ "a word that means nothing", "nonsense", -ENODEV, NULL },
	{ "no name at all", "a b", -ENODEV, NULL },
};

static struct json_object *parse(const char *json)
{
	struct json_tokener *tokener = json_tokener_new_ex(TREE_JSON_DEPTH);
	struct json_object *root;

	assert_non_null(tokener);
	root = json_tokener_parse_ex(tokener, json, (int)strlen(json) + 1);
	json_tokener_free(tokener);
	assert_non_null(root);
	return root;
}

static void print_names(struct json_object *node, struct text *out)
{
	struct json_object *children = json_object_object_get(node, "children");

	text_addf(out, "%s%s", out->len ? " " : "",
		json_object_get_string(json_object_object_get(node, "name")));
	for (size_t i = 0; i < json_object_array_length(children); i++)
		print_names(json_object_array_get_idx(children, i), out);
}

static void which_branch(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(text_done) struct text t = TEXT_INIT;
		_cleanup_(freep) char *json = NULL;
		struct json_object *root;
		int r = tree_document(nodes, ARRAY_SIZE(nodes), true, NULL, rows[i].name, &json);

		if (r != rows[i].want)
			fail_msg("%s: %d", rows[i].rule, r);
		if (r < 0)
			continue;
		root = parse(json);
		print_names(json_object_object_get(root, "tree"), &t);
		json_object_put(root);
		if (strcmp(text_str(&t), rows[i].shown))
			fail_msg("%s: %s", rows[i].rule, text_str(&t));
	}
}

static void a_document(void **state)
{
	static const char want[] =
		"{\"version\":1,\"tree\":{\"name\":\"devices\",\"kind\":\"root\","
		"\"sysfs\":\"/sys/devices\",\"driver\":null,\"devt\":null,\"state\":\"present\","
		"\"devfs\":\"/"
		"\",\"holds\":[],\"children\":[{\"name\":\"virtual\",\"kind\":\"other\","
		"\"sysfs\":\"/sys/devices/virtual\",\"driver\":null,\"devt\":null,"
		"\"state\":\"present\",\"devfs\":\"/virtual\",\"holds\":[],"
		"\"children\":[{\"name\":\"dm-0\","
		"\"kind\":\"map\",\"sysfs\":\"/sys/devices/virtual/block/dm-0\",\"driver\":null,"
		"\"devt\":\"254:0\",\"state\":\"present\",\"devfs\":\"/virtual/dm@0:dm-0\","
		"\"label\":\"oradata\",\"wwid\":\"" WWID
		"\",\"size\":\"16M\",\"holds\":[],\"children\":[]}]}]},\"complete\":false}";
	_cleanup_(freep) char *json = NULL, *lun = NULL;

	(void)state;
	assert_int_equal(tree_document(nodes, ARRAY_SIZE(nodes), false, NULL, "dm-0", &json), 0);
	assert_string_equal(json, want);
	assert_int_equal(tree_document(nodes, ARRAY_SIZE(nodes), true, NULL, "3:0:0:1", &lun), 0);
	assert_non_null(
		strstr(lun, "\"driver\":\"sd\",\"devt\":null,\"state\":\"running\","
			    "\"devfs\":\"/platform/host@3/session@1/target@3:0:0/sd@3:0:0:1\","
			    "\"label\":\"LIO-ORG \\u001b[31m\\\\xff\",\"wwid\":\"" WWID
			    "\",\"sg\":\"sg1\",\"holds\":[]"));
}

static void for_people(void **state)
{
	static const char want[] = "devices\n"
				   "|- platform\n"
				   "|  |- host3  iscsi_tcp\n"
				   "|  |  `- session1  iqn.a\n"
				   "|  |     `- target3:0:0\n"
				   "|  |        `- 3:0:0:1  sd  LIO-ORG \\x1b[31m\\xff  running\n"
				   "|  |           `- sdb  8:16  16M\n"
				   "|  |              `- sdb1  8:17  1.0M\n"
				   "|  `- host31\n"
				   "`- virtual\n"
				   "   `- dm-0  254:0  oradata  16M\n";
	_cleanup_(text_done) struct text t = TEXT_INIT;
	_cleanup_(freep) char *json = NULL;
	struct json_object *root;

	(void)state;
	assert_int_equal(tree_document(nodes, ARRAY_SIZE(nodes), true, NULL, NULL, &json), 0);
	root = parse(json);
	tree_print(root, &t);
	assert_string_equal(text_str(&t), want);
	json_object_put(root);
}

/* Its own holds stand below each device, what a multipath map holds by being one does not. */
static void with_holders(void **state)
{
	static const struct use uses[] = {
		{ .kind = HOLD_MAP, .node = 6, .by = 10, .is_path = true, .what = "dm-0 oradata" },
		{ .kind = HOLD_OPEN,
			.node = 6,
			.by = USE_NO_NODE,
			.pid = 7,
			.what = "/dev/sdb",
			.comm = "dd",
			.unit = "a.service",
			.on = "sdb" },
		{ .kind = HOLD_MOUNT, .node = 7, .by = USE_NO_NODE, .what = "/\x1b", .on = "sdb1" },
		{ .kind = HOLD_MOUNT, .node = 10, .by = USE_NO_NODE, .what = "/ora", .on = "dm-0" },
	};
	static const struct tree_uses shown = { uses, ARRAY_SIZE(uses), true };
	static const char want[] =
		"devices\n"
		"|- platform\n"
		"|  |- host3  iscsi_tcp\n"
		"|  |  `- session1  iqn.a\n"
		"|  |     `- target3:0:0\n"
		"|  |        `- 3:0:0:1  sd  LIO-ORG \\x1b[31m\\xff  running\n"
		"|  |           `- sdb  8:16  16M\n"
		"|  |              |  <- open /dev/sdb 7 dd a.service: systemctl stop a.service\n"
		"|  |              `- sdb1  8:17  1.0M\n"
		"|  |                    <- mount /\\x1b: umount $'/\\x1b'\n"
		"|  `- host31\n"
		"`- virtual\n"
		"   `- dm-0  254:0  oradata  16M\n"
		"         <- mount /ora: umount /ora\n";
	static const char sdb[] = "\"size\":\"16M\",\"holds\":[{\"kind\":\"open\",\"what\":"
				  "\"/dev/sdb\",\"on\":\"sdb\",\"pid\":7,\"comm\":\"dd\",\"unit\":"
				  "\"a.service\",\"release\":\"systemctl stop a.service\"}],";
	_cleanup_(text_done) struct text t = TEXT_INIT;
	_cleanup_(freep) char *json = NULL, *map = NULL;
	struct json_object *root;

	(void)state;
	assert_int_equal(tree_document(nodes, ARRAY_SIZE(nodes), true, &shown, NULL, &json), 0);
	assert_non_null(strstr(json, sdb));
	root = parse(json);
	tree_print(root, &t);
	assert_string_equal(text_str(&t), want);
	json_object_put(root);
	assert_int_equal(tree_document(nodes, ARRAY_SIZE(nodes), true, &shown, "dm-0", &map), 0);
	assert_non_null(strstr(map, "\"what\":\"/ora\""));
	assert_null(strstr(map, "/dev/sdb"));
}

static void what_was_not_looked_at(void **state)
{
	static const struct tree_uses none = { NULL, 0, false };
	_cleanup_(freep) char *json = NULL;

	(void)state;
	assert_int_equal(tree_document(nodes, ARRAY_SIZE(nodes), true, &none, NULL, &json), 0);
	assert_non_null(strstr(json, "\"complete\":false"));
}

/* The deepest tree there is can be parsed and printed. */
static void as_deep_as_can_be(void **state)
{
	static struct node deep[NODE_MAX_DEPTH + 1];
	_cleanup_(text_done) struct text t = TEXT_INIT;
	_cleanup_(freep) char *json = NULL;
	struct json_object *root;

	(void)state;
	for (uint32_t i = 0; i <= NODE_MAX_DEPTH; i++) {
		deep[i] = (struct node){ .kind = NODE_OTHER, .depth = i };
		snprintf(deep[i].sysfs, sizeof deep[i].sysfs, "devices/d%u", i);
	}
	assert_int_equal(tree_document(deep, ARRAY_SIZE(deep), true, NULL, NULL, &json), 0);
	root = parse(json);
	tree_print(root, &t);
	assert_non_null(strstr(text_str(&t), " `- d48\n"));
	json_object_put(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(which_branch),
		cmocka_unit_test(a_document),
		cmocka_unit_test(for_people),
		cmocka_unit_test(with_holders),
		cmocka_unit_test(what_was_not_looked_at),
		cmocka_unit_test(as_deep_as_can_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
