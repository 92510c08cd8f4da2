/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What happens by itself: one thing at a time, drawn from a table by weight. */
#include "sim.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

static struct device *any_device(struct sim *s, uint32_t *ret_host, uint32_t *ret_lun)
{
	for (int tries = 0; tries < 20; tries++) {
		*ret_host = sim_below(s, HOSTS);
		*ret_lun = sim_below(s, LUNS);
		if (s->devices[*ret_host][*ret_lun].ino)
			return &s->devices[*ret_host][*ret_lun];
	}
	return NULL;
}

static struct map_truth *any_map(struct sim *s)
{
	for (int tries = 0; tries < 8; tries++) {
		struct map_truth *m = &s->maps[sim_below(s, MAPS)];

		if (m->exists)
			return m;
	}
	return NULL;
}

static uint32_t number_of(const struct sim *s, const struct map_truth *m)
{
	return (uint32_t)(m - s->maps);
}

/* ---- the array ------------------------------------------------------------------------------- */

/* Other logical units of the nexus have something to tell, with the next command. */
static void attend(struct sim *s, uint32_t host, uint32_t lun, enum attention attention)
{
	for (uint32_t l = 0; l < LUNS; l++)
		if (l != lun && sim_chance(s, 700))
			s->devices[host][l].attention = attention;
}

static void give(struct sim *s, uint32_t array, uint32_t lun, uint32_t volume, bool one_way)
{
	for (uint32_t h = 0; h < HOSTS; h++) {
		if (world_array(h) != array || (one_way && sim_chance(s, 500)))
			continue;
		sim_story(s, "array: %u:0:0:%u was vol%u, is vol%u", h, lun, s->volume[h][lun],
			volume);
		s->volume[h][lun] = volume;
		s->given_at[h][lun] = s->now;
		if (sim_chance(s, 500))
			attend(s, h, lun, ATTENTION_LUNS_CHANGED);
	}
}

static void unmap(struct sim *s)
{
	give(s, sim_below(s, ARRAYS), sim_below(s, LUNS), 0, sim_chance(s, 200));
}

static void unmap_many(struct sim *s)
{
	uint32_t array = sim_below(s, ARRAYS);

	for (uint32_t l = 0; l < LUNS; l++)
		if (sim_chance(s, 500))
			give(s, array, l, 0, false);
}

/* An old volume comes back, or another takes its place; also behind a device that is still there.
 */
static void map_volume(struct sim *s)
{
	uint32_t volume = sim_chance(s, 300) ? 1 + sim_below(s, s->last_volume) : ++s->last_volume;

	give(s, sim_below(s, ARRAYS), sim_below(s, LUNS), volume, sim_chance(s, 100));
}

static void flicker(struct sim *s)
{
	uint32_t host = sim_below(s, HOSTS);

	if (s->words.checks < 2)
		return; /* one answer is enough by configuration */
	sim_story(s, "array: nexus %u flickers", host);
	s->nexuses[host].flicker_until = instant_add_ms(s->now, FLICKER_MS);
}

static void some_attention(struct sim *s)
{
	static const enum attention kinds[] = { ATTENTION_LUNS_CHANGED, ATTENTION_INQUIRY_CHANGED,
		ATTENTION_CAPACITY, ATTENTION_OTHER, ATTENTION_RESET };

	attend(s, sim_below(s, HOSTS), LUNS, kinds[sim_below(s, sim_chance(s, 100) ? 5 : 4)]);
}

/* ---- the fabric ------------------------------------------------------------------------------ */

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
		attend(s, host, LUNS, ATTENTION_RESET);
}

/* ---- the kernel ------------------------------------------------------------------------------ */

static void scan(struct sim *s)
{
	uint32_t host = sim_below(s, HOSTS);

	for (uint32_t l = 0; l < LUNS; l++)
		if (s->nexuses[host].up && s->volume[host][l] && !s->devices[host][l].ino)
			world_add_device(s, host, l);
}

static void note_taken(struct sim *s, const struct device *d)
{
	int map = world_map_of(s, d);

	if (map >= 0)
		s->maps[map].others_took = s->now;
}

static void delete_by_others(struct sim *s)
{
	uint32_t h, l;
	struct device *d = any_device(s, &h, &l);
	struct event *e;

	if (!d || d->going)
		return;
	note_taken(s, d);
	world_begin_removal(s, h, l);
	if (sim_chance(s, 300)) { /* it has I/O to wait for */
		e = sim_push(s, EVENT_GONE, sim_in(s, 100, 60000));
		e->host = h;
		e->lun = l;
		return;
	}
	world_end_removal(s, h, l);
	if (!sim_chance(s, 500))
		return; /* else: at once another device at the same address */
	s->volume[h][l] = ++s->last_volume;
	world_add_device(s, h, l);
}

static void mount(struct sim *s)
{
	uint32_t h, l;
	struct device *d = any_device(s, &h, &l);

	if (!d || d->going)
		return;
	if (d->mounted)
		d->mounted = d->critical = false;
	else if (!world_is_busy(s, d)) {
		d->mounted = true;
		d->critical = sim_chance(s, 100);
	}
}

static void open_disk(struct sim *s)
{
	uint32_t h, l;
	struct device *d = any_device(s, &h, &l);

	if (!d || world_map_of(s, d) >= 0)
		return;
	if (sim_chance(s, 500))
		d->udev_until = sim_in(s, 10, 12000);
	else
		d->opened_at = instant_is_set(d->opened_at) ? INSTANT_NEVER : s->now;
}

static void claim(struct sim *s)
{
	uint32_t h, l;
	struct device *d = any_device(s, &h, &l);

	if (d && (d->claimed || (!world_is_busy(s, d) && !d->going)))
		d->claimed = !d->claimed;
}

static void offline(struct sim *s)
{
	uint32_t h, l;
	struct device *d = any_device(s, &h, &l);

	if (d && !d->going)
		d->offline = !d->offline;
}

/* An administrator's round: what nobody needs is let go. */
static void tidy(struct sim *s)
{
	for (uint32_t h = 0; h < HOSTS; h++)
		for (uint32_t l = 0; l < LUNS; l++) {
			struct device *d = &s->devices[h][l];

			d->mounted = d->critical = d->claimed = d->offline = false;
			d->opened_at = INSTANT_NEVER;
		}
	for (uint32_t i = 0; i < MAPS; i++)
		s->maps[i].mounted = false;
}

/* ---- maps and their owner -------------------------------------------------------------------- */

static void add_member(struct sim *s, struct map_truth *m, struct device *d)
{
	if (m->n_members == MEMBERS || d->going || world_is_busy(s, d))
		return;
	m->members[m->n_members++] = (struct member){ .minor = d->minor, .active = true };
	d->opened_at = INSTANT_NEVER;
}

static void map_gather(struct sim *s, struct map_truth *m)
{
	for (uint32_t h = 0; h < HOSTS; h++)
		for (uint32_t l = 0; l < LUNS; l++)
			if (s->devices[h][l].ino && s->devices[h][l].volume == m->volume)
				add_member(s, m, &s->devices[h][l]);
	world_map_changed(s, number_of(s, m));
}

static void make_map(struct sim *s)
{
	uint32_t h, l;
	struct device *d = any_device(s, &h, &l);
	struct map_truth *m = &s->maps[sim_below(s, MAPS)];

	if (!d || d->going || m->exists || world_is_busy(s, d))
		return;
	for (uint32_t i = 0; i < MAPS; i++)
		if (s->maps[i].exists && s->maps[i].volume == d->volume)
			return;
	*m = (struct map_truth){ .exists = true, .minor = ++s->last_map, .volume = d->volume };
	sim_story(s, "kernel: map%u of vol%u", m->minor, m->volume);
	map_gather(s, m);
}

static void drop_member(struct sim *s, struct map_truth *m, uint32_t i)
{
	m->members[i] = m->members[--m->n_members];
	m->others_took = s->now;
}

/* The owner's round: what is gone leaves its map, what came joins, an empty map goes. */
static void owner_works(struct sim *s)
{
	struct map_truth *m = any_map(s);

	if (!m || !s->owner.said.running)
		return;
	for (uint32_t i = 0; i < m->n_members; i++) {
		bool there = false;

		for (uint32_t h = 0; h < HOSTS; h++)
			for (uint32_t l = 0; l < LUNS; l++)
				there |= s->devices[h][l].ino &&
					 s->devices[h][l].minor == m->members[i].minor;
		if (!there)
			drop_member(s, m, i--);
	}
	map_gather(s, m);
	if (!m->n_members && !m->mounted) {
		m->exists = false;
		world_map_changed(s, number_of(s, m));
	}
}

static void map_changes(struct sim *s)
{
	struct map_truth *m = any_map(s);
	struct member *member;

	if (!m)
		return;
	member = &m->members[sim_below(s, MEMBERS)];
	switch (sim_below(s, 5)) {
	case 0: m->mounted = !m->mounted; return;
	case 1: m->exists = m->mounted; break;
	case 2: member->active = true; break; /* somebody reinstates it */
	case 3: member->active = false; break;
	default:
		if (m->n_members && sim_chance(s, 300))
			drop_member(s, m, sim_below(s, m->n_members));
	}
	world_map_changed(s, number_of(s, m));
}

static void owner_comes_or_goes(struct sim *s)
{
	s->owner.said.running = !s->owner.said.running;
	s->owner.said.pid++;
	owner_truth_speaks(s);
}

/* ---- ourselves ------------------------------------------------------------------------------- */

static void uevents(struct sim *s)
{
	struct observation o = { .kind = OBS_UEVENTS_LOST };
	uint32_t h, l;
	const struct device *d = any_device(s, &h, &l);

	if (sim_chance(s, 200)) {
		sim_feed(s, &o);
		return;
	}
	if (!d)
		return;
	o.kind = OBS_UEVENT;
	world_sysfs(h, l, o.uevent.sysfs);
	o.uevent.dm_path_failed = sim_chance(s, 500);
	o.uevent.devt = (struct devt){ SD_MAJOR, d->minor };
	o.uevent.action = UEVENT_CHANGE;
	sim_feed(s, &o);
}

static void lose_helper(struct sim *s)
{
	static const enum helper_kind kinds[] = { HELPER_KEEPER, HELPER_KEEPER, HELPER_SCOUT,
		HELPER_SCANNER, HELPER_DM, HELPER_OWNER, HELPER_HAND, HELPER_HAND };
	enum helper_kind kind = kinds[sim_below(s, ARRAY_SIZE(kinds))];

	if (kind == HELPER_HAND)
		doers_lose_hand(s);
	else
		doers_lose(s, kind, kind == HELPER_KEEPER ? sim_below(s, HOSTS) : 0);
}

static void return_hand(struct sim *s)
{
	for (uint32_t i = 0; i < HANDS; i++)
		if (s->hands[i].used && s->hands[i].hung && sim_chance(s, 500)) {
			s->hands[i].hung = false;
			doers_push_hand(s, EVENT_HAND_END, i, sim_in(s, 1, 1000));
		}
}

static void reconfigure(struct sim *s)
{
	world_configure(s);
	for (uint32_t h = 0; h < HOSTS; h++) /* they were measured by other words */
		s->nexuses[h].restoring_until = s->nexuses[h].flicker_until = INSTANT_NEVER;
	s->words_at = s->now;
	core_set_config(s->core, world_config(s));
}

/* A hand that had not written asks anew after a sleep, and does not: its answer is old. */
static void sleep_a_while(struct sim *s)
{
	struct observation o = { .kind = OBS_TIME };

	o.time.slept_ms = 5001 + sim_below(s, 90000);
	s->now = instant_add_ms(s->now, o.time.slept_ms);
	s->slept_at = s->now;
	for (uint32_t h = 0; h < HOSTS; h++)
		for (uint32_t l = 0; l < LUNS; l++)
			s->devices[h][l].agreeing = 0;
	sim_story(s, "sleep %llu ms", (unsigned long long)o.time.slept_ms);
	sim_feed(s, &o);
	for (uint32_t i = 0; i < HANDS; i++)
		if (s->hands[i].used && !s->hands[i].writing)
			doers_refuse_hand(s, i);
}

static void name_something(struct sim *s, char *ret, size_t size)
{
	struct observation o;
	uint32_t h, l;
	struct device *d = any_device(s, &h, &l);

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

/* Another client leaves for this one. */
static uint64_t *take_slot(struct sim *s)
{
	uint64_t *slot = &s->requests[sim_below(s, REQUESTS)];

	if (*slot)
		core_request_close(s->core, *slot);
	s->waits[slot - s->requests].request = 0;
	*slot = core_next_request(s->core);
	return slot;
}

static void request(struct sim *s)
{
	static const uint32_t flags[] = { 0, 0, REQUEST_DRY_RUN, REQUEST_HELD, REQUEST_FENCED,
		REQUEST_FENCED, REQUEST_FENCED | REQUEST_DRY_RUN };
	struct obs_request word = { .requester = "sim" };
	char name[MAX_WWID];

	word.request = *take_slot(s);
	word.verb = (enum verb)sim_below(s, 4);
	word.flags = flags[sim_below(s, ARRAY_SIZE(flags))];
	word.timeout_ms = sim_chance(s, 500) ? 0 : 1 + sim_below(s, 60000);
	name_something(s, name, sizeof name);
	sim_story(s, "request %llu: verb %u flags %u %s", (unsigned long long)word.request,
		word.verb, word.flags, name);
	if (word.flags & (REQUEST_HELD | REQUEST_FENCED) && word.verb == VERB_PURGE &&
		sim_chance(s, 500))
		core_request_all(s->core, &word);
	else if (word.verb == VERB_RESCAN && sim_chance(s, 200))
		core_request_hosts(s->core, &word);
	else
		core_request(s->core, &word, name);
}

static void await(struct sim *s)
{
	struct obs_request word = { .requester = "sim", .verb = VERB_WAIT };
	uint64_t *slot = take_slot(s);
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

void disturb_restart(struct sim *s)
{
	sim_story(s, "restart");
	s->counts.restarts++;
	sim_new_core(s);
}

/* ---- what, how often ------------------------------------------------------------------------- */

static const struct {
	void (*happen)(struct sim *s);
	uint32_t weight;
} table[] = {
	{ unmap, 60 },
	{ unmap_many, 2 },
	{ map_volume, 40 },
	{ flicker, 6 },
	{ some_attention, 12 },
	{ nexus_down, 3 },
	{ lossy, 3 },
	{ scan, 40 },
	{ delete_by_others, 8 },
	{ mount, 20 },
	{ open_disk, 16 },
	{ claim, 6 },
	{ offline, 4 },
	{ tidy, 1 },
	{ make_map, 30 },
	{ owner_works, 40 },
	{ map_changes, 20 },
	{ owner_comes_or_goes, 1 },
	{ owner_truth_speaks, 1 },
	{ uevents, 15 },
	{ lose_helper, 8 },
	{ return_hand, 25 },
	{ reconfigure, 2 },
	{ sleep_a_while, 1 },
	{ request, 25 },
	{ await, 25 },
	{ disturb_restart, 1 },
};

void disturb(struct sim *s)
{
	uint32_t sum = 0, drawn;
	size_t i = 0;

	for (size_t j = 0; j < ARRAY_SIZE(table); j++)
		sum += table[j].weight;
	drawn = sim_below(s, sum);
	while (drawn >= table[i].weight)
		drawn -= table[i++].weight;
	table[i].happen(s);
}
