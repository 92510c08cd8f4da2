/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Maps that nobody owns and that a word to detach had removed, or was about to: they are made again
 * when that word is refused later on. How, a record of the hand's says.
 */
#include "model/observation.h"
#include "model/path.h"

struct model;

struct taken {
	uint64_t word; /* 0: a free row */
	char name[MAX_MAP_NAME];
	char uuid[MAX_MAP_NAME + 16];
	struct question deed; /* the hand that makes it again */
	bool ended;
	int32_t result;
	uint32_t tells;
	instant again; /* not before */
};

/* false: no memory. One that is known already stays as it is. */
bool taken_add(struct model *m, uint64_t word, const char *name, const char *uuid);

/* That word is over: nothing of it is remembered. */
void taken_forget(struct model *m, uint64_t word);

void taken_note(struct model *m, const struct obs_taken *taken);
void taken_note_done(struct model *m, const struct observation *o);
