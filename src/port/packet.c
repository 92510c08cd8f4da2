/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port/packet.h"

#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/cleanup.h"

enum { SOCKET_BUFFER_BYTES = 1024 * 1024 };

union control {
	struct cmsghdr align;
	uint8_t bytes[CMSG_SPACE(PACKET_FDS * sizeof(int))];
};

static void enlarge(int socket)
{
	const int wanted = SOCKET_BUFFER_BYTES;

	/* Without the capability the system's own limit has to do. */
	if (setsockopt(socket, SOL_SOCKET, SO_SNDBUFFORCE, &wanted, sizeof wanted) < 0)
		setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &wanted, sizeof wanted);
}

int packet_pair(int ret[2])
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return -errno;
	enlarge(pair[0]);
	enlarge(pair[1]);
	ret[0] = pair[0];
	ret[1] = pair[1];
	return 0;
}

void packet_clear(struct packet *p)
{
	p->len = p->read = p->n_fds = 0;
}

int packet_add(struct packet *p, const void *record, size_t size)
{
	uint32_t size32 = (uint32_t)size;

	if (size > PACKET_MAX || p->len > PACKET_MAX - sizeof size32 ||
		size > PACKET_MAX - sizeof size32 - p->len)
		return -ENOSPC;
	memcpy(p->bytes + p->len, &size32, sizeof size32);
	memcpy(p->bytes + p->len + sizeof size32, record, size);
	p->len += sizeof size32 + size;
	return 0;
}

static int send_message(
	int socket, struct iovec *parts, size_t n_parts, const int *fds, size_t n_fds)
{
	union control control;
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = n_parts };

	if (n_fds > PACKET_FDS)
		return -EINVAL;
	if (n_fds) {
		struct cmsghdr *header = &control.align;

		memset(&control, 0, sizeof control);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		memcpy(CMSG_DATA(header), fds, n_fds * sizeof(int));
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
	}
	if (sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return errno == EWOULDBLOCK ? -EAGAIN : -errno;
	return 0;
}

int packet_send(int socket, const struct packet *p)
{
	struct iovec part = { .iov_base = (void *)p->bytes, .iov_len = p->len };

	return send_message(socket, &part, 1, p->fds, p->n_fds);
}

int packet_send_one(int socket, const void *record, size_t size, const int *fds, size_t n_fds)
{
	uint32_t size32 = (uint32_t)size;
	struct iovec parts[] = {
		{ .iov_base = &size32, .iov_len = sizeof size32 },
		{ .iov_base = (void *)record, .iov_len = size },
	};

	if (size > PACKET_MAX - sizeof size32)
		return -EMSGSIZE;
	return send_message(socket, parts, ARRAY_SIZE(parts), fds, n_fds);
}

/* More control bytes than we offer are cut by the kernel, which closes what does not fit. */
static void take_fds(struct msghdr *message, struct packet *p)
{
	for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header;
		header = CMSG_NXTHDR(message, header)) {
		size_t n;

		if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
			continue;
		n = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n && p->n_fds < PACKET_FDS; i++)
			memcpy(&p->fds[p->n_fds++], CMSG_DATA(header) + i * sizeof(int),
				sizeof(int));
	}
}

int packet_receive(int socket, struct packet *ret)
{
	union control control;
	struct iovec part = { .iov_base = ret->bytes, .iov_len = sizeof ret->bytes };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control,
	};
	ssize_t n;

	packet_clear(ret);
	/* A peer that closed without reading all of ours is reported once by ECONNRESET, before
	 * what it had sent itself; its last words are still to be read. */
	do {
		n = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	} while (n < 0 && (errno == EINTR || errno == ECONNRESET));
	if (n < 0)
		return errno == EWOULDBLOCK ? -EAGAIN : -errno;
	take_fds(&message, ret);
	if (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		packet_done(ret);
		packet_clear(ret);
		return -EBADMSG;
	}
	ret->len = (size_t)n;
	return n > 0; /* nobody sends an empty packet */
}

int packet_next(struct packet *p, void *ret, size_t size)
{
	uint32_t size32;
	size_t left = p->len - p->read;

	if (!left)
		return 0;
	if (left >= sizeof size32) {
		memcpy(&size32, p->bytes + p->read, sizeof size32);
		left -= sizeof size32;
		if (size32 && size32 <= left && size32 <= size) {
			memcpy(ret, p->bytes + p->read + sizeof size32, size32);
			memset((uint8_t *)ret + size32, 0, size - size32);
			p->read += sizeof size32 + size32;
			return 1;
		}
	}
	p->read = p->len;
	return -EBADMSG;
}

void packet_done(struct packet *p)
{
	for (size_t i = 0; i < p->n_fds; i++)
		p->fds[i] = close_fd(p->fds[i]);
	p->n_fds = 0;
}

int packet_wait(int socket, bool for_room)
{
	struct pollfd wanted = { .fd = socket, .events = for_room ? POLLOUT : POLLIN };

	while (poll(&wanted, 1, -1) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

int packet_receive_patiently(int socket, struct packet *ret)
{
	int r;

	do {
		r = packet_wait(socket, false);
		if (r >= 0)
			r = packet_receive(socket, ret);
	} while (r == -EAGAIN);
	return r;
}

int packet_send_patiently(int socket, const void *record, size_t size)
{
	int r;

	while ((r = packet_send_one(socket, record, size, NULL, 0)) == -EAGAIN) {
		r = packet_wait(socket, true);
		if (r < 0)
			return r;
	}
	return r;
}

bool packet_peer_is_gone(int socket)
{
	struct pollfd end = { .fd = socket };

	/* POLLHUP on a packet socket: the peer closed, whatever is still to be read. */
	return poll(&end, 1, 0) < 0 || end.revents & (POLLHUP | POLLERR | POLLNVAL);
}

size_t packet_untaken_bytes(int socket)
{
	int n;

	return ioctl(socket, SIOCOUTQ, &n) < 0 || n < 0 ? 0 : (size_t)n;
}
