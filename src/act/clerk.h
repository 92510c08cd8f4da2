/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Who writes words down, so that nobody who thinks waits for a file. */
#include "model/action.h"
#include "model/observation.h"

/* Performs ACT_WRITE_DOWN, ACT_STRIKE_OUT, ACT_KEEP_OUT or ACT_LET_IN. */
void clerk_perform(const struct action *a, struct observation *ret);

/* The helper: performs all that it is sent, and ends with its socket. */
int clerk_main(int socket, uint32_t tag);
