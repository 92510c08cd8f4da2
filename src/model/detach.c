/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/detach.h"

#include <errno.h>

static const char *const names[DETACH_STAGES] = {
	[DETACH_NONE] = "none",
	[DETACH_LOOKING] = "looking",
	[DETACH_RECORDING] = "recording",
	[DETACH_UNMAPPING] = "unmapping",
	[DETACH_DELETING] = "deleting",
	[DETACH_UNDOING] = "undoing",
	[DETACH_STRIKING] = "striking",
};

#define TO(s) (1u << DETACH_##s)

/* Every way to a deed leads over the looking and the record. What contracts and hooks are asked
 * will stand between the two. */
static const unsigned may_enter[DETACH_STAGES] = {
	[DETACH_NONE] = TO(LOOKING) | TO(DELETING), /* what came back, and is kept out */
	[DETACH_LOOKING] = TO(RECORDING) | TO(UNDOING) | TO(STRIKING) | TO(NONE),
	[DETACH_RECORDING] = TO(UNMAPPING) | TO(UNDOING) | TO(STRIKING),
	[DETACH_UNMAPPING] = TO(DELETING) | TO(UNDOING) | TO(STRIKING),
	[DETACH_DELETING] = TO(UNDOING) | TO(STRIKING) | TO(NONE),
	[DETACH_UNDOING] = TO(STRIKING) | TO(NONE),
	[DETACH_STRIKING] = TO(NONE),
};

bool detach_may_enter(enum detach_stage from, enum detach_stage to)
{
	return may_enter[from] >> to & 1;
}

int detach_enter(struct detach *d, enum detach_stage next)
{
	if (d->stage == next)
		return 0;
	if (!detach_may_enter(d->stage, next))
		return -EPROTO;
	d->stage = next;
	return 1;
}

const char *detach_stage_name(enum detach_stage stage)
{
	return (unsigned)stage < DETACH_STAGES ? names[stage] : "?";
}

bool detach_looks(const struct detach *d)
{
	return d->stage == DETACH_LOOKING || d->stage == DETACH_RECORDING;
}

bool detach_wants(const struct detach *d)
{
	return detach_looks(d) || d->stage == DETACH_UNMAPPING || d->stage == DETACH_DELETING;
}
