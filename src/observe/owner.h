/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Who owns the maps: is a multipathd running, and which of them does it purge by itself? One purger
 * per path is enough, and the other one deletes late and by name.
 */
#include "model/observation.h"

/* Out of its answer to "show config". purges: some section says so. rules: the sections that decide
 * for which maps, as a configuration of their own; empty where they do not fit, and then it purges
 * every map. So does one whose answer is no configuration, or is cut. */
void owner_read_config(const char *config, struct obs_owner *ret);

/* The helper: answers ACT_ASK_OWNER until the socket closes. result: whether the owner could be
 * asked for its configuration. When it could not, it counts as one that purges. */
int owner_main(int socket, uint32_t tag);
