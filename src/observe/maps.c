/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "observe/maps.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "dm/table.h"
#include "model/action.h"
#include "observe/report.h"
#include "port/dm.h"
#include "port/loop.h"
#include "port/packet.h"

/* A storm of path failures is read together. */
#define REST_MS 250

struct known {
	struct dm_listed listed;
	bool is_map, seen;
	struct observation said; /* of a map: what was told last */
};

struct maps {
	struct dm *dm;	     /* owned; NULL while the kernel has none */
	struct known *known; /* owned */
	size_t n_known;
	struct report report;
	instant rest_until;
};

static void add_members(const struct dm_multipath *m, struct observation *ret)
{
	struct obs_map *map = &ret->map;

	for (uint32_t i = 0; i < m->n_paths; i++) {
		if (map->n_members == MAX_MEMBERS) {
			ret->result = -E2BIG;
			return;
		}
		map->members[map->n_members++] = (struct map_member){ .devt = m->paths[i].devt,
			.active = m->paths[i].active,
			.group = (uint16_t)m->paths[i].group,
			.failures = m->paths[i].failures };
	}
}

static void add_groups(const struct dm_multipath *m, struct observation *ret)
{
	for (uint32_t i = 0; i < m->n_groups; i++) {
		if (i + 1 == sizeof ret->map.groups) {
			ret->result = -E2BIG;
			return;
		}
		ret->map.groups[i] = m->group_state[i] ? m->group_state[i] : '?';
	}
}

static void add_words(const struct dm_multipath *set, struct obs_map *map)
{
	map->queues = set->queues;
	TEXT_SET(map->features, set->features);
	TEXT_SET(map->handler, set->handler);
	TEXT_SET(map->selector, set->selector);
}

void maps_observe(const struct dm_device *device, const char *table, const char *status,
	struct observation *ret)
{
	static struct dm_multipath set, now;
	int r = dm_table_parse(table, &set), s = dm_status_parse(status, &now);

	*ret = (struct observation){ .kind = OBS_MAP, .result = r < 0 ? r : s < 0 ? s : 0 };
	ret->map.present = true;
	ret->map.devt = device->devt;
	TEXT_SET(ret->map.name, device->name);
	TEXT_SET(ret->map.uuid, device->uuid);
	ret->map.open_count = device->open_count;
	ret->map.suspended = device->suspended;
	ret->map.read_only = device->read_only;
	ret->map.size_sectors = device->sectors;
	if (r >= 0)
		add_words(&set, &ret->map);
	if (s < 0 && r < 0)
		return;

	/* a table does not say "active" of any path */
	add_groups(s >= 0 ? &now : &set, ret);
	add_members(s >= 0 ? &now : &set, ret);
}

/* 1: a map, 0: something else, -ENODATA: it has no table yet, -ENXIO: it went. */
static int read_map(struct dm *dm, const struct devt *devt, struct observation *ret)
{
	_cleanup_(freep) char *table = NULL;
	struct dm_device device;
	int r = dm_read(dm, devt, DM_READ_TABLE, &device);

	if (r < 0)
		return r;
	if (!device.n_targets)
		return -ENODATA;
	if (device.n_targets != 1 || strcmp(device.type, "multipath") != 0)
		return 0;
	table = strdup(device.params);
	if (!table)
		return -ENOMEM;
	r = dm_read(dm, devt, DM_READ_STATUS, &device);
	if (r < 0)
		return r;
	maps_observe(&device, table, device.params, ret);
	return 1;
}

static struct known *find_known(struct maps *maps, const struct dm_listed *listed)
{
	for (size_t i = 0; i < maps->n_known; i++)
		if (devt_equal(&maps->known[i].listed.devt, &listed->devt))
			return &maps->known[i];
	return NULL;
}

static struct known *add_known(struct maps *maps)
{
	struct known *grown = realloc(maps->known, (maps->n_known + 1) * sizeof *grown);

	if (!grown)
		return NULL;
	maps->known = grown;
	grown[maps->n_known] = (struct known){ 0 };
	return &grown[maps->n_known++];
}

/* A logical volume does not become a multipath map while nothing happened to it. */
static bool is_known_other(const struct known *k, const struct dm_listed *listed)
{
	return k && !k->is_map && k->listed.event_nr == listed->event_nr &&
	       !strcmp(k->listed.name, listed->name);
}

static void tell(struct maps *maps, const struct observation *o, uint64_t action)
{
	struct observation copy = *o;

	copy.action = action;
	report_add(&maps->report, &copy);
}

/* 0: what it is now is known, if it is there. A map that merely could not be read is not gone: then
 * nothing was learned, negative errno. */
static int look_at(struct maps *maps, const struct dm_listed *listed, bool all, uint64_t action)
{
	struct known *k = find_known(maps, listed);
	struct observation o;
	int r;

	if (!all && is_known_other(k, listed)) {
		k->seen = true;
		return 0;
	}
	r = read_map(maps->dm, &listed->devt, &o);
	if (r == -ENXIO || r == -ENODATA)
		return 0; /* not seen: what was known of it is over */
	if (r < 0)
		return r;
	if (!k)
		k = add_known(maps);
	if (!k)
		return -ENOMEM;
	if (k->is_map && r == 0)
		return 0;
	if (r == 1 && (all || !k->is_map || memcmp(&k->said, &o, sizeof o) != 0))
		tell(maps, &o, action);
	if (r == 1)
		k->said = o;
	k->listed = *listed;
	k->is_map = r == 1;
	k->seen = true;
	return 0;
}

/* What was not seen is gone: told, if it was a map, and forgotten. */
static void drop_unseen(struct maps *maps, uint64_t action)
{
	size_t kept = 0;

	for (size_t i = 0; i < maps->n_known; i++) {
		struct known *k = &maps->known[i];

		if (k->seen) {
			maps->known[kept++] = *k;
			continue;
		}
		if (!k->is_map)
			continue;
		k->said.map.present = false;
		k->said.result = 0;
		tell(maps, &k->said, action);
	}
	maps->n_known = kept;
}

/* all: also what did not change. Armed before it is read, so that nothing falls between. */
static int look(struct maps *maps, bool all, uint64_t action)
{
	_cleanup_(freep) struct dm_listed *listed = NULL;
	size_t n;
	int r = dm_arm(maps->dm);

	if (r >= 0)
		r = dm_list(maps->dm, &listed, &n);
	if (r < 0)
		return r;
	for (size_t i = 0; i < maps->n_known; i++)
		maps->known[i].seen = false;
	for (size_t i = 0; i < n && r >= 0; i++)
		r = look_at(maps, &listed[i], all, action);
	if (r >= 0)
		drop_unseen(maps, action);
	return r;
}

static void answer(struct maps *maps, uint64_t action)
{
	struct observation end = { .kind = OBS_MAPS_END, .action = action };

	if (!maps->dm)
		end.result = dm_new(&maps->dm);
	if (maps->dm)
		end.result = look(maps, true, action);
	report_add(&maps->report, &end);
}

static int serve_packet(struct maps *maps, int socket)
{
	static struct packet packet;
	struct action a;
	int r = packet_receive(socket, &packet);

	if (r == -EAGAIN)
		return 1;
	if (r <= 0)
		return r;
	while (packet_next(&packet, &a, sizeof a) > 0)
		if (a.kind == ACT_READ_MAPS)
			answer(maps, a.id);
	packet_done(&packet);
	return 1;
}

/* Waits for the socket and, unless it rests, for device-mapper. */
static int wait_for(const struct maps *maps, struct pollfd fds[2])
{
	uint64_t rest = instant_ms_between(loop_now(), maps->rest_until);

	fds[1].fd = maps->dm && !rest ? dm_fd(maps->dm) : -1;
	fds[1].revents = 0;
	if (poll(fds, 2, maps->dm && rest ? (int)rest : -1) < 0)
		return errno == EINTR ? 0 : -errno;
	return 0;
}

static int watch(struct maps *maps, int socket)
{
	struct pollfd fds[2] = { { .fd = socket, .events = POLLIN }, { .events = POLLIN } };

	for (;;) {
		int r = wait_for(maps, fds);

		if (r < 0)
			return r;
		if (fds[1].revents) {
			maps->rest_until = instant_add_ms(loop_now(), REST_MS);
			r = look(maps, false, 0);
			if (r < 0)
				return r; /* a new helper begins anew */
		}
		if (fds[0].revents) {
			r = serve_packet(maps, socket);
			if (r <= 0)
				return r;
		}
		r = report_flush(&maps->report);
		if (r < 0)
			return r;
	}
}

int maps_main(int socket, uint32_t tag)
{
	static struct maps maps;
	int r;

	(void)tag;
	report_init(&maps.report, socket);
	r = watch(&maps, socket);
	maps.dm = dm_free(maps.dm);
	free(maps.known);
	return r < 0;
}
