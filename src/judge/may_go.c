/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "judge/may_go.h"

#include <string.h>

#include "judge/pace.h"
#include "model/owner.h"

enum {
	FEW_LUNS = 8,		 /* an array of which the host sees fewer has no purge_share */
	CLAIM_MEMORY_MS = 10000, /* at least: a claim disturbs who would mount it */
	UDEV_PATIENCE_MS = 10000,
	LOOKS = 6,  /* which see not all, until that is how it is; each is bounded in time */
	CLAIMS = 4, /* that the kernel refuses, until somebody has it; in 1, 2 and 4 s */
};

bool may_go_is_leaving(const struct path *p)
{
	switch (p->purge) {
	case PURGE_UNMAPPING:
	case PURGE_DELETING:
	case PURGE_STUCK: return true;
	case PURGE_NO:
	case PURGE_MARKED:
	case PURGE_VERIFYING:
	case PURGE_HELD:
	case PURGE_STAGES: break;
	}
	return false;
}

/* Its device may have gone already, and who would tell of that be late; or nobody looks. */
static bool is_unreachable(const struct path *p)
{
	return p->watch == WATCH_FAILED || path_is_cleaned(p) ||
	       (p->state == PATH_UNCHECKED && p->state_why == BECAUSE_UNREACHABLE);
}

uint32_t may_go_others_in_map(const struct model *m, const struct path *p)
{
	uint32_t n = 0;
	struct path *other;

	if (p->map < 0)
		return 0;
	for_each_path (m, other)
		if (other != p && other->map == p->map && !may_go_is_leaving(other) &&
			!is_unreachable(other) && other->device.state != DEVICE_GOING)
			n++;
	return n;
}

/* ---- P4 -------------------------------------------------------------------------------------- */

static bool lun_is_seen(const struct model *m, const char *key)
{
	struct lun *lun;

	HASH_FIND_STR(m->luns, key, lun);
	return lun;
}

bool may_go_over_limit(const struct model *m, const struct path *p)
{
	uint32_t devices = 0, dead_luns = 0, luns = 0;
	const struct death *d;

	for (const struct lun *lun = m->luns; lun; lun = lun->hh.next)
		luns += !strcmp(lun->array, p->lun->array);
	for (uint32_t i = 0; (d = lun_death(m, i)); i++) {
		if (!instant_is_set(d->at))
			continue;
		devices++;
		if (!d->newest || strcmp(d->array, p->lun->array))
			continue;
		if (strcmp(d->key, p->lun->key))
			dead_luns++;
		if (!lun_is_seen(m, d->key))
			luns++; /* it was there at the beginning of this minute */
	}
	if (devices + 1 > m->defaults.purge_limit)
		return true;
	return luns >= FEW_LUNS &&
	       (dead_luns + 1) * 100ull > m->defaults.purge_share_percent * (uint64_t)luns;
}

/* ---- P3 -------------------------------------------------------------------------------------- */

/* The LUN 0 rule: another logical unit of that nexus answers, so the target is not just restoring
 * itself. "Answers" is a check that found it, not older than two of its intervals. */
static bool neighbour_answers(const struct model *m, const struct path *p)
{
	struct path *other;

	for_each_path (m, other)
		if (other != p && other->nexus == p->nexus && !other->gone_count &&
			(other->state == PATH_UP || other->state == PATH_GHOST) &&
			instant_is_set(other->answering_at) &&
			instant_ms_between(other->answering_at, m->now) <=
				2000ull * other->settings.max_polling_interval_s)
			return true;
	return false;
}

static enum reason judge_evidence(const struct model *m, const struct path *p)
{
	if (p->fence.fenced)
		return BECAUSE_NOTHING; /* whatever it answers, another logical unit says it */
	switch (p->gone) {
	case GONE_UNSUPPORTED: return BECAUSE_NOTHING;
	case GONE_QUALIFIER:
		return p->gone_count < 2 || !neighbour_answers(m, p) ? BECAUSE_NEXUS_SILENT
								     : BECAUSE_NOTHING;
	case GONE_NO: return BECAUSE_CONTRADICTED;
	case GONE_UNKNOWN: break;
	}
	return BECAUSE_NOT_CONFIRMED;
}

static bool any_critical(const struct obs_holders *h)
{
	for (uint32_t i = 0; i < h->n_holds && i < MAX_HOLDS; i++)
		if (h->holds[i].critical)
			return true;
	return false;
}

static bool only_udev(const struct obs_holders *h, bool or_partitions)
{
	for (uint32_t i = 0; i < h->n_holds && i < MAX_HOLDS; i++)
		if (!h->holds[i].udev && !(or_partitions && h->holds[i].partition))
			return false;
	return h->n_holds > 0 && (or_partitions || h->n_holds <= MAX_HOLDS);
}

static bool udev_may_still_pass(const struct model *m, const struct path *p)
{
	return !instant_is_set(p->udev_seen_at) ||
	       instant_ms_between(p->udev_seen_at, m->now) < UDEV_PATIENCE_MS;
}

static enum reason judge_holders(const struct model *m, const struct path *p)
{
	if (!p->holders.n_holds)
		return BECAUSE_NOTHING;
	return only_udev(&p->holders, false) && udev_may_still_pass(m, p) ? BECAUSE_UDEV
									  : BECAUSE_HOLDERS;
}

/* Somebody waits for the end of it. */
static bool is_awaited(const struct path *p)
{
	return p->detach || p->request;
}

bool may_go_soon(const struct path *p)
{
	switch ((int)p->purge_why) {
	case BECAUSE_UDEV: return true;
	case BECAUSE_HOLDERS_UNKNOWN: return p->unseen < LOOKS;
	case BECAUSE_CLAIMED: return is_awaited(p) && p->claims_refused < CLAIMS;
	}
	return false;
}

/* What says least comes last: when a partition is the first of them, all are. */
enum reason may_go_used(const struct model *m, const struct path *p)
{
	const struct obs_holders *h = &p->holders;

	if (!h->n_holds || h->holds[0].partition)
		return BECAUSE_NOTHING;
	return only_udev(h, true) && udev_may_still_pass(m, p) ? BECAUSE_UDEV : BECAUSE_HOLDERS;
}

enum reason may_go_protected(const struct path *p)
{
	if (p->settings.protect || any_critical(&p->holders))
		return BECAUSE_PROTECTED;
	return p->holders.complete ? BECAUSE_NOTHING : BECAUSE_HOLDERS_UNKNOWN;
}

static enum reason judge_map(struct model *m, const struct path *p)
{
	if (may_go_others_in_map(m, p))
		return p->in_map_active ? BECAUSE_FAIL_FIRST : BECAUSE_NOTHING;
	if (!p->settings.purge_last_path)
		return BECAUSE_LAST_PATH;
	if (p->holders.n_holds)
		return judge_holders(m, p);
	return BECAUSE_MAP_FIRST;
}

/* The kernel said so a while ago; it is not asked by another hand every time. */
bool may_go_is_claimed(const struct model *m, const struct path *p)
{
	uint64_t memory_ms = pace_backoff_ms(p->claims_refused);

	if (memory_ms < CLAIM_MEMORY_MS && !is_awaited(p))
		memory_ms = CLAIM_MEMORY_MS;
	return instant_is_set(p->claim_refused_at) &&
	       instant_ms_between(p->claim_refused_at, m->now) < memory_ms;
}

enum reason may_go(struct model *m, const struct path *p)
{
	enum reason why = judge_evidence(m, p);

	if (why != BECAUSE_NOTHING)
		return why;
	why = may_go_protected(p);
	if (why != BECAUSE_NOTHING)
		return why;
	if (owner_purges(m, p))
		return BECAUSE_OWNER_PURGES;
	why = p->map >= 0 ? judge_map(m, p) : judge_holders(m, p);
	if (why != BECAUSE_NOTHING && why != BECAUSE_FAIL_FIRST && why != BECAUSE_MAP_FIRST)
		return why;
	if (may_go_is_claimed(m, p))
		return BECAUSE_CLAIMED;
	if (!p->released && !p->request && may_go_over_limit(m, p))
		return BECAUSE_LIMIT;
	return why;
}
