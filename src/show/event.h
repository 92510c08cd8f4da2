/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What happened, as JSON: the same names and values as in the journal, since both are made from
 * the same line of "key=value" words (core/events.h). An event is a document of its own.
 */
#include "show/document.h"

/* fields: "dev=sdb old=up ...", values escaped as \xNN, "-" for nothing. number 0: it has none,
 * since it is out of the journal.
 * *ret: the caller's. 0 or -ENOMEM. */
int event_document(
	uint64_t number, int64_t unix_ms, const char *name, const char *fields, char **ret);

/* {"version":1,"last":N,"events":[...]} out of finished events; last: the number of the newest
 * that ever was. *ret: the caller's. 0 or -ENOMEM. */
int events_document(uint64_t last, const char *const *events, size_t n, char **ret);

/* One line for people, of one event: words that blanks part, with values as in the log. */
void event_print(struct json_object *event, struct text *out);
