/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "act/detaches.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "act/records.h"

#define PREFIX "detach-"

enum { NAME_BYTES = 48 };

static void name_of(uint64_t number, char ret[NAME_BYTES])
{
	snprintf(ret, NAME_BYTES, PREFIX "%" PRIu64, number);
}

int detaches_write(const struct obs_detaching *word)
{
	struct observation o = { .kind = OBS_DETACHING, .detaching = *word };
	char name[NAME_BYTES], path[MAX_SYSFS + 8];
	struct stat s;

	if (!word->wwid[0] && !word->ino) {
		snprintf(path, sizeof path, "/sys/%s", word->sysfs);
		if (stat(path, &s) < 0)
			return -errno;
		o.detaching.ino = s.st_ino;
	}
	name_of(word->number, name);
	return records_write(name, &o);
}

int detaches_remove(uint64_t number)
{
	char name[NAME_BYTES];

	name_of(number, name);
	return records_remove(name);
}

int detaches_has(uint64_t number)
{
	char name[NAME_BYTES];

	name_of(number, name);
	return records_has(name);
}

/* Whether a volume is, devices and maps will tell. */
static int is_there(const struct observation *o)
{
	return o->detaching.wwid[0] ? 1 : records_are_of(o->detaching.sysfs, o->detaching.ino);
}

int detaches_read(observation_sink sink, void *arg)
{
	return records_read(PREFIX, OBS_DETACHING, is_there, sink, arg);
}
