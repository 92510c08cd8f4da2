/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Which processes have block devices open. Only what a descriptor's link and its mount tell is
 * looked at before it is asked for: a file of a dead server is never touched. What is left out:
 * descriptors of our own helpers and of multipathd, and those that only name a node (O_PATH).
 */
#include "model/observation.h"
#include "observe/mounts.h"

struct open_use {
	struct devt devt;
	uint32_t pid;
	bool udev;
	char comm[sizeof((struct hold *)0)->comm];
	char what[sizeof((struct hold *)0)->what];
};

struct opens {
	struct scan *scan;	     /* borrowed */
	const struct mounts *mounts; /* borrowed */
	struct open_use *uses;
	size_t n_uses;
};

/* What could not be read makes the scan incomplete. */
void opens_read(struct scan *scan, const struct mounts *mounts, struct opens *ret);
void opens_done(struct opens *opens);

/* What /proc/PID/fdinfo says: "flags:" in octal and "mnt_id:". 0 or -EBADMSG. */
int opens_parse_fdinfo(const char *text, uint64_t *ret_flags, uint32_t *ret_mount);

/* The same of a process' descriptor, by its directory. 0 or negative errno. */
int opens_read_fdinfo(int dir, const char *fd, uint64_t *ret_flags, uint32_t *ret_mount);

/* A process that calls itself so, and may, is none whose files are use: multipathd, or ours. */
bool opens_is_ours(const struct scan *scan, int dir, const char *comm);
