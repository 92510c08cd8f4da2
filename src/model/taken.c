/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/taken.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "dm/table.h"
#include "model/model.h"

bool taken_add(struct model *m, uint64_t word, const char *name, const char *uuid)
{
	struct taken *more, *t = NULL;

	for (uint32_t i = 0; i < m->n_taken; i++) {
		if (m->taken[i].word == word && !strcmp(m->taken[i].uuid, uuid))
			return true;
		if (!m->taken[i].word)
			t = &m->taken[i];
	}
	if (!t) {
		more = realloc(m->taken, (m->n_taken + 1) * sizeof *more);
		if (!more) {
			m->out_of_memory = true;
			return false;
		}
		m->taken = more;
		t = &m->taken[m->n_taken++];
	}
	*t = (struct taken){ .word = word };
	TEXT_SET(t->name, name);
	TEXT_SET(t->uuid, uuid);
	return true;
}

void taken_forget(struct model *m, uint64_t word)
{
	for (uint32_t i = 0; i < m->n_taken; i++)
		if (m->taken[i].word == word)
			m->taken[i].word = 0;
}

/* Of a map with its partitions, the map. */
void taken_note(struct model *m, const struct obs_taken *taken)
{
	if (model_detach(m, taken->word) && dm_uuid_is_multipath(taken->uuid))
		taken_add(m, taken->word, taken->name, taken->uuid);
}

void taken_note_done(struct model *m, const struct observation *o)
{
	for (uint32_t i = 0; i < m->n_taken; i++) {
		struct taken *t = &m->taken[i];

		if (t->deed.action != o->action)
			continue;
		t->deed.action = 0;
		t->ended = true;
		t->result = o->result;
		m->maps_lost = true;
	}
}
