/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The kernel's device tree, as far as it leads to SCSI hosts and block devices. Found from its
 * ends: the links of the SCSI bus and of the class of block devices say where those are, and what
 * stands above them is read on the way. No device node is opened, and no attribute that waits for
 * a device. What vanishes while it is read is not there.
 */
#include <stdbool.h>
#include <stddef.h>

#include "model/node.h"

struct tree {
	struct node *nodes; /* owned; the root first */
	size_t n;
	bool complete; /* false: there is more than is read of any one host */
};

enum { TREE_MAX_NODES = 65536 };

/* sys: a descriptor of /sys. 0 or negative errno. */
int tree_read(int sys, struct tree *ret);
void tree_done(struct tree *tree);
