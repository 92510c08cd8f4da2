/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Waiting for a device that is to be there with so many good paths: up or ghost, not fenced, and
 * leading to the logical unit that they should, as was read after the word came. A volume whose
 * number was given to another one while nobody looked is not taken for it.
 */
#include "model/model.h"
#include "plan/agenda.h"

/* Are they there? Counts what the name means now, asks the identity of paths that were not asked
 * since the word came; what is missing is left in the request. */
bool wait_is_over(struct model *m, struct request *r, struct agenda *agenda);

enum { WAITS_COUNT_MS = 50 }; /* a storm of events is counted together */
