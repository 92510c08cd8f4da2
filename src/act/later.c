/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "act/later.h"

#include <stdlib.h>

struct later_entry {
	struct later_entry *next;
	struct observation observation;
};

static void empty(struct later *later)
{
	later->first = NULL;
	later->end = &later->first;
}

void later_init(struct later *later, struct source *wake, observation_sink sink, void *arg)
{
	*later = (struct later){ .wake = wake, .sink = sink, .arg = arg };
	empty(later);
}

void later_done(struct later *later)
{
	while (later->first) {
		struct later_entry *e = later->first;

		later->first = e->next;
		free(e);
	}
}

static void tell(const struct later *later, const struct observation *o)
{
	struct observation now = *o;

	now.at = loop_now();
	later->sink(later->arg, &now);
}

void later_say(struct later *later, const struct observation *o)
{
	struct later_entry *e = malloc(sizeof *e);

	if (!e) {
		tell(later, o);
		return;
	}
	*e = (struct later_entry){ .observation = *o };
	*later->end = e;
	later->end = &e->next;
	loop_defer_now(later->wake);
}

void later_tell(struct later *later)
{
	struct later_entry *told = later->first, *e;

	empty(later);
	while ((e = told)) {
		told = e->next;
		tell(later, &e->observation);
		free(e);
	}
}
