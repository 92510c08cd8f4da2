/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * One disk in a world of files (fault_world): 3:0:0:1 on session1, sda 8:0 and sg0 21:0. Its sg
 * node gives back what is written to it, which is the answer "good"; what is asked by SG_IO is
 * answered as disk_answers() says. A disk that is flushed leaves DISK_FLUSHED.
 */
#include <stdbool.h>
#include <stdint.h>

#include "model/action.h"

#define DISK "devices/pci0/host3/session1/target3:0:0/3:0:0:1"

#define DISK_FLUSHED "flushed"

#define DISK_WWID	  "360014005000000000000000000000001" /* when its answers are good */
#define DISK_ANOTHER_WWID "360014005000000000000000000000002"

/* The folder that was made for it; everything in it goes with disk_end(). */
const char *disk_begin(bool with_sg);
void disk_end(void);

/* path below the world's root, or "" for an empty file. */
void disk_write(const char *path, const char *text);
/* Its bytes, and then it is empty; whoever has it open goes on at its beginning. */
bool disk_was_written(const char *path);
/* Is that what it holds? */
bool disk_holds(const char *path, const char *text);
bool disk_has(const char *path);
void disk_folder(const char *path);
void disk_remove(const char *path);

enum disk_answer {
	DISK_GONE,	  /* 05/25/00 */
	DISK_UNCONNECTED, /* good; and INQUIRY says that there is no device */
	DISK_GOOD
};
void disk_answers(enum disk_answer answer);
struct act_watch disk_watch(void);
