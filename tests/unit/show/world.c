/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/text.h"

static struct path *add_path(struct model *m, uint64_t lun, const char *dev, const char *wwid)
{
	struct observation o = { .kind = OBS_DEVICE, .at = { WORLD_NOW_MS } };
	char sysfs[MAX_SYSFS];

	snprintf(sysfs, sizeof sysfs, "devices/pci0000:00/0000:00:05.0/host3/target3:0:0/3:0:0:%u",
		(unsigned)lun);
	o.device.present = true;
	TEXT_SET(o.device.sysfs, sysfs);
	o.device.ino = 100 + lun;
	o.device.address = (struct scsi_address){ .host = 3, .lun = lun };
	o.device.protocol = PROTOCOL_ISCSI;
	o.device.state = DEVICE_RUNNING;
	o.device.transport = TRANSPORT_UP;
	o.device.devt = (struct devt){ 8, (uint32_t)(lun + 1) * 16 };
	o.device.sg = (struct devt){ 21, (uint32_t)lun };
	TEXT_SET(o.device.dev, dev);
	TEXT_SET(o.device.vendor, "LIO-ORG");
	TEXT_SET(o.device.product, "disk");
	TEXT_SET(o.device.wwid, wwid);
	TEXT_SET(o.device.array, "iqn.2026-01.example:a");
	model_note(m, &o);
	assert_non_null(model_path_at(m, sysfs));
	return model_path_at(m, sysfs);
}

static void add_map(struct model *m)
{
	struct observation o = { .kind = OBS_MAP, .at = { WORLD_NOW_MS } };

	o.map.present = true;
	o.map.devt = (struct devt){ 253, 4 };
	TEXT_SET(o.map.name, "oradata");
	TEXT_SET(o.map.uuid, "mpath-36001405aaaa");
	o.map.size_sectors = 32768;
	TEXT_SET(o.map.features, "1 queue_if_no_path");
	TEXT_SET(o.map.handler, "1 alua");
	TEXT_SET(o.map.selector, "service-time 0");
	TEXT_SET(o.map.groups, "AE");
	o.map.queues = true;
	o.map.n_members = 2;
	o.map.members[0] = (struct map_member){ .devt = { 8, 16 }, .active = true, .group = 1 };
	o.map.members[1] = (struct map_member){ .devt = { 8, 32 }, .group = 2, .failures = 3 };
	model_note(m, &o);
}

void world_init(struct world *w)
{
	struct config *config = NULL;
	struct model *m;

	assert_int_equal(config_new(NULL, 0, NULL, &config), 0);
	assert_int_equal(model_new(config, &w->model), 0);
	m = w->model;
	w->up = add_path(m, 0, "sdb", "36001405aaaa");
	w->dead = add_path(m, 1, "sdc", "36001405aaaa");
	w->hostile = add_path(m, 2, "sdd", "a \"b\"\\\n\x1b[31m\xff\xc0\xaf</script>\xe2\x80\xae");
	add_map(m);
	m->now = (instant){ WORLD_NOW_MS + 250 };
	model_state_enter(m, w->up, PATH_UP, BECAUSE_GOOD);
	w->up->checker = CHECKER_UP;
	model_state_enter(m, w->dead, PATH_DOWN, BECAUSE_DISCONNECTED);
	w->dead->checker = CHECKER_DISCONNECTED;
	w->dead->has_sense = true;
	w->dead->sense = (struct sense){ .key = 5, .asc = 0x25, .ascq = 0 };
	model_purge_enter(m, w->dead, PURGE_MARKED, BECAUSE_GRACE);
	m->n_changes = 0;
}

void world_done(struct world *w)
{
	for (uint32_t i = 0; i < w->model->n_requests; i++)
		w->model->requests[i].used = false;
	model_free(w->model);
	*w = (struct world){ 0 };
}

struct request *world_request(struct world *w, enum verb verb, const char *dev, const char *hctl,
	enum request_result result)
{
	struct model *m = w->model;
	struct request *more = realloc(m->requests, (m->n_requests + 1) * sizeof *more), *r;

	assert_non_null(more);
	m->requests = more;
	r = &more[m->n_requests++];
	*r = (struct request){ .used = true, .id = 7, .verb = verb, .result = result };
	r->seq = model_next_seq(m);
	TEXT_SET(r->dev, dev);
	TEXT_SET(r->hctl, hctl);
	TEXT_SET(r->requester, "uid 0 pid 42");
	return r;
}
