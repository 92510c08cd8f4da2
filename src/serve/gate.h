/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What stands between a client's socket and the bus object that answers it. sd-bus makes room for
 * any message a header announces (128 MiB, of locked memory), queues without end for who does not
 * read, and waits 90 s for who says nothing. So the bus talks to one end of a socket pair, and the
 * gate passes on, in both directions and never blocking:
 *
 *   - messages that are whole and small, one after the other, while the client reads
 *   - answers, as fast as the client takes them; no descriptors, either way
 *
 * and ends the connection when the client does not introduce itself in time, sends what is no
 * message, or takes nothing of what waits for it.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

struct gate;
struct loop;

enum gate_end {
	GATE_CLOSED,  /* by the client */
	GATE_SILENT,  /* no handshake in time */
	GATE_GARBAGE, /* no handshake, no message, or too large */
	GATE_STALLED, /* took nothing for too long */
	GATE_NO_MEMORY,
	GATE_FAILED,	 /* a call on the way to the client, or an answer that could not be made */
	GATE_BUS_CLOSED, /* the bus object gave up: what looked like a message is none */
};

enum {
	GATE_HANDSHAKE_MS = 5000,
	GATE_STALL_MS = 30000,
	GATE_ROOM = 64 * 1024,	 /* more than that waits: no new answers */
	GATE_PAUSE = 256 * 1024, /* ... and nothing more is taken from the client */
};

struct gate_listener {
	/* Neither may free the gate: later, please. */
	void (*ended)(void *arg, enum gate_end why); /* once; nothing is passed on any more */
	void (*room)(void *arg);		     /* what waited was taken */
	void *arg;
};

/* client is taken, also on failure. uid: of the peer. guid: of the server, 32 hexadecimal digits,
 * borrowed for good. *ret_bus: where the bus object listens, the caller's. 0 or negative errno. */
int gate_new(struct loop *loop, int client, uint32_t uid, const char *guid,
	const struct gate_listener *listener, struct gate **ret, int *ret_bus);
struct gate *gate_free(struct gate *gate);
DEFINE_FREEP(struct gate, gate_free)

/* Nothing is passed on any more; the listener is told, once. */
void gate_close(struct gate *gate, enum gate_end why);

/* Bytes that the client has not taken yet. */
size_t gate_waiting(const struct gate *gate);

const char *gate_end_name(enum gate_end why);
