/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pk_clean(): the steps of devfs_clean(9F), by the numbers that docs/clean.md gives them. One
 * thread of one loop does the work of a cache, so that what the original guards by blocking locks
 * is a flag here, and nobody ever waits: a clean by whoever is called back from within one does
 * nothing.
 */
#include <errno.h>
#include <string.h>

#include "nodes/node.h"

struct walk {
	struct pk_clean_report *report;
	const struct pk_node *concerned; /* only clients of this one; NULL: whatever there is */
	unsigned flags;
};

static void tell(
	struct walk *w, struct pk_node *node, enum pk_clean_word word, enum pk_clean_reason why)
{
	struct pk_clean_report *report = w->report;

	switch (word) {
	case PK_CLEANED: report->cleaned++; break;
	case PK_STALE: report->stale++; break;
	case PK_BUSY: report->busy++; break;
	case PK_SKIPPED: report->skipped++; break;
	}
	if (report->visit)
		report->visit(report->arg, node, word, why);
}

static int busy(struct walk *w, struct pk_node *node, enum pk_clean_reason why)
{
	tell(w, node, PK_BUSY, why);
	return -EBUSY;
}

/* 6: what begins with name and goes on with a minor, or with nothing. "" is followed by a minor
 * nowhere, and so it means no child. */
static bool takes_part(const struct walk *w, const struct pk_node *node, const char *name)
{
	const struct pk_node_owner *owner = &node->tree->owner;
	size_t n = name ? strlen(name) : 0;

	if (name && (strncmp(node->name, name, n) || (node->name[n] && node->name[n] != ':')))
		return false;
	return !w->concerned || !owner->concerns || owner->concerns(owner->arg, node, w->concerned);
}

static int clean_directory(struct walk *w, struct pk_node *directory, const char *name);

/* 13 */
static int clean_leaf(struct walk *w, struct pk_node *node)
{
	if (node->held)
		return busy(w, node, PK_BECAUSE_HELD);
	tell(w, node, PK_CLEANED, PK_BECAUSE_NOTHING);
	node_remove(node);
	return 0;
}

/* 7 to 12 */
static int clean_child(struct walk *w, struct pk_node *node)
{
	struct walk all = *w;

	all.concerned = NULL; /* as the name, it is asked of the first level alone */
	if (node->flags & PK_NODE_LEAF)
		return clean_leaf(w, node);
	if (node->lock != UNLOCKED) /* the original would wait here */
		return busy(w, node, PK_BECAUSE_LOCKED);
	if (clean_directory(&all, node, NULL) < 0)
		return busy(w, node, PK_BECAUSE_BELOW);
	if (node->looking)
		return busy(w, node, PK_BECAUSE_LOOKUP);
	if (node->held && !(w->flags & PK_CLEAN_FORCE))
		return busy(w, node, PK_BECAUSE_HELD);
	tell(w, node, node->held ? PK_STALE : PK_CLEANED, PK_BECAUSE_NOTHING);
	node_remove(node);
	return 0;
}

/* What the walk did not come to. */
static void skip_from(struct walk *w, struct pk_node *node, const char *name)
{
	for (; node; node = node->next)
		if (takes_part(w, node, name))
			tell(w, node, PK_SKIPPED, PK_BECAUSE_STOPPED);
}

/* 4 to 17. Children are looked at in the order of their names (5); with a name the walk ends at the
 * first that is busy (14). */
static int clean_directory(struct walk *w, struct pk_node *directory, const char *name)
{
	struct pk_node *node = directory->first, *next;
	int r = 0;

	if (pk_node_lock(directory, true) < 0) { /* 4 */
		tell(w, directory, PK_SKIPPED, PK_BECAUSE_LOCKED);
		return -EBUSY;
	}
	for (; node && (!name || r == 0); node = next) {
		next = node->next;
		if (!takes_part(w, node, name))
			continue;
		w->report->visited++;
		if (clean_child(w, node) < 0)
			r = -EBUSY;
	}
	skip_from(w, node, name);
	directory->build = true; /* 15 */
	pk_node_unlock(directory);
	return r; /* 16 */
}

/* 18: whatever came of the first walk, and whatever comes of this one. */
static void clean_virtuals(struct walk *w, struct pk_node *root)
{
	struct walk clients = *w;

	if (!(w->flags & PK_CLEAN_FORCE) || !root->parent || root->flags & PK_NODE_VIRTUAL)
		return;
	clients.concerned = root;
	for (struct pk_node *node = root->tree->virtuals, *next; node; node = next) {
		next = node->next_virtual;
		if (node_is_reachable(node))
			clean_directory(&clients, node, NULL);
		else
			tell(w, node, PK_SKIPPED, PK_BECAUSE_LOCKED);
	}
}

/* It may be the name of a node that goes. No node has so long a name as what does not fit. */
static const char *keep_name(const char *name, char kept[NODE_NAME_BYTES])
{
	size_t n = name ? strlen(name) : 0;

	if (n >= NODE_NAME_BYTES)
		n = 0;
	memcpy(kept, name ? name : "", n);
	kept[n] = '\0';
	return name ? kept : NULL;
}

static int skip(struct walk *w, struct pk_node *root, enum pk_clean_reason why)
{
	tell(w, root, PK_SKIPPED, why);
	return 0;
}

int pk_clean(struct pk_node *root, const char *name, unsigned flags, struct pk_clean_report *report)
{
	struct pk_clean_report unread = { 0 };
	struct walk w = { .report = report ? report : &unread, .flags = flags };
	char kept[NODE_NAME_BYTES];

	w.report->visited = w.report->cleaned = w.report->stale = 0;
	w.report->busy = w.report->skipped = 0;
	w.report->walk = 0;
	if (!root)
		return 0;
	if (flags & ~(unsigned)PK_CLEAN_FORCE)
		return skip(&w, root, PK_BECAUSE_FLAGS);
	if (root->flags & PK_NODE_LEAF)
		return skip(&w, root, PK_BECAUSE_LEAF);
	if (root->tree->cleaning)
		return skip(&w, root, PK_BECAUSE_CLEANING);
	if (!node_is_reachable(root)) /* 2 */
		return skip(&w, root, root->stale ? PK_BECAUSE_STALE : PK_BECAUSE_LOCKED);
	root->tree->cleaning = true; /* 1 */
	w.report->walk = clean_directory(&w, root, keep_name(name, kept));
	clean_virtuals(&w, root);
	root->tree->cleaning = false;
	return 0; /* 19 */
}
