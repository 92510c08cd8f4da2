/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "observe/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "dm/table.h"
#include "port/sysfs.h"
#include "scsi/address.h"
#include "scsi/vpd.h"

enum { MAX_LEVELS = 64, VPD_BYTES = 8192, NAME_BYTES = 256 };

_Static_assert(sizeof(((struct node *)0)->wwid) >= VPD_WWID_TEXT &&
		       sizeof(((struct node *)0)->wwid) >= DM_WWID_TEXT,
	"all of it must fit");

/* What a directory on the way to a device is. */
enum level_kind {
	LEVEL_DEVICE,
	LEVEL_GLUE,   /* "block", "scsi_host": between a device and those of a class below it */
	LEVEL_ABSENT, /* it went, or cannot be read */
};

struct level {
	size_t len; /* of the path so far */
	enum level_kind kind;
	uint32_t depth; /* of a device that stands below it */
};

struct reading {
	int sys;
	struct tree tree;
	size_t max_nodes;
	char **paths; /* owned, of devices below /sys */
	size_t n_paths, max_paths;

	/* where the walk through the sorted paths stands */
	const char *path;
	struct level levels[MAX_LEVELS];
	size_t n_levels;
};

/* ---- the ends of the branches ---------------------------------------------------------------- */

/* Directories of links. Those of a class lead to the class's own device, which stands two below
 * the one that is meant: "session1/iscsi_session/session1". */
static const struct source {
	const char *dir;
	unsigned above;
} sources[] = {
	{ "bus/scsi/devices", 0 }, /* hosts, targets, LUNs */
	{ "class/block", 0 },
	{ "class/iscsi_session", 2 },
	{ "class/fc_remote_ports", 2 },
};

static int add_path(struct reading *r, const char *path)
{
	if (r->n_paths == TREE_MAX_NODES) {
		r->tree.complete = false;
		return 0;
	}
	if (r->n_paths == r->max_paths) {
		size_t max = r->max_paths ? 2 * r->max_paths : 256;
		char **more = realloc(r->paths, max * sizeof *more);

		if (!more)
			return -ENOMEM;
		r->paths = more;
		r->max_paths = max;
	}
	r->paths[r->n_paths] = strdup(path);
	return r->paths[r->n_paths] ? (int)!!++r->n_paths : -ENOMEM;
}

static int collect(struct reading *r, const struct source *source)
{
	_cleanup_(sysfs_list_done) struct sysfs_list list = { 0 };
	const char *name;
	int result = sysfs_list_init(&list, r->sys, source->dir);

	if (result < 0)
		return result == -ENOENT ? 0 : result;
	while (result >= 0 && (name = sysfs_list_next(&list))) {
		char path[NODE_SYSFS];

		int linked = sysfs_read_device_link(sysfs_list_fd(&list), name, path, sizeof path);

		r->tree.complete &= linked >= 0 || sysfs_is_absence(linked) || linked == -EBADMSG;
		if (linked < 0)
			continue;
		for (unsigned i = 0; i < source->above && strrchr(path, '/'); i++)
			*strrchr(path, '/') = '\0';
		result = add_path(r, path);
	}
	if (sysfs_list_end(&list) < 0)
		r->tree.complete = false;
	return result < 0 ? result : 0;
}

/* Part by part, so that what is below one directory stands together; numbers as numbers. */
static int compare_paths(const void *left, const void *right)
{
	const char *a = *(const char *const *)left, *b = *(const char *const *)right;

	while (*a && *b) {
		char x[NAME_BYTES], y[NAME_BYTES];
		size_t n = strcspn(a, "/"), m = strcspn(b, "/");
		int r;

		snprintf(x, sizeof x, "%.*s", (int)n, a);
		snprintf(y, sizeof y, "%.*s", (int)m, b);
		r = strverscmp(x, y);
		if (r)
			return r;
		a += n + (a[n] == '/');
		b += m + (b[m] == '/');
	}
	return (*a != '\0') - (*b != '\0');
}

/* ---- one device ------------------------------------------------------------------------------ */

/* Called so, with a number behind it. */
static const struct {
	const char *prefix;
	enum node_kind kind;
} called[] = {
	{ "host", NODE_HOST },
	{ "target", NODE_TARGET },
	{ "session", NODE_SESSION },
	{ "rport-", NODE_PORT },
	{ "port-", NODE_PORT },
	{ "end_device-", NODE_PORT },
	{ "ata", NODE_PORT },
	{ "pci", NODE_PCI },
};

static void read_link_name(int dir, const char *link, char *ret, size_t size)
{
	char target[NODE_SYSFS];
	const char *slash;

	ret[0] = '\0';
	if (sysfs_read_link(dir, link, target, sizeof target) < 0)
		return;
	slash = strrchr(target, '/');
	text_copy(ret, size, slash ? slash + 1 : target);
}

static enum node_kind kind_of(int dir, const char *name)
{
	struct scsi_address address;
	char subsystem[32];

	read_link_name(dir, "subsystem", subsystem, sizeof subsystem);
	if (!strcmp(subsystem, "block")) {
		if (faccessat(dir, "partition", F_OK, 0) == 0)
			return NODE_PARTITION;
		return strncmp(name, "dm-", 3) ? NODE_DISK : NODE_MAP;
	}
	if (!strcmp(subsystem, "pci"))
		return NODE_PCI;
	if (scsi_address_parse(name, &address) == 0)
		return NODE_LUN;
	for (size_t i = 0; i < ARRAY_SIZE(called); i++) {
		size_t n = strlen(called[i].prefix);

		if (!strncmp(name, called[i].prefix, n) && name[n] >= '0' && name[n] <= '9')
			return called[i].kind;
	}
	return NODE_OTHER;
}

/* An attribute of its class's own device: "scsi_host/host3/proc_name". */
static void read_class_label(int dir, const char *class, const char *attribute, struct node *node)
{
	char path[NAME_BYTES + 64];

	snprintf(path, sizeof path, "%s/%s/%s", class, node_name(node), attribute);
	sysfs_read_text(dir, path, node->label, sizeof node->label);
}

static void read_lun(int dir, struct node *node)
{
	static const char *const words[] = { "vendor", "model", "rev" };
	uint8_t page[VPD_BYTES];
	char word[32];
	ssize_t n;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		size_t len = strlen(node->label);

		if (sysfs_read_text(dir, words[i], word, sizeof word) >= 0 && word[0])
			snprintf(node->label + len, sizeof node->label - len, "%s%s",
				len ? " " : "", word);
	}
	sysfs_read_text(dir, "state", node->state, sizeof node->state);
	if (sysfs_first(dir, "scsi_generic", "sg", node->sg, sizeof node->sg) < 0)
		node->sg[0] = '\0';
	n = sysfs_read_bytes(dir, "vpd_pg83", page, sizeof page);
	if (n < 0 || vpd_83_wwid(page, (size_t)n, node->wwid) < 0)
		node->wwid[0] = '\0';
}

/* Did they fit? */
static bool read_slaves(int dir, struct node *node)
{
	_cleanup_(sysfs_list_done) struct sysfs_list slaves = { 0 };
	const char *name;
	size_t len = 0;

	if (sysfs_list_init(&slaves, dir, "slaves") < 0)
		return true;
	while ((name = sysfs_list_next(&slaves)) && len + strlen(name) + 2 <= sizeof node->slaves)
		len += (size_t)sprintf(node->slaves + len, "%s%s", len ? " " : "", name);
	return !name;
}

static bool read_block(int dir, struct node *node)
{
	char text[DEVT_TEXT];

	if (sysfs_read_text(dir, "dev", text, sizeof text) >= 0)
		devt_parse(text, &node->devt);
	sysfs_read_number(dir, "size", &node->size_sectors);
	return read_slaves(dir, node);
}

static bool read_map(int dir, struct node *node)
{
	char uuid[DM_WWID_TEXT + 16] = "";

	sysfs_read_text(dir, "dm/name", node->label, sizeof node->label);
	if (sysfs_read_text(dir, "dm/uuid", uuid, sizeof uuid) < 0 ||
		dm_wwid_from_uuid(uuid, node->wwid) < 0)
		node->wwid[0] = '\0';
	node->is_multipath = dm_uuid_is_multipath(uuid);
	node->is_volume = !strncmp(uuid, "LVM-", 4);
	return read_block(dir, node);
}

/* Is that all of it? */
static bool read_node(int dir, struct node *node)
{
	read_link_name(dir, "driver", node->driver, sizeof node->driver);
	node->kind = node->depth ? kind_of(dir, node_name(node)) : NODE_ROOT;
	switch (node->kind) {
	case NODE_HOST: read_class_label(dir, "scsi_host", "proc_name", node); break;
	case NODE_SESSION: read_class_label(dir, "iscsi_session", "targetname", node); break;
	case NODE_PORT: read_class_label(dir, "fc_remote_ports", "port_name", node); break;
	case NODE_LUN: read_lun(dir, node); break;
	case NODE_DISK:
	case NODE_PARTITION: return read_block(dir, node);
	case NODE_MAP: return read_map(dir, node);
	case NODE_ROOT:
	case NODE_PCI:
	case NODE_TARGET:
	case NODE_OTHER:
	case NODE_KINDS: break;
	}
	return true;
}

/* A loop device that nothing is behind is made in advance. */
static bool is_empty(const struct node *node)
{
	static const char prefix[] = "devices/virtual/";

	return node->kind == NODE_DISK && !node->size_sectors &&
	       !strncmp(node->sysfs, prefix, strlen(prefix));
}

/* ---- the walk -------------------------------------------------------------------------------- */

static int grow(struct reading *r)
{
	size_t max = r->max_nodes ? 2 * r->max_nodes : 64;
	struct node *more;

	if (r->tree.n < r->max_nodes)
		return 0;
	more = realloc(r->tree.nodes, max * sizeof *more);
	if (!more)
		return -ENOMEM;
	r->tree.nodes = more;
	r->max_nodes = max;
	return 0;
}

/* Every device has an event to ask for; "virtual" is a directory alone, and yet a branch. */
static bool is_device(int dir, uint32_t depth)
{
	return depth < 2 || faccessat(dir, "uevent", F_OK, 0) == 0;
}

/* What path's first len bytes lead to: an enum level_kind, or -ENOMEM. */
static int add_node(struct reading *r, size_t len, uint32_t depth)
{
	struct node node = { .depth = depth };
	_cleanup_(closep) int dir = -1;
	bool whole;

	snprintf(node.sysfs, sizeof node.sysfs, "%.*s", (int)len, r->path);
	dir = sysfs_open(r->sys, node.sysfs);
	if (dir < 0) {
		r->tree.complete &= sysfs_is_absence(dir);
		return LEVEL_ABSENT;
	}
	if (!is_device(dir, depth))
		return LEVEL_GLUE;
	if (depth > NODE_MAX_DEPTH || r->tree.n == TREE_MAX_NODES) {
		r->tree.complete = false;
		return LEVEL_ABSENT;
	}
	whole = read_node(dir, &node);
	if (is_empty(&node) || !is_device(dir, depth))
		return LEVEL_ABSENT;
	if (grow(r) < 0)
		return -ENOMEM;
	r->tree.complete &= whole;
	r->tree.nodes[r->tree.n++] = node;
	return LEVEL_DEVICE;
}

/* How many levels path has in common with the one before. */
static size_t common_levels(const struct reading *r, const char *path)
{
	size_t n = 0;

	while (n < r->n_levels) {
		size_t len = r->levels[n].len;

		if (strncmp(r->path, path, len) != 0 || (path[len] && path[len] != '/'))
			break;
		n++;
	}
	return n;
}

static int descend(struct reading *r, const char *path)
{
	r->n_levels = r->path ? common_levels(r, path) : 0;
	r->path = path;
	for (;;) {
		const struct level *above = r->n_levels ? &r->levels[r->n_levels - 1] : NULL;
		size_t from = above ? above->len + 1 : 0;
		uint32_t depth = above ? above->depth : 0;
		int kind;

		if ((above && (above->kind == LEVEL_ABSENT || !path[above->len])) || !path[from])
			return 0;
		if (r->n_levels == MAX_LEVELS) {
			r->tree.complete = false;
			return 0;
		}
		from += strcspn(path + from, "/");
		kind = add_node(r, from, depth);
		if (kind < 0)
			return kind;
		r->levels[r->n_levels++] = (struct level){ .len = from,
			.kind = (enum level_kind)kind,
			.depth = depth + (kind == LEVEL_DEVICE) };
	}
}

static int read_all(struct reading *r)
{
	int result = 0;

	for (size_t i = 0; i < ARRAY_SIZE(sources) && result >= 0; i++)
		result = collect(r, &sources[i]);
	if (result < 0)
		return result;
	if (r->n_paths)
		qsort(r->paths, r->n_paths, sizeof *r->paths, compare_paths);
	result = descend(r, "devices"); /* there is a root, also with nothing below it */
	for (size_t i = 0; i < r->n_paths && result >= 0; i++)
		result = descend(r, r->paths[i]);
	return result;
}

int tree_read(int sys, struct tree *ret)
{
	struct reading r = { .sys = sys, .tree = { .complete = true } };
	int result = read_all(&r);

	if (result >= 0 && !r.tree.n)
		result = -ENOENT;
	for (size_t i = 0; i < r.n_paths; i++)
		free(r.paths[i]);
	free(r.paths);
	if (result < 0) {
		tree_done(&r.tree);
		return result;
	}
	*ret = r.tree;
	return 0;
}

void tree_done(struct tree *tree)
{
	free(tree->nodes);
	*tree = (struct tree){ 0 };
}
