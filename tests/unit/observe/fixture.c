/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/number.h"

static void die(const char *what)
{
	fprintf(stderr, "fixture: %s: %s\n", what, strerror(errno));
	abort();
}

static void make_parents(int root, const char *path)
{
	char part[512];

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
		if (mkdirat(root, part, 0755) < 0 && errno != EEXIST)
			die(part);
	}
}

static void make_file(int root, const char *path, const void *bytes, size_t n)
{
	_cleanup_(closep) int fd = openat(
		root, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, bytes, n) != (ssize_t)n)
		die(path);
}

static void make_entry(int root, char *line)
{
	char *sign;
	uint8_t bytes[1024];

	if (!*line || *line == '#')
		return;
	if (line[strlen(line) - 1] == '/' && !strstr(line, " -> ")) {
		make_parents(root, line);
	} else if ((sign = strstr(line, " -> "))) {
		*sign = '\0';
		make_parents(root, line);
		if (symlinkat(sign + 4, root, line) < 0)
			die(line);
	} else if ((sign = strstr(line, " = "))) {
		int n = number_parse_bytes(sign + 3, bytes, sizeof bytes);

		*sign = '\0';
		make_parents(root, line);
		if (n < 0)
			die(line);
		make_file(root, line, bytes, (size_t)n);
	} else if ((sign = strstr(line, ": "))) {
		*sign = '\0';
		make_parents(root, line);
		strcat(sign + 2, "\n");
		make_file(root, line, sign + 2, strlen(sign + 2));
	} else {
		errno = EINVAL;
		die(line);
	}
}

void fixture_add(struct fixture *f, const char *text)
{
	char line[2048];

	while (*text) {
		size_t n = strcspn(text, "\n");

		snprintf(line, sizeof line, "%.*s", (int)n, text);
		make_entry(f->fd, line);
		text += n + (text[n] == '\n');
	}
}

void fixture_init(struct fixture *f, const char *name)
{
	_cleanup_(freep) char *text = NULL;
	char path[512];
	size_t size = 0;
	ssize_t n;
	FILE *file;

	strcpy(f->root, "/tmp/pathkeeper-fixture.XXXXXX");
	if (!mkdtemp(f->root))
		die(f->root);
	f->fd = open(f->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	snprintf(path, sizeof path, "%s/%s", FIXTURES, name);
	file = fopen(path, "re");
	if (!file)
		die(path);
	n = getdelim(&text, &size, '\0', file);
	fclose(file);
	if (n > 0)
		fixture_add(f, text);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void fixture_remove(struct fixture *f, const char *path)
{
	char whole[512];

	snprintf(whole, sizeof whole, "%s/%s", f->root, path);
	nftw(whole, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void fixture_done(struct fixture *f)
{
	nftw(f->root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	close(f->fd);
}
