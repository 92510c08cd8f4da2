/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "observe/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "observe/opens.h"
#include "port/sysfs.h"

enum { LINK_BYTES = 4096 };

/* Links of a process that lead into a file system. */
static const char *const places[] = { "cwd", "root", "exe" };

static bool is_on(const struct mount_line *line, const struct devt *devt, const struct devt *source)
{
	return devt_equal(&line->devt, devt) && devt_equal(&line->source, source);
}

static bool is_critical(const struct mounts *m, const struct mount_line *line)
{
	for (size_t i = 0; i < m->n_uses; i++)
		if (m->uses[i].critical && is_on(line, &m->uses[i].devt, &m->uses[i].source))
			return true;
	return false;
}

static bool is_known(const struct files *f, const struct mount_line *line, uint32_t pid)
{
	for (size_t i = f->n_uses; i && f->uses[i - 1].pid == pid; i--)
		if (is_on(line, &f->uses[i - 1].devt, &f->uses[i - 1].source))
			return true;
	return false;
}

/* name: of the link, "" of a descriptor. */
static void add(struct files *f, int dir, uint32_t pid, const struct mount_line *line,
	const char *name, const char *link)
{
	struct file_use use = { .devt = line->devt, .source = line->source, .pid = pid };
	struct text what = TEXT_INIT;

	if ((!line->devt.major && !line->source.major) || is_known(f, line, pid) ||
		is_critical(f->mounts, line))
		return;
	sysfs_read_text(dir, "comm", use.comm, sizeof use.comm);
	if (opens_is_ours(f->scan, dir, use.comm) ||
		!scan_grow(f->scan, &f->uses, f->n_uses, sizeof *f->uses))
		return;
	text_addf(&what, "%s%s%s", name, *name ? " " : "", link);
	use.what = text_take(&what);
	if (use.what)
		f->uses[f->n_uses++] = use;
	else
		f->scan->incomplete = true;
}

/* 0 or negative errno. Of what is longer the beginning. */
static int read_link(int at, const char *name, char *ret)
{
	ssize_t n = readlinkat(at, name, ret, LINK_BYTES - 1);

	if (n < 0)
		return -errno;
	ret[n] = '\0';
	return 0;
}

/* A thread of the kernel runs no program and stands in the root of the first namespace. One that
 * runs none any more may hang in its end, and keep where it stood. */
static bool is_of_kernel(int dir, const char *link)
{
	char program[2];

	return !strcmp(link, "/") && readlinkat(dir, "exe", program, sizeof program) < 0 &&
	       errno == ENOENT;
}

static void on_place(struct files *f, int dir, uint32_t pid, uint64_t namespace, const char *name)
{
	const struct mount_line *line;
	char link[LINK_BYTES];
	int r = read_link(dir, name, link);

	if (r < 0) {
		scan_missed(f->scan, dir, r);
		return;
	}
	line = mounts_by_path(f->mounts, namespace, link);
	if (line && !is_of_kernel(dir, link))
		add(f, dir, pid, line, name, link);
}

static void on_descriptor(struct files *f, int dir, uint32_t pid, int fds, const char *fd)
{
	const struct mount_line *line;
	char link[LINK_BYTES];
	uint64_t flags;
	uint32_t mount;
	int r = read_link(fds, fd, link);

	if (r >= 0 && (link[0] != '/' || !strncmp(link, "/dev/", 5)))
		return;
	if (r >= 0)
		r = opens_read_fdinfo(dir, fd, &flags, &mount);
	if (r < 0) {
		scan_missed(f->scan, dir, r);
		return;
	}
	line = mounts_by_id(f->mounts, mount);
	if (line)
		add(f, dir, pid, line, "", link);
}

static void on_process(void *arg, int dir, uint32_t pid)
{
	_cleanup_(sysfs_list_done) struct sysfs_list list = { 0 };
	struct files *f = arg;
	uint64_t namespace;
	const char *name;
	int r = mounts_namespace(dir, &namespace);

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(places); i++)
		on_place(f, dir, pid, namespace, places[i]);
	if (r >= 0)
		r = sysfs_list_init(&list, dir, "fd");
	if (r < 0) {
		scan_missed(f->scan, dir, r);
		return;
	}
	while ((name = sysfs_list_next(&list)) && scan_goes_on(f->scan))
		on_descriptor(f, dir, pid, sysfs_list_fd(&list), name);
	scan_list_end(f->scan, dir, &list);
}

void files_read(struct scan *scan, const struct mounts *mounts, struct files *ret)
{
	*ret = (struct files){ .scan = scan, .mounts = mounts };
	scan_processes(scan, on_process, ret);
}

void files_done(struct files *files)
{
	for (size_t i = 0; i < files->n_uses; i++)
		free(files->uses[i].what);
	free(files->uses);
}
