/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Where event lines go, without ever blocking: a process of its own takes them from a pipe, so that
 * a slow terminal, a full disk or a stuck journal costs lines (counted: "events-dropped n="), never
 * time. Where standard error is the journal, as $JOURNAL_STREAM tells, they go to its socket as
 * records with fields; else they are written to standard error. With $JOURNAL_STREAM set, and being
 * something else, they carry the "<5>" priority prefix that systemd understands.
 */
#include <stdint.h>

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/* Forks that process and makes it the sink of base/log. Before loop and sockets. socket:
 * JOURNAL_SOCKET, but in tests. 0 or -errno. */
int journal_start(const char *socket);

/* Lines that were lost, since the start. */
uint64_t journal_dropped(void);
