/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/node.h"

#include <string.h>

#include "base/cleanup.h"

static const char *const kind_names[NODE_KINDS] = {
	[NODE_ROOT] = "root",
	[NODE_PCI] = "pci",
	[NODE_HOST] = "host",
	[NODE_PORT] = "port",
	[NODE_SESSION] = "session",
	[NODE_TARGET] = "target",
	[NODE_LUN] = "lun",
	[NODE_DISK] = "disk",
	[NODE_PARTITION] = "partition",
	[NODE_MAP] = "map",
	[NODE_OTHER] = "other",
};

const char *node_name(const struct node *node)
{
	const char *slash = strrchr(node->sysfs, '/');

	return slash ? slash + 1 : node->sysfs;
}

const char *node_kind_name(enum node_kind kind)
{
	return (unsigned)kind < ARRAY_SIZE(kind_names) ? kind_names[kind] : "other";
}
