/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel: SCSI devices, what is said of them, who uses them. */
#include "sim.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

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

void world_name_volume(uint32_t volume, char ret[MAX_WWID])
{
	snprintf(ret, MAX_WWID, "35000c500%08x", volume);
}

static void name_disk(uint32_t minor, char ret[MAX_NAME])
{
	snprintf(ret, MAX_NAME, "sd%c%c%c", 'a' + minor / 676 % 26, 'a' + minor / 26 % 26,
		'a' + minor % 26);
}

/* Of a device without its sg node the keeper hears no end. */
static bool has_sg(const struct device *d)
{
	return d->ino % 6;
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
	if (has_sg(d))
		ret->device.sg = (struct devt){ 21, d->minor };
	name_disk(d->minor, ret->device.dev);
	ret->device.size_sectors = d->sectors;
	TEXT_SET(ret->device.vendor, "SIM");
	TEXT_SET(ret->device.product, "DISK");
	world_name_volume(d->volume, ret->device.wwid);
	/* of every fifth udev still says what had the number before */
	world_name_volume(d->ino % 5 ? d->volume : d->volume + 1, ret->device.udev_serial);
	snprintf(ret->device.array, sizeof ret->device.array, "array%u", world_array(host));
}

instant world_uevent(struct sim *s, uint32_t host, uint32_t lun, enum uevent_action action,
	enum attention attention)
{
	instant heard = INSTANT_NEVER;
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
		if (sim_chance(s, 20)) /* cut, it may be the name of another */
			e->said->uevent.sysfs[strlen(o.uevent.sysfs) - 1 - sim_below(s, 4)] = '\0';
		else if (!instant_is_set(heard) || instant_before(e->at, heard))
			heard = e->at;
	}
	return heard;
}

static bool is_index_used(const struct sim *s, uint32_t minor)
{
	for (uint32_t i = 0; i < HOSTS * LUNS; i++)
		if (s->devices[i / LUNS][i % LUNS].ino &&
			s->devices[i / LUNS][i % LUNS].minor == minor)
			return true;
	for (uint32_t i = 0; i < MAPS; i++)
		for (uint32_t j = 0; s->maps[i].exists && j < s->maps[i].n_members; j++)
			if (s->maps[i].members[j].minor == minor)
				return true;
	for (uint32_t i = 0; i < OPEN_SHELLS; i++)
		if (s->shells[i].minor == minor && instant_before(s->now, s->shells[i].until))
			return true;
	return false;
}

/* The name of a disk is given to the next one, once no table and no descriptor knows it. */
static uint32_t lowest_index(const struct sim *s)
{
	uint32_t minor = 1;

	while (is_index_used(s, minor))
		minor++;
	return minor;
}

/* Whoever has it open still has, and gets errors. */
static void keep_shell(struct sim *s, const struct device *d)
{
	if (instant_is_set(d->opened_at) || d->mounted || d->claimed)
		s->shells[s->n_shells++ % OPEN_SHELLS] = (struct shell){ d->minor,
			sim_in(s, 0, 120000) };
}

void world_add_device(struct sim *s, uint32_t host, uint32_t lun)
{
	s->devices[host][lun] = (struct device){
		.ino = ++s->last_ino,
		.minor = lowest_index(s),
		.volume = s->volume[host][lun],
		.born_volume = s->volume[host][lun],
		.sectors = world_volume_sectors(s, s->volume[host][lun]),
		.born = s->now,
	};
	sim_story(s, "world: %u:0:0:%u appears, ino %llu, vol%u", host, lun,
		(unsigned long long)s->last_ino, s->volume[host][lun]);
	s->devices[host][lun].heard_at = world_uevent(s, host, lun, UEVENT_ADD, ATTENTION_NONE);
}

/* The handles feel it at once, and so does whoever looks; the disk's users get errors. */
void world_begin_removal(struct sim *s, uint32_t host, uint32_t lun)
{
	struct device *d = &s->devices[host][lun];

	sim_story(s, "world: %u:0:0:%u ino %llu is going", host, lun, (unsigned long long)d->ino);
	d->going = true;
	for (uint32_t i = 0; i < HANDLES && has_sg(d); i++) {
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
	keep_shell(s, &s->devices[host][lun]);
	if (s->devices[host][lun].others_took)
		gaps_note_left(s, s->devices[host][lun].ino);
	/* that its target answered there remains true */
	s->devices[host][lun] = (struct device){ .present_at = s->devices[host][lun].present_at };
	world_uevent(s, host, lun, UEVENT_REMOVE, ATTENTION_NONE);
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

struct device *world_any_device(struct sim *s, uint32_t *ret_host, uint32_t *ret_lun)
{
	for (int tries = 0; tries < 20; tries++) {
		*ret_host = sim_below(s, HOSTS);
		*ret_lun = sim_below(s, LUNS);
		if (s->devices[*ret_host][*ret_lun].ino)
			return &s->devices[*ret_host][*ret_lun];
	}
	return NULL;
}

void kernel_scan(struct sim *s, uint32_t host)
{
	for (uint32_t l = 0; l < LUNS; l++)
		if (s->nexuses[host].up && s->volume[host][l] && !s->devices[host][l].ino)
			world_add_device(s, host, l);
}

static void scan(struct sim *s)
{
	uint32_t host = sim_below(s, HOSTS);

	if (instant_before(s->now, s->nexuses[host].mutex_until))
		return; /* it hangs, and by then another one has done it */
	kernel_scan(s, host);
	if (sim_chance(s, 100)) /* ... waiting for a target that does not answer */
		s->nexuses[host].mutex_until = sim_in(s, 100, 40000);
}

void kernel_delete_slowly(struct sim *s, uint32_t host, uint32_t lun, instant until)
{
	struct event *e;

	maps_note_taken(s, &s->devices[host][lun]);
	s->devices[host][lun].others_took = true;
	world_begin_removal(s, host, lun);
	e = sim_push(s, EVENT_GONE, until);
	e->host = host;
	e->lun = lun;
	if (instant_before(s->nexuses[host].mutex_until, until))
		s->nexuses[host].mutex_until = until;
}

void kernel_delete(struct sim *s, uint32_t host, uint32_t lun)
{
	maps_note_taken(s, &s->devices[host][lun]);
	s->devices[host][lun].others_took = true;
	world_begin_removal(s, host, lun);
	world_end_removal(s, host, lun);
}

static void delete_by_others(struct sim *s)
{
	uint32_t h, l;
	struct device *d = world_any_device(s, &h, &l);

	if (!d || d->going)
		return;
	if (sim_chance(s, 300)) {
		kernel_delete_slowly(s, h, l, sim_in(s, 100, 60000));
		return;
	}
	kernel_delete(s, h, l);
	if (!sim_chance(s, 500))
		return; /* else: at once another device at the same address */
	s->volume[h][l] = ++s->last_volume;
	world_add_device(s, h, l);
}

/* All tags of a host are out, at a target that does not answer. */
static void tags_run_out(struct sim *s)
{
	s->nexuses[sim_below(s, HOSTS)].tags_out_until = sim_in(s, 100, 15000);
}

static void mount(struct sim *s)
{
	uint32_t h, l;
	struct device *d = world_any_device(s, &h, &l);

	if (!d || d->going)
		return;
	if (d->mounted)
		d->mounted = d->critical = false;
	else if (!world_is_busy(s, d)) {
		d->mounted = true;
		d->critical = sim_chance(s, 100);
	}
}

static void open_disk(struct sim *s)
{
	uint32_t h, l;
	struct device *d = world_any_device(s, &h, &l);

	if (!d || world_map_of(s, d) >= 0)
		return;
	if (sim_chance(s, 500))
		d->udev_until = sim_in(s, 10, 12000);
	else
		d->opened_at = instant_is_set(d->opened_at) ? INSTANT_NEVER : s->now;
}

static void claim(struct sim *s)
{
	uint32_t h, l;
	struct device *d = world_any_device(s, &h, &l);

	if (d && (d->claimed || (!world_is_busy(s, d) && !d->going)))
		d->claimed = !d->claimed;
}

static void offline(struct sim *s)
{
	uint32_t h, l;
	struct device *d = world_any_device(s, &h, &l);

	if (d && !d->going)
		d->offline = !d->offline;
}

/* An administrator's round: what nobody needs is let go. */
static void tidy(struct sim *s)
{
	for (uint32_t h = 0; h < HOSTS; h++)
		for (uint32_t l = 0; l < LUNS; l++) {
			struct device *d = &s->devices[h][l];

			d->mounted = d->critical = d->claimed = d->offline = false;
			d->opened_at = INSTANT_NEVER;
		}
	for (uint32_t i = 0; i < MAPS; i++)
		s->maps[i].mounted = false;
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

const struct deed kernel_deeds[] = {
	{ "scan", scan, 40 },
	{ "tags-run-out", tags_run_out, 3 },
	{ "delete-by-others", delete_by_others, 8 },
	{ "mount", mount, 20 },
	{ "open", open_disk, 16 },
	{ "claim", claim, 6 },
	{ "offline", offline, 4 },
	{ "tidy", tidy, 1 },
	{ 0 },
};
