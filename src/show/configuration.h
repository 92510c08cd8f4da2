/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The whole configuration that is in force: every keyword, its value, and who set it. */
#include "show/document.h"

struct config;

/* *ret: the caller's. 0 or -ENOMEM. */
int configuration_document(const struct config *config, bool with_origin, char **ret);

/* As a multipath.conf, with "# origin" behind each value where the rows carry one; rows: the array
 * "config" of the document. What is printed can be read back. */
void configuration_print(struct json_object *rows, struct text *out);
