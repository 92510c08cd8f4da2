/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What people call a device: "sdb", "/dev/sdb", "8:16", "3:0:0:1", a WWID, a map's name or number
 * ("dm-3"), "host3", "target3:0:0", "session1", "rport-3:0-1", a sysfs directory with or without
 * /sys/devices, a link of /sys/block, /sys/class, /sys/bus, a name after devfs ("sd@3:0:0:1:sdb",
 * model/devfs_name.h). One name may mean several paths. Of
 * udev's links in /dev/disk those that say which volume they lead to ("by-id/wwn-0x6...",
 * "scsi-3...", "dm-uuid-mpath-...", "dm-name-...") mean that volume, whether or not they are there
 * (yet).
 */
#include "model/model.h"
#include "model/node.h"
#include "model/spelling.h"

/* Calls visit for every path that name means. The number of paths. */
uint32_t name_find(const struct model *m, const char *name,
	void (*visit)(void *arg, struct path *p), void *arg);

/* The same for maps: those that are called so, and those of the paths that are. By their index in
 * the model. */
uint32_t name_find_maps(
	const struct model *m, const char *name, void (*visit)(void *arg, uint32_t map), void *arg);

/* How much of p's directory is the directory of what that name means: of "host3" up to that host,
 * of a directory all of it, of any other name of the path the whole. 0: the name does not mean p.
 */
size_t name_extent(const struct model *m, const char *name, const struct path *p);

/* Is this word (a WWID) what that name says, written in whatever way? */
bool name_says(const char *name, const char *word);

/* Is sysfs that directory, or below it? */
bool name_is_below(const char *sysfs, const char *directory);

/* What that name means as a whole, as long as there is a path or map of it: a volume by its WWID,
 * or a directory. Sets those members of ret. */
bool name_find_root(const struct model *m, const char *name, struct obs_detaching *ret);

/* Does that name mean this device of the tree, or (a directory) something above it? */
bool name_is_node(const struct node *node, const char *name);

/* Marks the devices of a tree that name means, and all that is below them. The number of those it
 * means: what is below one of them is not counted. */
size_t name_find_nodes(const struct node *nodes, size_t n, const char *name, bool *ret_found);

/*
 * Where to look for new logical units when that name is said: a host, target, session or remote
 * port, what is below a directory; of a path, a map or a WWID the targets it is on; of an address
 * where nothing is that address alone. Calls visit once for every place. Their number.
 */
uint32_t name_find_places(const struct model *m, const char *name,
	void (*visit)(void *arg, const struct place *place), void *arg);
