/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What was detached is kept out (P9): its records, as udev's rule and the next daemon have them,
 * and what is promised of it. A row is in force from the moment when its record was handed out
 * until the word to take that away is.
 */
#include "sim.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum {
	SOON_MS = 2000, /* after it was told of a device that comes back, when nothing hinders it */
	LATE_MS = 180000,    /* a word may have begun so long ago */
	READING_MS = 1000,   /* what is read of a host that loses all may be so old */
	UNMAPPED_MS = 30000, /* it may be late to hear that a volume is mapped again */
};

static bool means(const struct sim *s, const struct gap_truth *g, uint32_t h, uint32_t l)
{
	char wwid[MAX_WWID];

	world_name_volume(s->devices[h][l].volume, wwid);
	return g->used && !strcmp(g->is.wwid, wwid) &&
	       (g->is.everywhere || (g->is.address.host == h && g->is.address.lun == l));
}

/* Which row keeps it out; it came after that began. */
static const struct gap_truth *gap_of(const struct sim *s, uint32_t h, uint32_t l)
{
	const struct device *d = &s->devices[h][l];
	const struct gap_truth *found = NULL;

	for (uint32_t i = 0; d->ino && i < GAPS; i++) {
		const struct gap_truth *g = &s->gaps[i];

		if (!g->used)
			continue;
		if (g->is.ino == d->ino)
			return NULL; /* it is what is to leave */
		if (means(s, g, h, l) && g->is.youngest < d->ino)
			found = g;
	}
	return found;
}

/* ---- records --------------------------------------------------------------------------------- */

static struct gap_truth *row_of(struct sim *s, const struct obs_gap *is)
{
	struct gap_truth *unused = NULL;

	for (uint32_t i = 0; i < GAPS; i++) {
		struct gap_truth *g = &s->gaps[i];

		if (g->used && scsi_address_equal(&g->is.address, &is->address) &&
			!strcmp(g->is.wwid, is->wwid))
			return g;
		if (!g->used && !g->recorded)
			unused = g;
	}
	return unused;
}

/* Did the kernel find another volume there? It keeps the name, whatever is mapped since. */
static bool is_anothers(const struct sim *s, const struct obs_gap *is)
{
	const struct device *d = &s->devices[is->address.host][is->address.lun];
	char wwid[MAX_WWID];

	world_name_volume(d->volume, wwid);
	return d->ino && strcmp(wwid, is->wwid) != 0;
}

/* Has the array taken it away there, as far as anybody can know? */
static bool is_unmapped(const struct sim *s, const struct obs_gap *is)
{
	uint32_t h = is->address.host, l = (uint32_t)is->address.lun;
	char wwid[MAX_WWID];

	world_name_volume(s->volume[h][l], wwid);
	return !s->volume[h][l] || strcmp(wwid, is->wwid) != 0 || is_anothers(s, is) ||
	       instant_ms_between(s->given_at[h][l], s->now) < UNMAPPED_MS;
}

static bool has_just_left(const struct sim *s, const struct gap_truth *g)
{
	return instant_is_set(g->left_at) && instant_ms_between(g->left_at, s->now) < READING_MS;
}

void gaps_sent(struct sim *s, const struct action *a)
{
	const struct obs_gap *is = &a->gap.gap;
	uint32_t h = is->address.host, l = (uint32_t)is->address.lun;
	struct gap_truth *g = row_of(s, is);

	if (!g)
		return; /* there are too many: nothing is said of it */
	if (a->kind == ACT_KEEP_OUT) {
		REQUIRE(is->youngest <= s->last_ino, "P9: another", h, l);
		g->wanted_back &= g->used;
		if (g->is.ino != is->ino)
			g->left_at = INSTANT_NEVER;
		g->is = *is;
		g->used = true;
		return;
	}
	if (!g->used)
		return;
	/* not detached after all; its time is over; the array; an operator */
	REQUIRE(s->devices[h][l].ino == is->ino || has_just_left(s, g) ||
			instant_reached(s->now, is->until) || is_unmapped(s, is) || g->wanted_back,
		"P9: let in", h, l);
	g->used = false;
}

/* The device that is to be kept out says what it is called; another one there is not asked. */
static bool is_asked(const struct sim *s, const struct action *a)
{
	const struct obs_gap *is = &a->gap.gap;

	return a->kind != ACT_KEEP_OUT ||
	       s->devices[is->address.host][is->address.lun].ino == is->ino;
}

void gaps_clerk(struct sim *s, const struct event *e)
{
	struct observation o = { .kind = OBS_DONE, .path = e->action.path, .action = e->action.id };
	const struct obs_gap *is = &e->action.gap.gap;

	o.done.stage = STAGE_WRITE;
	if (!s->peace && sim_chance(s, 50))
		o.result = sim_chance(s, 500) ? -EIO : -EPIPE;
	if (!is_asked(s, &e->action))
		o.result = -ENODEV;
	for (uint32_t i = 0; i < GAPS && o.result != -EIO && o.result != -ENODEV; i++) {
		struct gap_truth *g = &s->gaps[i];

		if (scsi_address_equal(&g->is.address, &is->address) &&
			!strcmp(g->is.wwid, is->wwid) && (g->used || g->recorded))
			g->recorded = e->action.kind == ACT_KEEP_OUT;
	}
	sim_feed(s, &o);
}

void gaps_tell(struct sim *s)
{
	for (uint32_t i = 0; i < GAPS; i++) {
		struct gap_truth *g = &s->gaps[i];
		struct observation o = { .kind = OBS_KEPT_OUT, .gap = g->is };

		g->used = g->recorded;
		g->wanted_back = false;
		if (g->recorded)
			sim_feed(s, &o);
	}
}

/* The volume of which this place was one is wanted, all of it. */
static void want_back(struct sim *s, const struct obs_gap *is)
{
	for (uint32_t i = 0; i < GAPS; i++)
		s->gaps[i].wanted_back |= !strcmp(s->gaps[i].is.wwid, is->wwid);
}

/* By another's hand than ours, perhaps when it was just seen that we did not take it away. */
void gaps_note_left(struct sim *s, uint64_t ino)
{
	for (uint32_t i = 0; i < GAPS; i++)
		if (s->gaps[i].is.ino == ino)
			s->gaps[i].left_at = s->now;
}

/* By a name that says less it may be anywhere. */
void gaps_note_rescan(struct sim *s, const char *name)
{
	uint32_t host = HOSTS;
	bool one = name &&
		   (sscanf(name, "host%u", &host) == 1 || sscanf(name, "session%u", &host) == 1 ||
			   (strstr(name, ":0:0:") && sscanf(name, "%u:", &host) == 1));

	for (uint32_t i = 0; i < GAPS; i++)
		if (s->gaps[i].used && (!one || s->gaps[i].is.address.host == host))
			want_back(s, &s->gaps[i].is);
}

/* ---- the target's word ----------------------------------------------------------------------- */

/* A target that is restoring itself lists what it has found so far. */
enum lun_word gaps_list(struct sim *s, uint32_t host, uint64_t lun)
{
	if (!s->nexuses[host].up || (!s->peace && sim_chance(s, 50)))
		return LUN_UNKNOWN;
	if (instant_before(s->now, s->nexuses[host].restoring_until))
		return LUN_NOT_LISTED;
	return lun < LUNS && s->volume[host][lun] ? LUN_LISTED : LUN_NOT_LISTED;
}

/* ---- promises -------------------------------------------------------------------------------- */

bool oracle_is_kept_out(const struct sim *s, uint32_t host, uint32_t lun)
{
	return gap_of(s, host, lun);
}

/* Before it is taken away; as long as the configuration has wanted that for a while. */
bool oracle_will_be_kept_out(const struct sim *s, uint64_t ino)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < GAPS; i++) {
		const struct gap_truth *g = &s->gaps[i];

		n += g->used;
		if (g->used && g->is.ino == ino)
			return true;
	}
	for (uint32_t i = 0; i < HOSTS * LUNS; i++)
		if (s->devices[i / LUNS][i % LUNS].ino == ino && gap_of(s, i / LUNS, i % LUNS))
			return true;
	return !s->words.hold_s || n == GAPS || instant_ms_between(s->words_at, s->now) < LATE_MS;
}

/* Nothing that happened since then, and nothing that is, hinders it. */
static bool may_take_longer(const struct sim *s, uint32_t h, uint32_t l)
{
	const struct device *d = &s->devices[h][l];

	for (int helper = 0; helper <= HELPER_HAND; helper++)
		if (instant_before(d->told_at, s->busy_until[helper]))
			return true;
	for (uint32_t i = 0; i < HANDS; i++)
		if (s->hands[i].used && s->hands[i].host == h)
			return true;
	return d->told_when != s->n_disturbances || !s->nexuses[h].up || d->offline ||
	       world_is_busy(s, d) || world_map_of(s, d) >= 0 ||
	       instant_before(s->now, s->nexuses[h].tags_out_until) ||
	       instant_before(s->now, s->nexuses[h].mutex_until) || s->owner.said.running ||
	       d->volume == s->words.protected_volume;
}

/* Once a second. */
void oracle_gaps(struct sim *s)
{
	for (uint32_t i = 0; i < HOSTS * LUNS; i++) {
		uint32_t h = i / LUNS, l = i % LUNS;
		struct device *d = &s->devices[h][l];

		if (!gap_of(s, h, l) || d->going || !instant_is_set(d->told_at))
			continue;
		if (instant_ms_between(d->told_at, s->now) > SOON_MS + 1000 &&
			!may_take_longer(s, h, l))
			sim_fail(s, "P9: %u:0:0:%u came back, told at %llu, and is there", h, l,
				(unsigned long long)d->told_at.ms);
	}
}

/* Nothing of it is forgotten, and its time is over. */
void oracle_gaps_peace(struct sim *s)
{
	const struct model *m = core_model(s->core);

	for (uint32_t i = 0; i < GAPS; i++) {
		const struct gap_truth *g = &s->gaps[i];
		bool known = false;

		for (uint32_t k = 0; k < m->gaps.n; k++)
			known |= m->gaps.rows[k].stage != GAP_NO &&
				 scsi_address_equal(&m->gaps.rows[k].is.address, &g->is.address) &&
				 !strcmp(m->gaps.rows[k].is.wwid, g->is.wwid);
		REQUIRE(known || !g->recorded, "P6: a record", g->is.address.host,
			(uint32_t)g->is.address.lun);
		REQUIRE(!g->used || !instant_reached(s->now, instant_add_ms(g->is.until, 60000)) ||
				s->devices[g->is.address.host][g->is.address.lun].ino == g->is.ino,
			"P9: peace", g->is.address.host, (uint32_t)g->is.address.lun);
	}
}
