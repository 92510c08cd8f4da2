/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/diagnostics.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

static const char *const names[SEVERITIES] = {
	[SEVERITY_NOTE] = "note",
	[SEVERITY_WARNING] = "warning",
	[SEVERITY_ERROR] = "error",
	[SEVERITY_FATAL] = "fatal",
};

/* Values are quoted in the remarks, and a file may hold anything: no remark may steer a terminal.
 * Blanks stay, unlike in text_add_escaped(): this is a sentence. */
static char *printable(const char *s)
{
	struct text t = TEXT_INIT;

	for (; *s; s++) {
		if (*s >= ' ' && *s < 0x7f)
			text_add_bytes(&t, s, 1);
		else
			text_addf(&t, "\\x%02x", (unsigned char)*s);
	}
	return text_take(&t);
}

static struct diagnostic *append(struct diagnostics *list)
{
	if (list->n == list->size) {
		size_t size = list->size ? list->size * 2 : 16;
		struct diagnostic *rows = realloc(list->rows, size * sizeof *rows);

		if (!rows)
			return NULL;
		list->rows = rows;
		list->size = size;
	}
	return &list->rows[list->n];
}

void diagnostics_add(struct diagnostics *list, enum severity severity, const char *file,
	unsigned line, const char *format, ...)
{
	_cleanup_(freep) char *raw = NULL, *text = NULL, *name = NULL;
	struct diagnostic *row;
	va_list args;
	int n;

	if (!list)
		return;
	va_start(args, format);
	n = vasprintf(&raw, format, args);
	va_end(args);
	if (n < 0)
		raw = NULL;
	text = raw ? printable(raw) : NULL;
	name = strdup(file);
	row = append(list);
	if (!text || !name || !row) {
		list->failed = true;
		return;
	}
	*row = (struct diagnostic){ severity, TAKE(name), line, TAKE(text) };
	list->n++;
}

size_t diagnostics_count(const struct diagnostics *list, enum severity at_least)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		n += list->rows[i].severity >= at_least;
	return n;
}

const char *severity_name(enum severity severity)
{
	return names[severity];
}

void diagnostics_done(struct diagnostics *list)
{
	for (size_t i = 0; i < list->n; i++) {
		free(list->rows[i].file);
		free(list->rows[i].text);
	}
	free(list->rows);
	*list = DIAGNOSTICS_INIT;
}
