/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The file of pathkeeperd --record. Nobody waits for it: lines are kept in memory, a process of its
 * own (pk-recorder) takes them from a pipe, and what cannot be kept ends the recording, never the
 * daemon: a recording with a hole in it is worth nothing. How it ends is said once
 * ("recording-ended why="): full, slow, lost, no-memory.
 */
#include "core/recorder.h"

enum {
	RECORDING_FILE_BYTES = 256 * 1024 * 1024,
	RECORDING_KEPT_BYTES = 32 * 1024 * 1024, /* not taken yet */
};

/* Makes path, which must not be there yet, and forks the process that writes it. Before loop and
 * sockets. 0 or negative errno. */
int recording_start(const char *path, const char *version);

/* Where lines go; without a recording nowhere. */
struct recorder recording_recorder(void);

/* Hands on what the pipe takes now; to be called now and then. */
void recording_flush(void);
