/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A block device and all that is made of it: its partitions, the device-mapper, md and bcache
 * devices on them, the loop devices on files in them, and so on upwards.
 */
#include "model/observation.h"
#include "observe/users.h"

struct stack_node {
	struct devt devt;
	bool is_user;	     /* false: the device itself, or a partition */
	bool is_partition;   /* of a multipath map: itself a device-mapper device */
	enum hold_kind kind; /* of a user */
	char name[MAX_NAME];
	char what[sizeof((struct hold *)0)->what];
};

struct stack {
	struct stack_node *nodes;
	size_t n;
};

/* -ENODEV: no device of that name has that number. What could not be read makes the scan
 * incomplete. */
int stack_read(
	const struct users *users, const struct devt *devt, const char *dev, struct stack *ret);
void stack_done(struct stack *stack);
