/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/config_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/text.h"
#include "config/hwtable.h"
#include "port/packet.h"

#define MULTIPATH_CONF	"/etc/multipath.conf"
#define MULTIPATH_DIR	"/etc/multipath/conf.d"
#define PATHKEEPER_CONF "/etc/pathkeeper/pathkeeper.conf"

enum { MAX_FILE = 16 << 20 };

static char the_ours[256];

void config_files_set_ours(const char *ours)
{
	TEXT_SET(the_ours, ours ? ours : "");
}

const char *config_files_ours(void)
{
	return the_ours[0] ? the_ours : NULL;
}

void config_files_done(struct config_files *files)
{
	for (size_t i = 0; i < files->n; i++) {
		free((char *)files->files[i].name);
		free((char *)files->files[i].text);
	}
	free(files->files);
	*files = CONFIG_FILES_INIT;
}

/* name and text are taken, also on failure. */
static int add(
	struct config_files *files, char *name, char *text, size_t len, enum config_file_kind kind)
{
	_cleanup_(freep) char *owned_name = name;
	_cleanup_(freep) char *owned_text = text;

	if (!name || !text)
		return -ENOMEM;
	if (files->n == files->max) {
		size_t max = files->max ? files->max * 2 : 8;
		struct config_file *more = realloc(files->files, max * sizeof *more);

		if (!more)
			return -ENOMEM;
		files->files = more;
		files->max = max;
	}
	files->files[files->n++] = (struct config_file){
		.name = TAKE(owned_name),
		.text = TAKE(owned_text),
		.len = len,
		.kind = kind,
	};
	return 0;
}

static int read_all(int fd, char **ret, size_t *ret_len)
{
	_cleanup_(freep) char *bytes = NULL;
	size_t len = 0, size = 0;

	for (;;) {
		ssize_t n;

		if (len + 1 >= size) {
			char *more;

			size = size ? size * 2 : 8192;
			if (size > MAX_FILE)
				return -EFBIG;
			more = realloc(bytes, size);
			if (!more)
				return -ENOMEM;
			bytes = more;
		}
		n = read(fd, bytes + len, size - len - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	bytes[len] = '\0';
	*ret = TAKE(bytes);
	*ret_len = len;
	return 0;
}

static int add_hardware_table(struct config_files *files)
{
	return add(files, strdup(HWTABLE_NAME), strdup(hwtable_text), hwtable_len, FILE_HARDWARE);
}

static int read_one(
	struct config_files *files, const char *path, bool must_exist, enum config_file_kind kind)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	char *text = NULL;
	size_t len = 0;
	int r;

	if (fd < 0)
		return errno == ENOENT && !must_exist ? 0 : -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	r = read_all(fd, &text, &len);
	return r < 0 ? r : add(files, strdup(path), text, len, kind);
}

bool config_files_is_drop_in(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && !strcmp(dot, ".conf");
}

static int is_drop_in(const struct dirent *entry)
{
	return config_files_is_drop_in(entry->d_name);
}

static int read_drop_ins(struct config_files *files, char **ret_failed)
{
	struct dirent **names;
	int n = scandir(MULTIPATH_DIR, &names, is_drop_in, alphasort), r = 0;

	if (n < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0; /* no such folder is no drop-in */
	if (n < 0) {
		int failed = -errno;

		*ret_failed = strdup(MULTIPATH_DIR);
		return failed;
	}
	for (int i = 0; i < n; i++) {
		char path[512];

		snprintf(path, sizeof path, "%s/%s", MULTIPATH_DIR, names[i]->d_name);
		if (r >= 0)
			r = read_one(files, path, false, FILE_DROP_IN);
		if (r < 0 && !*ret_failed)
			*ret_failed = strdup(path);
		free(names[i]);
	}
	free(names);
	return r;
}

int config_files_read(const char *ours, struct config_files *ret, char **ret_failed)
{
	struct config_files files = CONFIG_FILES_INIT;
	const char *name = MULTIPATH_CONF;
	char *failed = NULL;
	int r = add_hardware_table(&files);

	if (r >= 0)
		r = read_one(&files, MULTIPATH_CONF, false, FILE_MAIN);
	if (r >= 0)
		r = read_drop_ins(&files, &failed);
	if (r >= 0) {
		name = ours ? ours : PATHKEEPER_CONF;
		r = read_one(&files, name, ours != NULL, FILE_MAIN);
	}
	if (r < 0) {
		config_files_done(&files);
		if (ret_failed)
			*ret_failed = failed ? failed : strdup(name);
		else
			free(failed);
		return r;
	}
	*ret = files;
	return 0;
}

int config_files_read_one(const char *path, struct config_files *ret)
{
	struct config_files files = CONFIG_FILES_INIT;
	int r = add_hardware_table(&files);

	if (r >= 0)
		r = read_one(&files, path, true, FILE_MAIN);
	if (r < 0) {
		config_files_done(&files);
		return r;
	}
	*ret = files;
	return 0;
}

/* ---- in memory ------------------------------------------------------------------------------- */

struct packed {
	uint32_t name_len, text_len, kind;
};

static int write_all(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

int config_files_pack(const struct config_files *files)
{
	_cleanup_(closep) int fd = memfd_create(
		"pathkeeper-config", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int r = 0;

	if (fd < 0)
		return -errno;
	for (size_t i = 0; i < files->n && r >= 0; i++) {
		const struct config_file *f = &files->files[i];
		struct packed head = { (uint32_t)strlen(f->name), (uint32_t)f->len, f->kind };

		r = write_all(fd, &head, sizeof head);
		if (r >= 0)
			r = write_all(fd, f->name, head.name_len);
		if (r >= 0)
			r = write_all(fd, f->text, head.text_len);
	}
	if (r < 0)
		return r;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static int read_exactly(int fd, off_t *at, void *bytes, size_t len)
{
	ssize_t n = pread(fd, bytes, len, *at);

	if (n < 0)
		return -errno;
	*at += n;
	return n == 0 ? 0 : (size_t)n == len ? 1 : -EBADMSG;
}

static int unpack_one(int fd, off_t *at, struct config_files *files)
{
	_cleanup_(freep) char *name = NULL;
	_cleanup_(freep) char *text = NULL;
	struct packed head;
	int r = read_exactly(fd, at, &head, sizeof head);

	if (r <= 0)
		return r;
	if (head.name_len > 4096 || head.text_len > MAX_FILE || head.kind > FILE_HARDWARE)
		return -EBADMSG;
	name = calloc(1, head.name_len + 1);
	text = calloc(1, head.text_len + 1);
	if (!name || !text)
		return -ENOMEM;
	if ((head.name_len && read_exactly(fd, at, name, head.name_len) != 1) ||
		(head.text_len && read_exactly(fd, at, text, head.text_len) != 1))
		return -EBADMSG;
	r = add(files, TAKE(name), TAKE(text), head.text_len, (enum config_file_kind)head.kind);
	return r < 0 ? r : 1;
}

int config_files_unpack(int fd, struct config_files *ret)
{
	struct config_files files = CONFIG_FILES_INIT;
	off_t at = 0;
	int r;

	do
		r = unpack_one(fd, &at, &files);
	while (r > 0);
	if (r < 0) {
		config_files_done(&files);
		return r;
	}
	*ret = files;
	return 0;
}

/* ---- the helper ------------------------------------------------------------------------------ */

int config_reader_main(int socket, uint32_t tag)
{
	struct config_files files = CONFIG_FILES_INIT;
	struct config_reading reading = { .magic = CONFIG_READING };
	_cleanup_(freep) char *failed = NULL;
	_cleanup_(closep) int fd = -1;
	int r = config_files_read(config_files_ours(), &files, &failed);

	(void)tag;
	if (r >= 0) {
		fd = config_files_pack(&files);
		r = fd < 0 ? fd : 0;
	}
	config_files_done(&files);
	reading.result = r;
	if (failed)
		TEXT_SET(reading.failed, failed);
	r = packet_send_one(socket, &reading, sizeof reading, &fd, fd < 0 ? 0 : 1);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
