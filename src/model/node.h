/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * One device of the kernel's tree, as a flat value. A tree is a list of them: each stands before
 * what is below it, and its depth is one more than that of what it is below.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/devt.h"

enum node_kind {
	NODE_ROOT,
	NODE_PCI,
	NODE_HOST,
	NODE_PORT, /* the way to, or the far end of, a target: SAS, FC, ATA */
	NODE_SESSION,
	NODE_TARGET,
	NODE_LUN,
	NODE_DISK, /* any block device that is none of the next two */
	NODE_PARTITION,
	NODE_MAP, /* a device-mapper device */
	NODE_OTHER,
	NODE_KINDS
};

enum { NODE_SYSFS = 512, NODE_MAX_DEPTH = 48, NODE_SLAVES = 512 };

struct node {
	enum node_kind kind;
	uint32_t depth;		/* 0: the root */
	char sysfs[NODE_SYSFS]; /* below /sys: "devices/.../host3" */
	char driver[32];
	struct devt devt; /* of a block device; major 0: none */
	char state[32];	  /* a LUN's own word; "" of everything else */
	char label[128];  /* what it calls itself: vendor and model, the name of a map, a target */
	char wwid[128];	  /* of a LUN and of its map */
	char sg[16];	  /* the other minor of a LUN: "sg3" */
	uint64_t size_sectors;
	bool is_volume;		  /* a map that LVM made */
	bool is_multipath;	  /* a map whose slaves are paths */
	char slaves[NODE_SLAVES]; /* block devices that it is made of, "sda sdb"; as many as fit */
};

/* The last part of its directory. Borrowed from the node. */
const char *node_name(const struct node *node);
const char *node_kind_name(enum node_kind kind);
