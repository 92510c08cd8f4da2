/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A hand does at its moment what src/act/hand.c does, in the same order. */
#include "sim.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "plan/deeds.h"
#include "scsi/gone.h"

struct hand_truth *hands_of_path(struct sim *s, path_id id)
{
	for (uint32_t i = 0; i < HANDS; i++)
		if (s->hands[i].used && !s->hands[i].lost && !s->hands[i].reread &&
			s->hands[i].daemon == s->daemon && path_id_equal(s->hands[i].path, id))
			return &s->hands[i];
	return NULL;
}

static void end_hand(struct sim *s, struct hand_truth *hand, enum hand_stage stage, int result,
	const struct obs_checked *answers)
{
	struct observation o = { .kind = OBS_DONE, .path = hand->path, .action = hand->action };
	bool heard = !hand->lost && hand->daemon == s->daemon;

	hand->used = false;
	o.result = result;
	o.done.stage = (uint8_t)stage;
	o.done.written = stage == STAGE_WRITE;
	o.done.sectors = hand->sectors;
	if (answers) {
		o.done.asked = answers->asked;
		o.done.tur = answers->tur;
		o.done.inquiry = answers->inquiry;
	}
	s->counts.refused += result < 0;
	if (!heard)
		return;
	sim_feed(s, &o);
	if (!s->peace && sim_chance(s, 30))
		sim_feed(s, &o); /* said twice */
}

static bool is_locked(const struct sim *s, const struct hand_truth *hand)
{
	for (uint32_t i = 0; i < HANDS; i++)
		if (&s->hands[i] != hand && s->hands[i].used && s->hands[i].writing &&
			s->hands[i].host == hand->host)
			return true;
	return false;
}

static enum gone ask_again(
	struct sim *s, const struct hand_truth *hand, struct obs_checked *answers)
{
	for (int i = 0; i < 6; i++) {
		*answers = (struct obs_checked){ 0 };
		world_ask(s, hand->host, hand->lun, hand->ino, true, false, answers);
		if (answers->tur.sense_len == 0 || answers->tur.sense[1] != 6)
			break;
	}
	return scsi_gone(&answers->tur, answers->inquired ? &answers->inquiry : NULL,
		answers->inquiry_data, answers->inquiry_len);
}

/* Everything up to the write; the stage that refused, or STAGE_WRITE. */
static enum hand_stage refuse(
	struct sim *s, const struct hand_truth *hand, int *ret_why, struct obs_checked *answers)
{
	const struct device *d = &s->devices[hand->host][hand->lun];
	enum device_state wanted = hand->fenced ? DEVICE_OFFLINE : DEVICE_RUNNING;
	bool there = d->ino == hand->ino && !d->going;
	int map = world_map_of(s, d);
	enum gone gone;

	*ret_why = -EBUSY;
	if (is_locked(s, hand))
		return STAGE_LOCK;
	*ret_why = there ? -EAGAIN : -ENODEV;
	if (instant_ms_between(hand->sent_at, s->now) > DEEDS_HAND_MS)
		return STAGE_ASK;
	if (!there || (!hand->detached && world_state(s, hand->host, hand->lun) != wanted))
		return STAGE_STATE;
	if (!hand->fenced && !hand->detached && world_transport(s, hand->host) == TRANSPORT_DOWN)
		return STAGE_TRANSPORT;
	gone = hand->fenced || hand->detached ? GONE_UNSUPPORTED : ask_again(s, hand, answers);
	if (gone != GONE_UNSUPPORTED && !(gone == GONE_QUALIFIER && hand->by_qualifier))
		return STAGE_ASK;
	*ret_why = -EBUSY;
	if ((hand->claim || map < 0) && world_is_busy(s, d))
		return STAGE_CLAIM;
	if (!hand->claim && map >= 0 && !world_others_in_map(s, hand->host, hand->lun, map))
		return STAGE_CLAIM;
	*ret_why = -EPIPE;
	return hand->daemon == s->daemon ? STAGE_WRITE : STAGE_DAEMON;
}

/* The write waits for the host's scan mutex, and then for what it does. */
static instant returns_at(
	struct sim *s, const struct hand_truth *hand, uint32_t most, uint32_t mostly)
{
	instant free = s->nexuses[hand->host].mutex_until;
	instant at = sim_in(s, 1, sim_chance(s, 50) ? most : mostly);

	return instant_before(s->now, free) ? instant_add_ms(free, instant_ms_between(s->now, at))
					    : at;
}

void hands_push(struct sim *s, enum event_kind kind, uint32_t index, instant at)
{
	struct event *e = sim_push(s, kind, at);

	e->index = index;
	e->action.id = s->hands[index].action;
}

/* It runs on, and counts for no limit. */
static void fail_fence(struct sim *s, struct hand_truth *hand, int why)
{
	for (uint32_t i = 0; i < FENCES; i++)
		if (s->fences[i].ino == hand->ino)
			s->fences[i].ino = 0;
	end_hand(s, hand, STAGE_WRITE, why, NULL);
}

/* The kernel takes the word only while the device runs, or is offline already. */
static void fence(struct sim *s, struct hand_truth *hand)
{
	struct device *d = &s->devices[hand->host][hand->lun];
	enum device_state state = world_state(s, hand->host, hand->lun);
	bool told = !hand->lost && hand->daemon == s->daemon;

	if (d->ino != hand->ino || d->going)
		fail_fence(s, hand, -ENODEV);
	else if (hand->daemon != s->daemon)
		end_hand(s, hand, STAGE_DAEMON, -EPIPE, NULL);
	else if (instant_ms_between(hand->sent_at, s->now) > DEEDS_HAND_MS)
		fail_fence(s, hand, -EAGAIN);
	else if (state != DEVICE_RUNNING && state != DEVICE_OFFLINE)
		fail_fence(s, hand, -EINVAL);
	else if (!s->peace && sim_chance(s, 30))
		fail_fence(s, hand, -EIO);
	else {
		oracle_fence(s, hand);
		d->offline = d->fenced = d->recorded = true;
		if (told)
			d->fenced_told = s->daemon;
		end_hand(s, hand, STAGE_NONE, 0, NULL);
	}
}

static bool is_found(const struct sim *s, const struct hand_truth *hand, uint32_t l)
{
	const struct scsi_address address = { .host = hand->host, .lun = l };

	return place_covers(&hand->place, &address) && s->volume[hand->host][l] &&
	       !s->devices[hand->host][l].ino;
}

/* Up to the write of a scan hand that is about one device. */
static enum hand_stage refuse_reread(struct sim *s, const struct hand_truth *hand, int *ret_why)
{
	const struct device *d = &s->devices[hand->host][hand->lun];
	char wwid[MAX_WWID];

	*ret_why = -ENOENT;
	if (d->ino != hand->ino || d->going)
		return STAGE_STATE;
	*ret_why = -EAGAIN;
	if (world_state(s, hand->host, hand->lun) != DEVICE_RUNNING)
		return STAGE_STATE;
	if (!s->nexuses[hand->host].up || world_is_gone(s, hand->host, hand->lun))
		return STAGE_ASK;
	*ret_why = -ESTALE;
	world_name_volume(s->volume[hand->host][hand->lun], wwid);
	return strcmp(wwid, hand->wwid) ? STAGE_ASK : STAGE_WRITE;
}

static void reread(struct sim *s, struct hand_truth *hand)
{
	struct device *d = &s->devices[hand->host][hand->lun];

	d->sectors = world_volume_sectors(s, s->volume[hand->host][hand->lun]);
	hand->sectors = d->sectors;
	s->counts.rereads++;
	if (!sim_chance(s, 50))
		world_uevent(s, hand->host, hand->lun, UEVENT_CHANGE, ATTENTION_NONE);
}

static void scan(struct sim *s, struct hand_truth *hand)
{
	s->counts.scans++;
	for (uint32_t l = 0; l < LUNS && s->nexuses[hand->host].up; l++)
		if (is_found(s, hand, l)) {
			oracle_back(s, hand, hand->host, l);
			s->counts.found++;
			world_add_device(s, hand->host, l);
			s->devices[hand->host][l].scanned_by_us = true;
		}
}

/* What the scan hand does: the lock, then the write, which comes back when all was looked at. */
static void scan_hand(struct sim *s, struct hand_truth *hand)
{
	enum hand_stage stage;
	int why;

	if (is_locked(s, hand)) {
		end_hand(s, hand, STAGE_LOCK, -EBUSY, NULL);
		return;
	}
	if (hand->daemon != s->daemon) {
		end_hand(s, hand, STAGE_DAEMON, -ECANCELED, NULL);
		return;
	}
	if (hand->reread) {
		stage = refuse_reread(s, hand, &why);
		if (stage != STAGE_WRITE) {
			end_hand(s, hand, stage, why, NULL);
			return;
		}
	}
	hand->writing = true;
	(hand->reread ? reread : scan)(s, hand);
	hand->hung = !s->peace && sim_chance(s, 50);
	if (hand->hung)
		s->counts.stuck++;
	else
		hands_push(s, EVENT_HAND_END, (uint32_t)(hand - s->hands),
			returns_at(s, hand, 60000, 300));
}

void hands_act(struct sim *s, uint32_t index)
{
	struct hand_truth *hand = &s->hands[index];
	struct observation began = { .kind = OBS_HAND, .path = hand->path, .action = hand->action };
	struct obs_checked answers = { 0 };
	enum hand_stage stage;
	bool refused; /* by the kernel: nothing dies */
	int why;

	if (instant_before(s->now, s->nexuses[hand->host].tags_out_until) && !hand->scan) {
		hands_push(s, EVENT_HAND, index, s->nexuses[hand->host].tags_out_until);
		return;
	}
	began.hand.pid = 1000 + index;
	began.hand.host = hand->host;
	if (hand->daemon == s->daemon)
		sim_feed(s, &began);
	if (hand->fence || hand->scan) {
		(hand->fence ? fence : scan_hand)(s, hand);
		return;
	}
	stage = refuse(s, hand, &why, &answers);
	sim_story(s, "hand %llu: %u:0:0:%u stage %s", (unsigned long long)hand->action, hand->host,
		hand->lun, hand_stage_name(stage));
	if (stage != STAGE_WRITE) {
		end_hand(s, hand, stage, why, &answers);
		return;
	}
	refused = !s->peace && sim_chance(s, 30);
	oracle_write(s, hand, refused);
	if (refused) {
		end_hand(s, hand, STAGE_WRITE, -EIO, &answers);
		return;
	}
	hand->writing = true;
	world_begin_removal(s, hand->host, hand->lun);
	hand->hung = !s->peace && sim_chance(s, 100);
	if (hand->hung) {
		s->counts.stuck++;
		return;
	}
	hands_push(s, EVENT_HAND_END, index, returns_at(s, hand, 15000, 60));
}

void hands_ended(struct sim *s, uint32_t index)
{
	struct hand_truth *hand = &s->hands[index];

	if (!hand->used || !hand->writing)
		return;
	if (!hand->scan) {
		s->purged_ino[hand->host][hand->lun] = hand->ino;
		world_end_removal(s, hand->host, hand->lun);
		if (hand->daemon == s->daemon && !hand->lost)
			s->purged_at[hand->host][hand->lun] = s->now;
	}
	end_hand(s, hand, STAGE_WRITE, 0, NULL);
}

void hands_begin(struct sim *s, const struct action *a)
{
	struct handle *h = helpers_handle(s, a->path);
	struct hand_truth *hand = NULL;
	struct observation o = { .kind = OBS_DONE, .path = a->path, .action = a->id };
	struct event *e;

	for (uint32_t i = 0; i < HANDS && !hand; i++)
		if (!s->hands[i].used)
			hand = &s->hands[i];
	if (!h || !hand) {
		o.result = -ENODEV;
		e = sim_push(s, EVENT_SAY, sim_in(s, 0, 1));
		e->daemon = s->daemon;
		e->said = malloc(sizeof o);
		*e->said = o;
		return;
	}
	*hand = (struct hand_truth){
		.used = true,
		.action = a->id,
		.path = a->path,
		.host = h->host,
		.lun = h->lun,
		.ino = h->ino,
		.daemon = s->daemon,
		.claim = a->kind == ACT_DELETE && a->del.claim,
		.by_qualifier = a->kind == ACT_DELETE && a->del.by_qualifier,
		.sent_at = s->now,
		.fence = a->kind == ACT_FENCE,
		.fenced = a->kind == ACT_DELETE && a->del.fenced,
		.detached = a->kind == ACT_DELETE && a->del.detached,
	};
	if (hand->fence)
		oracle_fence_sent(s, a, hand);
	else
		oracle_sent(s, a, hand);
	hands_push(s, EVENT_HAND, (uint32_t)(hand - s->hands),
		sim_in(s, 2, sim_chance(s, 50) ? 4500 : 100));
}

void hands_begin_scan(struct sim *s, const struct action *a)
{
	struct hand_truth *hand = NULL;

	for (uint32_t i = 0; i < HANDS && !hand; i++)
		if (!s->hands[i].used)
			hand = &s->hands[i];
	if (!hand)
		sim_fail(s, "more hands than hosts");
	*hand = (struct hand_truth){
		.used = true,
		.action = a->id,
		.path = a->path,
		.host = action_hand_host(a),
		.lun = LUNS,
		.daemon = s->daemon,
		.scan = true,
		.beside_a_purger = s->told_owner.said.running && s->told_owner.said.knows_purge &&
				   s->told_owner.said.purges,
		.sent_at = s->now,
	};
	for (uint32_t l = 0; l < LUNS; l++)
		if (s->devices[hand->host][l].ino && !s->devices[hand->host][l].going)
			hand->there |= 1u << l;
	if (a->kind == ACT_SCAN) {
		hand->place = a->scan.place;
		oracle_sent_scan(s, hand);
	} else {
		hand->reread = true;
		hand->ino = a->reread.device.ino;
		TEXT_SET(hand->wwid, a->reread.wwid);
		world_at(a->reread.device.sysfs, &hand->host, &hand->lun);
		oracle_sent_reread(s, hand);
	}
	hands_push(s, EVENT_HAND, (uint32_t)(hand - s->hands),
		sim_in(s, 2, sim_chance(s, 50) ? 4500 : 100));
}

/* Its socket closes: what it did before that, it did. */
void hands_lose(struct sim *s)
{
	struct hand_truth *hand = &s->hands[sim_below(s, HANDS)];
	struct observation o = { .kind = OBS_DONE, .path = hand->path, .action = hand->action };

	if (!hand->used || hand->lost || hand->daemon != s->daemon)
		return;
	o.result = -EPIPE;
	if (hand->writing)
		hand->lost = true;
	else
		hand->used = false;
	sim_feed(s, &o);
}

void hands_refuse(struct sim *s, uint32_t index)
{
	end_hand(s, &s->hands[index], STAGE_ASK, -EAGAIN, NULL);
}
