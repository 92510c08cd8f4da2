/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Models for tests, built by the door the world comes in by: observations. Device H:0:0:L has the
 * directory, inode and numbers that its address gives it, and is running on a session that is up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "model/model.h"

enum { BUILT_NOW_MS = 1000000, BUILT_SD = 8, BUILT_DM = 253 };

/* text: a configuration file; "" for what is built in. */
struct config *built_config(const char *text);
struct model *built_model(const char *text);

/* What sysfs says of it. The array is "array", the inode 1000 * (host + 1) + lun. */
struct observation built_device(uint32_t host, uint32_t lun, const char *wwid);
/* The host of those devices, with one session. */
struct observation built_host(uint32_t host);
/* The same, noted; watched, and so far unasked. Borrowed. */
struct path *built_path(struct model *m, uint32_t host, uint32_t lun, const char *wwid);

/* Map number minor of these paths, all active, of a WWID; as if read, and noted. */
struct observation built_map_of(uint32_t minor, const char *wwid, struct path **paths, uint32_t n);
void built_map(struct model *m, uint32_t minor, const char *wwid, struct path **paths, uint32_t n);

/* A check of p is out: the observation that answers it, otherwise empty. */
struct observation built_check(struct model *m, struct path *p);

struct scsi_answer built_sense(uint8_t key, uint8_t asc, uint8_t ascq);
/* 05/25/00 to both, or good to both. */
/* Volume n calls itself so, and that is how its checks are answered: good, and identified. */
void built_wwid(uint32_t volume, char ret[MAX_WWID]);
struct obs_checked built_volume(uint32_t volume);
struct obs_checked built_gone(void);
struct obs_checked built_good(void);
/* TEST UNIT READY good, and no device says INQUIRY. */
struct obs_checked built_qualifier(void);
