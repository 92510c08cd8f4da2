/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "act/scan_hand.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "act/hand.h"
#include "base/cleanup.h"
#include "model/action.h"
#include "model/observation.h"
#include "port/packet.h"
#include "port/pinned.h"
#include "port/test_point.h"

static int announce(const struct action *a, int socket)
{
	const struct observation o = {
		.kind = OBS_HAND,
		.action = a->id,
		.hand = { .pid = (uint32_t)getpid(), .host = a->scan.place.host },
	};

	return packet_send_patiently(socket, &o, observation_size(&o));
}

static int open_scan(const struct act_scan *scan, int *ret)
{
	_cleanup_(closep) int dir = -1;
	char path[64];
	int fd, r = pinned_open(scan->sysfs, scan->ino, &dir);

	if (r < 0)
		return r;
	snprintf(path, sizeof path, "scsi_host/host%u/scan", scan->place.host);
	fd = openat(dir, path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*ret = fd;
	return 0;
}

static int write_scan(const struct place *place, int fd)
{
	char words[PLACE_TEXT];

	place_print_scan(place, words);
	return write(fd, words, strlen(words)) < 0 ? -errno : 0;
}

static int perform(const struct action *a, int socket, int locks, struct obs_done *done)
{
	_cleanup_(closep) int fd = -1;
	int r;

	done->stage = STAGE_LOCK;
	r = hand_lock_host(locks, a->scan.place.host);
	if (r < 0)
		return r;
	done->stage = STAGE_STATE;
	r = open_scan(&a->scan, &fd);
	if (r < 0)
		return r;
	done->stage = STAGE_DAEMON;
	r = announce(a, socket);
	if (r < 0)
		return r;
	test_point("scan-before-write");
	if (packet_peer_is_gone(socket))
		return -ECANCELED;
	done->stage = STAGE_WRITE;
	done->written = true;
	return write_scan(&a->scan.place, fd);
}

static int receive(int socket, struct action *ret)
{
	static struct packet packet;
	int r;

	while ((r = packet_receive_patiently(socket, &packet)) > 0) {
		while (packet_next(&packet, ret, sizeof *ret) == 1)
			if (ret->kind == ACT_SCAN)
				return 0;
		packet_done(&packet);
	}
	return r < 0 ? r : -EPIPE;
}

int scan_hand_main(int socket, uint32_t host)
{
	_cleanup_(closep) int locks = hand_open_locks();
	struct observation o = { .kind = OBS_DONE };
	struct action a;

	(void)host;
	if (receive(socket, &a) < 0)
		return EXIT_FAILURE;
	o.action = a.id;
	o.result = perform(&a, socket, locks, &o.done);
	if (o.result == 0)
		o.done.stage = STAGE_NONE;
	return packet_send_patiently(socket, &o, observation_size(&o)) < 0;
}
