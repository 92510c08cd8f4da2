/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "observe/exports.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "port/sysfs.h"

#define BACKSTORES "kernel/config/target/core"
#define SUBSYSTEMS "kernel/config/nvmet/subsystems"
#define BTRFS	   "fs/btrfs"

enum { LONG_PATH = 512 };

int exports_parse_info(const char *info, struct devt *ret)
{
	const char *at = strstr(info, "Major: ");
	unsigned major, minor;

	if (!at || sscanf(at, "Major: %u Minor: %u", &major, &minor) != 2)
		return -EBADMSG;
	*ret = (struct devt){ major, minor };
	return 0;
}

static void add(struct scan *scan, struct exports *e, const struct devt *devt, const char *what)
{
	struct export_use use = { .devt = *devt };

	TEXT_SET(use.what, what);
	if (scan_grow(scan, &e->uses, e->n_uses, sizeof *e->uses))
		e->uses[e->n_uses++] = use;
}

/* Calls visit for every directory in path below /sys; none is fine: it is not in use. */
static void each(struct scan *scan, struct exports *e, const char *path,
	void (*visit)(struct scan *scan, struct exports *e, int dir, const char *path))
{
	_cleanup_(sysfs_list_done) struct sysfs_list list = { 0 };
	const char *name;
	int r = sysfs_list_init(&list, scan->sys, path);

	if (r < 0) {
		scan_missed(scan, -1, r);
		return;
	}
	while ((name = sysfs_list_next(&list)) && scan_goes_on(scan)) {
		_cleanup_(closep) int dir = sysfs_open(sysfs_list_fd(&list), name);
		char whole[LONG_PATH];

		if (dir == -ENOTDIR)
			continue;
		if (snprintf(whole, sizeof whole, "%s/%s", path, name) >= (int)sizeof whole)
			scan_missed(scan, -1, -ENAMETOOLONG);
		else if (dir < 0)
			scan_missed(scan, -1, dir);
		else
			visit(scan, e, dir, whole);
	}
	scan_list_end(scan, -1, &list);
}

static bool is_enabled(int dir)
{
	uint64_t enabled;

	return sysfs_read_number(dir, "enable", &enabled) < 0 || enabled;
}

/* What a backstore says of itself is better than the path that an administrator gave it. */
static void on_backstore(struct scan *scan, struct exports *e, int dir, const char *path)
{
	char text[2048];
	struct devt devt;

	if (!is_enabled(dir))
		return;
	if (scan_read_text(scan, dir, "info", text, sizeof text) >= 0 &&
		exports_parse_info(text, &devt) >= 0)
		add(scan, e, &devt, path + strlen("kernel/config/"));
	else if (scan_read_text(scan, dir, "udev_path", text, sizeof text) >= 0 &&
		 scan_path_number(scan, text, &devt) >= 0)
		add(scan, e, &devt, path + strlen("kernel/config/"));
}

static void on_backstore_group(struct scan *scan, struct exports *e, int dir, const char *path)
{
	(void)dir;
	each(scan, e, path, on_backstore);
}

static void on_namespace(struct scan *scan, struct exports *e, int dir, const char *path)
{
	char text[512];
	struct devt devt;

	if (is_enabled(dir) && scan_read_text(scan, dir, "device_path", text, sizeof text) >= 0 &&
		scan_path_number(scan, text, &devt) >= 0)
		add(scan, e, &devt, path + strlen("kernel/config/"));
}

static void on_subsystem(struct scan *scan, struct exports *e, int dir, const char *path)
{
	char whole[LONG_PATH];

	(void)dir;
	snprintf(whole, sizeof whole, "%s/namespaces", path);
	each(scan, e, whole, on_namespace);
}

static void on_member(struct scan *scan, struct exports *e, int dir, const char *path)
{
	struct btrfs_member member = { 0 };
	char number[DEVT_TEXT];

	if (scan_read_text(scan, dir, "dev", number, sizeof number) < 0 ||
		devt_parse(number, &member.devt) < 0)
		return;
	snprintf(member.uuid, sizeof member.uuid, "%.36s", path + strlen(BTRFS "/"));
	if (scan_grow(scan, &e->members, e->n_members, sizeof *e->members))
		e->members[e->n_members++] = member;
}

static void on_btrfs(struct scan *scan, struct exports *e, int dir, const char *path)
{
	char whole[LONG_PATH];

	(void)dir;
	snprintf(whole, sizeof whole, "%s/devices", path);
	each(scan, e, whole, on_member);
}

void exports_read(struct scan *scan, struct exports *ret)
{
	*ret = (struct exports){ 0 };
	each(scan, ret, BACKSTORES, on_backstore_group);
	each(scan, ret, SUBSYSTEMS, on_subsystem);
	each(scan, ret, BTRFS, on_btrfs);
}

void exports_done(struct exports *exports)
{
	free(exports->uses);
	free(exports->members);
}

const struct btrfs_member *exports_btrfs(const struct exports *exports, const struct devt *devt)
{
	for (size_t i = 0; i < exports->n_members; i++)
		if (devt_equal(&exports->members[i].devt, devt))
			return &exports->members[i];
	return NULL;
}
