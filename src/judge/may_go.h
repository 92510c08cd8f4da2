/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * May this device be taken away now? The promises P3 and P4 in reading order. The facts it looks
 * at must be fresh: the removal asks for them after it began to verify, and calls this last.
 */
#include "model/model.h"

/* BECAUSE_NOTHING: yes. BECAUSE_FAIL_FIRST, BECAUSE_MAP_FIRST: not before the map was told.
 * Everything else names the promise that forbids it. */
enum reason may_go(struct model *m, const struct path *p);

/* Protected, in critical use, or not known whether it is; or BECAUSE_NOTHING. */
enum reason may_go_protected(const struct path *p);
/* BECAUSE_HOLDERS, _UDEV or _NOTHING; the unused partitions of its map are no use of it. */
enum reason may_go_used(const struct model *m, const struct path *p);
/* What holds it may be over when it is looked at again, soon: a look of udev's, one of ours that
 * did not see all, or a claim that the kernel refused although nobody was found. A word that waits
 * for it is not refused yet. */
bool may_go_soon(const struct path *p);
/* The kernel said so a while ago; it is not asked by another hand every time. */
bool may_go_is_claimed(const struct model *m, const struct path *p);
/* Is a deed out that takes it away, or out of use? */
bool may_go_is_leaving(const struct path *p);

/* Would taking p's logical unit away go over purge_limit or purge_share? */
bool may_go_over_limit(const struct model *m, const struct path *p);

/* How many other paths of p's map are there whose device exists and is not being taken away? */
uint32_t may_go_others_in_map(const struct model *m, const struct path *p);
