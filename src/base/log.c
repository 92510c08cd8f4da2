/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

static log_sink the_sink;
static void *the_sink_arg;
static enum log_level the_level = LOG_LEVEL_INFO;

static const char *const level_names[] = {
	[LOG_LEVEL_ERR] = "err",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_NOTICE] = "notice",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

void log_set_sink(log_sink sink, void *arg)
{
	the_sink = sink;
	the_sink_arg = arg;
}

void log_set_level(enum log_level most_detailed)
{
	the_level = most_detailed;
}

int log_level_parse(const char *name, enum log_level *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(level_names); i++)
		if (!strcmp(level_names[i], name)) {
			*ret = (enum log_level)i;
			return 0;
		}
	return -EINVAL;
}

const char *log_level_name(enum log_level level)
{
	return level_names[level];
}

static void emit(
	enum log_level level, const char *event, int error, const char *fields, va_list args)
{
	char line[1024];
	int n, m;

	if (!the_sink || level > the_level)
		return;
	n = snprintf(line, sizeof line, "%s%s", event, *fields ? " " : "");
	if (n < 0 || (size_t)n >= sizeof line)
		return;
	m = vsnprintf(line + n, sizeof line - (size_t)n, fields, args);
	if (m < 0)
		return;
	n = n + m < (int)sizeof line ? n + m : (int)sizeof line - 1;
	if (error)
		snprintf(line + n, sizeof line - (size_t)n, " error=%s",
			strerrorname_np(error) ? strerrorname_np(error) : "unknown");
	the_sink(the_sink_arg, level, event, line);
}

void log_event(enum log_level level, const char *event, const char *fields, ...)
{
	va_list args;

	va_start(args, fields);
	emit(level, event, 0, fields, args);
	va_end(args);
}

int log_failure(int r, const char *event, const char *fields, ...)
{
	va_list args;

	va_start(args, fields);
	emit(LOG_LEVEL_ERR, event, r < 0 ? -r : r, fields, args);
	va_end(args);
	return r;
}
