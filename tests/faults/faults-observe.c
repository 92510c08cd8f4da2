/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is looked at, while looking fails. Who holds a disk is found, or the answer says that it is
 * not complete; a device is told as it is, or as unread, and never as another one or as gone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "fault.h"
#include "fixture.h"
#include "observe/discover.h"
#include "observe/files.h"
#include "observe/holders_match.h"
#include "observe/users.h"
#include "observe/uses.h"
#include "port/sysfs.h"

#define SESSION "devices/platform/host3/session1/target3:0:0/"

static struct fixture fixture;

/* These mean that there is nothing, and are believed. */
static bool says_absent(const struct fault *f)
{
	return f->error == ENOENT || f->error == ENODEV;
}

/* ---- holders ------------------------------------------------------------------------------ */

/* All ways of use at once: a mount of a partition, a volume on it and its mount, a descriptor of a
 * node that lies elsewhere, an export, a loop device on the node itself. */
static const char uses[] =
	"proc/1/mountinfo: 30 20 8:17 / /data rw - xfs /dev/sdb1 rw\n"
	"sys/devices/pci/block/sdb/sdb1/holders/dm-5 -> ../../../../../virtual/block/dm-5\n"
	"proc/1/mountinfo: 30 20 254:5 / /volume rw - xfs /dev/mapper/vg-lv rw\n"
	"proc/60/ns/mnt -> mnt:[100]\nproc/60/comm: tool\n"
	"data/disk: b 8:16\nproc/60/fd/3 -> /data/disk\n"
	"proc/60/fdinfo/3: pos: 0\nproc/60/fdinfo/3: flags: 0100000\n"
	"proc/60/fdinfo/3: mnt_id: 20\n"
	"sys/kernel/config/target/core/iblock_0/disk/enable: 1\n"
	"sys/kernel/config/target/core/iblock_0/disk/udev_path: /dev/sdb\n"
	"sys/block/loop3/dev: 7:3\nsys/block/loop3/loop/backing_file: /dev/sdb\n";
enum { USES = 6 };

/* Stands for statx(): a node is a file that says so. */
static int number_of(int at, const char *path, struct devt *ret)
{
	char link[256], text[64];
	int r = sysfs_read_link(at, path, link, sizeof link);

	if (r < 0 && r != -EINVAL && r != -ENOENT)
		return r;
	r = r < 0 ? sysfs_read_text(at, path, text, sizeof text)
		  : sysfs_read_text(fixture.fd, link + 1, text, sizeof text);
	if (r < 0)
		return r;
	return text[0] == 'b' ? devt_parse(text + 2, ret) : -ENOTBLK;
}

static void run_holders(const struct fault *f)
{
	const struct act_holders wanted = { .devt = { 8, 16 }, .dev = "sdb" };
	struct scan scan = {
		.node_number = number_of, .deadline = INSTANT_FAR, .trusted = geteuid()
	};
	struct obs_holders found;
	struct users users;
	unsigned fds;
	long live;

	scan.proc = sysfs_open(fixture.fd, "proc");
	scan.sys = sysfs_open(fixture.fd, "sys");
	scan.dev = sysfs_open(fixture.fd, "dev");
	scan.root = sysfs_open(fixture.fd, ".");
	fds = fault_open_fds();
	live = fault_live();
	fault_begin();
	users_read(&scan, &users);
	holders_match(&users, &wanted, &found);
	users_done(&users);
	fault_end();
	if (fault_open_fds() != fds || fault_live() != live)
		fail_msg("%s: something is left", fault_text(f));
	if (!fault_struck() && (!found.complete || found.n_holds != USES))
		fail_msg("without a fault: %u", found.n_holds);
	if (!says_absent(f) && found.complete && found.n_holds != USES)
		fail_msg("%s: %u", fault_text(f), found.n_holds);
	scan_done(&scan);
}

static void test_holders(void **state)
{
	(void)state;
	fixture_init(&fixture, "system.txt");
	fixture_add(&fixture, uses);
	fault_each(NULL, run_holders);
	fixture_done(&fixture);
}

/* ---- a whole tree --------------------------------------------------------------------------- */

/* And processes with a file open, and standing, in two of the file systems. */
static const char more_uses[] = "proc/1/mountinfo: 33 20 254:5 / /more rw - xfs /dev/dm-5 rw\n"
				"proc/60/fd/4 -> /more/x\nproc/60/fdinfo/4: flags: 0\n"
				"proc/60/fdinfo/4: mnt_id: 33\nproc/60/exe -> /bin/tool\n"
				"proc/60/cwd -> /data\nproc/60/cgroup: 0::/a.service\n";
enum { MORE_USES = 9 };

static struct node nodes[] = {
	{ .kind = NODE_ROOT, .sysfs = "devices" },
	{ .kind = NODE_DISK, .depth = 1, .sysfs = "devices/sdb", .devt = { 8, 16 } },
	{ .kind = NODE_PARTITION, .depth = 2, .sysfs = "devices/sdb/sdb1", .devt = { 8, 17 } },
	{ .kind = NODE_MAP,
		.depth = 1,
		.sysfs = "devices/dm-5",
		.devt = { 254, 5 },
		.slaves = "sdb1" },
	{ .kind = NODE_DISK, .depth = 1, .sysfs = "devices/loop3", .devt = { 7, 3 } },
};

static void run_uses(const struct fault *f)
{
	const struct tree tree = { nodes, ARRAY_SIZE(nodes), true };
	struct scan scan = {
		.node_number = number_of, .deadline = INSTANT_FAR, .trusted = geteuid()
	};
	struct uses found = { 0 };
	struct users users;
	struct files files;
	unsigned fds;
	long live;
	size_t n;
	int r;

	scan.proc = sysfs_open(fixture.fd, "proc");
	scan.sys = sysfs_open(fixture.fd, "sys");
	scan.dev = sysfs_open(fixture.fd, "dev");
	scan.root = sysfs_open(fixture.fd, ".");
	fds = fault_open_fds();
	live = fault_live();
	fault_begin();
	users_read(&scan, &users);
	files_read(&scan, &users.mounts, &files);
	r = uses_match(&users, &files, &tree, &found);
	n = r < 0 || !found.complete ? MORE_USES : found.n;
	uses_done(&found);
	files_done(&files);
	users_done(&users);
	fault_end();
	if (fault_open_fds() != fds || fault_live() != live)
		fail_msg("%s: something is left", fault_text(f));
	if (!fault_struck() && (r < 0 || n != MORE_USES || scan.incomplete))
		fail_msg("without a fault: %d, %zu", r, n);
	if (!says_absent(f) && n != MORE_USES)
		fail_msg("%s: %zu", fault_text(f), n);
	scan_done(&scan);
}

static void test_uses(void **state)
{
	(void)state;
	fixture_init(&fixture, "system.txt");
	fixture_add(&fixture, uses);
	fixture_add(&fixture, more_uses);
	fault_each(NULL, run_uses);
	fixture_done(&fixture);
}

/* ---- devices ------------------------------------------------------------------------------ */

enum { MOST_DEVICES = 32 };

static struct told {
	struct observation all[MOST_DEVICES];
	size_t n;
} as_it_is, told;

static void note(void *arg, const struct observation *o)
{
	struct told *t = arg;

	assert_true(t->n < MOST_DEVICES);
	t->all[t->n++] = *o;
}

static const struct observation *find(const struct told *t, const char *sysfs)
{
	for (size_t i = 0; i < t->n; i++)
		if (!strcmp(t->all[i].device.sysfs, sysfs))
			return &t->all[i];
	return NULL;
}

/* A state that cannot be read is the word "down" of its way, whatever the reason. */
static void require_same(const struct fault *f, struct observation o, const char *sysfs)
{
	const struct observation *real = find(&as_it_is, sysfs);

	if (!real)
		fail_msg("%s: %s is not there", fault_text(f), sysfs);
	if (o.device.transport == TRANSPORT_DOWN)
		o.device.transport = real->device.transport;
	if (memcmp(&o, real, sizeof o) != 0)
		fail_msg("%s: %s is another one", fault_text(f), sysfs);
}

static void run_all(const struct fault *f)
{
	const struct discover from = { fixture.fd, fixture.fd };
	unsigned fds = fault_open_fds();
	int r;

	memset(&told, 0, sizeof told);
	fault_begin();
	r = discover_all(&from, note, &told);
	fault_end();
	assert_int_equal(fault_open_fds(), fds);
	if (says_absent(f))
		return;
	for (size_t i = 0; i < told.n; i++)
		if (told.all[i].result >= 0)
			require_same(f, told.all[i], told.all[i].device.sysfs);
	for (size_t i = 0; i < as_it_is.n && r >= 0; i++)
		if (!find(&told, as_it_is.all[i].device.sysfs))
			fail_msg("%s: %s seems to be gone", fault_text(f),
				as_it_is.all[i].device.sysfs);
}

static void run_one(const struct fault *f)
{
	const struct discover from = { fixture.fd, fixture.fd };
	struct observation o;

	fault_begin();
	discover_one(&from, SESSION "3:0:0:1", &o);
	fault_end();
	if (says_absent(f))
		return;
	if (o.result >= 0 && !o.device.present)
		fail_msg("%s: it seems to be gone", fault_text(f));
	if (o.result >= 0)
		require_same(f, o, o.device.sysfs);
}

static void run_hosts(const struct fault *f)
{
	const struct discover from = { fixture.fd, fixture.fd };
	int r;

	memset(&told, 0, sizeof told);
	fault_begin();
	r = discover_hosts(&from, note, &told);
	fault_end();
	if (!says_absent(f) && r >= 0 &&
		(told.n != as_it_is.n || memcmp(&told, &as_it_is, sizeof told) != 0))
		fail_msg("%s: other hosts", fault_text(f));
}

static void test_devices(void **state)
{
	static const char *const others[] = {
		"bus/scsi/devices/4:0:0:7",
		"bus/scsi/devices/5:0:3:0",
		"bus/scsi/devices/0:0:4:0",
		"bus/scsi/devices/7:0:0:0",
		"bus/scsi/devices/9:0:0:0",
		"bus/scsi/devices/1:0:0:0",
		"bus/scsi/devices/3:0:0:9",
	};

	(void)state;
	fixture_init(&fixture, "devices.txt");
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		fixture_remove(&fixture, others[i]);
	memset(&as_it_is, 0, sizeof as_it_is);
	assert_int_equal(
		discover_all(&(struct discover){ fixture.fd, fixture.fd }, note, &as_it_is), 0);
	assert_true(as_it_is.n > 3);
	fault_each(NULL, run_all);
	fault_each(NULL, run_one);
	memset(&as_it_is, 0, sizeof as_it_is);
	assert_int_equal(
		discover_hosts(&(struct discover){ fixture.fd, fixture.fd }, note, &as_it_is), 0);
	assert_true(as_it_is.n > 1);
	fault_each(NULL, run_hosts);
	fixture_done(&fixture);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_holders),
		cmocka_unit_test(test_uses),
		cmocka_unit_test(test_devices),
	};

	return cmocka_run_group_tests_name("faults of looking", tests, NULL, NULL);
}
