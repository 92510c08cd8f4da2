/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

#ifndef PR_SET_IO_FLUSHER
#define PR_SET_IO_FLUSHER 57
#endif

enum { MAX_KEPT = 16 };

static void settle_signals(void)
{
	static const struct {
		int signo;
		void (*handler)(int);
	} rows[] = {
		{ SIGPIPE, SIG_IGN }, /* a closed socket is an answer of send() */
		{ SIGHUP, SIG_IGN },
		{ SIGINT, SIG_IGN }, /* ^C is for the daemon, whose end is then ours */
		{ SIGTERM, SIG_DFL },
		{ SIGCHLD, SIG_DFL },
		{ SIGUSR1, SIG_DFL },
		{ SIGUSR2, SIG_DFL },
	};
	sigset_t none;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		signal(rows[i].signo, rows[i].handler);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

#ifdef __SANITIZE_ADDRESS__
void process_lock_memory(void)
{
	/* the sanitizer's shadow is terabytes of address space: nothing of it can be locked */
}
#else
/* Where a limit on locked memory stays, future memory is not locked: it could not be had at all. */
void process_lock_memory(void)
{
	const struct rlimit infinite = { RLIM_INFINITY, RLIM_INFINITY };
	struct rlimit limit;
	bool unlimited;

	setrlimit(RLIMIT_MEMLOCK, &infinite);
	unlimited = getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY;
	mlockall(unlimited ? MCL_CURRENT | MCL_FUTURE : MCL_CURRENT);
}
#endif

static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

void process_settle(const char *name)
{
	prctl(PR_SET_NAME, name);
	settle_signals();
	raise_descriptor_limit();
	process_lock_memory();
	prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0);
}

static int compare_fds(const void *a, const void *b)
{
	const int *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int close_from_to(unsigned first, unsigned last)
{
	if (first > last)
		return 0;
	return syscall(SYS_close_range, first, last, 0) < 0 ? -errno : 0;
}

/* Not below 3: numbers 0 to 2 keep their usual meaning, also when they came to us closed. */
static int settle_standard_fds(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return -errno;
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	if (fcntl(STDERR_FILENO, F_GETFD) < 0)
		dup2(null, STDERR_FILENO);
	if (null > STDERR_FILENO)
		close(null);
	return 0;
}

int process_close_all_but(const int *fds, size_t n_fds)
{
	int kept[MAX_KEPT];
	unsigned first = STDERR_FILENO + 1;
	size_t n = 0;
	int r;

	for (size_t i = 0; i < n_fds; i++)
		if (fds[i] > STDERR_FILENO && n < MAX_KEPT)
			kept[n++] = fds[i];
	qsort(kept, n, sizeof *kept, compare_fds);
	for (size_t i = 0; i < n; i++) {
		r = close_from_to(first, (unsigned)kept[i] - 1);
		if (r < 0)
			return r;
		first = (unsigned)kept[i] + 1;
	}
	r = close_from_to(first, ~0u);
	return r < 0 ? r : settle_standard_fds();
}

const char *process_runtime_dir(void)
{
	const char *dir = secure_getenv("PATHKEEPER_RUNTIME_DIR");

	return dir && *dir ? dir : "/run/pathkeeper";
}

int process_take_lock(void)
{
	const char *dir = process_runtime_dir();
	_cleanup_(closep) int fd = -1;
	char path[256];

	mkdir(dir, 0755);
	snprintf(path, sizeof path, "%s/lock", dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return -errno;
	return TAKE_FD(fd);
}
