/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Words to detach: how each goes on as a whole. What is due for one path is plan/removal.h's; here
 * it is decided when all have been looked at, when the first deed may be, and what becomes of the
 * word when one of them is refused.
 */
#include "model/model.h"
#include "plan/agenda.h"

/* Opens a word about whatever name means now: a row for each path, or for a map
 * in which no path is. How many; or -ENOMEM. */
int detach_open(struct model *m, const struct obs_request *word, const char *name);

/* p came back although it is kept out (model/gap.h): a word of its own takes it away. */
void detach_keep_out(struct model *m, const struct path *p, const char *requester);

/* Does the word mean p? */
bool detach_means(const struct model *m, const struct detach *d, const struct path *p);

/* Before the paths' own steps: which word stands behind each of them. */
void detaches_assign(struct model *m);
/* After them: what follows for the words. */
void detaches_step(struct model *m, struct agenda *agenda);
