/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port/multipathd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "base/text.h"
#include "port/loop.h"
#include "port/sysfs.h"

#define PID_FILE "/run/multipathd.pid"
#define ADDRESS	 "/org/kernel/linux/storage/multipathd"

enum { MAX_REQUEST = 512, MAX_REPLY = 8 * 1024 * 1024, CONNECT_AGAIN_MS = 50 };

/* 1, 0 (also: there is no such process), or negative errno. */
static int is_named(uint32_t pid, const char *name)
{
	char path[32], comm[32];
	int r;

	snprintf(path, sizeof path, "/proc/%u/comm", pid);
	r = sysfs_read_text(AT_FDCWD, path, comm, sizeof comm);
	if (r < 0)
		return r == -ENOENT || r == -ESRCH ? 0 : r;
	return !strcmp(comm, name);
}

/* 1: somebody holds its lock (*ret is 0 where the kernel cannot name him to us), 0: nobody, or
 * negative errno. */
static int lock_holder(uint32_t *ret)
{
	_cleanup_(closep) int fd = open(PID_FILE, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fcntl(fd, F_GETLK, &lock) < 0)
		return -errno;
	*ret = lock.l_pid > 0 ? (uint32_t)lock.l_pid : 0;
	return lock.l_type != F_UNLCK;
}

/* What its file says; 0: nothing. */
static int read_pid(uint32_t *ret)
{
	uint64_t pid;
	int r = sysfs_read_number(AT_FDCWD, PID_FILE, &pid);

	if (r < 0 && r != -ENOENT && r != -EINVAL && r != -ERANGE)
		return r;
	*ret = r >= 0 && pid <= INT32_MAX ? (uint32_t)pid : 0;
	return 0;
}

int multipathd_is_running(uint32_t *ret_pid)
{
	uint32_t holder = 0, pid = 0;
	int r = read_pid(&pid), is_locked = lock_holder(&holder);

	if (is_locked < 0)
		return is_locked;
	if (is_locked == 0) {
		if (r >= 0 && pid)
			r = is_named(pid, "multipathd");
		if (r <= 0 || !pid)
			return r < 0 ? r : 0;
	}
	if (ret_pid)
		*ret_pid = holder ? holder : pid;
	return 1;
}

int multipathd_frame(const char *command, struct text *ret)
{
	size_t len = strlen(command) + 1;

	if (len > MAX_REQUEST)
		return -E2BIG;
	text_add_bytes(ret, (const char *)&len, sizeof len);
	text_add_bytes(ret, command, len);
	return text_failed(ret) ? -ENOMEM : 0;
}

static int wait_until(int fd, short events, instant deadline)
{
	struct pollfd wanted = { .fd = fd, .events = events };

	for (;;) {
		uint64_t left = instant_ms_between(loop_now(), deadline);
		int n;

		if (!left)
			return -ETIMEDOUT;
		n = poll(&wanted, 1, (int)left);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
}

/* The address is abstract: anybody may listen there while no multipathd does. */
static int check_peer(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof peer;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return -errno;
	return peer.uid == 0 ? 0 : -EPERM;
}

static int connect_until(int fd, instant deadline)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct timespec pause = { .tv_nsec = CONNECT_AGAIN_MS * 1000000L };
	socklen_t len = offsetof(struct sockaddr_un, sun_path) + 1 + strlen(ADDRESS);

	memcpy(address.sun_path + 1, ADDRESS, strlen(ADDRESS));
	while (connect(fd, (const struct sockaddr *)&address, len) < 0) {
		if (errno != EAGAIN && errno != EINTR) /* EAGAIN: its queue is full */
			return -errno;
		if (instant_reached(loop_now(), deadline))
			return -ETIMEDOUT;
		nanosleep(&pause, NULL);
	}
	return check_peer(fd);
}

static int send_all(int fd, const char *bytes, size_t len, instant deadline)
{
	while (len) {
		ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		int r = n < 0 ? -errno : 0;

		if (r == -EAGAIN)
			r = wait_until(fd, POLLOUT, deadline);
		if (r < 0)
			return r;
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

static int receive_all(int fd, char *ret, size_t len, instant deadline)
{
	while (len) {
		ssize_t n = recv(fd, ret, len, MSG_DONTWAIT);
		int r = n < 0 ? -errno : 0;

		if (n == 0)
			return -ECONNRESET;
		if (r == -EAGAIN)
			r = wait_until(fd, POLLIN, deadline);
		if (r < 0)
			return r;
		if (n > 0) {
			ret += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

static int receive_reply(int fd, instant deadline, struct text *reply)
{
	_cleanup_(freep) char *bytes = NULL;
	size_t len;
	int r = receive_all(fd, (char *)&len, sizeof len, deadline);

	if (r < 0)
		return r;
	if (!len || len > MAX_REPLY)
		return -EBADMSG;
	bytes = malloc(len);
	if (!bytes)
		return -ENOMEM;
	r = receive_all(fd, bytes, len, deadline);
	if (r < 0)
		return r;
	bytes[len - 1] = '\0';
	text_add(reply, bytes);
	return text_failed(reply) ? -ENOMEM : 0;
}

int multipathd_ask(const char *command, uint32_t timeout_ms, struct text *reply)
{
	_cleanup_(text_done) struct text frame = TEXT_INIT;
	_cleanup_(closep) int fd = -1;
	instant deadline = instant_add_ms(loop_now(), timeout_ms);
	int r = multipathd_frame(command, &frame);

	if (r < 0)
		return r;
	r = multipathd_is_running(NULL);
	if (r <= 0)
		return r < 0 ? r : -ESRCH;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	r = connect_until(fd, deadline);
	if (r >= 0)
		r = send_all(fd, frame.bytes, frame.len, deadline);
	if (r >= 0)
		r = receive_reply(fd, deadline, reply);
	return r;
}
