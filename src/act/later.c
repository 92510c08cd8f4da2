/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "act/later.h"

#include <errno.h>
#include <stdlib.h>

struct later_entry {
	struct later_entry *next;
	struct observation observation;
};

void later_init(struct later *later)
{
	later->first = NULL;
	later->end = &later->first;
}

void later_done(struct later *later)
{
	while (later->first) {
		struct later_entry *e = later->first;

		later->first = e->next;
		free(e);
	}
}

int later_add(struct later *later, const struct observation *o)
{
	struct later_entry *e = malloc(sizeof *e);

	if (!e)
		return -ENOMEM;
	*e = (struct later_entry){ .observation = *o };
	*later->end = e;
	later->end = &e->next;
	return 0;
}

void later_tell(struct later *later, instant now, observation_sink sink, void *arg)
{
	struct later_entry *told = later->first, *e;

	later_init(later);
	while ((e = told)) {
		told = e->next;
		e->observation.at = now;
		sink(arg, &e->observation);
		free(e);
	}
}
