/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "observe/visitor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "port/loop.h"

static int open_namespace(int root, const char *path, uint64_t inode)
{
	_cleanup_(closep) int fd = -1;
	struct stat st;

	while (*path == '/')
		path++;
	fd = openat(root, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_ino != inode || ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNS)
		return -ESTALE;
	return TAKE_FD(fd);
}

/* In the child: enters, says so, and waits to be let go, which its parent's death does as well. */
static _Noreturn void sit(int namespace, int socket)
{
	char c = 0;

	if (setns(namespace, CLONE_NEWNS) == 0 && send(socket, &c, 1, MSG_NOSIGNAL) == 1)
		while (recv(socket, &c, 1, 0) < 0 && errno == EINTR)
			;
	_exit(0);
}

/* It said that it is in; or it ended, and could not. */
static int wait_for_word(int socket, instant deadline)
{
	uint64_t left = instant_ms_between(loop_now(), deadline);
	struct pollfd wanted = { .fd = socket, .events = POLLIN };
	char c;
	int n;

	do
		n = poll(&wanted, 1, left > 10000 ? 10000 : (int)left);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return -ETIMEDOUT;
	return n > 0 && recv(socket, &c, 1, MSG_DONTWAIT) == 1 ? 0 : -EPERM;
}

int visitor_enter(int root, const char *path, uint64_t inode, instant deadline, struct visitor *ret)
{
	_cleanup_(closep) int namespace = open_namespace(root, path, inode);
	struct visitor visitor;
	int pair[2], r;

	if (namespace < 0)
		return namespace;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	visitor = (struct visitor){ .pid = fork(), .leave = pair[0] };
	if (visitor.pid == 0) {
		close(pair[0]);
		sit(namespace, pair[1]);
	}
	r = visitor.pid < 0 ? -errno : 0;
	close(pair[1]);
	if (r < 0) {
		close(pair[0]);
		return r;
	}
	r = wait_for_word(visitor.leave, deadline);
	if (r < 0)
		visitor_leave(&visitor);
	else
		*ret = visitor;
	return r;
}

void visitor_leave(struct visitor *visitor)
{
	close(visitor->leave);
	kill(visitor->pid, SIGKILL);
	while (waitpid(visitor->pid, NULL, 0) < 0 && errno == EINTR)
		;
}
