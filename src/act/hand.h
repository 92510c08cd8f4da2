/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * One deletion, in a process of its own because the kernel may never come back from it. Everything
 * that must be true is looked at here once more, through what was opened before the verdict, in
 * this order: no other hand on that host; running, and the way up; still gone; not in use, held
 * so by a claim; still running, and still fresh; the daemon lives. Then one write.
 *
 * A fenced device is deleted while it is offline, and is not asked: it would answer for another
 * logical unit. Nobody can open it then, so that "not in use" holds without a descriptor.
 *
 * Or one fence: the device is set offline. That waits for no other hand.
 */
#include "act/handles.h"
#include "model/action.h"

/* Follows ACT_DELETE and ACT_FENCE in their packet. What was decided when it was given may not hold
 * for ever: a keeper that the kernel kept for a while must not begin what was decided before that.
 */
struct hand_order {
	uint64_t boot_ms; /* hand_clock() when it was given */
};

/* Milliseconds since boot, a suspend included. */
uint64_t hand_clock(void);

/* More than deadline_ms (0: there is none) after boot_ms. What was judged then may not hold any
 * more: who else is in its map, how many may go a minute. */
bool hand_is_late(uint64_t boot_ms, uint32_t deadline_ms);

/* Gives keeper the order to fork a hand that reports to the other end of socket (borrowed). Blocks
 * not; 0 or negative errno. */
int hand_send_order(int keeper, const struct action *delete_action, int socket);

/* The OBS_DONE, from a keeper, of a hand that it did not make: nothing was written, and nobody was
 * asked. socket is the one that hand would have had (borrowed). Blocks not; when the daemon takes
 * nothing, or is gone, it is lost. */
void hand_refuse(const struct action *action, int socket, enum hand_stage stage, int result);

/*
 * Forked by a keeper: borrows its handles. socket is the daemon's, locks the file whose byte
 * number <host> is locked while a hand is out (-1: there is none, and nothing is done); end is kept
 * open and no more: by its closing the keeper learns that the hand ended. Reports
 * OBS_HAND and one OBS_DONE, and returns the exit status.
 *
 * Past the action's deadline since the order nothing is written any more. The claim is also made
 * where it was not asked for, unless a multipath map holds the disk, which has another path then: a
 * path that left its map meanwhile is a disk that can be in use, and so is the last of a new map.
 */
int hand_main(const struct action *action, const struct hand_order *order,
	const struct handles *handles, int socket, int end, int locks);

/* Byte number host of that file, until this process ends. 0, -EBUSY: another hand is out there. */
int hand_lock_host(int locks, uint32_t host);

/* The file of locks, made when it is not there. A descriptor (the caller's) or negative errno. */
int hand_open_locks(void);
