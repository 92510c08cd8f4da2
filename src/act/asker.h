/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A child that asks one device where there is no sg node: a block node is asked by a call that
 * waits. */
#include <stdint.h>

#include "act/ask.h"

/* *ret: the caller's; one packet comes over it, a struct obs_checked, and then its end. The child
 * keeps nothing of the caller's open but disk. 0 or negative errno. */
int asker_fork(int disk, uint32_t timeout_ms, struct ask_wishes wishes, int *ret);
