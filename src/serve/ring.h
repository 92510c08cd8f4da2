/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The last events, numbered from 1 without gaps since the daemon started. What happened is kept as
 * it is, and becomes JSON when somebody asks: a storm of events must not wait for their wording.
 */
#include "model/model.h"

enum { RING_EVENTS = 1024 };

struct ring_event {
	struct change change;
	int64_t unix_ms;
	char *json; /* owned; NULL until it is asked for */
};

struct ring {
	struct ring_event events[RING_EVENTS]; /* number n stands at n % RING_EVENTS */
	uint64_t last;
};

void ring_add(struct ring *ring, const struct change *change, int64_t unix_ms);

/* The number of the oldest that is kept and newer than after; last + 1: there is none. */
uint64_t ring_first_after(const struct ring *ring, uint64_t after);

/* Borrowed until that many more are added; NULL: not kept any more, not yet there, or no memory. */
const char *ring_get(struct ring *ring, uint64_t number);

/* {"version":1,"last":...,"events":[...]} of what is newer than after. *ret: the caller's.
 * 0 or -ENOMEM. */
int ring_document(struct ring *ring, uint64_t after, char **ret);
void ring_done(struct ring *ring);
