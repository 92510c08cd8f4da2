/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What is asked of a world that is known by words: what was told of devices, maps and the owner
 * last, and standing answers. It answers a millisecond later, and does what it is told.
 */
#include "model/action.h"

struct world;

int world_new(struct world **ret);
struct world *world_free(struct world *w);

/* What was told (devices, hosts, maps, the owner) is what will be told again. 0, -ENOMEM. */
int world_note(struct world *w, const struct observation *o);
/* A standing answer at this address; o NULL: silence. 0, -ENOMEM. */
int world_set_answer(struct world *w, const struct scsi_address *at, const struct observation *o);

/* Asked at this instant; at: of the device it is about, or NULL. 0, -ENOMEM. */
int world_asked(
	struct world *w, instant now, const struct action *a, const struct scsi_address *at);

/* When it has something to say next; INSTANT_FAR: it is asked nothing. */
instant world_next(const struct world *w);
/* The first of that; owned by the caller, NULL when nothing is due at now. */
struct observation *world_say(struct world *w, instant now);
