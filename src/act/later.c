/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "act/later.h"

#include <stdlib.h>

#include "act/routes.h"

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

void later_say_lost(struct later *later, enum helper_kind kind, uint32_t host, uint32_t pid)
{
	const struct observation o = {
		.kind = OBS_HELPER,
		.helper = { .helper = kind, .event = HELPER_LOST, .host = host, .pid = pid },
	};

	later_say(later, &o);
}

void later_say_failed(
	struct later *later, enum action_kind kind, uint64_t id, path_id path, int result)
{
	const struct route *route = route_of(kind);
	struct observation o = { .kind = route->end, .action = id, .path = path, .result = result };

	if (!id)
		return;
	if (route->can_fail)
		later_say(later, &o);
	else if (helper_is_single(route->helper))
		later_say_lost(later, route->helper, 0, 0);
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
