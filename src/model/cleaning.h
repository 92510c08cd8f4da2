/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What a clean of a branch came to, node by node: docs/clean.md. */
#include <stdbool.h>
#include <stdint.h>

#include "model/observation.h"

enum cleaning_word {
	NODE_CLEANED,
	NODE_BUSY,
	NODE_MADE_STALE,
	NODE_SKIPPED,
	CLEANING_WORDS,
};

/* Why a node has to stay. */
enum cleaning_hold {
	CLEANING_BELOW,	  /* something below it does */
	CLEANING_CHECK,	  /* a command of ours is in flight */
	CLEANING_WATCH,	  /* its handles are just being opened */
	CLEANING_DEED,	  /* a hand is out */
	CLEANING_REMOVAL, /* it is on its way out */
	CLEANING_FENCE,	  /* it leads elsewhere, and is looked after */
	CLEANING_REQUEST, /* a client waits for what it says */
	CLEANING_MAP,	  /* it is in a map, and nobody asked for this clean */
	CLEANING_HOLDS,
};

struct cleaning_node {
	enum cleaning_word word;
	char node[MAX_SYSFS]; /* below /sys/devices */
	uint32_t holds;	      /* bits by enum cleaning_hold; of a busy one */
	char what[64];	      /* of its removal, or its map */
};

struct cleaning {
	struct cleaning_node *nodes; /* owned; NULL: empty */
	uint32_t n, max;
	bool failed;	 /* no memory: something is missing */
	bool unfinished; /* not all that was cleaned is known to be closed */
};

/* The new one; NULL without memory. Borrowed until the next. */
struct cleaning_node *cleaning_add(struct cleaning *c, enum cleaning_word word, const char *node);
/* Whatever stayed is looked at again. */
void cleaning_keep_cleaned(struct cleaning *c);
uint32_t cleaning_count(const struct cleaning *c, enum cleaning_word word);
void cleaning_done(struct cleaning *c);

const char *cleaning_hold_name(enum cleaning_hold hold);
