/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Every kind of event has a number that is nobody else's, for who looks for it in a journal. They
 * are an interface: a row is never changed (docs/journal.md). */
#include <stddef.h>

/* 32 hexadecimal digits, or NULL: no event is called so. */
const char *message_id(const char *event);

/* The i-th name, NULL behind the last. */
const char *message_id_event(size_t i);
