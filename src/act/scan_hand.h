/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * One scan of a SCSI host for new logical units, in a process of its own because the kernel may
 * never come back from it. Like the hand of a delete it holds the lock of its host, reports
 * OBS_HAND and one OBS_DONE, and writes through a descriptor below the host's directory, whose
 * inode number is the one that was meant.
 */
#include <stdint.h>

/* The helper: performs the first ACT_SCAN that it is sent, and ends. */
int scan_hand_main(int socket, uint32_t host);
