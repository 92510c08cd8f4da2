/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Swap areas and loop devices, and what lies below each: a block node, or a file, which is to say
 * the file system that the file is in.
 */
#include "model/observation.h"
#include "observe/mounts.h"

struct backing {
	enum hold_kind kind; /* HOLD_SWAP or HOLD_LOOP */
	struct devt self;    /* the loop device; major 0: a swap area */
	struct devt node;    /* below it; major 0: a file */
	char *path;	     /* owned: what is below */
	char name[sizeof((struct hold *)0)->what];
};

struct backings {
	struct backing *all;
	struct mount_place *places; /* one for each; for mounts_read() to find */
	size_t n;
};

/* What could not be read makes the scan incomplete. */
void backings_read(struct scan *scan, struct backings *ret);
void backings_done(struct backings *backings);
