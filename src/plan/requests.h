/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Clients' words: what they change in the model when they come, and when they are answered. */
#include "model/model.h"
#include "plan/agenda.h"

/* A word about one path (NULL: its name is absent; dev is what the client called it). */
int request_open(struct model *m, const struct obs_request *word, struct path *p, const char *dev);

/* A word about where to look for new logical units; name is what the client called it. */
int request_open_place(struct model *m, const struct obs_request *word, const struct place *place,
	const char *name);

/* A word that waits for what is called so, or will be. 0, -ENOMEM, -EINVAL: nothing has so long a
 * name. */
int request_open_wait(struct model *m, const struct obs_request *word, const char *name);

/* A word that p's volume is to grow: one for all its paths. 0 or -ENOMEM. */
int request_open_grow(struct model *m, const struct obs_request *word, const struct path *p);

/* A word to clean below this directory: one for all paths that are there. 0 or -ENOMEM. */
int request_open_clean(struct model *m, const struct obs_request *word, const char *root);

/* A word that p is to be detached, with all that word number means. 0 or -ENOMEM. */
int request_open_detach(
	struct model *m, const struct obs_request *word, const struct path *p, uint64_t number);

/* The same of a map in which no path is. */
int request_open_detach_map(
	struct model *m, const struct obs_request *word, const char *map, uint64_t number);

/* Asks what open requests need, ends those that can be answered. */
void requests_step(struct model *m, struct agenda *agenda);

/* Is everything that was asked under this id answered? (True also when nothing was.) */
bool request_is_done(const struct model *m, uint64_t id);
/* Forget an answered (or abandoned) request. */
void request_close(struct model *m, uint64_t id);
