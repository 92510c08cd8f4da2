/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port/sysfs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "base/text.h"

int sysfs_open(int at, const char *path)
{
	int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

bool sysfs_is_absence(int r)
{
	return r == -ENOENT || r == -ENODEV || r == -ENXIO || r == -ENOTDIR || r == -EINVAL ||
	       r == -ESRCH;
}

ssize_t sysfs_read_bytes(int at, const char *path, uint8_t *ret, size_t size)
{
	/* O_NONBLOCK and O_NOCTTY: should the name ever be something else than a small file */
	_cleanup_(closep) int fd = openat(at, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	size_t have = 0;

	if (fd < 0)
		return -errno;
	while (have < size) {
		ssize_t n = read(fd, ret + have, size - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		have += (size_t)n;
	}
	return (ssize_t)have;
}

int sysfs_read_text(int at, const char *path, char *ret, size_t size)
{
	ssize_t n = sysfs_read_bytes(at, path, (uint8_t *)ret, size - 1);

	if (n < 0) {
		ret[0] = '\0';
		return (int)n;
	}
	while (n > 0 && strchr(" \t\n", ret[n - 1]))
		n--;
	ret[n] = '\0';
	return 0;
}

int sysfs_read_number(int at, const char *path, uint64_t *ret)
{
	char text[24];
	int r = sysfs_read_text(at, path, text, sizeof text);

	return r < 0 ? r : number_parse_u64(text, 0, UINT64_MAX, ret);
}

int sysfs_read_link(int at, const char *path, char *ret, size_t size)
{
	ssize_t n = readlinkat(at, path, ret, size);

	if (n < 0)
		return -errno;
	if ((size_t)n >= size)
		return -ENAMETOOLONG;
	ret[n] = '\0';
	return 0;
}

int sysfs_read_device_link(int at, const char *path, char *ret, size_t size)
{
	char link[512];
	const char *target = link;
	int r = sysfs_read_link(at, path, link, sizeof link);

	if (r < 0)
		return r;
	while (!strncmp(target, "../", 3))
		target += 3;
	if (strncmp(target, "devices/", 8) != 0 || strstr(target, "/../"))
		return -EBADMSG;
	if (strlen(target) >= size)
		return -ENAMETOOLONG;
	text_copy(ret, size, target);
	return 0;
}

int sysfs_list_init(struct sysfs_list *list, int at, const char *path)
{
	_cleanup_(closep) int fd = sysfs_open(at, path);

	if (fd < 0)
		return fd;
	list->dir = fdopendir(fd);
	if (!list->dir)
		return -errno;
	TAKE_FD(fd);
	return 0;
}

const char *sysfs_list_next(struct sysfs_list *list)
{
	struct dirent *entry;

	do {
		errno = 0;
		entry = readdir(list->dir);
	} while (entry && entry->d_name[0] == '.');
	if (!entry)
		list->failed = -errno;
	return entry ? entry->d_name : NULL;
}

int sysfs_list_end(const struct sysfs_list *list)
{
	return list->failed;
}

int sysfs_list_fd(const struct sysfs_list *list)
{
	return dirfd(list->dir);
}

void sysfs_list_done(struct sysfs_list *list)
{
	if (list->dir)
		closedir(list->dir);
	list->dir = NULL;
}

int sysfs_first(int at, const char *path, const char *prefix, char *ret, size_t size)
{
	_cleanup_(sysfs_list_done) struct sysfs_list list = { 0 };
	const char *name;
	int r = sysfs_list_init(&list, at, path);

	if (r < 0)
		return r;
	while ((name = sysfs_list_next(&list)))
		if (!strncmp(name, prefix, strlen(prefix)) && strlen(name) < size) {
			text_copy(ret, size, name);
			return 0;
		}
	r = sysfs_list_end(&list);
	return r < 0 ? r : -ENOENT;
}
