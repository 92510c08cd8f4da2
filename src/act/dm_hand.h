/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Deeds on a map: fail a path in it, make it longer, or remove it. The map is the one with this
 * uuid *and* this number: both are compared before, and the kernel is spoken to by uuid. A map with
 * an owner is removed or made longer by its owner, asked over its socket; the kernel is then looked
 * at, whatever was answered.
 *
 * Nothing is begun past the deadline since the order, and no path leaves a map that is used unless
 * another is active there now.
 */
#include <stdint.h>

#include "model/action.h"
#include "model/observation.h"

/* Performs ACT_FAIL_PATH, _RESIZE_MAP, _REMOVE_MAP, _TAKE_PATH, _GIVE_PATH or _MAKE_MAP; socket is
 * the daemon's: nothing is done when it has hung up. Blocks. Fills an OBS_DONE: result is 0 (also
 * when the map to remove was not there), -ENXIO (no such map), -ESTALE (the number is another
 * map's), -EBUSY, or what else the kernel or owner said.
 */
void dm_hand_perform(const struct action *a, int socket, struct observation *ret);

/* The helper: performs what it is sent, one after the other, until the socket closes. */
int dm_hand_main(int socket, uint32_t tag);
