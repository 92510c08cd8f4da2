/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* P7: no I/O through another identity after it could be known, and who is fenced had one. */
#include "sim.h"

enum {
	MINUTE_MS = 60000,
	ELSEWHERE_MS = 90000,
	FENCE_MS = 30000, /* from the second reading to the deed, the map being told on the way */
};

/* ---- a fence --------------------------------------------------------------------------------- */

/* How many devices within the last minute, those that have left since as well. */
static uint32_t count_fences(const struct sim *s)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < FENCES; i++)
		n += s->fences[i].ino &&
		     instant_ms_between(s->fences[i].sent_at, s->now) < MINUTE_MS;
	return n;
}

static void note_fence(struct sim *s, uint64_t ino)
{
	uint32_t i = 0;

	while (i < FENCES && s->fences[i].ino != ino)
		i++;
	if (i == FENCES)
		i = s->n_fences++ % FENCES;
	s->fences[i].ino = ino;
	s->fences[i].sent_at = s->now;
}

void oracle_fence_sent(struct sim *s, const struct action *a, struct hand_truth *hand)
{
	const struct path *p = model_path(core_model(s->core), a->path);
	uint32_t h = hand->host, l = hand->lun;
	struct device *d = &s->devices[h][l];

	REQUIRE(p && p->device.ino == hand->ino, "P1", h, l);
	hand->exempt = p->fence.released || p->fence.fenced;
	if (d->ino != hand->ino || hand->exempt)
		return;
	REQUIRE(s->words.fence != IDENTITY_FENCE_REPORT, "P7", h, l);
	note_fence(s, hand->ino);
	if (instant_ms_between(s->words_at, s->now) >= MINUTE_MS)
		REQUIRE(count_fences(s) <= s->words.fence_limit, "P7", h, l);
}

/* Nobody is fenced whose volume is what it always was. */
void oracle_fence(struct sim *s, const struct hand_truth *hand)
{
	uint32_t h = hand->host, l = hand->lun;
	const struct device *d = &s->devices[h][l];

	s->counts.fences++;
	REQUIRE(d->ino == hand->ino, "P1", h, l);
	REQUIRE(d->fenced || (instant_is_set(d->differed_at) &&
				     instant_ms_between(d->differed_at, s->now) < FENCE_MS),
		"P7", h, l);
}

/* ---- who leads elsewhere -----------------------------------------------------------------------
 */

/* By the last that was told of each, also before it came into the map; one that is fenced cannot be
 * asked. */
static bool all_told_elsewhere(const struct sim *s, int map)
{
	for (uint32_t i = 0; i < HOSTS * LUNS; i++) {
		const struct device *d = &s->devices[i / LUNS][i % LUNS];

		if (d->ino && !d->going && !d->offline && world_map_of(s, d) == map &&
			(!d->told_volume || d->told_volume == s->maps[map].volume))
			return false;
	}
	return true;
}

/* Nobody can know it, or ask, or the last that it said is that it is not there, or somebody decided
 * that it may. */
static bool may_lead_elsewhere(struct sim *s, const struct path *p, uint32_t h, uint32_t l)
{
	const struct device *d = &s->devices[h][l];
	const struct member *member = world_member(s, d);

	return !d->ino || d->going || d->offline || d->elsewhere_told < 2 || !member ||
	       !member->active || !s->nexuses[h].up ||
	       instant_before(s->now, s->nexuses[h].tags_out_until) || world_is_gone(s, h, l) ||
	       d->agreeing || s->words.fence == IDENTITY_FENCE_REPORT || !p || p->fence.held ||
	       all_told_elsewhere(s, world_map_of(s, d));
}

/* It was told more than once, a while ago, and the kernel still may do I/O there. */
void oracle_stranger(struct sim *s, uint32_t h, uint32_t l)
{
	struct device *d = &s->devices[h][l];
	const instant since[] = { s->words_at, s->slept_at, s->started_at, d->elsewhere_at,
		d->reinstated_at, s->nexuses[h].told_down_at, d->outage_at, d->allowed_at };
	uint64_t least_ms = UINT64_MAX;
	char sysfs[MAX_SYSFS];

	if (!d->elsewhere_told)
		return;
	world_sysfs(h, l, sysfs);
	if (may_lead_elsewhere(s, model_path_at(core_model(s->core), sysfs), h, l))
		d->allowed_at = s->now;
	for (size_t i = 0; i < sizeof since / sizeof *since; i++)
		if (instant_ms_between(since[i], s->now) < least_ms)
			least_ms = instant_ms_between(since[i], s->now);
	if (least_ms > ELSEWHERE_MS && !instant_reached(d->allowed_at, s->now))
		sim_fail(s, "P7: %u:0:0:%u leads elsewhere since %llu, and is active", h, l,
			(unsigned long long)d->elsewhere_at.ms);
}
