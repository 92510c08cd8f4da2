/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A point in time (CLOCK_MONOTONIC, milliseconds) and its arithmetic. Nothing here reads a clock:
 * time is an argument, and only port/ knows where it comes from. { 0 } is "never happened".
 */
#include <stdbool.h>
#include <stdint.h>

typedef struct {
	uint64_t ms;
} instant;

#define INSTANT_NEVER ((instant){ 0 })
#define INSTANT_FAR   ((instant){ UINT64_MAX })

static inline bool instant_is_set(instant t)
{
	return t.ms != 0;
}

static inline instant instant_add_ms(instant t, uint64_t ms)
{
	return (instant){ t.ms > UINT64_MAX - ms ? UINT64_MAX : t.ms + ms };
}

static inline bool instant_before(instant a, instant b)
{
	return a.ms < b.ms;
}

/* Has deadline been reached at now? */
static inline bool instant_reached(instant now, instant deadline)
{
	return now.ms >= deadline.ms;
}

/* Milliseconds from a to b; 0 when b is not later. */
static inline uint64_t instant_ms_between(instant a, instant b)
{
	return b.ms > a.ms ? b.ms - a.ms : 0;
}

static inline instant instant_earlier(instant a, instant b)
{
	return a.ms < b.ms ? a : b;
}
