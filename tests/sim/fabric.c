/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fabric: whether the way from a host to its array is there, and when the kernel notices. */
#include "sim.h"

enum { BLOCKED_MS = 4000 };

static bool is_noticed(const struct sim *s, uint32_t host)
{
	const struct nexus_truth *n = &s->nexuses[host];

	return !n->up && instant_ms_between(n->down_at, s->now) > 700;
}

enum device_state world_state(const struct sim *s, uint32_t host, uint32_t lun)
{
	const struct device *d = &s->devices[host][lun];

	if (d->going)
		return DEVICE_GOING;
	if (d->offline)
		return DEVICE_OFFLINE;
	if (!is_noticed(s, host))
		return DEVICE_RUNNING;
	return instant_ms_between(s->nexuses[host].down_at, s->now) < BLOCKED_MS
		       ? DEVICE_BLOCKED
		       : DEVICE_TRANSPORT_OFFLINE;
}

enum transport_state world_transport(const struct sim *s, uint32_t host)
{
	return is_noticed(s, host) ? TRANSPORT_DOWN : TRANSPORT_UP;
}
static void nexus_down(struct sim *s)
{
	uint32_t host = sim_below(s, HOSTS);
	struct nexus_truth *n = &s->nexuses[host];

	if (!n->up)
		return;
	sim_story(s, "fabric: nexus %u is down", host);
	n->up = false;
	n->down_at = s->now;
	sim_push(s, EVENT_UP, sim_in(s, 100, 40000))->host = host;
}

/* Frames are dropped, and the transport has not noticed. */
static void lossy(struct sim *s)
{
	s->nexuses[sim_below(s, HOSTS)].lossy_until = sim_in(s, 1000, 20000);
}

/* A target may deny its LUNs for a while after it came back; by then we must have known. */
void disturb_nexus_up(struct sim *s, uint32_t host)
{
	struct nexus_truth *n = &s->nexuses[host];

	if (n->up)
		return;
	sim_story(s, "fabric: nexus %u is up", host);
	n->up = true;
	if (!instant_before(n->told_down_at, n->down_at) && s->words.grace_s >= 20 && !s->peace)
		n->restoring_until = sim_in(s, 0, s->words.grace_s * 1000 - 18000);
	if (sim_chance(s, 500))
		array_attend(s, host, LUNS, ATTENTION_RESET);
}

const struct deed fabric_deeds[] = {
	{ "nexus-down", nexus_down, 3 },
	{ "lossy", lossy, 3 },
	{ 0 },
};
