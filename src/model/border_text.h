/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What observation and action share: a name, a size and a table of fields for each kind. */
#include <stddef.h>

struct field;

struct border_kind {
	const char *name;
	size_t size; /* bytes of the flat struct that matter */
	const struct field *fields;
};

/* "name field=value ..." into base (zeroed by the caller). The kind's index, -EINVAL, -ENOMEM. */
int border_parse(const struct border_kind *kinds, size_t n_kinds, const char *line, void *base);
