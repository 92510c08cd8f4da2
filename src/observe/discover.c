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
static enum protocol protocol_of_driver(int sys, const char *sysfs)
{
	char path[LONG_PATH], name[32];
	const char *host;
	size_t len;

	host = find_component(sysfs, "host", &len);
	if (!host)
		return PROTOCOL_UNSPEC;
	snprintf(path, sizeof path, "%.*s/scsi_host/%.*s/proc_name", (int)(host + len - sysfs),
		sysfs, (int)len, host);
	if (sysfs_read_text(sys, path, name, sizeof name) >= 0 && !strcmp(name, "scsi_debug"))
		return PROTOCOL_DEBUG;
	return PROTOCOL_UNSPEC;
}

static enum protocol protocol_of_path(int sys, const char *sysfs)
{
	size_t len;

	for (size_t i = 0; i < ARRAY_SIZE(components); i++)
		if (find_component(sysfs, components[i].prefix, &len))
			return components[i].protocol;
	return protocol_of_driver(sys, sysfs);
}

static const struct port_class *class_of(const struct transport *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(port_classes); i++)
		if (!strcmp(port_classes[i].class, t->class))
			return &port_classes[i];
	return NULL;
}

/* The name of the array stands beside the state at path. */
static void read_array(
	int dir, char path[TRANSPORT_PATH], const char *attribute, struct obs_device *d)
{
	char *end = strrchr(path, '/'), name[MAX_ARRAY], beside[TRANSPORT_PATH + 32];

	if (!attribute || !end)
		return;
	snprintf(beside, sizeof beside, "%.*s/%s", (int)(end - path), path, attribute);
	if (sysfs_read_text(dir, beside, name, sizeof name) >= 0 && name[0])
		TEXT_SET(d->array, name);
}

/* A port whose state cannot be read is down: nothing is to be believed that comes over it. */
static void read_way(int sys, int dir, struct obs_device *d)
{
	char path[TRANSPORT_PATH], state[32];
	const struct transport *t = transport_find(d->sysfs, path);
	const struct port_class *class = t ? class_of(t) : NULL;

	snprintf(d->array, sizeof d->array, "%s:%s", d->vendor, d->product);
	if (!class || (!t->required && faccessat(dir, path, F_OK, 0) < 0)) {
		d->protocol = protocol_of_path(sys, d->sysfs);
		return;
	}
	d->protocol = class->protocol;
	d->transport = TRANSPORT_DOWN;
	if (sysfs_read_text(dir, path, state, sizeof state) >= 0 && transport_is_up(t, state))
		d->transport = TRANSPORT_UP;
	read_array(dir, path, class->array, d);
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
static int read_device(
	const struct discover *from, const char *sysfs, bool disks_only, struct obs_device *d)
{
	_cleanup_(closep) int dir = sysfs_open(from->sys, sysfs);
	const char *name = strrchr(sysfs, '/');
	struct stat st;
	uint64_t type;

	if (dir < 0 || !name || scsi_address_parse(name + 1, &d->address) < 0 ||
		fstat(dir, &st) < 0)
		return -ENODEV;
	if (sysfs_read_number(dir, "type", &type) < 0)
		return read_what_is_left(from->sys, sysfs, st.st_ino, d);
	TEXT_SET(d->sysfs, sysfs);
	d->ino = st.st_ino;
	d->type = (uint32_t)type;
	if (disks_only && type != INQUIRY_TYPE_DISK)
		return 0;
	d->state = read_state(dir);
	read_identity(dir, d);
	read_way(from->sys, dir, d);
	read_nodes(dir, d);
	if (d->devt.major)
		properties_read(from->run, &d->devt, d->properties, sizeof d->properties);

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

void discover_one(const struct discover *from, const char *sysfs, struct observation *ret)
{
	char path[MAX_SYSFS];

	/* twice: when it went under our hands a successor may have taken its place */
	for (int tries = 0; tries < 2; tries++) {
		*ret = (struct observation){ .kind = OBS_DEVICE };
		if (canonical_path(from->sys, sysfs, path) < 0)
			break;
		if (read_device(from, path, false, &ret->device) >= 0)
			return;
	}
	*ret = (struct observation){ .kind = OBS_DEVICE };
	TEXT_SET(ret->device.sysfs, sysfs);
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
		if (scsi_address_parse(name, &address) < 0 ||
			sysfs_read_device_link(sysfs_list_fd(&list), name, path, sizeof path) < 0)
			continue;
		if (read_device(from, path, true, &o.device) >= 0 && o.device.present)
			sink(arg, &o);
	}
	return 0;
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

static enum protocol protocol_of_host(int sys, const char *sysfs, const char *name)
{
	char path[64];

	for (size_t i = 0; i < ARRAY_SIZE(host_classes); i++) {
		snprintf(path, sizeof path, "class/%s/%.32s", host_classes[i].class, name);
		if (faccessat(sys, path, F_OK, 0) == 0)
			return host_classes[i].protocol;
	}
	return protocol_of_path(sys, sysfs);
}

static void read_sessions(int sys, struct obs_host *host)
{
	_cleanup_(sysfs_list_done) struct sysfs_list list = { 0 };
	size_t used = 0;
	const char *name;

	if (sysfs_list_init(&list, sys, host->sysfs) < 0)
		return;
	while ((name = sysfs_list_next(&list))) {
		size_t len = strlen(name);

		if (!is_numbered(name, len, "session") || used + 1 + len >= sizeof host->sessions)
			continue;
		used += (size_t)snprintf(host->sessions + used, sizeof host->sessions - used,
			"%s%s", used ? " " : "", name);
	}
}

/* link: "devices/.../host3/scsi_host/host3" */
static int read_host(int sys, char *link, struct obs_host *host)
{
	const char *name = strrchr(link, '/');
	char *end = strstr(link, "/scsi_host/");
	struct stat st;

	if (!name || !end || strncmp(++name, "host", 4) != 0 ||
		number_parse_u32(name + 4, &host->number) < 0)
		return -EBADMSG;
	*end = '\0';
	if (strlen(link) >= sizeof host->sysfs || fstatat(sys, link, &st, 0) < 0)
		return -ENODEV;
	TEXT_SET(host->sysfs, link);
	host->ino = st.st_ino;
	host->protocol = protocol_of_host(sys, link, name);
	read_sessions(sys, host);
	return 0;
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

		if (sysfs_read_device_link(sysfs_list_fd(&list), name, link, sizeof link) == 0 &&
			read_host(from->sys, link, &o.host) == 0)
			sink(arg, &o);
	}
	return 0;
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
		o.result = from->sys < 0 ? from->sys : discover_everything(from, report);
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
