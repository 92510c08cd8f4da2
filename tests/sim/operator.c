/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Operators: what they ask pathkeeper for. */
#include "sim.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

static void name_something(struct sim *s, char *ret, size_t size)
{
	struct observation o;
	uint32_t h, l;
	struct device *d = world_any_device(s, &h, &l);

	if (!d) {
		snprintf(ret, size, "sdx");
		return;
	}
	world_describe(s, h, l, &o);
	switch (sim_below(s, 8)) {
	case 4: snprintf(ret, size, "host%u", h); return;
	case 5: snprintf(ret, size, "session%u", h); return;
	case 0:
	case 6: snprintf(ret, size, "%s", o.device.wwid); return;
	case 1: snprintf(ret, size, "%u:0:0:%u", h, l); return;
	case 2: snprintf(ret, size, "map%u", 1 + sim_below(s, s->last_map + 1)); return;
	case 3: snprintf(ret, size, "%u:%u", SD_MAJOR, d->minor); return;
	default: snprintf(ret, size, "/dev/%s", o.device.dev);
	}
}

/* Of a volume's own name it is known what has to be there. */
static void remember_wait(
	struct sim *s, struct wait_truth *wait, const struct obs_request *word, const char *name)
{
	struct observation o;

	*wait = (struct wait_truth){ 0 };
	for (uint32_t i = 0; i < HOSTS * LUNS; i++) {
		world_describe(s, i / LUNS, i % LUNS, &o);
		if (o.device.present && !strcmp(o.device.wwid, name))
			*wait = (struct wait_truth){ word->request,
				s->devices[i / LUNS][i % LUNS].volume, word->paths, s->now };
	}
}

uint64_t *operator_slot(struct sim *s)
{
	uint64_t *slot = &s->requests[sim_below(s, REQUESTS)];

	if (*slot)
		core_request_close(s->core, *slot);
	s->waits[slot - s->requests].request = 0;
	*slot = core_next_request(s->core);
	s->stirred_at = s->now;
	return slot;
}

static void request(struct sim *s)
{
	static const uint32_t flags[] = { 0, 0, REQUEST_DRY_RUN, REQUEST_HELD, REQUEST_FENCED,
		REQUEST_FENCED, REQUEST_FENCED | REQUEST_DRY_RUN };
	struct obs_request word = { .requester = "sim" };
	char name[MAX_WWID];

	word.request = *operator_slot(s);
	word.verb = (enum verb)sim_below(s, 4);
	word.flags = flags[sim_below(s, ARRAY_SIZE(flags))];
	word.timeout_ms = sim_chance(s, 500) ? 0 : 1 + sim_below(s, 60000);
	name_something(s, name, sizeof name);
	sim_story(s, "request %llu: verb %u flags %u %s", (unsigned long long)word.request,
		word.verb, word.flags, name);
	if (word.verb == VERB_RESCAN)
		gaps_note_rescan(s, name);
	if (word.flags & (REQUEST_HELD | REQUEST_FENCED) && word.verb == VERB_PURGE &&
		sim_chance(s, 500))
		core_request_all(s->core, &word);
	else if (word.verb == VERB_RESCAN && sim_chance(s, 200))
		(gaps_note_rescan(s, NULL), core_request_hosts(s->core, &word));
	else
		core_request(s->core, &word, name);
}

static void await(struct sim *s)
{
	struct obs_request word = { .requester = "sim", .verb = VERB_WAIT };
	uint64_t *slot = operator_slot(s);
	char name[MAX_WWID];

	word.request = *slot;
	word.paths = 1 + sim_below(s, 2);
	word.timeout_ms = 1 + sim_below(s, 60000);
	name_something(s, name, sizeof name);
	remember_wait(s, &s->waits[slot - s->requests], &word, name);
	sim_story(s, "request %llu: wait for %u of %s", (unsigned long long)word.request,
		word.paths, name);
	core_request(s->core, &word, name);
}

static void grow(struct sim *s)
{
	struct obs_request word = { .requester = "sim", .verb = VERB_GROW };
	char name[MAX_WWID];

	word.request = *operator_slot(s);
	word.timeout_ms = 1 + sim_below(s, 60000);
	name_something(s, name, sizeof name);
	sim_story(s, "request %llu: grow %s", (unsigned long long)word.request, name);
	core_request(s->core, &word, name);
}

static void clean(struct sim *s)
{
	static const uint32_t flags[] = { 0, 0, REQUEST_FORCE, REQUEST_FORCE, REQUEST_DRY_RUN };
	struct obs_request word = { .requester = "sim", .verb = VERB_CLEAN };
	instant stirred = s->stirred_at;
	char name[MAX_WWID];

	word.request = *operator_slot(s);
	word.flags = flags[sim_below(s, ARRAY_SIZE(flags))];
	word.timeout_ms = 1 + sim_below(s, 20000);
	name_something(s, name, sizeof name);
	sim_story(s, "request %llu: clean %s flags %u", (unsigned long long)word.request, name,
		word.flags);
	s->cleans += !(word.flags & REQUEST_DRY_RUN);
	core_request(s->core, &word, name);
	s->stirred_at = stirred; /* whose place it took wakes nobody */
}

/* rescan-scsi-bus.sh -r: what does not answer is deleted, by name, a while later. */
static void rescan_bus(struct sim *s)
{
	uint32_t host = sim_below(s, HOSTS);

	for (uint32_t l = 0; l < LUNS; l++) {
		struct device *d = &s->devices[host][l];

		d->condemned = d->ino && !d->going &&
			       (!s->nexuses[host].up || world_is_gone(s, host, l));
	}
	sim_push(s, EVENT_RESCAN, sim_in(s, 100, 5000))->host = host;
}

void operator_deletes(struct sim *s, uint32_t host)
{
	for (uint32_t l = 0; l < LUNS; l++)
		if (s->devices[host][l].condemned && !s->devices[host][l].going)
			kernel_delete(s, host, l);
	kernel_scan(s, host);
}

const struct deed operator_deeds[] = {
	{ "request", request, 25 },
	{ "await", await, 25 },
	{ "grow", grow, 25 },
	{ "rescan-bus", rescan_bus, 2 },
	{ "clean", clean, 25 },
	{ 0 },
};
