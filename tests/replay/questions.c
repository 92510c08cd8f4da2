/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "questions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int add(struct asked *list, const struct action *a)
{
	struct action *more;

	if (!a->id)
		return 0;
	more = realloc(list->all, (list->n + 1) * sizeof *more);
	if (!more)
		return -ENOMEM;
	more[list->n++] = *a;
	list->all = more;
	return 0;
}

int questions_note_then(struct questions *q, const struct action *a)
{
	return add(&q->then, a);
}

int questions_note_now(struct questions *q, const struct action *a)
{
	return add(&q->now, a);
}

static bool is_same_gap(const struct obs_gap *a, const struct obs_gap *b)
{
	return a->ino == b->ino && scsi_address_equal(&a->address, &b->address);
}

static bool is_same_question(const struct action *a, const struct action *b)
{
	if (a->kind != b->kind || !path_id_equal(a->path, b->path))
		return false;
	if (a->kind == ACT_LOOK)
		return !strcmp(a->look.sysfs, b->look.sysfs);
	if (a->kind == ACT_SCAN)
		return place_equal(&a->scan.place, &b->scan.place);
	if (a->kind == ACT_KEEP_OUT || a->kind == ACT_LET_IN)
		return is_same_gap(&a->gap.gap, &b->gap.gap);
	if (a->kind == ACT_WRITE_DOWN || a->kind == ACT_STRIKE_OUT)
		return a->word.number == b->word.number;
	return true; /* the path says it all */
}

/* The newest that is the same: an older one has been given up. */
uint64_t questions_find(const struct questions *q, uint64_t then)
{
	const struct action *wanted = NULL;

	for (size_t i = q->then.n; i-- && !wanted;)
		if (q->then.all[i].id == then)
			wanted = &q->then.all[i];
	for (size_t i = q->now.n; wanted && i--;)
		if (is_same_question(&q->now.all[i], wanted))
			return q->now.all[i].id;
	return 0;
}

void questions_done(struct questions *q)
{
	free(q->then.all);
	free(q->now.all);
	*q = (struct questions){ 0 };
}
