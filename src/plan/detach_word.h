/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A word to detach, by an operator or by a gap that is kept: how it comes, and which paths it means
 * at this moment. How it goes on is plan/detach.h's.
 */
#include "model/model.h"

/* Opens a word about whatever name means now: a row for each path, or for a map
 * in which no path is. How many; or -ENOMEM. */
int detach_open(struct model *m, const struct obs_request *word, const char *name);

/* p came back although it is kept out (model/gap.h): a word of its own takes it away. */
void detach_keep_out(struct model *m, const struct path *p, const char *requester);

/* Does the word mean p? */
bool detach_means(const struct model *m, const struct detach *d, const struct path *p);

/* Which word stands behind each path now: before the paths' own steps. */
void detaches_assign(struct model *m);
