/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "serve/gate.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/text.h"
#include "port/loop.h"
#include "serve/frame.h"
#include "serve/handshake.h"

enum {
	FIRST_BYTES = 4096,
	CHUNK = 64 * 1024,
	CHUNKS_A_TURN = 8,
	TO_BUS_BYTES = 16 * 1024, /* few calls wait in the socket that the bus reads */
};

/* A client of our own towards the bus object, which asks for nothing but this. */
static const char bus_hello[] = "\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n";
enum { BUS_ANSWERS = 2 }; /* "DATA", "OK ..." */

/* Bytes that wait, between taken and len. */
struct queue {
	uint8_t *bytes; /* owned */
	size_t taken, len, size;
};

struct gate {
	struct loop *loop;
	struct gate_listener listener;
	int client, bus; /* owned */
	struct source *client_source, *bus_source, *deadline;
	struct handshake handshake;
	bool open, ended;
	struct queue in, out;
	size_t passing;	      /* bytes of in that are known to be good, and on their way */
	unsigned bus_answers; /* lines of the bus object's handshake still to come */
};

static const char *const end_names[] = {
	[GATE_CLOSED] = "closed",
	[GATE_SILENT] = "silent",
	[GATE_GARBAGE] = "garbage",
	[GATE_STALLED] = "stalled",
	[GATE_NO_MEMORY] = "no-memory",
	[GATE_FAILED] = "failed",
	[GATE_BUS_CLOSED] = "no-message",
};

const char *gate_end_name(enum gate_end why)
{
	return end_names[why];
}

/* ---- queues ---------------------------------------------------------------------------------- */

static size_t waiting(const struct queue *q)
{
	return q->len - q->taken;
}

static void drop_taken(struct queue *q)
{
	if (!q->taken)
		return;
	memmove(q->bytes, q->bytes + q->taken, waiting(q));
	q->len -= q->taken;
	q->taken = 0;
}

/* Room for more bytes behind len. */
static int make_room(struct queue *q, size_t more)
{
	size_t size = q->size ? q->size : FIRST_BYTES;
	uint8_t *bytes;

	if (q->size - q->len >= more)
		return 0;
	drop_taken(q);
	while (size - q->len < more)
		size *= 2;
	if (size == q->size)
		return 0;
	bytes = realloc(q->bytes, size);
	if (!bytes)
		return -ENOMEM;
	q->bytes = bytes;
	q->size = size;
	return 0;
}

static int queue_add(struct queue *q, const void *bytes, size_t len)
{
	if (!len)
		return 0;
	if (make_room(q, len) < 0)
		return -ENOMEM;
	memcpy(q->bytes + q->len, bytes, len);
	q->len += len;
	return 0;
}

static void queue_take(struct queue *q, size_t len)
{
	q->taken += len;
	if (q->taken < q->len)
		return;
	q->taken = q->len = 0;
	if (q->size > CHUNK) { /* a large document: its memory is not needed again soon */
		free(q->bytes);
		q->bytes = NULL;
		q->size = 0;
	}
}

/* ---- the end --------------------------------------------------------------------------------- */

void gate_close(struct gate *g, enum gate_end why)
{
	if (g->ended)
		return;
	g->ended = true;
	g->client_source = source_free(g->client_source);
	g->bus_source = source_free(g->bus_source);
	g->deadline = source_free(g->deadline);
	g->listener.ended(g->listener.arg, why);
}

/* After a call that failed by error (0: there is nothing more to be read): did it go? */
static enum gate_end lost_by(int error)
{
	return error == 0 || error == EPIPE || error == ECONNRESET ? GATE_CLOSED : GATE_FAILED;
}

static void on_deadline(void *arg)
{
	struct gate *g = arg;

	gate_close(g, g->open ? GATE_STALLED : GATE_SILENT);
}

static void set_deadline(struct gate *g, instant when)
{
	if (loop_timer_set(g->deadline, when) < 0)
		gate_close(g, GATE_NO_MEMORY);
}

/* ---- to the client --------------------------------------------------------------------------- */

/* Asks the loop for what can be done next, and only for that. */
static void choose_events(struct gate *g)
{
	bool paused = waiting(&g->out) > GATE_PAUSE;
	uint32_t client = 0, bus = EPOLLIN;

	if (g->ended)
		return;
	if (!paused && waiting(&g->in) < FRAME_MAX && !g->passing)
		client |= EPOLLIN;
	if (waiting(&g->out))
		client |= EPOLLOUT;
	if (g->passing)
		bus |= EPOLLOUT;
	if (source_set_events(g->client_source, client) < 0 ||
		source_set_events(g->bus_source, bus) < 0)
		gate_close(g, GATE_NO_MEMORY);
}

/* Is everything that waited taken now? */
static bool send_to_client(struct gate *g)
{
	bool had = waiting(&g->out), moved = false;

	while (waiting(&g->out)) {
		ssize_t n = send(g->client, g->out.bytes + g->out.taken, waiting(&g->out),
			MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n < 0) {
			gate_close(g, lost_by(errno));
			return false;
		}
		queue_take(&g->out, (size_t)n);
		moved = true;
	}
	if (g->open && had && (moved || !waiting(&g->out)))
		set_deadline(g,
			waiting(&g->out) ? instant_add_ms(loop_now(), GATE_STALL_MS) : INSTANT_FAR);
	return had && !waiting(&g->out);
}

/* What the bus object says to our own hello is not for the client. */
static size_t skip_bus_answers(struct gate *g, const uint8_t *bytes, size_t len)
{
	size_t i = 0;

	while (i < len && g->bus_answers)
		if (bytes[i++] == '\n')
			g->bus_answers--;
	return i;
}

static int queue_for_client(struct gate *g, const uint8_t *bytes, size_t len)
{
	size_t skipped = skip_bus_answers(g, bytes, len);

	if (skipped == len)
		return 0;
	if (g->open && !waiting(&g->out))
		set_deadline(g, instant_add_ms(loop_now(), GATE_STALL_MS));
	return queue_add(&g->out, bytes + skipped, len - skipped);
}

static void receive_from_bus(struct gate *g)
{
	static uint8_t chunk[CHUNK];

	for (int i = 0; i < CHUNKS_A_TURN; i++) {
		ssize_t n = recv(g->bus, chunk, sizeof chunk, MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			gate_close(g, GATE_BUS_CLOSED);
			return;
		}
		if (queue_for_client(g, chunk, (size_t)n) < 0) {
			gate_close(g, GATE_NO_MEMORY);
			return;
		}
	}
}

/* ---- from the client ------------------------------------------------------------------------- */

static void shake_hands(struct gate *g)
{
	struct text answers = TEXT_INIT;
	enum handshake_progress progress;
	size_t taken = 0;
	bool lost;

	progress = handshake_feed(
		&g->handshake, g->in.bytes + g->in.taken, waiting(&g->in), &answers, &taken);
	queue_take(&g->in, taken);
	lost = text_failed(&answers) || queue_add(&g->out, text_str(&answers), answers.len) < 0;
	text_done(&answers);
	if (lost) {
		gate_close(g, GATE_NO_MEMORY);
		return;
	}
	switch (progress) {
	case HANDSHAKE_WAITS: break;
	case HANDSHAKE_DONE:
		g->open = true;
		set_deadline(g,
			waiting(&g->out) ? instant_add_ms(loop_now(), GATE_STALL_MS) : INSTANT_FAR);
		break;
	case HANDSHAKE_ENDS: gate_close(g, GATE_GARBAGE); break;
	}
}

/* The next whole message may go, unless the client owes us reading. */
static void admit_frame(struct gate *g)
{
	ssize_t size = frame_size(g->in.bytes + g->in.taken, waiting(&g->in));

	if (size < 0)
		gate_close(g, GATE_GARBAGE);
	else if (size > 0 && waiting(&g->in) >= (size_t)size && waiting(&g->out) <= GATE_PAUSE)
		g->passing = (size_t)size;
}

/* Does the bus take more? */
static bool send_to_bus(struct gate *g)
{
	ssize_t n = send(
		g->bus, g->in.bytes + g->in.taken, g->passing, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n < 0) {
		gate_close(g, GATE_BUS_CLOSED);
		return false;
	}
	queue_take(&g->in, (size_t)n);
	g->passing -= (size_t)n;
	return g->passing == 0;
}

static void pass_on(struct gate *g)
{
	if (!g->open && !g->ended)
		shake_hands(g);
	while (g->open && !g->ended) {
		if (!g->passing)
			admit_frame(g);
		if (g->ended || !g->passing || !send_to_bus(g))
			break;
	}
}

static void receive_from_client(struct gate *g)
{
	size_t room = FRAME_MAX - waiting(&g->in);
	ssize_t n;

	if (room > FIRST_BYTES && waiting(&g->in) < FRAME_HEAD)
		room = FIRST_BYTES; /* most messages are small */
	if (make_room(&g->in, room) < 0) {
		gate_close(g, GATE_NO_MEMORY);
		return;
	}
	n = recv(g->client, g->in.bytes + g->in.len, room, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		gate_close(g, lost_by(n < 0 ? errno : 0));
	else
		g->in.len += (size_t)n;
}

/* ---- the loop -------------------------------------------------------------------------------- */

static void finish_turn(struct gate *g, bool taken)
{
	if (g->ended)
		return;
	choose_events(g);
	if (taken && !g->ended && g->open)
		g->listener.room(g->listener.arg);
}

static void on_client(void *arg, int fd, uint32_t events)
{
	struct gate *g = arg;
	bool taken = false;

	(void)fd;
	if (events & EPOLLIN)
		receive_from_client(g);
	else if (events & (EPOLLHUP | EPOLLERR))
		gate_close(g, GATE_CLOSED);
	if (!g->ended)
		pass_on(g);
	if (!g->ended)
		taken = send_to_client(g);
	if (taken && !g->ended)
		pass_on(g); /* what waited for the client to read */
	finish_turn(g, taken);
}

static void on_bus(void *arg, int fd, uint32_t events)
{
	struct gate *g = arg;
	bool taken = false;

	(void)fd;
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		receive_from_bus(g);
	if (!g->ended)
		taken = send_to_client(g);
	if (!g->ended)
		pass_on(g);
	finish_turn(g, taken);
}

static int attach(struct gate *g)
{
	int r = loop_timer(g->loop, PRIORITY_TIME, on_deadline, g, &g->deadline);

	if (r >= 0)
		r = loop_timer_set(g->deadline, instant_add_ms(loop_now(), GATE_HANDSHAKE_MS));
	if (r >= 0)
		r = loop_watch(g->loop, g->client, EPOLLIN, PRIORITY_CLIENT, on_client, g,
			&g->client_source);
	if (r >= 0)
		r = loop_watch(
			g->loop, g->bus, EPOLLIN, PRIORITY_CLIENT, on_bus, g, &g->bus_source);
	return r;
}

int gate_new(struct loop *loop, int client, uint32_t uid, const char *guid,
	const struct gate_listener *listener, struct gate **ret, int *ret_bus)
{
	_cleanup_(gate_freep) struct gate *g = calloc(1, sizeof *g);
	_cleanup_(closep) int owned = client;
	const int bytes = TO_BUS_BYTES;
	int pair[2], r;

	if (!g)
		return -ENOMEM;
	*g = (struct gate){
		.loop = loop, .listener = *listener, .client = TAKE_FD(owned), .bus = -1
	};
	g->handshake = (struct handshake){ .uid = uid, .guid = guid };
	g->bus_answers = BUS_ANSWERS;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return -errno;
	g->bus = pair[0];
	owned = pair[1];
	setsockopt(g->bus, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
	if (send(g->bus, bus_hello, sizeof bus_hello - 1, MSG_DONTWAIT | MSG_NOSIGNAL) !=
		sizeof bus_hello - 1)
		return -EIO;
	r = attach(g);
	if (r < 0)
		return r;
	*ret_bus = TAKE_FD(owned);
	*ret = TAKE(g);
	return 0;
}

struct gate *gate_free(struct gate *g)
{
	if (!g)
		return NULL;
	source_free(g->client_source);
	source_free(g->bus_source);
	source_free(g->deadline);
	close_fd(g->client);
	close_fd(g->bus);
	free(g->in.bytes);
	free(g->out.bytes);
	free(g);
	return NULL;
}

size_t gate_waiting(const struct gate *g)
{
	return waiting(&g->out);
}
