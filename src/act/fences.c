/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "act/fences.h"

#include <inttypes.h>
#include <stdio.h>

#include "act/records.h"
#include "base/text.h"

#define PREFIX "fence-"

enum { NAME_BYTES = 48 };

static void name_of(uint64_t ino, char ret[NAME_BYTES])
{
	snprintf(ret, NAME_BYTES, PREFIX "%" PRIu64, ino);
}

int fences_write(const struct act_fence *fence)
{
	struct observation o = { .kind = OBS_FENCED, .fenced = { .ino = fence->ino } };
	char name[NAME_BYTES];

	TEXT_SET(o.fenced.sysfs, fence->sysfs);
	TEXT_SET(o.fenced.found, fence->found);
	name_of(fence->ino, name);
	return records_write(name, &o);
}

void fences_remove(uint64_t ino)
{
	char name[NAME_BYTES];

	name_of(ino, name);
	records_remove(name);
}

static int is_there(const struct observation *o)
{
	return records_are_of(o->fenced.sysfs, o->fenced.ino);
}

int fences_read(observation_sink sink, void *arg)
{
	return records_read(PREFIX, OBS_FENCED, is_there, sink, arg);
}
