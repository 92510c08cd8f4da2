/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * How entries for the same thing become one: a later one keeps what it sets, takes over what only
 * an earlier one sets, and stands in its own place.
 */
#include <stddef.h>

struct config;
struct config_file;
struct diagnostics;
struct entries;

/* The entries of file, which begin with the one numbered first, with all before them and with each
 * other: the same are those whose patterns are the same texts. 0 or -ENOMEM. */
int merge_devices(struct entries *devices, size_t first, const struct config_file *file,
	struct diagnostics *list);

/* Once all files are read: sorts the entries by WWID, merges those of one WWID, and takes an alias
 * from all but the first of those that want it. 0 or -ENOMEM. */
int merge_multipaths(
	struct config *config, const struct config_file *files, struct diagnostics *list);
