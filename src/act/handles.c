/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "act/handles.h"

#include <errno.h>
#include <fcntl.h>

#include "base/cleanup.h"
#include "port/pinned.h"
#include "port/sg.h"
#include "port/sysfs.h"
#include "port/transport.h"

enum { DEFAULT_TIMEOUT_MS = 30000, MAX_TIMEOUT_S = 3600 };

static void close_one(int *fd)
{
	*fd = close_fd(*fd);
}

void handles_close(struct handles *h)
{
	close_one(&h->sg);
	close_one(&h->disk);
	close_one(&h->transport);
	close_one(&h->state);
	close_one(&h->delete_file);
	close_one(&h->dir);
	*h = HANDLES_NONE;
}

static int open_below(int dir, const char *name, int flags, int *ret)
{
	int fd = openat(dir, name, flags | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	*ret = fd;
	return 0;
}

static int open_transport(const char *sysfs, struct handles *h)
{
	char path[TRANSPORT_PATH];
	const struct transport *t = transport_find(sysfs, path);
	int r;

	if (!t)
		return 0;
	r = open_below(h->dir, path, O_RDONLY, &h->transport);
	if (r < 0)
		return r == -ENOENT && !t->required ? 0 : r;
	h->transport_words = t;
	return 0;
}

/* Not even waiting for a host in error recovery: O_NONBLOCK. */
static int open_nodes(struct handles *h)
{
	int r = pinned_open_node(h->dir, PINNED_SG, O_RDWR | O_NONBLOCK, &h->sg, NULL);

	if (r >= 0)
		return sg_prepare(h->sg);
	if (r != -ENOENT)
		return r;
	r = pinned_open_node(h->dir, PINNED_DISK, O_RDONLY | O_NONBLOCK, &h->disk, NULL);
	return r == -ENOENT ? -ENXIO : r;
}

static void read_timeout(struct handles *h)
{
	uint64_t s;

	h->timeout_ms = DEFAULT_TIMEOUT_MS;
	if (sysfs_read_number(h->dir, "timeout", &s) == 0 && s > 0 && s <= MAX_TIMEOUT_S)
		h->timeout_ms = (uint32_t)s * 1000;
}

static int open_all(const struct act_watch *watch, struct handles *h)
{
	int r = pinned_open(watch->sysfs, watch->ino, &h->dir);

	if (r < 0)
		return r;
	h->ino = watch->ino;
	r = open_below(h->dir, "delete", O_WRONLY, &h->delete_file);
	if (r < 0)
		return r;
	r = open_below(h->dir, "state", O_RDWR, &h->state);
	if (r < 0)
		return r;
	r = open_transport(watch->sysfs, h);
	if (r < 0)
		return r;
	r = open_nodes(h);
	if (r < 0)
		return r;
	read_timeout(h);
	return 0;
}

int handles_open(const struct act_watch *watch, struct handles *ret)
{
	_cleanup_(handles_close) struct handles h = HANDLES_NONE;
	int r = open_all(watch, &h);

	if (r < 0)
		return r;
	*ret = h;
	h = HANDLES_NONE;
	return 0;
}

enum device_state handles_device_state(const struct handles *h)
{
	char text[32];
	int r = pinned_read_open(h->state, text, sizeof text);

	if (r == -ENODEV)
		return DEVICE_GOING;
	return r < 0 ? DEVICE_UNKNOWN : device_state_from(text);
}

enum transport_state handles_transport_state(const struct handles *h)
{
	char text[32];

	if (h->transport < 0)
		return TRANSPORT_NONE;
	if (pinned_read_open(h->transport, text, sizeof text) < 0)
		return TRANSPORT_DOWN; /* nothing is to be believed that comes over it */
	return transport_is_up(h->transport_words, text) ? TRANSPORT_UP : TRANSPORT_DOWN;
}
