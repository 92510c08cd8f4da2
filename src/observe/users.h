/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Everything on the system that may use a block device, found in one look at it. */
#include "observe/backings.h"
#include "observe/exports.h"
#include "observe/mounts.h"
#include "observe/opens.h"

struct users {
	struct scan *scan; /* borrowed */
	struct backings backings;
	struct mounts mounts;
	struct exports exports;
	struct opens opens;
};

/* What could not be read makes the scan incomplete. */
void users_read(struct scan *scan, struct users *ret);
void users_done(struct users *users);

/* Is node what a file system on devt, mounted from source, consists of? */
bool users_lies_on(const struct users *users, const struct devt *devt, const struct devt *source,
	const struct devt *node);

/* Is node what a file of this path may lie on? */
bool users_may_hold(
	const struct users *users, const struct mount_place *place, const struct devt *node);
