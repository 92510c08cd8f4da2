/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "act/taken.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "act/detaches.h"
#include "act/partitions.h"
#include "act/records.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "dm/table.h"

#define PREFIX "taken-"

enum { NAME_BYTES = 64 };

/* A uuid may be longer than a file's name, and hold a slash: FNV-1a of it. Whose record it is, the
 * uuid in it says. */
static void name_of(uint64_t word, const char *uuid, char ret[NAME_BYTES])
{
	uint64_t hash = 0xcbf29ce484222325;

	for (; *uuid; uuid++)
		hash = (hash ^ (uint8_t)*uuid) * 0x100000001b3;
	snprintf(ret, NAME_BYTES, PREFIX "%" PRIu64 "-%016" PRIx64, word, hash);
}

static void prefix_of(uint64_t word, char ret[NAME_BYTES])
{
	snprintf(ret, NAME_BYTES, PREFIX "%" PRIu64 "-", word);
}

/* ---- before it is removed -------------------------------------------------------------------- */

static int write_one(uint64_t word, const struct dm_device *device)
{
	struct observation o = { .kind = OBS_TAKEN };
	char name[NAME_BYTES];
	int r;

	name_of(word, device->uuid, name);
	r = records_has(name);
	if (r != 0)
		return r < 0 ? r : 0;
	if (strlen(device->params) >= sizeof o.taken.params ||
		strlen(device->type) >= sizeof o.taken.type)
		return -E2BIG;
	o.taken.word = word;
	o.taken.devt = device->devt;
	o.taken.sectors = device->sectors;
	o.taken.read_only = device->read_only;
	TEXT_SET(o.taken.name, device->name);
	TEXT_SET(o.taken.uuid, device->uuid);
	TEXT_SET(o.taken.type, device->type);
	TEXT_SET(o.taken.params, device->params);
	return records_write(name, &o);
}

/* "254:3 2048" */
static bool begins_with(const char *params, const struct devt *map)
{
	char number[DEVT_TEXT];
	size_t len;

	devt_print(map, number);
	len = strlen(number);
	return !strncmp(params, number, len) && params[len] == ' ';
}

static int write_partition(void *arg, const struct dm_device *partition)
{
	const struct act_map *wanted = arg;

	if (partition->n_targets != 1 || strcmp(partition->type, "linear") != 0 ||
		!begins_with(partition->params, &wanted->map))
		return -EBUSY;
	return write_one(wanted->word, partition);
}

int taken_write(struct dm *dm, const struct act_map *wanted)
{
	struct act_map copy = *wanted;
	struct dm_device device;
	int r = partitions_each(dm, wanted->uuid, write_partition, &copy);

	if (r >= 0)
		r = dm_read(dm, &wanted->map, DM_READ_TABLE, &device);
	if (r >= 0 && strcmp(device.uuid, wanted->uuid) != 0)
		r = -ESTALE;
	if (r >= 0 && !device.n_targets)
		return 0; /* nothing is lost with it */
	return r < 0 ? r : write_one(wanted->word, &device);
}

/* ---- again ----------------------------------------------------------------------------------- */

struct making {
	struct dm *dm;
	const struct act_make *make;
	bool *written;
	struct devt map; /* its number */
	int result;
};

/* Is what has this number the device that is meant? Or negative errno: nothing is known of it. */
static int is_same(const struct act_member *member)
{
	char path[64], number[DEVT_TEXT];
	struct stat s;

	devt_print(&member->devt, number);
	snprintf(path, sizeof path, "/sys/dev/block/%s/device", number);
	if (stat(path, &s) < 0)
		return errno == ENOENT ? 0 : -errno;
	return s.st_ino == member->ino;
}

/* How many of those that are meant are still there. */
static int find_members(const struct act_make *make, struct devt keep[MAX_MEMBERS])
{
	int n = 0;

	for (uint32_t i = 0; i < make->n_members && i < MAX_MEMBERS; i++) {
		int r = is_same(&make->members[i]);

		if (r < 0)
			return r;
		if (r > 0)
			keep[n++] = make->members[i].devt;
	}
	return n;
}

static int make_one(
	struct making *m, const struct obs_taken *taken, const char *params, struct devt *ret)
{
	const struct dm_table table = {
		.type = taken->type,
		.params = params,
		.sectors = taken->sectors,
		.read_only = taken->read_only,
	};

	*m->written = true;
	return dm_make(m->dm, taken->name, taken->uuid, &table, ret);
}

static int make_map(struct making *m, const struct obs_taken *taken)
{
	_cleanup_(text_done) struct text params = TEXT_INIT;
	struct devt keep[MAX_MEMBERS];
	struct dm_device there;
	int r = dm_find(m->dm, taken->uuid, &there);

	if (r >= 0 && there.n_targets) {
		m->map = there.devt;
		return 0;
	}
	r = find_members(m->make, keep);
	if (r >= 0)
		r = dm_table_keep(taken->params, keep, (size_t)r, &params);
	if (r <= 0)
		return r < 0 ? r : -ENODEV;
	return make_one(m, taken, text_str(&params), &m->map);
}

static int make_partition(struct making *m, const struct obs_taken *taken)
{
	const char *start = strchr(taken->params, ' '); /* behind the number that the map had */
	char params[sizeof taken->params + DEVT_TEXT], number[DEVT_TEXT];
	struct devt devt;

	if (!start)
		return -EBADMSG;
	devt_print(&m->map, number);
	snprintf(params, sizeof params, "%s%s", number, start);
	return make_one(m, taken, params, &devt);
}

static void meet_map(void *arg, const struct observation *o)
{
	struct making *m = arg;

	if (!strcmp(o->taken.uuid, m->make->uuid))
		m->result = make_map(m, &o->taken);
}

static void meet_partition(void *arg, const struct observation *o)
{
	struct making *m = arg;

	if (m->result >= 0 && partitions_is_of(o->taken.uuid, m->make->uuid))
		m->result = make_partition(m, &o->taken);
}

static int all(const struct observation *o)
{
	(void)o;
	return 1;
}

int taken_make(struct dm *dm, const struct act_make *make, bool *written)
{
	struct making m = { .dm = dm, .make = make, .written = written };
	char prefix[NAME_BYTES];
	int r;

	prefix_of(make->word, prefix);
	r = records_read(prefix, OBS_TAKEN, all, meet_map, &m);
	if (r >= 0 && m.result >= 0 && m.map.major)
		r = records_read(prefix, OBS_TAKEN, all, meet_partition, &m);
	return r < 0 ? r : m.result;
}

/* ---- as long as the word is ------------------------------------------------------------------ */

int taken_remove(uint64_t word)
{
	char prefix[NAME_BYTES];

	prefix_of(word, prefix);
	return records_remove_all(prefix);
}

static int has_word(const struct observation *o)
{
	return detaches_has(o->taken.word);
}

int taken_read(observation_sink sink, void *arg)
{
	return records_read(PREFIX, OBS_TAKEN, has_word, sink, arg);
}
