/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Clean of a branch of the device tree (docs/clean.md): the handles that keepers have open of the
 * devices in it are a cache, and what nobody uses is given back. A path whose handles were given
 * back is unchecked, and is watched again when its next check is due: not before
 * max_polling_interval, or at once when something is heard of it or asked. What an operator's clean
 * finds gone is removed on the rungs of a purge; nothing else is ever removed.
 */
#include "model/model.h"
#include "plan/agenda.h"

struct text;

enum {
	CLEAN_PATIENCE_MS = 2000, /* for a check that is in flight */
	CLEAN_CLOSING_MS = 5000,  /* for keepers to say that they closed what they had */
};

/* One step of a client's word; REQUEST_OPEN: it waits. */
enum request_result clean_step(
	struct model *m, struct request *r, struct agenda *agenda, struct text *ret_reason);

/* node_cache_limit, and memory that processes wait for: everything that is in no map. */
void clean_step_cache(struct model *m, struct agenda *agenda);
