/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Who uses a device: mounts of every mount namespace, swap, what is stacked on it, loop devices,
 * exports, open descriptors. Not use are the multipath map that was named with it (but everything
 * above that map is), sg nodes, multipathd's and our own descriptors.
 *
 * The answer is complete, or says that it is not: then something could not be read, the deadline
 * passed, or a mount namespace lives that no process is in.
 */
#include "model/action.h"
#include "model/observation.h"

/* Answers n ACT_FIND_HOLDERS with one pass over the system; ret has room for n OBS_HOLDERS. For
 * whoever has no helper: takes as long as it takes, up to the shortest of the deadlines. */
void holders_find(const struct action *actions, size_t n, struct observation *ret);

/* The helper: answers all ACT_FIND_HOLDERS that wait for it with one pass, until the socket closes.
 */
int scanner_main(int socket, uint32_t tag);
