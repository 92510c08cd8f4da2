/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "act/dm_hand.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "port/dm.h"
#include "port/multipathd.h"
#include "port/packet.h"

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

/* Its words for what it would not do; elder ones just say "fail". "ok" is checked against the
 * kernel anyway. */
static int judge_reply(const char *reply)
{
	if (!strncmp(reply, "ok", 2))
		return 0;
	return strstr(reply, "timeout") ? -ETIMEDOUT : -EIO;
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

static int ask_owner(struct dm *dm, const char *words, look *is_so, const struct act_map *wanted,
	struct obs_done *done)
{
	_cleanup_(text_done) struct text reply = TEXT_INIT;
	struct dm_device device;
	char command[MAX_MAP_NAME + 16];
	int r = dm_find(dm, wanted->uuid, &device);

	if (r < 0)
		return r;
	if (!is_plain_word(device.name) || strcmp(device.name, wanted->name) != 0)
		return -ESTALE; /* renamed meanwhile: the owner goes by the name */
	snprintf(command, sizeof command, "%s %s", words, device.name);
	done->written = true;
	r = multipathd_ask(command, OWNER_MS, &reply);
	if (r >= 0)
		r = judge_reply(text_str(&reply));
	if (r >= 0)
		return wait_until(is_so, dm, wanted);
	return is_so(dm, wanted) == 0 ? 0 : r;
}

static int remove_map(struct dm *dm, const struct act_map *wanted, struct obs_done *done)
{
	struct dm_device device;
	int r;

	if (!wanted->owned) {
		done->written = true;
		return dm_remove(dm, wanted->uuid);
	}
	r = ask_owner(dm, "del map", is_gone, wanted, done);
	if (r < 0 && r != -ESTALE && dm_find(dm, wanted->uuid, &device) >= 0 && device.open_count)
		return -EBUSY;
	return r;
}

static int resize_map(struct dm *dm, const struct act_map *wanted, struct obs_done *done)
{
	if (wanted->owned)
		return ask_owner(dm, "resize map", is_extended, wanted, done);
	done->written = true;
	return dm_extend(dm, wanted->uuid, &wanted->map, wanted->sectors);
}

static int perform_verified(
	const struct action *a, struct dm *dm, int socket, struct obs_done *done)
{
	done->stage = STAGE_DAEMON;
	if (packet_peer_is_gone(socket))
		return -ECANCELED;
	done->stage = STAGE_WRITE;
	if (a->kind == ACT_FAIL_PATH)
		return fail_path(dm, &a->map, done);
	/* it would have to be asked, and was not known to run when this was decided */
	if (!a->map.owned) {
		int r = multipathd_is_running(NULL);

		if (r != 0)
			return r < 0 ? r : -EAGAIN;
	}
	return a->kind == ACT_RESIZE_MAP ? resize_map(dm, &a->map, done)
					 : remove_map(dm, &a->map, done);
}

static int perform(const struct action *a, int socket, struct obs_done *done)
{
	_cleanup_(dm_freep) struct dm *dm = NULL;
	int r = dm_new(&dm);

	if (r >= 0)
		r = verify(dm, &a->map);
	if (r == -ENOENT || r == -ENXIO)
		return a->kind == ACT_REMOVE_MAP ? 0 : -ENXIO; /* what is not there is removed */
	return r < 0 ? r : perform_verified(a, dm, socket, done);
}

void dm_hand_perform(const struct action *a, int socket, struct observation *ret)
{
	*ret = (struct observation){ .kind = OBS_DONE, .action = a->id, .path = a->path };
	ret->result = perform(a, socket, &ret->done);
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

			if (a.kind != ACT_FAIL_PATH && a.kind != ACT_RESIZE_MAP &&
				a.kind != ACT_REMOVE_MAP)
				continue;
			dm_hand_perform(&a, socket, &o);
			if (packet_send_patiently(socket, &o, observation_size(&o)) < 0)
				return 1;
		}
		packet_done(&packet);
	}
	return r < 0;
}
