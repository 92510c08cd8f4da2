/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * One helper process as the daemon sees it: a socket, what is gathered to be sent to it, and what
 * it owes an answer to. Knows nothing of the loop or of which helper does what.
 */
#include "model/action.h"
#include "model/observation.h"

struct source;

/* Packets that are filled and not sent yet. */
struct batch;

/* An action that was handed out, as much as is needed to say that it came to nothing. */
struct question {
	struct question *next;
	enum action_kind kind;
	uint64_t id;
	path_id path;
	instant at;
};

struct helper {
	struct helper *next;
	void *owner; /* borrowed */
	enum helper_kind kind;
	uint32_t host;	       /* of a hand; the first one of a keeper */
	uint32_t pid;	       /* 0: not told yet */
	int socket;	       /* owned; -1: not made yet */
	struct source *source; /* owned */
	instant not_before;    /* is it made */
	struct batch *out;     /* owned; NULL while nothing is gathered; sent in order */
	struct question *owed; /* owned; the oldest first */
	bool done;	       /* of a hand: it has reported its end */
	bool must_end;	       /* it was not told what it had to be, or its socket failed */

	/* of a keeper */
	uint32_t n_hosts;
	bool alone;	      /* serves a host that may not share: it is given no other */
	instant behind_since; /* it has not taken what was sent; never: it has */
	size_t untaken_bytes;
	instant idle_since;
};

struct helper *helper_new(void *owner, enum helper_kind kind, uint32_t host);
struct helper *helper_free(struct helper *h);

/* Gather an action. 0 or -ENOMEM. */
int helper_add(struct helper *h, const struct action *a);
/* Send what is gathered. 0; -EAGAIN: it is behind, and what was not sent is still gathered; other
 * negative errno: it is gone. */
int helper_flush(struct helper *h, instant now);
/* Nothing is gathered any more: visit is told each action that was. It may gather anew. */
void helper_drop(struct helper *h, void (*visit)(void *arg, const struct action *a), void *arg);

/* Remember that an answer is owed; 0 or -ENOMEM. Forget it when the answer is there. */
int helper_owe(struct helper *h, const struct action *a, instant now);
void helper_answered(struct helper *h, enum action_kind kind, uint64_t id);

/* Looks whether it takes what it is sent, and since when not. */
void helper_look_behind(struct helper *h, instant now);
