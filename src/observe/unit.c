/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "observe/unit.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "port/sysfs.h"

static bool is_unit(const char *name, size_t len)
{
	static const char *const kinds[] = { ".service", ".scope", ".socket", ".mount", ".swap" };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		size_t n = strlen(kinds[i]);

		if (len > n && !strncmp(name + len - n, kinds[i], n))
			return true;
	}
	return false;
}

/* Slices stand above units. What is below a unit is its own business. */
static int parse_path(const char *path, char *ret)
{
	while (*path == '/') {
		size_t len = strcspn(++path, "/\n");

		if (is_unit(path, len) && len < UNIT_NAME) {
			snprintf(ret, UNIT_NAME, "%.*s", (int)len, path);
			return 0;
		}
		path += len;
	}
	return -ENODATA;
}

/* "0::/system.slice/a.service" of version 2, "1:name=systemd:/..." of version 1. */
int unit_parse(const char *cgroup, char ret[UNIT_NAME])
{
	static const char *const heads[] = { "0::", ":name=systemd:" };

	for (const char *line = cgroup; *line; line += strcspn(line, "\n"), line += *line == '\n')
		for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
			const char *head = i ? strchr(line, ':') : line;

			if (head && !strncmp(head, heads[i], strlen(heads[i])) &&
				parse_path(head + strlen(heads[i]), ret) == 0)
				return 0;
		}
	return -ENODATA;
}

int unit_read(int proc, uint32_t pid, char ret[UNIT_NAME])
{
	char path[32], text[4096];
	int r;

	snprintf(path, sizeof path, "%u/cgroup", pid);
	r = sysfs_read_text(proc, path, text, sizeof text);
	return r < 0 ? r : unit_parse(text, ret);
}
