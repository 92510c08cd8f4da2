/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * An event is a name and key=value fields, device first; never a sentence that must be parsed.
 * This module formats and hands the finished line to one sink; who writes it where, and without
 * blocking, is the sink's business (core/sources for the daemon, an array in tests).
 */
#include <stdarg.h>

enum log_level {
	LOG_LEVEL_ERR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_NOTICE,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

/* line: "event key=value ...", without newline. Must not block. */
typedef void (*log_sink)(void *arg, enum log_level level, const char *event, const char *line);

void log_set_sink(log_sink sink, void *arg);
void log_set_level(enum log_level most_detailed);

/* "err" ... "debug" -> level. 0 or -EINVAL. */
int log_level_parse(const char *name, enum log_level *ret);
const char *log_level_name(enum log_level level);

void log_event(enum log_level level, const char *event, const char *fields, ...)
	__attribute__((format(printf, 3, 4)));

/* Logs fields with error=<name of r> and returns r, so that "return log_failure(...)" reads well.
 */
int log_failure(int r, const char *event, const char *fields, ...)
	__attribute__((format(printf, 3, 4)));
