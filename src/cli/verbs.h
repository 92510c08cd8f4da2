/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What each verb does. All print their document and return an exit status. */
#include "cli/words.h"

/* show.c: readers */
int verb_status(const struct words *words);
int verb_paths(const struct words *words);
int verb_maps(const struct words *words); /* and topology */
int verb_config(const struct words *words);
int verb_events(const struct words *words);

/* look.c: looks at the kernel itself */
int verb_tree(const struct words *words);
int verb_holders(const struct words *words);

/* change.c: what causes work */
int verb_check(const struct words *words);
int verb_purge(const struct words *words);
int verb_rescan(const struct words *words);
int verb_wait(const struct words *words);
int verb_grow(const struct words *words);
int verb_clean(const struct words *words);
int verb_detach(const struct words *words);
int verb_reconfigure(const struct words *words);
