/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What one daemon writes down of its fences, the next one reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act/fences.h"
#include "base/text.h"

static char dir[64];
static struct observation told[4];
static unsigned n_told;

static int begin(void **state)
{
	(void)state;
	TEXT_SET(dir, "/tmp/pathkeeper-fences.XXXXXX");
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

static void read_again(void)
{
	n_told = 0;
	assert_int_equal(fences_read(note, NULL), 0);
}

/* Any directory will do as the device's, as long as it is there. */
static struct act_fence fence_of(const char *sysfs)
{
	struct act_fence fence = { 0 };
	char path[MAX_SYSFS + 8];
	struct stat s;

	snprintf(path, sizeof path, "/sys/%s", sysfs);
	assert_int_equal(stat(path, &s), 0);
	fence.ino = s.st_ino;
	TEXT_SET(fence.sysfs, sysfs);
	TEXT_SET(fence.found, "1LIO ORG\\x");
	return fence;
}

static unsigned count_files(void)
{
	char command[128];
	unsigned n = 99;
	FILE *out;

	snprintf(command, sizeof command, "ls -A %s/state | wc -l", dir);
	out = popen(command, "re");
	assert_non_null(out);
	assert_int_equal(fscanf(out, "%u", &n), 1);
	pclose(out);
	return n;
}

static void write_raw(const char *name, const char *line)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof path, "%s/state/%s", dir, name);
	file = fopen(path, "we");
	assert_non_null(file);
	fputs(line, file);
	fclose(file);
}

static void what_is_written_is_read(void **state)
{
	struct act_fence one = fence_of("devices/system"), two = fence_of("devices/virtual");

	(void)state;
	read_again();
	assert_int_equal(n_told, 0); /* there is no folder yet */
	assert_int_equal(fences_write(&one), 0);
	assert_int_equal(fences_write(&one), 0); /* the same again */
	assert_int_equal(fences_write(&two), 0);
	assert_int_equal(count_files(), 2);
	read_again();
	assert_int_equal(n_told, 2);
	for (unsigned i = 0; i < n_told; i++) {
		const struct act_fence *of = told[i].fenced.ino == one.ino ? &one : &two;

		assert_int_equal(told[i].kind, OBS_FENCED);
		assert_int_equal(told[i].fenced.ino, of->ino);
		assert_string_equal(told[i].fenced.sysfs, of->sysfs);
		assert_string_equal(told[i].fenced.found, of->found);
	}
	fences_remove(one.ino);
	read_again();
	assert_int_equal(n_told, 1);
}

static void another_device_is_not_meant(void **state)
{
	struct act_fence fence = fence_of("devices/system");

	(void)state;
	fence.ino++;
	assert_int_equal(fences_write(&fence), 0);
	read_again();
	assert_int_equal(n_told, 0);
	assert_int_equal(count_files(), 0);
}

static void garbage_is_dropped(void **state)
{
	struct act_fence fence = fence_of("devices/system");

	(void)state;
	assert_int_equal(fences_write(&fence), 0);
	write_raw("fence-1", "");
	write_raw("fence-2", "time at=7\n");
	write_raw("fence-3", "fenced ino=x\n");
	write_raw("fence-4", "fenced ino=1 sysfs=../etc found=\n");
	read_again();
	assert_int_equal(n_told, 1);
	assert_int_equal(count_files(), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(what_is_written_is_read),
		TEST(another_device_is_not_meant),
		TEST(garbage_is_dropped),
	};

	return cmocka_run_group_tests_name("fences", tests, NULL, NULL);
}
