/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The kernel is told to look: at a SCSI host for new logical units, or at one that it knows again,
 * for its size; in a process of its own because the kernel may never come back from it. Like the
 * hand of a delete it holds the lock of its host, reports OBS_HAND and one OBS_DONE, and writes
 * through a descriptor below the directory whose inode number is the one that was meant. A device
 * is looked at again only when it runs and says itself that it is the one that was meant.
 */
#include <stdint.h>

/* The helper: performs the first ACT_SCAN or ACT_REREAD that it is sent, and ends. */
int scan_hand_main(int socket, uint32_t host);
