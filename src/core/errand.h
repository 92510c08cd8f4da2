/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * One word of a client about several devices: opened for all of them once it is known which
 * devices there are, answered when the last of them is. The same for a client of the daemon and
 * for a verb that needs none.
 */
#include "core/core.h"

struct errand;

enum errand_progress {
	ERRAND_WAITS,	/* for the devices to be known, or for their answers */
	ERRAND_DONE,	/* the model holds the answers under errand_id() */
	ERRAND_NOWHERE, /* no name means a device, now or ever */
	ERRAND_LATE,	/* the devices were not known before its deadline */
	ERRAND_NO_MEMORY,
};

enum { ERRAND_KNOWN_MS = 60000 }; /* of a word without a timeout, for the devices to be known */

/* names: NULL-terminated and not empty, or none at all for "whatever P4 holds back" of a purge and
 * for all hosts of a rescan;
 * copied, as is word (its request number is given here). 0 or -ENOMEM. */
int errand_new(
	struct core *core, const struct obs_request *word, char *const *names, struct errand **ret);
/* Closes its requests in the core. */
struct errand *errand_free(struct errand *e);
DEFINE_FREEP(struct errand, errand_free)

/* To be called when it is new and after every thought of the core. The answer stays the same once
 * it is not ERRAND_WAITS; *ret_changed: something was asked of the core, it has to think. */
enum errand_progress errand_step(struct errand *e, instant now, bool *ret_changed);

uint64_t errand_id(const struct errand *e);
enum verb errand_verb(const struct errand *e);

/* The names that mean no device; NULL-terminated, borrowed. */
char *const *errand_unknown(const struct errand *e);
