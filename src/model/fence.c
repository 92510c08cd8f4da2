/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/fence.h"

#include <errno.h>

static const char *const stage_names[FENCE_STAGES] = {
	[FENCE_NO] = "no",
	[FENCE_SUSPECTED] = "suspected",
	[FENCE_CHANGED] = "changed",
	[FENCE_FAILING] = "failing",
	[FENCE_OFFLINING] = "offlining",
	[FENCE_FENCED] = "fenced",
};

static const char *const word_names[IDENTITY_WORDS] = {
	[IDENTITY_UNKNOWN] = "unknown",
	[IDENTITY_SAME] = "same",
	[IDENTITY_CHANGED] = "changed",
};

static const char *const baseline_names[BASELINES] = {
	[BASELINE_NONE] = "none",
	[BASELINE_MAP] = "map",
	[BASELINE_UDEV] = "udev",
	[BASELINE_RECORD] = "record",
	[BASELINE_SYSFS] = "sysfs",
};

#define TO(s) (1u << FENCE_##s)

/* Every way to a deed leads through two readings; what is fenced never gets back to NO. */
static const unsigned may_enter[FENCE_STAGES] = {
	[FENCE_NO] = TO(SUSPECTED),
	[FENCE_SUSPECTED] = TO(CHANGED) | TO(NO),
	[FENCE_CHANGED] = TO(FAILING) | TO(OFFLINING) | TO(NO),
	[FENCE_FAILING] = TO(OFFLINING) | TO(CHANGED),
	[FENCE_OFFLINING] = TO(FENCED) | TO(CHANGED),
	[FENCE_FENCED] = TO(FAILING) | TO(OFFLINING), /* somebody undid it */
};

bool fence_may_enter(enum fence_stage from, enum fence_stage to)
{
	return may_enter[from] >> to & 1;
}

int fence_enter(struct fence *f, enum fence_stage next, enum reason why, instant now)
{
	if (f->stage == next) {
		f->why = why;
		return 0;
	}
	if (!fence_may_enter(f->stage, next))
		return -EPROTO;
	f->stage = next;
	f->why = why;
	f->since = now;
	return 1;
}

void fence_restore(struct fence *f, instant now)
{
	*f = (struct fence){
		.stage = FENCE_FENCED, .why = BECAUSE_IDENTITY_CHANGED, .since = now, .fenced = true
	};
}

const char *fence_stage_name(enum fence_stage stage)
{
	return stage_names[stage];
}

const char *identity_word_name(enum identity_word word)
{
	return word_names[word];
}

const char *baseline_name(enum baseline baseline)
{
	return baseline_names[baseline];
}
