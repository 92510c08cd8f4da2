/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "observe/discover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "model/action.h"
#include "observe/report.h"
#include "port/packet.h"
#include "port/sysfs.h"
#include "scsi/inquiry.h"
#include "scsi/vpd.h"

#define DEVICES_OF_THE_BUS "bus/scsi/devices"

enum { LONG_PATH = 512, VPD_BYTES = 8192 };

/* A directory of this name, followed by a number, means this protocol. The first row that fits
 * anywhere in the path wins: a USB or ATA bridge is named before the controller it hangs on. */
static const struct component {
	const char *prefix;
	enum protocol protocol;
	const char *class; /* of the port's attributes, and those: its state, its name */
	const char *state, *name;
	const char *up[2]; /* states in which the way is up */
	bool by_class;	   /* others are called alike, and have no such class */
} components[] = {
	{ "session", PROTOCOL_ISCSI, "iscsi_session", "state", "targetname", { "LOGGED_IN" },
		false },
	/* marginal is the administrator's word for a port that is up and flaky */
	{ "rport-", PROTOCOL_FCP, "fc_remote_ports", "port_state", "node_name",
		{ "Online", "Marginal" }, false },
	{ "port-", PROTOCOL_SRP, "srp_remote_ports", "state", NULL, { "running" }, true },
	{ .prefix = "end_device-", .protocol = PROTOCOL_SAS },
	{ .prefix = "usb", .protocol = PROTOCOL_USB },
	{ .prefix = "ata", .protocol = PROTOCOL_ATA },
	{ .prefix = "virtio", .protocol = PROTOCOL_VIRTIO },
};

/* What the names of the directories above a device say about the way to it. */
struct way {
	enum protocol protocol;
	const struct component *component; /* borrowed: a row of a table; NULL: none fits */
	char host[LONG_PATH]; /* directory of the host's own attributes, "" when there is no host */
	char port[LONG_PATH]; /* the same of the session or remote port */
};

static bool is_numbered(const char *name, const char *prefix)
{
	size_t n = strlen(prefix);

	return !strncmp(name, prefix, n) && name[n] >= '0' && name[n] <= '9';
}

/* Does the directory called name, whose path ends at until, make the way one of this kind? */
static bool fits(int sys, const struct component *c, const char *sysfs, int until, const char *name,
	char port[LONG_PATH])
{
	if (!is_numbered(name, c->prefix))
		return false;
	port[0] = '\0';
	if (c->class)
		snprintf(port, LONG_PATH, "%.*s/%s/%s", until, sysfs, c->class, name);
	return !c->by_class || faccessat(sys, port, F_OK, 0) >= 0;
}

static void read_way(int sys, const char *sysfs, struct way *way)
{
	size_t best = ARRAY_SIZE(components);
	char path[MAX_SYSFS], port[LONG_PATH], *rest = path, *name;

	memset(way, 0, sizeof *way);
	TEXT_SET(path, sysfs);
	while ((name = strsep(&rest, "/"))) {
		int until = (int)(name - path + (ptrdiff_t)strlen(name));

		if (is_numbered(name, "host"))
			snprintf(way->host, sizeof way->host, "%.*s/scsi_host/%s", until, sysfs,
				name);
		for (size_t i = 0; i < best; i++)
			if (fits(sys, &components[i], sysfs, until, name, port)) {
				best = i;
				way->component = &components[i];
				TEXT_SET(way->port, port);
			}
	}
	way->protocol = way->component ? way->component->protocol : PROTOCOL_UNSPEC;
}

/* Where the path does not tell, the driver's name does. */
static void read_driver(int sys, struct way *way)
{
	char path[LONG_PATH + 16], name[32];

	if (way->protocol != PROTOCOL_UNSPEC || !way->host[0])
		return;
	snprintf(path, sizeof path, "%s/proc_name", way->host);
	if (sysfs_read_text(sys, path, name, sizeof name) >= 0 && !strcmp(name, "scsi_debug"))
		way->protocol = PROTOCOL_DEBUG;
}

static enum transport_state transport_from(const struct component *c, const char *state)
{
	for (size_t i = 0; i < ARRAY_SIZE(c->up) && c->up[i]; i++)
		if (!strcmp(state, c->up[i]))
			return TRANSPORT_UP;
	return TRANSPORT_DOWN;
}

/* A port whose state cannot be read is down: nothing is to be believed that comes over it. */
static void read_port(int sys, const struct way *way, struct obs_device *d)
{
	const struct component *c = way->component;
	_cleanup_(closep) int port = -1;
	char state[32], name[MAX_ARRAY];

	snprintf(d->array, sizeof d->array, "%s:%s", d->vendor, d->product);
	if (!way->port[0])
		return;
	d->transport = TRANSPORT_DOWN;
	port = sysfs_open(sys, way->port);
	if (port < 0)
		return;
	if (sysfs_read_text(port, c->state, state, sizeof state) >= 0)
		d->transport = transport_from(c, state);
	if (c->name && sysfs_read_text(port, c->name, name, sizeof name) >= 0 && name[0])
		TEXT_SET(d->array, name);
}

static void read_devt(int at, const char *path, struct devt *ret)
{
	char text[DEVT_TEXT];

	if (sysfs_read_text(at, path, text, sizeof text) >= 0)
		devt_parse(text, ret);
}

/* The disk and the sg node, if they are there already: each appears on its own after the device. */
static void read_nodes(int dir, struct obs_device *d)
{
	char name[MAX_NAME], path[MAX_NAME + 32];

	if (sysfs_first(dir, "block", "", name, sizeof name) >= 0) {
		TEXT_SET(d->dev, name);
		snprintf(path, sizeof path, "block/%s/dev", name);
		read_devt(dir, path, &d->devt);
		snprintf(path, sizeof path, "block/%s/size", name);
		sysfs_read_number(dir, path, &d->size_sectors);
	}
	if (sysfs_first(dir, "scsi_generic", "sg", name, sizeof name) >= 0) {
		snprintf(path, sizeof path, "scsi_generic/%s/dev", name);
		read_devt(dir, path, &d->sg);
	}
}

static void read_identity(int dir, struct obs_device *d)
{
	uint8_t page[VPD_BYTES];
	ssize_t n;

	sysfs_read_text(dir, "vendor", d->vendor, sizeof d->vendor);
	sysfs_read_text(dir, "model", d->product, sizeof d->product);
	sysfs_read_text(dir, "rev", d->revision, sizeof d->revision);
	n = sysfs_read_bytes(dir, "vpd_pg83", page, sizeof page);
	if (n < 0 || vpd_83_wwid(page, (size_t)n, d->wwid) < 0)
		d->wwid[0] = '\0';
}

static enum device_state read_state(int dir)
{
	char state[32];
	int r = sysfs_read_text(dir, "state", state, sizeof state);

	return r < 0 ? DEVICE_GOING : device_state_from(state);
}

/* Its files go first. The directory stays until all that the kernel waits for is over, which may
 * be long; one that was opened before stays for ever, and proves nothing. */
static int read_what_is_left(int sys, const char *sysfs, ino_t ino, struct obs_device *d)
{
	struct stat now;

	if (fstatat(sys, sysfs, &now, 0) < 0 || now.st_ino != ino)
		return -ENODEV;
	TEXT_SET(d->sysfs, sysfs);
	d->ino = ino;
	d->type = DEVICE_TYPE_UNKNOWN;
	d->state = DEVICE_GOING;
	d->present = true;
	return 0;
}

/* 0, -ENODEV: it is not there, or went while it was read. */
static int read_device(int sys, const char *sysfs, bool disks_only, struct obs_device *d)
{
	_cleanup_(closep) int dir = sysfs_open(sys, sysfs);
	const char *name = strrchr(sysfs, '/');
	struct stat st;
	struct way way;
	uint64_t type;

	if (dir < 0 || !name || scsi_address_parse(name + 1, &d->address) < 0 ||
		fstat(dir, &st) < 0)
		return -ENODEV;
	if (sysfs_read_number(dir, "type", &type) < 0)
		return read_what_is_left(sys, sysfs, st.st_ino, d);
	TEXT_SET(d->sysfs, sysfs);
	d->ino = st.st_ino;
	d->type = (uint32_t)type;
	if (disks_only && type != INQUIRY_TYPE_DISK)
		return 0;
	d->state = read_state(dir);
	read_way(sys, sysfs, &way);
	read_driver(sys, &way);
	d->protocol = way.protocol;
	read_identity(dir, d);
	read_port(sys, &way, d);
	read_nodes(dir, d);

	/* the old directory of a removed device has no files any more, whatever took its name */
	if (faccessat(dir, "type", F_OK, 0) < 0)
		return -ENODEV;
	d->present = true;
	return 0;
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

	if (is_device_path(sysfs)) {
		text_copy(ret, MAX_SYSFS, sysfs);
		return 0;
	}
	if (scsi_address_parse(sysfs, &address) < 0)
		return -ENODEV;
	snprintf(link, sizeof link, DEVICES_OF_THE_BUS "/%s", sysfs);
	return sysfs_read_device_link(sys, link, ret, MAX_SYSFS);
}

void discover_one(int sys, const char *sysfs, struct observation *ret)
{
	char path[MAX_SYSFS];

	/* twice: when it went under our hands a successor may have taken its place */
	for (int tries = 0; tries < 2; tries++) {
		*ret = (struct observation){ .kind = OBS_DEVICE };
		if (canonical_path(sys, sysfs, path) < 0)
			break;
		if (read_device(sys, path, false, &ret->device) >= 0)
			return;
	}
	*ret = (struct observation){ .kind = OBS_DEVICE };
	TEXT_SET(ret->device.sysfs, sysfs);
}

int discover_all(int sys, observation_sink sink, void *arg)
{
	_cleanup_(sysfs_list_done) struct sysfs_list list = { 0 };
	const char *name;
	int r = sysfs_list_init(&list, sys, DEVICES_OF_THE_BUS);

	if (r < 0)
		return r;
	while ((name = sysfs_list_next(&list))) {
		struct observation o = { .kind = OBS_DEVICE };
		struct scsi_address address;
		char path[MAX_SYSFS];

		/* hosts and targets are on this bus, too */
		if (scsi_address_parse(name, &address) < 0 ||
			sysfs_read_device_link(sysfs_list_fd(&list), name, path, sizeof path) < 0)
			continue;
		if (read_device(sys, path, true, &o.device) >= 0 && o.device.present)
			sink(arg, &o);
	}
	return 0;
}

static void answer(int sys, const struct action *a, struct report *report)
{
	struct observation o = { .kind = OBS_DEVICES_END, .action = a->id };

	if (a->kind == ACT_LOOK) {
		discover_one(sys, a->look.sysfs, &o);
		o.action = a->id;
	} else {
		int r = sys < 0 ? sys : discover_all(sys, report_add, report);

		/* no bus is an answer: there are no devices */
		o.result = r == -ENOENT ? 0 : r;
	}
	report_add(report, &o);
}

int scout_main(int socket, uint32_t tag)
{
	static struct packet packet;
	static struct report report;
	_cleanup_(closep) int sys = sysfs_open(AT_FDCWD, "/sys");
	struct action a;
	int r;

	(void)tag;
	report_init(&report, socket);
	for (;;) {
		r = packet_wait(socket, false);
		if (r < 0)
			return 1;
		r = packet_receive(socket, &packet);
		if (r == -EAGAIN)
			continue;
		if (r <= 0)
			return r < 0;
		while (packet_next(&packet, &a, sizeof a) > 0)
			if (a.kind == ACT_READ_DEVICES || a.kind == ACT_LOOK)
				answer(sys, &a, &report);
		packet_done(&packet);
		if (report_flush(&report) < 0)
			return 1;
	}
}
