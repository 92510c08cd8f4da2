/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * An event line as a record of the journal, in the form in which the journal takes it: its words
 * become fields (PATHKEEPER_DEV=), so that it is found by what it says and not by how it reads.
 */
#include <stdint.h>

#include "base/log.h"

struct text;

/* How large a record may get; fields that do not fit are left out, the line is always there. */
enum { JOURNAL_RECORD_BYTES = 4000 };

/* The journal's numbers. */
int journal_priority(enum log_level level);

/* Appends; line as a log_sink gets it, shorter than 1024 bytes; pid of the daemon. */
void journal_record(
	enum log_level level, const char *event, const char *line, uint32_t pid, struct text *out);
