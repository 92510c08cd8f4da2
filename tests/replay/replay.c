/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "base/text.h"
#include "questions.h"
#include "world.h"

enum { MAX_THOUGHTS = 20000, NAME_BYTES = 512 }; /* of one "until" */

struct replay {
	struct replay_listener listener;
	struct core *core;
	struct world *world;
	struct questions questions;
	struct text config;	  /* lines that are not in force yet */
	bool has_config, answers; /* answers: the world answers what is asked now */
	instant now, wake;
	uint32_t unasked;
	int failed;
};

/* ---- what the core hands out ----------------------------------------------------------------- */

static void act(void *arg, const struct action *a)
{
	struct replay *r = arg;
	struct path *p = model_path(core_model(r->core), a->path);
	int failed = questions_note_now(&r->questions, a);

	if (failed >= 0 && r->answers)
		failed = world_asked(r->world, r->now, a, p ? &p->device.address : NULL);
	if (failed < 0)
		r->failed = failed;
	if (r->listener.act)
		r->listener.act(r->listener.arg, r->now, a);
}

static void changed(void *arg, const struct change *c)
{
	struct replay *r = arg;

	if (r->listener.changed)
		r->listener.changed(r->listener.arg, r->now, c);
}

/* ---- the configuration ----------------------------------------------------------------------- */

static int build_config(struct replay *r, struct config **ret)
{
	struct config_file file = {
		.name = "recorded", .text = text_str(&r->config), .len = r->config.len
	};

	if (text_failed(&r->config))
		return -ENOMEM;
	return config_new(&file, r->has_config, NULL, ret);
}

/* What follows the lines of a configuration is thought with it. */
static int put_in_force(struct replay *r)
{
	const struct core_port port = { .act = act, .changed = changed, .arg = r };
	struct config *config;
	int failed;

	if (r->core && !r->has_config)
		return 0;
	failed = build_config(r, &config);
	text_done(&r->config);
	if (failed < 0)
		return failed;
	r->has_config = false;
	if (!r->core)
		return core_new(&port, config, &r->core);
	core_set_config(r->core, config);
	return 0;
}

/* ---- feeding --------------------------------------------------------------------------------- */

static void advance(struct replay *r, instant at)
{
	if (instant_before(r->now, at))
		r->now = at;
}

static void feed(struct replay *r, const struct observation *o)
{
	if (r->listener.told)
		r->listener.told(r->listener.arg, o);
	core_feed(r->core, o);
}

static void settle(struct replay *r)
{
	r->wake = core_settle(r->core, r->now);
}

static int feed_recorded(struct replay *r, const char *text)
{
	struct observation o;
	int failed = observation_parse(text, &o);

	if (failed < 0)
		return failed;
	advance(r, o.at);
	if (o.action && r->questions.then.n) {
		o.action = questions_find(&r->questions, o.action);
		r->unasked += !o.action;
		if (!o.action)
			o.action = UINT64_MAX; /* of nobody */
	}
	feed(r, &o);
	return world_note(r->world, &o);
}

static int pass(struct replay *r, instant at)
{
	struct observation *said;

	advance(r, at);
	said = world_say(r->world, r->now);
	if (!said) {
		struct observation o = { .kind = OBS_TIME, .at = r->now };

		feed(r, &o);
	}
	for (; said; said = world_say(r->world, r->now)) {
		said->at = r->now;
		feed(r, said);
		free(said);
	}
	settle(r);
	return r->failed;
}

static int pass_until(struct replay *r, instant end)
{
	int failed = 0;

	r->answers = true;
	if (!instant_is_set(r->now))
		r->now = end; /* that is where its time begins */
	failed = pass(r, r->now);
	for (int i = 0; i < MAX_THOUGHTS && failed >= 0; i++) {
		instant next = instant_earlier(r->wake, world_next(r->world));

		if (!instant_before(r->now, next))
			next = instant_add_ms(r->now, 1);
		if (instant_before(end, next))
			break;
		failed = pass(r, next);
	}
	advance(r, end);
	return failed;
}

/* ---- words ----------------------------------------------------------------------------------- */

static int parse_at(const char *text, instant *ret)
{
	if (strncmp(text, "at=", 3))
		return -EINVAL;
	return number_parse_u64(text + 3, 0, UINT64_MAX / 2, &ret->ms);
}

static int take_settle(struct replay *r, const char *text)
{
	instant at;
	int failed = parse_at(text, &at);

	if (failed < 0)
		return failed;
	advance(r, at);
	settle(r);
	return r->failed;
}

static int take_until(struct replay *r, const char *text)
{
	instant at;
	int failed = parse_at(text, &at);

	return failed < 0 ? failed : pass_until(r, at);
}

static int take_do(struct replay *r, const char *text)
{
	struct action a;
	int failed = action_parse(text, &a);

	return failed < 0 ? failed : questions_note_then(&r->questions, &a);
}

/* The first word, unescaped; what follows it. */
static int split_name(const char *text, char ret[NAME_BYTES], const char **ret_rest)
{
	_cleanup_(text_done) struct text name = TEXT_INIT;
	size_t len = strcspn(text, " ");

	text_add_unescaped(&name, text, len);
	if (text_failed(&name))
		return -ENOMEM;
	if (!len || !text[len] || name.len >= NAME_BYTES)
		return -EINVAL;
	text_copy(ret, NAME_BYTES, text_str(&name));
	*ret_rest = text + len + 1;
	return 0;
}

static int take_ask(struct replay *r, const char *text)
{
	char name[NAME_BYTES];
	struct observation o;
	int failed = split_name(text, name, &text);

	if (failed >= 0)
		failed = observation_parse(text, &o);
	if (failed < 0)
		return failed;
	if (o.kind != OBS_REQUEST)
		return -EINVAL;
	if (strcmp(name, "-"))
		failed = core_request(r->core, &o.request, name);
	else if (o.request.verb == VERB_RESCAN)
		failed = core_request_hosts(r->core, &o.request);
	else
		failed = core_request_all(r->core, &o.request);
	return failed == -ENOMEM ? failed : 0;
}

static int take_answer(struct replay *r, const char *text)
{
	struct scsi_address at;
	char name[NAME_BYTES];
	struct observation o;
	int failed = split_name(text, name, &text);

	if (failed >= 0)
		failed = scsi_address_parse(name, &at);
	if (failed < 0)
		return failed;
	if (!strcmp(text, "silence"))
		return world_set_answer(r->world, &at, NULL);
	failed = observation_parse(text, &o);
	return failed < 0 ? failed : world_set_answer(r->world, &at, &o);
}

static int take_read_again(struct replay *r, const char *text)
{
	(void)text;
	core_read_again(r->core);
	return 0;
}

static int take_close(struct replay *r, const char *text)
{
	uint64_t id;
	int failed = number_parse_u64(text, 0, UINT64_MAX, &id);

	if (failed >= 0)
		core_request_close(r->core, id);
	return failed;
}

static int take_config(struct replay *r, const char *text)
{
	r->has_config = true;
	text_add(&r->config, text);
	text_add(&r->config, "\n");
	return 0;
}

int replay_line(struct replay *r, const char *line)
{
	static const struct {
		const char *word;
		int (*take)(struct replay *r, const char *text);
	} words[] = {
		{ "config", take_config },
		{ "obs", feed_recorded },
		{ "settle", take_settle },
		{ "do", take_do },
		{ "ask", take_ask },
		{ "read-again", take_read_again },
		{ "close", take_close },
		{ "answer", take_answer },
		{ "until", take_until },
	};
	size_t len = strcspn(line, " "), i = 0;
	int failed;

	if (!line[0] || line[0] == '#')
		return 0;
	while (i < ARRAY_SIZE(words) &&
		(strlen(words[i].word) != len || strncmp(words[i].word, line, len)))
		i++;
	if (i == ARRAY_SIZE(words))
		return -EINVAL;
	failed = words[i].take == take_config ? 0 : put_in_force(r);
	return failed < 0 ? failed : words[i].take(r, line + len + (line[len] == ' '));
}

/* ---- life ------------------------------------------------------------------------------------ */

struct core *replay_core(struct replay *r)
{
	return r->core;
}

instant replay_now(const struct replay *r)
{
	return r->now;
}

uint32_t replay_unasked(const struct replay *r)
{
	return r->unasked;
}

struct replay *replay_free(struct replay *r)
{
	if (!r)
		return NULL;
	core_free(r->core);
	world_free(r->world);
	questions_done(&r->questions);
	text_done(&r->config);
	free(r);
	return NULL;
}

int replay_new(const struct replay_listener *listener, struct replay **ret)
{
	_cleanup_(replay_freep) struct replay *r = calloc(1, sizeof *r);

	if (!r)
		return -ENOMEM;
	r->listener = *listener;
	r->wake = INSTANT_FAR;
	if (world_new(&r->world) < 0)
		return -ENOMEM;
	*ret = TAKE(r);
	return 0;
}
