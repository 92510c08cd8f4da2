/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A device's sysfs directory, held open. Everything below is opened relative to it, so that it
 * belongs to this device and not to one that has the same name by now: below the directory of a
 * device that went there is nothing any more. The directory's inode number is never given to
 * another, and tells whether what we opened is what was meant.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/devt.h"

#define PINNED_NAME 32

/* sysfs: below /sys, "devices/.../3:0:0:1". -ESTALE when its inode is another one, -ENODEV or
 * -ENOENT when there is none. *ret is owned by the caller. */
int pinned_open(const char *sysfs, uint64_t ino, int *ret);

/* An attribute opened before, read anew from its start, without its newline. 0, or negative errno
 * (-ENODEV: its device is gone). To read by name below the directory: port/sysfs.h. */
int pinned_read_open(int fd, char *ret, size_t size);

enum pinned_class { PINNED_SG, PINNED_DISK };

/* The device's one node of that class ("sg3", "sdb") and its number, as its directory says.
 * -ENOENT: it has none. */
int pinned_find(
	int dir, enum pinned_class class, char ret_name[PINNED_NAME], struct devt *ret_devt);

/*
 * Opens that node and compares both ways: the node opened has the number that the directory gives
 * before and after, and the number leads back to the very directory. -ENOENT: it has none; -ESTALE:
 * they do not agree. ret_devt may be NULL.
 */
int pinned_open_node(int dir, enum pinned_class class, int flags, int *ret, struct devt *ret_devt);
