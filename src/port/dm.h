/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Device-mapper by its ioctls, on a control descriptor of our own: the library keeps its own
 * private, and polling needs one. Every call can wait for a lock of the kernel's, so all of them
 * belong into helper processes. Devices are addressed by uuid where a deed is done: the kernel
 * looks it up and acts under one lock, so that a name or number given to another map meanwhile is
 * not hit. The exception is reading, which tells what is there under a number now.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/devt.h"

enum { DM_NAME_TEXT = 128, DM_UUID_TEXT = 132 };

struct dm;

struct dm_listed {
	struct devt devt;
	uint32_t event_nr;
	char name[DM_NAME_TEXT];
};

struct dm_device {
	struct devt devt;
	char name[DM_NAME_TEXT];
	char uuid[DM_UUID_TEXT];
	uint32_t event_nr, open_count;
	uint32_t n_targets; /* of the live table; 0: there is none */
	bool suspended, read_only;
	uint64_t sectors; /* of the first target */
	/* Of the first target. Borrowed until the next call on this dm. */
	const char *type, *params;
};

enum dm_what { DM_READ_STATUS, DM_READ_TABLE };

/* 0, -ENOENT (the kernel has no device-mapper now; it is not loaded for this), other errno. */
int dm_new(struct dm **ret);
struct dm *dm_free(struct dm *dm);
DEFINE_FREEP(struct dm, dm_free)

/* Readable once something changed since dm_arm(). Borrowed. */
int dm_fd(const struct dm *dm);
int dm_arm(struct dm *dm);

/* Every device-mapper device; *ret is the caller's to free. */
int dm_list(struct dm *dm, struct dm_listed **ret, size_t *ret_n);

/* What the live table, or its status, says under this number. Does not flush. -ENXIO: none there.
 */
int dm_read(struct dm *dm, const struct devt *devt, enum dm_what what, struct dm_device *ret);

/* The device with this uuid, without its targets. -ENXIO: there is none (any more). */
int dm_find(struct dm *dm, const char *uuid, struct dm_device *ret);

/* A target message to the one at sector 0, "fail_path 8:16". */
int dm_message(struct dm *dm, const char *uuid, const char *message);

/*
 * The map with this uuid and number gets the same table over more sectors, without flushing or
 * freezing what is on it, so that it waits for no I/O. 0 (also when it has so many already),
 * -ENXIO, -ESTALE (the number is another map's), -EBUSY (somebody keeps it suspended), -EINVAL (it
 * has more; or its table is not one multipath target), else what the kernel says (-EINVAL: a path
 * is too small), and nothing changed: it goes on with the table that it had.
 */
int dm_extend(struct dm *dm, const char *uuid, const struct devt *devt, uint64_t sectors);

/* What a map of one target is made of. */
struct dm_table {
	const char *type, *params;
	uint64_t sectors;
	bool read_only;
};

/*
 * A map of this name and uuid is made, and udev told that it is there. One that is there with this
 * uuid stays as it is; when it has no table (whoever made it was interrupted), it gets this one. 0
 * and its number, -EBUSY (the name is another's, or a device of the table is in use), else what the
 * kernel says, and nothing is left of what was begun.
 */
int dm_make(struct dm *dm, const char *name, const char *uuid, const struct dm_table *table,
	struct devt *ret);

/* Removes it now or not at all: -EBUSY while somebody has it open, never deferred. */
int dm_remove(struct dm *dm, const char *uuid);
