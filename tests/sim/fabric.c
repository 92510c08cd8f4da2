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
static void take_down(struct sim *s, uint32_t host, instant until)
{
	struct nexus_truth *n = &s->nexuses[host];

	if (!n->up)
		return;
	sim_story(s, "fabric: nexus %u is down", host);
	n->up = false;
	n->down_at = s->now;
	sim_push(s, EVENT_UP, until)->host = host;
}

bool world_is_calm(const struct sim *s, uint32_t host)
{
	return s->peace && host != s->ill_host;
}

/* One of them stays ill in some peaces: the others must not feel it. */
void fabric_heal(struct sim *s)
{
	for (uint32_t h = 0; h < HOSTS; h++) {
		struct nexus_truth *n = &s->nexuses[h];

		disturb_nexus_up(s, h);
		n->restoring_until = n->flicker_until = n->lossy_until = INSTANT_NEVER;
		n->tags_out_until = n->mutex_until = INSTANT_NEVER;
		n->will_deny = false;
		if (n->access == ACCESS_TRANSITION)
			n->access = ACCESS_ACTIVE;
	}
	s->ill_host = sim_below(s, 2 * HOSTS);
	if (s->ill_host >= HOSTS) {
		s->ill_host = HOSTS;
		return;
	}
	sim_story(s, "fabric: host %u stays ill", s->ill_host);
	switch (sim_below(s, 3)) {
	case 0: take_down(s, s->ill_host, s->peace_until); return;
	case 1: s->nexuses[s->ill_host].lossy_until = s->peace_until; return;
	default: s->nexuses[s->ill_host].tags_out_until = s->peace_until;
	}
}

static void nexus_down(struct sim *s)
{
	take_down(s, sim_below(s, HOSTS), sim_in(s, 100, 40000));
}

/* A port that stays away longer than dev_loss_tmo: the kernel takes its devices away itself. */
static void dev_loss(struct sim *s)
{
	uint32_t host = sim_below(s, HOSTS);
	struct event *e;

	if (!s->nexuses[host].up)
		return;
	take_down(s, host, sim_in(s, 20000, 60000));
	e = sim_push(s, EVENT_DEV_LOSS, sim_in(s, 10000, 20000));
	e->host = host;
}

void fabric_lose_devices(struct sim *s, uint32_t host)
{
	struct nexus_truth *n = &s->nexuses[host];

	if (n->up)
		return;
	n->scans_itself = true;
	for (uint32_t l = 0; l < LUNS; l++)
		if (s->devices[host][l].ino && !s->devices[host][l].going)
			kernel_delete(s, host, l);
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
	if (n->scans_itself)
		kernel_scan(s, host);
	n->scans_itself = false;
	if (!instant_before(n->told_down_at, n->down_at) && s->words.grace_s >= 20 && !s->peace)
		n->restoring_until = sim_in(s, 0, s->words.grace_s * 1000 - 18000);
	if (sim_chance(s, 500))
		array_attend(s, host, LUNS, ATTENTION_RESET);
}

const struct deed fabric_deeds[] = {
	{ "nexus-down", nexus_down, 3 },
	{ "dev-loss", dev_loss, 2 },
	{ "lossy", lossy, 3 },
	{ 0 },
};
