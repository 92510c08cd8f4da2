/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What the daemon does not remember any more, or nobody can be asked about: events of devices, out
 * of the journal, found by the fields that the daemon gives its records (docs/journal.md).
 */
#include <stddef.h>

/* How many events are shown where nobody says. */
enum { PAST_USUAL = 1024 };

/* The last events, at most so many, as one document: what the daemon remembers (ring: its document,
 * or NULL without a daemon), and before that what the journal has. Where that may not be read, or
 * is not there, it has nothing. *ret: the caller's. 0; -ENODATA: no daemon, and nothing in the
 * journal; -EBADMSG: ring is no such document; -ENOMEM. Blocks on the journal's files. */
int past_document(const char *ring, size_t most, char **ret);
