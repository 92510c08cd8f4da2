/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who uses what of a tree: the same system as that of test-holders.c, seen whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "observe/files.h"
#include "observe/users.h"
#include "observe/uses.h"
#include "port/sysfs.h"

#include "fixture.h"

#define PROCESS(pid, ns, comm)                                                                     \
	"proc/" pid "/ns/mnt -> mnt:[" ns "]\nproc/" pid "/comm: " comm "\nproc/" pid "/fd/\n"
#define RUNS(pid)	 "proc/" pid "/exe -> /bin/tool\n"
#define UNIT(pid, unit)	 "proc/" pid "/cgroup: 0::/system.slice/" unit "\n"
#define MOUNT(pid, line) "proc/" pid "/mountinfo: " line "\n"
#define FD(pid, n, link, mount)                                                                    \
	"proc/" pid "/fd/" n " -> " link "\nproc/" pid "/fdinfo/" n ": flags: 0100000\nproc/" pid  \
	"/fdinfo/" n ": mnt_id: " mount "\n"
#define DATA  MOUNT("1", "30 20 8:17 / /data rw - xfs /dev/sdb1 rw")
#define BTRFS "sys/fs/btrfs/01234567-89ab-cdef-0123-456789abcdef/devices/"

enum { ROOT, SDA, SDA1, SDB, SDB1, MAP, VOLUME, LOOP, MD };

static struct node nodes[] = {
	[ROOT] = { .kind = NODE_ROOT, .sysfs = "devices" },
	[SDA] = { .kind = NODE_DISK, .depth = 1, .sysfs = "devices/sda", .devt = { 8, 0 } },
	[SDA1] = { .kind = NODE_PARTITION,
		.depth = 2,
		.sysfs = "devices/sda/sda1",
		.devt = { 8, 1 } },
	[SDB] = { .kind = NODE_DISK, .depth = 1, .sysfs = "devices/sdb", .devt = { 8, 16 } },
	[SDB1] = { .kind = NODE_PARTITION,
		.depth = 2,
		.sysfs = "devices/sdb/sdb1",
		.devt = { 8, 17 } },
	[MAP] = { .kind = NODE_MAP,
		.depth = 1,
		.sysfs = "devices/dm-0",
		.devt = { 254, 0 },
		.label = "ora",
		.slaves = "sdb gone",
		.is_multipath = true },
	[VOLUME] = { .kind = NODE_MAP,
		.depth = 1,
		.sysfs = "devices/dm-5",
		.devt = { 254, 5 },
		.label = "vg-lv",
		.slaves = "dm-0 sdb1",
		.is_volume = true },
	[LOOP] = { .kind = NODE_DISK, .depth = 1, .sysfs = "devices/loop3", .devt = { 7, 3 } },
	[MD] = { .kind = NODE_DISK, .depth = 1, .sysfs = "devices/md0", .devt = { 9, 0 } },
};

/* What there always is: the host's root, and devices upon others. */
#define ALWAYS_SDA1 "sda1 mount / critical\n"
#define ALWAYS_SDB  "sdb map dm-0\\x20ora by dm-0 path\n"
#define ALWAYS_SDB1 "sdb1 map dm-5\\x20vg-lv\\x20LVM by dm-5\n"
#define ALWAYS_MAP  "dm-0 map dm-5\\x20vg-lv\\x20LVM by dm-5\n"

static const struct {
	const char *rule, *extra, *want;
	bool missed;
} rows[] = {
	{ "devices upon others", "", ALWAYS_SDA1 ALWAYS_SDB ALWAYS_SDB1 ALWAYS_MAP, false },
	{ "mounts are with the device that they lie on",
		DATA MOUNT("1", "31 20 254:5 / /db rw - ext4 /dev/mapper/vg-lv rw"),
		ALWAYS_SDA1 ALWAYS_SDB "sdb1 mount /data\n" ALWAYS_SDB1 ALWAYS_MAP
				       "dm-5 mount /db\n",
		false },
	{ "a mount of another namespace, with who sees it",
		PROCESS("77", "200", "bash") RUNS("77") UNIT("77", "c.service")
			MOUNT("77", "40 39 8:17 / /mnt rw - xfs /dev/sdb1 rw"),
		ALWAYS_SDA1 ALWAYS_SDB "sdb1 mount /mnt 77 bash c.service\n" ALWAYS_SDB1 ALWAYS_MAP,
		false },
	{ "a mount point of any length",
		MOUNT("1",
			"30 20 8:17 / /var/lib/kubelet/pods/01234567-89ab-cdef-0123-456789abcdef/"
			"volumes/kubernetes.io~csi/pvc-01234567-89ab-cdef-0123/mount rw - xfs "
			"/dev/sdb1 rw"),
		ALWAYS_SDA1 ALWAYS_SDB
		"sdb1 mount /var/lib/kubelet/pods/01234567-89ab-cdef-0123-456789abcdef/volumes/"
		"kubernetes.io~csi/pvc-01234567-89ab-cdef-0123/mount\n" ALWAYS_SDB1 ALWAYS_MAP,
		false },
	{ "swap on a node is with the node, not with the root",
		"proc/swaps: /dev/dm-5 partition 8 0 -2\n",
		ALWAYS_SDA1 ALWAYS_SDB ALWAYS_SDB1 ALWAYS_MAP "dm-5 swap /dev/dm-5 critical\n",
		false },
	{ "swap on a file is with its file system", DATA "proc/swaps: /data/swap file 8 0 -2\n",
		ALWAYS_SDA1 ALWAYS_SDB
		"sdb1 mount /data\nsdb1 swap /data/swap critical\n" ALWAYS_SDB1 ALWAYS_MAP,
		false },
	{ "a loop device on a file is a device upon another",
		DATA "sys/block/loop3/dev: 7:3\nsys/block/loop3/loop/backing_file: /data/i\n",
		ALWAYS_SDA1 ALWAYS_SDB "sdb1 mount /data\n" ALWAYS_SDB1
				       "sdb1 loop loop3 by loop3\n" ALWAYS_MAP,
		false },
	{ "a loop device on a file that another namespace has mounted closer",
		PROCESS("77", "200", "bash") RUNS("77") MOUNT(
			"77", "39 38 8:16 / /mnt rw - xfs /dev/sdb rw") MOUNT("77",
			"40 39 8:17 / /mnt/x rw - xfs /dev/sdb1 rw") "sys/block/loop3/dev: "
								     "7:3\nsys/block/loop3/loop/"
								     "backing_file: /mnt/x/i\n",
		"sda1 mount / critical\nsda1 loop loop3 by loop3\nsdb mount /mnt 77 "
		"bash\n" ALWAYS_SDB "sdb1 mount /mnt/x 77 bash\n" ALWAYS_SDB1
		"sdb1 loop loop3 by loop3\n" ALWAYS_MAP,
		false },
	{ "a loop device on a node",
		"sys/block/loop3/dev: 7:3\nsys/block/loop3/loop/backing_file: /dev/sdb\n",
		ALWAYS_SDA1 ALWAYS_SDB "sdb loop loop3 by loop3\n" ALWAYS_SDB1 ALWAYS_MAP, false },
	{ "an export", "sys/kernel/config/target/core/iblock_0/b/udev_path: /dev/dm-5\n",
		ALWAYS_SDA1 ALWAYS_SDB ALWAYS_SDB1 ALWAYS_MAP
		"dm-5 export target/core/iblock_0/b\n",
		false },
	{ "a process with the node open, and whose it is",
		FD("51", "3", "/dev/sdb", "25") UNIT("51", "a.service"),
		ALWAYS_SDA1 ALWAYS_SDB
		"sdb open /dev/sdb 51 sleep a.service\n" ALWAYS_SDB1 ALWAYS_MAP,
		false },
	{ "one with a file open in its file system",
		DATA FD("51", "3", "/data/a\\040b", "30") UNIT("51", "a.service"),
		ALWAYS_SDA1 ALWAYS_SDB "sdb1 mount /data\n" ALWAYS_SDB1
				       "sdb1 open /data/a\\x5c040b 51 sleep a.service\n" ALWAYS_MAP,
		false },
	{ "it is told once, and once for each file system",
		DATA FD("51", "3", "/data/a", "30") FD("51", "4", "/data/b", "30") MOUNT("1",
			"31 20 254:5 / /db rw - ext4 /dev/dm-5 rw") FD("51", "5", "/db/x", "31"),
		ALWAYS_SDA1 ALWAYS_SDB "sdb1 mount /data\n" ALWAYS_SDB1
				       "sdb1 open /data/a 51 sleep\n" ALWAYS_MAP
				       "dm-5 mount /db\ndm-5 open /db/x 51 sleep\n",
		false },
	{ "a file of the host's own root is everybody's", FD("51", "3", "/etc/x", "20"),
		ALWAYS_SDA1 ALWAYS_SDB ALWAYS_SDB1 ALWAYS_MAP, false },
	{ "one of a dead server is not looked at", FD("51", "3", "/net/x", "22"),
		ALWAYS_SDA1 ALWAYS_SDB ALWAYS_SDB1 ALWAYS_MAP, false },
	{ "where a process stands", DATA "proc/51/cwd -> /data/in\nproc/51/root -> /\n" RUNS("51"),
		ALWAYS_SDA1 ALWAYS_SDB "sdb1 mount /data\n" ALWAYS_SDB1
				       "sdb1 open cwd\\x20/data/in 51 sleep\n" ALWAYS_MAP,
		false },
	{ "a program that runs from there", DATA "proc/51/cwd -> /\nproc/51/exe -> /data/bin/x\n",
		ALWAYS_SDA1 ALWAYS_SDB "sdb1 mount /data\n" ALWAYS_SDB1
				       "sdb1 open exe\\x20/data/bin/x 51 sleep\n" ALWAYS_MAP,
		false },
	{ "a root below it", DATA "proc/51/root -> /data\n" RUNS("51"),
		ALWAYS_SDA1 ALWAYS_SDB "sdb1 mount /data\n" ALWAYS_SDB1
				       "sdb1 open root\\x20/data 51 sleep\n" ALWAYS_MAP,
		false },
	{ "it stands where its own namespace has it",
		DATA PROCESS("77", "200", "bash") RUNS("77") "proc/77/cwd -> /data\n" MOUNT(
			"77", "40 39 254:5 / /data rw - xfs /dev/dm-5 rw"),
		ALWAYS_SDA1 ALWAYS_SDB
		"sdb1 mount /data\n" ALWAYS_SDB1 ALWAYS_MAP
		"dm-5 mount /data 77 bash\ndm-5 open cwd\\x20/data 77 bash\n",
		false },
	{ "a thread of the kernel stands in the root and holds nothing",
		PROCESS("77", "200", "kthreadd") "proc/77/cwd -> /\nproc/77/root -> /\n" MOUNT(
			"77", "40 39 8:17 / / rw - xfs /dev/sdb1 rw"),
		ALWAYS_SDA1 ALWAYS_SDB "sdb1 mount / 77 kthreadd\n" ALWAYS_SDB1 ALWAYS_MAP, false },
	{ "one that hangs in its end holds where it stood", DATA "proc/51/cwd -> /data\n",
		ALWAYS_SDA1 ALWAYS_SDB "sdb1 mount /data\n" ALWAYS_SDB1
				       "sdb1 open cwd\\x20/data 51 sleep\n" ALWAYS_MAP,
		false },
	{ "we ourselves do not count", DATA "proc/50/cwd -> /data\n" RUNS("50"),
		ALWAYS_SDA1 ALWAYS_SDB "sdb1 mount /data\n" ALWAYS_SDB1 ALWAYS_MAP, false },
	{ "a btrfs is with all its devices",
		MOUNT("1", "34 20 0:50 / /b rw - btrfs /dev/md0 rw") BTRFS
		"sdb1/dev: 8:17\n" BTRFS "md0/dev: 9:0\n" FD("51", "3", "/b/x", "34"),
		ALWAYS_SDA1 ALWAYS_SDB "sdb1 mount /b\n" ALWAYS_SDB1
				       "sdb1 open /b/x 51 sleep\n" ALWAYS_MAP
				       "md0 mount /b\nmd0 open /b/x 51 sleep\n",
		false },
	{ "... whose mount is not found is doubtful", BTRFS "sdb1/dev: 8:17\n",
		ALWAYS_SDA1 ALWAYS_SDB
		"sdb1 other btrfs\\x2001234567-89ab-cdef-0123-456789abcdef doubtful\n" ALWAYS_SDB1
			ALWAYS_MAP,
		false },
	{ "a mount of a device that the tree has not",
		MOUNT("1", "31 20 259:0 / /nvme rw - ext4 /dev/nvme0n1 rw"),
		ALWAYS_SDA1 ALWAYS_SDB ALWAYS_SDB1 ALWAYS_MAP, false },
	{ "a process that cannot be looked at",
		"proc/60/ns/mnt -> mnt:[100]\nproc/60/comm: x\n"
		"proc/60/fd: not a directory\n",
		ALWAYS_SDA1 ALWAYS_SDB ALWAYS_SDB1 ALWAYS_MAP, true },
	{ "a namespace that nobody is in",
		MOUNT("1", "35 20 0:4 mnt:[777] /run/ns rw - nsfs nsfs rw"),
		ALWAYS_SDA1 ALWAYS_SDB ALWAYS_SDB1 ALWAYS_MAP, true },
};

static int root_fd;

/* Stands for statx(): follows an absolute link below the fixture's root. */
static int number_of(int at, const char *path, struct devt *ret)
{
	char link[256], text[64];
	int r = sysfs_read_link(at, path, link, sizeof link);

	r = r < 0 ? sysfs_read_text(at, path, text, sizeof text)
		  : sysfs_read_text(root_fd, link + 1, text, sizeof text);
	if (r < 0)
		return r;
	return text[0] == 'b' ? devt_parse(text + 2, ret) : -ENOTBLK;
}

static void print_use(const struct use *u, struct text *out)
{
	text_addf(out, "%s %s ", u->on, hold_kind_name(u->kind));
	text_add_escaped(out, u->what);
	if (u->by != USE_NO_NODE)
		text_addf(out, " by %s", node_name(&nodes[u->by]));
	if (u->pid)
		text_addf(out, " %u %s", u->pid, u->comm ? u->comm : "?");
	if (u->unit)
		text_addf(out, " %s", u->unit);
	text_addf(out, "%s%s%s\n", u->critical ? " critical" : "", u->is_path ? " path" : "",
		u->is_doubtful ? " doubtful" : "");
}

static void look(const char *extra, instant deadline, struct uses *ret)
{
	const struct tree tree = { nodes, ARRAY_SIZE(nodes), true };
	struct scan scan = { .node_number = number_of, .deadline = deadline, .trusted = geteuid() };
	struct fixture f;
	struct users users;
	struct files files;

	fixture_init(&f, "system.txt");
	fixture_add(&f, extra);
	root_fd = f.fd;
	scan.proc = sysfs_open(f.fd, "proc");
	scan.sys = sysfs_open(f.fd, "sys");
	scan.dev = sysfs_open(f.fd, "dev");
	scan.root = sysfs_open(f.fd, ".");
	users_read(&scan, &users);
	files_read(&scan, &users.mounts, &files);
	assert_int_equal(uses_match(&users, &files, &tree, ret), 0);
	files_done(&files);
	users_done(&users);
	scan_done(&scan);
	fixture_done(&f);
}

static void who_uses_what(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(uses_done) struct uses uses = { 0 };
		struct text t = TEXT_INIT;

		look(rows[i].extra, INSTANT_FAR, &uses);
		for (size_t k = 0; k < uses.n; k++)
			print_use(&uses.all[k], &t);
		if (strcmp(text_str(&t), rows[i].want) != 0)
			fail_msg("%s:\n%sand not\n%s", rows[i].rule, text_str(&t), rows[i].want);
		if (uses.complete == rows[i].missed)
			fail_msg("%s: complete", rows[i].rule);
		text_done(&t);
	}
}

static void a_deadline_ends_the_look(void **state)
{
	_cleanup_(uses_done) struct uses uses = { 0 };

	(void)state;
	look("", INSTANT_NEVER, &uses);
	assert_false(uses.complete);
}

/* On this machine: whoever it is, it ends, and what it says can be used. */
static void of_the_real_system(void **state)
{
	_cleanup_(uses_done) struct uses uses = { 0 };
	const struct tree tree = { nodes, ARRAY_SIZE(nodes), true };

	(void)state;
	assert_int_equal(uses_read(&tree, INSTANT_NEVER, &uses), 0);
	assert_false(uses.complete);
	for (size_t i = 0; i < uses.n; i++)
		assert_non_null(uses.all[i].what);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_uses_what),
		cmocka_unit_test(a_deadline_ends_the_look),
		cmocka_unit_test(of_the_real_system),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
