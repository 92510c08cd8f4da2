/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "observe/exports.h"
#include "observe/mountinfo.h"
#include "observe/opens.h"

static const struct {
	const char *rule, *line;
	int want;
	struct mountinfo mount;
} rows[] = {
	{ "an ordinary line",
		"36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=x", 0,
		{ 36, { 98, 0 }, 0, 1, "/mnt1", "/mnt2", "ext3", "/dev/root", "rw,errors=x" } },
	{ "no optional fields", "36 35 0:5 / /p rw - tmpfs none rw", 0,
		{ 36, { 0, 5 }, 0, 0, "/", "/p", "tmpfs", "none", "rw" } },
	{ "many optional fields",
		"36 35 0:5 / /p rw shared:1 master:2 propagate_from:3 - tmpfs t rw", 0,
		{ 36, { 0, 5 }, 1, 2, "/", "/p", "tmpfs", "t", "rw" } },
	{ "peers whose number is none", "1 1 8:1 / /x rw shared:x master:-1 - xfs x rw", 0,
		{ 1, { 8, 1 }, 0, 0, "/", "/x", "xfs", "x", "rw" } },
	{ "blanks, newlines and backslashes in names",
		"1 1 8:1 /a\\040b /c\\012\\134d rw - xfs /dev/x\\011y rw", 0,
		{ 1, { 8, 1 }, 0, 0, "/a b", "/c\n\\d", "xfs", "/dev/x\ty", "rw" } },
	{ "what looks like an escape and is none", "1 1 8:1 / /a\\4b\\999\\777 rw - xfs x rw", 0,
		{ 1, { 8, 1 }, 0, 0, "/", "/a\\4b\\999\\777", "xfs", "x", "rw" } },
	{ "a name does not end in its middle", "1 1 8:1 / /a\\000b rw - xfs x rw", 0,
		{ 1, { 8, 1 }, 0, 0, "/", "/a\\000b", "xfs", "x", "rw" } },
	{ "a mount point called -", "1 1 8:1 / - rw - xfs /dev/x rw", 0,
		{ 1, { 8, 1 }, 0, 0, "/", "-", "xfs", "/dev/x", "rw" } },
	{ "a file system without options", "1 1 8:1 / /x rw - xfs /dev/x", 0,
		{ 1, { 8, 1 }, 0, 0, "/", "/x", "xfs", "/dev/x", "" } },
	{ "no separator", "1 1 8:1 / /x rw shared:1 xfs /dev/x rw", -EBADMSG, { 0 } },
	{ "cut behind the separator", "1 1 8:1 / /x rw - xfs", -EBADMSG, { 0 } },
	{ "a number that is none", "1 1 8:x / /x rw - xfs /dev/x rw", -EBADMSG, { 0 } },
	{ "an id that is none", "-1 1 8:1 / /x rw - xfs /dev/x rw", -EBADMSG, { 0 } },
	{ "nothing", "", -EBADMSG, { 0 } },
};

static void lines_of_mountinfo(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(freep) char *line = strdup(rows[i].line);
		const struct mountinfo *want = &rows[i].mount;
		struct mountinfo m;
		int r = mountinfo_parse(line, &m);

		if (r != rows[i].want)
			fail_msg("%s: %d", rows[i].rule, r);
		if (r >= 0 &&
			(m.id != want->id || !devt_equal(&m.devt, &want->devt) ||
				m.shared != want->shared || m.master != want->master ||
				strcmp(m.root, want->root) || strcmp(m.point, want->point) ||
				strcmp(m.type, want->type) || strcmp(m.source, want->source) ||
				strcmp(m.options, want->options)))
			fail_msg("%s: %s|%s|%s|%s|%s", rows[i].rule, m.root, m.point, m.type,
				m.source, m.options);
	}
}

static void an_option_with_a_value(void **state)
{
	char value[16];

	(void)state;
	assert_true(mountinfo_option("rw,logdev=/dev/sdc1,x", "logdev", value, sizeof value));
	assert_string_equal(value, "/dev/sdc1");
	assert_true(mountinfo_option("logdev=/dev/a\\040b", "logdev", value, sizeof value));
	assert_string_equal(value, "/dev/a b");
	assert_false(mountinfo_option("rw,nologdev=/dev/x", "logdev", value, sizeof value));
	assert_false(mountinfo_option("logdev,rw", "logdev", value, sizeof value));
	assert_false(
		mountinfo_option("logdev=/dev/too/long/for/it", "logdev", value, sizeof value));
	assert_false(mountinfo_option("", "logdev", value, sizeof value));
}

static void file_systems_that_may_not_answer(void **state)
{
	(void)state;
	assert_true(mountinfo_is_remote("nfs4"));
	assert_true(mountinfo_is_remote("fuse"));
	assert_true(mountinfo_is_remote("fuse.sshfs"));
	assert_false(mountinfo_is_remote("fuseblk"));
	assert_false(mountinfo_is_remote("ext4"));
	assert_false(mountinfo_is_remote("nfsd"));
}

static const struct {
	const char *rule, *line, *name;
	int want;
	bool is_file;
} swaps[] = {
	{ "a partition", "/dev/dm-2                partition\t1048572\t\t0\t\t-2\n", "/dev/dm-2", 0,
		false },
	{ "a file with a blank in its name", "/swap\\040file file 1 0 -3", "/swap file", 0, true },
	{ "the heading", "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n", "", -EBADMSG,
		false },
	{ "cut", "/dev/sda1", "", -EBADMSG, false },
	{ "nothing", "\n", "", -EBADMSG, false },
};

static void lines_of_swaps(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(swaps); i++) {
		_cleanup_(freep) char *line = strdup(swaps[i].line);
		struct swap_line s = { 0 };
		int r = mountinfo_parse_swap(line, &s);

		if (r != swaps[i].want || (r >= 0 && (strcmp(s.name, swaps[i].name) ||
							     s.is_file != swaps[i].is_file)))
			fail_msg("%s: %d %s", swaps[i].rule, r, s.name);
	}
}

static const struct {
	const char *rule, *text;
	int want;
	uint64_t flags;
	uint32_t mount;
} fdinfos[] = {
	{ "as it is", "pos:\t0\nflags:\t0102002\nmnt_id:\t28\nino:\t7\n", 0, 0102002, 28 },
	{ "in any order", "mnt_id: 28\nflags: 0\n", 0, 0, 28 },
	{ "without its mount", "pos:\t0\nflags:\t0\n", -EBADMSG, 0, 0 },
	{ "a name that only ends like it", "x_mnt_id: 28\nflags: 0\n", -EBADMSG, 0, 0 },
	{ "a mount that is too large", "mnt_id: 99999999999\nflags: 0\n", -EBADMSG, 0, 0 },
	{ "nothing", "", -EBADMSG, 0, 0 },
};

static void what_fdinfo_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fdinfos); i++) {
		uint64_t flags = 0;
		uint32_t mount = 0;
		int r = opens_parse_fdinfo(fdinfos[i].text, &flags, &mount);

		if (r != fdinfos[i].want || flags != fdinfos[i].flags || mount != fdinfos[i].mount)
			fail_msg("%s: %d %#lo %u", fdinfos[i].rule, r, (unsigned long)flags, mount);
	}
}

static void what_a_backstore_says(void **state)
{
	struct devt devt = { 0 };

	(void)state;
	assert_int_equal(
		exports_parse_info(
			"Status: ACTIVATED\n        iBlock device: sdb  UDEV PATH: "
			"/dev/sdb  readonly: 0\n        Major: 8 Minor: 16  CLAIMED: IBLOCK\n",
			&devt),
		0);
	assert_true(devt_equal(&devt, &(struct devt){ 8, 16 }));
	assert_int_equal(exports_parse_info("Major: 8", &devt), -EBADMSG);
	assert_int_equal(exports_parse_info("Major: -8 Minor: x", &devt), -EBADMSG);
	assert_int_equal(exports_parse_info("", &devt), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_mountinfo),
		cmocka_unit_test(an_option_with_a_value),
		cmocka_unit_test(file_systems_that_may_not_answer),
		cmocka_unit_test(lines_of_swaps),
		cmocka_unit_test(what_fdinfo_says),
		cmocka_unit_test(what_a_backstore_says),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
