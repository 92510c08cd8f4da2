/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A recording that nobody made (tests/replay/replay.h): whatever is told in whatever order, the
 * core thinks to its end, and nothing is deleted that did not say that it is gone.
 */
#include "fuzz.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "replay.h"

enum { SLOTS = 64, MAX_LINES = 400, MAX_HOUR_MS = 3600 * 1000 };

struct told {
	uint32_t gen;
	uint32_t gone_answers; /* since it last said that it is there */
};

static struct told told[SLOTS];
static struct replay *replay;

static void drop_log(void *arg, enum log_level level, const char *event, const char *line)
{
	(void)arg;
	(void)level;
	(void)event;
	(void)line;
}

static bool says_gone(const struct obs_checked *c)
{
	enum gone gone = scsi_gone(
		&c->tur, c->inquired ? &c->inquiry : NULL, c->inquiry_data, c->inquiry_len);

	return c->asked && (gone == GONE_UNSUPPORTED || gone == GONE_QUALIFIER);
}

static void on_told(void *arg, const struct observation *o)
{
	struct told *t = &told[o->path.slot % SLOTS];

	(void)arg;
	if (o->kind != OBS_CHECKED || !o->path.gen)
		return;
	if (t->gen != o->path.gen)
		*t = (struct told){ .gen = o->path.gen };
	t->gone_answers += says_gone(&o->checked);
}

static void require_delete(const struct model *m, const struct action *a)
{
	const struct path *p = model_path(m, a->path);
	const struct told *t = &told[a->path.slot % SLOTS];

	REQUIRE(p && a->id && p->purge == PURGE_DELETING);
	REQUIRE(p->settings.purge_disconnected || p->request || p->fence.fenced);
	REQUIRE(!p->settings.protect);
	REQUIRE(p->holders.complete && p->holders_seq > p->verify_seq);
	for (uint32_t i = 0; i < p->holders.n_holds && i < MAX_HOLDS; i++)
		REQUIRE(!p->holders.holds[i].critical);
	REQUIRE(p->map < 0 || !p->in_map_active);
	REQUIRE(a->del.fenced == p->fence.fenced);
	if (p->fence.fenced || a->path.slot >= SLOTS)
		return;
	REQUIRE(t->gen == a->path.gen && t->gone_answers >= 2);
	REQUIRE(p->gone_seq > p->verify_seq && p->answer_seq == p->gone_seq);
	REQUIRE(p->device.transport != TRANSPORT_DOWN && p->device.state == DEVICE_RUNNING);
}

static void on_act(void *arg, instant now, const struct action *a)
{
	(void)arg;
	(void)now;
	REQUIRE(action_is_sound(a));
	if (a->kind == ACT_DELETE)
		require_delete(core_model(replay_core(replay)), a);
}

/* Time has no end, and a run of the fuzzer must. */
static bool is_too_late(const char *line)
{
	const char *at = strncmp(line, "until ", 6) ? NULL : strstr(line, "at=");

	return at && strtoull(at + 3, NULL, 10) > replay_now(replay).ms + MAX_HOUR_MS;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const struct replay_listener listener = { .told = on_told, .act = on_act };
	_cleanup_(freep) char *text = strndup((const char *)bytes, len);
	char *rest = text, *line;
	int n = 0;

	REQUIRE(text);
	memset(told, 0, sizeof told);
	log_set_sink(drop_log, NULL);
	REQUIRE(replay_new(&listener, &replay) == 0);
	while ((line = strsep(&rest, "\n")) && n++ < MAX_LINES)
		if (!is_too_late(line))
			replay_line(replay, line);
	replay = replay_free(replay);
	return 0;
}
