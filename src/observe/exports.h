/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Users that only the kernel's own lists name: backstores of the kernel's SCSI target, namespaces
 * of its NVMe target, and members of mounted btrfs file systems (whose mounts name one of them).
 */
#include "model/observation.h"
#include "observe/scan.h"

struct export_use {
	struct devt devt;
	char what[sizeof((struct hold *)0)->what];
};

struct btrfs_member {
	struct devt devt;
	char uuid[40];
};

struct exports {
	struct export_use *uses;
	size_t n_uses;
	struct btrfs_member *members;
	size_t n_members;
};

/* What could not be read makes the scan incomplete. */
void exports_read(struct scan *scan, struct exports *ret);
void exports_done(struct exports *exports);

/* The member with this number, NULL when it is none. Borrowed. */
const struct btrfs_member *exports_btrfs(const struct exports *exports, const struct devt *devt);

/* "... Major: 8 Minor: 16 ..." out of a backstore's own description. 0 or -EBADMSG. */
int exports_parse_info(const char *info, struct devt *ret);
