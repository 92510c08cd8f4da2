/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Lines of /proc/PID/mountinfo and /proc/swaps out of untrusted text: a mounter chooses names. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/devt.h"

struct mountinfo {
	uint32_t id;
	struct devt devt;
	uint32_t shared, master; /* its peers, and whom it follows; 0: none */
	/* Borrowed from the line, in which they were terminated and unescaped. */
	const char *root, *point, *type, *source;
	const char *options; /* of the file system; still escaped */
};

/* Takes the line to pieces. 0 or -EBADMSG; then the line is of no use any more. */
int mountinfo_parse(char *line, struct mountinfo *ret);

/* The value of an option such as logdev=/dev/sdc1, unescaped. False: it is not among them. */
bool mountinfo_option(const char *options, const char *name, char *ret, size_t size);

/* Is the file system on another machine, or in another process, so that its files may not answer?
 */
bool mountinfo_is_remote(const char *type);

struct swap_line {
	const char *name; /* borrowed from the line, unescaped */
	bool is_file;
};

/* A line of /proc/swaps. 0, or -EBADMSG for anything else (its heading, too). */
int mountinfo_parse_swap(char *line, struct swap_line *ret);
