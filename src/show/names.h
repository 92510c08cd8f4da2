/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Which rows a client wants, by the names that it gave. */
#include <stdint.h>

struct document;

/*
 * Has what each name means marked by find(), which returns how much that was. names:
 * NULL-terminated. What means nothing now and could (an address) is no error. *ret_unknown: the
 * names that nothing can be called, NULL-terminated; the array is the caller's, the strings are
 * borrowed. 0; -ENODEV: all of them are unknown; -ENOMEM.
 */
int names_choose(char *const *names, uint32_t (*find)(void *arg, const char *name), void *arg,
	char ***ret_unknown);

/* "unknown":["..."] into d's root, unless there are none; NULL-terminated or NULL. */
void document_put_unknown(struct document *d, char *const *names);
