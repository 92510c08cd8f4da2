/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What the client of a word to detach is told: a row for each path, or for a map without paths. */
#include "model/model.h"

/* Does its client still wait for any of it? */
bool detach_rows_are_awaited(const struct model *m, const struct detach *d);

/* p's row says what is done for it. */
void detach_rows_plan(struct model *m, const struct detach *d, const struct path *p);

/* The row of p, or of the map, ends so, unless it has ended. */
void detach_rows_end(struct model *m, const struct detach *d, struct path *p,
	enum request_result result, enum reason why);
void detach_rows_end_map(
	struct model *m, const struct detach *d, enum request_result result, enum reason why);
