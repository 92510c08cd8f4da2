/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "act/scan_hand.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "act/ask.h"
#include "act/hand.h"
#include "act/handles.h"
#include "base/cleanup.h"
#include "model/action.h"
#include "model/observation.h"
#include "port/packet.h"
#include "port/pinned.h"
#include "port/sysfs.h"
#include "port/test_point.h"
#include "scsi/vpd.h"

enum { ATTENTION_RETRIES = 5 }; /* a volume that grew has one to tell of it */

struct scan_hand {
	const struct action *action; /* borrowed */
	int socket, locks;	     /* borrowed; owned */
	int file;		     /* owned: to be written to; -1: not opened */
	struct handles device;	     /* owned: of one that is looked at again */
};

static int lock_host(struct scan_hand *h, struct obs_done *done)
{
	(void)done;
	return hand_lock_host(h->locks, action_hand_host(h->action));
}

static int announce(struct scan_hand *h, struct obs_done *done)
{
	const struct observation o = {
		.kind = OBS_HAND,
		.path = h->action->path,
		.action = h->action->id,
		.hand = { .pid = (uint32_t)getpid(), .host = action_hand_host(h->action) },
	};

	(void)done;
	return packet_send_patiently(h->socket, &o, observation_size(&o));
}

static int open_below(struct scan_hand *h, int dir, const char *path)
{
	h->file = openat(dir, path, O_WRONLY | O_CLOEXEC);
	return h->file < 0 ? -errno : 0;
}

static int open_scan(struct scan_hand *h, struct obs_done *done)
{
	const struct act_scan *scan = &h->action->scan;
	_cleanup_(closep) int dir = -1;
	char path[64];
	int r = pinned_open(scan->sysfs, scan->ino, &dir);

	(void)done;
	snprintf(path, sizeof path, "scsi_host/host%u/scan", scan->place.host);
	return r < 0 ? r : open_below(h, dir, path);
}

static int open_device(struct scan_hand *h, struct obs_done *done)
{
	int r = handles_open(&h->action->reread.device, &h->device);

	(void)done;
	return r < 0 ? r : open_below(h, h->device.dir, "rescan");
}

/* The kernel does nothing for one that does not run, and says that it did. */
static int is_running(struct scan_hand *h, struct obs_done *done)
{
	(void)done;
	return handles_device_state(&h->device) == DEVICE_RUNNING ? 0 : -EAGAIN;
}

/* What it says now, and not what the kernel or anybody else read once. */
static int is_itself(struct scan_hand *h, struct obs_done *done)
{
	struct vpd_identity live;
	struct obs_checked c;

	test_point("reread-before-ask");
	ask_now(handles_node(&h->device), h->device.timeout_ms,
		(struct ask_wishes){ .identity = true }, ATTENTION_RETRIES, &c);
	done->asked = c.asked;
	done->tur = c.tur;
	if (!c.identified || vpd_identity_decode(c.identity_data, c.identity_len, &live) < 0)
		return -EAGAIN;
	switch (vpd_identity_match(&live, h->action->reread.wwid)) {
	case VPD_MATCH_YES: return 0;
	case VPD_MATCH_NO: return -ESTALE;
	case VPD_MATCH_UNKNOWN: break;
	}
	return -EAGAIN;
}

static int daemon_lives(struct scan_hand *h, struct obs_done *done)
{
	(void)done;
	test_point("scan-before-write");
	return packet_peer_is_gone(h->socket) ? -ECANCELED : 0;
}

/* All of it, or it is not done: the kernel takes such words as a whole. */
static int write_words(struct scan_hand *h, const char *words)
{
	ssize_t n = write(h->file, words, strlen(words));

	if (n < 0)
		return -errno;
	return (size_t)n == strlen(words) ? 0 : -EIO;
}

static int write_scan(struct scan_hand *h, struct obs_done *done)
{
	char words[PLACE_TEXT];

	place_print_scan(&h->action->scan.place, words);
	done->written = true;
	return write_words(h, words);
}

/* It has read the size when it comes back. */
static int write_rescan(struct scan_hand *h, struct obs_done *done)
{
	char path[PINNED_NAME + 16], disk[PINNED_NAME];
	struct devt devt;
	int r;

	done->written = true;
	r = write_words(h, "1");
	if (r >= 0)
		r = pinned_find(h->device.dir, PINNED_DISK, disk, &devt);
	if (r < 0)
		return r;
	snprintf(path, sizeof path, "block/%s/size", disk);
	return sysfs_read_number(h->device.dir, path, &done->sectors);
}

/* In this order; the first that fails ends it, and its stage is the answer. */
static const struct step {
	enum action_kind kind; /* ACTION_KINDS: both */
	enum hand_stage stage;
	int (*take)(struct scan_hand *h, struct obs_done *done);
} steps[] = {
	{ ACTION_KINDS, STAGE_LOCK, lock_host },
	{ ACT_SCAN, STAGE_STATE, open_scan },
	{ ACT_REREAD, STAGE_STATE, open_device },
	{ ACTION_KINDS, STAGE_DAEMON, announce },
	{ ACT_REREAD, STAGE_STATE, is_running },
	{ ACT_REREAD, STAGE_ASK, is_itself },
	{ ACTION_KINDS, STAGE_DAEMON, daemon_lives },
	{ ACT_SCAN, STAGE_WRITE, write_scan },
	{ ACT_REREAD, STAGE_WRITE, write_rescan },
};

static int perform(struct scan_hand *h, struct obs_done *done)
{
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		int r;

		if (steps[i].kind != ACTION_KINDS && steps[i].kind != h->action->kind)
			continue;
		done->stage = (uint8_t)steps[i].stage;
		r = steps[i].take(h, done);
		if (r < 0)
			return r;
	}
	done->stage = STAGE_NONE;
	return 0;
}

static int receive(int socket, struct action *ret)
{
	static struct packet packet;
	int r;

	while ((r = packet_receive_patiently(socket, &packet)) > 0) {
		while (packet_next(&packet, ret, sizeof *ret) == 1)
			if (ret->kind == ACT_SCAN || ret->kind == ACT_REREAD)
				return 0;
		packet_done(&packet);
	}
	return r < 0 ? r : -EPIPE;
}

int scan_hand_main(int socket, uint32_t host)
{
	struct observation o = { .kind = OBS_DONE };
	struct action a;
	struct scan_hand h = {
		.action = &a,
		.socket = socket,
		.locks = -1,
		.file = -1,
		.device = HANDLES_NONE,
	};

	(void)host;
	if (receive(socket, &a) < 0)
		return EXIT_FAILURE;
	h.locks = hand_open_locks();
	o.path = a.path;
	o.action = a.id;
	o.result = perform(&h, &o.done);
	close_fd(h.file);
	handles_close(&h.device);
	close_fd(h.locks);
	return packet_send_patiently(socket, &o, observation_size(&o)) < 0;
}
