/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "serve/ring.h"

#include <stdlib.h>

#include "show/event.h"

void ring_add(struct ring *ring, char *json)
{
	char **slot = &ring->events[++ring->last % RING_EVENTS];

	free(*slot);
	*slot = json;
}

uint64_t ring_first_after(const struct ring *ring, uint64_t after)
{
	uint64_t oldest = ring->last < RING_EVENTS ? 1 : ring->last - RING_EVENTS + 1;

	if (after >= ring->last)
		return ring->last + 1;
	return after + 1 < oldest ? oldest : after + 1;
}

const char *ring_get(const struct ring *ring, uint64_t number)
{
	if (number == 0 || number > ring->last || ring->last - number >= RING_EVENTS)
		return NULL;
	return ring->events[number % RING_EVENTS];
}

int ring_document(const struct ring *ring, uint64_t after, char **ret)
{
	const char *events[RING_EVENTS];
	size_t n = 0;

	for (uint64_t i = ring_first_after(ring, after); i <= ring->last; i++) {
		const char *event = ring_get(ring, i);

		if (event)
			events[n++] = event;
	}
	return events_document(ring->last, events, n, ret);
}

void ring_done(struct ring *ring)
{
	for (unsigned i = 0; i < RING_EVENTS; i++)
		free(ring->events[i]);
	*ring = (struct ring){ .last = ring->last };
}
