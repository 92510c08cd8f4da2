/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "act/hand.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act/ask.h"
#include "act/fences.h"
#include "base/cleanup.h"
#include "port/loop.h"
#include "port/packet.h"
#include "port/pinned.h"
#include "port/process.h"
#include "port/sysfs.h"
#include "port/test_point.h"
#include "scsi/gone.h"

enum {
	ATTENTION_RETRIES = 5,
	FRESH_MS = 5000, /* an older answer proves nothing: the machine may have slept */
};

struct hand {
	const struct action *action;	/* borrowed */
	const struct hand_order *order; /* borrowed */
	const struct handles *handles;	/* borrowed */
	int socket, end, locks;		/* borrowed */
	int claim;			/* owned: the claimed disk, or -1 */
	bool closed;			/* nobody can open it, and so nobody can claim it */
	uint64_t asked_ms;
	struct obs_checked answers;
	bool written;
};

uint64_t hand_clock(void)
{
	return loop_now().ms + loop_suspended_ms();
}

bool hand_is_late(uint64_t boot_ms, uint32_t deadline_ms)
{
	return deadline_ms && hand_clock() - boot_ms > deadline_ms;
}

int hand_send_order(int keeper, const struct action *delete_action, int socket)
{
	const struct hand_order order = { .boot_ms = hand_clock() };
	_cleanup_(freep) struct packet *packet = malloc(sizeof *packet);
	int r;

	if (!packet)
		return -ENOMEM;
	packet_clear(packet);
	r = packet_add(packet, delete_action, action_size(delete_action));
	if (r >= 0)
		r = packet_add(packet, &order, sizeof order);
	packet->fds[packet->n_fds++] = socket;
	return r < 0 ? r : packet_send(keeper, packet);
}

int hand_open_locks(void)
{
	char path[256];
	int fd;

	mkdir(process_runtime_dir(), 0755);
	snprintf(path, sizeof path, "%s/hands", process_runtime_dir());
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd < 0 ? -errno : fd;
}

/* Held also by a hand whose daemon has long been another one. */
int hand_lock_host(int locks, uint32_t host)
{
	struct flock lock = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = (off_t)host,
		.l_len = 1,
	};

	if (locks < 0)
		return -EBADF;
	if (fcntl(locks, F_SETLK, &lock) < 0)
		return errno == EAGAIN || errno == EACCES ? -EBUSY : -errno;
	return 0;
}

static int lock_host(struct hand *h)
{
	return hand_lock_host(h->locks, h->action->del.host);
}

static int announce(struct hand *h)
{
	const struct observation o = {
		.kind = OBS_HAND,
		.path = h->action->path,
		.action = h->action->id,
		.hand = { .pid = (uint32_t)getpid(), .host = action_hand_host(h->action) },
	};

	return packet_send_patiently(h->socket, &o, observation_size(&o));
}

static int require_state(struct hand *h, enum device_state wanted)
{
	enum device_state state = handles_device_state(h->handles);

	if (state == wanted)
		return 0;
	return state == DEVICE_GOING ? -ENODEV : -EAGAIN;
}

static int is_running(struct hand *h)
{
	return require_state(h, DEVICE_RUNNING);
}

static int is_offline(struct hand *h)
{
	return require_state(h, DEVICE_OFFLINE);
}

static int is_there(struct hand *h)
{
	return handles_device_state(h->handles) == DEVICE_GOING ? -ENODEV : 0;
}

static int way_is_up(struct hand *h)
{
	return handles_transport_state(h->handles) == TRANSPORT_DOWN ? -EAGAIN : 0;
}

static int is_timely(struct hand *h)
{
	return hand_is_late(h->order->boot_ms, action_hand_deadline_ms(h->action)) ? -EAGAIN : 0;
}

static int is_still_gone(struct hand *h)
{
	struct obs_checked *a = &h->answers;
	enum gone gone;

	test_point("hand-before-ask");
	h->asked_ms = hand_clock();
	ask_now(handles_node(h->handles), h->handles->timeout_ms,
		(struct ask_wishes){ .inquiry = true }, ATTENTION_RETRIES, a);
	gone = scsi_gone(
		&a->tur, a->inquired ? &a->inquiry : NULL, a->inquiry_data, a->inquiry_len);
	if (gone == GONE_UNSUPPORTED || (gone == GONE_QUALIFIER && h->action->del.by_qualifier))
		return 0;
	return -EAGAIN;
}

static bool is_multipath(int holders, const char *name)
{
	char path[2 * PINNED_NAME], uuid[MAX_MAP_NAME];

	snprintf(path, sizeof path, "%.*s/dm/uuid", PINNED_NAME, name);
	return sysfs_read_text(holders, path, uuid, sizeof uuid) == 0 &&
	       !strncmp(uuid, "mpath-", strlen("mpath-"));
}

/* A disk that is being unmade has no state any more, or says that it goes. */
static bool is_path_there(int slaves, const char *name)
{
	char path[2 * PINNED_NAME], state[PINNED_NAME];

	snprintf(path, sizeof path, "%.*s/device/state", PINNED_NAME, name);
	return sysfs_read_text(slaves, path, state, sizeof state) == 0 &&
	       device_state_from(state) != DEVICE_GOING;
}

/* It may be another map than the one whose use was judged: whoever uses that one has another path.
 * 0, -EBUSY: disk is its last, or negative errno. */
static int is_not_its_last(int holders, const char *map, const char *disk)
{
	_cleanup_(sysfs_list_done) struct sysfs_list slaves = { 0 };
	char path[2 * PINNED_NAME];
	const char *name;
	int r;

	snprintf(path, sizeof path, "%.*s/slaves", PINNED_NAME, map);
	r = sysfs_list_init(&slaves, holders, path);
	if (r < 0)
		return r;
	while ((name = sysfs_list_next(&slaves)))
		if (strcmp(name, disk) != 0 && is_path_there(sysfs_list_fd(&slaves), name))
			return 0;
	r = sysfs_list_end(&slaves);
	return r < 0 ? r : -EBUSY;
}

/* Nobody else can claim a disk that a multipath map holds. 1: there is none, 0: it may leave the
 * one that there is, or negative errno. */
static int leave_map(int dir, const char *disk)
{
	_cleanup_(sysfs_list_done) struct sysfs_list holders = { 0 };
	char path[2 * PINNED_NAME];
	const char *name;

	snprintf(path, sizeof path, "block/%s/holders", disk);
	if (sysfs_list_init(&holders, dir, path) < 0)
		return 1;
	while ((name = sysfs_list_next(&holders)))
		if (is_multipath(sysfs_list_fd(&holders), name))
			return is_not_its_last(sysfs_list_fd(&holders), name, disk);
	return 1;
}

/* A disk that is being made, or unmade, has a driver and no node: nothing can be said of its use.
 */
static int no_disk(int dir)
{
	struct stat s;

	return fstatat(dir, "driver", &s, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT ? 0 : -EAGAIN;
}

static bool is_out_of_reach(const struct hand *h)
{
	enum device_state state = handles_device_state(h->handles);

	return state == DEVICE_OFFLINE || state == DEVICE_TRANSPORT_OFFLINE;
}

static int is_unused(struct hand *h)
{
	char disk[PINNED_NAME];
	struct devt devt;
	int r;

	test_point("hand-before-claim");
	r = pinned_find(h->handles->dir, PINNED_DISK, disk, &devt);
	if (r == -ENOENT)
		return no_disk(h->handles->dir);
	if (r < 0)
		return r;
	r = h->action->del.claim ? 1 : leave_map(h->handles->dir, disk);
	if (r <= 0)
		return r;
	r = pinned_open_node(
		h->handles->dir, PINNED_DISK, O_RDONLY | O_EXCL | O_NONBLOCK, &h->claim, NULL);
	/* the kernel looks for other claims first, and lets nobody open what is offline */
	h->closed = r == -ENXIO && is_out_of_reach(h);
	return h->closed ? 0 : r;
}

/* What it would otherwise do while it goes, holding the host. That it cannot is no reason to stay:
 * nobody has written anything that is not there yet. */
static int flush(struct hand *h)
{
	test_point("hand-before-flush");
	if (h->claim >= 0 && ioctl(h->claim, BLKFLSBUF, 0) >= 0)
		fsync(h->claim);
	return 0;
}

static int is_still_closed(struct hand *h)
{
	return h->closed && !is_out_of_reach(h) ? -EAGAIN : 0;
}

static int is_fresh(struct hand *h)
{
	return hand_clock() - h->asked_ms > FRESH_MS ? -EAGAIN : is_timely(h);
}

static int daemon_lives(struct hand *h)
{
	return packet_peer_is_gone(h->socket) ? -EPIPE : 0;
}

static int write_delete(struct hand *h)
{
	ssize_t n;

	test_point("hand-before-write");
	h->written = true;
	n = write(h->handles->delete_file, "1", 1);
	if (n != 1)
		return n < 0 ? -errno : -EIO;
	if (h->action->del.fenced)
		fences_remove(h->handles->ino);
	return 0;
}

/* No hand needs the host for this, and a stuck one must not keep it from being done; nor must a
 * record that cannot be written. */
static int write_offline(struct hand *h)
{
	static const char word[] = "offline\n";
	int r;

	fences_write(&h->action->fence);
	test_point("hand-before-write");
	h->written = true;
	r = pwrite(h->handles->state, word, strlen(word), 0) < 0 ? -errno : is_offline(h);
	if (r < 0)
		fences_remove(h->action->fence.ino);
	return r;
}

/* What a hand may be sent for. */
enum {
	GONE = 1,
	FENCED = 2,
	DETACHED = 4, /* an operator's word: it is asked nothing */
	DELETE = GONE | FENCED | DETACHED,
	FENCE = 8,
	ANY = DELETE | FENCE
};

/* In this order; the first that fails ends it, and its stage is the answer. */
static const struct step {
	unsigned deeds;
	enum hand_stage stage;
	int (*take)(struct hand *h);
} steps[] = {
	{ DELETE, STAGE_LOCK, lock_host },
	{ ANY, STAGE_DAEMON, announce },
	{ GONE, STAGE_STATE, is_running },
	{ FENCED, STAGE_STATE, is_offline },
	{ DETACHED, STAGE_STATE, is_there },
	{ GONE, STAGE_TRANSPORT, way_is_up },
	{ ANY, STAGE_ASK, is_timely },
	{ GONE, STAGE_ASK, is_still_gone },
	{ DELETE, STAGE_CLAIM, is_unused },
	{ DETACHED, STAGE_CLAIM, flush },
	{ DETACHED, STAGE_STATE, is_still_closed },
	{ GONE, STAGE_STATE, is_running }, /* opening the disk may have waited */
	{ FENCED, STAGE_STATE, is_offline },
	{ GONE, STAGE_TRANSPORT, way_is_up },
	{ GONE, STAGE_ASK, is_fresh },
	{ FENCED | DETACHED, STAGE_ASK, is_timely },
	{ ANY, STAGE_DAEMON, daemon_lives },
	{ DELETE, STAGE_WRITE, write_delete },
	{ FENCE, STAGE_WRITE, write_offline },
};

static unsigned deed_of(const struct action *a)
{
	if (a->kind == ACT_FENCE)
		return FENCE;
	if (a->del.detached)
		return DETACHED;
	return a->del.fenced ? FENCED : GONE;
}

static int report(const struct hand *h, enum hand_stage stage, int result)
{
	struct observation o = {
		.kind = OBS_DONE,
		.path = h->action->path,
		.action = h->action->id,
		.result = result,
		.done = { .written = h->written,
			.asked = h->answers.asked,
			.stage = (uint8_t)stage },
	};

	o.done.tur = h->answers.tur;
	o.done.inquiry = h->answers.inquiry;
	return packet_send_patiently(h->socket, &o, observation_size(&o));
}

void hand_refuse(const struct action *action, int socket, enum hand_stage stage, int result)
{
	const struct observation o = {
		.kind = OBS_DONE,
		.path = action->path,
		.action = action->id,
		.result = result,
		.done = { .stage = (uint8_t)stage },
	};

	packet_send_one(socket, &o, observation_size(&o), NULL, 0);
}

/* What it kept open of others, nobody would learn the end of. */
static int settle(const struct hand *h)
{
	const int kept[] = {
		h->socket,
		h->end,
		h->locks,
		h->handles->dir,
		h->handles->delete_file,
		h->handles->state,
		h->handles->transport,
		h->handles->sg,
		h->handles->disk,
	};

	process_settle("pk-hand");
	return process_close_all_but(kept, ARRAY_SIZE(kept));
}

int hand_main(const struct action *action, const struct hand_order *order,
	const struct handles *handles, int socket, int end, int locks)
{
	struct hand h = {
		.action = action,
		.order = order,
		.handles = handles,
		.socket = socket,
		.end = end,
		.locks = locks,
		.claim = -1,
	};
	enum hand_stage stage = STAGE_LOCK;
	unsigned deed = deed_of(action);
	int r = settle(&h);

	test_point("hand-begin");
	for (size_t i = 0; i < ARRAY_SIZE(steps) && r >= 0; i++) {
		if (!(steps[i].deeds & deed))
			continue;
		stage = steps[i].stage;
		r = steps[i].take(&h);
	}
	test_point("hand-after-write");
	r = report(&h, r < 0 ? stage : STAGE_NONE, r);
	close_fd(h.claim);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
