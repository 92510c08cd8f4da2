/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What was asked when it was recorded, and what is asked now: pairs of numbers for one question. */
#include "model/action.h"

struct asked {
	struct action *all; /* owned */
	size_t n;
};

struct questions {
	struct asked then, now;
};

int questions_note_then(struct questions *q, const struct action *a);
int questions_note_now(struct questions *q, const struct action *a);
/* The number that the question has now which had this one then; 0: it is not asked now. */
uint64_t questions_find(const struct questions *q, uint64_t then);
void questions_done(struct questions *q);
