/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "act/dm_hand.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "act/hand.h"
#include "act/partitions.h"
#include "act/taken.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "dm/table.h"
#include "port/dm.h"
#include "port/multipathd.h"
#include "port/packet.h"
#include "port/test_point.h"

enum { OWNER_MS = 10000, LOOK_AGAIN_MS = 100, LOOKS = 10 };

/* Is the map still the one that was meant? */
static int verify(struct dm *dm, const struct act_map *wanted)
{
	struct dm_device device;
	int r = dm_find(dm, wanted->uuid, &device);

	if (r < 0)
		return r;
	return devt_equal(&device.devt, &wanted->map) ? 0 : -ESTALE;
}

static int fail_path(struct dm *dm, const struct act_map *wanted, struct obs_done *done)
{
	char message[16 + DEVT_TEXT], member[DEVT_TEXT];

	devt_print(&wanted->member, member);
	snprintf(message, sizeof message, "fail_path %s", member);
	done->written = true;
	return dm_message(dm, wanted->uuid, message);
}

/* The owner reads its commands as words: a name that is not one plain word cannot be said to it. */
static bool is_plain_word(const char *name)
{
	for (const char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-_.:+@", *c))
			return false;
	return *name;
}

enum { OWNER_REFUSED = 1 }; /* it was asked, and answered */

/* Its words for what it would not do; elder ones just say "fail". "ok" is checked against the
 * kernel anyway. */
static int judge_reply(const char *reply)
{
	if (!strncmp(reply, "ok", 2))
		return 0;
	return strstr(reply, "timeout") ? -ETIMEDOUT : OWNER_REFUSED;
}

/* 0: it is so in the kernel, 1: not yet, negative errno. */
typedef int look(struct dm *dm, const struct act_map *wanted);

static int is_gone(struct dm *dm, const struct act_map *wanted)
{
	struct dm_device device;
	int r = dm_find(dm, wanted->uuid, &device);

	return r == -ENXIO ? 0 : r < 0 ? r : 1;
}

static int is_extended(struct dm *dm, const struct act_map *wanted)
{
	struct dm_device device;
	int r = dm_read(dm, &wanted->map, DM_READ_TABLE, &device);

	if (r < 0)
		return r;
	if (strcmp(device.uuid, wanted->uuid) != 0)
		return -ESTALE;
	return device.sectors < wanted->sectors;
}

/* 0: it became so, -EBUSY: it did not. The owner answers when its part is done, and what it merely
 * began may still be under way. */
static int wait_until(look *is_so, struct dm *dm, const struct act_map *wanted)
{
	const struct timespec pause = { .tv_nsec = LOOK_AGAIN_MS * 1000000L };

	for (int i = 0; i < LOOKS; i++) {
		int r = is_so(dm, wanted);

		if (r <= 0)
			return r;
		nanosleep(&pause, NULL);
	}
	return -EBUSY;
}

/* 0, OWNER_REFUSED, or negative errno: perhaps it was not even asked. */
static int tell_owner(const char *words, const char *name)
{
	_cleanup_(text_done) struct text reply = TEXT_INIT;
	char command[MAX_MAP_NAME + 32];
	int r;

	if (!is_plain_word(name))
		return -ESTALE;
	snprintf(command, sizeof command, "%s %s", words, name);
	r = multipathd_ask(command, OWNER_MS, &reply);
	return r < 0 ? r : judge_reply(text_str(&reply));
}

static int failure_of(int r)
{
	return r == OWNER_REFUSED ? -EIO : r;
}

/* Renamed meanwhile: the owner goes by the name. */
static int is_called(struct dm *dm, const struct act_map *wanted)
{
	struct dm_device device;
	int r = dm_find(dm, wanted->uuid, &device);

	if (r < 0)
		return r;
	return strcmp(device.name, wanted->name) != 0 ? -ESTALE : 0;
}

static int ask_owner(struct dm *dm, const char *words, look *is_so, const struct act_map *wanted,
	struct obs_done *done)
{
	int r = is_called(dm, wanted);

	if (r < 0)
		return r;
	done->written = true;
	r = tell_owner(words, wanted->name);
	if (r == 0)
		return wait_until(is_so, dm, wanted);
	return is_so(dm, wanted) == 0 ? 0 : failure_of(r);
}

/* ---- a map goes ------------------------------------------------------------------------------ */

static int refuse_used(void *arg, const struct dm_device *partition)
{
	(void)arg;
	return partition->open_count ? -EBUSY : 0;
}

static int remove_one(void *arg, const struct dm_device *partition)
{
	char uuid[DM_UUID_TEXT];
	int r;

	TEXT_SET(uuid, partition->uuid);
	r = dm_remove(arg, uuid);
	return r == -ENXIO ? 0 : r;
}

/* None is removed while somebody has one of them open: then the map is in use. */
static int remove_partitions(struct dm *dm, const struct act_map *wanted, struct obs_done *done)
{
	int r = partitions_each(dm, wanted->uuid, refuse_used, NULL);

	if (r < 0)
		return r;
	done->written = true;
	return partitions_each(dm, wanted->uuid, remove_one, dm);
}

/* 1, 0, or negative errno. */
static int is_queueing(struct dm *dm, const struct act_map *wanted)
{
	static struct dm_multipath set;
	struct dm_device device;
	int r = dm_read(dm, &wanted->map, DM_READ_TABLE, &device);

	if (r >= 0 && strcmp(device.uuid, wanted->uuid) != 0)
		r = -ESTALE;
	if (r >= 0 && !device.n_targets)
		return 0; /* it has no table */
	if (r >= 0)
		r = dm_table_parse(device.params, &set);
	return r < 0 ? r : set.queues;
}

/* What is queued would wait for paths that do not come back, and so would who flushes it. */
static int stop_queueing(struct dm *dm, const struct act_map *wanted)
{
	if (wanted->owned)
		return failure_of(tell_owner("disablequeueing map", wanted->name));
	return dm_message(dm, wanted->uuid, "fail_if_no_path");
}

/* It stays: as it was. */
static void queue_again(struct dm *dm, const struct act_map *wanted)
{
	if (wanted->owned)
		tell_owner("restorequeueing map", wanted->name);
	else
		dm_message(dm, wanted->uuid, "queue_if_no_path");
}

static int remove_by_owner(struct dm *dm, const struct act_map *wanted, struct obs_done *done)
{
	struct dm_device device;
	int r = ask_owner(dm, "del map", is_gone, wanted, done);

	if (r < 0 && r != -ESTALE && dm_find(dm, wanted->uuid, &device) >= 0 && device.open_count)
		return -EBUSY;
	return r;
}

static int remove_itself(struct dm *dm, const struct act_map *wanted, struct obs_done *done)
{
	int r = 0;

	if (wanted->owned)
		return remove_by_owner(dm, wanted, done);
	if (wanted->word)
		r = remove_partitions(dm, wanted, done);
	if (r < 0)
		return r;
	test_point("dm-hand-before-remove");
	done->written = true;
	r = dm_remove(dm, wanted->uuid);
	test_point("dm-hand-after-remove");
	return r;
}

/* An answer that did not come is no word that it queues still. */
static int remove_map(struct dm *dm, const struct act_map *wanted, struct obs_done *done)
{
	int r = wanted->word ? is_called(dm, wanted) : 0;
	bool queues;

	if (r >= 0 && wanted->word && !wanted->owned)
		r = taken_write(dm, wanted);
	if (r >= 0 && wanted->word)
		r = is_queueing(dm, wanted);
	queues = r > 0;
	done->written |= queues;
	if (queues)
		r = stop_queueing(dm, wanted);
	if (r >= 0)
		r = remove_itself(dm, wanted, done);
	if (r < 0 && queues)
		queue_again(dm, wanted);
	return r;
}

/* ---- a path leaves a map, and comes back ----------------------------------------------------- */

/* Does the owner's name for it still mean the device that is meant? */
static int is_device(const struct act_map *wanted)
{
	char path[MAX_NAME + 32];
	struct stat s;

	if (!is_plain_word(wanted->dev))
		return -ENODEV;
	snprintf(path, sizeof path, "/sys/class/block/%s/device", wanted->dev);
	if (stat(path, &s) < 0)
		return -ENODEV;
	return s.st_ino == wanted->ino ? 0 : -ENODEV;
}

/* Of its map only: another one would have to be read first. */
static int is_out(struct dm *dm, const struct act_map *wanted)
{
	static struct dm_multipath set;
	struct dm_device device;
	int r;

	if (!wanted->uuid[0])
		return 0;
	r = dm_read(dm, &wanted->map, DM_READ_TABLE, &device);
	if (r < 0)
		return r == -ENXIO ? 0 : r;
	if (strcmp(device.uuid, wanted->uuid) != 0)
		return 0;
	r = dm_table_parse(device.params, &set);
	for (uint32_t i = 0; r >= 0 && i < set.n_paths; i++)
		if (devt_equal(&set.paths[i].devt, &wanted->member))
			return 1;
	return r < 0 ? r : 0;
}

/* It may know nothing of it: then there is nothing to be taken. */
static int take_path(struct dm *dm, const struct act_map *wanted, struct obs_done *done)
{
	int r = is_device(wanted);

	if (r < 0)
		return r;
	done->written = true;
	r = tell_owner("del path", wanted->dev);
	if (r == 0)
		return wait_until(is_out, dm, wanted);
	return r == OWNER_REFUSED && is_out(dm, wanted) == 0 ? 0 : failure_of(r);
}

static int give_path(struct dm *dm, const struct act_map *wanted, struct obs_done *done)
{
	char message[20 + DEVT_TEXT], member[DEVT_TEXT];
	int r = is_device(wanted);

	if (r < 0)
		return r;
	done->written = true;
	if (wanted->owned)
		return failure_of(tell_owner("add path", wanted->dev));
	if (!wanted->uuid[0])
		return 0;
	devt_print(&wanted->member, member);
	snprintf(message, sizeof message, "reinstate_path %s", member);
	return dm_message(dm, wanted->uuid, message);
}

static int resize_map(struct dm *dm, const struct act_map *wanted, struct obs_done *done)
{
	if (wanted->owned)
		return ask_owner(dm, "resize map", is_extended, wanted, done);
	done->written = true;
	return dm_extend(dm, wanted->uuid, &wanted->map, wanted->sectors);
}

/* Of those that use it, nobody may be left without a path, whatever became of the others since that
 * was judged. The kernel's own word; what cannot be read is no word for it. */
static int is_carried(struct dm *dm, const struct act_map *wanted)
{
	static struct dm_multipath set;
	struct dm_device device;
	bool meant = false;
	int r;

	if (!wanted->carried || !wanted->uuid[0])
		return 0;
	r = dm_read(dm, &wanted->map, DM_READ_STATUS, &device);
	if (r < 0)
		return r == -ENXIO ? 0 : r;
	if (!device.open_count || strcmp(device.uuid, wanted->uuid) != 0)
		return 0;
	r = dm_status_parse(device.params, &set);
	for (uint32_t i = 0; r >= 0 && i < set.n_paths; i++) {
		bool is_it = devt_equal(&set.paths[i].devt, &wanted->member);

		meant |= is_it;
		if (!is_it && set.paths[i].active)
			return 0;
	}
	return r < 0 ? r : meant ? -EBUSY : 0;
}

/* Would it have to be asked, although it was not known to run when this was decided? */
static int has_no_owner(void)
{
	int r = multipathd_is_running(NULL);

	return r <= 0 ? r : -EAGAIN;
}

/* Last of all: does who sent it live, and is it still wanted? */
static int may_begin(int socket, uint64_t boot_ms, uint32_t deadline_ms, struct obs_done *done)
{
	done->stage = STAGE_DAEMON;
	if (packet_peer_is_gone(socket))
		return -ECANCELED;
	if (hand_is_late(boot_ms, deadline_ms))
		return -EAGAIN;
	done->stage = STAGE_WRITE;
	return 0;
}

static int perform_verified(
	const struct action *a, struct dm *dm, int socket, struct obs_done *done)
{
	int r;

	done->stage = STAGE_STATE;
	r = is_carried(dm, &a->map);
	if (r >= 0)
		r = may_begin(socket, a->map.boot_ms, a->map.deadline_ms, done);
	if (r < 0)
		return r;
	if (a->kind == ACT_FAIL_PATH)
		return fail_path(dm, &a->map, done);
	r = a->map.owned ? 0 : has_no_owner();
	if (r < 0)
		return r;
	switch ((int)a->kind) {
	case ACT_RESIZE_MAP: return resize_map(dm, &a->map, done);
	case ACT_TAKE_PATH: return take_path(dm, &a->map, done);
	case ACT_GIVE_PATH: return give_path(dm, &a->map, done);
	}
	return remove_map(dm, &a->map, done);
}

static bool is_about_a_path(enum action_kind kind)
{
	return kind == ACT_TAKE_PATH || kind == ACT_GIVE_PATH;
}

/* What is about a path goes on when its map has gone. Or has another number, unless that is to be
 * looked at first: whoever uses it may have no other path. */
static bool goes_on(const struct action *a, int r)
{
	return is_about_a_path(a->kind) && (r == -ENXIO || (r == -ESTALE && !a->map.carried));
}

static int make_map(const struct action *a, struct dm *dm, int socket, struct obs_done *done)
{
	int r = may_begin(socket, a->make.boot_ms, a->make.deadline_ms, done);

	if (r >= 0)
		r = has_no_owner();
	return r < 0 ? r : taken_make(dm, &a->make, &done->written);
}

static int perform(const struct action *a, int socket, struct obs_done *done)
{
	_cleanup_(dm_freep) struct dm *dm = NULL;
	int r = dm_new(&dm);

	if (a->kind == ACT_MAKE_MAP)
		return r < 0 ? r : make_map(a, dm, socket, done);
	if (r >= 0 && a->map.uuid[0])
		r = verify(dm, &a->map);
	if (goes_on(a, r))
		r = 0;
	if (r == -ENOENT || r == -ENXIO)
		return a->kind == ACT_REMOVE_MAP ? 0 : -ENXIO; /* what is not there is removed */
	return r < 0 ? r : perform_verified(a, dm, socket, done);
}

void dm_hand_perform(const struct action *a, int socket, struct observation *ret)
{
	*ret = (struct observation){ .kind = OBS_DONE, .action = a->id, .path = a->path };
	ret->result = perform(a, socket, &ret->done);
}

static bool is_ours(enum action_kind kind)
{
	return kind == ACT_FAIL_PATH || kind == ACT_RESIZE_MAP || kind == ACT_REMOVE_MAP ||
	       kind == ACT_MAKE_MAP || is_about_a_path(kind);
}

int dm_hand_main(int socket, uint32_t tag)
{
	static struct packet packet;
	struct action a;
	int r;

	(void)tag;
	while ((r = packet_receive_patiently(socket, &packet)) > 0) {
		while (packet_next(&packet, &a, sizeof a) > 0) {
			struct observation o;

			if (!is_ours(a.kind))
				continue;
			dm_hand_perform(&a, socket, &o);
			if (packet_send_patiently(socket, &o, observation_size(&o)) < 0)
				return 1;
		}
		packet_done(&packet);
	}
	return r < 0;
}
