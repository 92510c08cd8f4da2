/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/rescan.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "plan/gaps.h"
#include "plan/scans.h"

enum { AGAIN_MS = 1000 };

static enum request_result pending(enum reason why, struct text *ret_reason)
{
	text_add(ret_reason, reason_name(why));
	return RESULT_PENDING;
}

static enum request_result failed(const struct request *r, struct text *ret_reason)
{
	const char *error = strerrorname_np(-r->deed_result);

	if (r->deed_result == -ESTALE || r->deed_result == -ENOENT || r->deed_result == -ENODEV)
		return RESULT_ABSENT;
	text_addf(ret_reason, "failed %s %s", hand_stage_name((enum hand_stage)r->deed_stage),
		error ? error : "?");
	return RESULT_FAILED;
}

static uint32_t count_found(const struct model *m, const struct request *r)
{
	struct path *p;
	uint32_t n = 0;

	for_each_path (m, p)
		n += p->appeared_seq > r->seq && place_covers(&r->place, &p->device.address);
	return n;
}

/* The kernel has made the devices before it returned: read once more, they are known. */
static enum request_result count_when_read(
	struct model *m, struct request *r, struct agenda *agenda)
{
	if (!r->reading) {
		r->reading = model_read_again(m);
		agenda_wake_at(agenda, m->now);
	}
	if (m->devices_seq <= r->reading)
		return REQUEST_OPEN;
	r->found = count_found(m, r);
	return RESULT_SCANNED;
}

/* A hand of an earlier daemon is out there; it is stuck when it is not done by then. */
static bool may_try_again(const struct model *m, struct request *r)
{
	if (instant_ms_between(r->started, m->now) >= SCANS_HAND_MS)
		return false;
	r->deed_ended = false;
	r->again = instant_add_ms(m->now, AGAIN_MS);
	r->waits = BECAUSE_HOST;
	return true;
}

static enum request_result send_hand(struct model *m, struct request *r, struct agenda *agenda)
{
	if (!instant_reached(m->now, r->again)) {
		agenda_wake_at(agenda, r->again);
		return REQUEST_OPEN;
	}
	r->waits = gaps_release(m, &r->place, r->seq, agenda) ? BECAUSE_DETACHED
							      : scan_waits(m, &r->place, agenda);
	if (r->waits == BECAUSE_NOTHING) {
		r->waits = BECAUSE_CHECKING;
		r->deed = scan_begin(m, &r->place, agenda);
	}
	return REQUEST_OPEN;
}

enum request_result rescan_step(
	struct model *m, struct request *r, struct agenda *agenda, struct text *ret_reason)
{
	const struct host *host = model_known_host(m, r->place.host);

	if (r->deed_ended && r->deed_result == 0)
		return count_when_read(m, r, agenda);
	if (r->deed_ended && !(r->deed_stage == STAGE_LOCK && r->deed_result == -EBUSY))
		return failed(r, ret_reason);
	if (r->deed_ended && !may_try_again(m, r))
		return pending(BECAUSE_HOST, ret_reason);
	if (!host)
		return RESULT_ABSENT;
	if (host->stuck) /* it may be the hand of this very word */
		return pending(BECAUSE_STUCK, ret_reason);
	return r->deed ? REQUEST_OPEN : send_hand(m, r, agenda); /* its end is an observation */
}
