/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Where event lines go, without ever blocking: a process of its own reads them from a pipe and
 * writes them to standard error, so that a slow terminal, a full disk or a stuck journal costs
 * lines (counted: "events-dropped n="), never time. With $JOURNAL_STREAM set the lines carry the
 * "<5>" priority prefix that systemd understands.
 */
#include <stdint.h>

/* Forks the writer and makes it the sink of base/log. Before loop and sockets. 0 or -errno. */
int journal_start(void);

/* Lines that were lost, since the start. */
uint64_t journal_dropped(void);
