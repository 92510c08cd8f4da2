/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "act/gaps.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act/records.h"
#include "base/cleanup.h"
#include "port/pinned.h"
#include "port/process.h"
#include "port/sysfs.h"

enum { TRIES = 8 };

/* ---- names ----------------------------------------------------------------------------------- */

/* What udev makes of a byte of an attribute that it puts into a path; a folder cannot have a slash,
 * so that udev does not find it and we alone keep the volume out. */
static char as_udev_has_it(char c)
{
	if (isspace((unsigned char)c))
		return ' ';
	return isalnum((unsigned char)c) || strchr("#+-.:=@_ $%?,", c) ? c : '_';
}

int gaps_folder(const struct obs_gap *gap, const char *kernel_wwid, char ret[GAP_FOLDER])
{
	bool one_place = !gap->everywhere || !kernel_wwid[0];
	char address[SCSI_ADDRESS_TEXT];
	int n;

	scsi_address_print(&gap->address, address);
	n = snprintf(ret, GAP_FOLDER, "%s@%s", one_place ? address : "", kernel_wwid);
	if (n < 0 || n >= GAP_FOLDER)
		return -ENAMETOOLONG;
	for (char *c = ret; *c; c++)
		*c = as_udev_has_it(*c);
	return 0;
}

static int open_root(bool make)
{
	static const char *const below[] = { "", "/state", "/state/gap" };
	char path[256];
	int fd;

	for (size_t i = 0; i < ARRAY_SIZE(below); i++) {
		snprintf(path, sizeof path, "%s%s", process_runtime_dir(), below[i]);
		if (make)
			mkdir(path, i ? 0700 : 0755);
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

static int open_folder(int root, const char *folder)
{
	int fd = openat(root, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? -errno : fd;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* Whoever takes the last file out of the folder takes the folder away, perhaps just now. */
static int move_in(int root, const char *fresh, const char *folder, const char *name)
{
	for (int i = 0; i < TRIES; i++) {
		_cleanup_(closep) int dir = -1;

		if (mkdirat(root, folder, 0700) < 0 && errno != EEXIST)
			return -errno;
		dir = open_folder(root, folder);
		if (dir < 0 && dir != -ENOENT)
			return dir;
		if (dir >= 0 && renameat(root, fresh, dir, name) == 0)
			return 0;
		if (dir >= 0 && errno != ENOENT)
			return -errno;
	}
	return -EBUSY;
}

int gaps_write(const struct obs_gap *gap, const char *folder)
{
	_cleanup_(closep) int root = open_root(true);
	const struct observation o = { .kind = OBS_KEPT_OUT, .gap = *gap };
	char name[SCSI_ADDRESS_TEXT], fresh[sizeof name + 1];
	int r;

	if (root < 0)
		return root;
	scsi_address_print(&gap->address, name);
	snprintf(fresh, sizeof fresh, ".%s", name);
	r = records_write_file(root, fresh, &o);
	if (r >= 0)
		r = move_in(root, fresh, folder, name);
	if (r < 0)
		unlinkat(root, fresh, 0);
	return r;
}

/* What has no page 83h, or no name in it. */
static bool says_nothing(int r)
{
	return r == -ENXIO || r == -EINVAL || r == -ENODATA;
}

/* In the kernel's words, which are those that udev's rule compares; "": it has none. */
static int read_wwid(const struct act_gap *gap, char *ret, size_t size)
{
	_cleanup_(closep) int dir = -1;
	int r = pinned_open(gap->sysfs, gap->gap.ino, &dir);

	if (r < 0)
		return r;
	r = sysfs_read_text(dir, "wwid", ret, size);
	return says_nothing(r) ? 0 : r;
}

int gaps_keep_out(const struct act_gap *gap)
{
	char wwid[GAP_FOLDER] = "", folder[GAP_FOLDER];
	int r = read_wwid(gap, wwid, sizeof wwid);

	if (r >= 0)
		r = gaps_folder(&gap->gap, wwid, folder);
	return r < 0 ? r : gaps_write(&gap->gap, folder);
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Calls visit for every folder; a failure is the first that any call had. */
static int for_each_folder(
	int root, int (*visit)(int root, int dir, const char *folder, void *arg), void *arg)
{
	_cleanup_(sysfs_list_done) struct sysfs_list list = { 0 };
	int failed = 0, r = sysfs_list_init(&list, root, ".");
	const char *folder;

	if (r < 0)
		return r;
	while ((folder = sysfs_list_next(&list))) {
		_cleanup_(closep) int dir = open_folder(root, folder);

		if (dir == -ENOTDIR)
			continue; /* nobody's */
		r = dir < 0 ? dir : visit(root, dir, folder, arg);
		if (r < 0 && r != -ENOENT && !failed)
			failed = r;
	}
	r = sysfs_list_end(&list);
	return failed ? failed : r;
}

/* Not while there is another file in it. One that stays empty would keep out what nobody knows of.
 */
static int drop_folder(int root, const char *folder)
{
	if (unlinkat(root, folder, AT_REMOVEDIR) < 0 && errno != ENOTEMPTY && errno != ENOENT)
		return -errno;
	return 0;
}

/* ---- removing -------------------------------------------------------------------------------- */

static bool same(const struct obs_gap *a, const struct obs_gap *b)
{
	return scsi_address_equal(&a->address, &b->address) && !strcmp(a->wwid, b->wwid);
}

static int remove_from(int root, int dir, const char *folder, void *arg)
{
	const struct obs_gap *gap = arg;
	char name[SCSI_ADDRESS_TEXT];
	struct observation o;
	int r;

	scsi_address_print(&gap->address, name);
	r = records_read_file(dir, name, OBS_KEPT_OUT, &o);
	if (r >= 0 && !same(&o.gap, gap))
		return 0;
	if (r < 0 && r != -EBADMSG && r != -ENOENT)
		return r;
	if (r != -ENOENT && unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		return -errno;
	return drop_folder(root, folder); /* also when only that failed before */
}

int gaps_remove(const struct obs_gap *gap)
{
	_cleanup_(closep) int root = open_root(false);
	struct obs_gap wanted = *gap;

	if (root < 0)
		return root == -ENOENT ? 0 : root;
	return for_each_folder(root, remove_from, &wanted);
}

/* ---- telling --------------------------------------------------------------------------------- */

struct telling {
	observation_sink sink;
	void *arg;
};

/* A record that merely cannot be read stays. */
static int tell_one(int dir, const char *name, const struct telling *t)
{
	struct observation o;
	int r = records_read_file(dir, name, OBS_KEPT_OUT, &o);

	if (r >= 0)
		t->sink(t->arg, &o);
	else if (r == -EBADMSG)
		unlinkat(dir, name, 0);
	return r == -EBADMSG ? 0 : r;
}

static int tell_folder(int root, int dir, const char *folder, void *arg)
{
	_cleanup_(sysfs_list_done) struct sysfs_list list = { 0 };
	int r = sysfs_list_init(&list, dir, ".");
	const char *name;

	while (r >= 0 && (name = sysfs_list_next(&list)))
		r = tell_one(dir, name, arg);
	if (r >= 0)
		r = sysfs_list_end(&list);
	drop_folder(root, folder); /* all were told, whatever comes of it */
	return r;
}

int gaps_read(observation_sink sink, void *arg)
{
	_cleanup_(closep) int root = open_root(false);
	struct telling telling = { sink, arg };

	if (root < 0)
		return root == -ENOENT ? 0 : root;
	return for_each_folder(root, tell_folder, &telling);
}
