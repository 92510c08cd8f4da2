/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The records of fences, while writing or reading them fails. What was written is there as a whole,
 * or what was there before is; a record that merely could not be read stays; and whoever was not
 * told of all of them hears an error.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "act/fences.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "disk.h"
#include "fault.h"

enum { RECORDS = 3 };

static const char *const devices[RECORDS] = { DISK, "devices/pci0/host3", "devices/pci0" };
static struct act_fence fences[RECORDS];
static const char *root;
static struct observation told[RECORDS];
static size_t n_told;

static void note(void *arg, const struct observation *o)
{
	(void)arg;
	assert_true(n_told < RECORDS);
	told[n_told++] = *o;
}

static struct act_fence fence_of(const char *sysfs, const char *found)
{
	struct act_fence fence = { .host = 3 };
	char path[512];
	struct stat s;

	snprintf(path, sizeof path, "%s/sys/%s", root, sysfs);
	assert_int_equal(stat(path, &s), 0);
	fence.ino = s.st_ino;
	TEXT_SET(fence.sysfs, sysfs);
	TEXT_SET(fence.found, found);
	return fence;
}

/* Without a fault, by whoever is started next. */
static void read_again(const struct fault *f)
{
	n_told = 0;
	if (fences_read(note, NULL) < 0)
		fail_msg("%s: not to be read any more", fault_text(f));
}

static void require_nothing_left(const struct fault *f, unsigned fds, long live)
{
	if (fault_open_fds() != fds || fault_live() != live)
		fail_msg("%s: something is left", fault_text(f));
}

static int write_while_failing(const struct fault *f, const struct act_fence *fence)
{
	unsigned fds = fault_open_fds();
	long live = fault_live();
	int r;

	fault_begin();
	r = fences_write(fence);
	fault_end();
	require_nothing_left(f, fds, live);
	if (r < 0 && !strerrorname_np(-r))
		fail_msg("%s: %d", fault_text(f), r);
	if (r < 0 && !fault_struck())
		fail_msg("%s: %d without a fault", fault_text(f), r);
	return r;
}

static void run_first(const struct fault *f)
{
	int r;

	disk_remove("run/state");
	r = write_while_failing(f, &fences[0]);
	read_again(f);
	if (n_told != (r == 0))
		fail_msg("%s: %d, and %zu are there", fault_text(f), r, n_told);
}

static void run_over(const struct fault *f)
{
	const struct act_fence new = fence_of(DISK, "another-one-by-now");
	int r;

	disk_remove("run/state");
	assert_int_equal(fences_write(&fences[0]), 0);
	r = write_while_failing(f, &new);
	read_again(f);
	if (n_told != 1 || strcmp(told[0].fenced.found, r == 0 ? new.found : fences[0].found) != 0)
		fail_msg("%s: %d, and neither the old nor the new", fault_text(f), r);
}

/* There is nothing: believed, where the kernel says so. */
static bool says_absent(const struct fault *f)
{
	return f->error == ENOENT && (f->kind == FAULT_OPEN || f->kind == FAULT_LOOK);
}

static void run_read(const struct fault *f)
{
	unsigned fds;
	long live;
	int r;

	for (size_t i = 0; i < RECORDS; i++)
		assert_int_equal(fences_write(&fences[i]), 0);
	n_told = 0;
	fds = fault_open_fds();
	live = fault_live();
	fault_begin();
	r = fences_read(note, NULL);
	fault_end();
	require_nothing_left(f, fds, live);
	if (r == 0 && n_told != RECORDS && !says_absent(f))
		fail_msg("%s: all is read, and %zu are told", fault_text(f), n_told);
	read_again(f);
	if (n_told != RECORDS && !says_absent(f))
		fail_msg("%s: %zu are left", fault_text(f), n_told);
}

static void test_fences(void **state)
{
	(void)state;
	root = disk_begin(false);
	for (size_t i = 0; i < RECORDS; i++)
		fences[i] = fence_of(devices[i], "36001405aaaa");
	fault_each(NULL, run_first);
	fault_each(NULL, run_over);
	fault_each(NULL, run_read);
	disk_end();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fences),
	};

	return cmocka_run_group_tests_name("faults of records", tests, NULL, NULL);
}
