/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "observe/discover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "base/text.h"
#include "model/action.h"
#include "observe/properties.h"
#include "observe/report.h"
#include "port/packet.h"
#include "port/sysfs.h"
#include "port/transport.h"
#include "scsi/inquiry.h"
#include "scsi/vpd.h"

#define DEVICES_OF_THE_BUS "bus/scsi/devices"
#define HOSTS_OF_THE_CLASS "class/scsi_host"

enum { LONG_PATH = 512, VPD_BYTES = 8192 };

/* A directory of this name, followed by a number, means this protocol. The first row that fits
 * anywhere in the path wins: a USB or ATA bridge is named before the controller it hangs on. */
static const struct {
	const char *prefix;
	enum protocol protocol;
} components[] = {
	{ "end_device-", PROTOCOL_SAS },
	{ "usb", PROTOCOL_USB },
	{ "ata", PROTOCOL_ATA },
	{ "virtio", PROTOCOL_VIRTIO },
};

/* Where the way has a state of its own: what its class says of the protocol and the array. */
static const struct port_class {
	const char *class;
	enum protocol protocol;
	const char *array; /* attribute that names the array; NULL: none does */
} port_classes[] = {
	{ "iscsi_session", PROTOCOL_ISCSI, "targetname" },
	{ "fc_remote_ports", PROTOCOL_FCP, "node_name" },
	{ "srp_remote_ports", PROTOCOL_SRP, NULL },
};

/* One device while it is read. A failure that says nothing of it makes all of it unread: half of
 * what is known of a device is another device, which other rules fit. */
struct reading {
	int sys, run; /* as struct discover has them */
	int dir;
	int failed; /* the first such failure */
};

static int keep(struct reading *from, int r)
{
	if (r < 0 && !sysfs_is_absence(r) && !from->failed)
		from->failed = r;
	return r;
}

static int read_text(struct reading *from, const char *path, char *ret, size_t size)
{
	return keep(from, sysfs_read_text(from->dir, path, ret, size));
}

static bool has(struct reading *from, int at, const char *path)
{
	return keep(from, faccessat(at, path, F_OK, 0) < 0 ? -errno : 0) >= 0;
}

static bool is_numbered(const char *name, size_t len, const char *prefix)
{
	size_t n = strlen(prefix);

	return len > n && !strncmp(name, prefix, n) && name[n] >= '0' && name[n] <= '9';
}

/* The path's component called prefix and a number, NULL when there is none. */
static const char *find_component(const char *sysfs, const char *prefix, size_t *ret_len)
{
	size_t len;

	for (const char *name = sysfs; *name; name += len + (name[len] == '/')) {
		len = strcspn(name, "/");
		if (is_numbered(name, len, prefix)) {
			*ret_len = len;
			return name;
		}
	}
	return NULL;
}

/* What the path does not tell, the name of the host's driver does. */
static enum protocol protocol_of_driver(struct reading *from, const char *sysfs)
{
	char path[LONG_PATH], name[32];
	const char *host;
	size_t len;

	host = find_component(sysfs, "host", &len);
	if (!host)
		return PROTOCOL_UNSPEC;
	snprintf(path, sizeof path, "%.*s/scsi_host/%.*s/proc_name", (int)(host + len - sysfs),
		sysfs, (int)len, host);
	if (keep(from, sysfs_read_text(from->sys, path, name, sizeof name)) >= 0 &&
		!strcmp(name, "scsi_debug"))
		return PROTOCOL_DEBUG;
	return PROTOCOL_UNSPEC;
}

static enum protocol protocol_of_path(struct reading *from, const char *sysfs)
{
	size_t len;

	for (size_t i = 0; i < ARRAY_SIZE(components); i++)
		if (find_component(sysfs, components[i].prefix, &len))
			return components[i].protocol;
	return protocol_of_driver(from, sysfs);
}

static const struct port_class *class_of(const struct transport *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(port_classes); i++)
		if (!strcmp(port_classes[i].class, t->class))
			return &port_classes[i];
	return NULL;
}

/* The name of the array stands beside the state at path. */
static void read_array(struct reading *from, char path[TRANSPORT_PATH], const char *attribute,
	struct obs_device *d)
{
	char *end = strrchr(path, '/'), name[MAX_ARRAY], beside[TRANSPORT_PATH + 32];

	if (!attribute || !end)
		return;
	snprintf(beside, sizeof beside, "%.*s/%s", (int)(end - path), path, attribute);
	if (read_text(from, beside, name, sizeof name) >= 0 && name[0])
		TEXT_SET(d->array, name);
}

/* A port whose state cannot be read is down: nothing is to be believed that comes over it. */
static void read_way(struct reading *from, struct obs_device *d)
{
	char path[TRANSPORT_PATH], state[32];
	const struct transport *t = transport_find(d->sysfs, path);
	const struct port_class *class = t ? class_of(t) : NULL;

	snprintf(d->array, sizeof d->array, "%s:%s", d->vendor, d->product);
	if (!class || (!t->required && !has(from, from->dir, path))) {
		d->protocol = protocol_of_path(from, d->sysfs);
		return;
	}
	d->protocol = class->protocol;
	d->transport = TRANSPORT_DOWN;
	if (sysfs_read_text(from->dir, path, state, sizeof state) >= 0 && transport_is_up(t, state))
		d->transport = TRANSPORT_UP;
	read_array(from, path, class->array, d);
}

static void read_devt(struct reading *from, const char *path, struct devt *ret)
{
	char text[DEVT_TEXT];

	if (read_text(from, path, text, sizeof text) >= 0)
		devt_parse(text, ret);
}

/* The disk and the sg node, if they are there already: each appears on its own after the device. */
static void read_nodes(struct reading *from, struct obs_device *d)
{
	char name[MAX_NAME], path[MAX_NAME + 32];

	if (keep(from, sysfs_first(from->dir, "block", "", name, sizeof name)) >= 0) {
		TEXT_SET(d->dev, name);
		snprintf(path, sizeof path, "block/%s/dev", name);
		read_devt(from, path, &d->devt);
		snprintf(path, sizeof path, "block/%s/size", name);
		keep(from, sysfs_read_number(from->dir, path, &d->size_sectors));
	}
	if (keep(from, sysfs_first(from->dir, "scsi_generic", "sg", name, sizeof name)) >= 0) {
		snprintf(path, sizeof path, "scsi_generic/%s/dev", name);
		read_devt(from, path, &d->sg);
	}
}

static void read_identity(struct reading *from, struct obs_device *d)
{
	uint8_t page[VPD_BYTES];
	ssize_t n;

	read_text(from, "vendor", d->vendor, sizeof d->vendor);
	read_text(from, "model", d->product, sizeof d->product);
	read_text(from, "rev", d->revision, sizeof d->revision);
	n = sysfs_read_bytes(from->dir, "vpd_pg83", page, sizeof page);
	keep(from, n < 0 ? (int)n : 0);
	if (n < 0 || vpd_83_wwid(page, (size_t)n, d->wwid) < 0)
		d->wwid[0] = '\0';
}

static enum device_state read_state(struct reading *from)
{
	char state[32];
	int r = read_text(from, "state", state, sizeof state);

	return r < 0 ? DEVICE_GOING : device_state_from(state);
}

/* Its files go first. The directory stays until all that the kernel waits for is over, which may
 * be long; one that was opened before stays for ever, and proves nothing. */
static int read_what_is_left(int sys, const char *sysfs, ino_t ino, struct obs_device *d)
{
	struct stat now;

	if (fstatat(sys, sysfs, &now, 0) < 0)
		return sysfs_is_absence(-errno) ? -ENODEV : -errno;
	if (now.st_ino != ino)
		return -ENODEV;
	TEXT_SET(d->sysfs, sysfs);
	d->ino = ino;
	d->type = DEVICE_TYPE_UNKNOWN;
	d->state = DEVICE_GOING;
	d->present = true;
	return 0;
}

/* What its files say, of which there is at least its type. */
static int read_files(struct reading *from, struct obs_device *d)
{
	d->state = read_state(from);
	read_identity(from, d);
	read_way(from, d);
	read_nodes(from, d);
	if (d->devt.major && from->run >= 0)
		keep(from, properties_read(from->run, &d->devt, d->properties, sizeof d->properties,
				   d->udev_serial, sizeof d->udev_serial));

	/* the old directory of a removed device has no files any more, whatever took its name */
	if (!has(from, from->dir, "type") && !from->failed)
		return -ENODEV;
	return from->failed;
}

/* 0, -ENODEV: it is not there, or went while it was read; other negative errno: unread. */
static int read_device(
	const struct discover *places, const char *sysfs, bool disks_only, struct obs_device *d)
{
	_cleanup_(closep) int dir = sysfs_open(places->sys, sysfs);
	struct reading from = { .sys = places->sys, .run = places->run, .dir = dir };
	const char *name = strrchr(sysfs, '/');
	struct stat st;
	uint64_t type;
	int r;

	if (!name || scsi_address_parse(name + 1, &d->address) < 0)
		return -ENODEV;
	if (dir < 0 || fstat(dir, &st) < 0) {
		r = dir < 0 ? dir : -errno;
		return sysfs_is_absence(r) ? -ENODEV : r;
	}
	r = sysfs_read_number(dir, "type", &type);
	if (r < 0)
		return sysfs_is_absence(r) ? read_what_is_left(from.sys, sysfs, st.st_ino, d) : r;
	TEXT_SET(d->sysfs, sysfs);
	d->ino = st.st_ino;
	d->type = (uint32_t)type;
	if (disks_only && type != INQUIRY_TYPE_DISK)
		return 0;
	r = read_files(&from, d);
	d->present = r >= 0;
	return r;
}

/* Is this why a link leads to no device? */
static bool is_no_device(int r)
{
	return sysfs_is_absence(r) || r == -EBADMSG || r == -ENAMETOOLONG;
}

static bool is_device_path(const char *sysfs)
{
	return !strncmp(sysfs, "devices/", 8) && !strstr(sysfs, "/../") &&
	       strlen(sysfs) < MAX_SYSFS;
}

/* Only the address is known of a device whose event came after its parents were gone. */
static int canonical_path(int sys, const char *sysfs, char ret[MAX_SYSFS])
{
	struct scsi_address address;
	char link[64 + SCSI_ADDRESS_TEXT];
	int r;

	if (is_device_path(sysfs)) {
		text_copy(ret, MAX_SYSFS, sysfs);
		return 0;
	}
	if (scsi_address_parse(sysfs, &address) < 0)
		return -ENODEV;
	snprintf(link, sizeof link, DEVICES_OF_THE_BUS "/%s", sysfs);
	r = sysfs_read_device_link(sys, link, ret, MAX_SYSFS);
	return r < 0 && is_no_device(r) ? -ENODEV : r;
}

/* It is not there; or, by the result, it may be. */
static void tell_unread(const char *sysfs, int r, struct observation *ret)
{
	*ret = (struct observation){ .kind = OBS_DEVICE, .result = r == -ENODEV ? 0 : r };
	TEXT_SET(ret->device.sysfs, sysfs);
}

void discover_one(const struct discover *from, const char *sysfs, struct observation *ret)
{
	char path[MAX_SYSFS];
	int r = -ENODEV;

	/* twice: when it went under our hands a successor may have taken its place */
	for (int tries = 0; tries < 2 && r == -ENODEV; tries++) {
		*ret = (struct observation){ .kind = OBS_DEVICE };
		r = canonical_path(from->sys, sysfs, path);
		if (r < 0)
			break;
		r = read_device(from, path, false, &ret->device);
		if (r >= 0)
			return;
	}
	tell_unread(sysfs, r, ret);
}

int discover_all(const struct discover *from, observation_sink sink, void *arg)
{
	_cleanup_(sysfs_list_done) struct sysfs_list list = { 0 };
	const char *name;
	int r = sysfs_list_init(&list, from->sys, DEVICES_OF_THE_BUS);

	if (r < 0)
		return r;
	while ((name = sysfs_list_next(&list))) {
		struct observation o = { .kind = OBS_DEVICE };
		struct scsi_address address;
		char path[MAX_SYSFS];

		/* hosts and targets are on this bus, too */
		if (scsi_address_parse(name, &address) < 0)
			continue;
		r = sysfs_read_device_link(sysfs_list_fd(&list), name, path, sizeof path);
		if (r < 0 && is_no_device(r))
			continue;
		if (r < 0)
			return r;
		r = read_device(from, path, true, &o.device);
		if (r < 0 && r != -ENODEV)
			tell_unread(path, r, &o);
		if (o.device.present || o.result < 0)
			sink(arg, &o);
	}
	return sysfs_list_end(&list);
}

/* ---- hosts ----------------------------------------------------------------------------------- */

/* What a host is a member of tells how it reaches its targets; else its path or driver does. */
static const struct {
	const char *class;
	enum protocol protocol;
} host_classes[] = {
	{ "iscsi_host", PROTOCOL_ISCSI },
	{ "fc_host", PROTOCOL_FCP },
	{ "srp_host", PROTOCOL_SRP },
	{ "sas_host", PROTOCOL_SAS },
};

static enum protocol protocol_of_host(struct reading *from, const char *sysfs, const char *name)
{
	char path[64];

	for (size_t i = 0; i < ARRAY_SIZE(host_classes); i++) {
		snprintf(path, sizeof path, "class/%s/%.32s", host_classes[i].class, name);
		if (has(from, from->sys, path))
			return host_classes[i].protocol;
	}
	return protocol_of_path(from, sysfs);
}

static void read_sessions(struct reading *from, struct obs_host *host)
{
	_cleanup_(sysfs_list_done) struct sysfs_list list = { 0 };
	size_t used = 0;
	const char *name;

	if (keep(from, sysfs_list_init(&list, from->sys, host->sysfs)) < 0)
		return;
	while ((name = sysfs_list_next(&list))) {
		size_t len = strlen(name);

		if (!is_numbered(name, len, "session") || used + 1 + len >= sizeof host->sessions)
			continue;
		used += (size_t)snprintf(host->sessions + used, sizeof host->sessions - used,
			"%s%s", used ? " " : "", name);
	}
	keep(from, sysfs_list_end(&list));
}

/* link: "devices/.../host3/scsi_host/host3". 1, 0: it is no host, or went; negative errno. */
static int read_host(int sys, char *link, struct obs_host *host)
{
	struct reading from = { .sys = sys };
	const char *name = strrchr(link, '/');
	char *end = strstr(link, "/scsi_host/");
	struct stat st;

	if (!name || !end || strncmp(++name, "host", 4) != 0 ||
		number_parse_u32(name + 4, &host->number) < 0)
		return 0;
	*end = '\0';
	if (strlen(link) >= sizeof host->sysfs)
		return 0;
	if (fstatat(sys, link, &st, 0) < 0)
		return sysfs_is_absence(-errno) ? 0 : -errno;
	TEXT_SET(host->sysfs, link);
	host->ino = st.st_ino;
	host->protocol = protocol_of_host(&from, link, name);
	read_sessions(&from, host);
	return from.failed ? from.failed : 1;
}

int discover_hosts(const struct discover *from, observation_sink sink, void *arg)
{
	_cleanup_(sysfs_list_done) struct sysfs_list list = { 0 };
	const char *name;
	int r = sysfs_list_init(&list, from->sys, HOSTS_OF_THE_CLASS);

	if (r < 0)
		return r;
	while ((name = sysfs_list_next(&list))) {
		struct observation o = { .kind = OBS_HOST };
		char link[LONG_PATH];

		r = sysfs_read_device_link(sysfs_list_fd(&list), name, link, sizeof link);
		if (r >= 0)
			r = read_host(from->sys, link, &o.host);
		if (r < 0 && !is_no_device(r))
			return r;
		if (r == 1)
			sink(arg, &o);
	}
	return sysfs_list_end(&list);
}

static int discover_everything(const struct discover *from, struct report *report)
{
	int r = discover_all(from, report_add, report);

	if (r == 0)
		r = discover_hosts(from, report_add, report);
	return r == -ENOENT ? 0 : r; /* no bus is an answer: there are no devices */
}

static void answer(const struct discover *from, const struct action *a, struct report *report)
{
	struct observation o = { .kind = OBS_DEVICES_END, .action = a->id };

	if (a->kind == ACT_LOOK) {
		discover_one(from, a->look.sysfs, &o);
		o.action = a->id;
	} else {
		o.result = discover_everything(from, report);
	}
	report_add(report, &o);
}

int scout_main(int socket, uint32_t tag)
{
	static struct packet packet;
	static struct report report;
	_cleanup_(closep) int sys = sysfs_open(AT_FDCWD, "/sys");
	_cleanup_(closep) int run = sysfs_open(AT_FDCWD, "/run");
	const struct discover from = { sys, run };
	struct action a;
	int r;

	(void)tag;
	if (sys < 0 || (run < 0 && !sysfs_is_absence(run)))
		return 1;
	report_init(&report, socket);
	while ((r = packet_receive_patiently(socket, &packet)) > 0) {
		while (packet_next(&packet, &a, sizeof a) > 0)
			if (a.kind == ACT_READ_DEVICES || a.kind == ACT_LOOK)
				answer(&from, &a, &report);
		packet_done(&packet);
		if (report_flush(&report) < 0)
			return 1;
	}
	return r < 0;
}
