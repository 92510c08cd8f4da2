/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "act/keeper.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>

#include "act/ask.h"
#include "act/asker.h"
#include "act/hand.h"
#include "act/handles.h"
#include "base/cleanup.h"
#include "base/hash.h"
#include "port/loop.h"
#include "port/packet.h"
#include "port/process.h"

enum { EVENTS_AT_ONCE = 64 };

/* What an event of the keeper's loop is about. */
enum event_kind { EVENT_SOCKET, EVENT_SG, EVENT_ASKER, EVENT_HAND };

struct event {
	enum event_kind kind;
	struct watched *path; /* borrowed; NULL for the socket */
};

struct watched {
	path_id id;
	UT_hash_handle hh;
	struct watched *next_forgotten;
	struct event sg_event, asker_event, hand_event;
	struct handles handles; /* closed when the device hung up */

	uint64_t check; /* the action that is being answered */
	instant checked_at;
	enum device_state state; /* as it was when the check began */
	enum transport_state transport;
	struct ask ask;
	int asker; /* a child that asks where there is no sg node: its pipe, or -1 */

	int hand;	    /* closed at its other end by the end of the hand that is out; or -1 */
	int owed_socket;    /* of a hand that waits for our command to end, or -1 */
	struct action owed; /* its action */
	struct hand_order order;
};

struct keeper {
	int socket, epoll, locks;
	int failed;		   /* the daemon is gone */
	struct watched *paths;	   /* owned: a hash by id */
	struct watched *forgotten; /* owned: freed when no event of this turn can mean them */
	struct packet in, out;
};

/* ---- answers ----------------------------------------------------------------------------- */

static void flush(struct keeper *k)
{
	int r = k->failed;

	while (r >= 0 && k->out.len) {
		r = packet_send(k->socket, &k->out);
		if (r >= 0)
			packet_clear(&k->out);
		else if (r == -EAGAIN)
			r = packet_wait(k->socket, true);
	}
	k->failed = r;
}

static void answer(struct keeper *k, const struct observation *o)
{
	if (packet_add(&k->out, o, observation_size(o)) != -ENOSPC)
		return;
	flush(k);
	packet_clear(&k->out);
	packet_add(&k->out, o, observation_size(o));
}

static void answer_watched(struct keeper *k, const struct action *a, int result)
{
	const struct observation o = {
		.kind = OBS_WATCHED, .path = a->path, .action = a->id, .result = result
	};

	answer(k, &o);
}

static void answer_unasked(
	struct keeper *k, const struct action *a, const struct watched *w, int result)
{
	struct observation o = {
		.kind = OBS_CHECKED, .path = a->path, .action = a->id, .result = result
	};

	o.checked.state = w ? w->state : DEVICE_GOING;
	if (w)
		o.checked.transport = w->transport;
	answer(k, &o);
}

/* ---- events ------------------------------------------------------------------------------ */

static int listen_to(struct keeper *k, int fd, struct event *event)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = event };

	return epoll_ctl(k->epoll, EPOLL_CTL_ADD, fd, &e) < 0 ? -errno : 0;
}

/* By hand, before closing: a hand that has the same open file would keep its events coming. */
static void stop_listening_to(struct keeper *k, int fd)
{
	if (fd >= 0)
		epoll_ctl(k->epoll, EPOLL_CTL_DEL, fd, NULL);
}

static void close_listened(struct keeper *k, int *fd)
{
	stop_listening_to(k, *fd);
	*fd = close_fd(*fd);
}

/* ---- watching ---------------------------------------------------------------------------- */

static struct watched *find(struct keeper *k, path_id id)
{
	struct watched *w;

	HASH_FIND(hh, k->paths, &id, sizeof id, w);
	return w;
}

/* A command in flight goes on without us: the kernel keeps what it needs. */
static void close_handles(struct keeper *k, struct watched *w)
{
	stop_listening_to(k, w->handles.sg);
	handles_close(&w->handles);
	close_listened(k, &w->asker);
	ask_drop(&w->ask);
	w->check = 0;
	if (w->owed_socket >= 0)
		hand_refuse(&w->owed, w->owed_socket, STAGE_STATE, -ENODEV);
	w->owed_socket = close_fd(w->owed_socket);
}

static struct watched *add(struct keeper *k, path_id id)
{
	struct watched *w = calloc(1, sizeof *w);

	if (!w)
		return NULL;
	w->id = id;
	w->sg_event = (struct event){ EVENT_SG, w };
	w->asker_event = (struct event){ EVENT_ASKER, w };
	w->hand_event = (struct event){ EVENT_HAND, w };
	w->handles = HANDLES_NONE;
	w->asker = w->hand = w->owed_socket = -1;
	HASH_ADD(hh, k->paths, id, sizeof w->id, w);
	if (!HASH_TOOK(w)) {
		free(w);
		return NULL;
	}
	return w;
}

static void forget(struct keeper *k, struct watched *w)
{
	close_handles(k, w);
	close_listened(k, &w->hand); /* it goes on, and nobody waits for it here */
	HASH_DEL(k->paths, w);
	w->next_forgotten = k->forgotten;
	k->forgotten = w;
}

static void free_forgotten(struct keeper *k)
{
	while (k->forgotten) {
		struct watched *w = k->forgotten;

		k->forgotten = w->next_forgotten;
		free(w);
	}
}

static bool is_busy(const struct watched *w)
{
	return w->ask.step != ASK_IDLE || w->asker >= 0;
}

static int watch(struct keeper *k, const struct action *a)
{
	struct watched *w = find(k, a->path);
	int r;

	if (w && handles_are_open(&w->handles) && w->handles.ino == a->watch.ino &&
		(w->handles.sg >= 0 || is_busy(w)))
		return 0;
	if (!w)
		w = add(k, a->path);
	if (!w)
		return -ENOMEM;
	close_handles(k, w);
	r = handles_open(&a->watch, &w->handles);
	if (r >= 0 && w->handles.sg >= 0)
		r = listen_to(k, w->handles.sg, &w->sg_event);
	if (r < 0)
		forget(k, w);
	return r;
}

static void hung_up(struct keeper *k, struct watched *w)
{
	const struct observation o = { .kind = OBS_HUNG_UP, .path = w->id };

	close_handles(k, w);
	answer(k, &o);
}

/* ---- hands ------------------------------------------------------------------------------- */

/* By whose end the hand's is known there must be before there is a hand. */
static int fork_hand(struct keeper *k, struct watched *w)
{
	_cleanup_(closep) int ours = -1, its = -1;
	int pair[2], pid, r;

	if (k->locks < 0)
		k->locks = hand_open_locks();
	r = packet_pair(pair);
	if (r < 0)
		return r;
	ours = pair[0];
	its = pair[1];
	r = listen_to(k, ours, &w->hand_event);
	if (r < 0)
		return r;
	flush(k); /* so that the child has nothing of ours to send */
	pid = fork();
	if (pid == 0)
		_exit(hand_main(&w->owed, &w->order, &w->handles, w->owed_socket, its, k->locks));
	if (pid < 0) {
		r = -errno;
		stop_listening_to(k, ours);
		return r;
	}
	w->hand = TAKE_FD(ours);
	return 0;
}

/* The kernel would keep the hand waiting for our own command. */
static void begin_owed_hand(struct keeper *k, struct watched *w)
{
	int r;

	if (w->owed_socket < 0 || (is_busy(w) && w->owed.kind == ACT_DELETE))
		return;
	r = fork_hand(k, w);
	if (r < 0)
		hand_refuse(&w->owed, w->owed_socket, STAGE_LOCK, r);
	w->owed_socket = close_fd(w->owed_socket);
}

/* socket is taken. */
static void send_hand(
	struct keeper *k, const struct action *a, const struct hand_order *order, int socket)
{
	struct watched *w = find(k, a->path);

	if (!w || !handles_are_open(&w->handles)) {
		hand_refuse(a, socket, STAGE_STATE, -ENODEV);
	} else if (w->hand >= 0 || w->owed_socket >= 0) {
		hand_refuse(a, socket, STAGE_LOCK, -EBUSY);
	} else {
		w->owed = *a;
		w->order = *order;
		w->owed_socket = TAKE_FD(socket);
		begin_owed_hand(k, w);
	}
	close_fd(socket);
}

/* ---- checking ---------------------------------------------------------------------------- */

static void check_ended(struct keeper *k, struct watched *w)
{
	struct observation o = { .kind = OBS_CHECKED, .path = w->id, .action = w->check };

	o.checked = w->ask.checked;
	o.checked.state = w->state;
	o.checked.transport = w->transport;
	o.checked.took_ms = (uint32_t)instant_ms_between(w->checked_at, loop_now());
	w->check = 0;
	answer(k, &o);
	begin_owed_hand(k, w);
}

static int begin_asker(
	struct keeper *k, struct watched *w, uint32_t timeout_ms, struct ask_wishes wishes)
{
	_cleanup_(closep) int pipe = -1;
	int r;

	flush(k); /* so that the child has nothing of ours to send */
	r = asker_fork(w->handles.disk, timeout_ms, wishes, &pipe);
	if (r >= 0)
		r = listen_to(k, pipe, &w->asker_event);
	if (r >= 0)
		w->asker = TAKE_FD(pipe);
	return r;
}

static void begin_check(struct keeper *k, struct watched *w, const struct action *a)
{
	const struct ask_wishes wishes = {
		.inquiry = a->check.ask_inquiry,
		.identity = a->check.ask_identity,
		.luns = a->check.seek,
		.lun = a->check.lun,
	};
	uint32_t timeout_ms = a->check.timeout_ms ? a->check.timeout_ms : w->handles.timeout_ms;
	int r;

	w->check = a->id;
	w->checked_at = loop_now();
	if (w->handles.sg < 0) {
		r = begin_asker(k, w, timeout_ms, wishes);
		if (r < 0)
			answer_unasked(k, a, w, r);
		return;
	}
	ask_begin(&w->ask, w->handles.sg, timeout_ms, wishes);
	if (w->ask.step == ASK_IDLE)
		check_ended(k, w);
}

static void check(struct keeper *k, const struct action *a)
{
	struct watched *w = find(k, a->path);

	if (!w || !handles_are_open(&w->handles)) {
		answer_unasked(k, a, NULL, -ENODEV);
		return;
	}
	if (is_busy(w))
		return;
	w->state = handles_device_state(&w->handles);
	w->transport = handles_transport_state(&w->handles);
	if (w->hand >= 0)
		answer_unasked(k, a, w, -EBUSY);
	else if (w->state != DEVICE_RUNNING || a->check.only_look)
		answer_unasked(k, a, w, 0);
	else
		begin_check(k, w, a);
}

/* ---- the loop ---------------------------------------------------------------------------- */

/* Alone in its packet, with its order and the hand's socket; without them nothing is done. */
static void take_order(struct keeper *k, const struct action *a)
{
	struct hand_order order;

	if (k->in.n_fds == 1 && packet_next(&k->in, &order, sizeof order) == 1)
		send_hand(k, a, &order, TAKE_FD(k->in.fds[0]));
}

static void do_action(struct keeper *k, const struct action *a)
{
	struct watched *w;

	switch (a->kind) {
	case ACT_WATCH: answer_watched(k, a, watch(k, a)); break;
	case ACT_CHECK: check(k, a); break;
	case ACT_FORGET:
		w = find(k, a->path);
		if (w)
			forget(k, w);
		if (a->id)
			answer_watched(k, a, 0);
		break;
	case ACT_DELETE:
	case ACT_FENCE: take_order(k, a); break;
	case ACT_READ_DEVICES:
	case ACT_LOOK:
	case ACT_ASK_OWNER:
	case ACT_FIND_HOLDERS:
	case ACT_READ_MAPS:
	case ACT_FAIL_PATH:
	case ACT_REMOVE_MAP:
	case ACT_RESIZE_MAP:
	case ACT_SCAN:
	case ACT_REREAD:
	case ACT_KEEP_OUT:
	case ACT_LET_IN:
	case ACT_TAKE_PATH:
	case ACT_GIVE_PATH:
	case ACT_MAKE_MAP:
	case ACT_WRITE_DOWN:
	case ACT_STRIKE_OUT:
	case ACTION_KINDS: break; /* not a keeper's */
	}
}

static void on_socket(struct keeper *k)
{
	struct action a;
	int r = packet_receive(k->socket, &k->in);

	if (r == 0 || (r < 0 && r != -EAGAIN && r != -EBADMSG))
		k->failed = -EPIPE;
	if (r <= 0)
		return;
	while (packet_next(&k->in, &a, sizeof a) == 1)
		do_action(k, &a);
	packet_done(&k->in);
}

/* What was answered before the device went is still worth telling. */
static void on_sg(struct keeper *k, struct watched *w, uint32_t events)
{
	if (!handles_are_open(&w->handles))
		return;
	if (ask_go_on(&w->ask, w->handles.sg))
		check_ended(k, w);
	else if (w->ask.step == ASK_IDLE)
		events |= EPOLLERR; /* it says something that nobody asked: begin anew */
	if (events & (EPOLLHUP | EPOLLERR))
		hung_up(k, w);
}

static void on_asker(struct keeper *k, struct watched *w)
{
	int r = w->asker < 0 ? -EAGAIN : packet_receive(w->asker, &k->in);

	if (r == -EAGAIN)
		return; /* it was of an asker before this one */
	if (r != 1 || packet_next(&k->in, &w->ask.checked, sizeof w->ask.checked) != 1)
		w->ask.checked = (struct obs_checked){ .asked = true, .tur.error = -EIO };
	close_listened(k, &w->asker);
	check_ended(k, w);
}

static void on_event(struct keeper *k, const struct event *event, uint32_t events)
{
	switch (event->kind) {
	case EVENT_SOCKET: on_socket(k); break;
	case EVENT_SG: on_sg(k, event->path, events); break;
	case EVENT_ASKER: on_asker(k, event->path); break;
	case EVENT_HAND: close_listened(k, &event->path->hand); break;
	}
}

static int run(struct keeper *k)
{
	struct event socket_event = { EVENT_SOCKET, NULL };
	struct epoll_event events[EVENTS_AT_ONCE];
	int n, r = listen_to(k, k->socket, &socket_event);

	if (r < 0)
		return r;
	while (k->failed >= 0) {
		n = epoll_wait(k->epoll, events, EVENTS_AT_ONCE, -1);
		if (n < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < n; i++)
			on_event(k, events[i].data.ptr, events[i].events);
		free_forgotten(k);
		flush(k);
	}
	return 0;
}

int keeper_main(int socket, uint32_t host)
{
	static struct keeper k;
	struct watched *w, *next;
	char name[16];
	int r;

	snprintf(name, sizeof name, "pk-keeper-%u", host);
	prctl(PR_SET_NAME, name);
	signal(SIGCHLD, SIG_IGN); /* an ended hand must not stay, and a pidfd tells of it */
	k.socket = socket;
	k.locks = hand_open_locks();
	k.epoll = epoll_create1(EPOLL_CLOEXEC);
	r = k.epoll < 0 ? -errno : run(&k);
	HASH_ITER (hh, k.paths, w, next)
		forget(&k, w);
	free_forgotten(&k);
	close_fd(k.epoll);
	close_fd(k.locks);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
