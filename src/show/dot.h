/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A tree as a picture, for Graphviz: from the buses on the left by hosts and targets to the LUNs,
 * each with its disk, and to the maps that are made of them. What only stands between two others is
 * left out; the colour says what state a path is in, and a legend what a colour says.
 */
struct json_object;
struct text;

/* root: the document of "tree". Borrowed. */
void dot_print(struct json_object *root, struct text *out);
