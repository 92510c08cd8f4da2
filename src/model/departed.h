/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The addresses at which a device was and is no more: what a scan could bring back. Where there is
 * a device again, only when the last one left is of interest: the next may have left unheard. Kept
 * are the latest; those, and what others removed, for DEPARTED_REST_MS only.
 */
#include "base/clock.h"
#include "scsi/place.h"

/* A multipathd that purges may still be about to delete by name what was there so long ago. */
enum { DEPARTED_REST_MS = 60000, MAX_DEPARTED = 4096 };

struct departed {
	struct scsi_address address;
	instant at;
	bool ours; /* we removed it */
	bool rescan_on_lun_change;
	bool wanted;	    /* to be scanned back, as soon as that may be */
	uint64_t scan;	    /* the action that looks for it, 0: none is out */
	instant scan_again; /* not before */
};

struct departures {
	struct departed *rows; /* owned */
	uint32_t n, max;
};

/* 0 or -ENOMEM. */
int departures_add(struct departures *d, const struct departed *row);
/* There is a device again: nothing is to be brought back there. */
void departures_return(struct departures *d, const struct scsi_address *address);
/* That host is no more, and its number may be given to another one. */
void departures_drop_host(struct departures *d, uint32_t host);
void departures_done(struct departures *d);

/* When did the last one leave that place? Never: none is known. */
instant departures_last(const struct departures *d, const struct place *place);
