/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Maps with their groups and paths for people, as "multipath -ll" draws them, out of the document
 * of show/maps.h. */
struct json_object;
struct text;

/* maps: the array, or NULL. */
void topology_print(struct json_object *maps, struct text *out);
