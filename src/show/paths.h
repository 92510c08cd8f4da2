/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* One row a path: what is believed of it now. */
#include "show/document.h"

struct model;

extern const struct document_field path_fields[];

/* names: NULL-terminated; none: every path. A name that could mean a device and means none now
 * adds no row; one that cannot is listed under "unknown".
 * *ret: the caller's. 0; -ENODEV: none of the names is known; -ENOMEM. */
int paths_document(const struct model *m, char *const *names, int64_t wall_offset_ms, char **ret);
