/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What a word to detach took, and gives back because it was refused: paths, and maps of nobody. */
#include "model/model.h"
#include "plan/agenda.h"

/* One round; true: nothing is left that can be given back. */
bool detach_undo(struct model *m, struct detach *d, struct agenda *agenda);
