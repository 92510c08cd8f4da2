/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "act/fences.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "port/process.h"
#include "port/sysfs.h"

#define PREFIX "fence-"

enum { LINE_BYTES = 2048 };

static int open_folder(bool make)
{
	char path[256];
	int fd;

	snprintf(path, sizeof path, "%s/state", process_runtime_dir());
	if (make) {
		mkdir(process_runtime_dir(), 0755);
		mkdir(path, 0700);
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

static int write_file(int folder, const char *name, const char *line)
{
	_cleanup_(closep) int fd = openat(
		folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	size_t len = strlen(line);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, line, len);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -ENOSPC;
}

int fences_write(const struct act_fence *fence)
{
	_cleanup_(closep) int folder = open_folder(true);
	_cleanup_(text_done) struct text line = TEXT_INIT;
	struct observation o = { .kind = OBS_FENCED, .fenced = { .ino = fence->ino } };
	char name[64], fresh[sizeof name + 1];
	int r;

	if (folder < 0)
		return folder;
	TEXT_SET(o.fenced.sysfs, fence->sysfs);
	TEXT_SET(o.fenced.found, fence->found);
	observation_print(&o, &line);
	text_add(&line, "\n");
	snprintf(name, sizeof name, PREFIX "%" PRIu64, fence->ino);
	snprintf(fresh, sizeof fresh, ".%s", name);
	r = text_failed(&line) ? -ENOMEM : write_file(folder, fresh, text_str(&line));
	if (r >= 0 && renameat(folder, fresh, folder, name) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(folder, fresh, 0);
	return r;
}

void fences_remove(uint64_t ino)
{
	_cleanup_(closep) int folder = open_folder(false);
	char name[64];

	snprintf(name, sizeof name, PREFIX "%" PRIu64, ino);
	if (folder >= 0)
		unlinkat(folder, name, 0);
}

/* 1: the device is there, 0: it went, or negative errno. */
static int is_there(const struct obs_fenced *fenced)
{
	char path[MAX_SYSFS + 8];
	struct stat s;

	snprintf(path, sizeof path, "/sys/%s", fenced->sysfs);
	if (stat(path, &s) < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	return s.st_ino == fenced->ino;
}

/* The whole of a file, as text: how long it is, or negative errno. */
static ssize_t read_whole(int fd, char line[LINE_BYTES])
{
	size_t len = 0;
	ssize_t n;

	do {
		n = read(fd, line + len, LINE_BYTES - 1 - len);
		if (n > 0)
			len += (size_t)n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	line[len] = '\0';
	return n < 0 ? -errno : (ssize_t)len;
}

/* 0, -EBADMSG: it is no record, or other negative errno. */
static int read_file(int folder, const char *name, struct observation *ret)
{
	_cleanup_(closep) int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char line[LINE_BYTES];
	ssize_t n;
	int r;

	if (fd < 0)
		return errno == ELOOP ? -EBADMSG : -errno;
	n = read_whole(fd, line);
	if (n < 0)
		return (int)n;
	if (!strchr(line, '\n'))
		return -EBADMSG;
	r = observation_parse(line, ret);
	if (r < 0)
		return r == -ENOMEM ? r : -EBADMSG;
	return ret->kind == OBS_FENCED ? 0 : -EBADMSG;
}

/* A record that merely cannot be read stays. */
static int read_record(int folder, const char *name, observation_sink sink, void *arg)
{
	struct observation o;
	int r = read_file(folder, name, &o);

	if (r >= 0)
		r = is_there(&o.fenced);
	if (r == 1)
		sink(arg, &o);
	else if (r == 0 || r == -EBADMSG)
		unlinkat(folder, name, 0);
	return r == -EBADMSG ? 0 : r;
}

static int read_folder(int folder, struct sysfs_list *list, observation_sink sink, void *arg)
{
	const char *name;
	int r = 0;

	while (r >= 0 && (name = sysfs_list_next(list)))
		if (!strncmp(name, PREFIX, strlen(PREFIX)))
			r = read_record(folder, name, sink, arg);
	return r < 0 ? r : sysfs_list_end(list);
}

int fences_read(observation_sink sink, void *arg)
{
	_cleanup_(sysfs_list_done) struct sysfs_list list = { 0 };
	_cleanup_(closep) int folder = open_folder(false);
	int r = folder < 0 ? folder : sysfs_list_init(&list, folder, ".");

	if (r < 0)
		return r == -ENOENT && folder < 0 ? 0 : r;
	return read_folder(folder, &list, sink, arg);
}
