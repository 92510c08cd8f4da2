/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * P9: what was detached on request stays out. A row is begun before the first deed, and written
 * down by then; a device that comes back is taken away by the road of a detach; and it ends when
 * the array has taken the logical unit away, too, when an operator looks for it, or with its time.
 */
#include "model/model.h"
#include "plan/agenda.h"

/* p is about to be detached. True as soon as that is written down, or cannot be and is remembered
 * alone. everywhere: its volume, wherever it comes. */
bool gaps_keep(struct model *m, const struct path *p, bool everywhere, const char *requester,
	struct agenda *agenda);

/* Is that so by now? */
bool gaps_keeps(const struct model *m, const struct path *p);

/* An operator wants what is at this place, by a word with this number in the order of all things.
 * True while udev still keeps that out: that it does not any more is an observation. */
bool gaps_release(struct model *m, const struct place *place, uint64_t seq, struct agenda *agenda);

/* For which number is p's target to be asked with the next check? NULL: none. */
struct gap *gaps_to_seek(struct model *m, const struct path *p);
/* What it said. Called once, after the observation was noted. */
void gaps_heard(struct model *m, const struct path *p, const struct observation *checked);

void gaps_step(struct model *m, struct agenda *agenda);

enum {
	GAPS_SEEK_MS = 5000, /* the target is asked for a number so often */
	GAPS_AGREEING = 2,   /* lists without it, at least */
	GAPS_WRITE_TRIES = 3,
	GAPS_WRITE_MS = 200,
};
