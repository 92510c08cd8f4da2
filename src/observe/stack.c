/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "observe/stack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "port/sysfs.h"

enum { MAX_NODES = 4096, LONG_PATH = 512 };

static const struct {
	const char *prefix;
	enum hold_kind kind;
} kinds[] = {
	{ "dm-", HOLD_MAP },
	{ "md", HOLD_MD },
	{ "bcache", HOLD_BCACHE },
	{ "loop", HOLD_LOOP },
};

static enum hold_kind kind_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strncmp(name, kinds[i].prefix, strlen(kinds[i].prefix)))
			return kinds[i].kind;
	return HOLD_OTHER;
}

/* A device can be reached on two ways: it stands here once. */
static void add(struct scan *scan, struct stack *stack, const struct devt *devt, const char *name,
	bool is_user)
{
	struct stack_node *node;

	for (size_t i = 0; i < stack->n; i++)
		if (devt_equal(&stack->nodes[i].devt, devt))
			return;
	if (stack->n == MAX_NODES) {
		scan->incomplete = true;
		return;
	}
	if (!scan_grow(scan, &stack->nodes, stack->n, sizeof *stack->nodes))
		return;
	node = &stack->nodes[stack->n++];
	*node = (struct stack_node){ .devt = *devt, .is_user = is_user, .kind = kind_of(name) };
	TEXT_SET(node->name, name);
	TEXT_SET(node->what, name);
}

static int read_number(int at, const char *directory, struct devt *ret)
{
	char path[LONG_PATH], text[DEVT_TEXT];
	int r;

	snprintf(path, sizeof path, "%s/dev", directory);
	r = sysfs_read_text(at, path, text, sizeof text);
	return r < 0 ? r : devt_parse(text, ret);
}

/* dir is the directory of a whole disk, in which its partitions' are. */
static void add_partitions(struct scan *scan, struct stack *stack, int dir, const char *disk)
{
	_cleanup_(sysfs_list_done) struct sysfs_list list = { 0 };
	const char *name;
	int r = sysfs_list_init(&list, dir, ".");

	if (r < 0) {
		scan_missed(scan, -1, r);
		return;
	}
	while ((name = sysfs_list_next(&list))) {
		char path[LONG_PATH];
		struct devt devt;

		if (strncmp(name, disk, strlen(disk)) != 0)
			continue;
		snprintf(path, sizeof path, "%s/partition", name);
		if (!scan_has(scan, dir, path))
			continue;
		r = read_number(dir, name, &devt);
		if (r < 0)
			scan_missed(scan, -1, r);
		else
			add(scan, stack, &devt, name, false);
	}
	scan_list_end(scan, -1, &list);
}

static void add_holders(struct scan *scan, struct stack *stack, int dir)
{
	_cleanup_(sysfs_list_done) struct sysfs_list list = { 0 };
	const char *name;
	int r = sysfs_list_init(&list, dir, "holders");

	if (r < 0) {
		scan_missed(scan, -1, r);
		return;
	}
	while ((name = sysfs_list_next(&list))) {
		struct devt devt;

		r = read_number(sysfs_list_fd(&list), name, &devt);
		if (r < 0)
			scan_missed(scan, -1, r);
		else
			add(scan, stack, &devt, name, true);
	}
	scan_list_end(scan, -1, &list);
}

static void add_loops(const struct users *users, struct stack *stack, const struct devt *node)
{
	for (size_t i = 0; i < users->backings.n; i++) {
		const struct backing *b = &users->backings.all[i];
		const struct mount_place *place = &users->backings.places[i];

		if (b->kind == HOLD_LOOP &&
			(devt_equal(&b->node, node) || users_may_hold(users, place, node)))
			add(users->scan, stack, &b->self, b->name, true);
	}
}

/* As kpartx, and multipathd's udev rules, make them: "part1-mpath-3600...". */
static bool is_partition(const char *uuid)
{
	size_t digits;

	if (strncmp(uuid, "part", 4) != 0)
		return false;
	digits = strspn(uuid + 4, "0123456789");
	return digits && !strncmp(uuid + 4 + digits, "-mpath-", 7);
}

/* A device-mapper device is known to people by its other name: "dm-5 data", "dm-6 vg-lv LVM". One
 * that is too long is left out: a part of it could be another's. */
static void read_what(int dir, struct stack_node *node)
{
	char name[128], uuid[136] = "", what[sizeof name + MAX_NAME + 8];
	bool is_volume;

	if (sysfs_read_text(dir, "dm/uuid", uuid, sizeof uuid) < 0)
		uuid[0] = '\0';
	is_volume = !strncmp(uuid, "LVM-", 4);
	node->is_partition = is_partition(uuid);

	if (sysfs_read_text(dir, "dm/name", name, sizeof name) < 0)
		return;
	snprintf(what, sizeof what, "%s %s%s", node->name, name, is_volume ? " LVM" : "");
	if (strlen(what) < sizeof node->what)
		TEXT_SET(node->what, what);
}

static int climb(const struct users *users, struct stack *stack, size_t i, const char *must_be)
{
	struct stack_node node = stack->nodes[i];
	char number[DEVT_TEXT], path[LONG_PATH], link[DEVT_TEXT + 16];
	_cleanup_(closep) int dir = -1;
	const char *name;
	int r;

	devt_print(&node.devt, number);
	snprintf(link, sizeof link, "dev/block/%s", number);
	r = sysfs_read_device_link(users->scan->sys, link, path, sizeof path);
	if (r < 0)
		return r;
	name = strrchr(path, '/');
	if (must_be && (!name || strcmp(name + 1, must_be) != 0))
		return -ENODEV;
	dir = sysfs_open(users->scan->sys, path);
	if (dir < 0)
		return dir;
	read_what(dir, &stack->nodes[i]);
	add_holders(users->scan, stack, dir);
	add_loops(users, stack, &node.devt);
	if (faccessat(dir, "partition", F_OK, 0) < 0)
		add_partitions(users->scan, stack, dir, node.name);
	return 0;
}

int stack_read(
	const struct users *users, const struct devt *devt, const char *dev, struct stack *ret)
{
	*ret = (struct stack){ 0 };
	if (!devt->major || !dev[0])
		return -ENODEV;
	add(users->scan, ret, devt, dev, false);
	for (size_t i = 0; i < ret->n; i++) {
		int r = climb(users, ret, i, i ? NULL : dev);

		if (r < 0 && i == 0)
			return -ENODEV;
		if (r < 0)
			scan_missed(users->scan, -1, r);
	}
	return ret->n ? 0 : -ENOMEM;
}

void stack_done(struct stack *stack)
{
	free(stack->nodes);
	*stack = (struct stack){ 0 };
}
