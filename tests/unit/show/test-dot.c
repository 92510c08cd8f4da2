/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tree as a picture. With a file as its argument it draws a larger one there, to be looked at.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "show/dot.h"
#include "show/tree.h"

#define HOST   "devices/pci0000:00/0000:00:05.0/host3"
#define TARGET HOST "/session1/target3:0:0"

static const struct node nodes[] = {
	{ .kind = NODE_ROOT, .sysfs = "devices" },
	{ .kind = NODE_PCI, .depth = 1, .sysfs = "devices/pci0000:00" },
	{ .kind = NODE_PCI,
		.depth = 2,
		.sysfs = "devices/pci0000:00/0000:00:05.0",
		.driver = "qla2xxx" },
	{ .kind = NODE_HOST, .depth = 3, .sysfs = HOST },
	{ .kind = NODE_SESSION, .depth = 4, .sysfs = HOST "/session1", .label = "iqn.\"a\\\x1b" },
	{ .kind = NODE_TARGET, .depth = 5, .sysfs = TARGET },
	{ .kind = NODE_LUN, .depth = 6, .sysfs = TARGET "/3:0:0:1", .state = "up" },
	{ .kind = NODE_DISK, .depth = 7, .sysfs = TARGET "/3:0:0:1/block/sdb" },
	{ .kind = NODE_PARTITION, .depth = 8, .sysfs = TARGET "/3:0:0:1/block/sdb/sdb1" },
	{ .kind = NODE_LUN, .depth = 6, .sysfs = TARGET "/3:0:0:2", .state = "fenced" },
	{ .kind = NODE_DISK, .depth = 7, .sysfs = TARGET "/3:0:0:2/block/sdc" },
	{ .kind = NODE_OTHER, .depth = 1, .sysfs = "devices/virtual" },
	{ .kind = NODE_MAP,
		.depth = 2,
		.sysfs = "devices/virtual/block/dm-0",
		.devt = { 254, 0 },
		.label = "oradata",
		.wwid = "36001",
		.slaves = "sdb sdc sdx" },
	{ .kind = NODE_MAP,
		.depth = 2,
		.sysfs = "devices/virtual/block/dm-1",
		.devt = { 254, 1 },
		.label = "vg-lv",
		.slaves = "dm-0" },
};

static const struct use uses[] = {
	{ .kind = HOLD_MOUNT, .node = 8, .by = USE_NO_NODE, .what = "/\"a" },
	{ .kind = HOLD_OPEN, .node = 12, .by = USE_NO_NODE, .pid = 1, .what = "x", .comm = "dd" },
	{ .kind = HOLD_OPEN, .node = 12, .by = USE_NO_NODE, .pid = 2, .what = "x", .comm = "dd" },
	{ .kind = HOLD_OPEN, .node = 12, .by = USE_NO_NODE, .pid = 3, .what = "x", .comm = "dd" },
	{ .kind = HOLD_OPEN, .node = 12, .by = USE_NO_NODE, .pid = 4, .what = "x", .comm = "dd" },
	{ .kind = HOLD_OPEN, .node = 12, .by = USE_NO_NODE, .pid = 5, .what = "x", .comm = "dd" },
};
static const struct tree_uses of_all = { uses, ARRAY_SIZE(uses), true };

static const struct use on_disk[] = {
	{ .kind = HOLD_MOUNT, .node = 7, .by = USE_NO_NODE, .what = "/data" },
};
static const struct tree_uses of_disk = { on_disk, ARRAY_SIZE(on_disk), true };

static void print(const struct node *all, size_t n, const struct tree_uses *shown, struct text *out)
{
	_cleanup_(freep) char *json = NULL;
	struct json_tokener *tokener = json_tokener_new_ex(TREE_JSON_DEPTH);
	struct json_object *root;

	assert_non_null(tokener);
	assert_int_equal(tree_document(all, n, true, shown, NULL, &json), 0);
	root = json_tokener_parse_ex(tokener, json, (int)strlen(json) + 1);
	assert_non_null(root);
	dot_print(root, out);
	json_object_put(root);
	json_tokener_free(tokener);
}

static const struct {
	const char *rule, *text;
	bool is_there;
} rows[] = {
	{ "a function with a driver", "[label=\"0000:00:05.0\", fillcolor=white]", true },
	{ "a bus without one is left out", "pci0000:00\"", false },
	{ "a target is left out", "target3:0:0", false },
	{ "what it says is quoted", "session1\\niqn.\\\"a\\\\\\\\x1b\"", true },
	{ "a LUN and its disk are one box", "[label=\"sdb  3:0:0:1\\nup\", fillcolor=palegreen]",
		true },
	{ "its partition hangs on it", "n4 -> n5 [color=steelblue];", true },
	{ "what is above the host has the common colour", "n1 -> n2 [color=gray40];", true },
	{ "the paths of a map stand together",
		"subgraph cluster_n7 {\n\t\tstyle=invis;\n\t\tn4;\n\t\tn6;\n\t}", true },
	{ "what a volume lies on need not", "cluster_n8", false },
	{ "it hangs on its map", "n7 -> n8 [style=dashed];", true },
	{ "who uses it is in its box", "[label=\"sdb1\\nmount /\\\"a\", fillcolor=white]", true },
	{ "the first three of a map's, a process by its name",
		"[label=\"oradata\\ndm-0\\n0.0K\\nopen dd\\nopen dd\\nopen dd\\nand 2 more\"",
		true },
	{ "a fenced one has its colour", "[label=\"sdc  3:0:0:2\\nfenced\", fillcolor=plum]",
		true },
	{ "a map is called by its name", "n7 [label=\"oradata\\ndm-0", true },
	{ "it stands behind its paths", "n4 -> n7 [style=dashed];", true },
	{ "behind each of them", "n6 -> n7 [style=dashed];", true },
	{ "the legend says what is fenced", "fenced: its identity changed", true },
	{ "and nothing of what is not there", "ghost", false },
};

static void what_is_drawn(void **state)
{
	struct text t = TEXT_INIT;

	(void)state;
	print(nodes, ARRAY_SIZE(nodes), &of_all, &t);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if ((strstr(text_str(&t), rows[i].text) != NULL) != rows[i].is_there)
			fail_msg("%s: %s\n%s", rows[i].rule, rows[i].text, text_str(&t));
	text_done(&t);
}

static void who_uses_a_disk_is_in_the_box_of_its_lun(void **state)
{
	struct text t = TEXT_INIT;

	(void)state;
	print(nodes, 8, &of_disk, &t);
	assert_non_null(strstr(
		text_str(&t), "[label=\"sdb  3:0:0:1\\nup\\nmount /data\", fillcolor=palegreen]"));
	text_done(&t);
}

static void without_a_path_there_is_no_legend(void **state)
{
	struct text t = TEXT_INIT;

	(void)state;
	print(nodes, 5, NULL, &t);
	assert_null(strstr(text_str(&t), "legend"));
	text_done(&t);
}

enum { HOSTS = 4, LUNS = 16 };

static int draw_many(const char *file)
{
	static const char *const states[] = { "up", "up", "up", "ghost", "down", "fenced" };
	static struct node many[3 + HOSTS * (4 + 2 * LUNS) + LUNS];
	struct text t = TEXT_INIT;
	FILE *f = fopen(file, "w");
	size_t n = 0;

	if (!f)
		return 1;
	many[n++] = nodes[0];
	for (int h = 0; h < HOSTS; h++) {
		static const enum node_kind kinds[] = { NODE_PCI, NODE_HOST, NODE_SESSION,
			NODE_TARGET };
		static const char *const parts[] = { "/0000:00:0%d.0", "/host%d", "/session%d",
			"/target%d:0:0" };
		char sysfs[256] = "devices";

		for (size_t k = 0; k < ARRAY_SIZE(parts); k++) {
			snprintf(sysfs + strlen(sysfs), sizeof sysfs - strlen(sysfs), parts[k],
				h + 3);
			many[n] = (struct node){ .kind = kinds[k], .depth = (uint32_t)k + 1 };
			TEXT_SET(many[n].sysfs, sysfs);
			TEXT_SET(many[n].driver, k ? "" : "qla2xxx");
			TEXT_SET(many[n].label, k == 2 ? "iqn.2000-01.org.example:array" : "");
			n++;
		}
		for (int l = 0; l < LUNS; l++) {
			many[n] = (struct node){ .kind = NODE_LUN, .depth = 5 };
			snprintf(many[n].sysfs, NODE_SYSFS, "%.200s/%d:0:0:%d", sysfs, h + 3, l);
			TEXT_SET(many[n].state, states[(h * 5 + l * 3) % (int)ARRAY_SIZE(states)]);
			n++;
			many[n] = (struct node){ .kind = NODE_DISK, .depth = 6 };
			snprintf(many[n].sysfs, NODE_SYSFS, "%.200s/%d:0:0:%d/block/sd%c%c", sysfs,
				h + 3, l, 'a' + h, 'a' + l);
			n++;
		}
	}
	many[n++] = nodes[11];
	for (int l = 0; l < LUNS; l++) {
		many[n] = (struct node){ .kind = NODE_MAP, .depth = 2 };
		snprintf(many[n].sysfs, NODE_SYSFS, "devices/virtual/block/dm-%d", l);
		snprintf(many[n].label, sizeof many[n].label, "volume%d", l);
		snprintf(many[n].wwid, sizeof many[n].wwid, "36001%d", l);
		for (int h = 0; h < HOSTS; h++)
			snprintf(many[n].slaves + strlen(many[n].slaves), 8, "%ssd%c%c",
				h ? " " : "", 'a' + h, 'a' + l);
		n++;
	}
	print(many, n, NULL, &t);
	fputs(text_str(&t), f);
	text_done(&t);
	return fclose(f) ? 1 : 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_drawn),
		cmocka_unit_test(who_uses_a_disk_is_in_the_box_of_its_lun),
		cmocka_unit_test(without_a_path_there_is_no_legend),
	};

	return argc > 1 ? draw_many(argv[1]) : cmocka_run_group_tests(tests, NULL, NULL);
}
