/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Who uses devices of the tree, and how each is asked to let go. */
#include "model/use.h"
#include "show/document.h"

/* What is laid over a tree; borrowed. */
struct tree_uses {
	const struct use *all; /* by their node */
	size_t n;
	bool complete;
};

extern const struct document_field hold_fields[]; /* of a struct use */

/* What holds the devices that name means, all that is below them and all that stands upon any of
 * those, in the order in which they can let go. *ret: the caller's. 0; -ENODEV: nothing can be
 * called so; -ENOMEM. */
int node_holders_document(const struct node *nodes, size_t n, const struct tree_uses *uses,
	const char *name, char **ret);
