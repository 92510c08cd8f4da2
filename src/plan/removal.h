/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What is due for one path's removal. A removal is a rung in the model, not a script: this is asked
 * again after every observation, moves the rung as far as the facts allow, and adds what has to be
 * asked or done next. Asking twice is harmless: a question that is out is not asked again.
 */
#include "model/model.h"
#include "plan/agenda.h"

void removal_step(struct model *m, struct path *p, struct agenda *agenda);

/* A deed ended: what it says of the rung. Called once, after the observation was noted. */
void removal_deed_ended(struct model *m, struct path *p, const struct observation *done);

enum {
	REMOVAL_HELD_MS = 10000, /* a held device is looked at again */
	REMOVAL_UDEV_MS = 1000,	 /* what passes soon, as a udev worker's look does */
	REMOVAL_UDEV_SOON_MS = 200,
};
