/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What is due for a path that leads to another logical unit (P7): it is failed in its map, then its
 * device is set offline, and both again when somebody undoes it. Like a removal a fence is a rung,
 * and this is asked after every observation.
 */
#include "model/model.h"
#include "plan/agenda.h"

void fence_step(struct model *m, struct path *p, struct agenda *agenda);

/* A deed of it ended. Called once, after the observation was noted. */
void fence_deed_ended(struct model *m, struct path *p, const struct observation *done);

enum {
	FENCE_FIRST_MS = 1000, /* what is known of the map may be older than the deed */
	FENCE_HELD_MS = 10000, /* what is held is looked at again */
	FENCE_LATE_MS = 10000, /* between two tries at most */
};
