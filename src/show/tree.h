/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The kernel's device tree: each device with those below it. */
#include <stddef.h>

#include "model/node.h"
#include "show/document.h"
#include "show/holders.h"

/* How deep its JSON is nested: an object and an array for each device, and what is around them. */
enum { TREE_JSON_DEPTH = 2 * (NODE_MAX_DEPTH + 1) + 8 };

/* nodes: the root first. uses: what holds them; NULL: was not looked for. name: only what is called
 * so, with what is above and below it; NULL: all.
 * *ret: the caller's. 0; -ENODEV: nothing can be called so; -ENOMEM. */
int tree_document(const struct node *nodes, size_t n, bool complete, const struct tree_uses *uses,
	const char *name, char **ret);

/* For people; root: the document. */
void tree_print(struct json_object *root, struct text *out);
