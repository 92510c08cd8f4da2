/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/core.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "core/events.h"
#include "judge/identity.h"
#include "judge/path_judge.h"
#include "model/name.h"
#include "plan/detach_word.h"
#include "plan/fence.h"
#include "plan/gaps.h"
#include "plan/reconcile.h"
#include "plan/removal.h"
#include "plan/requests.h"

struct core {
	struct core_port port;
	struct model *model;
	struct agenda agenda;
	struct purge_round round;
	uint64_t next_request;
};

int core_new(const struct core_port *port, struct config *config, struct core **ret)
{
	struct core *core = calloc(1, sizeof *core);
	int r;

	if (!core) {
		config_free(config);
		return -ENOMEM;
	}
	core->port = *port;
	core->agenda = AGENDA_INIT;
	recorder_config(&port->recorder, config);
	r = model_new(config, &core->model);
	if (r < 0) {
		free(core);
		return r;
	}
	*ret = core;
	return 0;
}

void core_guards_nothing(struct core *core)
{
	core->model->gaps.unguarded = true;
}

struct core *core_free(struct core *core)
{
	if (!core)
		return NULL;
	model_free(core->model);
	agenda_done(&core->agenda);
	free(core);
	return NULL;
}

static void hand_out(const struct core *core, const struct action *a)
{
	recorder_act(&core->port.recorder, a);
	core->port.act(core->port.arg, a);
}

/* Handles of a device that is gone are given back at once. */
static void forget_path(const struct core *core, path_id id)
{
	struct action a = { .kind = ACT_FORGET, .path = id };

	hand_out(core, &a);
}

static void drain_changes(struct core *core)
{
	struct model *m = core->model;

	for (uint32_t i = 0; i < m->n_changes; i++) {
		const struct change *c = &m->changes[i];

		event_log(m, c);
		purge_round_count(&core->round, c);
		if (core->port.changed)
			core->port.changed(core->port.arg, c);
	}
	m->n_changes = 0;
	while (m->n_left)
		forget_path(core, m->left[--m->n_left]);
}

static bool is_answer(const struct question *q, const struct observation *o)
{
	return q->action && q->action == o->action;
}

void core_feed(struct core *core, const struct observation *o)
{
	struct model *m = core->model;
	struct path *p = model_path(m, o->path);
	/* what answers no question that is out is late, or meant for somebody else */
	bool answers = p && o->kind == OBS_CHECKED && is_answer(&p->check, o) && o->result == 0;
	bool ends = p && o->kind == OBS_DONE && is_answer(&p->deed, o);

	recorder_feed(&core->port.recorder, o);
	model_note(m, o);
	if (answers) {
		struct verdict v = path_judge(p, &o->checked);

		verdict_apply(m, p, &v);
		identity_apply(m, p, &o->checked);
		gaps_heard(m, p, o);
	}
	if (ends && fence_is_moving(&p->fence))
		fence_deed_ended(m, p, o);
	else if (ends)
		removal_deed_ended(m, p, o);
	drain_changes(core);
}

instant core_settle(struct core *core, instant now)
{
	struct model *m = core->model;

	recorder_settle(&core->port.recorder, now);
	if (instant_before(m->now, now))
		m->now = now;
	agenda_clear(&core->agenda);
	reconcile(m, &core->agenda);
	drain_changes(core);
	for (size_t i = 0; i < core->agenda.n; i++)
		hand_out(core, &core->agenda.actions[i]);
	purge_round_step(&core->round, m, &core->agenda);
	if (core->agenda.failed || m->out_of_memory) {
		m->out_of_memory = false;
		log_event(LOG_LEVEL_ERR, "out-of-memory", "again_ms=1000");
		agenda_wake_at(&core->agenda, instant_add_ms(m->now, 1000));
	}
	return core->agenda.wake;
}

void core_set_config(struct core *core, struct config *config)
{
	recorder_config(&core->port.recorder, config);
	model_set_config(core->model, config);
	drain_changes(core);
}

struct opening {
	struct model *model;
	const struct obs_request *word;
	const char *name;
	int failure;
};

static void open_one(void *arg, struct path *p)
{
	struct opening *o = arg;
	int r = request_open(o->model, o->word, p, o->name);

	if (r < 0)
		o->failure = r;
}

static void open_place(void *arg, const struct place *place)
{
	struct opening *o = arg;
	int r = request_open_place(o->model, o->word, place, o->name);

	if (r < 0)
		o->failure = r;
}

static void open_growing(void *arg, struct path *p)
{
	struct opening *o = arg;
	int r = request_open_grow(o->model, o->word, p);

	if (r < 0)
		o->failure = r;
}

/* Of a path below it the directory that is to be cleaned, as below /sys/devices. */
static void open_clean(void *arg, struct path *p)
{
	static const char prefix[] = "devices/";
	struct opening *o = arg;
	size_t n = name_extent(o->model, o->name, p);
	bool begins = !strncmp(p->device.sysfs, prefix, strlen(prefix));
	size_t skipped = begins && n >= strlen(prefix) ? strlen(prefix) : 0;
	char root[MAX_SYSFS];
	int r;

	memcpy(root, p->device.sysfs + skipped, n - skipped);
	root[n - skipped] = '\0';
	r = request_open_clean(o->model, o->word, root);
	if (r < 0)
		o->failure = r;
}

static uint32_t open_all(struct opening *o)
{
	switch (o->word->verb) {
	case VERB_RESCAN: return name_find_places(o->model, o->name, open_place, o);
	case VERB_GROW: return name_find(o->model, o->name, open_growing, o);
	case VERB_CLEAN: return name_find(o->model, o->name, open_clean, o);
	case VERB_CHECK:
	case VERB_PURGE:
	case VERB_HOLDERS:
	case VERB_WAIT:
	case VERB_DETACH: break;
	}
	return name_find(o->model, o->name, open_one, o);
}

/* It succeeds also when nothing was left to do. */
static bool may_have_been_detached(
	const struct model *m, const struct obs_request *word, const char *name)
{
	return word->verb == VERB_DETACH && (name_is_wwid(name) || model_was_detached(m, name));
}

int core_request(struct core *core, const struct obs_request *word, const char *name)
{
	struct opening o = { .model = core->model, .word = word, .name = name };
	enum name_form form = name_form(name);
	uint32_t n;
	int r;

	recorder_request(&core->port.recorder, word, name);
	if (form == NAME_INVALID)
		return -EINVAL;
	if (form == NAME_LINK)
		return -ENODEV;
	if (word->verb == VERB_WAIT) {
		r = request_open_wait(core->model, word, name);
		return r < 0 ? r : 1;
	}
	if (word->verb == VERB_DETACH) {
		r = detach_open(core->model, word, name);
		if (r)
			return r;
	}
	n = word->verb == VERB_DETACH ? 0 : open_all(&o);
	if (o.failure)
		return o.failure;
	if (n)
		return (int)n;
	if (form == NAME_WORD && !may_have_been_detached(core->model, word, name))
		return -ENODEV;
	r = request_open(core->model, word, NULL, name);
	return r < 0 ? r : 0;
}

int core_request_hosts(struct core *core, const struct obs_request *word)
{
	const struct model *m = core->model;
	struct opening o = { .model = core->model, .word = word };
	char name[MAX_NAME];
	int n = 0;

	recorder_request(&core->port.recorder, word, NULL);
	for (uint32_t i = 0; i < m->n_hosts && !o.failure; i++) {
		struct place place = place_of_host(m->hosts[i].number);

		if (!m->hosts[i].known || !model_asks_protocol(m->hosts[i].seen.protocol))
			continue;
		snprintf(name, sizeof name, "host%u", place.host);
		o.name = name;
		open_place(&o, &place);
		n++;
	}
	return o.failure ? o.failure : n;
}

uint64_t core_read_again(struct core *core)
{
	recorder_read_again(&core->port.recorder);
	return model_read_again(core->model);
}

/* Does a word without a name mean p? */
static bool is_meant(const struct path *p, uint32_t flags)
{
	return (flags & REQUEST_HELD && p->held_back && !p->released) ||
	       (flags & REQUEST_FENCED && p->fence.fenced);
}

int core_request_all(struct core *core, const struct obs_request *word)
{
	struct model *m = core->model;
	struct path *p;
	int n = 0;

	recorder_request(&core->port.recorder, word, NULL);
	for_each_path (m, p)
		if (is_meant(p, word->flags)) {
			int r = request_open(m, word, p, p->device.dev);

			if (r < 0)
				return r;
			n++;
		}
	return n;
}

const struct model *core_model(const struct core *core)
{
	return core->model;
}

bool core_request_is_done(const struct core *core, uint64_t id)
{
	return request_is_done(core->model, id);
}

void core_request_close(struct core *core, uint64_t id)
{
	recorder_close(&core->port.recorder, id);
	request_close(core->model, id);
}

uint64_t core_next_request(struct core *core)
{
	return ++core->next_request;
}
