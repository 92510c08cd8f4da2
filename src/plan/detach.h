/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Words to detach: how each goes on as a whole. What is due for one path is plan/removal.h's; here
 * it is decided when all have been looked at, when the first deed may be, and what becomes of the
 * word when one of them is refused.
 */
#include "model/model.h"
#include "plan/agenda.h"

/* After the paths' own steps: what follows for the words. */
void detaches_step(struct model *m, struct agenda *agenda);
