/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Maps that nobody owns and that a word to detach removes: how each of them is made again, should
 * the word be refused later on. One record each for the map and for its partitions, with the table
 * as the kernel prints it, written by the hand before it removes them. What was written first for a
 * word stays: it is how things were when the word came.
 */
#include "model/action.h"
#include "port/dm.h"

/* 0, -ENXIO (there is no such map), -ESTALE (the number is another's), -E2BIG (a table does not
 * fit), -EBUSY (what is called a partition of it is none), other errno. */
int taken_write(struct dm *dm, const struct act_map *wanted);

/*
 * The map is made again, of those of its paths that are meant and are still the same devices, and
 * so are its partitions. What is there is left as it is. 0 (also when nothing was written down),
 * -ENODEV (none of its paths is left), or as dm_make(). *written: the kernel was told something.
 */
int taken_make(struct dm *dm, const struct act_make *make, bool *written);

/* All of that word. 0 or negative errno. */
int taken_remove(uint64_t word);

/* Tells sink OBS_TAKEN for each of a word that is still written down, and removes others. */
int taken_read(observation_sink sink, void *arg);
