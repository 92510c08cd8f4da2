/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What the kernel does not know of a fence, for the next daemon: one file a device below
 * /run/pathkeeper/state, named by the inode of its sysfs directory, which no other device of this
 * boot will have. Written by rename before the deed; what is in it is an observation's text form.
 */
#include "model/action.h"
#include "model/observation.h"

/* 0 or negative errno. May block as a write to /run does. */
int fences_write(const struct act_fence *fence);
void fences_remove(uint64_t ino);

/* Tells sink OBS_FENCED for each device that is still there, and removes the records of others. 0
 * (also when there are none), or negative errno: not all that there are were told. */
int fences_read(observation_sink sink, void *arg);
