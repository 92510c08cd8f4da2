/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/growth.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "judge/identity.h"
#include "plan/scans.h"

enum { AGAIN_MS = 1000 };

struct growth {
	struct model *model;
	struct request *request;
	struct agenda *agenda;
	struct text *reason;
	uint32_t waits;	   /* paths that are not through */
	struct map *map;   /* of the paths that are */
	uint64_t sectors;  /* of them */
	const char *least; /* the path of the map that is the smallest; NULL: of none it is known */
	uint64_t least_sectors;
};

/* ---- words ----------------------------------------------------------------------------------- */

static enum request_result ends(
	struct growth *g, enum request_result result, enum reason why, const char *whose)
{
	text_addf(g->reason, "%s%s%s", reason_name(why), *whose ? ": " : "", whose);
	return result;
}

static enum request_result failed(
	struct growth *g, const char *whose, uint8_t stage, int32_t result)
{
	const char *error = strerrorname_np(-result);

	text_addf(g->reason, "failed %s %s: %s", hand_stage_name((enum hand_stage)stage),
		error ? error : "?", whose);
	return RESULT_FAILED;
}

static enum request_result waits(struct growth *g, enum reason why, const char *whose)
{
	g->request->waits = why;
	TEXT_SET(g->request->waits_of, whose);
	g->waits++;
	return REQUEST_OPEN;
}

/* ---- paths ----------------------------------------------------------------------------------- */

static bool is_of(const struct request *r, const struct path *p)
{
	return r->wwid[0] ? !strcmp(p->device.wwid, r->wwid) : path_id_equal(p->id, r->path);
}

static bool is_good(const struct path *p)
{
	return (p->state == PATH_UP || p->state == PATH_GHOST) && !p->gone_count &&
	       p->device.state == DEVICE_RUNNING && p->watch == WATCH_YES;
}

/* It has not been asked yet, or is just being asked. */
static bool will_be_known(const struct path *p)
{
	return p->askable && p->watch != WATCH_FAILED && !p->gone_count &&
	       p->device.state == DEVICE_RUNNING &&
	       (p->state == PATH_UNCHECKED || p->state == PATH_PENDING);
}

static enum reason what_forbids(const struct path *p)
{
	if (p->fence.fenced)
		return BECAUSE_FENCED;
	if (p->fence.stage != FENCE_NO || p->identity.word == IDENTITY_CHANGED)
		return BECAUSE_IDENTITY_CHANGED;
	return BECAUSE_NOTHING;
}

static void send_hand(struct growth *g, struct path *p, struct host *host)
{
	struct model *m = g->model;
	struct action *a = agenda_add(g->agenda, ACT_REREAD);

	if (!a)
		return;
	a->id = model_ask(m, &p->reread, m->now);
	a->path = p->id;
	TEXT_SET(a->reread.device.sysfs, p->device.sysfs);
	a->reread.device.ino = p->device.ino;
	a->reread.device.host = p->device.address.host;
	a->reread.device.devt = p->device.devt;
	a->reread.device.sg = p->device.sg;
	TEXT_SET(a->reread.wwid, p->identity.live);
	scan_hand_is_out(m, host, a->id, g->agenda);
	host->deed_path = p->id;
	host->scanned = place_of_address(&p->device.address);
	TEXT_SET(host->dev, p->device.dev);
}

/* Is it read again since the word? An end that only says that another hand was out there is none.
 */
static bool is_reread(const struct request *r, const struct path *p)
{
	return p->reread.seq > r->seq && !p->reread.action &&
	       !(p->reread_stage == STAGE_LOCK && p->reread_result == -EBUSY);
}

static enum request_result reread(struct growth *g, struct path *p)
{
	struct model *m = g->model;
	struct host *host = model_host(m, p->device.address.host);
	instant again = instant_add_ms(p->reread.at, AGAIN_MS);

	if (host && host->stuck)
		return ends(g, RESULT_PENDING, BECAUSE_STUCK, p->device.dev);
	waits(g, p->reread.action ? BECAUSE_CHECKING : BECAUSE_HOST, p->device.dev);
	if (p->reread.action || !host || host->deed)
		return REQUEST_OPEN; /* its end is an observation */
	if (p->reread.seq > g->request->seq && !instant_reached(m->now, again))
		agenda_wake_at(g->agenda, again);
	else
		send_hand(g, p, host);
	return REQUEST_OPEN;
}

/* What became of the hand. */
static enum request_result take_size(struct growth *g, struct path *p)
{
	if (p->reread_result == -ESTALE && p->reread_stage == STAGE_ASK) {
		identity_ask_soon(g->model, p);
		return ends(g, RESULT_REFUSED, BECAUSE_IDENTITY_CHANGED, p->device.dev);
	}
	if (p->reread_result < 0)
		return failed(g, p->device.dev, p->reread_stage, p->reread_result);
	g->request->found++;
	if (!p->reread_sectors)
		return ends(g, RESULT_FAILED, BECAUSE_SIZE_UNKNOWN, p->device.dev);
	if (g->sectors && g->sectors != p->reread_sectors)
		return ends(g, RESULT_FAILED, BECAUSE_SIZES_DIFFER, p->device.dev);
	g->sectors = p->reread_sectors;
	return REQUEST_OPEN;
}

static void note_least(struct growth *g, const struct path *p)
{
	uint64_t sectors = is_reread(g->request, p) ? p->reread_sectors : p->device.size_sectors;

	if (!sectors || (g->least && g->least_sectors <= sectors))
		return;
	g->least = p->device.dev;
	g->least_sectors = sectors;
}

static enum request_result step_path(struct growth *g, struct path *p)
{
	struct request *r = g->request;
	enum reason why = what_forbids(p);

	if (why != BECAUSE_NOTHING)
		return ends(g, RESULT_REFUSED, why, p->device.dev);
	if (p->map >= 0) {
		g->map = model_map(g->model, p);
		note_least(g, p);
	}
	if (p->reread.action)
		return reread(g, p); /* whatever the path has become since */
	if (!is_good(p))
		return will_be_known(p) ? waits(g, BECAUSE_CHECKING, p->device.dev) : REQUEST_OPEN;
	if (!p->device.size_sectors && p->state == PATH_GHOST)
		return REQUEST_OPEN; /* in this state it says no size: there is nothing to learn */
	if (p->identity.seq <= r->seq) {
		if (p->identity.wish <= r->seq) {
			identity_ask_soon(g->model, p);
			agenda_wake_at(g->agenda, g->model->now);
		}
		return waits(g, BECAUSE_CHECKING, p->device.dev);
	}
	if (p->identity.word != IDENTITY_SAME || !p->identity.live[0])
		return ends(g, RESULT_REFUSED, BECAUSE_IDENTITY_UNKNOWN, p->device.dev);
	return is_reread(r, p) ? take_size(g, p) : reread(g, p);
}

/* ---- the map --------------------------------------------------------------------------------- */

static enum request_result is_of_size(struct growth *g, uint64_t sectors)
{
	struct request *r = g->request;

	r->sectors = sectors;
	return sectors > r->sectors_before ? RESULT_GROWN : RESULT_UNCHANGED;
}

static enum request_result resize(struct growth *g)
{
	struct model *m = g->model;
	struct map *map = g->map;
	struct action *a;

	if (!m->owner_known)
		return waits(g, BECAUSE_OWNER_UNKNOWN, "");
	waits(g, BECAUSE_MAP_BUSY, map->kernel.name);
	if (map->deed.action)
		return REQUEST_OPEN; /* its end is an observation */
	a = agenda_add(g->agenda, ACT_RESIZE_MAP);
	if (!a)
		return REQUEST_OPEN;
	a->id = g->request->deed = model_ask(m, &map->deed, m->now);
	a->map.map = map->kernel.devt;
	a->map.owned = m->owner.running;
	a->map.sectors = g->sectors;
	TEXT_SET(a->map.name, map->kernel.name);
	TEXT_SET(a->map.uuid, map->kernel.uuid);
	return REQUEST_OPEN;
}

static enum request_result step_map(struct growth *g)
{
	struct request *r = g->request;
	const struct obs_map *kernel = &g->map->kernel;

	if (kernel->size_sectors == g->sectors)
		return is_of_size(g, g->sectors);
	if (kernel->size_sectors > g->sectors)
		return ends(g, RESULT_REFUSED, BECAUSE_SMALLER, kernel->name);
	if (!g->least)
		return ends(g, RESULT_FAILED, BECAUSE_SIZE_UNKNOWN, kernel->name);
	if (g->least_sectors < g->sectors)
		return ends(g, RESULT_FAILED, BECAUSE_TOO_SMALL, g->least);
	if (r->deed)
		return waits(g, BECAUSE_MAP_BUSY, kernel->name);
	if (r->deed_ended && r->deed_result < 0)
		return failed(g, kernel->name, r->deed_stage, r->deed_result);
	/* the kernel was asked by who resized it, and is read again */
	return r->deed_ended ? waits(g, BECAUSE_MAP_BUSY, kernel->name) : resize(g);
}

static enum request_result step_alone(struct growth *g)
{
	if (g->sectors < g->request->sectors_before)
		return ends(g, RESULT_FAILED, BECAUSE_SMALLER, "");
	return is_of_size(g, g->sectors);
}

enum request_result growth_step(
	struct model *m, struct request *r, struct agenda *agenda, struct text *ret_reason)
{
	struct growth g = { .model = m, .request = r, .agenda = agenda, .reason = ret_reason };
	enum request_result result;
	uint32_t paths = 0;
	struct path *p;

	r->found = 0;
	for_each_path (m, p) {
		if (!is_of(r, p))
			continue;
		paths++;
		result = step_path(&g, p);
		if (result != REQUEST_OPEN)
			return result;
	}
	if (g.waits)
		return REQUEST_OPEN;
	if (!paths)
		return RESULT_ABSENT;
	if (!g.sectors)
		return ends(&g, RESULT_FAILED, BECAUSE_NO_GOOD_PATH, "");
	return g.map ? step_map(&g) : step_alone(&g);
}
