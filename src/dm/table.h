/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A multipath target's table and status lines, as the kernel prints them behind "multipath ".
 *
 * What the map is set to do (queue without paths) stands in the table only; what became of its
 * paths and groups stands in the status only. Both list the same groups and paths.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/devt.h"

struct text;

#define DM_MAX_PATHS  256
#define DM_MAX_GROUPS 256
#define DM_WWID_TEXT  128
#define DM_WORDS_TEXT 128

enum dm_group_state {
	DM_GROUP_UNKNOWN = 0, /* the table does not say */
	DM_GROUP_ACTIVE = 'A',
	DM_GROUP_ENABLED = 'E',
	DM_GROUP_DISABLED = 'D',
};

struct dm_path {
	struct devt devt;
	bool active;	   /* status only */
	uint32_t failures; /* status only */
	uint32_t group;	   /* from 1, as the kernel counts */
};

struct dm_multipath {
	bool queues;		/* table only: queue_if_no_path */
	bool queues_now;	/* status only: I/O waits in the map */
	uint32_t current_group; /* from 1; 0: none. Of a table: the one to begin with */
	uint32_t n_groups, n_paths;
	/* Table only, words with their count, as the kernel prints them: "1 queue_if_no_path", "0".
	 */
	char features[DM_WORDS_TEXT], handler[DM_WORDS_TEXT];
	/* Table only: "service-time 0". "" when the groups have not all the same. */
	char selector[DM_WORDS_TEXT];
	struct dm_path paths[DM_MAX_PATHS];
	char group_state[DM_MAX_GROUPS]; /* enum dm_group_state, of group i + 1 */
};

/* 0, -EINVAL (not such a line), -E2BIG (more paths or groups than fit). */
int dm_table_parse(const char *params, struct dm_multipath *ret);
int dm_status_parse(const char *params, struct dm_multipath *ret);

/* Appends the table with no other paths than the n of keep, whose numbers are the kernel's, and
 * without the groups that are empty then. How many paths it has; or as dm_table_parse(), -ENOMEM.
 */
int dm_table_keep(const char *params, const struct devt *keep, size_t n, struct text *out);

/* Is this the dm uuid of a multipath map (not of a partition on one)? */
bool dm_uuid_is_multipath(const char *uuid);

/* "mpath-<wwid>" -> wwid. 0, -EINVAL (not of a multipath map, or no wwid in it), -EOVERFLOW. */
int dm_wwid_from_uuid(const char *uuid, char ret[DM_WWID_TEXT]);
