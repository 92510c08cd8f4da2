/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Records between processes: a SOCK_SEQPACKET packet holds one or more records, each behind its
 * 4-byte size; at most one packet's worth of descriptors rides along. Never torn, never blocking:
 * who can afford to wait says so with packet_wait().
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PACKET_MAX = 64 * 1024, PACKET_FDS = 4 };

/* A SOCK_SEQPACKET|SOCK_CLOEXEC|SOCK_NONBLOCK pair with buffers of at least 1 MiB where allowed. */
int packet_pair(int ret[2]);

struct packet {
	uint8_t bytes[PACKET_MAX];
	size_t len;
	size_t read;	     /* where packet_next() stands */
	int fds[PACKET_FDS]; /* owned by whoever takes them; packet_done() closes the rest */
	size_t n_fds;
};

/* Empties it. Descriptors in it are forgotten, not closed: for a fresh one, or to fill it anew. */
void packet_clear(struct packet *p);
/* Append a record. 0 or -ENOSPC (send this packet first). */
int packet_add(struct packet *p, const void *record, size_t size);
/* fds are borrowed. 0, -EAGAIN (the reader is behind), -EPIPE/-ECONNRESET (it is gone). */
int packet_send(int socket, const struct packet *p);
/* 1: a packet, 0: the other end closed, -EAGAIN, other negative errno. What *ret held is lost. */
int packet_receive(int socket, struct packet *ret);
/* Copies the next record into ret (zero-filled up to size). 1, 0 at the end, -EBADMSG (what is
 * left of the packet is dropped). */
int packet_next(struct packet *p, void *ret, size_t size);
/* Closes descriptors nobody took (a taken one is set to -1 by its taker). */
void packet_done(struct packet *p);

/* One record, perhaps with descriptors: the common case. */
int packet_send_one(int socket, const void *record, size_t size, const int *fds, size_t n_fds);

/* Blocks until socket has something for us, its other end is gone, or (for_room) it takes more.
 * For helpers, whose only business their socket is. 0 or negative errno. */
int packet_wait(int socket, bool for_room);
/* packet_receive() that waits for a packet: 1, 0 (the other end closed), or negative errno. */
int packet_receive_patiently(int socket, struct packet *ret);
/* packet_send_one() that waits for room. */
int packet_send_patiently(int socket, const void *record, size_t size);
/* Is the other end closed? Blocks not, reads nothing. */
bool packet_peer_is_gone(int socket);
/* Bytes sent and not yet taken by the other end, as the kernel counts them. */
size_t packet_untaken_bytes(int socket);
