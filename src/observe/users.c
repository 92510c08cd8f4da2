/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "observe/users.h"

#include <string.h>

/* In this order: mounts tell where the files of swap and loop devices lie, and which files may be
 * asked for. */
void users_read(struct scan *scan, struct users *ret)
{
	ret->scan = scan;
	backings_read(scan, &ret->backings);
	mounts_read(scan, ret->backings.places, ret->backings.n, &ret->mounts);
	exports_read(scan, &ret->exports);
	opens_read(scan, &ret->mounts, &ret->opens);
}

void users_done(struct users *users)
{
	opens_done(&users->opens);
	exports_done(&users->exports);
	mounts_done(&users->mounts);
	backings_done(&users->backings);
}

bool users_lies_on(const struct users *users, const struct devt *devt, const struct devt *source,
	const struct devt *node)
{
	const struct btrfs_member *a, *b;

	if (devt->major && devt_equal(devt, node))
		return true;
	if (!source->major)
		return false;
	if (devt_equal(source, node))
		return true;
	a = exports_btrfs(&users->exports, source);
	b = exports_btrfs(&users->exports, node);
	return a && b && !strcmp(a->uuid, b->uuid);
}

bool users_may_hold(
	const struct users *users, const struct mount_place *place, const struct devt *node)
{
	return users_lies_on(users, &place->own.devt, &place->own.source, node) ||
	       users_lies_on(users, &place->elsewhere.devt, &place->elsewhere.source, node);
}
