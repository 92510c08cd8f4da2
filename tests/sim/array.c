/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Arrays: which volume is at which number, and what their logical units answer. */
#include "sim.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "scsi/gone.h"
#include "scsi/inquiry.h"

uint32_t world_array(uint32_t host)
{
	return host * ARRAYS / HOSTS;
}

/* ---- what it answers ------------------------------------------------------------------------- */

bool world_says_by_qualifier(uint32_t host, uint32_t lun)
{
	return lun == 0 && world_array(host) == 0; /* one array answers for its LUN 0 itself */
}

bool world_is_gone(const struct sim *s, uint32_t host, uint32_t lun)
{
	return !s->volume[host][lun];
}

/* A unit that was away until a moment ago, and flickers, cannot be told from one that is away: it
 * has to be asked in between. */
static bool flickers(const struct sim *s, uint32_t host, uint32_t lun)
{
	return instant_before(s->now, s->nexuses[host].flicker_until) &&
	       instant_ms_between(s->given_at[host][lun], s->now) >= GIVEN_MS;
}

static bool says_gone(const struct sim *s, uint32_t host, uint32_t lun)
{
	return world_is_gone(s, host, lun) || flickers(s, host, lun) ||
	       instant_before(s->now, s->nexuses[host].restoring_until);
}

static struct scsi_answer sense(uint8_t key, uint8_t asc, uint8_t ascq)
{
	return (struct scsi_answer){
		.status = 0x02, .sense_len = 8, .sense = { 0x72, key, asc, ascq }
	};
}

static struct scsi_answer attention_of(enum attention attention)
{
	switch (attention) {
	case ATTENTION_LUNS_CHANGED: return sense(6, 0x3f, 0x0e);
	case ATTENTION_INQUIRY_CHANGED: return sense(6, 0x3f, 0x03);
	case ATTENTION_CAPACITY: return sense(6, 0x2a, 0x09);
	case ATTENTION_RESET: return sense(6, 0x29, 0x07);
	case ATTENTION_ACCESS_CHANGED: return sense(6, 0x2a, 0x06);
	case ATTENTION_OTHER:
	case ATTENTION_NONE: break;
	}
	return sense(6, 0x2a, 0x01);
}

/* What keeps a command from being answered by the logical unit; false: nothing does. */
static bool is_kept_away(struct sim *s, uint32_t host, struct scsi_answer *ret)
{
	static const uint8_t outages[] = { 0x01, 0x03, 0x0e, 0x0f };
	uint32_t luck = world_is_calm(s, host) ? 1000 : sim_below(s, 1000);

	*ret = (struct scsi_answer){ 0 };
	if (!s->nexuses[host].up)
		ret->host_status = outages[sim_below(s, sizeof outages)];
	else if (instant_before(s->now, s->nexuses[host].lossy_until) && luck < 700)
		ret->host_status = 0x03; /* timed out */
	else if (luck < 4)
		ret->host_status = outages[sim_below(s, sizeof outages)];
	else if (luck < 20)
		ret->status = luck < 12 ? 0x08 : 0x28; /* BUSY, TASK SET FULL */
	else
		return false;
	return true;
}

static struct scsi_answer test_unit_ready(struct sim *s, uint32_t host, uint32_t lun)
{
	struct device *d = &s->devices[host][lun];
	struct scsi_answer answer;

	if (is_kept_away(s, host, &answer))
		return answer;
	if (says_gone(s, host, lun))
		return world_says_by_qualifier(host, lun) ? (struct scsi_answer){ 0 }
							  : sense(5, 0x25, 0);
	if (d->attention != ATTENTION_NONE) {
		answer = attention_of(d->attention);
		world_uevent(s, host, lun, UEVENT_CHANGE, d->attention);
		d->attention = ATTENTION_NONE;
		return answer;
	}
	if (d->ill)
		return sense(2, 0x04, 0x0a);
	switch (s->nexuses[host].access) {
	case ACCESS_STANDBY: return sense(2, 0x04, 0x0b);
	case ACCESS_UNAVAILABLE: return sense(2, 0x04, 0x0c);
	case ACCESS_TRANSITION: return sense(2, 0x04, 0x0a);
	case ACCESS_ACTIVE: break;
	}
	if (!s->peace && sim_chance(s, 10))
		return sim_chance(s, 500) ? sense(2, 0x04, 0x0b) : sense(2, 0x04, 0x04);
	if (!s->peace && sim_chance(s, 5))
		return (struct scsi_answer){ .status = 0x18 };
	return (struct scsi_answer){ 0 };
}

static void inquire(struct sim *s, uint32_t host, uint32_t lun, struct obs_checked *ret)
{
	bool gone = says_gone(s, host, lun);

	ret->inquired = true;
	if (is_kept_away(s, host, &ret->inquiry))
		return;
	if (gone && world_array(host) == 1 && lun % 2) {
		ret->inquiry = sense(5, 0x25, 0);
		return;
	}
	ret->inquiry_len = INQUIRY_BYTES;
	ret->inquiry_data[0] = gone ? 0x7f : 0;
	ret->inquiry_data[4] = INQUIRY_BYTES - 5;
}

enum { IDENTITY_BYTES = 28 };

/* Page 83h: its own name, and that of the port, which all of them share. */
static void identify(struct sim *s, uint32_t host, uint32_t lun, struct obs_checked *ret)
{
	uint32_t volume = s->volume[host][lun], luck = s->peace ? 1000 : sim_below(s, 1000);
	const uint8_t page[IDENTITY_BYTES] = { 0, 0x83, 0, 24, 1, 0x03, 0, 8, 0x50, 0, 0xc5, 0,
		(uint8_t)(volume >> 24), (uint8_t)(volume >> 16), (uint8_t)(volume >> 8),
		(uint8_t)volume, 1, 0x13, 0, 8, 0x50, 0, 0, 0, 0, 0, 0, 1 };
	struct scsi_answer answer;

	if (is_kept_away(s, host, &answer))
		return;
	ret->identified = true;
	if (luck < 20) /* refused */
		return;
	ret->identity_len = (uint16_t)(luck < 40 ? sim_below(s, sizeof page) : sizeof page);
	memcpy(ret->identity_data, page, ret->identity_len);
	if (says_gone(s, host, lun))
		ret->identity_data[0] = 0x7f;
}

struct identity_truth world_identity(
	const struct sim *s, uint32_t host, uint32_t lun, const struct obs_checked *checked)
{
	bool whole = checked->identity_len == IDENTITY_BYTES && !checked->identity_data[0];

	return (struct identity_truth){ whole ? s->volume[host][lun] : 0, s->now };
}

void world_ask(struct sim *s, uint32_t host, uint32_t lun, uint64_t ino, bool inquiry,
	bool identity, struct obs_checked *ret)
{
	struct device *d = &s->devices[host][lun];

	ret->asked = true;
	if (d->ino != ino || d->going) {
		ret->tur.error = -ENODEV;
		return;
	}
	ret->tur = test_unit_ready(s, host, lun);
	if (inquiry && !ret->tur.host_status)
		inquire(s, host, lun, ret);
	if (identity && !ret->tur.host_status && !scsi_says_unsupported(&ret->tur))
		identify(s, host, lun, ret);
}

/* ---- the array ------------------------------------------------------------------------------- */

/* Other logical units of the nexus have something to tell, with the next command. */
void array_attend(struct sim *s, uint32_t host, uint32_t lun, enum attention attention)
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
			array_attend(s, h, lun, ATTENTION_LUNS_CHANGED);
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
	instant last = s->nexuses[host].flicker_until;

	if (s->words.checks < 2)
		return; /* one answer is enough by configuration */
	if (instant_is_set(last) &&
		(instant_before(s->now, last) || instant_ms_between(last, s->now) < CALM_MS))
		return; /* at every question, it could not be told from one that is gone */
	sim_story(s, "array: nexus %u flickers", host);
	s->nexuses[host].flicker_until = instant_add_ms(s->now, FLICKER_MS);
}

static void some_attention(struct sim *s)
{
	static const enum attention kinds[] = { ATTENTION_LUNS_CHANGED, ATTENTION_INQUIRY_CHANGED,
		ATTENTION_CAPACITY, ATTENTION_OTHER, ATTENTION_RESET };

	array_attend(s, sim_below(s, HOSTS), LUNS, kinds[sim_below(s, sim_chance(s, 100) ? 5 : 4)]);
}

static void access_changes(struct sim *s)
{
	uint32_t host = sim_below(s, HOSTS);

	s->nexuses[host].access = (enum access_state)sim_below(s, ACCESS_TRANSITION + 1);
	array_attend(s, host, LUNS, ATTENTION_ACCESS_CHANGED);
}

/* The other controller takes over: it says so, and then denies what it does not know yet. */
static void failover(struct sim *s)
{
	uint32_t array = sim_below(s, ARRAYS);

	for (uint32_t h = 0; h < HOSTS; h++) {
		if (world_array(h) != array)
			continue;
		sim_story(s, "array: nexus %u fails over", h);
		s->nexuses[h].access = sim_chance(s, 500) ? ACCESS_TRANSITION : ACCESS_ACTIVE;
		s->nexuses[h].will_deny = true;
		array_attend(s, h, LUNS, ATTENTION_ACCESS_CHANGED);
	}
}

/* It was told of: what it denies from now on is no unmap. */
void array_told_of_failover(struct sim *s, uint32_t host)
{
	struct nexus_truth *n = &s->nexuses[host];

	if (!n->will_deny)
		return;
	n->will_deny = false;
	n->access = (enum access_state)sim_below(s, ACCESS_UNAVAILABLE);
	if (s->words.grace_s >= 20 && !s->peace)
		n->restoring_until = sim_in(s, 0, s->words.grace_s * 1000 - 18000);
}

uint64_t world_volume_sectors(const struct sim *s, uint32_t volume)
{
	return 1000 + 8ull * s->grown[volume % SIZES];
}

static void volume_grows(struct sim *s)
{
	uint32_t h, l;
	struct device *d = world_any_device(s, &h, &l);

	if (!d || !s->volume[h][l])
		return;
	s->grown[s->volume[h][l] % SIZES]++;
	sim_story(s, "array: vol%u grows", s->volume[h][l]);
}

static void fall_ill(struct sim *s)
{
	uint32_t h, l;
	struct device *d = world_any_device(s, &h, &l);

	if (!d)
		return;
	d->ill = !d->ill;
	sim_story(s, "array: %u:0:0:%u %s", h, l, d->ill ? "falls ill" : "is well again");
}

const struct deed array_deeds[] = {
	{ "unmap", unmap, 60 },
	{ "unmap-many", unmap_many, 2 },
	{ "map-volume", map_volume, 40 },
	{ "flicker", flicker, 6 },
	{ "attention", some_attention, 12 },
	{ "access-changes", access_changes, 3 },
	{ "failover", failover, 3 },
	{ "fall-ill", fall_ill, 2 },
	{ "volume-grows", volume_grows, 20 },
	{ 0 },
};
