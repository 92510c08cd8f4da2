/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port/pinned.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "port/sysfs.h"

static const struct class_row {
	const char *folder;  /* below the device's directory */
	const char *numbers; /* below /sys/dev and /dev */
	mode_t type;
} classes[] = {
	[PINNED_SG] = { "scsi_generic", "char", S_IFCHR },
	[PINNED_DISK] = { "block", "block", S_IFBLK },
};

static bool is_sysfs(int fd)
{
	struct statfs s;

	return fstatfs(fd, &s) == 0 && s.f_type == SYSFS_MAGIC;
}

int pinned_open(const char *sysfs, uint64_t ino, int *ret)
{
	_cleanup_(closep) int fd = -1;
	char path[512];
	struct stat s;

	if (snprintf(path, sizeof path, "/sys/%s", sysfs) >= (int)sizeof path)
		return -ENAMETOOLONG;
	fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (!is_sysfs(fd))
		return -EINVAL;
	if (fstat(fd, &s) < 0)
		return -errno;
	if (s.st_ino != ino)
		return -ESTALE;
	*ret = TAKE_FD(fd);
	return 0;
}

int pinned_read_open(int fd, char *ret, size_t size)
{
	ssize_t n = pread(fd, ret, size - 1, 0);

	if (n < 0)
		return -errno;
	while (n > 0 && ret[n - 1] == '\n')
		n--;
	ret[n] = '\0';
	return 0;
}

/* The only entry of folder: a device that has two of a class is none we know. */
static int only_entry(int dir, const char *folder, char ret[PINNED_NAME])
{
	_cleanup_(sysfs_list_done) struct sysfs_list list = { 0 };
	char found[PINNED_NAME] = "";
	const char *name;
	int r = sysfs_list_init(&list, dir, folder);

	if (r < 0)
		return r;
	while ((name = sysfs_list_next(&list))) {
		if (*found || strlen(name) >= sizeof found)
			return -EINVAL;
		TEXT_SET(found, name);
	}
	r = sysfs_list_end(&list);
	if (r < 0)
		return r;
	if (!*found)
		return -ENOENT;
	memcpy(ret, found, sizeof found);
	return 0;
}

int pinned_find(int dir, enum pinned_class class, char ret_name[PINNED_NAME], struct devt *ret_devt)
{
	char name[PINNED_NAME], path[2 * PINNED_NAME], number[DEVT_TEXT];
	int r = only_entry(dir, classes[class].folder, name);

	if (r < 0)
		return r;
	snprintf(path, sizeof path, "%s/%s/dev", classes[class].folder, name);
	r = sysfs_read_text(dir, path, number, sizeof number);
	if (r < 0)
		return r;
	r = devt_parse(number, ret_devt);
	if (r < 0)
		return r;
	memcpy(ret_name, name, sizeof name);
	return 0;
}

static int open_if_numbered(
	const char *path, mode_t type, const struct devt *devt, int flags, int *ret)
{
	_cleanup_(closep) int fd = -1;
	struct stat s;

	/* Looked at before it is opened: opening a wrong device could do something to it. */
	if (stat(path, &s) < 0)
		return -errno;
	if ((s.st_mode & S_IFMT) != type || s.st_rdev != makedev(devt->major, devt->minor))
		return -ESTALE;
	fd = open(path, flags | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &s) < 0)
		return -errno;
	if ((s.st_mode & S_IFMT) != type || s.st_rdev != makedev(devt->major, devt->minor))
		return -ESTALE;
	*ret = TAKE_FD(fd);
	return 0;
}

/* Usually /dev has it under the kernel's name; where somebody renamed it, by its number. */
static int open_node(const struct class_row *class, const char *name, const struct devt *devt,
	int flags, int *ret)
{
	char path[64];
	int r;

	snprintf(path, sizeof path, "/dev/%s", name);
	r = open_if_numbered(path, class->type, devt, flags, ret);
	if (r != -ENOENT && r != -ESTALE)
		return r;
	snprintf(path, sizeof path, "/dev/%s/%u:%u", class->numbers, devt->major, devt->minor);
	return open_if_numbered(path, class->type, devt, flags, ret);
}

static int number_leads_back(int dir, const struct class_row *class, const struct devt *devt)
{
	char path[64];
	struct stat there, here;

	snprintf(path, sizeof path, "/sys/dev/%s/%u:%u/device", class->numbers, devt->major,
		devt->minor);
	if (stat(path, &there) < 0 || fstat(dir, &here) < 0)
		return -errno;
	return there.st_ino == here.st_ino && there.st_dev == here.st_dev ? 0 : -ESTALE;
}

int pinned_open_node(int dir, enum pinned_class class, int flags, int *ret, struct devt *ret_devt)
{
	_cleanup_(closep) int fd = -1;
	char name[PINNED_NAME], again[PINNED_NAME];
	struct devt devt, after;
	int r = pinned_find(dir, class, name, &devt);

	if (r < 0)
		return r;
	r = open_node(&classes[class], name, &devt, flags, &fd);
	if (r < 0)
		return r;
	r = pinned_find(dir, class, again, &after);
	if (r < 0)
		return r == -ENOENT ? -ESTALE : r;
	if (!devt_equal(&devt, &after))
		return -ESTALE;
	r = number_leads_back(dir, &classes[class], &devt);
	if (r < 0)
		return r == -ENOENT ? -ESTALE : r;
	*ret = TAKE_FD(fd);
	if (ret_devt)
		*ret_devt = devt;
	return 0;
}
