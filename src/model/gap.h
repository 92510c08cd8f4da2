/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What was detached on request, and is kept out until the array has taken it away, too: a row for
 * each place where it was. A volume is kept out wherever it comes, as long as one of its places is;
 * what was detached as a path is kept out there alone. A volume without a name is known by its
 * place. The rung has one writer here.
 */
#include "base/clock.h"
#include "model/observation.h"
#include "model/reason.h"
#include "scsi/place.h"

struct model;
struct path;

enum gap_stage {
	GAP_NO,	     /* a free row */
	GAP_WRITING, /* its record; nothing was done yet */
	GAP_KEPT,    /* out, from before the first deed until it ends */
	GAP_ENDING,  /* its record is taken away: udev still sees it */
	GAP_STAGES
};

struct gap {
	enum gap_stage stage;
	enum reason why; /* it ends */
	struct obs_gap is;
	uint64_t number;
	uint64_t seq; /* what appeared later came back */
	path_id path; /* of the device that it began with, while that is there */
	char sysfs[MAX_SYSFS];
	bool written;	  /* or only remembered: that failed */
	bool erased;	  /* its record is taken away; it ends with those of the same volume */
	uint64_t reading; /* nobody means it to leave: is it still there by a later one? 0: somebody
			     does */

	uint64_t deed; /* the hand that is out */
	bool deed_ended;
	int32_t deed_result;
	uint32_t failures;
	instant again; /* not before */

	/* what the target says, asked through a neighbour */
	uint64_t seek; /* the check that asks */
	instant seek_again;
	uint32_t not_listed; /* agreeing answers in a row */
	bool confirmed;	     /* by its own answer; it ends when that device is gone */
};

struct gaps {
	struct gap *rows; /* owned */
	uint32_t n;
	uint64_t last_number;
	bool unguarded; /* by a command without a daemon: it lets in, and takes nothing away */
};

enum { MAX_GAPS = 4096 };

/* The only writer. 1: changed, 0: was there already, -EPROTO: no such step. */
int gap_enter(struct gap *g, enum gap_stage next, enum reason why);
bool gap_may_enter(enum gap_stage from, enum gap_stage to);
const char *gap_stage_name(enum gap_stage stage);

/* A row that is still free, for the caller to enter, borrowed until the next; NULL: no memory, or
 * too many. */
struct gap *gaps_add(struct gaps *gaps, const struct obs_gap *is);
void gaps_done(struct gaps *gaps);

/* Does g mean a device of this name at this place? */
bool gap_means(const struct gap *g, const char *wwid, const struct scsi_address *at);

/* Which keeps p out, because p came (back) after it began; NULL: none. Borrowed. */
struct gap *model_gap_of(const struct model *m, const struct path *p);
/* Which began with p, that is to leave; p does not come back, then. NULL: none. */
struct gap *model_gap_begun_with(const struct model *m, const struct path *p);
/* Is anything kept out at this place? */
bool model_is_gap(const struct model *m, const struct scsi_address *at);

/* With the change written down. */
void model_gap_enter(struct model *m, struct gap *g, enum gap_stage next, enum reason why);

/* What the world says of it; called by model_note() alone. */
void gaps_note_record(struct model *m, const struct obs_gap *is);
void gaps_note_done(struct model *m, uint64_t action, int32_t result);
/* p is there: a daemon before this one had not taken it away yet. */
void gaps_note_device(struct model *m, const struct path *p);
/* p leaves: what it said last is the array's word, and its row waits for it to come back. */
void gaps_note_departure(struct model *m, const struct path *p);
