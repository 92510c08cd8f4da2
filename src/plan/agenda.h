/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What is due now, and when to think again. */
#include "model/action.h"
#include "model/path.h"

struct agenda {
	struct action *actions; /* owned */
	size_t n, max;
	instant wake;
	bool failed; /* no memory: what is missing is found due again next time */
};

#define AGENDA_INIT ((struct agenda){ .wake = INSTANT_FAR })

/* A new action of this kind, zeroed but for kind; NULL when there is no memory. Borrowed. */
struct action *agenda_add(struct agenda *agenda, enum action_kind kind);
void agenda_wake_at(struct agenda *agenda, instant when);
/* May this question be asked at now? When it may not yet, it is woken for. */
bool agenda_may_ask(struct agenda *agenda, const struct question *q, instant now);
void agenda_clear(struct agenda *agenda);
void agenda_done(struct agenda *agenda);
