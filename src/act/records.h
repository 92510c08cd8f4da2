/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What the kernel does not know, for the next daemon: one file a fact below /run/pathkeeper/state.
 * Written by rename; what is in it is the text form of an observation, in one line.
 */
#include "model/observation.h"

/* 0 or negative errno. May block as a write to /run does. */
int records_write(const char *name, const struct observation *o);
/* 0 (also when there is none) or negative errno. */
int records_remove(const char *name);
/* The same with all whose names begin so. */
int records_remove_all(const char *prefix);
/* 1: there is one of this name, 0: there is none, or negative errno. */
int records_has(const char *name);

/* One of them, in a folder of the caller's. Written: 0 or negative errno. Read: 0, -EBADMSG (it is
 * no record of that kind), or other negative errno: it could not be read. */
int records_write_file(int folder, const char *name, const struct observation *o);
int records_read_file(
	int folder, const char *name, enum observation_kind kind, struct observation *ret);

/* 1: what it is about is there, 0: it went, or negative errno. */
typedef int record_judge(const struct observation *o);

/* Tells sink what was written under names that begin so and is of this kind and still there, and
 * removes the others. 0 (also when there are none), or negative errno: not all were told. */
int records_read(const char *prefix, enum observation_kind kind, record_judge *is_there,
	observation_sink sink, void *arg);

/* Is that directory below /sys the one of this inode? As record_judge. */
int records_are_of(const char *sysfs, uint64_t ino);
