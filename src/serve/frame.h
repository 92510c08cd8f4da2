/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Where a D-Bus message ends. The protocol allows 128 MiB, and whoever reads it makes room for that
 * as soon as a header says so; ours are calls with a few names. So the header is looked at first.
 */
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { FRAME_HEAD = 16, FRAME_MAX = 64 * 1024 };

/* The size of the message that begins at bytes; 0: not enough of it is there to tell.
 * -EBADMSG: it is none; -EMSGSIZE: more than FRAME_MAX. */
ssize_t frame_size(const uint8_t *bytes, size_t len);
