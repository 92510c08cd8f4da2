/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Names after devfs: "driver@address" of a device, "driver@address:minor" of a block device of it,
 * which stands beside it as it does there: "/pci@0000:00/qla2xxx@0000:00:05.0/host@3/rport@3:0-1/
 * target@3:0:0/sd@3:0:0:1:sdb1". What has no driver is called by what it is. An address may have
 * colons in it, so that such names are compared with devices, and never taken to pieces alone.
 */
#include <stddef.h>

#include "model/node.h"

struct text;

/* chain: a device behind all that are above it, the root first; n of them. Appends its path. */
void devfs_name_print(const struct node *const *chain, size_t n, struct text *out);

/* Could it be such a name? Others may have a '@' in them, too. */
bool devfs_name_is_one(const char *name);

/*
 * Does that name (a whole path, or its end) mean the device of this sysfs directory, or one that
 * the directory is below? Then what of sysfs stands behind that device, "" when it is itself; NULL:
 * neither. *ret_minor: the minor that the name ends with, NULL: none; borrowed from it. Where
 * there is a driver, any word is taken for its name.
 */
const char *devfs_name_follow(const char *sysfs, const char *name, const char **ret_minor);

/* What the kernel calls a device of the SCSI bus, as far as the name alone tells: "host@3" is
 * host3, "sd@3:0:0:1:sdb" is 3:0:0:1. 0, or -EINVAL: it does not tell. */
int devfs_name_kernel(const char *name, char *ret, size_t size);
