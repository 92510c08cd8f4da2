/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What the rows of a document about maps are made from: only for show/maps.c. */
#include "show/document.h"

struct map;
struct map_member;
struct model;
struct path;

/* The paths by their device numbers, which is all that a map knows of them. */
struct map_index {
	const struct path **paths; /* owned; the paths are borrowed */
	size_t n;
};

/* 0 or -ENOMEM. */
int map_index_init(struct map_index *index, const struct model *m);
void map_index_done(struct map_index *index);

/* A map, one of its groups, or one of its paths. */
struct map_item {
	const struct map_index *index;
	const struct map *map;
	uint32_t group; /* from 1 */
	const struct map_member *member;
	const struct path *path; /* NULL: a member that is no path of ours */
};

uint32_t map_item_n_members(const struct map_item *item);
/* NULL: that member is no path of ours. */
const struct path *map_item_path(const struct map_item *item, uint32_t member);

/* Of an item with a member. */
extern const struct document_field map_path_fields[];

/* What only its owner knows of a path or group. */
struct datum map_no_priority(struct document *d, const void *item);
