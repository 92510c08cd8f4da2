/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What a decision about a removal has to know: that the logical unit is gone, who uses the device,
 * which maps there are; all of it asked for after the removal began to verify, and recent.
 */
#include "model/model.h"
#include "plan/agenda.h"

enum {
	FACTS_FRESH_MS = 5000,	   /* older ones are asked for again */
	FACTS_OUT_PER_TARGET = 32, /* checks */
};

/* Asks for whatever is missing or old; true when all facts are fresh. */
bool facts_are_fresh(struct model *m, struct path *p, struct agenda *agenda);

/* Add a check of p with these wishes, unless one is out or too many are out to its target. */
void facts_ask_check(struct model *m, struct path *p, bool inquiry, struct agenda *agenda);

/* Who uses p? Asked as question q, unless that is out. */
void facts_ask_holders(
	struct model *m, const struct path *p, struct question *q, struct agenda *agenda);
