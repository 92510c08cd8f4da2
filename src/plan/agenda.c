/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/agenda.h"

#include <stdlib.h>

struct action *agenda_add(struct agenda *agenda, enum action_kind kind)
{
	if (agenda->n == agenda->max) {
		size_t max = agenda->max ? agenda->max * 2 : 32;
		struct action *actions = realloc(agenda->actions, max * sizeof *actions);

		if (!actions) {
			agenda->failed = true;
			return NULL;
		}
		agenda->actions = actions;
		agenda->max = max;
	}
	agenda->actions[agenda->n] = (struct action){ .kind = kind };
	return &agenda->actions[agenda->n++];
}

void agenda_wake_at(struct agenda *agenda, instant when)
{
	agenda->wake = instant_earlier(agenda->wake, when);
}

bool agenda_may_ask(struct agenda *agenda, const struct question *q, instant now)
{
	instant when = question_may_be_asked_at(q);

	if (q->action)
		return false; /* its end is an observation */
	if (!instant_reached(now, when)) {
		agenda_wake_at(agenda, when);
		return false;
	}
	return true;
}

void agenda_clear(struct agenda *agenda)
{
	agenda->n = 0;
	agenda->wake = INSTANT_FAR;
	agenda->failed = false;
}

void agenda_done(struct agenda *agenda)
{
	free(agenda->actions);
	*agenda = AGENDA_INIT;
}
