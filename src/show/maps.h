/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The kernel's multipath maps with their groups and paths, in the form of multipathd's "show maps
 * json": its names, words and order. What only the owner of a map knows has the word that
 * multipathd itself has for "unknown", or is left out (docs/json.md).
 */
#include "show/document.h"

struct model;

extern const struct document_field map_fields[];

/* names: NULL-terminated; none: every map. A name of a path, a host and so on means the maps of
 * the paths there; one that cannot be any is listed under "unknown".
 * *ret: the caller's. 0; -ENODEV: none of the names is known; -ENOMEM. */
int maps_document(const struct model *m, char *const *names, char **ret);
