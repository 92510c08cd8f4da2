/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A child that sits in a mount namespace which no process is in, so that its mounts can be read as
 * those of any process. Such namespaces live by their file being bound somewhere: snapd keeps one
 * for each application.
 */
#include <stdint.h>
#include <sys/types.h>

#include "base/clock.h"

struct visitor {
	pid_t pid;
	int leave; /* the child ends when this is closed */
};

/* The namespace's file is at path below root, and must be this one: nothing else is entered. Blocks
 * until the child is in it, or the deadline. 0; -ESTALE (another file), -ETIMEDOUT, other negative
 * errno. */
int visitor_enter(
	int root, const char *path, uint64_t inode, instant deadline, struct visitor *ret);

/* The child ends. */
void visitor_leave(struct visitor *visitor);
