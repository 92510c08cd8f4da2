/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "observe/holders.h"
#include "observe/holders_match.h"
#include "port/packet.h"
#include "port/sysfs.h"

#include "fixture.h"

#define MOUNT(pid, line)       "proc/" pid "/mountinfo: " line "\n"
#define PROCESS(pid, ns, comm) "proc/" pid "/ns/mnt -> mnt:[" ns "]\nproc/" pid "/comm: " comm "\n"
#define PARENT(pid, comm, parent)                                                                  \
	"proc/" pid "/stat: " pid " (" comm ") S " parent " 1 1 0 -1 4194304\n"
#define FD(pid, n, link, flags, mount)                                                             \
	"proc/" pid "/fd/" n " -> " link "\nproc/" pid "/fdinfo/" n ": pos: 0\nproc/" pid          \
	"/fdinfo/" n ": flags: " flags "\nproc/" pid "/fdinfo/" n ": mnt_id: " mount "\n"
#define ON(below, name, above)                                                                     \
	"sys/devices/" below "/holders/" name " -> ../../../../" above "/" name "\n"
#define ON_PART(below, name)                                                                       \
	"sys/devices/" below "/holders/" name " -> ../../../../../virtual/block/" name "\n"
#define DATA		  MOUNT("1", "30 20 8:17 / /data rw - xfs /dev/sdb1 rw")
#define SHARED_DATA	  MOUNT("1", "30 20 8:17 / /data rw shared:7 - xfs /dev/sdb1 rw")
#define MAP_ON_SDB	  ON("pci/block/sdb", "dm-0", "virtual/block")
#define LV_ON_SDB1	  ON_PART("pci/block/sdb/sdb1", "dm-5")
#define LV_ON_MAP	  ON("virtual/block/dm-0", "dm-5", "virtual/block")
#define LOOP3(file)	  "sys/block/loop3/dev: 7:3\nsys/block/loop3/loop/backing_file: " file "\n"
#define BACKSTORE(name)	  "sys/kernel/config/target/core/" name
#define BTRFS(uuid, name) "sys/fs/btrfs/" uuid "/devices/" name "/dev: "
#define UUID		  "01234567-89ab-cdef-0123-456789abcdef"

#define NOBODY	 "holders complete=yes"
#define SHOWN(n) "holders complete=yes found=" n " "
#define LV_WHAT	 "vg-lv"

static const struct row {
	const char *rule, *extra, *want;
	struct devt map;
	bool untrusted, late;
} rows[] = {
	{ "nobody", "", NOBODY, { 0 }, 0, 0 },
	{ "a mount of a partition", DATA, SHOWN("1") "hold.0.kind=mount hold.0.what=/data", { 0 },
		0, 0 },
	{ "a mount in a namespace that only process 77 is in",
		PROCESS("77", "200", "bash") "proc/77/fd/\n" MOUNT(
			"77", "40 39 8:17 / /mnt rw - xfs /dev/sdb1 rw"),
		SHOWN("1") "hold.0.kind=mount hold.0.pid=77 hold.0.what=/mnt", { 0 }, 0, 0 },
	{ "the same mount in two namespaces is the first process'",
		SHARED_DATA PROCESS("77", "200", "bash") "proc/77/fd/\n" MOUNT(
			"77", "40 39 8:17 / /data rw master:7 - xfs /dev/sdb1 rw"),
		SHOWN("1") "hold.0.kind=mount hold.0.what=/data", { 0 }, 0, 0 },
	{ "... also where both are peers",
		SHARED_DATA PROCESS("77", "200", "bash") "proc/77/fd/\n" MOUNT(
			"77", "40 39 8:17 / /data rw shared:7 - xfs /dev/sdb1 rw"),
		SHOWN("1") "hold.0.kind=mount hold.0.what=/data", { 0 }, 0, 0 },
	{ "a copy that does not go with it is another one",
		SHARED_DATA PROCESS("77", "200", "bash") "proc/77/fd/\n" MOUNT(
			"77", "40 39 8:17 / /data rw - xfs /dev/sdb1 rw"),
		SHOWN("2") "hold.0.kind=mount hold.0.what=/data hold.1.kind=mount hold.1.pid=77 "
			   "hold.1.what=/data",
		{ 0 }, 0, 0 },
	{ "... nor does one that follows somebody else",
		SHARED_DATA PROCESS("77", "200", "bash") "proc/77/fd/\n" MOUNT(
			"77", "40 39 8:17 / /data rw shared:8 master:9 - xfs /dev/sdb1 rw"),
		SHOWN("2") "hold.0.kind=mount hold.0.what=/data hold.1.kind=mount hold.1.pid=77 "
			   "hold.1.what=/data",
		{ 0 }, 0, 0 },
	{ "the root of the host", MOUNT("1", "30 20 8:17 / / rw - xfs /dev/sdb1 rw"),
		SHOWN("1") "hold.0.kind=mount hold.0.critical=yes hold.0.what=/", { 0 }, 0, 0 },
	{ "/boot", MOUNT("1", "30 20 8:16 / /boot rw - xfs /dev/sdb rw"),
		SHOWN("1") "hold.0.kind=mount hold.0.critical=yes hold.0.what=/boot", { 0 }, 0, 0 },
	{ "the root of a container is not critical",
		PROCESS("77", "200", "bash") "proc/77/fd/\n" MOUNT(
			"77", "40 39 8:17 / / rw - xfs /dev/sdb1 rw"),
		SHOWN("1") "hold.0.kind=mount hold.0.pid=77 hold.0.what=/", { 0 }, 0, 0 },
	{ "a bind mount below the root is critical no more than it is the root",
		MOUNT("1", "30 20 8:17 /sub /srv rw - xfs /dev/sdb1 rw"),
		SHOWN("1") "hold.0.kind=mount hold.0.what=/srv", { 0 }, 0, 0 },
	{ "an external journal",
		MOUNT("1", "30 20 8:1 / /x rw - xfs /dev/sda1 rw,logdev=/dev/sdb1,noquota"),
		SHOWN("1") "hold.0.kind=mount hold.0.what=/x", { 0 }, 0, 0 },
	{ "swap on a logical volume on a partition",
		LV_ON_SDB1 "proc/swaps: Filename Type Size Used Priority\nproc/swaps: /dev/dm-5 "
			   "partition 8 0 -2\n",
		SHOWN("2") "hold.0.kind=swap hold.0.critical=yes hold.0.what=/dev/dm-5 "
			   "hold.1.kind=map hold.1.what=dm-5\\x20" LV_WHAT,
		{ 0 }, 0, 0 },
	{ "swap on a file of a file system on it",
		DATA "proc/swaps: /data/swap\\040file file 8 0 -2\n",
		SHOWN("2") "hold.0.kind=swap hold.0.critical=yes hold.0.what=/data/swap\\x20file "
			   "hold.1.kind=mount hold.1.what=/data",
		{ 0 }, 0, 0 },
	{ "swap on a file that only looks so", DATA "proc/swaps: /data2/swapfile file 8 0 -2\n",
		SHOWN("1") "hold.0.kind=mount hold.0.what=/data", { 0 }, 0, 0 },
	{ "a file system that hides another one",
		DATA MOUNT("1",
			"31 30 8:1 /x /data rw - ext4 /dev/sda1 rw") "proc/swaps: /data/swapfile "
								     "file 8 0 -2\n",
		SHOWN("1") "hold.0.kind=mount hold.0.what=/data", { 0 }, 0, 0 },
	{ "swap on nobody knows what", "proc/swaps: /dev/sdz partition 8 0 -2\n", "holders", { 0 },
		0, 0 },
	{ "a loop device on the node, and what is mounted from it",
		LOOP3("/dev/sdb") MOUNT("1", "33 20 7:3 / /iso ro - iso9660 /dev/loop3 ro"),
		SHOWN("2") "hold.0.kind=mount hold.0.what=/iso hold.1.kind=loop hold.1.what=loop3",
		{ 0 }, 0, 0 },
	{ "the root on a loop device on a file on it",
		DATA LOOP3("/data/root.img")
			MOUNT("1", "33 20 7:3 / / ro - squashfs /dev/loop3 ro"),
		SHOWN("3") "hold.0.kind=mount hold.0.critical=yes hold.0.what=/ hold.1.kind=mount "
			   "hold.1.what=/data hold.2.kind=loop hold.2.what=loop3",
		{ 0 }, 0, 0 },
	{ "a loop device on a file that only another namespace has mounted",
		PROCESS("77", "200", "bash") "proc/77/fd/\n" MOUNT(
			"77", "40 39 8:17 / /mnt rw - xfs /dev/sdb1 rw") LOOP3("/mnt/i"),
		SHOWN("2") "hold.0.kind=mount hold.0.pid=77 hold.0.what=/mnt hold.1.kind=loop "
			   "hold.1.what=loop3",
		{ 0 }, 0, 0 },
	{ "a loop device on another file", LOOP3("/root.img"), NOBODY, { 0 }, 0, 0 },
	{ "a loop device that is bound to nothing", "sys/block/loop3/dev: 7:3\n", NOBODY, { 0 }, 0,
		0 },
	{ "the map that was named is not use", MAP_ON_SDB, NOBODY, { 254, 0 }, 0, 0 },
	{ "another map is", MAP_ON_SDB, SHOWN("1") "hold.0.kind=map hold.0.what=dm-0\\x20oradata",
		{ 254, 9 }, 0, 0 },
	{ "what stands on the map is",
		MAP_ON_SDB LV_ON_MAP MOUNT("1", "30 20 254:5 / /db rw - ext4 /dev/mapper/vg-lv rw"),
		SHOWN("2") "hold.0.kind=mount hold.0.what=/db hold.1.kind=map "
			   "hold.1.what=dm-5\\x20vg-lv",
		{ 254, 0 }, 0, 0 },
	{ "an md device; two ways to one device count once",
		ON("pci/block/sdb", "md0", "virtual/block") ON_PART("pci/block/sdb/sdb1", "md0"),
		SHOWN("1") "hold.0.kind=md hold.0.what=md0", { 0 }, 0, 0 },
	{ "devices upon each other in a circle",
		MAP_ON_SDB LV_ON_MAP ON("virtual/block/dm-5", "dm-0", "virtual/block"),
		SHOWN("1") "hold.0.kind=map hold.0.what=dm-5\\x20vg-lv", { 254, 0 }, 0, 0 },
	{ "a backstore of the kernel's target",
		BACKSTORE("iblock_0/b/enable: 1\n")
			BACKSTORE("iblock_0/b/info: Status: ACTIVATED\n") BACKSTORE(
				"iblock_0/b/info:         Major: 8 Minor: 17  CLAIMED: IBLOCK\n"),
		SHOWN("1") "hold.0.kind=export hold.0.what=target/core/iblock_0/b", { 0 }, 0, 0 },
	{ "one that tells its path only", BACKSTORE("fileio_0/b/udev_path: /dev/sdb\n"),
		SHOWN("1") "hold.0.kind=export hold.0.what=target/core/fileio_0/b", { 0 }, 0, 0 },
	{ "one that is not enabled",
		BACKSTORE("iblock_0/b/enable: 0\n") BACKSTORE("iblock_0/b/udev_path: /dev/sdb\n"),
		NOBODY, { 0 }, 0, 0 },
	{ "a namespace of the kernel's NVMe target",
		"sys/kernel/config/nvmet/subsystems/nqn.x/namespaces/1/enable: "
		"1\nsys/kernel/config/nvmet/subsystems/nqn.x/namespaces/1/device_path: /dev/sdb\n",
		SHOWN("1") "hold.0.kind=export hold.0.what=nvmet/subsystems/nqn.x/namespaces/1",
		{ 0 }, 0, 0 },
	{ "a mounted btrfs names one of its devices, and keeps all",
		MOUNT("1", "34 20 0:50 / /b rw - btrfs /dev/md0 rw")
			BTRFS(UUID, "sdb1") "8:17\n" BTRFS(UUID, "md0") "9:0\n",
		SHOWN("1") "hold.0.kind=mount hold.0.what=/b", { 0 }, 0, 0 },
	{ "a btrfs whose mount is not found may be the root", BTRFS(UUID, "sdb1") "8:17\n",
		"holders found=1 hold.0.what=btrfs\\x20" UUID, { 0 }, 0, 0 },
	{ "an open descriptor", FD("51", "3", "/dev/sdb", "0100000", "25"),
		SHOWN("1") "hold.0.kind=open hold.0.pid=51 hold.0.what=/dev/sdb hold.0.comm=sleep",
		{ 0 }, 0, 0 },
	{ "two of one process are one",
		FD("51", "3", "/dev/sdb", "0100000", "25")
			FD("51", "4", "/dev/sdb", "0100000", "25"),
		SHOWN("1") "hold.0.kind=open hold.0.pid=51 hold.0.what=/dev/sdb hold.0.comm=sleep",
		{ 0 }, 0, 0 },
	{ "one that only names the node", FD("51", "3", "/dev/sdb", "012100000", "25"), NOBODY,
		{ 0 }, 0, 0 },
	{ "a node elsewhere, on a mount that answers",
		"data/disk: b 8:16\n" FD("51", "3", "/data/disk", "0100000", "20"),
		SHOWN("1") "hold.0.kind=open hold.0.pid=51 hold.0.what=/data/disk "
			   "hold.0.comm=sleep",
		{ 0 }, 0, 0 },
	{ "a file on another machine is not asked for",
		"net/disk: b 8:16\n" FD("51", "3", "/net/disk", "0100000", "22"), NOBODY, { 0 }, 0,
		0 },
	{ "a file on a mount that nobody has any more is not asked for",
		"old/disk: b 8:16\n" FD("51", "3", "/old/disk", "0100000", "99"), NOBODY, { 0 }, 0,
		0 },
	{ "a udev worker",
		PROCESS("60", "100", "(udev-worker)") FD("60", "3", "/dev/sdb", "0100000", "25"),
		SHOWN("1") "hold.0.kind=open hold.0.pid=60 hold.0.udev=yes hold.0.what=/dev/sdb "
			   "hold.0.comm=(udev-worker)",
		{ 0 }, 0, 0 },
	{ "a program of a udev worker's, by a shell",
		PROCESS("60", "100", "(udev-worker)") PROCESS("61", "100", "sh")
			PROCESS("62", "100", "multipath") PARENT("61", "sh", "60") PARENT(
				"62", "a ) b", "61") FD("62", "3", "/dev/sdb", "0100000", "25"),
		SHOWN("1") "hold.0.kind=open hold.0.pid=62 hold.0.udev=yes hold.0.what=/dev/sdb "
			   "hold.0.comm=multipath",
		{ 0 }, 0, 0 },
	{ "a program of somebody else's",
		PROCESS("60", "100", "udev-worker") PROCESS("62", "100", "multipath")
			PARENT("62", "multipath", "60") FD("62", "3", "/dev/sdb", "0100000", "25"),
		SHOWN("1") "hold.0.kind=open hold.0.pid=62 hold.0.what=/dev/sdb "
			   "hold.0.comm=multipath",
		{ 0 }, 0, 0 },
	{ "multipathd and our helpers are not use",
		PROCESS("60", "100", "multipathd") FD("60", "3", "/dev/sdb", "0100000", "25")
			FD("50", "3", "/dev/sdb", "0100000", "25"),
		NOBODY, { 0 }, 0, 0 },
	{ "who merely calls himself so is",
		PROCESS("60", "100", "multipathd") FD("60", "3", "/dev/sdb", "0100000", "25"),
		SHOWN("1") "hold.0.kind=open hold.0.pid=60 hold.0.what=/dev/sdb "
			   "hold.0.comm=multipathd",
		{ 0 }, true, 0 },
	{ "a process whose first thread ended",
		"proc/70/comm: tool\nproc/70/task/71/ns/mnt -> mnt:[100]\nproc/70/task/71/comm: "
		"tool\n" FD("70/task/71", "3", "/dev/sdb", "0100000", "25"),
		SHOWN("1") "hold.0.kind=open hold.0.pid=70 hold.0.what=/dev/sdb hold.0.comm=tool",
		{ 0 }, 0, 0 },
	{ "a process that cannot be looked at",
		PROCESS("60", "100", "x") "proc/60/fd: not a directory\n", "holders", { 0 }, 0, 0 },
	{ "... and one that ended while it was",
		"proc/60/ns/mnt -> mnt:[100]\nproc/60/fd: not a directory\n", NOBODY, { 0 }, 0, 0 },
	{ "a namespace that cannot be read",
		PROCESS("60", "300", "x") "proc/60/fd/\nproc/60/mountinfo/\n", "holders", { 0 }, 0,
		0 },
	{ "a line of a mount that makes no sense", MOUNT("1", "what is this"), "holders", { 0 }, 0,
		0 },
	{ "a process in a jail does not see all, and its namespace cannot be entered",
		PROCESS("77", "200", "jailed") "proc/77/fd/\nproc/77/root -> /jail\n" MOUNT(
			"77", "40 39 8:17 / / rw - xfs /dev/sdb1 rw"),
		"holders", { 0 }, 0, 0 },
	{ "... another one of that namespace does",
		PROCESS("77", "200", "jailed") "proc/77/fd/\nproc/77/root -> /jail\n" PROCESS(
			"78", "200", "bash") "proc/78/fd/\nproc/78/root -> /\n" MOUNT("78",
			"40 39 8:17 / /x rw - xfs /dev/sdb1 rw"),
		SHOWN("1") "hold.0.kind=mount hold.0.pid=78 hold.0.what=/x", { 0 }, 0, 0 },
	{ "... and so does the first, of its own",
		DATA PROCESS("77", "100", "jailed") "proc/77/fd/\nproc/77/root -> /jail\n",
		SHOWN("1") "hold.0.kind=mount hold.0.what=/data", { 0 }, 0, 0 },
	{ "a namespace that nobody is in",
		MOUNT("1", "35 20 0:4 mnt:[777] /run/ns rw - nsfs nsfs rw"), "holders", { 0 }, 0,
		0 },
	{ "a network namespace is no concern",
		MOUNT("1", "35 20 0:4 net:[777] /run/ns rw - nsfs nsfs rw"), NOBODY, { 0 }, 0, 0 },
	{ "a bound namespace that somebody is in",
		MOUNT("1", "35 20 0:4 mnt:[200] /run/ns rw - nsfs nsfs rw") PROCESS("77", "200",
			"x") "proc/77/fd/\n" MOUNT("77", "1 1 0:2 / / rw - tmpfs t rw"),
		NOBODY, { 0 }, 0, 0 },
	{ "the deadline passed", "", "holders", { 0 }, 0, true },
};

static int root_fd;

/* Stands for statx(): follows an absolute link below the tree's root. */
static int number_of(int at, const char *path, struct devt *ret)
{
	char link[256], text[64];
	int r = sysfs_read_link(at, path, link, sizeof link);

	r = r < 0 ? sysfs_read_text(at, path, text, sizeof text)
		  : sysfs_read_text(root_fd, link + 1, text, sizeof text);
	if (r < 0)
		return r;
	assert_null(strstr(link, "/net/"));
	return text[0] == 'b' ? devt_parse(text + 2, ret) : -ENOTBLK;
}

static void look(const struct row *row, const struct act_holders *wanted, struct observation *o)
{
	struct fixture f;
	struct scan scan = { .node_number = number_of,
		.deadline = row->late ? INSTANT_NEVER : INSTANT_FAR,
		.trusted = row->untrusted ? geteuid() + 1 : geteuid() };
	struct users users;

	fixture_init(&f, "system.txt");
	fixture_add(&f, row->extra);
	root_fd = f.fd;
	scan.proc = sysfs_open(f.fd, "proc");
	scan.sys = sysfs_open(f.fd, "sys");
	scan.dev = sysfs_open(f.fd, "dev");
	scan.root = sysfs_open(f.fd, ".");
	users_read(&scan, &users);
	*o = (struct observation){ .kind = OBS_HOLDERS };
	holders_match(&users, wanted, &o->holders);
	users_done(&users);
	scan_done(&scan);
	fixture_done(&f);
}

static void what_holds_a_disk(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct act_holders wanted = {
			.devt = { 8, 16 }, .dev = "sdb", .map = rows[i].map
		};
		struct text printed = TEXT_INIT;
		struct observation o;

		look(&rows[i], &wanted, &o);
		observation_print(&o, &printed);
		if (strcmp(text_str(&printed), rows[i].want) != 0)
			fail_msg("%s:\n  %s, and not\n  %s", rows[i].rule, text_str(&printed),
				rows[i].want);
		text_done(&printed);
	}
}

static void a_number_that_is_another_device_is_not_resolved(void **state)
{
	static const struct act_holders wanted[] = {
		{ .devt = { 8, 16 }, .dev = "sdc" },
		{ .devt = { 8, 99 }, .dev = "sdb" },
		{ .dev = "sdb" },
		{ .devt = { 8, 16 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		struct observation o;

		look(&rows[0], &wanted[i], &o);
		assert_false(o.holders.complete);
	}
}

static void what_one_device_hides_is_not_held_against_the_next(void **state)
{
	static const struct row row = { .extra = "sys/fs/btrfs/" UUID "/devices/sdb1/dev: 8:17\n" };
	const struct act_holders first = { .devt = { 8, 16 }, .dev = "sdb" },
				 second = { .devt = { 9, 0 }, .dev = "md0" };
	struct fixture f;
	struct scan scan = { .node_number = number_of, .deadline = INSTANT_FAR };
	struct users users;
	struct obs_holders o;

	(void)state;
	fixture_init(&f, "system.txt");
	fixture_add(&f, row.extra);
	root_fd = f.fd;
	scan.proc = sysfs_open(f.fd, "proc");
	scan.sys = sysfs_open(f.fd, "sys");
	scan.dev = sysfs_open(f.fd, "dev");
	scan.root = sysfs_open(f.fd, ".");
	users_read(&scan, &users);
	holders_match(&users, &first, &o);
	assert_false(o.complete);
	holders_match(&users, &second, &o);
	assert_true(o.complete);
	users_done(&users);
	scan_done(&scan);
	fixture_done(&f);
}

static void of_many_holds_the_critical_are_shown_first(void **state)
{
	struct text extra = TEXT_INIT;
	struct row row = { .rule = "many" };
	const struct act_holders wanted = { .devt = { 8, 16 }, .dev = "sdb" };
	struct observation o;

	(void)state;
	for (unsigned i = 100; i < 140; i++)
		text_addf(&extra,
			"proc/%u/ns/mnt -> mnt:[100]\nproc/%u/comm: reader\nproc/%u/fd/3 -> "
			"/dev/sdb\n"
			"proc/%u/fdinfo/3: flags: 0\nproc/%u/fdinfo/3: mnt_id: 1\n",
			i, i, i, i, i);
	text_add(&extra, DATA MOUNT("1", "36 20 8:17 / /usr rw - xfs /dev/sdb1 rw"));
	row.extra = text_str(&extra);
	look(&row, &wanted, &o);
	assert_true(o.holders.complete);
	assert_int_equal(o.holders.n_holds, 42);
	assert_true(o.holders.holds[0].critical);
	assert_string_equal(o.holders.holds[0].what, "/usr");
	assert_string_equal(o.holders.holds[1].what, "/data");
	assert_int_equal(o.holders.holds[15].kind, HOLD_OPEN);
	text_done(&extra);
}

/* Questions come faster than a host with many processes can be looked at. */
static void what_waits_is_answered_with_one_look(void **state)
{
	static struct packet packet;
	struct action a = { .kind = ACT_FIND_HOLDERS };
	struct observation o;
	int pair[2], status;
	pid_t pid;

	(void)state;
	assert_int_equal(packet_pair(pair), 0);
	for (a.id = 1; a.id <= 5; a.id++)
		assert_int_equal(packet_send_one(pair[0], &a, action_size(&a), NULL, 0), 0);
	pid = fork();
	if (pid == 0) {
		close(pair[0]);
		_exit(scanner_main(pair[1], 0));
	}
	close(pair[1]);
	assert_int_equal(packet_wait(pair[0], false), 0);
	assert_int_equal(packet_receive(pair[0], &packet), 1);
	for (uint64_t id = 1; id <= 5; id++) {
		assert_int_equal(packet_next(&packet, &o, sizeof o), 1);
		assert_int_equal(o.kind, OBS_HOLDERS);
		assert_int_equal(o.action, id);
	}
	close(pair[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_holds_a_disk),
		cmocka_unit_test(a_number_that_is_another_device_is_not_resolved),
		cmocka_unit_test(what_one_device_hides_is_not_held_against_the_next),
		cmocka_unit_test(of_many_holds_the_critical_are_shown_first),
		cmocka_unit_test(what_waits_is_answered_with_one_look),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
