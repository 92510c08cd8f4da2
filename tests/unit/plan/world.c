/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "world.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "judge/identity.h"
#include "judge/path_judge.h"
#include "plan/fence.h"
#include "plan/gaps.h"
#include "plan/reconcile.h"
#include "plan/requests.h"
#include "plan/removal.h"

struct world *world_begin(const char *text)
{
	struct world *w = calloc(1, sizeof *w);
	char all[1024];

	assert_non_null(w);
	snprintf(all, sizeof all,
		"defaults {\n purge_disconnected yes\n purge_single_path yes\n purge_grace "
		"10\n%s}\n",
		text);
	w->m = built_model(all);
	w->agenda = AGENDA_INIT;
	return w;
}

void world_end(struct world *w)
{
	model_free(w->m);
	agenda_done(&w->agenda);
	free(w);
}

struct truth *world_of(struct world *w, const struct path *p)
{
	assert_in_range(p->id.slot, 0, WORLD_SLOTS - 1);
	return &w->of[p->id.slot];
}

struct path *world_path(struct world *w, uint32_t host, uint32_t lun, const char *wwid)
{
	struct path *p = built_path(w->m, host, lun, wwid);

	p->watch = WATCH_NO;
	*world_of(
		w, p) = (struct truth){ .checked = built_good(), .holders = { .complete = true } };
	return p;
}

void world_host(struct world *w, uint32_t host)
{
	struct observation o = built_host(host);

	assert_in_range(w->n_hosts, 0, WORLD_HOSTS - 1);
	w->hosts[w->n_hosts++] = host;
	world_feed(w, o);
}

void world_map(struct world *w, uint32_t minor, const char *wwid, struct path **paths, uint32_t n)
{
	w->maps[w->n_maps++] = built_map_of(minor, wwid, paths, n);
	built_map(w->m, minor, wwid, paths, n);
}

struct map_member *world_member(struct world *w, uint32_t map, const struct path *p)
{
	struct obs_map *of = &w->maps[map].map;

	for (uint32_t i = 0; i < of->n_members; i++)
		if (devt_equal(&of->members[i].devt, &p->device.devt))
			return &of->members[i];
	fail_msg("%s is in no map", p->device.dev);
	return NULL;
}

void world_hold(
	struct world *w, const struct path *p, enum hold_kind kind, bool critical, bool udev)
{
	struct obs_holders *h = &world_of(w, p)->holders;

	h->holds[h->n_holds++] = (struct hold){ .kind = kind, .critical = critical, .udev = udev };
}

/* As core_feed() does it. */
void world_feed(struct world *w, struct observation o)
{
	struct path *p = model_path(w->m, o.path);
	bool answers = p && o.kind == OBS_CHECKED && p->check.action == o.action && o.result == 0;
	bool ends = p && o.kind == OBS_DONE && p->deed.action == o.action;

	o.at = w->m->now;
	model_note(w->m, &o);
	if (answers) {
		struct verdict v = path_judge(p, &o.checked);

		verdict_apply(w->m, p, &v);
		identity_apply(w->m, p, &o.checked);
		gaps_heard(w->m, p, &o);
	}
	if (ends && fence_is_moving(&p->fence))
		fence_deed_ended(w->m, p, &o);
	else if (ends)
		removal_deed_ended(w->m, p, &o);
}

/* ---- answers --------------------------------------------------------------------------------- */

static struct observation *pend(struct world *w, enum observation_kind kind, const struct action *a)
{
	struct observation *o = &w->pending[w->n_pending++];

	assert_in_range(w->n_pending, 1, ARRAY_SIZE(w->pending));
	*o = (struct observation){ .kind = kind, .action = a->id, .path = a->path };
	return o;
}

static void answer_check(struct world *w, const struct action *a)
{
	const struct truth *t = &w->of[a->path.slot];
	struct observation *o;

	w->asked_of[a->path.slot]++;
	if (t->mute)
		return;
	o = pend(w, OBS_CHECKED, a);
	o->checked = t->checked;
	o->result = t->check_result;
	if (!a->check.ask_inquiry || o->checked.state != DEVICE_RUNNING)
		o->checked.inquired = false;
	if (a->check.only_look || o->checked.state != DEVICE_RUNNING)
		o->checked.asked = false;
	o->checked.sought = a->check.seek ? t->sought : LUN_NOT_ASKED;
	if (a->check.seek) {
		w->sought++;
		w->sought_of[a->path.slot]++;
		w->sought_lun = a->check.lun;
	}
	if (a->check.only_look)
		w->looks_of[a->path.slot]++;
	if (!a->check.ask_identity || !o->checked.asked) {
		o->checked.identified = false;
		o->checked.identity_len = 0;
	} else {
		w->identified[a->path.slot]++;
	}
}

static void answer_devices(struct world *w, const struct action *a)
{
	struct path *p;

	for_each_path (w->m, p) {
		struct observation *o;

		if (world_of(w, p)->absent)
			continue;
		o = pend(w, OBS_DEVICE, a);
		o->device = p->device;
		o->path = PATH_NONE;
	}
	for (uint32_t i = 0; i < w->n_hosts; i++) {
		struct observation *o = pend(w, OBS_HOST, a);

		o->host = built_host(w->hosts[i]).host;
	}
	if (w->appears.device.present) {
		struct observation *o = pend(w, OBS_DEVICE, a);

		o->device = w->appears.device;
	}
	pend(w, OBS_DEVICES_END, a)->result = w->results[a->kind];
}

static void answer_look(struct world *w, const struct action *a)
{
	const struct path *p = model_path_at(w->m, a->look.sysfs);
	struct observation *o = pend(w, OBS_DEVICE, a);

	TEXT_SET(o->device.sysfs, a->look.sysfs);
	if (p && !world_of(w, p)->absent)
		o->device = p->device;
}

static void answer_maps(struct world *w, const struct action *a)
{
	for (uint32_t i = 0; i < w->n_maps && w->results[a->kind] == 0; i++)
		*pend(w, OBS_MAP, a) = w->maps[i];
	pend(w, OBS_MAPS_END, a)->result = w->results[a->kind];
}

static void answer(struct world *w, const struct action *a)
{
	switch (a->kind) {
	case ACT_READ_DEVICES: answer_devices(w, a); return;
	case ACT_LOOK: answer_look(w, a); return;
	case ACT_ASK_OWNER: pend(w, OBS_OWNER, a)->owner = w->owner; return;
	case ACT_WATCH: pend(w, OBS_WATCHED, a)->result = w->results[a->kind]; return;
	case ACT_CHECK: answer_check(w, a); return;
	case ACT_FIND_HOLDERS:
		pend(w, OBS_HOLDERS, a)->holders = w->of[a->path.slot].holders;
		return;
	case ACT_READ_MAPS: answer_maps(w, a); return;
	case ACT_FORGET:
		if (a->id)
			pend(w, OBS_WATCHED, a);
		return;
	case ACT_KEEP_OUT:
	case ACT_LET_IN: pend(w, OBS_DONE, a)->result = w->results[a->kind]; return;
	case ACT_FAIL_PATH:
	case ACT_REMOVE_MAP:
	case ACT_RESIZE_MAP:
	case ACT_TAKE_PATH:
	case ACT_GIVE_PATH:
	case ACT_MAKE_MAP:
	case ACT_WRITE_DOWN:
	case ACT_STRIKE_OUT:
	case ACT_REREAD:
	case ACT_DELETE:
	case ACT_FENCE:
	case ACT_SCAN: w->deeds[w->n_deeds++ % WORLD_DEEDS] = *a; return;
	case ACTION_KINDS: return;
	}
}

static void think(struct world *w)
{
	agenda_clear(&w->agenda);
	reconcile(w->m, &w->agenda);
	for (size_t i = 0; i < w->agenda.n; i++) {
		const struct action *a = &w->agenda.actions[i];

		w->asked[a->kind]++;
		if (!w->unanswered[a->kind])
			answer(w, a);
	}
}

static void step(struct world *w, instant until)
{
	uint32_t n = w->n_pending;
	struct observation *now = malloc((n ? n : 1) * sizeof *now);

	assert_non_null(now);
	memcpy(now, w->pending, n * sizeof *now);
	w->n_pending = 0;
	if (n)
		w->m->now.ms++;
	else if (instant_before(w->m->now, w->agenda.wake))
		w->m->now = instant_earlier(w->agenda.wake, until);
	for (uint32_t i = 0; i < n; i++)
		world_feed(w, now[i]);
	free(now);
	think(w);
}

void world_run(struct world *w, uint64_t ms)
{
	instant until = instant_add_ms(w->m->now, ms);
	uint32_t steps = 0;

	think(w);
	while (instant_before(w->m->now, until) || w->n_pending) {
		step(w, until);
		if (++steps > ms + 1000)
			fail_msg("the plan thinks without end");
	}
}

void world_run_until(struct world *w, const struct path *p, enum purge_stage rung, uint64_t ms)
{
	instant until = instant_add_ms(w->m->now, ms);

	think(w);
	while (p->purge != rung) {
		if (!instant_before(w->m->now, until))
			fail_msg("%s is %s (%s), not %s", p->device.dev, purge_stage_name(p->purge),
				reason_name(p->purge_why), purge_stage_name(rung));
		step(w, until);
	}
}

void world_count_anew(struct world *w)
{
	memset(w->asked, 0, sizeof w->asked);
	memset(w->asked_of, 0, sizeof w->asked_of);
	memset(w->looks_of, 0, sizeof w->looks_of);
	w->sought = 0;
	memset(w->sought_of, 0, sizeof w->sought_of);
	memset(w->identified, 0, sizeof w->identified);
}

/* ---- deeds ----------------------------------------------------------------------------------- */

const struct action *world_deed(struct world *w, uint32_t i)
{
	return i < w->n_deeds ? &w->deeds[(w->n_deeds - 1 - i) % WORLD_DEEDS] : NULL;
}

void world_end_of(struct world *w, const struct action *deed, int result, enum hand_stage stage)
{
	struct observation o = {
		.kind = OBS_DONE, .path = deed->path, .action = deed->id, .result = result
	};

	o.done.stage = (uint8_t)stage;
	o.done.written = stage == STAGE_WRITE;
	o.done.asked = stage >= STAGE_ASK;
	o.done.tur = w->of[deed->path.slot].checked.tur;
	world_feed(w, o);
}

void world_deed_ends(struct world *w, int result, enum hand_stage stage)
{
	const struct action *deed = world_deed(w, 0);

	assert_non_null(deed);
	world_end_of(w, deed, result, stage);
}

const struct request *world_request(struct world *w, uint64_t id)
{
	for (uint32_t i = 0; i < w->m->n_requests; i++)
		if (w->m->requests[i].used && w->m->requests[i].id == id)
			return &w->m->requests[i];
	fail_msg("no request %lu", (unsigned long)id);
	return NULL;
}

void world_require_request(
	struct world *w, uint64_t id, enum request_result result, const char *reason)
{
	const struct request *r = world_request(w, id);

	if (r->result != result || strcmp(r->reason, reason) != 0)
		fail_msg("%s, \"%s\"", request_result_name(r->result), r->reason);
	assert_int_equal(request_is_done(w->m, id), result != REQUEST_OPEN);
}

void world_require(const struct path *p, enum purge_stage rung, enum reason why)
{
	if (p->purge != rung || p->purge_why != why)
		fail_msg("%s is %s because of \"%s\", not %s because of \"%s\"", p->device.dev,
			purge_stage_name(p->purge), reason_name(p->purge_why),
			purge_stage_name(rung), reason_name(why));
}
