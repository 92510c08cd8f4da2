/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * May this path leave now, because an operator says so although it is there? P3 in reading order;
 * P2 and P4 are not asked. The facts it looks at must be fresh, as for may_go().
 */
#include "model/model.h"

struct text;

/* BECAUSE_NOTHING: it may be deleted. BECAUSE_MAP_FIRST, _TAKE_FIRST, _FAIL_FIRST: not before that
 * was done; BECAUSE_OTHERS_FIRST: not before all of the same word are as far. Everything else names
 * what forbids it. */
enum reason may_detach(const struct model *m, const struct path *p);

/* What is still to be done for p, in the order in which it is done: "remove-map mpatha, take-path,
 * delete". What may_detach() leads to, as long as the world stays as it is. */
void may_detach_plan(const struct model *m, const struct path *p, struct text *out);

/* Is it a deed that may_detach() leads to, now or later? */
bool may_detach_is_deed(enum reason why);

/* May p be in the map of that WWID when it is made again, because the word was refused? */
bool may_detach_returns(const struct path *p, const char *wwid);

/* Is other a path of p's map that stays there when p's word is through, and is believed good? */
bool may_detach_stays(const struct model *m, const struct path *p, const struct path *other);
