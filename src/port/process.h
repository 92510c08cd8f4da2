/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What a helper process does to itself before anything else, so that it works while storage does
 * not: memory locked, no reclaim through our own devices, and no descriptor but its own.
 */
#include <stddef.h>

/* The name in ps ("pk-keeper"); signals: a client's hang-up, a terminal's ^C and a closed socket
 * end nobody, SIGTERM does; memory locked; as many descriptors as allowed. All best effort. */
void process_settle(const char *name);

/* This process' memory stays in memory; best effort. */
void process_lock_memory(void);

/* Closes every descriptor but standard error and those (negative ones in fds are nothing), and
 * makes standard input and output /dev/null. At most 16. 0 or negative errno. */
int process_close_all_but(const int *fds, size_t n_fds);

/* Where our own files below /run are; a test may have them elsewhere. */
const char *process_runtime_dir(void);

/* The lock that says who changes devices here: the daemon, or a command without one. Owned by the
 * caller, who keeps it open; -EWOULDBLOCK: somebody else has it; or another negative errno. */
int process_take_lock(void);
