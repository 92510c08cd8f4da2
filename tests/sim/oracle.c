/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The promises, looked at where they count: at the moment of the deed, against what is true and
 * what the core was told, never against what it made of it. And the peace: a world that is left
 * alone is clean in the end.
 */
#include "sim.h"

#include <string.h>

#include "judge/path_judge.h"

enum {
	MINUTE_MS = 60000,
	FACTS_MS = 5000,      /* how old a fact of a decision may be */
	NEIGHBOUR_MS = 40000, /* twice max_polling_interval */
	FEW_LUNS = 8,
	STARVED_MS = 30000, /* max_polling_interval, and a bit */
	POLLING_MS = 20000, /* max_polling_interval */
	SWEEP_MS = 1000,    /* until what was heard of a target is acted on */

	/* in one second of virtual time, or somebody asks without end */
	MOST_CHECKS = 25, /* of one device */
	MOST_OTHERS = 400,
	MOST = 1500,
};

/* ---- what was told --------------------------------------------------------------------------- */

static bool is_outage(const struct scsi_answer *a)
{
	return a->host_status;
}

/* A reset, another access state, or on the way to one. */
static bool is_failover(const struct scsi_answer *a)
{
	return (a->sense[1] == 6 && a->sense[2] == 0x29) ||
	       (a->sense[1] == 6 && a->sense[2] == 0x2a && a->sense[3] == 0x06) ||
	       (a->sense[1] == 2 && a->sense[2] == 0x04 && a->sense[3] == 0x0a);
}

static bool is_transition(const struct scsi_answer *a)
{
	return a->status == 0x02 && a->sense[1] == 2 && a->sense[2] == 0x04 && a->sense[3] == 0x0a;
}

/* One that says so for too long is ill, and no news. */
static bool is_news(struct sim *s, struct device *d, const struct scsi_answer *a)
{
	bool answered = !a->host_status && !a->error && a->status != 0x08 && a->status != 0x28;

	if (!is_transition(a)) {
		if (answered && !(a->status == 0x02 && a->sense[1] == 6))
			d->transition_at = INSTANT_NEVER;
		return true;
	}
	if (!instant_is_set(d->transition_at))
		d->transition_at = s->now;
	return instant_ms_between(d->transition_at, s->now) < JUDGE_TRANSITION_MS;
}

static void told_answer(struct sim *s, uint32_t host, uint32_t lun, const struct obs_checked *c)
{
	struct device *d = &s->devices[host][lun];
	enum gone gone = scsi_gone(
		&c->tur, c->inquired ? &c->inquiry : NULL, c->inquiry_data, c->inquiry_len);
	bool check = c->tur.status == 0x02;

	if (is_outage(&c->tur))
		d->outage_at = s->now;
	if (is_news(s, d, &c->tur) && check && is_failover(&c->tur)) {
		s->nexuses[host].told_reset_at = s->now;
		array_told_of_failover(s, host);
	}
	if (is_outage(&c->tur) || c->tur.error || c->tur.status == 0x08 || c->tur.status == 0x28 ||
		(check && c->tur.sense[1] == 6))
		return;
	if (gone == GONE_QUALIFIER || scsi_says_unsupported(&c->tur)) {
		if (!d->agreeing)
			d->doubted_at = s->now;
		if (!d->agreeing || instant_ms_between(d->agreed_at, s->now) >= 500) {
			d->agreeing++;
			d->agreed_at = s->now;
		}
		return;
	}
	d->agreeing = 0;
	if (!check || (c->tur.sense[1] == 2 && c->tur.sense[3] == 0x0b))
		d->present_at = s->now; /* good, reserved for somebody else, or standby */
}

/* What could not be read says nothing, as long as nothing else was read. */
static void told_identity(struct sim *s, uint32_t host, uint32_t lun)
{
	struct device *d = &s->devices[host][lun];
	uint32_t volume = s->told[host][lun].volume;
	int map = d->ino ? world_map_of(s, d) : -1;

	if (!volume)
		return;
	d->told_volume = volume;
	if (map < 0 || volume == s->maps[map].volume) {
		d->elsewhere_told = 0;
		return;
	}
	if (!d->elsewhere_told++)
		d->elsewhere_at = s->now;
}

void oracle_told(struct sim *s, uint32_t host, uint32_t lun, const struct observation *o)
{
	bool checked = o->kind == OBS_CHECKED;
	enum device_state state = checked ? o->checked.state : o->device.state;
	enum transport_state transport = checked ? o->checked.transport : o->device.transport;

	if (!checked && o->device.present && !instant_is_set(s->devices[host][lun].told_at)) {
		s->devices[host][lun].told_at = s->now;
		s->devices[host][lun].told_when = s->n_disturbances;
	}
	if (transport == TRANSPORT_DOWN || state == DEVICE_BLOCKED ||
		state == DEVICE_TRANSPORT_OFFLINE)
		s->nexuses[host].told_down_at = s->now;
	if (checked && o->checked.asked && o->result == 0)
		told_answer(s, host, lun, &o->checked);
	if (checked && o->checked.identified) {
		s->told[host][lun] = s->asked[host][lun];
		if (s->told[host][lun].volume != s->devices[host][lun].volume)
			s->stirred_at = s->now; /* its relatives are asked, too */
		told_identity(s, host, lun);
	}
}

/* ---- what is asked --------------------------------------------------------------------------- */

void oracle_action(struct sim *s, const struct action *a)
{
	uint32_t h = 0, l = 0;

	if (s->second != s->now.ms / 1000) {
		s->second = s->now.ms / 1000;
		s->in_second = s->others_in_second = 0;
		memset(s->checks_in_second, 0, sizeof s->checks_in_second);
	}
	if (a->kind == ACT_KEEP_OUT || a->kind == ACT_LET_IN)
		gaps_sent(s, a);
	if (++s->in_second > MOST)
		sim_fail(s, "a storm of actions");
	if (a->kind == ACT_CHECK) {
		const struct handle *handle = &s->handles[a->path.slot % HANDLES];

		h = handle->host;
		l = handle->lun;
		if (++s->checks_in_second[h][l] > MOST_CHECKS)
			sim_fail(s, "a storm of checks of %u:0:0:%u", h, l);
	} else if (++s->others_in_second > MOST_OTHERS) {
		sim_fail(s, "a storm of questions");
	}
}

/* By a clean: what is in use stays. */
void oracle_given_back(struct sim *s, const struct action *a)
{
	const struct handle *handle = helpers_handle(s, a->path);
	struct device *d;

	if (!handle)
		return;
	d = &s->devices[handle->host][handle->lun];
	REQUIRE(!handle->check, "clean", handle->host, handle->lun);
	REQUIRE(!hands_of_path(s, a->path), "clean", handle->host, handle->lun);
	REQUIRE(d->ino != handle->ino || d->fenced_told != s->daemon, "clean", handle->host,
		handle->lun);
	if (d->ino != handle->ino)
		return;
	d->cleaned_at = s->now;
}

void oracle_watched(struct sim *s, const struct action *a)
{
	uint32_t h, l;
	struct device *d;

	if (!world_at(a->watch.sysfs, &h, &l))
		return;
	d = &s->devices[h][l];
	if (instant_is_set(d->cleaned_at) && d->ino == a->watch.ino &&
		instant_before(instant_add_ms(s->stirred_at, SWEEP_MS), d->cleaned_at))
		REQUIRE(instant_ms_between(d->cleaned_at, s->now) >= POLLING_MS, "clean", h, l);
	d->cleaned_at = INSTANT_NEVER;
}

/* ---- a hand is sent: what was decided -------------------------------------------------------- */

/* A fence waits in the kernel for nobody, and nobody waits for it. */
static void require_one_hand(struct sim *s, const struct hand_truth *hand)
{
	for (uint32_t i = 0; i < HANDS; i++)
		REQUIRE(!s->hands[i].used || &s->hands[i] == hand ||
				s->hands[i].host != hand->host || s->hands[i].daemon != s->daemon ||
				s->hands[i].lost || s->hands[i].fence,
			"one hand a host", hand->host, hand->lun);
}

void oracle_sent_scan(struct sim *s, const struct hand_truth *hand)
{
	require_one_hand(s, hand);
}

/* It said last that it is this one. */
void oracle_sent_reread(struct sim *s, const struct hand_truth *hand)
{
	const struct identity_truth *told = &s->told[hand->host][hand->lun];
	char wwid[MAX_WWID];

	require_one_hand(s, hand);
	world_name_volume(told->volume, wwid);
	REQUIRE(!told->volume || !strcmp(wwid, hand->wwid), "P7: read again", hand->host,
		hand->lun);
	REQUIRE(s->devices[hand->host][hand->lun].fenced_told != s->daemon, "P7: read again",
		hand->host, hand->lun);
}

/* Whoever purges beside us may still be about to delete by name what was there. Unless somebody
 * else has brought the next one, which was there when the hand was sent, and went while it was out.
 */
void oracle_back(struct sim *s, const struct hand_truth *hand, uint32_t host, uint32_t lun)
{
	instant purged = s->purged_at[host][lun];

	if (!hand->beside_a_purger || !instant_is_set(purged) ||
		instant_before(purged, s->started_at) || hand->there >> lun & 1)
		return;
	REQUIRE(instant_ms_between(purged, hand->sent_at) >= MINUTE_MS, "brought back", host, lun);
}

bool oracle_neighbour_answers(const struct sim *s, uint32_t host, uint32_t lun)
{
	for (uint32_t l = 0; l < LUNS; l++) {
		const struct device *d = &s->devices[host][l];

		if (l != lun && instant_is_set(d->present_at) &&
			instant_ms_between(d->present_at, s->now) <= NEIGHBOUR_MS)
			return true;
	}
	return false;
}

/* A newcomer may have its name: but not because we took the old one away, and brought this one. */
void oracle_owner_deletes(struct sim *s, uint32_t host, uint32_t lun, uint64_t meant)
{
	const struct device *d = &s->devices[host][lun];

	if (d->ino == meant)
		return;
	s->counts.strangers++;
	REQUIRE(s->purged_ino[host][lun] != meant || !d->scanned_by_us, "one purger", host, lun);
}

static void require_grace(struct sim *s, uint32_t h, uint32_t l)
{
	const struct nexus_truth *n = &s->nexuses[h];
	const struct device *d = &s->devices[h][l];
	const instant since[] = { n->told_down_at, n->told_reset_at, d->outage_at, d->born,
		s->started_at, s->slept_at };

	for (size_t i = 0; i < sizeof since / sizeof *since; i++)
		if (instant_is_set(since[i]) &&
			instant_ms_between(since[i], s->now) < s->words.grace_s * 1000ull)
			sim_fail(s, "P2: %u:0:0:%u: grace %u s not over since %llu (row %zu)", h, l,
				s->words.grace_s, (unsigned long long)since[i].ms, i);
}

/* By the last word that was told of both, the owner's and the kernel's. */
static void require_one_purger(
	struct sim *s, const struct model *m, const struct path *p, const struct hand_truth *hand)
{
	uint32_t volume = 0;

	if (p->map < 0)
		return;
	for (uint32_t i = 0; i < MAPS; i++)
		if (s->maps[i].minor == m->maps[p->map].kernel.devt.minor)
			volume = s->maps[i].volume;
	REQUIRE(!owner_truth_purges(&s->told_owner, volume), "one purger", hand->host, hand->lun);
}

void oracle_sent(struct sim *s, const struct action *a, struct hand_truth *hand)
{
	const struct model *m = core_model(s->core);
	const struct path *p = model_path(m, a->path);
	uint32_t h = hand->host, l = hand->lun, needed = s->words.checks;
	const struct device *d = &s->devices[h][l];

	REQUIRE(p && p->device.ino == hand->ino, "P1", h, l);
	hand->exempt = p->request || p->released || p->detach;
	require_one_hand(s, hand);
	if (hand->detached) {
		oracle_detach_sent(s, p, hand);
		return;
	}
	require_one_purger(s, m, p, hand);
	if (d->ino != hand->ino)
		return; /* it is another one by now, and the hand will feel it */
	REQUIRE(hand->fenced == (d->fenced_told == s->daemon), "P7", h, l);
	if (hand->fenced) {
		REQUIRE(p->request || s->words.fence == IDENTITY_FENCE_REMOVE, "not wanted", h, l);
		return;
	}
	if (hand->by_qualifier) {
		needed = needed < 2 ? 2 : needed;
		REQUIRE(oracle_neighbour_answers(s, h, l), "P2", h, l);
	}
	REQUIRE(d->agreeing >= needed, "P2", h, l);
	REQUIRE(s->words.purge || p->request || (p->found_gone && s->cleans), "not wanted", h, l);
	REQUIRE(!s->words.report || p->request, "only to be reported", h, l);
	require_grace(s, h, l);
}

/* ---- every second ---------------------------------------------------------------------------- */

/* Each device is asked at its own pace, whatever becomes of the others. */
static void require_asked(struct sim *s, const struct handle *handle)
{
	const struct path *p = model_path(core_model(s->core), handle->id);
	uint32_t h = handle->host, l = handle->lun;

	if (!p || handle->check || p->deed.action || s->devices[h][l].ino != handle->ino ||
		s->devices[h][l].going || instant_ms_between(s->slept_at, s->now) < STARVED_MS)
		return;
	if (instant_ms_between(handle->asked_at, s->now) > STARVED_MS)
		sim_fail(s, "starved: %u:0:0:%u was not asked for %llu ms", h, l,
			(unsigned long long)instant_ms_between(handle->asked_at, s->now));
}

void oracle_second(struct sim *s)
{
	for (uint32_t i = 0; i < HANDLES; i++)
		if (s->handles[i].id.gen)
			require_asked(s, &s->handles[i]);
	for (uint32_t i = 0; i < HOSTS * LUNS; i++)
		oracle_stranger(s, i / LUNS, i % LUNS);
	oracle_gaps(s);
}

/* ---- the write ------------------------------------------------------------------------------- */

static void require_unused(struct sim *s, const struct hand_truth *hand)
{
	uint32_t h = hand->host, l = hand->lun;
	const struct device *d = &s->devices[h][l];
	int map = world_map_of(s, d);
	uint64_t old_ms = instant_ms_between(hand->sent_at, s->now) + FACTS_MS;

	REQUIRE(!d->mounted && !d->critical && !d->claimed, "P3", h, l);
	REQUIRE(d->volume != s->words.protected_volume || hand->sent_at.ms < s->words_at.ms, "P3",
		h, l);
	if (map < 0) {
		REQUIRE(!instant_is_set(d->opened_at) ||
				instant_ms_between(d->opened_at, s->now) <= old_ms,
			"P3", h, l);
		return;
	}
	/* a table that others took a path out of while the decision was on its way */
	if (instant_is_set(s->maps[map].others_took) &&
		instant_ms_between(s->maps[map].others_took, s->now) <= old_ms)
		return;
	REQUIRE(world_others_in_map(s, h, l, map) > 0, "P3", h, l);
}

typedef bool device_judge(const struct sim *s, const struct device *d);

/* Whose it is; what was going when the core began told nobody. */
static bool was_seen(const struct sim *s, const struct device *d)
{
	return !d->going && instant_ms_between(d->born, s->now) > 2 * MINUTE_MS;
}

static bool is_there(const struct sim *s, const struct device *d)
{
	(void)s;
	return d->ino;
}

/* How many luns have such devices in this array? */
static uint32_t count_luns(const struct sim *s, uint32_t array, device_judge *is_such)
{
	uint32_t seen[HOSTS * LUNS], n = 0;

	for (uint32_t h = 0; h < HOSTS; h++)
		for (uint32_t l = 0; l < LUNS; l++) {
			const struct device *d = &s->devices[h][l];
			bool known = false;

			if (!d->ino || world_array(h) != array || !is_such(s, d))
				continue;
			for (uint32_t i = 0; i < n; i++)
				known |= seen[i] == d->volume;
			if (!known)
				seen[n++] = d->volume;
		}
	return n;
}

/* Up to this one, and with it. */
static uint32_t died_in_minute(const struct sim *s, const struct kill *last, uint32_t *ret_luns)
{
	uint32_t n = 0, luns[KILLS];

	*ret_luns = 0;
	for (uint32_t i = 0; i < KILLS && i < s->n_kills; i++) {
		const struct kill *k = &s->kills[i];
		bool known = false;

		if (instant_before(last->at, k->at) ||
			(k->at.ms == last->at.ms && k->action > last->action) ||
			instant_ms_between(k->at, last->at) >= MINUTE_MS)
			continue;
		n++;
		for (uint32_t j = 0; j < *ret_luns; j++)
			known |= luns[j] == k->volume;
		if (!known && k->array == last->array)
			luns[(*ret_luns)++] = k->volume;
	}
	return n;
}

/* Was k more than was allowed, by all that is known to have died by then? */
static void require_allowed(struct sim *s, const struct kill *k)
{
	uint32_t luns, devices = died_in_minute(s, k, &luns);
	uint32_t least = count_luns(s, k->array, was_seen);
	uint32_t most = count_luns(s, k->array, is_there);

	if (k->exempt || k->at.ms < s->words_at.ms)
		return;
	if (devices > s->words.limit)
		sim_fail(s, "P4: %u devices in a minute, limit %u", devices, s->words.limit);
	/* what died, by whomever, was there; what we did not count is no reason to accuse */
	if (least >= FEW_LUNS && luns > 1 && luns * 100 > s->words.share * (most + luns + 2))
		sim_fail(s, "P4: %u of at most %u logical units, share %u", luns, most + luns + 2,
			s->words.share);
}

/* Hands overtake each other: what was decided after this one may be too much because of it. */
static void require_radius(struct sim *s, const struct hand_truth *hand)
{
	struct kill *this = &s->kills[s->n_kills++ % KILLS];

	*this = (struct kill){
		.at = hand->sent_at,
		.action = hand->action,
		.array = world_array(hand->host),
		.volume = s->devices[hand->host][hand->lun].volume,
		.exempt = hand->exempt,
	};
	for (uint32_t i = 0; i < KILLS && i < s->n_kills; i++)
		if (!instant_before(s->kills[i].at, this->at))
			require_allowed(s, &s->kills[i]);
}

void oracle_write(struct sim *s, const struct hand_truth *hand, bool refused)
{
	uint32_t h = hand->host, l = hand->lun;
	const struct device *d = &s->devices[h][l];

	s->counts.deletes++;
	REQUIRE(d->ino == hand->ino, "P1", h, l);
	if (hand->detached) {
		/* it is there, and need not answer */
	} else if (hand->fenced) {
		REQUIRE(d->fenced && d->offline, "P7", h, l);
	} else {
		REQUIRE(world_is_gone(s, h, l), "P2", h, l);
		REQUIRE(s->nexuses[h].up && world_state(s, h, l) == DEVICE_RUNNING, "P2", h, l);
	}
	require_unused(s, hand);
	if (!refused)
		require_radius(s, hand);
}
