/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/past.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>
#include <systemd/sd-journal.h>

#include "base/cleanup.h"
#include "core/events.h"
#include "port/process.h"
#include "show/event.h"

#define NOW INT64_MAX

DEFINE_FREEP(struct json_object, json_object_put)

/* What was found: each a document, the oldest first. */
struct past {
	char **events; /* owned */
	size_t n;
};

static void past_done(struct past *past)
{
	for (size_t i = 0; i < past->n; i++)
		free(past->events[i]);
	free(past->events);
	*past = (struct past){ 0 };
}

/* ---- the journal ----------------------------------------------------------------------------- */

static sd_journal *journal_close(sd_journal *journal)
{
	sd_journal_close(journal);
	return NULL;
}
DEFINE_FREEP(sd_journal, journal_close)

/* Everybody may write that they are pathkeeperd; _UID is the kernel's word. */
static int match(sd_journal *journal)
{
	char event[64];
	int r = sd_journal_add_match(journal, "SYSLOG_IDENTIFIER=pathkeeperd", 0);

	if (r >= 0)
		r = sd_journal_add_match(journal, "_UID=0", 0);
	for (int kind = CHANGE_PATH_ADDED; r >= 0 && kind <= CHANGE_ATTENTION; kind++) {
		const struct change c = { .kind = (enum change_kind)kind };

		snprintf(event, sizeof event, "PATHKEEPER_EVENT=%s", event_name(&c));
		r = sd_journal_add_match(journal, event, 0);
	}
	return r;
}

/* "MESSAGE=path-state dev=sdb ..." -> the name and its words. Both owned. */
static int read_line(sd_journal *journal, char **ret_name, char **ret_words)
{
	static const char prefix[] = "MESSAGE=";
	const size_t skip = sizeof prefix - 1;
	const void *data;
	size_t len;
	char *line, *blank;
	int r = sd_journal_get_data(journal, "MESSAGE", &data, &len);

	if (r < 0)
		return r;
	if (len < skip)
		return -EBADMSG;
	line = strndup((const char *)data + skip, len - skip);
	if (!line)
		return -ENOMEM;
	blank = strchr(line, ' ');
	*ret_words = strdup(blank ? blank + 1 : "");
	if (blank)
		*blank = '\0';
	*ret_name = line;
	return *ret_words ? 0 : -ENOMEM;
}

/* 1: an event, 0: a record that cannot be read, -ENOMEM. */
static int read_event(sd_journal *journal, char **ret)
{
	_cleanup_(freep) char *name = NULL, *words = NULL;
	uint64_t usec;
	int r = sd_journal_get_realtime_usec(journal, &usec);

	if (r >= 0)
		r = read_line(journal, &name, &words);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return 0;
	r = event_document(0, (int64_t)(usec / 1000), name, words, ret);
	return r < 0 ? r : 1;
}

static int seek_before(sd_journal *journal, int64_t unix_ms)
{
	if (unix_ms == NOW)
		return sd_journal_seek_tail(journal);
	return sd_journal_seek_realtime_usec(journal, (uint64_t)unix_ms * 1000);
}

static void turn_round(struct past *past)
{
	for (size_t i = 0; i < past->n / 2; i++) {
		char *event = past->events[i];

		past->events[i] = past->events[past->n - 1 - i];
		past->events[past->n - 1 - i] = event;
	}
}

/* Backwards, the newest first. */
static int collect(sd_journal *journal, size_t most, struct past *past)
{
	while (past->n < most && sd_journal_previous(journal) > 0) {
		char **more = realloc(past->events, (past->n + 1) * sizeof *more);
		int r;

		if (!more)
			return -ENOMEM;
		past->events = more;
		r = read_event(journal, &past->events[past->n]);
		if (r < 0)
			return r;
		past->n += (size_t)r;
	}
	return 0;
}

/* Of another daemon than this host's there is nothing in this host's journal. */
static bool is_of_this_host(void)
{
	return !strcmp(process_runtime_dir(), "/run/pathkeeper");
}

/* The last events, at most so many, from before that time. 0 or -ENOMEM. */
static int past_read(int64_t before_unix_ms, size_t most, struct past *ret)
{
	_cleanup_(journal_closep) sd_journal *journal = NULL;
	_cleanup_(past_done) struct past past = { 0 };
	int r;

	if (!is_of_this_host())
		return 0;
	r = sd_journal_open(&journal, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);
	if (r >= 0)
		r = match(journal);
	if (r >= 0)
		r = seek_before(journal, before_unix_ms);
	if (r >= 0)
		r = collect(journal, most, &past);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	turn_round(&past);
	*ret = past;
	past = (struct past){ 0 };
	return 0;
}

/* ---- together -------------------------------------------------------------------------------- */

static int64_t time_of(struct json_object *event)
{
	struct json_object *time;
	int64_t unix_ms;

	if (!json_object_object_get_ex(event, "time", &time) ||
		document_time_parse(json_object_get_string(time), &unix_ms) < 0)
		return NOW;
	return unix_ms;
}

/* rows: of the ring, from first on; may be NULL. */
static int join(
	const struct past *past, struct json_object *rows, size_t first, uint64_t last, char **ret)
{
	const unsigned how = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;
	size_t n_rows = rows ? json_object_array_length(rows) : 0, n = past->n;
	_cleanup_(freep) const char **events = calloc(n + n_rows + 1, sizeof *events);

	if (!events)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		events[i] = past->events[i];
	for (size_t i = first; i < n_rows; i++)
		events[n++] = json_object_to_json_string_ext(
			json_object_array_get_idx(rows, i), how);
	return events_document(last, events, n, ret);
}

int past_document(const char *ring, size_t most, char **ret)
{
	_cleanup_(json_object_putp) struct json_object *root = ring ? json_tokener_parse(ring)
								    : NULL;
	_cleanup_(past_done) struct past past = { 0 };
	struct json_object *rows = NULL, *last = NULL;
	size_t n = 0;
	int r = 0;

	if (ring && (!json_object_object_get_ex(root, "events", &rows) ||
			    !json_object_is_type(rows, json_type_array)))
		return -EBADMSG;
	json_object_object_get_ex(root, "last", &last);
	if (rows)
		n = json_object_array_length(rows);
	if (n < most)
		r = past_read(
			n ? time_of(json_object_array_get_idx(rows, 0)) : NOW, most - n, &past);
	if (r < 0)
		return r;
	if (!ring && !past.n)
		return -ENODATA;
	return join(
		&past, rows, n > most ? n - most : 0, (uint64_t)json_object_get_int64(last), ret);
}
