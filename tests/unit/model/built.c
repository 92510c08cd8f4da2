/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "built.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "scsi/inquiry.h"

struct config *built_config(const char *text)
{
	struct config_file file = { .name = "test.conf", .text = text, .len = strlen(text) };
	struct config *config;

	assert_int_equal(config_new(&file, 1, NULL, &config), 0);
	return config;
}

struct model *built_model(const char *text)
{
	struct model *m;

	assert_int_equal(model_new(built_config(text), &m), 0);
	m->now = (instant){ BUILT_NOW_MS };
	return m;
}

struct observation built_device(uint32_t host, uint32_t lun, const char *wwid)
{
	struct observation o = { .kind = OBS_DEVICE, .at = { BUILT_NOW_MS } };
	uint32_t minor = host * 32 + lun;

	o.device = (struct obs_device){
		.present = true,
		.ino = 1000u * (host + 1) + lun,
		.address = { .host = host, .lun = lun },
		.protocol = PROTOCOL_ISCSI,
		.state = DEVICE_RUNNING,
		.transport = TRANSPORT_UP,
		.devt = { BUILT_SD, minor },
		.sg = { 21, minor },
		.vendor = "VENDOR",
		.product = "PRODUCT",
		.array = "array",
	};
	snprintf(o.device.sysfs, sizeof o.device.sysfs,
		"devices/pci0000:00/0000:00:05.0/host%u/session%u/target%u:0:0/%u:0:0:%u", host,
		host, host, host, lun);
	snprintf(o.device.dev, sizeof o.device.dev, "sd%c%c", 'a' + minor / 26, 'a' + minor % 26);
	TEXT_SET(o.device.wwid, wwid);
	return o;
}

struct observation built_host(uint32_t host)
{
	struct observation o = { .kind = OBS_HOST, .at = { BUILT_NOW_MS } };

	o.host.number = host;
	o.host.ino = 500u + host;
	o.host.protocol = PROTOCOL_ISCSI;
	snprintf(o.host.sysfs, sizeof o.host.sysfs, "devices/pci0000:00/0000:00:05.0/host%u", host);
	snprintf(o.host.sessions, sizeof o.host.sessions, "session%u", host);
	return o;
}

struct path *built_path(struct model *m, uint32_t host, uint32_t lun, const char *wwid)
{
	struct observation o = built_device(host, lun, wwid);
	struct path *p;

	o.at = m->now;
	model_note(m, &o);
	p = model_path_at(m, o.device.sysfs);
	assert_non_null(p);
	p->watch = WATCH_YES;
	return p;
}

struct observation built_map_of(uint32_t minor, const char *wwid, struct path **paths, uint32_t n)
{
	struct observation o = { .kind = OBS_MAP, .at = { BUILT_NOW_MS } };

	o.map.present = true;
	o.map.devt = (struct devt){ BUILT_DM, minor };
	snprintf(o.map.name, sizeof o.map.name, "map%u", minor);
	snprintf(o.map.uuid, sizeof o.map.uuid, "mpath-%s", wwid);
	for (uint32_t i = 0; i < n; i++)
		o.map.members[o.map.n_members++] =
			(struct map_member){ .devt = paths[i]->device.devt, .active = true };
	return o;
}

void built_map(struct model *m, uint32_t minor, const char *wwid, struct path **paths, uint32_t n)
{
	struct observation o = built_map_of(minor, wwid, paths, n);

	o.at = m->now;
	model_note(m, &o);
}

struct observation built_check(struct model *m, struct path *p)
{
	struct observation o = { .kind = OBS_CHECKED, .path = p->id };

	o.action = model_ask(m, &p->check, m->now);
	model_nexus(m, p)->n_out++;
	o.at = m->now;
	o.checked.state = DEVICE_RUNNING;
	o.checked.transport = TRANSPORT_UP;
	o.checked.asked = true;
	return o;
}

struct scsi_answer built_sense(uint8_t key, uint8_t asc, uint8_t ascq)
{
	return (struct scsi_answer){
		.status = 0x02, .sense_len = 8, .sense = { 0x72, key, asc, ascq }
	};
}

static struct obs_checked checked(struct scsi_answer tur, uint8_t inquiry_byte_0)
{
	struct obs_checked c = {
		.state = DEVICE_RUNNING,
		.transport = TRANSPORT_UP,
		.asked = true,
		.inquired = true,
		.tur = tur,
		.inquiry_len = INQUIRY_BYTES,
	};

	c.inquiry_data[0] = inquiry_byte_0;
	c.inquiry_data[4] = INQUIRY_BYTES - 5;
	return c;
}

struct obs_checked built_gone(void)
{
	return checked(built_sense(0x5, 0x25, 0x00), 0x7f);
}

struct obs_checked built_good(void)
{
	return checked((struct scsi_answer){ 0 }, 0x00);
}

struct obs_checked built_qualifier(void)
{
	return checked((struct scsi_answer){ 0 }, 0x3f);
}

void built_wwid(uint32_t volume, char ret[MAX_WWID])
{
	snprintf(ret, MAX_WWID, "35000c500%08x", volume);
}

struct obs_checked built_volume(uint32_t volume)
{
	const uint8_t page[] = { 0, 0x83, 0, 12, 1, 0x03, 0, 8, 0x50, 0, 0xc5, 0,
		(uint8_t)(volume >> 24), (uint8_t)(volume >> 16), (uint8_t)(volume >> 8),
		(uint8_t)volume };
	struct obs_checked c = built_good();

	c.identified = true;
	c.identity_len = sizeof page;
	memcpy(c.identity_data, page, sizeof page);
	return c;
}
