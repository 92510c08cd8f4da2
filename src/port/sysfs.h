/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Small files of /sys, /proc and configfs, read below a directory descriptor that the caller holds:
 * what is read is read of that very device, also when its name was given to another one meanwhile.
 * All reads are bounded. Whether they can block depends on the attribute: callers choose.
 */
#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A directory for the calls below. File descriptor (the caller's) or negative errno. */
int sysfs_open(int at, const char *path);

/* Does this failure say that there is nothing to read, because the attribute or its device is not
 * there, or has nothing to say? Any other says nothing of the device. */
bool sysfs_is_absence(int r);

/* Up to size bytes; what is longer is cut. Their number or negative errno. */
ssize_t sysfs_read_bytes(int at, const char *path, uint8_t *ret, size_t size);

/* The same as text, terminated, without the blanks and newlines at its end. 0 or negative errno,
 * and then ret is "". */
int sysfs_read_text(int at, const char *path, char *ret, size_t size);

/* Decimal. 0 or negative errno; *ret untouched on failure. */
int sysfs_read_number(int at, const char *path, uint64_t *ret);

/* Target of a symbolic link. 0 or negative errno (-ENAMETOOLONG when it does not fit). */
int sysfs_read_link(int at, const char *path, char *ret, size_t size);

/*
 * Where the link leads below /sys, without its "../": "devices/...". Links of sysfs are relative,
 * and nothing but their first components is "..". 0, -EBADMSG (not such a link), other errno.
 */
int sysfs_read_device_link(int at, const char *path, char *ret, size_t size);

/* The entries of a directory, "." and hidden ones left out. Closes with sysfs_list_done(). */
struct sysfs_list {
	DIR *dir;
	int failed;
};

/* 0 or negative errno. */
int sysfs_list_init(struct sysfs_list *list, int at, const char *path);
/* The next name, NULL at the end. Borrowed until the next call. */
const char *sysfs_list_next(struct sysfs_list *list);
/* Was that all? 0, or the negative errno because of which it ended early. */
int sysfs_list_end(const struct sysfs_list *list);
/* Its descriptor, for reading below the listed directory; valid until sysfs_list_done(). */
int sysfs_list_fd(const struct sysfs_list *list);
void sysfs_list_done(struct sysfs_list *list);

/* The first entry that begins with prefix. 0, -ENOENT, other negative errno. */
int sysfs_first(int at, const char *path, const char *prefix, char *ret, size_t size);
