/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What waits for an answer about a path (a check, a helper, a request) remembers slot and
 * generation, never a pointer: a late answer must not fall on a newcomer in the same slot.
 */
#include <stdbool.h>
#include <stdint.h>

typedef struct {
	uint32_t slot, gen; /* gen 0: no path */
} path_id;

#define PATH_NONE ((path_id){ 0, 0 })

static inline bool path_id_equal(path_id a, path_id b)
{
	return a.slot == b.slot && a.gen == b.gen;
}

static inline bool path_id_is_set(path_id a)
{
	return a.gen != 0;
}
