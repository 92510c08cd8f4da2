/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A helper in a process of its own, the only one in which calls fail. */
#include "fault.h"

#include <stdint.h>

/* daemon is the other end of socket, and closed there. Its pid. */
int process_begin(
	int (*helper_main)(int socket, uint32_t tag), uint32_t tag, int daemon, int socket);

/* Waits for its end, which is its own: main() returned, and nothing was left open or allocated.
 * rule may be NULL. */
void process_end(int pid, const char *rule, const struct fault *fault);
