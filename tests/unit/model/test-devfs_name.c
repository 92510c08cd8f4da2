/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "model/devfs_name.h"

enum { MAX_CHAIN = 12 };

/* Parts of a directory; "=driver" behind one: it has that; '!': it is a block device, '-': it is
 * between devices, and none itself. */
static const struct {
	const char *rule, *parts, *want;
} rows[] = {
	{ "the root", "devices", "/" },
	{ "a bus", "devices pci0000:00", "/pci@0000:00" },
	{ "a function without a driver", "devices pci0000:ae 0000:ae:05.0",
		"/pci@0000:ae/pci@0000:ae:05.0" },
	{ "a virtio host", "devices pci0000:00 0000:00:05.0=virtio-pci virtio2=virtio_scsi host2",
		"/pci@0000:00/virtio-pci@0000:00:05.0/virtio_scsi@2/host@2" },
	{ "a remote port", "devices pci0000:00 0000:00:05.0=qla2xxx host3 rport-3:0-1 target3:0:0",
		"/pci@0000:00/qla2xxx@0000:00:05.0/host@3/rport@3:0-1/target@3:0:0" },
	{ "a SAS device",
		"devices pci0000:00 0000:00:05.0=mpt3sas host3 port-3:0 end_device-3:0 target3:0:0",
		"/pci@0000:00/mpt3sas@0000:00:05.0/host@3/port@3:0/end_device@3:0/target@3:0:0" },
	{ "a branch without an address", "devices platform host3 session1 target3:0:0 3:0:0:1=sd",
		"/platform/host@3/session@1/target@3:0:0/sd@3:0:0:1" },
	{ "a LUN without a driver", "devices platform host3 target3:0:0 3:0:0:1",
		"/platform/host@3/target@3:0:0/lun@3:0:0:1" },
	{ "a disk stands beside its device",
		"devices platform host3 target3:0:0 3:0:0:1=sd -block sdb!",
		"/platform/host@3/target@3:0:0/sd@3:0:0:1:sdb" },
	{ "so does a partition", "devices platform host3 target3:0:0 3:0:0:1=sd -block sdb! sdb1!",
		"/platform/host@3/target@3:0:0/sd@3:0:0:1:sdb1" },
	{ "a disk of virtio",
		"devices pci0000:00 0000:00:05.0=virtio-pci virtio3=virtio_blk "
		"-block vda!",
		"/pci@0000:00/virtio-pci@0000:00:05.0/virtio_blk@3:vda" },
	{ "a namespace of NVMe", "devices pci0000:00 0000:00:05.0=nvme -nvme nvme0 nvme0n1!",
		"/pci@0000:00/nvme@0000:00:05.0/nvme@0:nvme0n1" },
	{ "a map", "devices virtual -block dm-4!", "/virtual/dm@4:dm-4" },
	{ "an md device", "devices virtual -block md127!", "/virtual/md@127:md127" },
	{ "a partition of a loop device", "devices virtual -block loop3! loop3p1!",
		"/virtual/loop@3:loop3p1" },
	{ "a name without a number", "devices virtual -block md_home!",
		"/virtual/md_home:md_home" },
	{ "a device that is called by no number",
		"devices vmbus ab-12-cd=hv_storvsc host3 target3:0:0",
		"/vmbus/hv_storvsc@ab-12-cd/host@3/target@3:0:0" },
};

struct chain {
	struct node nodes[MAX_CHAIN];
	const struct node *all[MAX_CHAIN];
	size_t n;
};

static void make(const char *parts, struct chain *c)
{
	char sysfs[NODE_SYSFS] = "", part[64];

	*c = (struct chain){ 0 };
	for (size_t len; *parts; parts += len + (parts[len] == ' ')) {
		struct node *node = &c->nodes[c->n];
		char *driver, *block;

		len = strcspn(parts, " ");
		snprintf(part, sizeof part, "%.*s", (int)len, parts);
		driver = strchr(part, '=');
		block = strchr(part, '!');
		snprintf(sysfs + strlen(sysfs), sizeof sysfs - strlen(sysfs), "%s%.*s",
			*sysfs ? "/" : "", (int)strcspn(part, "=!"), part + (*part == '-'));
		if (*part == '-')
			continue;
		TEXT_SET(node->sysfs, sysfs);
		TEXT_SET(node->driver, driver ? driver + 1 : "");
		node->devt.major = block ? 8 : 0;
		node->depth = (uint32_t)c->n;
		c->all[c->n++] = node;
	}
}

static void what_a_device_is_called(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct text t = TEXT_INIT;
		struct chain c;

		make(rows[i].parts, &c);
		devfs_name_print(c.all, c.n, &t);
		if (strcmp(text_str(&t), rows[i].want) != 0)
			fail_msg("%s: %s", rows[i].rule, text_str(&t));
		text_done(&t);
	}
}

/* The whole name, and its last part, mean that device and nothing else of its branch. */
static void and_it_is_found_by_it(void **state)
{
	(void)state;
	for (size_t i = 1; i < ARRAY_SIZE(rows); i++) {
		const char *last = strrchr(rows[i].want, '/') + 1,
			   *names[] = { rows[i].want, last };
		struct chain c;

		make(rows[i].parts, &c);
		for (size_t k = 0; k < ARRAY_SIZE(names); k++) {
			const struct node *node = c.all[c.n - 1];
			const char *minor = NULL,
				   *rest = devfs_name_follow(node->sysfs, names[k], &minor);

			if (!strchr(last, '@'))
				continue;
			if (!rest || (!minor && *rest) ||
				(minor && strcmp(minor, node_name(node)) != 0))
				fail_msg("%s: %s: rest %s, minor %s", rows[i].rule, names[k],
					rest ? rest : "none", minor ? minor : "none");
			assert_int_equal(minor != NULL, node->devt.major != 0);
		}
	}
}

#define SYSFS "devices/pci0000:00/0000:00:05.0/virtio2/host2/target2:0:0/2:0:0:1/block/sdb/sdb1"

static const struct {
	const char *name, *rest, *minor;
} follow_rows[] = {
	{ "pci@0000:00", "0000:00:05.0/virtio2/host2/target2:0:0/2:0:0:1/block/sdb/sdb1", NULL },
	{ "virtio-pci@0000:00:05.0", "virtio2/host2/target2:0:0/2:0:0:1/block/sdb/sdb1", NULL },
	{ "virtio@2", "host2/target2:0:0/2:0:0:1/block/sdb/sdb1", NULL },
	{ "virtio_scsi@2", "host2/target2:0:0/2:0:0:1/block/sdb/sdb1", NULL },
	{ "host@2", "target2:0:0/2:0:0:1/block/sdb/sdb1", NULL },
	{ "pci@0000:00/host@2", "target2:0:0/2:0:0:1/block/sdb/sdb1", NULL },
	{ "sd@2:0:0:1:sdb1", "block/sdb/sdb1", "sdb1" },
	{ "sd@2:0:0:1:sdz", "block/sdb/sdb1", "sdz" },
	{ "session@2", NULL, NULL }, /* no driver's name */
	{ "rport@2", NULL, NULL },
	{ "ahci@2:0:0", NULL, NULL }, /* nor has a target one */
	{ "host@20", NULL, NULL },
	{ "host@2:sdb", "target2:0:0/2:0:0:1/block/sdb/sdb1", "sdb" },
	{ "host@2/pci@0000:00", NULL, NULL },
	{ "sd@2:0:0:1/host@2", NULL, NULL },
	{ "host@", NULL, NULL },
	{ "@2", NULL, NULL },
	{ "", NULL, NULL },
	{ "/", NULL, NULL },
	{ "//", NULL, NULL },
	{ "devices/", NULL, NULL },
	{ "host@2//sd@2:0:0:1", NULL, NULL },
};

static void which_device_is_meant(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(follow_rows); i++) {
		const char *want = follow_rows[i].rest, *minor = NULL;
		const char *rest = devfs_name_follow(SYSFS, follow_rows[i].name, &minor);

		if (!rest != !want || (rest && strcmp(rest, want) != 0))
			fail_msg("\"%s\": %s", follow_rows[i].name, rest ? rest : "none");
		if (!minor != !follow_rows[i].minor ||
			(minor && strcmp(minor, follow_rows[i].minor) != 0))
			fail_msg("\"%s\": minor %s", follow_rows[i].name, minor ? minor : "none");
	}
}

static const struct {
	const char *name, *kernel;
} kernel_rows[] = {
	{ "host@3", "host3" },
	{ "/pci@0000:00/qla2xxx@0000:00:05.0/host@3", "host3" },
	{ "rport@3:0-1", "rport-3:0-1" },
	{ "session@1", "session1" },
	{ "target@3:0:0", "target3:0:0" },
	{ "sd@3:0:0:1", "3:0:0:1" },
	{ "sd@3:0:0:1:sdb", "3:0:0:1" },
	{ "virtio_scsi@2", NULL },
	{ "host3", NULL },
	{ "@", NULL },
};

static void what_the_kernel_calls_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kernel_rows); i++) {
		char kernel[64] = "";
		int r = devfs_name_kernel(kernel_rows[i].name, kernel, sizeof kernel);

		if ((r == 0) != (kernel_rows[i].kernel != NULL) ||
			(r == 0 && strcmp(kernel, kernel_rows[i].kernel) != 0))
			fail_msg("\"%s\": %d %s", kernel_rows[i].name, r, kernel);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_device_is_called),
		cmocka_unit_test(and_it_is_found_by_it),
		cmocka_unit_test(which_device_is_meant),
		cmocka_unit_test(what_the_kernel_calls_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
