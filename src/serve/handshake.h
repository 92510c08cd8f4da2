/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * How a D-Bus client introduces itself before its first message: lines that choose a mechanism
 * (D-Bus specification, "Authentication Protocol"). Only EXTERNAL is accepted, and only for the
 * user that the kernel says is at the other end. Descriptors are never passed.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text;

enum { HANDSHAKE_LINE = 512, HANDSHAKE_BYTES = 4096 };

enum handshake_progress {
	HANDSHAKE_WAITS, /* for the rest of a line, or more of them */
	HANDSHAKE_DONE,	 /* what follows are messages */
	HANDSHAKE_ENDS,	 /* no client of ours talks like that */
};

struct handshake {
	uint32_t uid;	  /* of the peer, by the kernel's word */
	const char *guid; /* 32 hexadecimal digits; borrowed */
	bool began, waits_for_data, accepted;
	size_t n_bytes;
};

/* Takes whole lines from the beginning of bytes, and appends what is to be answered.
 * *ret_taken: how many bytes are done with, also of a message that begins behind them. */
enum handshake_progress handshake_feed(struct handshake *h, const uint8_t *bytes, size_t len,
	struct text *answers, size_t *ret_taken);
