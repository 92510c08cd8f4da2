/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "observe/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "port/loop.h"
#include "port/sysfs.h"

/* What is known of the inode has to do: a file of a dead server must not be asked for. */
static int node_number(int at, const char *path, struct devt *ret)
{
	struct statx st;

	if (statx(at, path, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE, &st) < 0)
		return -errno;
	if (!S_ISBLK(st.stx_mode))
		return -ENOTBLK;
	*ret = (struct devt){ st.stx_rdev_major, st.stx_rdev_minor };
	return 0;
}

static int open_place(struct scan *scan, const char *path)
{
	int fd = sysfs_open(AT_FDCWD, path);

	scan->incomplete |= fd < 0;
	return fd;
}

void scan_init(struct scan *scan, instant deadline)
{
	*scan = (struct scan){
		.node_number = node_number,
		.trusted = geteuid(),
		.deadline = deadline,
	};
	scan->proc = open_place(scan, "/proc");
	scan->sys = open_place(scan, "/sys");
	scan->dev = open_place(scan, "/dev");
	scan->root = open_place(scan, "/");
}

void scan_done(struct scan *scan)
{
	scan->proc = close_fd(scan->proc);
	scan->sys = close_fd(scan->sys);
	scan->dev = close_fd(scan->dev);
	scan->root = close_fd(scan->root);
}

bool scan_goes_on(struct scan *scan)
{
	if (!instant_reached(loop_now(), scan->deadline))
		return true;
	scan->incomplete = true;
	return false;
}

static bool has_ended(int r)
{
	return r == -ENOENT || r == -ESRCH;
}

void scan_missed(struct scan *scan, int dir, int r)
{
	if (has_ended(r))
		return;
	if (dir >= 0 && faccessat(dir, "comm", F_OK, 0) < 0 && has_ended(-errno))
		return;
	scan->incomplete = true;
}

int scan_path_number(struct scan *scan, const char *path, struct devt *ret)
{
	int r;

	if (strncmp(path, "/dev/", 5) != 0 || !path[5] || path[5] == '/' || strstr(path, "/../"))
		return -ENOTBLK;
	r = scan->node_number(scan->dev, path + 5, ret);
	if (r < 0 && r != -ENOTBLK)
		scan_missed(scan, -1, r);
	return r;
}

int scan_read_text(struct scan *scan, int at, const char *path, char *ret, size_t size)
{
	int r = sysfs_read_text(at, path, ret, size);

	if (r < 0 && !sysfs_is_absence(r))
		scan_missed(scan, -1, r);
	return r;
}

void scan_list_end(struct scan *scan, int dir, const struct sysfs_list *list)
{
	int r = sysfs_list_end(list);

	if (r < 0)
		scan_missed(scan, dir, r);
}

bool scan_has(struct scan *scan, int at, const char *path)
{
	if (faccessat(at, path, F_OK, 0) == 0)
		return true;
	if (!sysfs_is_absence(-errno))
		scan_missed(scan, -1, -errno);
	return false;
}

static void visit_threads(struct scan *scan, int dir, uint32_t pid,
	void (*visit)(void *arg, int dir, uint32_t pid), void *arg)
{
	_cleanup_(sysfs_list_done) struct sysfs_list list = { 0 };
	const char *name;
	int r = sysfs_list_init(&list, dir, "task");

	if (r < 0) {
		scan_missed(scan, dir, r);
		return;
	}
	while ((name = sysfs_list_next(&list))) {
		_cleanup_(closep) int thread = openat(
			sysfs_list_fd(&list), name, O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (thread < 0)
			scan_missed(scan, -1, -errno);
		else
			visit(arg, thread, pid);
	}
	scan_list_end(scan, dir, &list);
}

/* A process whose first thread ended shows nothing in its own directory, its threads do. */
static bool leader_ended(int dir)
{
	char name[32];

	return sysfs_read_link(dir, "ns/mnt", name, sizeof name) == -ENOENT;
}

void scan_processes(struct scan *scan, void (*visit)(void *arg, int dir, uint32_t pid), void *arg)
{
	_cleanup_(sysfs_list_done) struct sysfs_list list = { 0 };
	const char *name;
	int r = sysfs_list_init(&list, scan->proc, ".");

	if (r < 0) {
		scan->incomplete = true;
		return;
	}
	while ((name = sysfs_list_next(&list)) && scan_goes_on(scan)) {
		_cleanup_(closep) int dir = -1;
		uint32_t pid;

		if (number_parse_u32(name, &pid) < 0)
			continue;
		dir = openat(scan->proc, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (dir < 0)
			scan_missed(scan, -1, -errno);
		else if (leader_ended(dir))
			visit_threads(scan, dir, pid, visit, arg);
		else
			visit(arg, dir, pid);
	}
	scan_list_end(scan, -1, &list);
}

bool scan_grow(struct scan *scan, void *array, size_t n, size_t size)
{
	void **all = array;
	void *grown;

	if (n & (n - 1))
		return true; /* room is made at every power of two */
	grown = realloc(*all, (n ? n * 2 : 1) * size);
	if (!grown) {
		scan->incomplete = true;
		return false;
	}
	*all = grown;
	return true;
}
