/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Observations that are told from the loop, not at the moment they are made. */
#include "model/observation.h"

struct later_entry;

struct later {
	struct later_entry *first, **end; /* owned */
};

void later_init(struct later *later);
void later_done(struct later *later);

/* 0 or -ENOMEM. */
int later_add(struct later *later, const struct observation *o);

/* Tells all that is there now. What is added meanwhile stays for the next time: two that answer
 * each other must not stop the loop. */
void later_tell(struct later *later, instant now, observation_sink sink, void *arg);
