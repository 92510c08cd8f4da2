/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nodes/node.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- life ------------------------------------------------------------------------------------ */

static struct pk_node *node_free(struct pk_node *node)
{
	struct tree *tree;

	if (!node)
		return NULL;
	tree = node->tree;
	free(node->name);
	free(node);
	if (!--tree->n_nodes)
		free(tree);
	return NULL;
}

static int node_new(
	struct tree *tree, const char *name, unsigned flags, void *device, struct pk_node **ret)
{
	struct pk_node *node = calloc(1, sizeof *node);

	if (!node)
		return -ENOMEM;
	node->name = strdup(name);
	if (!node->name) {
		free(node);
		return -ENOMEM;
	}
	node->tree = tree;
	node->flags = flags;
	node->build = !(flags & PK_NODE_LEAF);
	node->device = device;
	tree->n_nodes++;
	*ret = node;
	return 0;
}

int pk_tree_new(const struct pk_node_owner *owner, struct pk_node **ret)
{
	struct tree *tree = calloc(1, sizeof *tree);
	int r;

	if (!tree)
		return -ENOMEM;
	if (owner)
		tree->owner = *owner;
	r = node_new(tree, "", 0, NULL, &tree->root);
	if (r < 0) {
		free(tree);
		return r;
	}
	*ret = tree->root;
	return 0;
}

static void let_go(struct pk_node *node)
{
	const struct pk_node_owner *owner = &node->tree->owner;

	if (owner->let_go)
		owner->let_go(owner->arg, node);
	node->device = NULL;
}

/* Whoever is called back can make nothing in it, and clean nothing. */
static void remove_all(struct pk_node *directory)
{
	directory->lock = LOCKED;
	while (directory->first) {
		remove_all(directory->first);
		node_remove(directory->first);
	}
}

struct pk_node *pk_tree_free(struct pk_node *root)
{
	if (!root)
		return NULL;
	assert(root->tree->root == root && !root->tree->cleaning);
	remove_all(root);
	let_go(root);
	root->stale = true;
	if (!root->held)
		node_free(root);
	return NULL;
}

/* ---- links ----------------------------------------------------------------------------------- */

static void forget_virtual(struct pk_node *node)
{
	struct pk_node **at = &node->tree->virtuals;

	while (*at && *at != node)
		at = &(*at)->next_virtual;
	if (*at)
		*at = node->next_virtual;
}

static void unlink_node(struct pk_node *node)
{
	struct pk_node *directory = node->parent, *before = NULL;

	for (struct pk_node *child = directory->first; child != node; child = child->next)
		before = child;
	*(before ? &before->next : &directory->first) = node->next;
	if (directory->last == node)
		directory->last = before;
	node->next = node->parent = NULL;
	node->tree->n_removed++;
}

void node_remove(struct pk_node *node)
{
	assert(!node->first);
	if (node->flags & PK_NODE_VIRTUAL)
		forget_virtual(node);
	node->lock = LOCKED; /* nothing comes below it any more */
	let_go(node);	     /* its owner may want to know where it was */
	unlink_node(node);
	node->stale = true;
	if (!node->held)
		node_free(node);
}

/* The last child whose name is less, or NULL. What is made in order goes behind the last. */
static struct pk_node *child_before(const struct pk_node *directory, const char *name)
{
	struct pk_node *before = NULL;

	if (directory->last && strcmp(directory->last->name, name) < 0)
		return directory->last;
	for (struct pk_node *child = directory->first; child && strcmp(child->name, name) < 0;
		child = child->next)
		before = child;
	return before;
}

static struct pk_node *child_from(const struct pk_node *directory, const struct pk_node *before)
{
	return before ? before->next : directory->first;
}

struct pk_node *node_child(const struct pk_node *directory, const char *name)
{
	struct pk_node *child;

	if (directory->last && !strcmp(directory->last->name, name))
		return directory->last;
	child = child_from(directory, child_before(directory, name));
	return child && !strcmp(child->name, name) ? child : NULL;
}

static void link_node(struct pk_node *directory, struct pk_node *node)
{
	struct pk_node *before = child_before(directory, node->name);

	node->parent = directory;
	node->next = child_from(directory, before);
	*(before ? &before->next : &directory->first) = node;
	if (!node->next)
		directory->last = node;
	if (node->flags & PK_NODE_VIRTUAL) {
		node->next_virtual = node->tree->virtuals;
		node->tree->virtuals = node;
	}
}

/* ---- making and finding ---------------------------------------------------------------------- */

/* Whatever directory is, nothing can be done in one that is not there any more. */
static int check_directory(const struct pk_node *directory)
{
	if (directory->stale)
		return -ESTALE;
	return directory->flags & PK_NODE_LEAF ? -ENOTDIR : 0;
}

static bool is_name(const char *name)
{
	return *name && *name != '@' && *name != ':' && !strchr(name, '/') &&
	       strlen(name) < NODE_NAME_BYTES;
}

static bool is_below_virtual(const struct pk_node *directory)
{
	for (; directory; directory = directory->parent)
		if (directory->flags & PK_NODE_VIRTUAL)
			return true;
	return false;
}

int pk_node_make(struct pk_node *directory, const char *name, unsigned flags, void *device,
	struct pk_node **ret)
{
	struct pk_node *node;
	int r = check_directory(directory);

	if (r < 0)
		return r;
	if (!is_name(name) ||
		(flags & PK_NODE_VIRTUAL && (flags & PK_NODE_LEAF || is_below_virtual(directory))))
		return -EINVAL;
	node = node_child(directory, name);
	if (node) {
		*ret = node;
		return 1;
	}
	if (directory->lock != UNLOCKED)
		return -EBUSY;
	r = node_new(directory->tree, name, flags, device, &node);
	if (r < 0)
		return r;
	link_node(directory, node);
	*ret = node;
	return 0;
}

/* Has the owner make what is called so, or everything. */
static int find(struct pk_node *directory, const char *name)
{
	const struct pk_node_owner *owner = &directory->tree->owner;
	int r;

	if (!owner->find)
		return 0;
	pk_node_enter(directory);
	r = owner->find(owner->arg, directory, name);
	pk_node_leave(directory);
	return r;
}

static int found(struct pk_node *node, unsigned flags, struct pk_node **ret)
{
	if (!node || node->flags & PK_NODE_HIDDEN ||
		(node->flags & PK_NODE_INTERNAL && !(flags & PK_LOOKUP_INTERNAL)))
		return -ENOENT;
	*ret = node;
	return 0;
}

int pk_node_lookup(
	struct pk_node *directory, const char *name, unsigned flags, struct pk_node **ret)
{
	struct pk_node *node;
	int r = check_directory(directory);

	if (r < 0)
		return r;
	if (!is_name(name))
		return -ENOENT;
	node = node_child(directory, name);
	if (node || directory->tree->cleaning)
		return found(node, flags, ret);
	r = find(directory, name);
	if (r < 0)
		return r;
	node = node_child(directory, name);
	directory->build |= node != NULL;
	return found(node, flags, ret);
}

/* The first child whose name is greater; NULL: than nothing. */
static struct pk_node *child_behind(const struct pk_node *directory, const char *name)
{
	struct pk_node *child = directory->first;

	while (name && child && strcmp(child->name, name) <= 0)
		child = child->next;
	return child;
}

/* Who is called may clean: then what is next is known by the name alone. */
static int visit_from(struct pk_node *directory, const char *after,
	int (*visit)(void *arg, struct pk_node *node), void *arg)
{
	char name[NODE_NAME_BYTES];
	int r = 0;

	for (struct pk_node *child = child_behind(directory, after), *next; child && !r;
		child = next) {
		size_t removed = directory->tree->n_removed;

		next = child->next;
		if (child->flags & (PK_NODE_INTERNAL | PK_NODE_HIDDEN))
			continue;
		strcpy(name, child->name);
		r = visit(arg, child);
		if (directory->tree->n_removed != removed)
			next = child_behind(directory, name);
	}
	return r;
}

int pk_node_list(struct pk_node *directory, const char *after,
	int (*visit)(void *arg, struct pk_node *node), void *arg)
{
	int r = check_directory(directory);

	if (r >= 0 && directory->build && !directory->tree->cleaning) {
		r = find(directory, NULL);
		directory->build = r < 0;
	}
	if (r < 0)
		return r;
	pk_node_enter(directory);
	r = visit_from(directory, after, visit, arg);
	pk_node_leave(directory);
	return r;
}

/* ---- holds and locks ------------------------------------------------------------------------- */

void pk_node_hold(struct pk_node *node)
{
	node->held++;
}

void pk_node_release(struct pk_node *node)
{
	assert(node->held);
	if (!--node->held && node->stale)
		node_free(node);
}

void pk_node_enter(struct pk_node *directory)
{
	directory->looking++;
	pk_node_hold(directory);
}

void pk_node_leave(struct pk_node *directory)
{
	assert(directory->looking);
	directory->looking--;
	pk_node_release(directory);
}

int pk_node_lock(struct pk_node *directory, int for_writing)
{
	if (directory->lock == LOCKED || (for_writing && directory->lock != UNLOCKED))
		return -EBUSY;
	directory->readers += !for_writing;
	directory->lock = for_writing ? LOCKED : LOCKED_FOR_READING;
	return 0;
}

void pk_node_unlock(struct pk_node *directory)
{
	assert(directory->lock != UNLOCKED);
	if (directory->readers)
		directory->readers--;
	if (!directory->readers)
		directory->lock = UNLOCKED;
}

bool node_is_reachable(const struct pk_node *node)
{
	if (node->stale)
		return false;
	for (; node; node = node->parent)
		if (node->lock == LOCKED)
			return false;
	return true;
}

/* ---- what it says of itself ------------------------------------------------------------------ */

const char *pk_node_name(const struct pk_node *node)
{
	return node->name;
}

void *pk_node_device(const struct pk_node *node)
{
	return node->device;
}

struct pk_node *pk_node_parent(const struct pk_node *node)
{
	return node->parent;
}

unsigned pk_node_flags(const struct pk_node *node)
{
	return node->flags;
}

void pk_node_hide(struct pk_node *node)
{
	node->flags |= PK_NODE_HIDDEN;
}

int pk_node_is_stale(const struct pk_node *node)
{
	return node->stale;
}

int pk_node_is_held(const struct pk_node *node)
{
	return node->held > 0;
}

int pk_node_is_partial(const struct pk_node *directory)
{
	return directory->build;
}

unsigned pk_node_links(const struct pk_node *node)
{
	unsigned n = 2;

	if (node->stale)
		return 0;
	if (node->flags & PK_NODE_LEAF)
		return 1;
	for (const struct pk_node *child = node->first; child; child = child->next)
		n += !(child->flags & PK_NODE_LEAF);
	return n;
}
