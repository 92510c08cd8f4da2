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

/* 0: gone from the kernel, -EBUSY: it stayed. The owner answers when its part is done, and a
 * removal that it merely began may still be under way. */
static int wait_until_gone(struct dm *dm, const struct act_map *wanted)
{
	const struct timespec pause = { .tv_nsec = LOOK_AGAIN_MS * 1000000L };
	struct dm_device device;

	for (int i = 0; i < LOOKS; i++) {
		int r = dm_find(dm, wanted->uuid, &device);

		if (r == -ENXIO)
			return 0;
		if (r < 0)
			return r;
		nanosleep(&pause, NULL);
	}
	return -EBUSY;
}

static int ask_owner(struct dm *dm, const struct act_map *wanted, struct obs_done *done)
{
	_cleanup_(text_done) struct text reply = TEXT_INIT;
	struct dm_device device;
	char command[MAX_MAP_NAME + 16];
	int r = dm_find(dm, wanted->uuid, &device);

	if (r < 0)
		return r;
	if (!is_plain_word(device.name) || strcmp(device.name, wanted->name) != 0)
		return -ESTALE; /* renamed meanwhile: the owner goes by the name */
	snprintf(command, sizeof command, "del map %s", device.name);
	done->written = true;
	r = multipathd_ask(command, OWNER_MS, &reply);
	if (r >= 0)
		r = judge_reply(text_str(&reply));
	if (r >= 0)
		return wait_until_gone(dm, wanted);
	if (dm_find(dm, wanted->uuid, &device) == -ENXIO)
		return 0;
	return device.open_count ? -EBUSY : r;
}

static int remove_map(struct dm *dm, const struct act_map *wanted, struct obs_done *done)
{
	int r;

	if (wanted->owned)
		return ask_owner(dm, wanted, done);
	/* it would have to be asked, and was not known to run when this was decided */
	r = multipathd_is_running(NULL);
	if (r != 0)
		return r < 0 ? r : -EAGAIN;
	done->written = true;
	return dm_remove(dm, wanted->uuid);
}

static int perform(const struct action *a, int socket, struct obs_done *done)
{
	_cleanup_(dm_freep) struct dm *dm = NULL;
	int r = dm_new(&dm);

	if (r >= 0)
		r = verify(dm, &a->map);
	if (r == -ENOENT || r == -ENXIO)
		return a->kind == ACT_REMOVE_MAP ? 0 : -ENXIO; /* what is not there is removed */
	if (r < 0)
		return r;
	done->stage = STAGE_DAEMON;
	if (packet_peer_is_gone(socket))
		return -ECANCELED;
	done->stage = STAGE_WRITE;
	return a->kind == ACT_FAIL_PATH ? fail_path(dm, &a->map, done)
					: remove_map(dm, &a->map, done);
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

			if (a.kind != ACT_FAIL_PATH && a.kind != ACT_REMOVE_MAP)
				continue;
			dm_hand_perform(&a, socket, &o);
			if (packet_send_patiently(socket, &o, observation_size(&o)) < 0)
				return 1;
		}
		packet_done(&packet);
	}
	return r < 0;
}
