/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A device-mapper of tables that are text, in a world of files. It is shared with the processes
 * that are forked. As the kernel's, it keeps a map suspended whose new table it could not take
 * over.
 */
#include <stdbool.h>
#include <stdint.h>

enum { MAPPER_MAPS = 4 };

struct mapper_map {
	bool there, suspended, has_new;
	bool ghost;   /* listed, and gone when somebody looks */
	bool garbled; /* its status is cut */
	char name[64], uuid[64], type[16], status[256];
	char params[256]; /* "": it has no table */
	char new_params[256];
	unsigned minor, open_count, cookie; /* cookie: for udev, when it was first resumed */
	uint64_t sectors, new_sectors;
};

struct mapper {
	struct mapper_map maps[MAPPER_MAPS];
	unsigned last_minor;	/* of those that are made */
	bool refuses_load;	/* a path is too small */
	bool refuses_take_over; /* what was loaded */
	unsigned messages;
	char told[64]; /* to who owns the maps, by whoever plays that */
};

/* What is below /dev and /sys of root (a world's) is made for it. */
struct mapper *mapper_begin(const char *root);
void mapper_end(void);
/* What hands wrote down below root's /run is not there any more. */
void mapper_forget_records(const char *root);
/* As the kernel's message and its owner's word do it. */
void mapper_queue(struct mapper_map *map, bool queues);
/* Somebody who polls is told that something changed. */
void mapper_tell(void);
/* ... and did not. */
void mapper_forget(void);

enum { MAPPER_MAJOR = 254 };
