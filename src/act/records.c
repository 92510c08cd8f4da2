/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "act/records.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "port/process.h"
#include "port/sysfs.h"

/* The longest that an observation can be: four bytes for each of a table. */
enum { LINE_BYTES = 4 * MAX_TABLE + 4096 };

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

int records_write_file(int folder, const char *name, const struct observation *o)
{
	_cleanup_(closep) int fd = openat(
		folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	_cleanup_(text_done) struct text line = TEXT_INIT;
	ssize_t n;

	if (fd < 0)
		return -errno;
	observation_print(o, &line);
	text_add(&line, "\n");
	if (text_failed(&line))
		return -ENOMEM;
	n = write(fd, text_str(&line), line.len);
	if (n < 0)
		return -errno;
	return (size_t)n == line.len ? 0 : -ENOSPC;
}

int records_write(const char *name, const struct observation *o)
{
	_cleanup_(closep) int folder = open_folder(true);
	char fresh[64];
	int r;

	if (folder < 0)
		return folder;
	snprintf(fresh, sizeof fresh, ".%s", name);
	r = records_write_file(folder, fresh, o);
	if (r >= 0 && renameat(folder, fresh, folder, name) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(folder, fresh, 0);
	return r;
}

int records_remove(const char *name)
{
	_cleanup_(closep) int folder = open_folder(false);

	if (folder < 0)
		return folder == -ENOENT ? 0 : folder;
	return unlinkat(folder, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

int records_has(const char *name)
{
	_cleanup_(closep) int folder = open_folder(false);
	struct stat s;

	if (folder < 0)
		return folder == -ENOENT ? 0 : folder;
	if (fstatat(folder, name, &s, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	return 1;
}

int records_are_of(const char *sysfs, uint64_t ino)
{
	char path[MAX_SYSFS + 8];
	struct stat s;

	snprintf(path, sizeof path, "/sys/%s", sysfs);
	if (stat(path, &s) < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	return s.st_ino == ino;
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

int records_read_file(
	int folder, const char *name, enum observation_kind kind, struct observation *ret)
{
	_cleanup_(closep) int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char line[LINE_BYTES];
	ssize_t n;
	int r;

	if (fd < 0)
		return errno == ELOOP ? -EBADMSG : -errno;
	n = read_whole(fd, line);
	if (n < 0)
		return n == -EISDIR ? -EBADMSG : (int)n;
	if (!strchr(line, '\n'))
		return -EBADMSG;
	r = observation_parse(line, ret);
	if (r < 0)
		return r == -ENOMEM ? r : -EBADMSG;
	return ret->kind == kind ? 0 : -EBADMSG;
}

int records_remove_all(const char *prefix)
{
	_cleanup_(sysfs_list_done) struct sysfs_list list = { 0 };
	_cleanup_(closep) int folder = open_folder(false);
	int r = folder < 0 ? folder : sysfs_list_init(&list, folder, ".");
	const char *name;

	if (r < 0)
		return r == -ENOENT && folder < 0 ? 0 : r;
	while ((name = sysfs_list_next(&list)))
		if (!strncmp(name, prefix, strlen(prefix)) && unlinkat(folder, name, 0) < 0)
			r = -errno;
	return r < 0 ? r : sysfs_list_end(&list);
}

struct reading {
	int folder;
	enum observation_kind kind;
	record_judge *is_there;
	observation_sink sink;
	void *arg;
};

/* A record that merely cannot be read stays. */
static int read_record(const struct reading *reading, const char *name)
{
	struct observation o;
	int r = records_read_file(reading->folder, name, reading->kind, &o);

	if (r >= 0)
		r = reading->is_there(&o);
	if (r == 1)
		reading->sink(reading->arg, &o);
	else if (r == 0 || r == -EBADMSG)
		unlinkat(reading->folder, name, 0);
	return r == -EBADMSG ? 0 : r;
}

int records_read(const char *prefix, enum observation_kind kind, record_judge *is_there,
	observation_sink sink, void *arg)
{
	_cleanup_(sysfs_list_done) struct sysfs_list list = { 0 };
	_cleanup_(closep) int folder = open_folder(false);
	const struct reading reading = { folder, kind, is_there, sink, arg };
	int r = folder < 0 ? folder : sysfs_list_init(&list, folder, ".");
	const char *name;

	if (r < 0)
		return r == -ENOENT && folder < 0 ? 0 : r;
	while (r >= 0 && (name = sysfs_list_next(&list)))
		if (!strncmp(name, prefix, strlen(prefix)))
			r = read_record(&reading, name);
	return r < 0 ? r : sysfs_list_end(&list);
}
