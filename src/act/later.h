/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Observations that are told from the loop, not at the moment they are made. */
#include "model/action.h"
#include "model/observation.h"
#include "port/loop.h"

struct later_entry;

struct later {
	struct later_entry *first, **end; /* owned */
	struct source *wake;		  /* borrowed; deferred when there is something to tell */
	observation_sink sink;
	void *arg;
};

void later_init(struct later *later, struct source *wake, observation_sink sink, void *arg);
void later_done(struct later *later);

/* Without memory it is told at once: better at an awkward moment than never. */
void later_say(struct later *later, const struct observation *o);

/* A helper is gone; of a keeper: that of host. */
void later_say_lost(struct later *later, enum helper_kind kind, uint32_t host, uint32_t pid);
/* It could not be handed out, or nobody is left who could answer it. Nothing is said of what nobody
 * waits for (id 0). */
void later_say_failed(
	struct later *later, enum action_kind kind, uint64_t id, path_id path, int result);

/* Tells all that is there now. What is added meanwhile stays for the next time: two that answer
 * each other must not stop the loop. */
void later_tell(struct later *later);
