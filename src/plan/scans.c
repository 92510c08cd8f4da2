/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/scans.h"

#include "base/text.h"
#include "model/owner.h"

/* A device that the kernel is taking away, or that a hand has just taken away, has not left, and
 * cannot be brought back either; but between that and a scan of ours nobody may have told us that
 * it did. */
static bool is_leaving(const struct model *m, const struct place *place)
{
	struct path *p;

	for_each_path (m, p)
		if ((p->device.state == DEVICE_GOING || p->deed_ended) &&
			place_covers(place, &p->device.address))
			return true;
	return false;
}

static instant rested_at(const struct model *m, const struct place *place)
{
	instant last = departures_last(&m->departures, place);

	if (instant_before(last, m->begun))
		last = m->begun;
	return instant_add_ms(last, DEPARTED_REST_MS);
}

enum reason scan_waits(struct model *m, const struct place *place, struct agenda *agenda)
{
	const struct host *host = model_known_host(m, place->host);
	instant rested;

	if (!host || host->deed)
		return BECAUSE_HOST; /* that it ends, or comes, is an observation */
	if (!m->owner_known)
		return BECAUSE_OWNER_UNKNOWN;
	if (!owner_purges_anything(m))
		return BECAUSE_NOTHING;
	rested = rested_at(m, place);
	if (!instant_reached(m->now, rested)) {
		agenda_wake_at(agenda, rested);
		return BECAUSE_DEPARTED;
	}
	return is_leaving(m, place) ? BECAUSE_DEPARTED : BECAUSE_NOTHING;
}

void scan_hand_is_out(struct model *m, struct host *host, uint64_t action, struct agenda *agenda)
{
	host->deed = action;
	host->deed_path = PATH_NONE;
	host->deed_at = m->now;
	host->scans = true;
	host->dev[0] = '\0';
	agenda_wake_at(agenda, instant_add_ms(m->now, SCANS_HAND_MS));
}

uint64_t scan_begin(struct model *m, const struct place *place, struct agenda *agenda)
{
	struct host *host = model_host(m, place->host);
	struct action *a = host ? agenda_add(agenda, ACT_SCAN) : NULL;

	if (!a)
		return 0;
	a->id = ++m->next_action;
	a->scan.place = *place;
	a->scan.ino = host->seen.ino;
	TEXT_SET(a->scan.sysfs, host->seen.sysfs);
	scan_hand_is_out(m, host, a->id, agenda);
	host->scanned = *place;
	return a->id;
}

/* ---- by itself ------------------------------------------------------------------------------- */

static void step_hand(const struct model *m, struct host *host, struct agenda *agenda)
{
	instant deadline = instant_add_ms(host->deed_at, SCANS_HAND_MS);

	if (!host->deed || !host->scans || host->stuck)
		return;
	if (instant_reached(m->now, deadline))
		host->stuck = true;
	else
		agenda_wake_at(agenda, deadline);
}

static void step_departed(struct model *m, struct departed *row, struct agenda *agenda)
{
	struct place place = place_of_address(&row->address);

	if (!row->wanted || row->scan)
		return;
	if (!instant_reached(m->now, row->scan_again)) {
		agenda_wake_at(agenda, row->scan_again);
		return;
	}
	if (scan_waits(m, &place, agenda) != BECAUSE_NOTHING)
		return;
	row->scan = scan_begin(m, &place, agenda);
	row->wanted = !row->scan;
	row->scan_again = instant_add_ms(m->now, SCANS_AGAIN_MS);
}

static bool has_paths(const struct model *m, const struct place *place)
{
	struct path *p;

	for_each_path (m, p)
		if (place_covers(place, &p->device.address))
			return true;
	return false;
}

/* Where LUNs come and go by sessions and remote ports. */
static bool is_fabric(enum protocol protocol)
{
	return protocol == PROTOCOL_ISCSI || protocol == PROTOCOL_FCP || protocol == PROTOCOL_SRP;
}

/* Nobody is left there who would tell that there is something new. */
static void step_silent_host(struct model *m, struct host *host, struct agenda *agenda)
{
	struct place place = place_of_host(host->number);
	uint64_t every_ms = m->defaults.rescan_interval_s * 1000ull;
	instant due = instant_add_ms(host->silent_since, every_ms);

	if (!every_ms || !host->known || !is_fabric(host->seen.protocol) || has_paths(m, &place)) {
		host->silent_since = m->now; /* the interval begins when it falls silent */
		return;
	}
	if (!instant_reached(m->now, due)) {
		agenda_wake_at(agenda, due);
		return;
	}
	if (scan_waits(m, &place, agenda) == BECAUSE_NOTHING && scan_begin(m, &place, agenda))
		host->silent_since = m->now;
}

/* The same of a target of ours, on a host that has others. */
static void want_silent_target(struct model *m, struct departed *row, struct agenda *agenda)
{
	struct place target = place_of_target(&row->address);
	struct place host = place_of_host(row->address.host);
	uint64_t every_ms = m->defaults.rescan_interval_s * 1000ull;
	instant from = instant_before(row->at, row->scan_again) ? row->scan_again : row->at;
	instant due = instant_add_ms(from, every_ms);

	if (!every_ms || !row->ours || row->wanted || row->scan || has_paths(m, &target) ||
		!has_paths(m, &host))
		return;
	if (instant_reached(m->now, due))
		row->wanted = true;
	else
		agenda_wake_at(agenda, due);
}

void scans_step(struct model *m, struct agenda *agenda)
{
	for (uint32_t i = 0; i < m->n_hosts; i++) {
		step_hand(m, &m->hosts[i], agenda);
		step_silent_host(m, &m->hosts[i], agenda);
	}
	for (uint32_t i = 0; i < m->departures.n; i++) {
		want_silent_target(m, &m->departures.rows[i], agenda);
		step_departed(m, &m->departures.rows[i], agenda);
	}
}
