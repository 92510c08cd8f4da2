/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/use.h"

#include <string.h>

enum { MAX_ROUNDS = 64 }; /* devices upon each other; were they in a circle, it ends here */

static const char *text_or_null(const char *text)
{
	return *text ? text : NULL;
}

struct use use_of_hold(const struct hold *hold)
{
	return (struct use){
		.kind = hold->kind,
		.node = USE_NO_NODE,
		.by = USE_NO_NODE,
		.pid = hold->pid,
		.critical = hold->critical,
		.udev = hold->udev,
		.is_cut = strlen(hold->what) + 1 == sizeof hold->what,
		.what = hold->what,
		.comm = text_or_null(hold->comm),
	};
}

/* The node and all below it. Did that raise any? */
static bool raise_branch(
	const struct node *nodes, size_t n, size_t from, uint32_t level, uint32_t *levels)
{
	bool any = false;

	for (size_t i = from; i < n && (i == from || nodes[i].depth > nodes[from].depth); i++) {
		uint32_t here = level + nodes[i].depth - nodes[from].depth;

		if (levels[i] >= here)
			continue;
		levels[i] = here;
		any = true;
	}
	return any;
}

void use_find_levels(const struct node *nodes, size_t n, const struct use *uses, size_t n_uses,
	const bool *chosen, uint32_t *levels)
{
	bool any = true;

	for (size_t i = 0; i < n; i++)
		levels[i] = 0;
	for (size_t i = 0; i < n; i++)
		if (chosen[i] && !levels[i])
			raise_branch(nodes, n, i, 1, levels);
	for (int round = 0; any && round < MAX_ROUNDS; round++) {
		any = false;
		for (size_t i = 0; i < n_uses; i++)
			if (uses[i].by < n && uses[i].node < n && levels[uses[i].node])
				any |= raise_branch(
					nodes, n, uses[i].by, levels[uses[i].node] + 1, levels);
	}
}

static int rank(const struct use *u)
{
	static const int of_kind[] = {
		[HOLD_OPEN] = 0,
		[HOLD_LOOP] = 1,
		[HOLD_SWAP] = 1,
		[HOLD_EXPORT] = 2,
		[HOLD_MOUNT] = 3,
		[HOLD_MAP] = 4,
		[HOLD_MD] = 4,
		[HOLD_BCACHE] = 4,
		[HOLD_OTHER] = 5,
		[HOLD_CLAIM] = 6,
	};

	return of_kind[u->kind];
}

int use_compare(const struct use *a, const struct use *b, const uint32_t *levels)
{
	uint32_t x = levels[a->node], y = levels[b->node];

	if (x != y)
		return x < y ? 1 : -1;
	if (rank(a) != rank(b))
		return rank(a) - rank(b);
	if (a->kind == HOLD_MOUNT)
		return strcmp(b->what, a->what);
	if (a->node != b->node)
		return a->node < b->node ? -1 : 1;
	return a->pid != b->pid ? (a->pid > b->pid) - (a->pid < b->pid) : strcmp(a->what, b->what);
}
