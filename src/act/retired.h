/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Helpers that were given up and have not ended: they are in the kernel, perhaps for ever. Nothing
 * is asked of them and nothing they say is heard, but their sockets are kept, so that their end is
 * learned, and that not one more after the other is made and lost in the same place.
 */
#include <stdbool.h>

#include "model/observation.h"

struct loop;
struct retiree;

struct retired {
	struct loop *loop;	  /* borrowed */
	void (*ended)(void *arg); /* one of them; called from the loop */
	void *arg;
	struct retiree *first; /* owned */
};

/* socket is taken. */
void retired_add(struct retired *retired, enum helper_kind kind, int socket);
/* Are there so many of this kind that another one would only join them? */
bool retired_are_many(const struct retired *retired, enum helper_kind kind);
void retired_done(struct retired *retired);
