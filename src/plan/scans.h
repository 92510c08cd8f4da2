/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Looking for new logical units. A scan is a deed on a SCSI host: it waits in the kernel for what a
 * delete waits for, so there is one hand a host, whichever it does. And it can bring back an
 * address under the eyes of somebody who is about to delete by name there: beside a multipathd
 * that purges, not within a minute of a removal.
 */
#include "model/model.h"
#include "plan/agenda.h"

/* What does a scan there wait for? BECAUSE_NOTHING: it may begin. */
enum reason scan_waits(struct model *m, const struct place *place, struct agenda *agenda);

/* Sends a hand; to be called when nothing is waited for. Its action, 0: no memory. */
uint64_t scan_begin(struct model *m, const struct place *place, struct agenda *agenda);

/* A scan hand is out on that host; where it looks is for the caller to fill in. */
void scan_hand_is_out(struct model *m, struct host *host, uint64_t action, struct agenda *agenda);

/* A hand that does not come back is stuck; what we removed, and hosts without LUNs, are looked at
 * where the configuration wants it. */
void scans_step(struct model *m, struct agenda *agenda);

enum {
	SCANS_HAND_MS = 30000,	/* then it is shown as stuck: a target may be slow to say no */
	SCANS_AGAIN_MS = 10000, /* one address is not scanned back more often */
};
