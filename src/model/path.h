/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A path: one SCSI disk seen through one I_T nexus. Three questions have an enum each, and each
 * enum has one writer: may the path carry I/O (path_state), how far has its removal come
 * (purge_stage), and how far its fence (model/fence.h). Everything else is a fact that was
 * observed, or a question that is out.
 */

#include "base/hash.h"
#include "config/settings.h"
#include "model/fence.h"
#include "model/observation.h"
#include "model/reason.h"
#include "scsi/gone.h"

struct text;

enum path_state {
	PATH_UNCHECKED,
	PATH_UP,
	PATH_DOWN,
	PATH_GHOST,
	PATH_SHAKY,
	PATH_PENDING,
	PATH_DELAYED,
	PATH_FENCED,
	PATH_STATES
};

/* What the last check said; shown, and never a state of its own. */
enum checker_word {
	CHECKER_UNCHECKED,
	CHECKER_UP,
	CHECKER_DOWN,
	CHECKER_GHOST,
	CHECKER_SHAKY,
	CHECKER_PENDING,
	CHECKER_DELAYED,
	CHECKER_DISCONNECTED,
	CHECKER_TIMEOUT,
	CHECKER_REMOVED,
	CHECKER_WORDS
};

enum purge_stage {
	PURGE_NO,
	PURGE_MARKED,	 /* it answered that the logical unit is gone; waiting, see the reason */
	PURGE_VERIFYING, /* asked again, holders looked for */
	PURGE_UNMAPPING, /* the map is told first */
	PURGE_DELETING,	 /* a hand is out */
	PURGE_STUCK,	 /* ... past its deadline */
	PURGE_HELD,	 /* a promise forbids; looked at again now and then */
	PURGE_STAGES
};

enum watch_state {
	WATCH_NO,
	WATCH_ASKED,
	WATCH_YES,
	WATCH_FAILED, /* tried again later */
};

/* A question that may be out: which action, since when, and in which order among all events. */
struct question {
	uint64_t action; /* 0: none is out */
	uint64_t seq;	 /* of the last one asked, also when it has ended */
	instant at;
	bool answered; /* the last one that ended brought an answer */
};

/* From when on may q be asked (again)? One that came to nothing waits, or whoever cannot answer
 * would be asked without end. It must not be out. */
instant question_may_be_asked_at(const struct question *q);

struct path {
	path_id id;
	UT_hash_handle hh;

	/* what sysfs says */
	struct obs_device device;
	uint32_t nexus;	    /* index in the model */
	struct lun *lun;    /* borrowed from the model: it stays while it has paths */
	int map;	    /* index in the model, -1: none */
	bool in_map_active; /* the kernel's A */
	bool was_in_map;    /* when it was marked: then purge_single_path is not asked */
	bool askable;	    /* by protocol, type and blacklist */
	uint64_t seen_seq, appeared_seq;

	struct settings settings;

	/* watching */
	enum watch_state watch;
	uint64_t watch_action;
	instant watch_again;
	bool cleaned;	      /* handles given back: watched when the next check is due */
	uint64_t giving_back; /* the action by which they are closed, 0: they are */
	struct question check;
	bool check_wants_inquiry;
	bool timed_out; /* the check that is out is past checker_timeout */
	instant check_due;
	uint64_t interval_ms;

	/* the last answer */
	enum path_state state;
	enum reason state_why;
	instant state_since;
	enum checker_word checker;
	instant answered_at;
	uint64_t answer_seq; /* of the question that was answered last */
	bool has_sense;
	struct sense sense;
	uint32_t attentions;	  /* unit attentions in a row */
	instant transition_since; /* it says that it is on the way to another access state; never:
				     it does not */

	/* evidence */
	uint32_t gone_count;	 /* agreeing answers in a row that it is gone */
	instant gone_counted_at; /* answers in one breath count as one */
	enum gone gone;		 /* what TEST UNIT READY and INQUIRY together said last */
	uint64_t gone_seq;	 /* of the question whose answer that was */
	instant gone_at;	 /* and when it came */
	instant answering_at;	 /* when it last answered as a logical unit that exists */
	instant up_since;	 /* of the way to it; never: it is not up */

	struct identity identity;
	struct fence fence;

	/* the kernel reads it again, for a size that grew; no question of its removal or fence */
	struct question reread; /* the hand that is out for it */
	int32_t reread_result;	/* of the last */
	uint8_t reread_stage;
	uint64_t reread_sectors;

	/* removal */
	enum purge_stage purge;
	enum reason purge_why;
	instant purge_since;
	instant marked_at;
	uint64_t verify_seq; /* facts count only when they were asked for after this */
	instant retry_at;
	uint32_t failures;
	enum reason failed_why; /* of the last failure: what happened, where, and the errno */
	uint8_t failed_stage;
	int32_t failed_result;
	uint32_t map_tells;	  /* how often the map was told since the mark */
	bool held_back, released; /* by P4; by an operator's purge --held */
	bool found_gone;	  /* by an operator's clean, which wants it removed then */
	uint64_t request;	  /* an operator's purge that stands behind this removal, or 0 */
	bool dry_run, lets_fenced_go; /* words of that purge */
	uint64_t detach;	      /* an operator's word to detach it, by its number; 0: none */
	bool marked_by_word;	      /* without any evidence that it is gone */
	bool detach_looks;	      /* ... which only looks, up to now */
	bool touched, taken; /* out of its map, or of its owner's sight, for that word: this was
				handed out; it was done */
	instant claim_refused_at;
	uint32_t claims_refused; /* since the mark */
	instant udev_seen_at;
	uint32_t unseen;  /* looks at its holders, one after the other, that did not see all */
	bool looks_again; /* a held path is verified again: told only if it comes out otherwise */
	enum reason told_why; /* of the last step that was told */

	struct question holders_asked;
	uint64_t holders_seq; /* of the question that holders answers */
	instant holders_at;
	struct obs_holders holders;

	struct question deed; /* the hand or dm hand that is out for this path */
	bool deed_ended;
	bool gone_by_other; /* the deed found the kernel removing it for somebody else */
	uint32_t hand_pid;
	uint64_t look_after_deed; /* the look that was asked after the deed ended */
	bool look_failed;	  /* nothing was learned by it */
	instant look_again;	  /* never: not looked yet */
	bool present_after_deed;  /* ... and the device was still there */
};

/* It answered as a logical unit that exists: nothing is left of what it had answered before. */
void path_forget_gone(struct path *p);

/* Its handles were given back, and it has not answered since: nothing is known of it now. */
bool path_is_cleaned(const struct path *p);

/* The only writers. 1: changed, 0: was there already, -EPROTO: no such step. */
int path_state_enter(struct path *p, enum path_state next, enum reason why, instant now);
int path_purge_enter(struct path *p, enum purge_stage next, enum reason why, instant now);

/* May a removal step from one rung to the other? For tests and pictures. */
bool purge_may_enter(enum purge_stage from, enum purge_stage to);

const char *path_state_name(enum path_state state);
const char *checker_word_name(enum checker_word word);
const char *purge_stage_name(enum purge_stage stage);
/* The peer's words for it: " no access to this device". */
const char *checker_message(enum checker_word word);

/* Why the removal stands where it stands, with the first holder's name or the last failure:
 * "in use: mount /data", "backoff: failed write EIO". */
void path_purge_reason(const struct path *p, struct text *out);
/* What its fence waits for, or stands at, and what it leads to: "fence_limit: 36001405...". */
void path_fence_reason(const struct path *p, struct text *out);
void hold_print(const struct hold *h, struct text *out);
