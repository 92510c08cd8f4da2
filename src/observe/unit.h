/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The unit of the service manager that a process belongs to. */
#include <stdint.h>

enum { UNIT_NAME = 256 };

/* What /proc/PID/cgroup says, for either version of control groups: the outermost service, scope,
 * socket, mount or swap. 0, or -ENODATA: it is in none. */
int unit_parse(const char *cgroup, char ret[UNIT_NAME]);

/* proc: a descriptor of /proc. 0 or negative errno. */
int unit_read(int proc, uint32_t pid, char ret[UNIT_NAME]);
