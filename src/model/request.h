/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What a client asked for, one device each, and how far it has come. */
#include "model/cleaning.h"
#include "model/path.h"
#include "scsi/place.h"

enum request_result {
	REQUEST_OPEN,
	RESULT_REMOVED,
	RESULT_ABSENT,
	RESULT_REFUSED,
	RESULT_BUSY,
	RESULT_FAILED,
	RESULT_PENDING,
	RESULT_WOULD_REMOVE,
	RESULT_CHECKED,
	RESULT_HOLDERS_FOUND,
	RESULT_SCANNED,
	RESULT_REACHED,
	RESULT_GROWN,
	RESULT_UNCHANGED,
	RESULT_CLEANED,
};

struct request {
	bool used;
	uint64_t id; /* of the client's word; several devices share it */
	enum verb verb;
	uint32_t flags;
	path_id path;
	bool stands;		   /* a purge that stands for the words of the configuration */
	uint64_t detach;	   /* of a word to detach: its number */
	char plan[160];		   /* ... and what is done for this device, in this order */
	uint64_t seq;		   /* what was asked after it counts for it */
	uint32_t failures;	   /* of the path, when it was opened */
	instant started, deadline; /* deadline far away: none */
	enum request_result result;
	char dev[MAX_NAME];
	char hctl[SCSI_ADDRESS_TEXT];
	char reason[160];
	char requester[48];
	/* copied at the end, since the path may be gone when the client is told */
	enum path_state state;
	enum checker_word checker;
	char sense[16], wwid[MAX_WWID];
	/* of one with a deed of its own: a scan, or the resizing of a map */
	uint64_t deed; /* the action of the hand that is out, 0: none */
	bool deed_ended;
	int32_t deed_result;
	uint8_t deed_stage;
	instant again; /* not before */
	/* of a word about a place */
	struct place place;
	uint64_t reading; /* what the scan brought is known when all was read after this; 0: no */
	uint32_t found;
	enum reason waits;	 /* for what, when the time is over */
	char waits_of[MAX_NAME]; /* whose it is; "": nobody's alone */
	/* of a word that waits for paths: found counts the good ones */
	char name[MAX_SYSFS];
	char map[MAX_MAP_NAME]; /* of all that are good, as is wwid; "": they differ */
	uint32_t wanted;
	instant count_again; /* not before */
	/* of a volume that is to grow, wwid; found counts the paths that were read again */
	uint64_t sectors_before, sectors;
	/* of a clean: name is its root */
	char below[MAX_BELOW];
	bool walked;
	struct cleaning cleaning; /* owned */
	struct question holders_asked;
	bool holders_known;
	struct obs_holders holders;
};

const char *request_result_name(enum request_result result);

/* Who uses p, when that is why it was not removed and was looked at since the word. */
void request_keep_holders(struct request *r, const struct path *p);

/* What it owns; it is not used any more. */
void request_done(struct request *r);
