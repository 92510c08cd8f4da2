/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "observe/backings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "observe/mountinfo.h"
#include "port/sysfs.h"

static void add(struct scan *scan, struct backings *b, const struct backing *what)
{
	struct backing *added;

	if (!scan_grow(scan, &b->all, b->n, sizeof *b->all) ||
		!scan_grow(scan, &b->places, b->n, sizeof *b->places))
		return;
	added = &b->all[b->n];
	*added = *what;
	added->path = strdup(what->path);
	if (!added->path) {
		scan->incomplete = true;
		return;
	}
	b->places[b->n] = (struct mount_place){ .path = added->path };
	if (added->node.major)
		b->places[b->n].path = ""; /* lies in no file system */
	b->n++;
}

static void read_swaps(struct scan *scan, struct backings *b)
{
	int fd = openat(scan->proc, "swaps", O_RDONLY | O_CLOEXEC);
	_cleanup_(freep) char *line = NULL;
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	size_t size = 0;

	if (!file) {
		scan_missed(scan, -1, -errno); /* not there: a kernel without swap */
		close_fd(fd);
		return;
	}
	while (getline(&line, &size, file) >= 0) {
		struct backing swap = { .kind = HOLD_SWAP };
		struct swap_line parsed;

		if (mountinfo_parse_swap(line, &parsed) < 0)
			continue;
		swap.path = (char *)parsed.name;
		TEXT_SET(swap.name, parsed.name);
		if (!parsed.is_file && scan_path_number(scan, parsed.name, &swap.node) < 0)
			scan->incomplete = true; /* swap lies somewhere, and where is not known */
		add(scan, b, &swap);
	}
	scan->incomplete |= !feof(file);
	fclose(file);
}

static void read_loop(struct scan *scan, struct backings *b, int list, const char *name)
{
	struct backing loop = { .kind = HOLD_LOOP };
	char path[64], file[4096], number[DEVT_TEXT];

	snprintf(path, sizeof path, "%.32s/loop/backing_file", name);
	if (scan_read_text(scan, list, path, file, sizeof file) < 0)
		return; /* bound to nothing */
	snprintf(path, sizeof path, "%.32s/dev", name);
	if (scan_read_text(scan, list, path, number, sizeof number) < 0 ||
		devt_parse(number, &loop.self) < 0)
		return;
	loop.path = file;
	snprintf(loop.name, sizeof loop.name, "%.32s", name);
	scan_path_number(scan, file, &loop.node);
	add(scan, b, &loop);
}

static void read_loops(struct scan *scan, struct backings *b)
{
	_cleanup_(sysfs_list_done) struct sysfs_list list = { 0 };
	const char *name;
	int r = sysfs_list_init(&list, scan->sys, "block");

	if (r < 0) {
		scan_missed(scan, -1, r);
		return;
	}
	while ((name = sysfs_list_next(&list)))
		if (!strncmp(name, "loop", 4))
			read_loop(scan, b, sysfs_list_fd(&list), name);
	scan_list_end(scan, -1, &list);
}

void backings_read(struct scan *scan, struct backings *ret)
{
	*ret = (struct backings){ 0 };
	read_swaps(scan, ret);
	read_loops(scan, ret);
}

void backings_done(struct backings *backings)
{
	for (size_t i = 0; i < backings->n; i++)
		free(backings->all[i].path);
	free(backings->all);
	free(backings->places);
}
