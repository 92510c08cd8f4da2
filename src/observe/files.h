/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Which processes keep a file system from being unmounted: by an open file, their working or root
 * directory, or the program that they run. Told by links and mount numbers alone: no file is asked
 * for, and no memory map is read (it waits for a process that hangs), so that a file which is only
 * mapped is not found. A process is named once for each file system. What the host lies on is left
 * out: everybody has a file there, and nobody could let go.
 */
#include "observe/mounts.h"

struct file_use {
	struct devt devt, source; /* as of a mount_use */
	uint32_t pid;
	char comm[sizeof((struct hold *)0)->comm];
	char *what; /* owned: "/data/log", "cwd /data" */
};

struct files {
	struct scan *scan;	     /* borrowed */
	const struct mounts *mounts; /* borrowed */
	struct file_use *uses;
	size_t n_uses;
};

/* What could not be read makes the scan incomplete. */
void files_read(struct scan *scan, const struct mounts *mounts, struct files *ret);
void files_done(struct files *files);
