/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/border_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/record.h"

int border_parse(const struct border_kind *kinds, size_t n_kinds, const char *line, void *base)
{
	_cleanup_(freep) char *copy = strdup(line);
	char *rest, *word;
	size_t kind = 0;

	if (!copy)
		return -ENOMEM;
	word = strtok_r(copy, " \t\n", &rest);
	if (!word)
		return -EINVAL;
	while (kind < n_kinds && strcmp(kinds[kind].name, word))
		kind++;
	if (kind == n_kinds)
		return -EINVAL;
	while ((word = strtok_r(NULL, " \t\n", &rest))) {
		char *value = strchr(word, '=');

		if (!value)
			return -EINVAL;
		*value++ = '\0';
		if (record_set(kinds[kind].fields, base, word, value) < 0)
			return -EINVAL;
	}
	return (int)kind;
}
