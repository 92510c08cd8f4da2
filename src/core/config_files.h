/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The texts of the configuration, in the order of reading: the built-in hardware table,
 * /etc/multipath.conf, its conf.d, then /etc/pathkeeper/pathkeeper.conf. Reading blocks when /
 * does: the daemon does it once before its loop runs, and later only in a helper
 * (config_reader_main) that hands the texts over in memory.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "config/grammar.h"

struct config_files {
	struct config_file *files; /* owned, as are name and text of each */
	size_t n, max;
};

#define CONFIG_FILES_INIT ((struct config_files){ 0 })

/* ours: the path of pathkeeper.conf, NULL for the usual one; given by name it must exist.
 * A file that is not there is no file. 0, -ENOMEM, or the errno of a file that cannot be read, its
 * name in ret_failed (may be NULL; owned by the caller). */
int config_files_read(const char *ours, struct config_files *ret, char **ret_failed);
/* This file alone, behind the hardware table. 0 or negative errno. */
int config_files_read_one(const char *path, struct config_files *ret);
/* Is a file of this name in conf.d read? As multipathd does, hidden ones too. */
bool config_files_is_drop_in(const char *name);
void config_files_done(struct config_files *files);

/* All files in one memory file, and back. config_files_pack() returns its descriptor. */
int config_files_pack(const struct config_files *files);
int config_files_unpack(int fd, struct config_files *ret);

/* The helper: reads once, sends one packet with the memory file's descriptor, ends.
 * Which pathkeeper.conf is asked for: config_files_set_ours(), before the zygote starts. */
void config_files_set_ours(const char *ours);
const char *config_files_ours(void);
int config_reader_main(int socket, uint32_t tag);

enum { CONFIG_READING = 0x636f6e66 };

/* What that packet holds. */
struct config_reading {
	uint32_t magic; /* CONFIG_READING: other packets of a helper begin otherwise */
	int32_t result;
	char failed[128]; /* the file that could not be read */
};
