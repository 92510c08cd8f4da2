/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "observe/opens.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "base/text.h"
#include "port/sysfs.h"

enum {
	LINK_BYTES = 512,
	GENERATIONS = 4, /* a worker, a shell, a program of it */
};

/* Links that are never block nodes, though they look like paths: most descriptors are these. */
static const char *const never_nodes[] = {
	"/dev/null",
	"/dev/pts/",
	"/dev/ptmx",
	"/dev/shm/",
	"/dev/tty",
	"/dev/urandom",
	"/dev/zero",
	"/memfd:",
	"/proc/",
	"/sys/",
};

/* Whose descriptors are not use, when they belong to who may call itself so. */
static const char *const not_use[] = { "pk-", "pathkeeper", "multipathd" };

static bool begins(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

static const char *line_of(const char *text, const char *name)
{
	const char *at = begins(text, name) ? text : NULL;

	for (const char *line = text; !at && (line = strchr(line, '\n'));)
		at = begins(++line, name) ? line : NULL;
	return at ? at + strlen(name) : NULL;
}

int opens_parse_fdinfo(const char *text, uint64_t *ret_flags, uint32_t *ret_mount)
{
	const char *flags = line_of(text, "flags:"), *mount = line_of(text, "mnt_id:");
	unsigned long f, m;

	if (!flags || !mount)
		return -EBADMSG;
	f = strtoul(flags, NULL, 8);
	m = strtoul(mount, NULL, 10);
	if (m > UINT32_MAX)
		return -EBADMSG;
	*ret_flags = f;
	*ret_mount = (uint32_t)m;
	return 0;
}

int opens_read_fdinfo(int dir, const char *fd, uint64_t *ret_flags, uint32_t *ret_mount)
{
	char path[32], text[512];
	int r;

	snprintf(path, sizeof path, "fdinfo/%.16s", fd);
	r = sysfs_read_text(dir, path, text, sizeof text);
	return r < 0 ? r : opens_parse_fdinfo(text, ret_flags, ret_mount);
}

/*
 * May this link lead to a block node, and may it be followed? A node can lie anywhere, a container
 * may have it as /data/disk; but outside of /dev only a mount that answers by itself is followed,
 * and one that nobody has mounted any more is not.
 */
static bool may_be_node(const struct opens *o, int dir, const char *fd, const char *link)
{
	const struct mount_line *line;
	uint64_t flags;
	uint32_t mount;
	int r;

	if (link[0] != '/')
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(never_nodes); i++)
		if (begins(link, never_nodes[i]))
			return false;
	if (begins(link, "/dev/"))
		return true;
	r = opens_read_fdinfo(dir, fd, &flags, &mount);
	if (r < 0)
		scan_missed(o->scan, dir, r);
	line = r < 0 ? NULL : mounts_by_id(o->mounts, mount);
	return line && line->is_local;
}

static bool is_path_only(int dir, const char *fd)
{
	uint64_t flags;
	uint32_t mount;

	return opens_read_fdinfo(dir, fd, &flags, &mount) >= 0 && flags & O_PATH;
}

bool opens_is_ours(const struct scan *scan, int dir, const char *comm)
{
	struct stat st;

	if (fstat(dir, &st) < 0 || st.st_uid != scan->trusted)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(not_use); i++)
		if (begins(comm, not_use[i]))
			return true;
	return false;
}

static bool is_udev(const char *comm)
{
	return !strcmp(comm, "(udev-worker)") || !strcmp(comm, "systemd-udevd");
}

/* The number of its parent, 0 when that is not told: the name before it may hold anything. */
static uint32_t parent_of(int dir)
{
	char stat[512], *end;
	unsigned int parent = 0;

	if (sysfs_read_text(dir, "stat", stat, sizeof stat) < 0)
		return 0;
	end = strrchr(stat, ')');
	return end && sscanf(end + 1, " %*c %u", &parent) == 1 ? parent : 0;
}

/* A worker, or a program of a rule's, which ends with its event or is ended: "multipath -U". */
static bool is_udevs(const struct scan *scan, int dir, const char *comm)
{
	uint32_t parent = parent_of(dir);
	bool found = is_udev(comm);

	for (int i = 0; i < GENERATIONS && !found && parent > 1; i++) {
		char path[16], name[32];
		_cleanup_(closep) int process = -1;

		snprintf(path, sizeof path, "%u", parent);
		process = sysfs_open(scan->proc, path);
		if (process < 0 || sysfs_read_text(process, "comm", name, sizeof name) < 0)
			break;
		found = is_udev(name);
		parent = parent_of(process);
	}
	return found;
}

static bool is_known(const struct opens *o, const struct devt *devt, uint32_t pid)
{
	for (size_t i = o->n_uses; i && o->uses[i - 1].pid == pid; i--)
		if (devt_equal(&o->uses[i - 1].devt, devt))
			return true;
	return false;
}

static void add(struct opens *o, int dir, uint32_t pid, const struct devt *devt, const char *link)
{
	struct open_use use = { .devt = *devt, .pid = pid };

	sysfs_read_text(dir, "comm", use.comm, sizeof use.comm);
	if (is_known(o, devt, pid) || opens_is_ours(o->scan, dir, use.comm))
		return;
	use.udev = is_udevs(o->scan, dir, use.comm);
	TEXT_SET(use.what, link);
	if (scan_grow(o->scan, &o->uses, o->n_uses, sizeof *o->uses))
		o->uses[o->n_uses++] = use;
}

static void on_descriptor(struct opens *o, int dir, uint32_t pid, int fds, const char *fd)
{
	char link[LINK_BYTES];
	struct devt devt;
	ssize_t n = readlinkat(fds, fd, link, sizeof link - 1);
	int r;

	if (n < 0) {
		scan_missed(o->scan, dir, -errno);
		return;
	}
	link[n] = '\0'; /* a longer one is cut: its beginning is enough */
	if (!may_be_node(o, dir, fd, link))
		return;
	r = o->scan->node_number(fds, fd, &devt);
	if (r == -ENOTBLK)
		return;
	if (r < 0)
		scan_missed(o->scan, dir, r);
	else if (!is_path_only(dir, fd))
		add(o, dir, pid, &devt, link);
}

static void on_process(void *arg, int dir, uint32_t pid)
{
	struct opens *o = arg;
	_cleanup_(sysfs_list_done) struct sysfs_list list = { 0 };
	const char *name;
	int r = sysfs_list_init(&list, dir, "fd");

	if (r < 0) {
		scan_missed(o->scan, dir, r);
		return;
	}
	while ((name = sysfs_list_next(&list)) && scan_goes_on(o->scan))
		on_descriptor(o, dir, pid, sysfs_list_fd(&list), name);
	scan_list_end(o->scan, dir, &list);
}

void opens_read(struct scan *scan, const struct mounts *mounts, struct opens *ret)
{
	*ret = (struct opens){ .scan = scan, .mounts = mounts };
	scan_processes(scan, on_process, ret);
}

void opens_done(struct opens *opens)
{
	free(opens->uses);
}
