/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "scsi/gone.h"
#include "scsi/inquiry.h"

enum { BLOCKED_MS = 4000 };

uint32_t world_array(uint32_t host)
{
	return host * ARRAYS / HOSTS;
}

void world_sysfs(uint32_t host, uint32_t lun, char ret[MAX_SYSFS])
{
	snprintf(ret, MAX_SYSFS, "devices/platform/host%u/session%u/target%u:0:0/%u:0:0:%u", host,
		host, host, host, lun);
}

void world_describe_host(uint32_t host, struct observation *ret)
{
	*ret = (struct observation){ .kind = OBS_HOST };
	ret->host.number = host;
	ret->host.ino = 10 + host;
	ret->host.protocol = PROTOCOL_ISCSI;
	snprintf(ret->host.sysfs, sizeof ret->host.sysfs, "devices/platform/host%u", host);
	snprintf(ret->host.sessions, sizeof ret->host.sessions, "session%u", host);
}

bool world_at(const char *sysfs, uint32_t *ret_host, uint32_t *ret_lun)
{
	const char *slash = strrchr(sysfs, '/');

	return slash && sscanf(slash, "/%u:0:0:%u", ret_host, ret_lun) == 2 && *ret_host < HOSTS &&
	       *ret_lun < LUNS;
}

/* ---- what is there --------------------------------------------------------------------------- */

static bool is_noticed(const struct sim *s, uint32_t host)
{
	const struct nexus_truth *n = &s->nexuses[host];

	return !n->up && instant_ms_between(n->down_at, s->now) > 700;
}

enum device_state world_state(const struct sim *s, uint32_t host, uint32_t lun)
{
	const struct device *d = &s->devices[host][lun];

	if (d->going)
		return DEVICE_GOING;
	if (d->offline)
		return DEVICE_OFFLINE;
	if (!is_noticed(s, host))
		return DEVICE_RUNNING;
	return instant_ms_between(s->nexuses[host].down_at, s->now) < BLOCKED_MS
		       ? DEVICE_BLOCKED
		       : DEVICE_TRANSPORT_OFFLINE;
}

enum transport_state world_transport(const struct sim *s, uint32_t host)
{
	return is_noticed(s, host) ? TRANSPORT_DOWN : TRANSPORT_UP;
}

void world_name_volume(uint32_t volume, char ret[MAX_WWID])
{
	snprintf(ret, MAX_WWID, "35000c500%08x", volume);
}

static void name_disk(uint32_t minor, char ret[MAX_NAME])
{
	snprintf(ret, MAX_NAME, "sd%c%c%c", 'a' + minor / 676 % 26, 'a' + minor / 26 % 26,
		'a' + minor % 26);
}

void world_describe(const struct sim *s, uint32_t host, uint32_t lun, struct observation *ret)
{
	const struct device *d = &s->devices[host][lun];

	*ret = (struct observation){ .kind = OBS_DEVICE };
	world_sysfs(host, lun, ret->device.sysfs);
	if (!d->ino)
		return;
	ret->device.present = true;
	ret->device.ino = d->ino;
	if (d->going) { /* its files are gone, its directory is not */
		ret->device.type = DEVICE_TYPE_UNKNOWN;
		ret->device.state = DEVICE_GOING;
		return;
	}
	ret->device.address = (struct scsi_address){ .host = host, .lun = lun };
	ret->device.protocol = PROTOCOL_ISCSI;
	ret->device.state = world_state(s, host, lun);
	ret->device.transport = world_transport(s, host);
	ret->device.devt = (struct devt){ SD_MAJOR, d->minor };
	ret->device.sg = (struct devt){ 21, d->minor };
	name_disk(d->minor, ret->device.dev);
	TEXT_SET(ret->device.vendor, "SIM");
	TEXT_SET(ret->device.product, "DISK");
	world_name_volume(d->volume, ret->device.wwid);
	/* of every fifth udev still says what had the number before */
	world_name_volume(d->ino % 5 ? d->volume : d->volume + 1, ret->device.udev_serial);
	snprintf(ret->device.array, sizeof ret->device.array, "array%u", world_array(host));
}

void world_uevent(struct sim *s, uint32_t host, uint32_t lun, enum uevent_action action,
	enum attention attention)
{
	struct observation o = { .kind = OBS_UEVENT };
	struct event *e;

	o.uevent.action = action;
	o.uevent.attention = attention;
	world_sysfs(host, lun, o.uevent.sysfs);
	for (int times = sim_chance(s, 50) ? 2 : !sim_chance(s, 50); times > 0; times--) {
		e = sim_push(s, EVENT_SAY, sim_in(s, 1, sim_chance(s, 50) ? 5000 : 20));
		e->daemon = s->daemon;
		e->said = malloc(sizeof o);
		*e->said = o;
	}
}

void world_add_device(struct sim *s, uint32_t host, uint32_t lun)
{
	s->devices[host][lun] = (struct device){
		.ino = ++s->last_ino,
		.minor = ++s->last_minor,
		.volume = s->volume[host][lun],
		.born_volume = s->volume[host][lun],
		.born = s->now,
	};
	sim_story(s, "world: %u:0:0:%u appears, ino %llu, vol%u", host, lun,
		(unsigned long long)s->last_ino, s->volume[host][lun]);
	world_uevent(s, host, lun, UEVENT_ADD, ATTENTION_NONE);
}

/* The handles feel it at once, and so does whoever looks; the disk's users get errors. */
void world_begin_removal(struct sim *s, uint32_t host, uint32_t lun)
{
	struct device *d = &s->devices[host][lun];

	sim_story(s, "world: %u:0:0:%u ino %llu is going", host, lun, (unsigned long long)d->ino);
	d->going = true;
	for (uint32_t i = 0; i < HANDLES; i++) {
		struct handle *h = &s->handles[i];
		struct observation o = { .kind = OBS_HUNG_UP, .path = h->id };
		struct event *e;

		if (!h->id.gen || h->host != host || h->lun != lun || h->ino != d->ino)
			continue;
		e = sim_push(s, EVENT_SAY, sim_in(s, 1, 30));
		e->helper = HELPER_KEEPER;
		e->host = host;
		e->epoch = s->epochs[HELPER_KEEPER][host];
		e->daemon = s->daemon;
		e->said = malloc(sizeof o);
		*e->said = o;
		h->id.gen = 0; /* closed by the keeper itself, the check with it */
		h->check = 0;
	}
}

void world_end_removal(struct sim *s, uint32_t host, uint32_t lun)
{
	sim_story(s, "world: %u:0:0:%u is gone", host, lun);
	s->devices[host][lun] = (struct device){ 0 };
	world_uevent(s, host, lun, UEVENT_REMOVE, ATTENTION_NONE);
}

/* ---- what it answers ------------------------------------------------------------------------- */

bool world_says_by_qualifier(uint32_t host, uint32_t lun)
{
	return lun == 0 && world_array(host) == 0; /* one array answers for its LUN 0 itself */
}

bool world_is_gone(const struct sim *s, uint32_t host, uint32_t lun)
{
	return !s->volume[host][lun];
}

/* A unit that was away until a moment ago, and flickers, cannot be told from one that is away: it
 * has to be asked in between. */
static bool flickers(const struct sim *s, uint32_t host, uint32_t lun)
{
	return instant_before(s->now, s->nexuses[host].flicker_until) &&
	       instant_ms_between(s->given_at[host][lun], s->now) >= GIVEN_MS;
}

static bool says_gone(const struct sim *s, uint32_t host, uint32_t lun)
{
	return world_is_gone(s, host, lun) || flickers(s, host, lun) ||
	       instant_before(s->now, s->nexuses[host].restoring_until);
}

static struct scsi_answer sense(uint8_t key, uint8_t asc, uint8_t ascq)
{
	return (struct scsi_answer){
		.status = 0x02, .sense_len = 8, .sense = { 0x72, key, asc, ascq }
	};
}

static struct scsi_answer attention_of(enum attention attention)
{
	switch (attention) {
	case ATTENTION_LUNS_CHANGED: return sense(6, 0x3f, 0x0e);
	case ATTENTION_INQUIRY_CHANGED: return sense(6, 0x3f, 0x03);
	case ATTENTION_CAPACITY: return sense(6, 0x2a, 0x09);
	case ATTENTION_RESET: return sense(6, 0x29, 0x07);
	case ATTENTION_OTHER:
	case ATTENTION_NONE: break;
	}
	return sense(6, 0x2a, 0x01);
}

/* What keeps a command from being answered by the logical unit; false: nothing does. */
static bool is_kept_away(struct sim *s, uint32_t host, struct scsi_answer *ret)
{
	static const uint8_t outages[] = { 0x01, 0x03, 0x0e, 0x0f };
	uint32_t luck = s->peace ? 1000 : sim_below(s, 1000);

	*ret = (struct scsi_answer){ 0 };
	if (!s->nexuses[host].up)
		ret->host_status = outages[sim_below(s, sizeof outages)];
	else if (instant_before(s->now, s->nexuses[host].lossy_until) && luck < 700)
		ret->host_status = 0x03; /* timed out */
	else if (luck < 4)
		ret->host_status = outages[sim_below(s, sizeof outages)];
	else if (luck < 20)
		ret->status = luck < 12 ? 0x08 : 0x28; /* BUSY, TASK SET FULL */
	else
		return false;
	return true;
}

static struct scsi_answer test_unit_ready(struct sim *s, uint32_t host, uint32_t lun)
{
	struct device *d = &s->devices[host][lun];
	struct scsi_answer answer;

	if (is_kept_away(s, host, &answer))
		return answer;
	if (says_gone(s, host, lun))
		return world_says_by_qualifier(host, lun) ? (struct scsi_answer){ 0 }
							  : sense(5, 0x25, 0);
	if (d->attention != ATTENTION_NONE) {
		answer = attention_of(d->attention);
		world_uevent(s, host, lun, UEVENT_CHANGE, d->attention);
		d->attention = ATTENTION_NONE;
		return answer;
	}
	if (!s->peace && sim_chance(s, 10))
		return sim_chance(s, 500) ? sense(2, 0x04, 0x0b) : sense(2, 0x04, 0x0a);
	if (!s->peace && sim_chance(s, 5))
		return (struct scsi_answer){ .status = 0x18 };
	return (struct scsi_answer){ 0 };
}

static void inquire(struct sim *s, uint32_t host, uint32_t lun, struct obs_checked *ret)
{
	bool gone = says_gone(s, host, lun);

	ret->inquired = true;
	if (is_kept_away(s, host, &ret->inquiry))
		return;
	if (gone && world_array(host) == 1 && lun % 2) {
		ret->inquiry = sense(5, 0x25, 0);
		return;
	}
	ret->inquiry_len = INQUIRY_BYTES;
	ret->inquiry_data[0] = gone ? 0x7f : 0;
	ret->inquiry_data[4] = INQUIRY_BYTES - 5;
}

enum { IDENTITY_BYTES = 28 };

/* Page 83h: its own name, and that of the port, which all of them share. */
static void identify(struct sim *s, uint32_t host, uint32_t lun, struct obs_checked *ret)
{
	uint32_t volume = s->volume[host][lun], luck = s->peace ? 1000 : sim_below(s, 1000);
	const uint8_t page[IDENTITY_BYTES] = { 0, 0x83, 0, 24, 1, 0x03, 0, 8, 0x50, 0, 0xc5, 0,
		(uint8_t)(volume >> 24), (uint8_t)(volume >> 16), (uint8_t)(volume >> 8),
		(uint8_t)volume, 1, 0x13, 0, 8, 0x50, 0, 0, 0, 0, 0, 0, 1 };
	struct scsi_answer answer;

	if (is_kept_away(s, host, &answer))
		return;
	ret->identified = true;
	if (luck < 20) /* refused */
		return;
	ret->identity_len = (uint16_t)(luck < 40 ? sim_below(s, sizeof page) : sizeof page);
	memcpy(ret->identity_data, page, ret->identity_len);
	if (says_gone(s, host, lun))
		ret->identity_data[0] = 0x7f;
}

struct identity_truth world_identity(
	const struct sim *s, uint32_t host, uint32_t lun, const struct obs_checked *checked)
{
	bool whole = checked->identity_len == IDENTITY_BYTES && !checked->identity_data[0];

	return (struct identity_truth){ whole ? s->volume[host][lun] : 0, s->now };
}

void world_ask(struct sim *s, uint32_t host, uint32_t lun, uint64_t ino, bool inquiry,
	bool identity, struct obs_checked *ret)
{
	struct device *d = &s->devices[host][lun];

	ret->asked = true;
	if (d->ino != ino || d->going) {
		ret->tur.error = -ENODEV;
		return;
	}
	ret->tur = test_unit_ready(s, host, lun);
	if (inquiry && !ret->tur.host_status)
		inquire(s, host, lun, ret);
	if (identity && !ret->tur.host_status && !scsi_says_unsupported(&ret->tur))
		identify(s, host, lun, ret);
}

/* ---- maps ------------------------------------------------------------------------------------ */

struct member *world_member(struct sim *s, const struct device *d)
{
	for (uint32_t i = 0; i < MAPS; i++)
		for (uint32_t j = 0; s->maps[i].exists && j < s->maps[i].n_members; j++)
			if (s->maps[i].members[j].minor == d->minor)
				return &s->maps[i].members[j];
	return NULL;
}

int world_map_of(const struct sim *s, const struct device *d)
{
	for (uint32_t i = 0; i < MAPS; i++)
		for (uint32_t j = 0; s->maps[i].exists && j < s->maps[i].n_members; j++)
			if (s->maps[i].members[j].minor == d->minor)
				return (int)i;
	return -1;
}

uint32_t world_others_in_map(const struct sim *s, uint32_t host, uint32_t lun, int map)
{
	uint32_t n = 0;

	for (uint32_t h = 0; h < HOSTS; h++)
		for (uint32_t l = 0; l < LUNS; l++) {
			const struct device *d = &s->devices[h][l];

			n += (h != host || l != lun) && d->ino && !d->going && map >= 0 &&
			     world_map_of(s, d) == map;
		}
	return n;
}

void world_describe_map(const struct sim *s, uint32_t map, struct observation *ret)
{
	const struct map_truth *m = &s->maps[map];
	char wwid[MAX_WWID];

	*ret = (struct observation){ .kind = OBS_MAP };
	ret->map.present = m->exists;
	ret->map.devt = (struct devt){ DM_MAJOR, m->minor };
	snprintf(ret->map.name, sizeof ret->map.name, "map%u", m->minor);
	world_name_volume(m->volume, wwid);
	snprintf(ret->map.uuid, sizeof ret->map.uuid, "mpath-%s", wwid);
	for (uint32_t i = 0; i < m->n_members; i++)
		ret->map.members[ret->map.n_members++] = (struct map_member){
			.devt = { SD_MAJOR, m->members[i].minor }, .active = m->members[i].active
		};
}

/* The dm helper watches once it was asked. What it says of a map that is there is what it is when
 * it is said; that one is gone is said of that one, whatever took its place. */
void world_map_changed(struct sim *s, uint32_t map)
{
	bool exists = s->maps[map].exists;
	struct event *e;

	if (!s->dm_watches)
		return;
	e = sim_push(s, exists ? EVENT_MAP : EVENT_SAY, sim_in(s, 1, 300));
	e->helper = HELPER_DM;
	e->epoch = s->epochs[HELPER_DM][0];
	e->daemon = s->daemon;
	e->index = map;
	if (exists)
		return;
	e->said = malloc(sizeof *e->said);
	world_describe_map(s, map, e->said);
}

bool world_is_busy(const struct sim *s, const struct device *d)
{
	return d->mounted || d->claimed || world_map_of(s, d) >= 0;
}

/* ---- identities ------------------------------------------------------------------------------ */

bool world_is_another(const struct sim *s, uint32_t host, uint32_t lun)
{
	const struct device *d = &s->devices[host][lun];
	uint32_t live = s->volume[host][lun];
	int map = world_map_of(s, d);

	return d->ino && live &&
	       (live != d->volume || live != d->born_volume ||
		       (d->believed && live != d->believed) ||
		       (map >= 0 && live != s->maps[map].volume));
}

void world_note_identities(struct sim *s)
{
	for (uint32_t h = 0; h < HOSTS; h++)
		for (uint32_t l = 0; l < LUNS; l++) {
			struct device *d = &s->devices[h][l];
			int map = d->ino ? world_map_of(s, d) : -1;

			if (map >= 0)
				d->believed = s->maps[map].volume;
			if (world_is_another(s, h, l))
				d->differed_at = s->now;
		}
}

void world_tell_fences(struct sim *s)
{
	for (uint32_t h = 0; h < HOSTS; h++)
		for (uint32_t l = 0; l < LUNS; l++) {
			struct device *d = &s->devices[h][l];
			struct observation o = { .kind = OBS_FENCED, .fenced = { .ino = d->ino } };

			if (!d->ino || !d->recorded)
				continue;
			world_sysfs(h, l, o.fenced.sysfs);
			sim_feed(s, &o);
			d->fenced_told = s->daemon;
		}
}

/* ---- configuration --------------------------------------------------------------------------- */

void world_configure(struct sim *s)
{
	static const uint32_t graces[] = { 2, 5, 20, 60 };

	s->words = (struct words){
		.purge = sim_chance(s, 850),
		.last_path = sim_chance(s, 500),
		.single_path = sim_chance(s, 800),
		.report = sim_chance(s, 80),
		.rescan = sim_chance(s, 500),
		.rescan_s = sim_chance(s, 500) ? 5 + sim_below(s, 100) : 0,
		.checks = 1 + sim_below(s, 4),
		.grace_s = graces[sim_below(s, 4)],
		.limit = sim_chance(s, 300) ? 2 + sim_below(s, 4) : 60,
		.share = sim_chance(s, 300) ? 20 : 100,
		.protected_volume = s->volume[sim_below(s, HOSTS)][sim_below(s, LUNS)],
		.fence = (enum identity_fence)(
			sim_chance(s, 500) ? IDENTITY_FENCE_FAIL : sim_below(s, 3)),
		.fence_limit = sim_chance(s, 500) ? 100 : 1 + sim_below(s, 6),
		.identity_interval = 1 + sim_below(s, 4),
	};
}

struct config *world_config(struct sim *s)
{
	static const char *const fences[] = { [IDENTITY_FENCE_REPORT] = "report",
		[IDENTITY_FENCE_FAIL] = "fail",
		[IDENTITY_FENCE_REMOVE] = "remove" };
	const struct words *w = &s->words;
	char text[1024], protected[MAX_WWID];
	struct config_file file = { .name = "sim.conf", .text = text };
	struct config *config;
	int n;

	world_name_volume(w->protected_volume, protected);
	n = snprintf(text, sizeof text,
		"defaults {\n purge_disconnected %s\n purge_last_path %s\n purge_single_path %s\n"
		" purge_action %s\n purge_checks %u\n purge_grace %u\n purge_limit %u\n"
		" purge_share %u\n polling_interval 5\n max_polling_interval 20\n"
		" checker_timeout 8\n identity_fence %s\n fence_limit %u\n identity_interval "
		"%u\n rescan_on_lun_change %s\n rescan_interval %u\n}\n"
		"multipaths {\n multipath {\n  wwid %s\n  protect yes\n }\n}\n",
		w->purge ? "yes" : "no", w->last_path ? "yes" : "no", w->single_path ? "yes" : "no",
		w->report ? "report" : "remove", w->checks, w->grace_s, w->limit, w->share,
		fences[w->fence], w->fence_limit, w->identity_interval, w->rescan ? "yes" : "no",
		w->rescan_s, protected);
	file.len = (size_t)n;
	if (config_new(&file, 1, NULL, &config) < 0)
		sim_fail(s, "the configuration is refused: %s", text);
	sim_story(s,
		"config: purge=%d last=%d single=%d report=%d checks=%u grace=%u limit=%u share=%u "
		"protected=vol%u fence=%s fence_limit=%u interval=%u",
		w->purge, w->last_path, w->single_path, w->report, w->checks, w->grace_s, w->limit,
		w->share, w->protected_volume, fences[w->fence], w->fence_limit,
		w->identity_interval);
	return config;
}

void world_begin(struct sim *s)
{
	s->now = (instant){ 100000 };
	s->last_ino = 1000;
	for (uint32_t a = 0; a < ARRAYS; a++)
		for (uint32_t l = 0; l < LUNS; l++) {
			uint32_t volume = sim_chance(s, 700) ? ++s->last_volume : 0;

			for (uint32_t h = 0; h < HOSTS; h++)
				if (world_array(h) == a)
					s->volume[h][l] = volume;
		}
	for (uint32_t h = 0; h < HOSTS; h++) {
		s->nexuses[h].up = true;
		for (uint32_t l = 0; l < LUNS; l++)
			if (s->volume[h][l])
				world_add_device(s, h, l);
	}
	s->owner.said.running = sim_chance(s, 500);
	s->owner.said.pid = 77;
	owner_truth_speaks(s);
	world_configure(s);
}
