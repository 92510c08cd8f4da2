/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The last events as finished JSON, numbered from 1 without gaps since the daemon started. */
#include <stdint.h>

enum { RING_EVENTS = 1024 };

struct ring {
	char *events[RING_EVENTS]; /* owned; number n stands at n % RING_EVENTS */
	uint64_t last;
};

/* The number the next event gets. */
static inline uint64_t ring_next(const struct ring *ring)
{
	return ring->last + 1;
}

/* json taken; NULL (it could not be made): its number is used up. */
void ring_add(struct ring *ring, char *json);

/* The number of the oldest that is kept and newer than after; last + 1: there is none. */
uint64_t ring_first_after(const struct ring *ring, uint64_t after);

/* Borrowed until that many more are added; NULL: not kept any more, not yet there, or lost. */
const char *ring_get(const struct ring *ring, uint64_t number);

/* {"version":1,"last":...,"events":[...]} of what is newer than after. *ret: the caller's.
 * 0 or -ENOMEM. */
int ring_document(const struct ring *ring, uint64_t after, char **ret);
void ring_done(struct ring *ring);
