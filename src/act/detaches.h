/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Words to detach that were begun, for the next daemon: one record each, by its number, written
 * before the first deed. A branch of the tree is known again by its directory and that one's inode,
 * a volume by its WWID.
 */
#include "model/observation.h"

/* A directory whose inode is not known yet is looked at now. 0 or negative errno. */
int detaches_write(const struct obs_detaching *word);
/* 0 (also when there is none) or negative errno. */
int detaches_remove(uint64_t number);

/* 1: that word is written down, 0: it is not, or negative errno. */
int detaches_has(uint64_t number);

/* Tells sink OBS_DETACHING for each that may have something left, and removes the records of
 * others. 0 or negative errno: not all that there are were told. */
int detaches_read(observation_sink sink, void *arg);
