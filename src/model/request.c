/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/request.h"

static const char *const names[] = {
	[REQUEST_OPEN] = "open",
	[RESULT_REMOVED] = "removed",
	[RESULT_ABSENT] = "absent",
	[RESULT_REFUSED] = "refused",
	[RESULT_BUSY] = "busy",
	[RESULT_FAILED] = "failed",
	[RESULT_PENDING] = "pending",
	[RESULT_WOULD_REMOVE] = "would-remove",
	[RESULT_CHECKED] = "checked",
	[RESULT_HOLDERS_FOUND] = "found",
	[RESULT_SCANNED] = "scanned",
	[RESULT_REACHED] = "reached",
	[RESULT_GROWN] = "grown",
	[RESULT_UNCHANGED] = "unchanged",
	[RESULT_CLEANED] = "cleaned",
};

const char *request_result_name(enum request_result result)
{
	return names[result];
}

void request_keep_holders(struct request *r, const struct path *p)
{
	bool refused = r->result == RESULT_BUSY || r->result == RESULT_REFUSED;

	if (!refused || p->holders_seq <= r->seq)
		return;
	r->holders = p->holders;
	r->holders_known = true;
}

void request_done(struct request *r)
{
	cleaning_done(&r->cleaning);
	r->used = false;
}
