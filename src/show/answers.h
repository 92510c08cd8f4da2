/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What a client's word about some devices came to: made from the requests that the model keeps
 * under one id, before they are closed. unknown: names that no device has (NULL-terminated, or
 * NULL). *ret: the caller's. All return 0 or -ENOMEM.
 */
#include "model/request.h"
#include "show/document.h"

struct model;

extern const struct document_field check_fields[], removal_fields[], scan_fields[], wait_fields[],
	growth_fields[], detach_fields[], hold_fields[];

/* Of every verb but VERB_HOLDERS: a row for each request. */
int rows_document(
	const struct model *m, enum verb verb, uint64_t id, char *const *unknown, char **ret);

/* One document also where name means several paths: what holds any of them, as far as an answer to
 * the daemon has room for it. */
int holders_document(const struct model *m, uint64_t id, const char *name, char **ret);
