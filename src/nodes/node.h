/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What stands behind struct pk_node (pathkeeper.h): one directory or leaf of a cache of nodes. A
 * node is in its tree, or stale: a shell that somebody holds, without parent, device or name in any
 * directory. Three numbers say who has it, and none of them is another: held (somebody has it, or
 * is at work below it), looking (somebody looks something up in it right now), and being cached,
 * which is no use at all.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "pathkeeper.h"

struct tree {
	struct pk_node_owner owner;
	struct pk_node *root;
	struct pk_node *virtuals; /* linked by next_virtual */
	size_t n_nodes;		  /* with the shells: the last one takes the tree along */
	size_t n_removed;	  /* ever */
	bool cleaning;		  /* a clean is at work: nothing is found that is not cached */
};

enum { NODE_NAME_BYTES = 256 };

enum node_lock { UNLOCKED, LOCKED_FOR_READING, LOCKED };

struct pk_node {
	struct tree *tree; /* borrowed: it stays while it has nodes */
	char *name;	   /* owned */
	struct pk_node *parent;
	struct pk_node *first, *last, *next; /* children in the order of their bytes, owned */
	struct pk_node *next_virtual;
	unsigned flags;
	unsigned held, looking, readers;
	enum node_lock lock;
	bool build; /* what is cached is not all there is */
	bool stale;
	void *device;
};

/* The cached child, or NULL. */
struct pk_node *node_child(const struct pk_node *directory, const char *name);

/* Out of its directory: what is cached of its device is given back, and it is freed, or stale while
 * somebody holds it. It has no children. */
void node_remove(struct pk_node *node);

/* Is no directory on the way to it locked, nor itself? */
bool node_is_reachable(const struct pk_node *node);
