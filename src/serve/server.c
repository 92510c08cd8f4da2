/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "serve/server.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "core/journal.h"
#include "port/loop.h"
#include "show/maps.h"
#include "show/paths.h"
#include "show/remarks.h"
#include "show/status.h"

static int copy_remarks(const struct diagnostics *from, struct diagnostics *ret)
{
	struct diagnostics copy = DIAGNOSTICS_INIT;

	for (size_t i = 0; from && i < from->n; i++) {
		const struct diagnostic *row = &from->rows[i];

		diagnostics_add(&copy, row->severity, row->file, row->line, "%s", row->text);
	}
	if (copy.failed) {
		diagnostics_done(&copy);
		return -ENOMEM;
	}
	diagnostics_done(ret);
	*ret = copy;
	return 0;
}

int server_init(struct server *s, struct sources *sources, const struct diagnostics *remarks)
{
	*s = (struct server){ .sources = sources, .core = sources_core(sources) };
	s->started_unix_ms = (int64_t)loop_now().ms + loop_wall_offset_ms();
	return copy_remarks(remarks, &s->remarks);
}

void server_done(struct server *s)
{
	ring_done(&s->ring);
	diagnostics_done(&s->remarks);
	free(s->status.json);
	free(s->paths.json);
	free(s->maps.json);
	free(s->reading_result);
	*s = (struct server){ 0 };
}

void server_record(struct server *s, const struct change *c)
{
	ring_add(&s->ring, c, (int64_t)loop_now().ms + loop_wall_offset_ms());
}

/* ---- documents ------------------------------------------------------------------------------- */

static int give_copy(const char *json, char **ret)
{
	char *copy = strdup(json);

	if (!copy)
		return -ENOMEM;
	*ret = copy;
	return 0;
}

static bool is_fresh(const struct kept *kept)
{
	return kept->json && !instant_reached(loop_now(), instant_add_ms(kept->at, SERVER_KEEP_MS));
}

static int keep(struct kept *kept, const char *json)
{
	free(kept->json);
	*kept = (struct kept){ .json = strdup(json), .at = loop_now() };
	return kept->json ? 0 : -ENOMEM;
}

struct helper_list {
	struct status_helper *helpers; /* owned */
	size_t n;
	bool failed;
};

static void add_helper(
	void *arg, enum helper_kind kind, uint32_t pid, uint32_t host, uint64_t action)
{
	struct helper_list *list = arg;
	struct status_helper *more = realloc(list->helpers, (list->n + 1) * sizeof *more);

	(void)action;
	if (!more) {
		list->failed = true;
		return;
	}
	list->helpers = more;
	more[list->n++] = (struct status_helper){ .kind = kind, .pid = pid, .host = host };
}

static int make_status(struct server *s, char **ret)
{
	struct helper_list list = { 0 };
	struct status_facts facts = {
		.pid = (uint32_t)getpid(),
		.started_unix_ms = s->started_unix_ms,
		.wall_offset_ms = loop_wall_offset_ms(),
		.remarks = &s->remarks,
		.clients = s->clients,
		.clients_refused = s->refused,
		.clients_dropped = s->dropped,
		.events = s->ring.last,
		.log_dropped = journal_dropped(),
	};
	int r = -ENOMEM;

	sources_helpers(s->sources, add_helper, &list);
	facts.helpers = list.helpers;
	facts.n_helpers = list.n;
	if (!list.failed)
		r = status_document(core_model(s->core), &facts, ret);
	free(list.helpers);
	return r;
}

int server_status(struct server *s, bool may_be_old, char **ret)
{
	int r;

	if (may_be_old && is_fresh(&s->status))
		return give_copy(s->status.json, ret);
	r = make_status(s, ret);
	if (r >= 0 && may_be_old)
		keep(&s->status, *ret);
	return r;
}

int server_paths(struct server *s, char *const *names, bool may_be_old, char **ret)
{
	bool all = !names || !names[0];
	int r;

	if (all && may_be_old && is_fresh(&s->paths))
		return give_copy(s->paths.json, ret);
	r = paths_document(core_model(s->core), names, loop_wall_offset_ms(), ret);
	if (r >= 0 && all && may_be_old)
		keep(&s->paths, *ret);
	return r;
}

int server_maps(struct server *s, char *const *names, bool may_be_old, char **ret)
{
	bool all = !names || !names[0];
	int r;

	if (all && may_be_old && is_fresh(&s->maps))
		return give_copy(s->maps.json, ret);
	r = maps_document(core_model(s->core), names, ret);
	if (r >= 0 && all && may_be_old)
		keep(&s->maps, *ret);
	return r;
}

/* ---- configuration --------------------------------------------------------------------------- */

static void log_remarks(const struct diagnostics *remarks)
{
	for (size_t i = 0; i < remarks->n; i++) {
		const struct diagnostic *d = &remarks->rows[i];

		log_event(d->severity >= SEVERITY_ERROR ? LOG_LEVEL_ERR : LOG_LEVEL_WARNING,
			"config-remark", "at=%s:%u severity=%s text=\"%s\"", d->file, d->line,
			severity_name(d->severity), d->text);
	}
}

/* Was it the files' fault? Else there was no reading. */
static bool is_refused(int result, const struct diagnostics *remarks)
{
	return result < 0 && remarks && diagnostics_count(remarks, SEVERITY_FATAL);
}

static void start_reading(struct server *s);

static void on_reading_end(void *arg, int result, const struct diagnostics *remarks)
{
	struct server *s = arg;
	const char *word = result >= 0			 ? "accepted"
			   : is_refused(result, remarks) ? "refused"
							 : "failed";
	char *document = NULL;

	if (remarks) {
		log_remarks(remarks);
		copy_remarks(remarks, &s->remarks);
	}
	if (result < 0)
		log_failure(result, "config-refused", "in_force=old");
	else
		log_event(LOG_LEVEL_NOTICE, "config-changed", "in_force=new");
	remarks_document(word, result < 0 ? strerrordesc_np(-result) : NULL, remarks, &document);
	free(s->reading_result);
	s->reading_result = document;
	s->reading = false;
	s->readings++;
	sources_kick(s->sources); /* who waits for it is answered after the next thought */
	if (s->read_again) {
		s->read_again = false;
		start_reading(s);
	}
}

static void start_reading(struct server *s)
{
	int r;

	s->reading = true;
	r = sources_reconfigure(s->sources, on_reading_end, s);
	if (r < 0)
		on_reading_end(s, r, NULL);
}

uint64_t server_reconfigure(struct server *s)
{
	uint64_t number = s->readings + 1;

	if (s->reading) { /* it may have read the old text of a file */
		s->read_again = true;
		return number + 1;
	}
	start_reading(s);
	return number;
}
