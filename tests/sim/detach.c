/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Operators who detach what is there; what is kept of that for the next daemon; and its promises.
 */
#include "sim.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { LATE_MS = 60000 };

/* ---- words ----------------------------------------------------------------------------------- */

/* A volume, all of a host, or one device. */
static void choose(struct sim *s, struct said_truth *said, char *name, size_t size)
{
	uint32_t h, l;
	struct device *d = world_any_device(s, &h, &l);

	*said = (struct said_truth){ .host = HOSTS, .at = s->now };
	if (!d || sim_chance(s, 100)) {
		said->host = sim_below(s, HOSTS);
		snprintf(name, size, sim_chance(s, 500) ? "host%u" : "session%u", said->host);
	} else if (sim_chance(s, 500)) {
		said->volume = d->born_volume;
		world_name_volume(d->born_volume, name);
	} else {
		said->ino = d->ino;
		snprintf(name, size, "%u:0:0:%u", h, l);
	}
}

static void detach(struct sim *s)
{
	struct obs_request word = { .requester = "sim", .verb = VERB_DETACH };
	struct said_truth *said = &s->said[s->n_said++ % SAID];
	char name[MAX_WWID];

	word.request = *operator_slot(s);
	word.flags = sim_chance(s, 200) ? REQUEST_DRY_RUN : 0;
	word.timeout_ms = 1000 + sim_below(s, 120000);
	choose(s, said, name, sizeof name);
	said->dry_run = word.flags;
	sim_story(s, "request %llu: detach %s%s", (unsigned long long)word.request, name,
		word.flags ? " (dry run)" : "");
	core_request(s->core, &word, name);
}

const struct deed detach_deeds[] = {
	{ "detach", detach, 25 },
	{ 0 },
};

/* ---- records --------------------------------------------------------------------------------- */

bool records_keep(struct sim *s, const struct obs_detaching *word)
{
	for (uint32_t i = 0; i < RECORDS; i++)
		if (!s->records[i].number || s->records[i].number == word->number) {
			s->records[i] = *word;
			return true;
		}
	return false;
}

void records_strike(struct sim *s, uint64_t number)
{
	for (uint32_t i = 0; i < RECORDS; i++)
		if (s->records[i].number == number)
			s->records[i].number = 0;
}

/* A directory that is another one by now is not told of. */
static bool is_there(const struct sim *s, const struct obs_detaching *word)
{
	uint32_t h, l;

	if (word->wwid[0] || !word->ino || !world_at(word->sysfs, &h, &l))
		return true;
	return s->devices[h][l].ino == word->ino;
}

void records_tell(struct sim *s)
{
	for (uint32_t i = 0; i < RECORDS; i++) {
		struct observation o = { .kind = OBS_DETACHING, .detaching = s->records[i] };

		if (!o.detaching.number)
			continue;
		if (is_there(s, &o.detaching))
			sim_feed(s, &o);
		else
			s->records[i].number = 0;
	}
}

/* ---- promises -------------------------------------------------------------------------------- */

/* Somebody said so, and meant it. */
static bool is_said(const struct sim *s, uint32_t host, uint32_t lun)
{
	const struct device *d = &s->devices[host][lun];
	int map = world_map_of(s, d);

	for (uint32_t i = 0; i < SAID && i < s->n_said; i++) {
		const struct said_truth *said = &s->said[i];

		if (said->dry_run)
			continue;
		if (said->host == host || said->ino == d->ino ||
			(said->volume &&
				(said->volume == d->born_volume || said->volume == d->believed ||
					(map >= 0 && s->maps[map].volume == said->volume))))
			return true;
	}
	return false;
}

/* A word that may be done is one that the next daemon would know of. */
bool records_have(const struct sim *s, uint64_t number)
{
	for (uint32_t i = 0; i < RECORDS; i++)
		if (s->records[i].number == number)
			return true;
	return false;
}

void oracle_detach_sent(struct sim *s, const struct path *p, const struct hand_truth *hand)
{
	REQUIRE(p->detach && !p->detach_looks, "detach: not wanted", hand->host, hand->lun);
	if (model_detach(core_model(s->core), p->detach)->keeps_out) {
		REQUIRE(s->devices[hand->host][hand->lun].ino != hand->ino ||
				oracle_is_kept_out(s, hand->host, hand->lun),
			"P9: nothing keeps it out", hand->host, hand->lun);
		return;
	}
	REQUIRE(records_have(s, p->detach), "P6: detach", hand->host, hand->lun);
	REQUIRE(oracle_will_be_kept_out(s, hand->ino), "P9: not kept out", hand->host, hand->lun);
	if (s->devices[hand->host][hand->lun].ino == hand->ino)
		REQUIRE(is_said(s, hand->host, hand->lun), "detach: another", hand->host,
			hand->lun);
}

/* By the last that was told of it when the hand was sent. */
static bool is_good(const struct device *d, instant sent)
{
	return d->ino && !d->going && instant_is_set(d->present_at) &&
	       (!d->agreeing || !instant_before(d->doubted_at, sent));
}

/* A path leaves a map that somebody uses: another carries on. */
void oracle_take(struct sim *s, uint32_t host, uint32_t lun, instant sent)
{
	int map = world_map_of(s, &s->devices[host][lun]);
	const struct map_truth *m = map < 0 ? NULL : &s->maps[map];
	uint32_t good = 0;

	if (!m || !m->mounted)
		return;
	/* while the decision was on its way */
	if (instant_is_set(m->others_took) && instant_ms_between(m->others_took, s->now) <= LATE_MS)
		return;
	for (uint32_t i = 0; i < HOSTS * LUNS; i++) {
		const struct device *d = &s->devices[i / LUNS][i % LUNS];

		good += d != &s->devices[host][lun] && is_good(d, sent) &&
			world_map_of(s, d) == map && world_member(s, d)->active;
	}
	REQUIRE(good > 0, "detach: the last path", host, lun);
}

/* Nothing of it is forgotten, and nothing goes on for ever. */
void oracle_detach_peace(struct sim *s)
{
	const struct model *m = core_model(s->core);

	for (uint32_t i = 0; i < m->n_detaches; i++) {
		const struct detach *d = &m->detaches[i];

		if (d->stage != DETACH_NONE && !peace_any_host_is_hung(s))
			sim_fail(s, "detach: %s is %s after the peace", d->word.name,
				detach_stage_name(d->stage));
	}
	for (uint32_t i = 0; i < RECORDS; i++)
		if (s->records[i].number && !model_detach(m, s->records[i].number))
			sim_fail(s, "P6: the record of %s was forgotten", s->records[i].name);
}
