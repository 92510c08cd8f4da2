/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * An operator's word that devices are to leave although they are there: a volume, or what is at and
 * below one directory of the tree. It is one transaction: everything is looked at before anything
 * is done, and every path that it means climbs the rungs of a removal with this word in place of
 * "it is gone". The rung of the word itself has one writer here.
 */
#include "base/clock.h"
#include "model/path.h"

enum detach_stage {
	DETACH_NONE,	  /* a free row */
	DETACH_LOOKING,	  /* at everything; nothing was done */
	DETACH_RECORDING, /* it is written down, for the next daemon */
	DETACH_UNMAPPING, /* maps go, and paths leave maps that stay */
	DETACH_DELETING,
	DETACH_UNDOING,	 /* refused on the way: what was taken is given back */
	DETACH_STRIKING, /* over: its record is taken away */
	DETACH_STAGES
};

struct detach {
	enum detach_stage stage;
	struct obs_detaching word;
	bool dry_run, resumed;
	bool recorded;	   /* something of it is written down, as far as is known */
	bool looked_again; /* at everything, since the last map was told */
	bool keeps_out; /* by a word before it that is over: what came back is not looked at first,
			   and not given back; it is tried until it is gone, or let in */
	bool reads_again;     /* whether anything is left */
	uint64_t request;     /* of its client */
	uint64_t seq;	      /* what was verified before it says nothing */
	enum reason why;      /* it was refused for this ... */
	char whose[MAX_NAME]; /* ... of this device */
	struct question clerk;
	bool clerk_ended;
	int32_t clerk_result;
	instant again;	    /* not before */
	uint32_t map_tells; /* of a map without paths */
};

/* The only writer. 1: changed, 0: was there already, -EPROTO: no such step. */
int detach_enter(struct detach *d, enum detach_stage next);
/* For tests and pictures. */
bool detach_may_enter(enum detach_stage from, enum detach_stage to);
const char *detach_stage_name(enum detach_stage stage);

/* Does it do (or undo) something now, or only look? */
bool detach_looks(const struct detach *d);
/* Are paths that it means wanted gone? */
bool detach_wants(const struct detach *d);
