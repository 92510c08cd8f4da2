/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "observe/uses.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "observe/files.h"
#include "observe/unit.h"
#include "observe/users.h"
#include "port/sysfs.h"

/* A block device by its number or its name. */
struct entry {
	const struct node *node;
	uint32_t at;
};

struct matching {
	const struct users *users; /* borrowed */
	const struct tree *tree;   /* borrowed */
	struct entry *by_number, *by_name;
	size_t n_entries;
	struct uses found;
	bool failed; /* no memory */

	/* of the process that was asked for last: most hold several things */
	uint32_t pid;
	const char *comm, *unit;
};

/* ---- the devices of the tree ----------------------------------------------------------------- */

static int compare_numbers(const void *a, const void *b)
{
	const struct devt *x = &((const struct entry *)a)->node->devt,
			  *y = &((const struct entry *)b)->node->devt;

	if (x->major != y->major)
		return x->major < y->major ? -1 : 1;
	return (x->minor > y->minor) - (x->minor < y->minor);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(node_name(((const struct entry *)a)->node),
		node_name(((const struct entry *)b)->node));
}

static int sort_devices(struct matching *m)
{
	m->by_number = calloc(m->tree->n + 1, sizeof *m->by_number);
	m->by_name = calloc(m->tree->n + 1, sizeof *m->by_name);
	if (!m->by_number || !m->by_name)
		return -ENOMEM;
	for (size_t i = 0; i < m->tree->n; i++)
		if (m->tree->nodes[i].devt.major)
			m->by_number[m->n_entries++] = (struct entry){ &m->tree->nodes[i],
				(uint32_t)i };
	memcpy(m->by_name, m->by_number, m->n_entries * sizeof *m->by_name);
	qsort(m->by_number, m->n_entries, sizeof *m->by_number, compare_numbers);
	qsort(m->by_name, m->n_entries, sizeof *m->by_name, compare_names);
	return 0;
}

static uint32_t find(const struct matching *m, const struct entry *entries, const struct node *like,
	int (*compare)(const void *a, const void *b))
{
	const struct entry wanted = { .node = like };
	const struct entry *found = bsearch(&wanted, entries, m->n_entries, sizeof wanted, compare);

	return found ? found->at : USE_NO_NODE;
}

static uint32_t find_number(const struct matching *m, const struct devt *devt)
{
	const struct node like = { .devt = *devt };

	return devt->major ? find(m, m->by_number, &like, compare_numbers) : USE_NO_NODE;
}

static uint32_t find_name(const struct matching *m, const char *name)
{
	struct node like = { 0 };

	TEXT_SET(like.sysfs, name);
	return find(m, m->by_name, &like, compare_names);
}

/* ---- what is found --------------------------------------------------------------------------- */

/* A copy that lives as long as the uses. NULL: of nothing, or no memory. */
static const char *keep(struct matching *m, const char *text)
{
	struct uses *u = &m->found;

	if (!text || !*text || !scan_grow(m->users->scan, &u->texts, u->n_texts, sizeof *u->texts))
		return NULL;
	u->texts[u->n_texts] = strdup(text);
	m->failed |= !u->texts[u->n_texts];
	return u->texts[u->n_texts] ? u->texts[u->n_texts++] : NULL;
}

/* Of a process that holds something: what it is called, and whose it is. */
static void ask_process(struct matching *m, uint32_t pid, const char *comm)
{
	char path[32], name[32], unit[UNIT_NAME];
	int proc = m->users->scan->proc;

	if (m->pid == pid)
		return;
	m->pid = pid;
	snprintf(path, sizeof path, "%u/comm", pid);
	if (!comm)
		comm = sysfs_read_text(proc, path, name, sizeof name) < 0 ? NULL : name;
	m->comm = keep(m, comm);
	m->unit = unit_read(proc, pid, unit) < 0 ? NULL : keep(m, unit);
}

/* Keeps its texts. A use of what is not in the tree is none of its devices'. */
static void add(struct matching *m, struct use use)
{
	struct uses *u = &m->found;

	if (use.node == USE_NO_NODE || !scan_grow(m->users->scan, &u->all, u->n, sizeof *u->all))
		return;
	use.what = keep(m, use.what);
	use.namespace = keep(m, use.namespace);
	use.on = node_name(&m->tree->nodes[use.node]);
	if (use.pid)
		ask_process(m, use.pid, use.comm);
	use.comm = use.pid ? m->comm : NULL;
	use.unit = use.pid ? m->unit : NULL;
	if (use.what)
		u->all[u->n++] = use;
}

/* A file system's use: of the device that it lies on, or, when it has no one, of all that it has.
 */
static void add_in_file_system(
	struct matching *m, const struct devt *devt, const struct devt *source, struct use use)
{
	const struct exports *exports = &m->users->exports;
	const struct btrfs_member *member = exports_btrfs(exports, source);

	use.node = find_number(m, devt->major ? devt : source);
	if (devt->major || !member) {
		add(m, use);
		return;
	}
	for (size_t i = 0; i < exports->n_members; i++) {
		if (strcmp(exports->members[i].uuid, member->uuid) != 0)
			continue;
		use.node = find_number(m, &exports->members[i].devt);
		add(m, use);
	}
}

static void add_in_places(struct matching *m, const struct mount_place *place, const struct use use)
{
	const struct mount_spot *spots[] = { &place->own, &place->elsewhere };

	for (size_t i = 0; i < ARRAY_SIZE(spots); i++)
		add_in_file_system(m, &spots[i]->devt, &spots[i]->source, use);
}

static void add_mounts(struct matching *m)
{
	for (size_t i = 0; i < m->users->mounts.n_uses; i++) {
		const struct mount_use *mount = &m->users->mounts.uses[i];
		struct use use = { .kind = HOLD_MOUNT,
			.by = USE_NO_NODE,
			.pid = mount->pid,
			.critical = mount->critical,
			.what = mount->point,
			.namespace = mount->bound };

		add_in_file_system(m, &mount->devt, &mount->source, use);
	}
}

static bool is_mounted(const struct matching *m, const struct btrfs_member *member)
{
	for (size_t i = 0; i < m->users->mounts.n_uses; i++) {
		const struct mount_use *mount = &m->users->mounts.uses[i];

		if (users_lies_on(m->users, &mount->devt, &mount->source, &member->devt))
			return true;
	}
	return false;
}

/* The kernel has it, and which mount that is cannot be told: it might be the root. */
static void add_members(struct matching *m)
{
	for (size_t i = 0; i < m->users->exports.n_members; i++) {
		const struct btrfs_member *member = &m->users->exports.members[i];
		struct use use = { .kind = HOLD_OTHER, .by = USE_NO_NODE, .is_doubtful = true };
		char what[sizeof member->uuid + 8];

		if (is_mounted(m, member))
			continue;
		snprintf(what, sizeof what, "btrfs %s", member->uuid);
		use.what = what;
		use.node = find_number(m, &member->devt);
		add(m, use);
	}
}

/* Swap areas and loop devices: on a node, or on a file. */
static void add_backings(struct matching *m)
{
	for (size_t i = 0; i < m->users->backings.n; i++) {
		const struct backing *b = &m->users->backings.all[i];
		const struct mount_place *place = &m->users->backings.places[i];
		bool is_swap = b->kind == HOLD_SWAP;
		struct use use = { .kind = b->kind,
			.node = find_number(m, &b->node),
			.by = find_number(m, &b->self),
			.critical = is_swap,
			.what = is_swap ? b->path : b->name };

		if (b->node.major)
			add(m, use);
		else
			add_in_places(m, place, use);
	}
}

static void add_exports(struct matching *m)
{
	for (size_t i = 0; i < m->users->exports.n_uses; i++) {
		const struct export_use *export = &m->users->exports.uses[i];

		add(m, (struct use){ .kind = HOLD_EXPORT,
			       .node = find_number(m, &export->devt),
			       .by = USE_NO_NODE,
			       .what = export->what });
	}
}

static void add_opens(struct matching *m)
{
	for (size_t i = 0; i < m->users->opens.n_uses; i++) {
		const struct open_use *open = &m->users->opens.uses[i];

		add(m, (struct use){ .kind = HOLD_OPEN,
			       .node = find_number(m, &open->devt),
			       .by = USE_NO_NODE,
			       .pid = open->pid,
			       .udev = open->udev,
			       .what = open->what,
			       .comm = open->comm });
	}
}

static void add_files(struct matching *m, const struct files *files)
{
	for (size_t i = 0; i < files->n_uses; i++) {
		const struct file_use *file = &files->uses[i];
		struct use use = { .kind = HOLD_OPEN,
			.by = USE_NO_NODE,
			.pid = file->pid,
			.what = file->what,
			.comm = file->comm };

		add_in_file_system(m, &file->devt, &file->source, use);
	}
}

/* ---- devices on devices ---------------------------------------------------------------------- */

static const struct {
	const char *prefix;
	enum hold_kind kind;
} kinds[] = {
	{ "md", HOLD_MD },
	{ "bcache", HOLD_BCACHE },
	{ "loop", HOLD_LOOP },
};

static enum hold_kind kind_of(const struct node *node)
{
	if (node->kind == NODE_MAP)
		return HOLD_MAP;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strncmp(node_name(node), kinds[i].prefix, strlen(kinds[i].prefix)))
			return kinds[i].kind;
	return HOLD_OTHER;
}

/* "dm-5 data", "dm-6 vg-lv LVM": as it is called by those who made it, too. */
static void print_what(const struct node *node, struct text *out)
{
	text_add(out, node_name(node));
	if (node->kind == NODE_MAP && node->label[0])
		text_addf(out, " %s%s", node->label, node->is_volume ? " LVM" : "");
}

static void add_stacked(struct matching *m, uint32_t at)
{
	_cleanup_(text_done) struct text what = TEXT_INIT;
	const struct node *node = &m->tree->nodes[at];
	size_t len;

	if (node->slaves[0])
		print_what(node, &what);
	m->failed |= text_failed(&what);
	for (const char *slave = node->slaves; *slave; slave += len + (slave[len] == ' ')) {
		char name[NODE_SLAVES];

		len = strcspn(slave, " ");
		snprintf(name, sizeof name, "%.*s", (int)len, slave);
		add(m, (struct use){ .kind = kind_of(node),
			       .node = find_name(m, name),
			       .by = at,
			       .is_path = node->is_multipath,
			       .what = text_str(&what) });
	}
}

/* ---- all of it ------------------------------------------------------------------------------- */

static int compare_nodes(const void *a, const void *b)
{
	const struct use *x = a, *y = b;

	if (x->node != y->node)
		return x->node < y->node ? -1 : 1;
	if (x->kind != y->kind)
		return (int)x->kind - (int)y->kind;
	return x->pid != y->pid ? (x->pid > y->pid) - (x->pid < y->pid) : strcmp(x->what, y->what);
}

int uses_match(const struct users *users, const struct files *files, const struct tree *tree,
	struct uses *ret)
{
	struct matching m = { .users = users, .tree = tree };
	int r = sort_devices(&m);

	if (r >= 0) {
		add_mounts(&m);
		add_members(&m);
		add_backings(&m);
		add_exports(&m);
		add_opens(&m);
		add_files(&m, files);
		for (size_t i = 0; i < tree->n; i++)
			add_stacked(&m, (uint32_t)i);
	}
	free(m.by_number);
	free(m.by_name);
	if (r < 0 || m.failed) {
		uses_done(&m.found);
		return -ENOMEM;
	}
	if (m.found.n)
		qsort(m.found.all, m.found.n, sizeof *m.found.all, compare_nodes);
	m.found.complete = tree->complete && !users->scan->incomplete;
	*ret = m.found;
	return 0;
}

int uses_read(const struct tree *tree, instant deadline, struct uses *ret)
{
	_cleanup_(scan_done) struct scan scan;
	_cleanup_(users_done) struct users users;
	_cleanup_(files_done) struct files files;

	scan_init(&scan, deadline);
	users_read(&scan, &users);
	files_read(&scan, &users.mounts, &files);
	return uses_match(&users, &files, tree, ret);
}

void uses_done(struct uses *uses)
{
	for (size_t i = 0; i < uses->n_texts; i++)
		free(uses->texts[i]);
	free(uses->texts);
	free(uses->all);
	*uses = (struct uses){ 0 };
}
