/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/latency.h"

/* A switch, a cache; a disk; a queue; a target in trouble; the kernel's timeouts. */
const struct latency_bound latency_bounds[LATENCY_BOUNDS] = {
	{ 1, "at_most_1_ms" },
	{ 5, "at_most_5_ms" },
	{ 20, "at_most_20_ms" },
	{ 100, "at_most_100_ms" },
	{ 500, "at_most_500_ms" },
	{ 2000, "at_most_2000_ms" },
	{ 10000, "at_most_10000_ms" },
	{ 30000, "at_most_30000_ms" },
};

void latency_add(struct latency *l, uint32_t took_ms)
{
	l->n++;
	l->sum_ms += took_ms;
	for (unsigned i = 0; i < LATENCY_BOUNDS; i++)
		l->at_most[i] += took_ms <= latency_bounds[i].ms;
}
