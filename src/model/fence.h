/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Does a path lead to the logical unit it should (identity), and what is done when it does not
 * (fence)? The rung of a fence has one writer here. A path that was fenced once stays so until its
 * device is gone: it is not asked again, because whatever it answers is not for us.
 */
#include "base/clock.h"
#include "model/reason.h"
#include "scsi/vpd.h"

enum identity_word {
	IDENTITY_UNKNOWN, /* it cannot be read, or not be compared: never a change */
	IDENTITY_SAME,
	IDENTITY_CHANGED, /* it shares nothing with what it should be */
	IDENTITY_WORDS
};

/* What a reading was compared with; the first that can be compared counts. */
enum baseline {
	BASELINE_NONE,
	BASELINE_MAP,	 /* the device-mapper uuid of its map */
	BASELINE_UDEV,	 /* what udev read when the device came: its ID_SERIAL */
	BASELINE_RECORD, /* what we read when it was itself last */
	BASELINE_SYSFS,	 /* what the kernel read when it found the device */
	BASELINES
};

struct identity {
	enum identity_word word; /* of the last reading */
	enum baseline baseline;
	char live[VPD_WWID_TEXT];   /* the WWID that was read last; "" when there is none */
	char udev[VPD_WWID_TEXT];   /* udev's, of the time when the device came; "": unknown */
	struct vpd_identity record; /* no designators: there is none */
	instant changed_at;	    /* when it was found changed last */
	uint64_t seq;		    /* of the question whose answer was read last */
	uint64_t wish;		    /* to be asked when this is later */
	bool asked;		    /* by the check that was asked last */
	bool lapsed;		    /* it was away since it was read */
	uint32_t checks;	    /* since it was read */
};

enum fence_stage {
	FENCE_NO,
	FENCE_SUSPECTED, /* one reading says another logical unit: read again */
	FENCE_CHANGED,	 /* two do; waiting, see the reason */
	FENCE_FAILING,	 /* its map is told */
	FENCE_OFFLINING, /* a hand is out that sets the device offline */
	FENCE_FENCED,
	FENCE_STAGES
};

struct fence {
	enum fence_stage stage;
	enum reason why;
	instant since, retry_at;
	uint64_t seq;  /* its relatives are to be read after this */
	bool held;     /* too many at once; until an operator's word */
	bool released; /* that word: purge --fenced */
	bool fenced;   /* it was set offline once */
	uint32_t failures;
	int32_t failed_result;
};

/* The only writer. 1: changed, 0: was there already, -EPROTO: no such step. */
int fence_enter(struct fence *f, enum fence_stage next, enum reason why, instant now);

/* As a daemon before this one left it. */
void fence_restore(struct fence *f, instant now);

/* For tests and pictures. */
bool fence_may_enter(enum fence_stage from, enum fence_stage to);

/* Is it certain that it is another logical unit's by now? */
static inline bool fence_is_certain(const struct fence *f)
{
	return f->stage >= FENCE_CHANGED;
}

/* Is a hand or dm hand out for it? */
static inline bool fence_is_moving(const struct fence *f)
{
	return f->stage == FENCE_FAILING || f->stage == FENCE_OFFLINING;
}

const char *fence_stage_name(enum fence_stage stage);
const char *identity_word_name(enum identity_word word);
const char *baseline_name(enum baseline baseline);
