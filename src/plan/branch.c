/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/branch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "judge/pace.h"
#include "pathkeeper.h"
#include "plan/removal.h"

#define VIRTUAL "virtual/block"

/* ---- the cache ------------------------------------------------------------------------------- */

static const char *below_devices(const char *sysfs)
{
	static const char prefix[] = "devices/";

	return strncmp(sysfs, prefix, strlen(prefix)) ? sysfs : sysfs + strlen(prefix);
}

/* The directories on the way to sysfs, and what it is itself; NULL: no memory, or no name. */
static struct pk_node *make(struct pk_node *node, const char *sysfs, unsigned flags, void *device)
{
	char name[MAX_SYSFS];

	for (const char *at = sysfs; *at;) {
		size_t n = strcspn(at, "/");
		bool last = !at[n];

		memcpy(name, at, n);
		name[n] = '\0';
		if (pk_node_make(node, name, last ? flags : 0, last ? device : NULL, &node) < 0)
			return NULL;
		at += n + !last;
	}
	return node;
}

static int by_directory(const void *a, const void *b)
{
	const struct path *const *x = a, *const *y = b;

	return strcmp((*x)->device.sysfs, (*y)->device.sysfs);
}

static bool is_below(const char *sysfs, const char *root)
{
	size_t n = strlen(root);

	return !strncmp(sysfs, root, n) && (!n || sysfs[n] == '/' || !sysfs[n]);
}

bool branch_covers(const char *root, const struct path *p)
{
	return is_below(below_devices(p->device.sysfs), root);
}

/* Is it what the clean is about, and not only near it? */
static bool is_meant(const struct branch *b, const struct path *p)
{
	const char *sysfs = below_devices(p->device.sysfs);
	size_t root = strlen(b->root), n = strlen(b->below);

	if (!is_below(sysfs, b->root))
		return false;
	if (!n)
		return true;
	sysfs += root + (sysfs[root] == '/');
	return !strncmp(sysfs, b->below, n) && (!sysfs[n] || sysfs[n] == '/' || sysfs[n] == ':');
}

/* By a clean that somebody asked for. */
static bool is_to_be_removed(const struct branch *b, const struct path *p)
{
	return b->request && p->gone_count && p->purge == PURGE_NO && !p->fence.fenced &&
	       p->askable;
}

static uint32_t holds_of(const struct branch *b, const struct path *p)
{
	uint32_t holds = 0;

	if (p->check.action)
		holds |= 1u << CLEANING_CHECK;
	if (p->watch == WATCH_ASKED)
		holds |= 1u << CLEANING_WATCH;
	if (p->deed.action || p->reread.action)
		holds |= 1u << CLEANING_DEED;
	if (p->purge != PURGE_NO || is_to_be_removed(b, p))
		holds |= 1u << CLEANING_REMOVAL;
	if (p->fence.stage != FENCE_NO || p->fence.fenced) /* somebody may set it running */
		holds |= 1u << CLEANING_FENCE;
	if (!b->request && p->map >= 0)
		holds |= 1u << CLEANING_MAP;
	for (uint32_t i = 0; i < b->model->n_requests; i++) {
		const struct request *r = &b->model->requests[i];

		if (r->used && r->result == REQUEST_OPEN && path_id_equal(r->path, p->id))
			holds |= 1u << CLEANING_REQUEST;
	}
	return holds;
}

/* In the order of their names, in which nothing has to be looked for. */
static int make_paths(struct branch *b)
{
	const struct path **paths = calloc(b->model->n_paths + 1, sizeof *paths);
	struct path *p;
	size_t n = 0;
	int r = paths ? 0 : -ENOMEM;

	if (r < 0)
		return r;
	for_each_path (b->model, p)
		if (p->watch == WATCH_YES || p->watch == WATCH_ASKED)
			paths[n++] = p;
	qsort(paths, n, sizeof *paths, by_directory);
	for (size_t i = 0; i < n && r >= 0; i++) {
		struct pk_node *node = make(b->tree, below_devices(paths[i]->device.sysfs),
			PK_NODE_LEAF, (void *)paths[i]);

		if (!node)
			r = -ENOMEM;
		else if (holds_of(b, paths[i]))
			pk_node_hold(node);
	}
	free(paths);
	return r;
}

static int make_maps(struct branch *b)
{
	struct pk_node *virtual = make(b->tree, VIRTUAL, PK_NODE_VIRTUAL, NULL), *node;

	if (!virtual)
		return -ENOMEM;
	for (uint32_t i = 0; i < b->model->n_maps; i++) {
		struct map *map = &b->model->maps[i];
		char name[MAX_NAME];

		if (!map->present)
			continue;
		snprintf(name, sizeof name, "dm-%u", map->kernel.devt.minor);
		if (pk_node_make(virtual, name, PK_NODE_LEAF, map, &node) < 0)
			return -ENOMEM;
		if (map->deed.action)
			pk_node_hold(node);
	}
	return 0;
}

static bool is_client(const struct pk_node *node)
{
	const struct pk_node *directory = pk_node_parent(node);

	return directory && pk_node_flags(directory) & PK_NODE_VIRTUAL;
}

static struct path *path_of(const struct pk_node *node)
{
	return is_client(node) ? NULL : pk_node_device(node);
}

/* ---- what is done ---------------------------------------------------------------------------- */

/* Is a path of the map below the root? */
static int concerns(void *arg, const struct pk_node *client, const struct pk_node *root)
{
	const struct branch *b = arg;
	const struct map *map = pk_node_device(client);
	struct path *p;

	(void)root;
	for_each_path (b->model, p)
		if (map && p->map == (int)(map - b->model->maps) && branch_covers(b->root, p))
			return true;
	return false;
}

/* Nothing that it said is good for anything from now on, and it says who it is before it is trusted
 * again. */
static void forget(struct model *m, struct path *p)
{
	p->watch = WATCH_NO;
	p->cleaned = true;
	p->gone_count = 0;
	p->check_wants_inquiry = true;
	p->identity.wish = model_next_seq(m);
	pace_after_clean(m, p);
	p->checker = CHECKER_UNCHECKED;
	p->has_sense = false;
	model_state_enter(m, p, PATH_UNCHECKED, BECAUSE_CLEANED);
}

static void give_back(struct branch *b, struct path *p)
{
	struct action *a = agenda_add(b->agenda, ACT_FORGET);

	if (!a) {
		b->cleaning->failed = true;
		return;
	}
	a->id = p->giving_back = ++b->model->next_action;
	a->path = p->id;
	forget(b->model, p);
	agenda_wake_at(b->agenda, p->check_due);
	b->given_back++;
}

static void let_go(void *arg, struct pk_node *node)
{
	struct branch *b = arg;

	if (!b->applies || !pk_node_device(node))
		return;
	if (!is_client(node)) {
		give_back(b, pk_node_device(node));
		return;
	}
	b->model->maps_lost = true; /* read again */
	agenda_wake_at(b->agenda, b->model->now);
}

void branch_remove_gone(struct branch *b)
{
	struct path *p;

	for_each_path (b->model, p) {
		if (!is_meant(b, p) || !is_to_be_removed(b, p))
			continue;
		p->found_gone = true;
		removal_step(b->model, p, b->agenda);
	}
}

/* ---- what is said of it ---------------------------------------------------------------------- */

static void print_node(const struct pk_node *node, struct text *out)
{
	const struct pk_node *directory = pk_node_parent(node);

	if (directory && pk_node_parent(directory)) {
		print_node(directory, out);
		text_add(out, "/");
	}
	text_add(out, pk_node_name(node));
}

static void describe_holds(struct branch *b, const struct pk_node *node, struct cleaning_node *row)
{
	const struct path *p = path_of(node);
	struct text why = TEXT_INIT;

	row->holds = p ? holds_of(b, p) : 1u << CLEANING_DEED;
	if (p && p->purge != PURGE_NO) {
		text_addf(&why, "%s: ", purge_stage_name(p->purge));
		path_purge_reason(p, &why);
		TEXT_SET(row->what, text_str(&why));
	} else if (p && is_to_be_removed(b, p)) {
		TEXT_SET(row->what, checker_word_name(CHECKER_DISCONNECTED));
	} else if (p && row->holds >> CLEANING_MAP & 1) {
		TEXT_SET(row->what, b->model->maps[p->map].kernel.name);
	}
	text_done(&why);
}

static void visit(
	void *arg, struct pk_node *node, enum pk_clean_word word, enum pk_clean_reason why)
{
	static const enum cleaning_word words[] = {
		[PK_CLEANED] = NODE_CLEANED,
		[PK_STALE] = NODE_MADE_STALE,
		[PK_BUSY] = NODE_BUSY,
		[PK_SKIPPED] = NODE_SKIPPED,
	};
	struct branch *b = arg;
	struct text name = TEXT_INIT;
	struct cleaning_node *row;

	print_node(node, &name);
	row = cleaning_add(b->cleaning, words[word], text_str(&name));
	text_done(&name);
	if (!row || word != PK_BUSY)
		return;
	if (why == PK_BECAUSE_BELOW)
		row->holds = 1u << CLEANING_BELOW;
	else
		describe_holds(b, node, row);
}

/* ---- one clean ------------------------------------------------------------------------------- */

/* What is cached there, or NULL. */
static struct pk_node *find(struct pk_node *node, const char *sysfs)
{
	char name[MAX_SYSFS];

	for (const char *at = sysfs; *at;) {
		size_t n = strcspn(at, "/");

		memcpy(name, at, n);
		name[n] = '\0';
		if (pk_node_lookup(node, name, 0, &node) < 0)
			return NULL;
		at += n + (at[n] == '/');
	}
	return node;
}

/* A device is cleaned as a child of what it is below, as in the original. */
static void clean(struct branch *b, unsigned flags)
{
	struct pk_clean_report report = { .visit = visit, .arg = b };
	struct pk_node *root = find(b->tree, b->root);

	b->applies = !b->dry_run;
	if (!root || !(pk_node_flags(root) & PK_NODE_LEAF))
		pk_clean(root, *b->below ? b->below : NULL, flags, &report);
	else if (!*b->below)
		pk_clean(pk_node_parent(root), pk_node_name(root), flags, &report);
	b->applies = false;
}

/* What was held stayed, and is below what stayed. */
static int release(void *arg, struct pk_node *node)
{
	if (!(pk_node_flags(node) & PK_NODE_LEAF))
		return pk_node_list(node, NULL, release, arg);
	if (pk_node_is_held(node))
		pk_node_release(node);
	return 0;
}

void branch_clean(struct branch *b, unsigned flags)
{
	const struct pk_node_owner owner = { .let_go = let_go, .concerns = concerns, .arg = b };

	if (pk_tree_new(&owner, &b->tree) < 0) {
		b->cleaning->failed = true;
		return;
	}
	if (make_paths(b) < 0 || make_maps(b) < 0)
		b->cleaning->failed = true;
	else
		clean(b, flags);
	pk_node_list(b->tree, NULL, release, NULL);
	b->tree = pk_tree_free(b->tree);
}
