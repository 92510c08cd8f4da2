/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "fixture.h"
#include "observe/tree.h"

/* A node in a line, so that trees can be compared. */
static void print_node(const struct node *node, struct text *out)
{
	text_addf(out, "%u %s %s", node->depth, node_kind_name(node->kind), node_name(node));
	if (node->devt.major)
		text_addf(out, " %u:%u %u", node->devt.major, node->devt.minor,
			(unsigned)node->size_sectors);
	if (node->driver[0])
		text_addf(out, " driver=%s", node->driver);
	if (node->label[0]) {
		text_add(out, " label=");
		text_add_escaped(out, node->label);
	}
	if (node->wwid[0])
		text_addf(out, " wwid=%s", node->wwid);
	if (node->state[0])
		text_addf(out, " state=%s", node->state);
	if (node->sg[0])
		text_addf(out, " sg=%s", node->sg);
	if (node->is_multipath || node->is_volume)
		text_add(out, node->is_volume ? " volume" : " multipath");
	text_add(out, "\n");
}

static void print_tree(const struct tree *tree, struct text *out)
{
	for (size_t i = 0; i < tree->n; i++)
		print_node(&tree->nodes[i], out);
}

#define WWID "36001405123456789abcdef0123456789"

#define PCI_BRANCH                                                                                 \
	"1 pci pci0000:00\n"                                                                       \
	"2 pci 0000:00:03.0\n"                                                                     \
	"3 host host5\n"                                                                           \
	"4 port rport-5:0-2 label=0x50060160bea01234\n"                                            \
	"2 pci 0000:00:05.0 driver=virtio-pci\n"                                                   \
	"3 other virtio2 driver=virtio_scsi\n"                                                     \
	"4 host host2 label=virtio_scsi\n"                                                         \
	"5 target target2:0:0\n"

#define DISK_BRANCH                                                                                \
	"6 lun 2:0:0:1 driver=sd label=QEMU\\x20QEMU\\x20HARDDISK\\x202.5+ wwid=" WWID             \
	" state=running sg=sg2\n"                                                                  \
	"7 disk sda 8:0 20971520\n"                                                                \
	"8 partition sda1 8:1 2048\n"                                                              \
	"8 partition sda2 8:2 20969472\n"

#define ISCSI_BRANCH                                                                               \
	"1 other platform\n"                                                                       \
	"2 host host9\n"                                                                           \
	"3 session session12\n"                                                                    \
	"2 host host10 label=iscsi_tcp\n"                                                          \
	"3 session session1 label=iqn.2003-01.org.example:array\n"                                 \
	"4 target target10:0:0\n"                                                                  \
	"5 lun 10:0:0:9 label=\\x1b[31m\\xff state=offline\n"                                      \
	"5 lun 10:0:0:10 state=running\n"

#define VIRTUAL_BRANCH                                                                             \
	"1 other virtual\n"                                                                        \
	"2 map dm-0 254:0 20971520 label=oradata wwid=" WWID " multipath\n"                        \
	"2 map dm-1 254:1 0 label=vg-lv volume\n"                                                  \
	"2 disk loop0 7:0 2048\n"

static void expect(struct fixture *f, const char *rule, const char *want)
{
	_cleanup_(text_done) struct text out = TEXT_INIT;
	_cleanup_(tree_done) struct tree tree = { 0 };

	assert_int_equal(tree_read(f->fd, &tree), 0);
	print_tree(&tree, &out);
	if (strcmp(text_str(&out), want))
		fail_msg("%s:\n%s\nis not\n%s", rule, text_str(&out), want);
	assert_true(tree.complete);
}

static void a_tree_is_what_leads_to_storage(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, "tree.txt");
	expect(&f, "everything",
		"0 root devices\n" PCI_BRANCH DISK_BRANCH ISCSI_BRANCH VIRTUAL_BRANCH);
	fixture_done(&f);
}

static void what_vanishes_is_not_there(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f, "tree.txt");
	fixture_remove(&f, "devices/pci0000:00/0000:00:05.0/virtio2/host2/target2:0:0/2:0:0:1");
	fixture_remove(&f, "devices/platform");
	expect(&f, "a LUN and a whole branch went, their links are still there",
		"0 root devices\n" PCI_BRANCH VIRTUAL_BRANCH);

	/* the kernel takes a device's files away before its directory */
	fixture_remove(&f, "devices/virtual/block/dm-0/uevent");
	fixture_remove(&f, "class/block/dm-1");
	expect(&f, "a map of which a directory is left",
		"0 root devices\n" PCI_BRANCH "1 other virtual\n2 disk loop0 7:0 2048\n");
	fixture_done(&f);
}

static void a_host_without_storage(void **state)
{
	struct tree tree = { 0 };
	struct fixture f;

	(void)state;
	fixture_init(&f, "tree.txt");
	fixture_remove(&f, "bus");
	fixture_remove(&f, "class");
	expect(&f, "no bus, no class", "0 root devices\n");
	fixture_remove(&f, "devices");
	assert_int_equal(tree_read(f.fd, &tree), -ENOENT);
	assert_null(tree.nodes);
	fixture_done(&f);
}

/* A branch that is deeper than any is cut, and said to be. */
static void deep_branches_are_cut(void **state)
{
	_cleanup_(text_done) struct text text = TEXT_INIT, path = TEXT_INIT;
	_cleanup_(tree_done) struct tree tree = { 0 };
	struct fixture f;

	(void)state;
	fixture_init(&f, "tree.txt");
	text_add(&path, "devices");
	for (unsigned i = 0; i < NODE_MAX_DEPTH + 10; i++) {
		text_addf(&path, "/d%u", i);
		text_addf(&text, "%s/uevent: x\n", text_str(&path));
	}
	text_addf(&text, "class/block/deep -> ../../%s\n", text_str(&path));
	fixture_add(&f, text_str(&text));
	assert_int_equal(tree_read(f.fd, &tree), 0);
	assert_false(tree.complete);
	for (size_t i = 0; i < tree.n; i++)
		assert_true(tree.nodes[i].depth <= NODE_MAX_DEPTH);
	fixture_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tree_is_what_leads_to_storage),
		cmocka_unit_test(what_vanishes_is_not_there),
		cmocka_unit_test(a_host_without_storage),
		cmocka_unit_test(deep_branches_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
