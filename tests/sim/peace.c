/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who waited was not deceived; and the peace: a world that is left alone is clean in the end. */
#include "sim.h"

#include <string.h>

#include "plan/reconcile.h"

enum {
	HAND_LONG_MS = 120000,
	KNOWN_MS = RECONCILE_DEVICES_MS + 5000,
	LOOKED_MS = 1000, /* from the event to what its directory says */
};

/* ---- waits ----------------------------------------------------------------------------------- */

static const struct request *request_of(const struct sim *s, uint64_t id)
{
	const struct model *m = core_model(s->core);

	for (uint32_t i = 0; i < m->n_requests; i++)
		if (m->requests[i].used && m->requests[i].id == id)
			return &m->requests[i];
	return NULL;
}

/* Devices that said since then that they are this volume, or nothing that could be read. */
static uint32_t count_told(const struct sim *s, const struct wait_truth *wait)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < HOSTS * LUNS; i++) {
		const struct identity_truth *told = &s->told[i / LUNS][i % LUNS];

		n += instant_is_set(told->at) && !instant_before(told->at, wait->since) &&
		     (told->volume == wait->volume || !told->volume);
	}
	return n;
}

void oracle_waits(struct sim *s)
{
	for (uint32_t i = 0; i < REQUESTS; i++) {
		struct wait_truth *wait = &s->waits[i];
		const struct request *r = wait->request ? request_of(s, wait->request) : NULL;

		if (!r || r->result == REQUEST_OPEN)
			continue;
		s->counts.waits += r->result == RESULT_REACHED;
		if (r->result == RESULT_REACHED && count_told(s, wait) < wait->wanted)
			sim_fail(s, "P7: who waits for %u paths of vol%u was told of %u",
				wait->wanted, wait->volume, count_told(s, wait));
		wait->request = 0;
	}
}

/* ---- peace ----------------------------------------------------------------------------------- */

bool peace_host_is_hung(const struct sim *s, uint32_t host)
{
	for (uint32_t i = 0; i < HANDS; i++)
		if (s->hands[i].used && s->hands[i].hung && s->hands[i].host == host)
			return true;
	return false;
}

bool peace_any_host_is_hung(const struct sim *s)
{
	for (uint32_t h = 0; h < HOSTS; h++)
		if (h == s->ill_host || peace_host_is_hung(s, h))
			return true;
	return false;
}

/* Does the map have a path besides, which no hand is taking away where the host does not answer? */
static bool is_last(const struct sim *s, uint32_t h, uint32_t l, int map)
{
	uint32_t others = world_others_in_map(s, h, l, map);

	for (uint32_t i = 0; i < HANDS; i++) {
		const struct hand_truth *hand = &s->hands[i];
		const struct device *d = &s->devices[hand->host][hand->lun];

		if (hand->used && !hand->scan && !hand->fence && !d->going && d->ino == hand->ino &&
			(hand->host != h || hand->lun != l) && world_map_of(s, d) == map)
			others--;
	}
	return !others;
}

/* What has to become of a device whose logical unit is gone; BECAUSE_NOTHING: it has to go. */
static enum reason why_it_stays(struct sim *s, const struct path *p, uint32_t h, uint32_t l)
{
	const struct device *d = &s->devices[h][l];
	int map = world_map_of(s, d);
	bool last = map >= 0 && is_last(s, h, l, map);

	if (peace_host_is_hung(s, h))
		return BECAUSE_HOST;
	if (d->offline)
		return BECAUSE_TRANSPORT;
	if (!s->words.purge && !p->found_gone) /* the word of a clean lasts until it answers */
		return BECAUSE_OFF;
	if (map < 0 && !s->words.single_path && !p->was_in_map && !p->found_gone)
		return BECAUSE_SINGLE_PATH; /* not wanted: nothing else is looked at */
	if (world_says_by_qualifier(h, l) && !oracle_neighbour_answers(s, h, l))
		return BECAUSE_NEXUS_SILENT;
	if (d->volume == s->words.protected_volume || d->critical)
		return BECAUSE_PROTECTED;
	if (map >= 0 && owner_truth_purges(&s->owner, s->maps[map].volume))
		return BECAUSE_OWNER_PURGES;
	if (last && !s->words.last_path)
		return BECAUSE_LAST_PATH;
	if (d->mounted || (map < 0 && instant_is_set(d->opened_at)) ||
		(last && s->maps[map].mounted))
		return BECAUSE_HOLDERS;
	if (s->words.report)
		return BECAUSE_WOULD_REMOVE;
	if (d->claimed)
		return BECAUSE_CLAIMED;
	if (p->held_back)
		return BECAUSE_LIMIT;
	return BECAUSE_NOTHING;
}

static void require_reason(struct sim *s, const struct path *p, uint32_t h, uint32_t l)
{
	enum reason why = why_it_stays(s, p, h, l);

	if (why == BECAUSE_NOTHING)
		sim_fail(s, "peace: %u:0:0:%u is still there: %s, %s", h, l,
			purge_stage_name(p->purge), reason_name(p->purge_why));
	if (p->purge == PURGE_VERIFYING || why == BECAUSE_HOST || p->looks_again)
		return; /* it is being looked at once more */
	if (why == BECAUSE_CLAIMED && p->purge == PURGE_DELETING)
		return; /* only a hand can tell whether it still is */
	if (why == BECAUSE_TRANSPORT && p->purge == PURGE_NO)
		return; /* nobody asks it, so nobody knows */
	/* a device that waits for a lasting limit need not have been asked about anything else */
	if (p->purge_why != why && !(p->held_back && p->purge_why == BECAUSE_LIMIT))
		sim_fail(s, "peace: %u:0:0:%u is %s because of \"%s\", not \"%s\"", h, l,
			purge_stage_name(p->purge), reason_name(p->purge_why), reason_name(why));
}

/* One that is offline keeps what was read before. */
bool peace_all_paths_changed(const struct sim *s, int map)
{
	for (uint32_t h = 0; h < HOSTS; h++)
		for (uint32_t l = 0; l < LUNS; l++) {
			const struct device *d = &s->devices[h][l];

			if (d->ino && !d->going && !d->offline && h != s->ill_host &&
				world_map_of(s, d) == map &&
				!(s->volume[h][l] && s->volume[h][l] != s->maps[map].volume) &&
				d->fenced_told != s->daemon)
				return false;
		}
	return true;
}

/* It leads elsewhere, and its device is open for I/O: somebody has to have decided that. */
static void require_allowed_to_lead_elsewhere(
	struct sim *s, const struct path *p, uint32_t h, uint32_t l)
{
	const struct device *d = &s->devices[h][l];
	uint32_t live = s->volume[h][l];
	int map = world_map_of(s, d);
	bool another = map >= 0 ? live != s->maps[map].volume
				: live != d->volume && live != d->born_volume && !d->believed;
	bool held = s->words.fence == IDENTITY_FENCE_REPORT || p->fence.held ||
		    (map >= 0 && peace_all_paths_changed(s, map));

	if (!another)
		return;
	s->counts.fence_held++;
	if (!held || p->fence.stage != FENCE_CHANGED)
		sim_fail(s, "P7: peace: %u:0:0:%u leads to vol%u, map %d, fence %s: %s", h, l, live,
			map, fence_stage_name(p->fence.stage), reason_name(p->fence.why));
}

static void require_fenced(struct sim *s, const struct path *p, uint32_t h, uint32_t l)
{
	const struct device *d = &s->devices[h][l];
	const struct member *member = world_member(s, d);
	bool blocked = d->mounted || d->claimed || instant_is_set(d->opened_at) || member ||
		       d->volume == s->words.protected_volume || p->held_back || s->words.report ||
		       peace_host_is_hung(s, h);
	/* a word without a timeout still stands where a hand does not come back */
	bool wanted = p->detach ||
		      (p->request ? p->lets_fenced_go : s->words.fence == IDENTITY_FENCE_REMOVE);

	REQUIRE(d->offline && p->state == PATH_FENCED, "P7: peace", h, l);
	REQUIRE(!member || !member->active, "P7: peace", h, l);
	REQUIRE((p->purge != PURGE_NO) == wanted, "P7: peace", h, l);
	REQUIRE(p->purge == PURGE_NO || blocked, "P7: peace", h, l);
}

/* Our own scan found it just now: its event is late, or lost and the next reading will tell. */
static bool is_on_its_way(const struct sim *s, const struct device *d)
{
	if (instant_is_set(d->heard_at))
		return instant_ms_between(d->heard_at, s->now) < LOOKED_MS;
	return instant_ms_between(d->born, s->now) < KNOWN_MS;
}

static const struct path *require_known(struct sim *s, uint32_t h, uint32_t l)
{
	const struct model *m = core_model(s->core);
	const struct device *d = &s->devices[h][l];
	const struct path *p;
	char sysfs[MAX_SYSFS], wwid[MAX_WWID];
	int map = world_map_of(s, d);

	world_sysfs(h, l, sysfs);
	p = model_path_at(m, sysfs);
	if (!p && d->ino && is_on_its_way(s, d))
		return NULL;
	REQUIRE(!p == !d->ino || (!p && d->going), "peace", h, l);
	if (!p)
		return NULL;
	REQUIRE(p->device.ino == d->ino, "peace", h, l);
	REQUIRE((p->map >= 0) == (map >= 0), "peace", h, l);
	REQUIRE(map < 0 || m->maps[p->map].kernel.devt.minor == s->maps[map].minor, "peace", h, l);
	if (d->going) {
		REQUIRE(peace_host_is_hung(s, h), "peace", h, l);
		return NULL;
	}
	world_name_volume(d->volume, wwid);
	REQUIRE(!strcmp(p->device.wwid, wwid), "peace", h, l);
	REQUIRE(p->device.devt.minor == d->minor, "peace", h, l);
	REQUIRE(map < 0 || p->in_map_active == world_member(s, d)->active, "peace", h, l);
	return p;
}

static void require_same(struct sim *s, uint32_t h, uint32_t l)
{
	const struct device *d = &s->devices[h][l];
	const struct path *p = require_known(s, h, l);
	static const enum path_state states[] = { [ACCESS_ACTIVE] = PATH_UP,
		[ACCESS_STANDBY] = PATH_GHOST,
		[ACCESS_UNAVAILABLE] = PATH_DOWN };

	if (!p || h == s->ill_host)
		return;
	REQUIRE(p->watch == WATCH_YES, "peace", h, l);
	REQUIRE(p->fence.fenced || !d->recorded, "P6", h, l);
	if (p->detach)
		return; /* oracle_detach_peace() says whether that may still be */
	if (p->fence.fenced) {
		require_fenced(s, p, h, l);
		return;
	}
	if (world_is_gone(s, h, l)) {
		require_reason(s, p, h, l);
		return;
	}
	if (d->offline || d->ill) /* nobody asks it; or it says nothing of use */
		return;
	require_allowed_to_lead_elsewhere(s, p, h, l);
	if (p->purge != PURGE_NO || p->gone_count || p->state != states[s->nexuses[h].access])
		sim_fail(s, "peace: %u:0:0:%u answers, and is %s, %s, gone %u, watch %d", h, l,
			path_state_name(p->state), purge_stage_name(p->purge), p->gone_count,
			p->watch);
}

/* One without a timeout waits for a hand that may come back. */
static void require_answered(struct sim *s, const struct request *r)
{
	const struct path *p = model_path(core_model(s->core), r->path);

	uint32_t host = p ? p->device.address.host : HOSTS;

	if (r->used && r->result == REQUEST_OPEN &&
		!(p && (host == s->ill_host || peace_host_is_hung(s, host))))
		sim_fail(s,
			"peace: request %llu (verb %u, flags %u, %s, fence %s) was never answered",
			(unsigned long long)r->id, r->verb, r->flags, r->hctl,
			p ? fence_stage_name(p->fence.stage) : "-");
}

/* P6: what is open belongs to a device that is there, and what is out is waited for. */
static void require_nothing_left(struct sim *s)
{
	const struct model *m = core_model(s->core);

	for (uint32_t i = 0; i < HANDLES; i++) {
		const struct handle *handle = &s->handles[i];
		uint32_t h = handle->host, l = handle->lun;
		const struct path *p = handle->id.gen ? model_path(m, handle->id) : NULL;

		if (!handle->id.gen)
			continue;
		REQUIRE(p && p->device.ino == handle->ino, "P6: a descriptor", h, l);
		REQUIRE(s->devices[h][l].ino == handle->ino, "P6: a descriptor", h, l);
		REQUIRE(!handle->check || p->check.action == handle->check, "P6: a command", h, l);
	}
	for (uint32_t i = 0; i < HANDS; i++)
		REQUIRE(!s->hands[i].used || s->hands[i].hung || s->hands[i].host == s->ill_host ||
				instant_ms_between(s->hands[i].sent_at, s->now) < HAND_LONG_MS,
			"P6: a hand", s->hands[i].host, s->hands[i].lun);
}

static void require_maps(struct sim *s)
{
	const struct model *m = core_model(s->core);
	uint32_t known = 0, there = 0;

	for (uint32_t i = 0; i < m->n_maps; i++)
		known += m->maps[i].present;
	for (uint32_t i = 0; i < MAPS; i++)
		there += s->maps[i].exists;
	if (known != there)
		sim_fail(s, "peace: %u maps are known, %u are there", known, there);
}

void oracle_half_peace(struct sim *s)
{
	for (uint32_t i = 0; i < HOSTS * LUNS; i++)
		require_known(s, i / LUNS, i % LUNS);
	require_maps(s);
}

void oracle_peace(struct sim *s)
{
	const struct model *m = core_model(s->core);
	uint32_t paths = 0, out[HOSTS] = { 0 };
	struct path *p;

	s->counts.peaces++;
	require_nothing_left(s);
	require_maps(s);
	for (uint32_t h = 0; h < HOSTS; h++)
		for (uint32_t l = 0; l < LUNS; l++)
			require_same(s, h, l);
	for_each_path (m, p) {
		out[p->device.address.host] += p->check.action != 0;
		paths++;
	}
	if (m->n_paths != paths)
		sim_fail(s, "peace: %u paths counted, %u are", m->n_paths, paths);
	for (uint32_t i = 0; i < m->n_nexuses; i++)
		if (m->nexuses[i].n_out != out[m->nexuses[i].address.host])
			sim_fail(s, "peace: %u checks counted out, %u are", m->nexuses[i].n_out,
				out[m->nexuses[i].address.host]);
	for (uint32_t i = 0; i < m->n_requests; i++)
		require_answered(s, &m->requests[i]);
	oracle_detach_peace(s);
	oracle_gaps_peace(s);
}
