/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port/dm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

#include "base/text.h"

enum { FIRST_BYTES = 16 * 1024, MOST_BYTES = 16 * 1024 * 1024, INSISTENCE = 5 };

/* With a cookie whose number is 0 nobody waits, and its upper half tells udev's rules what kind of
 * change this is: libdevmapper's DM_UDEV_PRIMARY_SOURCE_FLAG. Without it they take the change for
 * somebody's look at a map that is not set up yet, and make no links. */
enum { UDEV_PRIMARY_SOURCE = 0x0040, UDEV_FLAGS_SHIFT = 16 };

_Static_assert(DM_NAME_TEXT >= DM_NAME_LEN && DM_UUID_TEXT >= DM_UUID_LEN, "all of it must fit");

struct dm {
	int fd;
	size_t size;
	union {
		struct dm_ioctl *io; /* owned; size bytes */
		uint8_t *bytes;
	};
};

int dm_new(struct dm **ret)
{
	_cleanup_(dm_freep) struct dm *dm = calloc(1, sizeof *dm);

	if (!dm)
		return -ENOMEM;
	dm->fd = -1;
	dm->size = FIRST_BYTES;
	dm->io = malloc(dm->size);
	if (!dm->io)
		return -ENOMEM;

	/* the node can be there without the module, and opening it would load that */
	if (access("/sys/class/misc/device-mapper", F_OK) < 0)
		return -errno;
	dm->fd = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
	if (dm->fd < 0 && errno == ENOENT)
		return -ENODEV; /* there are maps, perhaps, and no way to learn of them */
	if (dm->fd < 0)
		return errno == ENXIO || errno == ENODEV ? -ENOENT : -errno;
	*ret = TAKE(dm);
	return 0;
}

struct dm *dm_free(struct dm *dm)
{
	if (!dm)
		return NULL;
	close_fd(dm->fd);
	free(dm->io);
	free(dm);
	return NULL;
}

int dm_fd(const struct dm *dm)
{
	return dm->fd;
}

static int grow(struct dm *dm)
{
	uint8_t *bytes;

	if (dm->size >= MOST_BYTES)
		return -E2BIG;
	bytes = realloc(dm->bytes, dm->size * 2);
	if (!bytes)
		return -ENOMEM;
	dm->bytes = bytes;
	dm->size *= 2;
	return 0;
}

/* what is the header to send; data (may be NULL) goes behind it. */
static int call(struct dm *dm, unsigned long request, const struct dm_ioctl *header,
	const void *data, size_t len)
{
	int r;

	do {
		*dm->io = *header;
		dm->io->version[0] = DM_VERSION_MAJOR;
		dm->io->data_size = (uint32_t)dm->size;
		dm->io->data_start = sizeof *dm->io;
		if (sizeof *dm->io + len > dm->size)
			return -E2BIG;
		if (len)
			memcpy(dm->bytes + sizeof *dm->io, data, len);
		if (ioctl(dm->fd, request, dm->io) < 0)
			return -errno;
		r = dm->io->flags & DM_BUFFER_FULL_FLAG ? grow(dm) : 1;
	} while (r == 0);
	return r < 0 ? r : 0;
}

int dm_arm(struct dm *dm)
{
	return call(dm, DM_DEV_ARM_POLL, &(struct dm_ioctl){ 0 }, NULL, 0);
}

static struct devt devt_from(uint64_t dev)
{
	return (struct devt){ major(dev), minor(dev) };
}

/* The reply's own words about where its data lie; NULL when they do not fit. */
static const uint8_t *reply_data(const struct dm *dm, size_t *ret_len)
{
	uint32_t start = dm->io->data_start, size = dm->io->data_size;

	if (size > dm->size || start > size)
		return NULL;
	*ret_len = size - start;
	return dm->bytes + start;
}

/* One entry of the list at offset. The length of its name, or -EBADMSG. */
static ssize_t list_entry(const uint8_t *data, size_t len, size_t offset, struct dm_name_list *ret)
{
	const size_t head = offsetof(struct dm_name_list, name);
	const uint8_t *end;

	if (offset > len || len - offset <= head)
		return -EBADMSG;
	memcpy(ret, data + offset, head);
	end = memchr(data + offset + head, '\0', len - offset - head);
	return end ? end - (data + offset + head) : -EBADMSG;
}

/* The event number stands behind the name, at the next multiple of eight of the entry. */
static uint32_t list_event_nr(const uint8_t *data, size_t len, size_t offset, size_t name_len)
{
	size_t at = (offset + offsetof(struct dm_name_list, name) + name_len + 1 + 7) & ~(size_t)7;
	uint32_t event_nr = 0;

	if (at + sizeof event_nr <= len)
		memcpy(&event_nr, data + at, sizeof event_nr);
	return event_nr;
}

int dm_list(struct dm *dm, struct dm_listed **ret, size_t *ret_n)
{
	_cleanup_(freep) struct dm_listed *all = NULL;
	struct dm_name_list entry = { .next = 1 };
	size_t len, n = 0;
	const uint8_t *data;
	int r = call(dm, DM_LIST_DEVICES, &(struct dm_ioctl){ 0 }, NULL, 0);

	if (r < 0)
		return r;
	data = reply_data(dm, &len);
	if (!data)
		return -EBADMSG;
	for (size_t at = 0; len && entry.next; at += entry.next) {
		ssize_t name_len = list_entry(data, len, at, &entry);
		struct dm_listed *grown;

		if (name_len < 0)
			return (int)name_len;
		if (!entry.dev) /* the only entry of an empty list */
			break;
		grown = realloc(all, (n + 1) * sizeof *all);
		if (!grown)
			return -ENOMEM;
		all = grown;
		all[n].devt = devt_from(entry.dev);
		all[n].event_nr = list_event_nr(data, len, at, (size_t)name_len);
		TEXT_SET(
			all[n].name, (const char *)data + at + offsetof(struct dm_name_list, name));
		n++;
	}
	*ret = TAKE(all);
	*ret_n = n;
	return 0;
}

static void device_from(const struct dm *dm, struct dm_device *ret)
{
	ret->devt = devt_from(dm->io->dev);
	TEXT_SET(ret->name, dm->io->name);
	TEXT_SET(ret->uuid, dm->io->uuid);
	ret->event_nr = dm->io->event_nr;
	ret->open_count = dm->io->open_count < 0 ? 0 : (uint32_t)dm->io->open_count;
	ret->n_targets = dm->io->target_count;
	ret->suspended = dm->io->flags & DM_SUSPEND_FLAG;
	ret->read_only = dm->io->flags & DM_READONLY_FLAG;
	ret->sectors = 0;
	ret->type = ret->params = "";
}

int dm_read(struct dm *dm, const struct devt *devt, enum dm_what what, struct dm_device *ret)
{
	const struct dm_ioctl header = {
		.dev = makedev(devt->major, devt->minor),
		.flags = DM_NOFLUSH_FLAG | (what == DM_READ_TABLE ? DM_STATUS_TABLE_FLAG : 0),
	};
	struct dm_target_spec spec;
	const uint8_t *data;
	size_t len;
	int r = call(dm, DM_TABLE_STATUS, &header, NULL, 0);

	if (r < 0)
		return r;
	device_from(dm, ret);
	if (!ret->n_targets)
		return 0;
	data = reply_data(dm, &len);
	if (!data || len <= sizeof spec || !memchr(data + sizeof spec, '\0', len - sizeof spec))
		return -EBADMSG;
	memcpy(&spec, data, sizeof spec);
	if (!memchr(spec.target_type, '\0', sizeof spec.target_type))
		return -EBADMSG;
	ret->sectors = spec.length;
	ret->type = (const char *)data + offsetof(struct dm_target_spec, target_type);
	ret->params = (const char *)data + sizeof spec;
	return 0;
}

static int header_for(const char *uuid, struct dm_ioctl *ret)
{
	*ret = (struct dm_ioctl){ 0 };
	if (!*uuid || strlen(uuid) >= sizeof ret->uuid)
		return -EINVAL;
	memcpy(ret->uuid, uuid, strlen(uuid) + 1);
	return 0;
}

int dm_find(struct dm *dm, const char *uuid, struct dm_device *ret)
{
	struct dm_ioctl header;
	int r = header_for(uuid, &header);

	if (r >= 0)
		r = call(dm, DM_DEV_STATUS, &header, NULL, 0);
	if (r >= 0)
		device_from(dm, ret);
	return r;
}

int dm_message(struct dm *dm, const char *uuid, const char *message)
{
	uint8_t data[sizeof(struct dm_target_msg) + 128] = { 0 }; /* sector 0 */
	struct dm_ioctl header;
	int r = header_for(uuid, &header);

	if (r < 0)
		return r;
	if (strlen(message) >= sizeof data - sizeof(struct dm_target_msg))
		return -E2BIG;
	memcpy(data + sizeof(struct dm_target_msg), message, strlen(message) + 1);
	return call(dm, DM_TARGET_MSG, &header, data, sizeof data);
}

/* A table of one target, to be taken over by the next resume. */
static int load(struct dm *dm, const struct dm_ioctl *header, const struct dm_table *table)
{
	struct dm_target_spec spec = { .length = table->sectors };
	size_t text = strlen(table->params) + 1, len = (sizeof spec + text + 7) & ~(size_t)7;
	_cleanup_(freep) uint8_t *data = calloc(1, len);

	if (!data)
		return -ENOMEM;
	TEXT_SET(spec.target_type, table->type);
	spec.next = (uint32_t)len;
	memcpy(data, &spec, sizeof spec);
	memcpy(data + sizeof spec, table->params, text);
	return call(dm, DM_TABLE_LOAD, header, data, len);
}

/* A few times: what it must not leave behind is worse than a moment. */
static void insist(struct dm *dm, unsigned long request, const struct dm_ioctl *header)
{
	int r = -EAGAIN;

	for (int i = 0; i < INSISTENCE && r < 0 && r != -ENXIO; i++)
		r = call(dm, request, header, NULL, 0);
}

int dm_extend(struct dm *dm, const char *uuid, const struct devt *devt, uint64_t sectors)
{
	_cleanup_(freep) char *params = NULL;
	struct dm_table table = { .type = "multipath", .sectors = sectors };
	struct dm_ioctl header;
	struct dm_device device;
	int r = header_for(uuid, &header);

	if (r >= 0)
		r = dm_read(dm, devt, DM_READ_TABLE, &device);
	if (r < 0)
		return r;
	if (strcmp(device.uuid, uuid) != 0)
		return -ESTALE;
	if (device.n_targets != 1 || strcmp(device.type, table.type) || device.sectors > sectors)
		return -EINVAL;
	if (device.sectors == sectors)
		return 0;
	if (device.suspended)
		return -EBUSY; /* the resume would not be ours alone */
	table.params = params = strdup(device.params);
	if (!params)
		return -ENOMEM;
	header.target_count = 1;
	header.flags = device.read_only ? DM_READONLY_FLAG : 0;
	r = load(dm, &header, &table);
	if (r < 0)
		return r;
	header.target_count = 0;
	header.flags |= DM_NOFLUSH_FLAG | DM_SKIP_LOCKFS_FLAG; /* not DM_SUSPEND_FLAG: a resume */
	r = call(dm, DM_DEV_SUSPEND, &header, NULL, 0);
	if (r < 0) {
		/* A table that the kernel cannot take over it drops, and the map stays suspended:
		 * a second resume lets it go on with the one it has. */
		insist(dm, DM_TABLE_CLEAR, &header);
		insist(dm, DM_DEV_SUSPEND, &header);
	}
	return r;
}

/* Takes a table into use. The first resume of a map is what udev waits for before it makes links.
 */
static int begin_use(struct dm *dm, struct dm_ioctl header, const struct dm_table *table)
{
	int r;

	header.flags = table->read_only ? DM_READONLY_FLAG : 0;
	header.target_count = 1;
	r = load(dm, &header, table);
	if (r < 0)
		return r;
	header.target_count = 0;
	header.event_nr = UDEV_PRIMARY_SOURCE << UDEV_FLAGS_SHIFT;
	r = call(dm, DM_DEV_SUSPEND, &header, NULL, 0);
	if (r < 0) {
		header.event_nr = 0;
		insist(dm, DM_TABLE_CLEAR, &header);
	}
	return r;
}

int dm_make(struct dm *dm, const char *name, const char *uuid, const struct dm_table *table,
	struct devt *ret)
{
	struct dm_ioctl header, named;
	struct dm_device device;
	bool made = false;
	int r = header_for(uuid, &header);

	if (r < 0)
		return r;
	named = header;
	if (!*name || strlen(name) >= sizeof named.name || strlen(table->type) >= DM_MAX_TYPE_NAME)
		return -EINVAL;
	memcpy(named.name, name, strlen(name) + 1);
	r = dm_find(dm, uuid, &device);
	if (r == -ENXIO) {
		r = call(dm, DM_DEV_CREATE, &named, NULL, 0);
		made = r >= 0;
		if (made)
			device_from(dm, &device);
	}
	if (r < 0)
		return r;
	*ret = device.devt;
	r = device.n_targets ? 0 : begin_use(dm, header, table);
	if (r < 0 && made)
		insist(dm, DM_DEV_REMOVE, &header);
	return r;
}

/*
 * Without a cookie (event_nr 0) the kernel's remove event carries neither DM_COOKIE nor flags: udev
 * treats it as any removal, takes away its links and database entry, and has nobody to notify. A
 * cookie is a semaphore that the remover must create, wait for and destroy, only to learn when udev
 * is through: nobody here waits for that.
 */
int dm_remove(struct dm *dm, const char *uuid)
{
	struct dm_ioctl header;
	int r = header_for(uuid, &header);

	return r < 0 ? r : call(dm, DM_DEV_REMOVE, &header, NULL, 0);
}
