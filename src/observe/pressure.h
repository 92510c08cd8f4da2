/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Processes wait for memory: the kernel's own word (/proc/pressure/memory), by a trigger that it
 * wakes us for, at most once in a window. A kernel without it (CONFIG_PSI, psi=1) says nothing.
 */
#include "model/observation.h"

struct loop;
struct pressure;

/* sink gets OBS_PRESSURE. 0, -EOPNOTSUPP: this kernel cannot tell, or another negative errno. */
int pressure_new(struct loop *loop, const char *file, observation_sink sink, void *arg,
	struct pressure **ret);
struct pressure *pressure_free(struct pressure *pressure);

#define PRESSURE_FILE "/proc/pressure/memory"
