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

/* What the names of the directories above a device say about the way to it. */
struct way {
	enum protocol protocol;
	char host[LONG_PATH]; /* directory of the host's own attributes, "" when there is no host */
	char port[LONG_PATH]; /* the same of the session or remote port */
};

/* A directory of this name, followed by a number, means this protocol. The first row that fits
 * anywhere in the path wins: a USB or ATA bridge is named before the controller it hangs on. */
static const struct component {
	const char *prefix;
	enum protocol protocol;
	const char *class; /* of the port's attributes */
} components[] = {
	{ "session", PROTOCOL_ISCSI, "iscsi_session" },
	{ "rport-", PROTOCOL_FCP, "fc_remote_ports" },
	{ "end_device-", PROTOCOL_SAS, NULL },
	{ "usb", PROTOCOL_USB, NULL },
	{ "ata", PROTOCOL_ATA, NULL },
	{ "virtio", PROTOCOL_VIRTIO, NULL },
};

/* Where the path does not tell, the driver's name does. */
static const struct driver {
	const char *proc_name;
	enum protocol protocol;
} drivers[] = {
	{ "scsi_debug", PROTOCOL_DEBUG },
	{ "ib_srp", PROTOCOL_SRP },
	{ "srp", PROTOCOL_SRP },
};

static bool is_numbered(const char *name, const char *prefix)
{
	size_t n = strlen(prefix);

	return !strncmp(name, prefix, n) && name[n] >= '0' && name[n] <= '9';
}

static void read_way(const char *sysfs, struct way *way)
{
	size_t best = ARRAY_SIZE(components);
	char path[MAX_SYSFS], *rest = path, *name;

	memset(way, 0, sizeof *way);
	TEXT_SET(path, sysfs);
	while ((name = strsep(&rest, "/"))) {
		int until = (int)(name - path + (ptrdiff_t)strlen(name));

		if (is_numbered(name, "host"))
			snprintf(way->host, sizeof way->host, "%.*s/scsi_host/%s", until, sysfs,
				name);
		for (size_t i = 0; i < best; i++) {
			if (!is_numbered(name, components[i].prefix))
				continue;
			best = i;
			way->protocol = components[i].protocol;
			if (components[i].class)
				snprintf(way->port, sizeof way->port, "%.*s/%s/%s", until, sysfs,
					components[i].class, name);
		}
	}
}

static void read_driver(int sys, struct way *way)
{
	char path[LONG_PATH + 16], name[32];

	if (way->protocol != PROTOCOL_UNSPEC || !way->host[0])
		return;
	snprintf(path, sizeof path, "%s/proc_name", way->host);
	if (sysfs_read_text(sys, path, name, sizeof name) < 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++)
		if (!strcmp(name, drivers[i].proc_name))
			way->protocol = drivers[i].protocol;
}

/* "Marginal" is the administrator's word for a port that is up and flaky. */
static enum transport_state transport_from(enum protocol protocol, const char *state)
{
	if (protocol == PROTOCOL_ISCSI)
		return strcmp(state, "LOGGED_IN") ? TRANSPORT_DOWN : TRANSPORT_UP;
	return strcmp(state, "Online") && strcmp(state, "Marginal") ? TRANSPORT_DOWN : TRANSPORT_UP;
}

/* A port whose state cannot be read is down: nothing is to be believed that comes over it. */
static void read_port(int sys, const struct way *way, struct obs_device *d)
{
	bool iscsi = way->protocol == PROTOCOL_ISCSI;
	_cleanup_(closep) int port = -1;
	char state[32], name[MAX_ARRAY];

	snprintf(d->array, sizeof d->array, "%s:%s", d->vendor, d->product);
	if (!way->port[0])
		return;
	d->transport = TRANSPORT_DOWN;
	port = sysfs_open(sys, way->port);
	if (port < 0)
		return;
	if (sysfs_read_text(port, iscsi ? "state" : "port_state", state, sizeof state) >= 0)
		d->transport = transport_from(way->protocol, state);
	sysfs_read_text(port, iscsi ? "targetname" : "node_name", name, sizeof name);
	if (name[0])
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

/* 0, -ENODEV: it is not there, or went while it was read. */
static int read_device(int sys, const char *sysfs, bool disks_only, struct obs_device *d)
{
	_cleanup_(closep) int dir = sysfs_open(sys, sysfs);
	const char *name = strrchr(sysfs, '/');
	struct stat st;
	struct way way;
	uint64_t type;

	if (dir < 0 || !name || scsi_address_parse(name + 1, &d->address) < 0 ||
		fstat(dir, &st) < 0 || sysfs_read_number(dir, "type", &type) < 0)
		return -ENODEV;
	TEXT_SET(d->sysfs, sysfs);
	d->ino = st.st_ino;
	d->type = (uint32_t)type;
	if (disks_only && type != INQUIRY_TYPE_DISK)
		return 0;
	d->state = read_state(dir);
	read_way(sysfs, &way);
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
