/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What a clean came to, as a document and for people. */
#include <stdint.h>

struct json_object;
struct model;
struct text;

/* Of the requests of this id, before they are closed; name is what the client called it. *ret: the
 * caller's. 0 or -ENOMEM. */
int cleaning_document(const struct model *m, uint64_t id, const char *name, char **ret);

/* One line a node. */
void cleaning_print(struct json_object *root, struct text *out);
