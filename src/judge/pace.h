/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* When to ask a path next, and how long a removal that failed waits. */
#include "model/model.h"

enum {
	PACE_RETRY_MS = 100,   /* after a unit attention */
	PACE_LOOK_MS = 1000,   /* at a fenced device: is it still offline? */
	PACE_CONFIRM_MS = 500, /* between agreeing answers that a logical unit is gone */
};

/* When a path whose handles are given back is watched again: not before max_polling_interval. */
void pace_after_clean(struct model *m, struct path *p);

/* Sets interval_ms and check_due: doubling to max_polling_interval while nothing changes. */
void pace_after_check(struct model *m, struct path *p, uint32_t ask_again_ms, bool changed);

/* Exponential, from 1 s to 300 s. */
uint64_t pace_backoff_ms(uint32_t failures);

/* The first check of a path, spread over its interval so that N paths are N/interval a second. */
instant pace_first(const struct path *p, instant now);
