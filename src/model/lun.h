/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Logical units, and those of them that were taken away within the last minute: what P4 counts. One
 * with many paths counts once.
 */
#include "base/clock.h"
#include "base/hash.h"
#include "model/observation.h"
#include "model/path_id.h"

struct model;
struct path;

/* One array's logical unit with all paths to it: what P4's share counts. */
struct lun {
	UT_hash_handle hh;
	uint32_t n_paths;
	char array[MAX_ARRAY];
	char key[MAX_ARRAY + MAX_SYSFS]; /* the array's name and its own */
};

/* A removal that was handed out, for P4. */
struct death {
	instant at; /* never: it was taken back */
	path_id path;
	bool newest; /* of its logical unit: so that one with many paths counts once */
	bool stands; /* a try of it may have been the one: no later try takes it back */
	char array[MAX_ARRAY];
	char key[MAX_ARRAY + MAX_SYSFS];
};

enum { MAX_DEATHS = 4096, DEATH_MEMORY_MS = 60000 };

/* A removal of p is handed out now: remembered for P4, instead of an earlier try. Taken back when
 * it is certain that nothing was written. */
void lun_add_death(struct model *m, const struct path *p);
void lun_take_back_death(struct model *m, const struct path *p);
/* What became of this try is not known: it counts, whatever becomes of the next. */
void lun_keep_death(struct model *m, const struct path *p);

/* The i-th death from the latest backwards, NULL when it is more than a minute ago or there is
 * none. One that was taken back has the instant never. */
const struct death *lun_death(const struct model *m, uint32_t i);

/* What P4 counts p as: its WWID, or its address when it has none. Its array and LUN may have
 * changed: joins the right one. 0 or -ENOMEM. */
int lun_join(struct model *m, struct path *p);
void lun_leave(struct model *m, struct path *p);
