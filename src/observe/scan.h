/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * One look at the whole system in search of users: where it looks, until when, and whether
 * anything escaped it. Processes and devices come and go meanwhile; what ended is not missed.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/clock.h"
#include "base/devt.h"

struct sysfs_list;

struct scan {
	int proc, sys, dev, root; /* directories; owned by whoever made the scan */
	/* The number of the block node at path, links followed. 0, -ENOTBLK, other negative errno.
	 * A test's nodes are files. */
	int (*node_number)(int at, const char *path, struct devt *ret);
	uid_t trusted; /* whose processes are what they call themselves */
	instant deadline;
	bool incomplete;
};

/* On the real system. What cannot be opened makes it incomplete from the start. */
void scan_init(struct scan *scan, instant deadline);
void scan_done(struct scan *scan);

/* Is there time left? When not, the scan is incomplete. */
bool scan_goes_on(struct scan *scan);

/* Something could not be looked at, for reason r. Not counted when it is just not there, or when
 * dir (the process it is about; -1: none) is of a process that ended. */
void scan_missed(struct scan *scan, int dir, int r);

/* The block node that an absolute path below /dev names. -ENOTBLK when it lies elsewhere; when it
 * cannot be looked at, the scan is incomplete. */
int scan_path_number(struct scan *scan, const char *path, struct devt *ret);

/* The same as the functions of port/sysfs.h; a failure for another reason than that there is
 * nothing to read makes the scan incomplete. */
int scan_read_text(struct scan *scan, int at, const char *path, char *ret, size_t size);
/* All of list was seen, or it is missed. */
void scan_list_end(struct scan *scan, int dir, const struct sysfs_list *list);
/* Is there a file? */
bool scan_has(struct scan *scan, int at, const char *path);

/* Calls visit for every process, and for each thread of one whose first thread ended: dir is its
 * directory below /proc. */
void scan_processes(struct scan *scan, void (*visit)(void *arg, int dir, uint32_t pid), void *arg);

/* Room for one more behind n elements. False when there is no memory: the scan is incomplete. */
bool scan_grow(struct scan *scan, void *array, size_t n, size_t size);
