/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A multipathd that only talks: it holds the pid file and the address of a real one, and answers
 * "show config" with the text of a file as it is at that time. What it purges, its scenario does in
 * its place. Ends by a signal.
 *
 *   stub_multipathd FILE
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define PID_FILE "/run/multipathd.pid"
#define ADDRESS	 "/org/kernel/linux/storage/multipathd"

enum { MAX_REQUEST = 512, MAX_REPLY = 1024 * 1024, PATIENCE_S = 5 };

static int fail(const char *what)
{
	fprintf(stderr, "stub_multipathd: %s: %s\n", what, strerror(errno));
	return 1;
}

/* The lock lives as long as this process: its descriptor is never closed. */
static int hold_pid_file(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open(PID_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0 || fcntl(fd, F_SETLK, &lock) < 0 || ftruncate(fd, 0) < 0)
		return -1;
	return dprintf(fd, "%d\n", (int)getpid()) < 0 ? -1 : 0;
}

static int listen_at_address(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t len = offsetof(struct sockaddr_un, sun_path) + 1 + strlen(ADDRESS);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path + 1, ADDRESS, strlen(ADDRESS));
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, len) < 0 || listen(fd, 10) < 0)
		return -1;
	return fd;
}

static size_t read_file(const char *name, char *ret, size_t size)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	while (fd >= 0 && len < size && (n = read(fd, ret + len, size - len)) > 0)
		len += (size_t)n;
	if (fd >= 0)
		close(fd);
	return len;
}

/* The stock client puts blanks and a newline behind its words. */
static bool says(const char *request, const char *command)
{
	size_t len = strlen(command);

	return !strncmp(request, command, len) &&
	       request[len + strspn(request + len, " \n")] == '\0';
}

/* A request is its length, and as many bytes; so is the reply, whose last byte is NUL. */
static int answer(int client, const char *file)
{
	static char reply[MAX_REPLY];
	char request[MAX_REQUEST + 1] = "";
	size_t len;

	if (recv(client, &len, sizeof len, MSG_WAITALL) != (ssize_t)sizeof len || !len ||
		len > MAX_REQUEST || recv(client, request, len, MSG_WAITALL) != (ssize_t)len)
		return -1;
	if (says(request, "show config"))
		len = read_file(file, reply, sizeof reply - 1);
	else if (says(request, "show daemon"))
		len = (size_t)snprintf(reply, sizeof reply, "pid %d idle\n", (int)getpid());
	else
		len = (size_t)snprintf(reply, sizeof reply, "fail\n");
	reply[len++] = '\0';
	if (send(client, &len, sizeof len, MSG_NOSIGNAL) != (ssize_t)sizeof len ||
		send(client, reply, len, MSG_NOSIGNAL) != (ssize_t)len)
		return -1;
	return 0;
}

int main(int argc, char **argv)
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	int fd;

	if (argc != 2) {
		fprintf(stderr, "usage: stub_multipathd FILE\n");
		return 2;
	}
	fd = listen_at_address();
	if (fd < 0)
		return fail(ADDRESS);
	if (hold_pid_file() < 0)
		return fail(PID_FILE);
	for (;;) {
		int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

		if (client < 0)
			continue;
		setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
		setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
		while (answer(client, argv[1]) == 0)
			;
		close(client);
	}
}
