/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "observe/uevent.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "observe/uevent_parse.h"
#include "port/loop.h"

enum {
	RECEIVE_BYTES = 128 * 1024 * 1024,
	MESSAGE_BYTES = 32 * 1024, /* the kernel's are 2 KiB, udev's a few times that */
	AT_A_TIME = 64,		   /* then the loop may look at something else */
};

struct listener {
	struct uevent *uevent;
	enum uevent_origin origin;
	int fd;
	struct source *source;
};

struct uevent {
	observation_sink sink;
	void *arg;
	struct listener kernel, udev;
	uint8_t message[MESSAGE_BYTES];
};

DEFINE_FREEP(struct uevent, uevent_free)

static void tell_lost(struct uevent *uevent)
{
	struct observation o = { .kind = OBS_UEVENTS_LOST, .at = loop_now() };

	uevent->sink(uevent->arg, &o);
}

static bool is_genuine(enum uevent_origin origin, struct msghdr *m, const struct sockaddr_nl *from)
{
	const struct ucred *sender = NULL;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS &&
			c->cmsg_len == CMSG_LEN(sizeof *sender))
			sender = (const struct ucred *)CMSG_DATA(c);
	return m->msg_namelen == sizeof *from && from->nl_family == AF_NETLINK &&
	       uevent_is_genuine(origin, from->nl_pid, from->nl_groups, sender != NULL,
		       sender ? sender->uid : 0);
}

/* 1: there may be more, 0: not now. What kept it from being received may have cost an event. */
static int receive_one(struct listener *l)
{
	struct uevent *uevent = l->uevent;
	union {
		struct cmsghdr align;
		uint8_t bytes[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	struct sockaddr_nl from;
	struct iovec part = { uevent->message, sizeof uevent->message };
	struct msghdr m = {
		.msg_name = &from,
		.msg_namelen = sizeof from,
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control,
	};
	struct observation o = { .kind = OBS_UEVENT };
	ssize_t n = recvmsg(l->fd, &m, MSG_DONTWAIT);

	if (n < 0) {
		bool again = errno == ENOBUFS || errno == EINTR;

		if (errno != EAGAIN && errno != EINTR)
			tell_lost(uevent);
		return again;
	}
	if (!is_genuine(l->origin, &m, &from))
		return 1;
	if (m.msg_flags & MSG_TRUNC) {
		tell_lost(uevent);
		return 1;
	}
	if (uevent_parse(l->origin, uevent->message, (size_t)n, &o.uevent) <= 0)
		return 1;
	o.at = loop_now();
	uevent->sink(uevent->arg, &o);
	return 1;
}

static void on_ready(void *arg, int fd, uint32_t events)
{
	(void)fd;
	(void)events;
	for (int i = 0; i < AT_A_TIME && receive_one(arg) > 0; i++)
		;
}

static int receive_bytes(void)
{
#ifdef PATHKEEPER_TEST_POINTS
	const char *wanted = getenv("PATHKEEPER_TEST_UEVENT_RCVBUF");
	uint32_t bytes;

	if (wanted && number_parse_u32(wanted, &bytes) >= 0)
		return (int)bytes;
#endif
	return RECEIVE_BYTES;
}

static int enlarge(int fd)
{
	const int bytes = receive_bytes();

	/* without the capability the system's own limit has to do: losses are noticed */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) < 0 &&
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes) < 0)
		return -errno;
	return 0;
}

static int listen_to(
	struct uevent *uevent, struct loop *loop, enum uevent_origin origin, struct listener *l)
{
	const struct sockaddr_nl address = {
		.nl_family = AF_NETLINK,
		.nl_groups = origin == UEVENT_FROM_KERNEL ? 1 : 2,
	};
	const int yes = 1;
	int r;

	l->uevent = uevent;
	l->origin = origin;
	l->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
	if (l->fd < 0)
		return -errno;
	if (setsockopt(l->fd, SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) < 0)
		return -errno;
	r = enlarge(l->fd);
	if (r < 0)
		return r;
	if (bind(l->fd, (const struct sockaddr *)&address, sizeof address) < 0)
		return -errno;
	return loop_watch(loop, l->fd, EPOLLIN, PRIORITY_UEVENT, on_ready, l, &l->source);
}

int uevent_new(struct loop *loop, observation_sink sink, void *arg, struct uevent **ret)
{
	_cleanup_(uevent_freep) struct uevent *uevent = calloc(1, sizeof *uevent);
	int r;

	if (!uevent)
		return -ENOMEM;
	uevent->sink = sink;
	uevent->arg = arg;
	uevent->kernel.fd = uevent->udev.fd = -1;
	r = listen_to(uevent, loop, UEVENT_FROM_KERNEL, &uevent->kernel);
	if (r >= 0)
		r = listen_to(uevent, loop, UEVENT_FROM_UDEV, &uevent->udev);
	if (r < 0)
		return r;
	*ret = TAKE(uevent);
	return 0;
}

struct uevent *uevent_free(struct uevent *uevent)
{
	if (!uevent)
		return NULL;
	source_free(uevent->kernel.source);
	source_free(uevent->udev.source);
	close_fd(uevent->kernel.fd);
	close_fd(uevent->udev.fd);
	free(uevent);
	return NULL;
}
