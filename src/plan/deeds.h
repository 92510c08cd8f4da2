/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Deeds on a path that both its removal and its fence hand out. One is out for a path at a time. */
#include "model/model.h"
#include "plan/agenda.h"

enum {
	DEEDS_MAP_MS = 15000,  /* then a dm hand is given up by who sent it, and begins nothing */
	DEEDS_HAND_MS = 10000, /* then a hand is late, and must not begin any more */
};

/* fail_path, the removal of p's map, or p's way out of it and back, unless another deed is out on
 * that map. Did it go out? */
bool deeds_tell_map(struct model *m, struct path *p, enum action_kind kind, struct agenda *agenda);

/* The paths of p's word were taken with its map by that word; or were not, after all. */
void deeds_touch_map(struct model *m, const struct path *p, bool touched);

/* ACT_DELETE or ACT_FENCE, to be filled in; NULL: there is no memory. Borrowed. */
struct action *deeds_send_hand(
	struct model *m, struct path *p, enum action_kind kind, struct agenda *agenda);

/* Did the logical unit itself tell the hand that it is there? */
bool deeds_found_alive(const struct obs_done *done);
