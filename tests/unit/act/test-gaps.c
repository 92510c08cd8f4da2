/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What one daemon keeps out, udev's rule finds by its folder, and the next daemon reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act/gaps.h"
#include "base/cleanup.h"
#include "base/text.h"

static char dir[64];
static struct observation told[4];
static unsigned n_told;

static int begin(void **state)
{
	(void)state;
	TEXT_SET(dir, "/tmp/pathkeeper-gaps.XXXXXX");
	n_told = 0;
	return !mkdtemp(dir) || setenv("PATHKEEPER_RUNTIME_DIR", dir, 1) < 0;
}

static int end(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof command, "rm -r %s", dir);
	return system(command);
}

static void note(void *arg, const struct observation *o)
{
	(void)arg;
	assert_in_range(n_told, 0, 3);
	told[n_told++] = *o;
}

static void read_again(unsigned n)
{
	n_told = 0;
	assert_int_equal(gaps_read(note, NULL), 0);
	assert_int_equal(n_told, n);
}

static struct obs_gap gap_of(uint32_t host, const char *wwid, bool everywhere)
{
	struct obs_gap gap = {
		.address = { .host = host, .lun = 7 },
		.everywhere = everywhere,
		.since = { 1000 },
		.until = { 901000 },
	};

	TEXT_SET(gap.wwid, wwid);
	TEXT_SET(gap.requester, "uid 0");
	return gap;
}

/* As the rule looks. */
static bool is_there(const char *folder)
{
	char path[512];
	struct stat s;

	snprintf(path, sizeof path, "%s/state/gap/%s", dir, folder);
	return stat(path, &s) == 0;
}

static void write_raw(const char *name, const char *line)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof path, "%s/state/gap/%s", dir, name);
	file = fopen(path, "we");
	assert_non_null(file);
	fputs(line, file);
	fclose(file);
}

/* ---- names ----------------------------------------------------------------------------------- */

static const struct {
	const char *rule, *kernel_wwid, *folder;
	bool everywhere;
} names[] = {
	{ "a volume is known by its name alone", "naa.600", "@naa.600", true },
	{ "a path by its place and name", "naa.600", "3:0:0:7@naa.600", false },
	{ "what has no name by its place", "", "3:0:0:7@", true },
	{ "blanks stay, as in udev's path", "t10.LIO-ORG disk 1", "@t10.LIO-ORG disk 1", true },
	{ "whatever is a blank is one", "t10.A\tB", "@t10.A B", true },
	{ "a slash makes no folder below", "t10.../../etc", "@t10..._.._etc", true },
	{ "nor do bytes that udev replaces", "t10.a\"b\\c\xff", "@t10.a_b_c_", true },
};

static void folders_are_named_as_udev_asks_for_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct obs_gap gap = gap_of(3, "3600", names[i].everywhere);
		char folder[GAP_FOLDER] = "";

		if (gaps_folder(&gap, names[i].kernel_wwid, folder) < 0 ||
			strcmp(folder, names[i].folder) != 0)
			fail_msg("%s: %s", names[i].rule, folder);
	}
}

static void a_name_that_is_too_long_is_refused(void **state)
{
	struct obs_gap gap = gap_of(3, "3600", true);
	char wwid[GAP_FOLDER + 1], folder[GAP_FOLDER] = "as it was";

	(void)state;
	memset(wwid, 'a', GAP_FOLDER);
	wwid[GAP_FOLDER] = '\0';
	assert_int_equal(gaps_folder(&gap, wwid, folder), -ENAMETOOLONG);
}

/* ---- records --------------------------------------------------------------------------------- */

static void what_is_written_is_read(void **state)
{
	struct obs_gap gap = gap_of(3, "3600", true);

	(void)state;
	read_again(0); /* there is no folder yet */
	assert_int_equal(gaps_write(&gap, "@naa.600"), 0);
	assert_int_equal(gaps_write(&gap, "@naa.600"), 0); /* the same again */
	read_again(1);
	assert_int_equal(told[0].kind, OBS_KEPT_OUT);
	assert_string_equal(told[0].gap.wwid, "3600");
	assert_string_equal(told[0].gap.requester, "uid 0");
	assert_true(told[0].gap.everywhere);
	assert_int_equal(told[0].gap.address.host, 3);
	assert_int_equal(told[0].gap.address.lun, 7);
	assert_int_equal(told[0].gap.since.ms, 1000);
	assert_int_equal(told[0].gap.until.ms, 901000);
}

/* The rule sees a volume as long as one of its places is kept out, and no longer. */
static void the_folder_goes_with_its_last_place(void **state)
{
	struct obs_gap one = gap_of(3, "3600", true), two = gap_of(4, "3600", true);

	(void)state;
	assert_int_equal(gaps_write(&one, "@naa.600"), 0);
	assert_int_equal(gaps_write(&two, "@naa.600"), 0);
	read_again(2);
	assert_int_equal(gaps_remove(&one), 0);
	assert_true(is_there("@naa.600"));
	read_again(1);
	assert_int_equal(gaps_remove(&two), 0);
	assert_false(is_there("@naa.600"));
	assert_int_equal(gaps_remove(&two), 0); /* as often as one likes */
	read_again(0);
}

static void another_volume_at_the_place_is_not_meant(void **state)
{
	struct obs_gap one = gap_of(3, "3600", true), other = gap_of(3, "3611", true);

	(void)state;
	assert_int_equal(gaps_write(&one, "@naa.600"), 0);
	assert_int_equal(gaps_remove(&other), 0);
	read_again(1);
	assert_int_equal(gaps_write(&other, "@naa.611"), 0);
	read_again(2);
	assert_int_equal(gaps_remove(&one), 0);
	assert_false(is_there("@naa.600"));
	assert_true(is_there("@naa.611"));
}

static void garbage_is_dropped(void **state)
{
	struct obs_gap gap = gap_of(3, "3600", true);

	(void)state;
	assert_int_equal(gaps_write(&gap, "@naa.600"), 0);
	assert_int_equal(gaps_write(&gap, "@naa.611"), 0);
	write_raw("@naa.600/3:0:0:7", "kept-out everywhere=");
	write_raw("@naa.600/3:0:0:8", "");
	write_raw("@naa.600/3:0:0:9", "time at=7\n");
	write_raw(".3:0:0:9", "half of a line");
	read_again(1);
	assert_false(is_there("@naa.600")); /* or udev would keep out what nobody knows of */
	assert_true(is_there("@naa.611"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(folders_are_named_as_udev_asks_for_them),
		cmocka_unit_test(a_name_that_is_too_long_is_refused),
		TEST(what_is_written_is_read),
		TEST(the_folder_goes_with_its_last_place),
		TEST(another_volume_at_the_place_is_not_meant),
		TEST(garbage_is_dropped),
	};

	return cmocka_run_group_tests_name("gaps", tests, NULL, NULL);
}
