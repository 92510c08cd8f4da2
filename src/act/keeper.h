/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The process that holds the handles of one SCSI host's devices (or of several hosts'), asks them
 * in its own event loop, and forks a hand for a deletion: the hand inherits the handles, which is
 * how a deletion needs no name.
 *
 *   ACT_WATCH   OBS_WATCHED; a path that is watched already keeps its handles if they are the same
 *   ACT_CHECK   OBS_CHECKED. only_look: of the device's state, and nothing is sent. One command is
 * in flight per path, and what is asked meanwhile is dropped. -ENODEV: not watched, or its device
 * hung up. -EBUSY: a hand is out on it, which our command would keep waiting ACT_FORGET OBS_WATCHED
 * when it has a number; the handles are closed ACT_DELETE, ACT_FENCE and struct hand_order, alone
 * in their packet, with the hand's end of its socket to the daemon: what becomes of it is said
 * there. The hand begins when no command of ours is in flight on the path OBS_HUNG_UP, unasked: the
 * kernel began to remove a device, and its handles are closed
 *
 * A command is never given up: its answer comes late, or with the removal of the device.
 */
#include <stdint.h>

/* Runs until socket closes. */
int keeper_main(int socket, uint32_t host);
