/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/errand.h"

#include <errno.h>
#include <string.h>

struct errand {
	struct core *core; /* borrowed */
	struct obs_request word;
	instant deadline; /* for the devices to be known; set by the first step */
	char **names;	  /* owned, as are the strings; NULL-terminated */
	char **unknown;	  /* owned; the strings are those of names */
	size_t n_names, n_unknown;
	uint64_t reading; /* it is opened when all was read after this */
	bool begun, opened;
	enum errand_progress progress;
};

static int copy_names(struct errand *e, char *const *names)
{
	while (names && names[e->n_names])
		e->n_names++;
	e->names = calloc(e->n_names + 1, sizeof *e->names);
	e->unknown = calloc(e->n_names + 1, sizeof *e->unknown);
	if (!e->names || !e->unknown)
		return -ENOMEM;
	for (size_t i = 0; i < e->n_names; i++) {
		e->names[i] = strdup(names[i]);
		if (!e->names[i])
			return -ENOMEM;
	}
	return 0;
}

int errand_new(
	struct core *core, const struct obs_request *word, char *const *names, struct errand **ret)
{
	_cleanup_(errand_freep) struct errand *e = calloc(1, sizeof *e);
	int r;

	if (!e)
		return -ENOMEM;
	e->core = core;
	e->word = *word;
	e->word.request = core_next_request(core);
	r = copy_names(e, names);
	if (r < 0)
		return r;
	*ret = TAKE(e);
	return 0;
}

struct errand *errand_free(struct errand *e)
{
	if (!e)
		return NULL;
	if (e->opened)
		core_request_close(e->core, e->word.request);
	for (size_t i = 0; e->names && i < e->n_names; i++)
		free(e->names[i]);
	free(e->names);
	free(e->unknown);
	free(e);
	return NULL;
}

static enum errand_progress open_all(struct errand *e)
{
	e->opened = true;
	if (!e->n_names && e->word.verb == VERB_RESCAN)
		return core_request_hosts(e->core, &e->word) < 0 ? ERRAND_NO_MEMORY : ERRAND_WAITS;
	if (!e->n_names)
		return core_request_all(e->core, &e->word) < 0 ? ERRAND_NO_MEMORY : ERRAND_WAITS;
	for (size_t i = 0; i < e->n_names; i++) {
		int r = core_request(e->core, &e->word, e->names[i]);

		if (r == -ENOMEM)
			return ERRAND_NO_MEMORY;
		if (r < 0)
			e->unknown[e->n_unknown++] = e->names[i];
	}
	return e->n_unknown == e->n_names ? ERRAND_NOWHERE : ERRAND_WAITS;
}

/* A session that was logged in a moment ago is a host that nobody has told of. */
static bool begin(struct errand *e)
{
	e->begun = true;
	if (e->word.verb != VERB_RESCAN)
		return false;
	e->reading = core_read_again(e->core);
	return true;
}

static bool devices_are_known(const struct errand *e)
{
	const struct model *m = core_model(e->core);

	return m->devices_known && (!e->reading || m->devices_seq > e->reading);
}

enum errand_progress errand_step(struct errand *e, instant now, bool *ret_changed)
{
	*ret_changed = !e->begun && begin(e);
	if (e->progress != ERRAND_WAITS)
		return e->progress;
	if (!instant_is_set(e->deadline))
		e->deadline = instant_add_ms(
			now, e->word.timeout_ms ? e->word.timeout_ms : ERRAND_KNOWN_MS);
	if (!e->opened) {
		if (devices_are_known(e)) {
			e->progress = open_all(e);
			*ret_changed |= e->progress == ERRAND_WAITS;
		} else if (instant_reached(now, e->deadline)) {
			e->progress = ERRAND_LATE;
		}
	}
	if (e->opened && e->progress == ERRAND_WAITS &&
		core_request_is_done(e->core, e->word.request))
		e->progress = ERRAND_DONE;
	return e->progress;
}

uint64_t errand_id(const struct errand *e)
{
	return e->word.request;
}

enum verb errand_verb(const struct errand *e)
{
	return e->word.verb;
}

char *const *errand_unknown(const struct errand *e)
{
	return e->unknown;
}
