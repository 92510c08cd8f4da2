/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* How long answers took, since the start: their number, their sum, and how many were how fast. */
#include <stdint.h>

enum { LATENCY_BOUNDS = 8 };

struct latency {
	uint64_t n, sum_ms;
	uint64_t at_most[LATENCY_BOUNDS]; /* of them took latency_bounds[i].ms or less */
};

extern const struct latency_bound {
	uint32_t ms;
	const char *name; /* in documents */
} latency_bounds[LATENCY_BOUNDS];

void latency_add(struct latency *l, uint32_t took_ms);
