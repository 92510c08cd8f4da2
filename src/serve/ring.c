/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "serve/ring.h"

#include <errno.h>

#include "base/text.h"
#include "core/events.h"
#include "show/event.h"

void ring_add(struct ring *ring, const struct change *change, int64_t unix_ms)
{
	struct ring_event *event = &ring->events[++ring->last % RING_EVENTS];

	free(event->json);
	*event = (struct ring_event){ .change = *change, .unix_ms = unix_ms };
}

uint64_t ring_first_after(const struct ring *ring, uint64_t after)
{
	uint64_t oldest = ring->last < RING_EVENTS ? 1 : ring->last - RING_EVENTS + 1;

	if (after >= ring->last)
		return ring->last + 1;
	return after + 1 < oldest ? oldest : after + 1;
}

static char *word_event(const struct ring_event *event, uint64_t number)
{
	_cleanup_(text_done) struct text fields = TEXT_INIT;
	char *json = NULL;

	event_fields(&event->change, &fields);
	if (!text_failed(&fields))
		event_document(number, event->unix_ms, event_name(&event->change),
			text_str(&fields), &json);
	return json;
}

const char *ring_get(struct ring *ring, uint64_t number)
{
	struct ring_event *event = &ring->events[number % RING_EVENTS];

	if (number == 0 || number > ring->last || ring->last - number >= RING_EVENTS)
		return NULL;
	if (!event->json)
		event->json = word_event(event, number);
	return event->json;
}

int ring_document(struct ring *ring, uint64_t after, char **ret)
{
	const char *events[RING_EVENTS];
	size_t n = 0;

	for (uint64_t i = ring_first_after(ring, after); i <= ring->last; i++) {
		events[n] = ring_get(ring, i);
		if (!events[n++])
			return -ENOMEM;
	}
	return events_document(ring->last, events, n, ret);
}

void ring_done(struct ring *ring)
{
	for (unsigned i = 0; i < RING_EVENTS; i++) {
		free(ring->events[i].json);
		ring->events[i].json = NULL;
	}
	ring->last = 0;
}
