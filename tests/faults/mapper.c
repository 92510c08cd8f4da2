/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mapper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/text.h"
#include "fault.h"

static struct mapper *mapper;
static int control = -1; /* a pipe, which is readable when something changed */

static int fails(int error)
{
	errno = error;
	return -1;
}

static struct mapper_map *find(const struct dm_ioctl *io)
{
	for (unsigned i = 0; i < MAPPER_MAPS; i++) {
		struct mapper_map *map = &mapper->maps[i];
		bool is_it = io->uuid[0] ? !strcmp(io->uuid, map->uuid)
					 : io->dev == makedev(MAPPER_MAJOR, map->minor);

		if (map->there && is_it)
			return map;
	}
	return NULL;
}

static void describe(const struct mapper_map *map, struct dm_ioctl *io)
{
	io->flags = map->suspended ? DM_SUSPEND_FLAG : 0;
	io->dev = makedev(MAPPER_MAJOR, map->minor);
	io->open_count = (int)map->open_count;
	io->target_count = map->params[0] != '\0';
	TEXT_SET(io->name, map->name);
	TEXT_SET(io->uuid, map->uuid);
}

static int on_list(struct dm_ioctl *io)
{
	uint8_t *at = (uint8_t *)io + io->data_start;
	struct dm_name_list *last = NULL;

	memset(at, 0, sizeof *last);
	for (unsigned i = 0; i < MAPPER_MAPS; i++) {
		const struct mapper_map *map = &mapper->maps[i];
		size_t size = offsetof(struct dm_name_list, name) + strlen(map->name) + 1;

		if (!map->there && !map->ghost)
			continue;
		last = (struct dm_name_list *)at;
		size = ((size + 7) & ~(size_t)7) + 8; /* the event number */
		memset(at, 0, size);
		last->dev = makedev(MAPPER_MAJOR, map->minor);
		last->next = (uint32_t)size;
		strcpy((char *)at + offsetof(struct dm_name_list, name), map->name);
		at += size;
	}
	if (last)
		last->next = 0;
	return 0;
}

static int on_status(const struct mapper_map *map, struct dm_ioctl *io)
{
	const char *text = io->flags & DM_STATUS_TABLE_FLAG ? map->params : map->status;
	uint8_t *data = (uint8_t *)io + io->data_start;
	struct dm_target_spec spec = { .length = map->sectors };

	TEXT_SET(spec.target_type, map->type);
	memcpy(data, &spec, sizeof spec);
	strcpy((char *)data + sizeof spec, text);
	describe(map, io);
	if (map->garbled)
		io->data_size = io->data_start;
	return 0;
}

static void drop_new(struct mapper_map *map)
{
	map->has_new = false;
	map->new_sectors = 0;
	memset(map->new_params, 0, sizeof map->new_params);
}

static int on_load(struct mapper_map *map, const struct dm_ioctl *io)
{
	const char *params = (const char *)io + io->data_start + sizeof(struct dm_target_spec);
	struct dm_target_spec spec;

	memcpy(&spec, (const uint8_t *)io + io->data_start, sizeof spec);
	if (mapper->refuses_load)
		return fails(EINVAL);
	if (map->params[0] && strcmp(params, map->params) != 0)
		return fails(EBADMSG); /* no test wants another one than it has */
	map->has_new = true;
	map->new_sectors = spec.length;
	TEXT_SET(map->new_params, params);
	TEXT_SET(map->type, spec.target_type);
	return 0;
}

static int on_resume(struct mapper_map *map, uint32_t cookie)
{
	if (map->has_new) {
		uint64_t sectors = map->new_sectors;
		char params[sizeof map->params];

		TEXT_SET(params, map->new_params);
		drop_new(map);
		map->suspended = true;
		if (mapper->refuses_take_over)
			return fails(EINVAL);
		map->sectors = sectors;
		if (!map->params[0])
			map->cookie = cookie;
		TEXT_SET(map->params, params);
	}
	map->suspended = false;
	return 0;
}

void mapper_forget_records(const char *root)
{
	char folder[256];
	struct dirent *entry;
	DIR *dir;

	snprintf(folder, sizeof folder, "%s/run/pathkeeper/state", root);
	dir = opendir(folder);
	while (dir && (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			assert_int_equal(unlinkat(dirfd(dir), entry->d_name, 0), 0);
	if (dir)
		closedir(dir);
}

void mapper_queue(struct mapper_map *map, bool queues)
{
	static const char yes[] = "1 queue_if_no_path ", no[] = "0 ";
	const char *is = strncmp(map->params, yes, strlen(yes)) == 0 ? yes : no;
	char rest[sizeof map->params];

	TEXT_SET(rest, map->params + strlen(is));
	snprintf(map->params, sizeof map->params, "%s%.200s", queues ? yes : no, rest);
}

static int on_message(struct mapper_map *map, const struct dm_ioctl *io)
{
	const char *message = (const char *)io + io->data_start +
			      offsetof(struct dm_target_msg, message);

	mapper->messages++;
	if (!strcmp(message, "fail_if_no_path"))
		mapper_queue(map, false);
	else if (!strcmp(message, "queue_if_no_path"))
		mapper_queue(map, true);
	return 0;
}

static int on_remove(struct mapper_map *map)
{
	if (map->open_count)
		return fails(EBUSY);
	map->there = false;
	return 0;
}

/* It has no table yet. */
static int on_create(struct dm_ioctl *io)
{
	struct mapper_map *spare = NULL;

	for (unsigned i = 0; i < MAPPER_MAPS; i++) {
		struct mapper_map *map = &mapper->maps[i];

		if (map->there && (!strcmp(map->name, io->name) || !strcmp(map->uuid, io->uuid)))
			return fails(EBUSY);
		if (!map->there && !map->ghost && !spare)
			spare = map;
	}
	if (!spare)
		return fails(ENOMEM);
	*spare = (struct mapper_map){ .there = true, .minor = ++mapper->last_minor };
	TEXT_SET(spare->name, io->name);
	TEXT_SET(spare->uuid, io->uuid);
	describe(spare, io);
	return 0;
}

static int on_map(unsigned number, struct mapper_map *map, struct dm_ioctl *io)
{
	switch (number) {
	case DM_TABLE_STATUS_CMD: return on_status(map, io);
	case DM_DEV_STATUS_CMD: describe(map, io); return 0;
	case DM_TABLE_LOAD_CMD: return on_load(map, io);
	case DM_TABLE_CLEAR_CMD: drop_new(map); return 0;
	case DM_DEV_REMOVE_CMD: return on_remove(map);
	case DM_TARGET_MSG_CMD: return on_message(map, io);
	case DM_DEV_SUSPEND_CMD:
		if (!(io->flags & DM_SUSPEND_FLAG))
			return on_resume(map, io->event_nr);
		map->suspended = true;
		return 0;
	default: return fails(ENOTTY);
	}
}

static int on_ioctl(int fd, unsigned long request, void *arg)
{
	unsigned number = _IOC_NR(request);
	struct dm_ioctl *io = arg;
	struct mapper_map *map;

	(void)fd;
	if (_IOC_TYPE(request) != DM_IOCTL)
		return 1;
	if (number == DM_DEV_ARM_POLL_CMD)
		return 0;
	if (number == DM_LIST_DEVICES_CMD)
		return on_list(io);
	if (number == DM_DEV_CREATE_CMD)
		return on_create(io);
	map = find(io);
	return map ? on_map(number, map, io) : fails(ENXIO);
}

struct mapper *mapper_begin(const char *root)
{
	char path[256];

	snprintf(path, sizeof path,
		"mkdir -p %s/sys/class/misc/device-mapper %s/dev/mapper %s/run %s/proc", root, root,
		root, root);
	assert_int_equal(system(path), 0);
	snprintf(path, sizeof path, "%s/dev/mapper/control", root);
	assert_int_equal(mkfifo(path, 0600), 0);
	control = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	assert_true(control >= 0);
	mapper = mmap(
		NULL, sizeof *mapper, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(mapper != MAP_FAILED);
	fault_on_ioctl(on_ioctl);
	return mapper;
}

void mapper_end(void)
{
	fault_on_ioctl(NULL);
	munmap(mapper, sizeof *mapper);
	close(control);
}

void mapper_tell(void)
{
	assert_int_equal(write(control, "", 1), 1);
}

void mapper_forget(void)
{
	char bytes[256];

	while (read(control, bytes, sizeof bytes) > 0)
		;
}
