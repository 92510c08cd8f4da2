/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What the running owner of the maps says of purging. One purger per path: the paths of the maps
 * that it purges are left to it, since it deletes late and by name. What cannot be told counts as
 * purged by it.
 */
#include "model/model.h"

/* This is its word from now on. */
void owner_set(struct model *m, const struct obs_owner *word);

/* The paths of any map? */
bool owner_purges_anything(const struct model *m);

/* Those of p's map? What is in no map it never purges. */
bool owner_purges(const struct model *m, const struct path *p);
