/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Who uses the devices of a tree: one look at the system, laid over all of them. More than a path
 * is judged by (observe/holders.h): also the processes in a file system, units, and every hold
 * there is, however many.
 */
#include "model/use.h"
#include "observe/tree.h"

struct files;
struct users;

struct uses {
	struct use *all; /* owned; by their node, in the tree's order */
	size_t n;
	char **texts; /* owned */
	size_t n_texts;
	bool complete; /* false: something could not be looked at, or not in time */
};

enum { USES_DEADLINE_MS = 10000 };

/* Borrows names from the tree. 0 or -ENOMEM. */
int uses_read(const struct tree *tree, instant deadline, struct uses *ret);

/* The same of what was found: whose scan tells whether anything was missed. */
int uses_match(const struct users *users, const struct files *files, const struct tree *tree,
	struct uses *ret);
void uses_done(struct uses *uses);
