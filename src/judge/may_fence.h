/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * May a path whose identity changed be fenced now? Not when so much changed at once that it is
 * rather the array, or our idea of it, than a path: that is for people to look at.
 */
#include "model/model.h"

enum {
	MAY_FENCE_PATIENCE_MS =
		3000,		   /* then relatives that were not read count as they are known */
	MAY_FENCE_ONCE_MS = 60000, /* what changed within this changed at once */
};

/* BECAUSE_NOTHING: yes. BECAUSE_CHECKING: its relatives are being read. Everything else names the
 * word that forbids it. */
enum reason may_fence(const struct model *m, const struct path *p);
