/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "observe/holders_match.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "observe/stack.h"

/* The holds of one device while they are gathered. */
struct found {
	struct scan *scan; /* borrowed */
	struct hold *holds;
	size_t n;
};

static void add(struct found *f, const struct hold *hold)
{
	if (scan_grow(f->scan, &f->holds, f->n, sizeof *f->holds))
		f->holds[f->n++] = *hold;
}

static void add_node(struct found *f, const struct stack_node *node)
{
	struct hold hold = { .kind = node->kind, .partition = node->is_partition };

	TEXT_SET(hold.what, node->what);
	add(f, &hold);
}

static bool add_mounts(struct found *f, const struct users *users, const struct devt *node)
{
	bool any = false;

	for (size_t i = 0; i < users->mounts.n_uses; i++) {
		const struct mount_use *use = &users->mounts.uses[i];
		struct hold hold = {
			.kind = HOLD_MOUNT, .pid = use->pid, .critical = use->critical
		};

		if (!users_lies_on(users, &use->devt, &use->source, node))
			continue;
		TEXT_SET(hold.what, use->point);
		add(f, &hold);
		any = true;
	}
	return any;
}

static void add_swaps(struct found *f, const struct users *users, const struct devt *node)
{
	for (size_t i = 0; i < users->backings.n; i++) {
		const struct backing *b = &users->backings.all[i];
		const struct mount_place *place = &users->backings.places[i];
		struct hold hold = { .kind = HOLD_SWAP, .critical = true };

		if (b->kind != HOLD_SWAP ||
			!(devt_equal(&b->node, node) || users_may_hold(users, place, node)))
			continue;
		TEXT_SET(hold.what, b->name);
		add(f, &hold);
	}
}

static void add_exports(struct found *f, const struct users *users, const struct devt *node)
{
	for (size_t i = 0; i < users->exports.n_uses; i++) {
		const struct export_use *use = &users->exports.uses[i];
		struct hold hold = { .kind = HOLD_EXPORT };

		if (!devt_equal(&use->devt, node))
			continue;
		TEXT_SET(hold.what, use->what);
		add(f, &hold);
	}
}

static void add_opens(struct found *f, const struct users *users, const struct devt *node)
{
	for (size_t i = 0; i < users->opens.n_uses; i++) {
		const struct open_use *use = &users->opens.uses[i];
		struct hold hold = { .kind = HOLD_OPEN, .pid = use->pid, .udev = use->udev };

		if (!devt_equal(&use->devt, node))
			continue;
		TEXT_SET(hold.what, use->what);
		TEXT_SET(hold.comm, use->comm);
		add(f, &hold);
	}
}

/* A mounted btrfs has it, and which mount that is cannot be told: it might be the root. */
static void add_btrfs(struct found *f, const struct btrfs_member *member)
{
	struct hold hold = { .kind = HOLD_OTHER };

	snprintf(hold.what, sizeof hold.what, "btrfs %s", member->uuid);
	add(f, &hold);
	f->scan->incomplete = true;
}

static void add_all(struct found *f, const struct users *users, const struct stack *stack,
	const struct devt *map)
{
	for (size_t i = 0; i < stack->n; i++) {
		const struct stack_node *node = &stack->nodes[i];
		const struct btrfs_member *member = exports_btrfs(&users->exports, &node->devt);

		if (node->is_user && !devt_equal(&node->devt, map))
			add_node(f, node);
		if (!add_mounts(f, users, &node->devt) && member)
			add_btrfs(f, member);
		add_swaps(f, users, &node->devt);
		add_exports(f, users, &node->devt);
		add_opens(f, users, &node->devt);
	}
}

/* When not all fit, those are shown that matter most and say most. */
static int weight(const struct hold *h)
{
	static const int of_kind[] = {
		[HOLD_OTHER] = 4,
		[HOLD_MOUNT] = 1,
		[HOLD_SWAP] = 1,
		[HOLD_MAP] = 3,
		[HOLD_MD] = 3,
		[HOLD_BCACHE] = 3,
		[HOLD_LOOP] = 3,
		[HOLD_EXPORT] = 2,
		[HOLD_OPEN] = 5,
		[HOLD_CLAIM] = 6,
	};

	if (h->partition)
		return 10;
	return h->critical ? 0 : h->udev ? 9 : of_kind[h->kind];
}

static int compare(const void *a, const void *b)
{
	const struct hold *x = a, *y = b;
	int by_weight = weight(x) - weight(y), by_what = strcmp(x->what, y->what);

	if (by_weight || by_what)
		return by_weight ? by_weight : by_what;
	return (x->pid > y->pid) - (x->pid < y->pid);
}

void holders_match(
	const struct users *users, const struct act_holders *wanted, struct obs_holders *ret)
{
	_cleanup_(stack_done) struct stack stack = { 0 };
	struct found found = { .scan = users->scan };
	bool before = users->scan->incomplete;
	int r = stack_read(users, &wanted->devt, wanted->dev, &stack);

	*ret = (struct obs_holders){ 0 };
	if (r >= 0)
		add_all(&found, users, &stack, &wanted->map);
	if (found.n)
		qsort(found.holds, found.n, sizeof *found.holds, compare);
	for (size_t i = 0; i < found.n && i < MAX_HOLDS; i++)
		ret->holds[i] = found.holds[i];
	ret->n_holds = (uint32_t)found.n;
	ret->complete = r >= 0 && !users->scan->incomplete;
	users->scan->incomplete = before; /* what was missed of this one is no fault of the next */
	free(found.holds);
}
