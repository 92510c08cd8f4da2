/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Documents for people, made from their JSON. Nothing here is an interface: scripts read --json.
 */
struct document_field;
struct json_object;
struct text;

/* One line a row, columns of equal width under their headings; rows: an array, or NULL. */
void table_print(const struct document_field *fields, struct json_object *rows, struct text *out);

/* "name  value" lines; what is in an object stands on one line, what is in an array below each
 * other. Empty parts are left out. */
void table_print_outline(struct json_object *object, struct text *out);
