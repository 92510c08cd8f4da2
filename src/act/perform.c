/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "act/perform.h"

#include <errno.h>
#include <sys/epoll.h>

#include "act/hand.h"
#include "act/helper.h"
#include "act/keepers.h"
#include "act/later.h"
#include "act/retired.h"
#include "act/routes.h"
#include "act/zygote.h"
#include "base/cleanup.h"
#include "port/loop.h"
#include "port/packet.h"

enum {
	PACKETS_AT_ONCE = 16, /* of one helper, before others have their turn */
	IDLE_MS = 10000,      /* a keeper without hosts is kept for the next one */
};

struct perform {
	struct loop *loop;
	observation_sink sink;
	void *arg;
	struct perform_limits limits;
	int zygote;
	struct source *zygote_source, *settle, *timer;
	struct helper *helpers; /* owned */
	struct retired retired;
	struct keepers keepers;
	instant not_before[HELPER_HAND + 1]; /* is one of this kind made again */
	struct later later;		     /* what perform itself has to say */
	struct packet in;
};

/* ---- helpers come and go ----------------------------------------------------------------- */

static void unlink_helper(struct perform *p, struct helper *h)
{
	struct helper **at = &p->helpers;

	while (*at != h)
		at = &(*at)->next;
	*at = h->next;
	helper_free(h);
}

static struct helper *add_helper(struct perform *p, enum helper_kind kind, uint32_t host)
{
	struct helper *h = helper_new(p, kind, host);

	if (!h)
		return NULL;
	h->not_before = p->not_before[kind];
	h->next = p->helpers;
	p->helpers = h;
	return h;
}

struct lost_keeper {
	struct perform *perform;
	uint32_t pid;
};

static void say_host_lost(void *arg, uint32_t host)
{
	const struct lost_keeper *lost = arg;

	later_say_lost(&lost->perform->later, HELPER_KEEPER, host, lost->pid);
}

/* Its socket is closed: it ends, or it has, or it is in the kernel and does no harm there. */
static void give_up(struct perform *p, struct helper *h, bool alone)
{
	struct lost_keeper lost = { p, h->pid };

	if (h->kind == HELPER_KEEPER)
		keepers_lost(&p->keepers, h, alone, say_host_lost, &lost);
	else if (!helper_is_hand(h->kind))
		later_say_lost(&p->later, h->kind, 0, h->pid);
	else if (!h->done && h->owed)
		later_say_failed(&p->later, h->owed->kind, h->owed->id, h->owed->path, -EPIPE);
	if (!helper_is_hand(h->kind))
		p->not_before[h->kind] = instant_add_ms(loop_now(), p->limits.respawn_ms);
	if (helper_is_single(h->kind) && h->socket >= 0) {
		h->source = source_free(h->source);
		retired_add(&p->retired, h->kind, TAKE_FD(h->socket));
	}
	unlink_helper(p, h);
}

static void note(struct helper *h, const struct observation *o)
{
	if ((o->kind == OBS_HELPER && o->helper.event == HELPER_BORN) || o->kind == OBS_HAND)
		h->pid = o->kind == OBS_HAND ? o->hand.pid : o->helper.pid;
	if (helper_is_hand(h->kind)) {
		h->done |= o->kind == OBS_DONE;
		return;
	}
	for (int i = 0; i < ACTION_KINDS; i++) {
		enum action_kind kind = (enum action_kind)i;

		if (route_of(kind)->helper == h->kind && route_of(kind)->end == o->kind)
			helper_answered(h, kind, o->action);
	}
}

static void hear(struct perform *p, struct helper *h)
{
	struct observation o;

	while (packet_next(&p->in, &o, sizeof o) == 1) {
		if (!observation_is_sound(&o))
			continue;
		note(h, &o);
		if (o.kind == OBS_WATCHED && o.result < 0)
			keepers_forget(&p->keepers, o.path);
		o.at = loop_now();
		p->sink(p->arg, &o);
	}
}

static void on_helper(void *arg, int fd, uint32_t events)
{
	struct helper *h = arg;
	struct perform *p = h->owner;

	(void)events;
	for (int i = 0; i < PACKETS_AT_ONCE; i++) {
		int r = packet_receive(fd, &p->in);

		if (r == -EAGAIN)
			return;
		if (r == 0 || (r < 0 && r != -EBADMSG)) {
			give_up(p, h, false);
			return;
		}
		if (r == 1)
			hear(p, h);
		packet_done(&p->in);
		if (helper_is_for_one_deed(h->kind) && h->done) {
			unlink_helper(p, h); /* it waits for more, and gets none */
			return;
		}
	}
}

static int listen_to(struct perform *p, struct helper *h)
{
	return loop_watch(p->loop, h->socket, EPOLLIN, PRIORITY_ANSWER, on_helper, h, &h->source);
}

static int start(struct perform *p, struct helper *h)
{
	int r = zygote_spawn(p->zygote, h->kind, h->host, &h->socket);

	for (struct question *q = h->owed; q; q = q->next)
		q->at = loop_now(); /* it could not be answered before */
	return r < 0 ? r : listen_to(p, h);
}

/* ---- sending ----------------------------------------------------------------------------- */

/* It is behind: what it was to do has failed, but what it was to close is still to be closed. */
static void fail_gathered(void *arg, const struct action *a)
{
	struct helper *h = arg;
	struct perform *p = h->owner;

	if (a->kind != ACT_FORGET)
		later_say_failed(&p->later, a->kind, a->id, a->path, -EAGAIN);
	else if (helper_add(h, a) < 0)
		h->must_end = true;
}

static void send_gathered(struct perform *p, struct helper *h, instant now)
{
	int r;

	if (h->socket < 0 && !h->must_end &&
		(!instant_reached(now, h->not_before) || retired_are_many(&p->retired, h->kind)))
		return;
	r = h->must_end ? -ENOMEM : h->socket < 0 ? start(p, h) : 0;
	if (r >= 0)
		r = helper_flush(h, now);
	if (r == -EAGAIN && h->kind == HELPER_KEEPER && h->source)
		helper_drop(h, fail_gathered, h);
	else if (r < 0)
		h->must_end = true;
	if (h->must_end)
		give_up(p, h, false);
}

/* What a scanner is asked while it looks waits for that look, and each may take its own time. */
static uint64_t answer_ms(const struct perform *p, const struct helper *h)
{
	return h->kind == HELPER_SCANNER ? 3ull * p->limits.answer_ms : p->limits.answer_ms;
}

static instant deadline_of(struct perform *p, struct helper *h, instant now)
{
	if (h->socket < 0 && !retired_are_many(&p->retired, h->kind))
		return h->not_before;
	if (helper_is_single(h->kind) && h->owed)
		return instant_add_ms(h->owed->at, answer_ms(p, h));
	if (h->kind != HELPER_KEEPER)
		return INSTANT_FAR;
	if (h->n_hosts == 0) {
		if (!instant_is_set(h->idle_since))
			h->idle_since = now;
		return instant_add_ms(h->idle_since, IDLE_MS);
	}
	h->idle_since = INSTANT_NEVER;
	/* A keeper that serves one host is late for that host alone: nothing is gained without it.
	 */
	return h->n_hosts > 1 && instant_is_set(h->behind_since)
		       ? instant_add_ms(h->behind_since, p->limits.behind_ms)
		       : INSTANT_FAR;
}

static void look_at_deadlines(struct perform *p)
{
	instant now = loop_now(), next = INSTANT_FAR, deadline;

	for (struct helper *h = p->helpers, *after; h; h = after) {
		after = h->next;
		deadline = deadline_of(p, h, now);
		if (instant_reached(now, deadline))
			helper_look_behind(h, now);
		deadline = deadline_of(p, h, now);
		if (!instant_reached(now, deadline) ||
			(h->socket < 0 && !retired_are_many(&p->retired, h->kind)))
			next = instant_earlier(next, deadline);
		else if (h->kind == HELPER_KEEPER && h->n_hosts == 0)
			unlink_helper(p, h); /* it has nothing, and ends */
		else
			give_up(p, h, true);
	}
	if (next.ms != INSTANT_FAR.ms && loop_timer_set(p->timer, next) < 0)
		loop_defer_now(p->settle); /* the next turn of the loop looks again */
}

static void settle(void *arg)
{
	struct perform *p = arg;
	instant now = loop_now();

	for (struct helper *h = p->helpers, *after; h; h = after) {
		after = h->next;
		if (h->out || h->socket < 0 || h->must_end)
			send_gathered(p, h, now);
	}
	look_at_deadlines(p);
	later_tell(&p->later);
}

/* ---- routes ------------------------------------------------------------------------------ */

static int gather(struct perform *p, struct helper *h, const struct action *a)
{
	int r = helper_add(h, a);

	if (r >= 0)
		loop_defer_now(p->settle);
	return r;
}

static int to_singleton(struct perform *p, enum helper_kind kind, const struct action *a)
{
	struct helper *h = p->helpers;
	int r;

	while (h && h->kind != kind)
		h = h->next;
	if (!h)
		h = add_helper(p, kind, 0);
	if (!h)
		return -ENOMEM;
	r = helper_owe(h, a, loop_now());
	if (r >= 0)
		r = gather(p, h, a);
	if (r < 0)
		helper_answered(h, a->kind, a->id);
	return r;
}

static int to_own_hand(
	struct perform *p, enum helper_kind kind, uint32_t host, const struct action *a)
{
	struct helper *h = add_helper(p, kind, host);

	if (!h)
		return -ENOMEM;
	if (helper_owe(h, a, loop_now()) < 0 || gather(p, h, a) < 0) {
		unlink_helper(p, h);
		return -ENOMEM;
	}
	return 0;
}

static int to_watching_keeper(struct perform *p, const struct action *a)
{
	struct helper *h = keepers_of_host(&p->keepers, a->watch.host);
	int r;

	if (!h)
		h = keepers_choose(&p->keepers, p->helpers, a->watch.host, p->limits.keepers,
			p->limits.keepers_more);
	if (!h)
		h = add_helper(p, HELPER_KEEPER, a->watch.host);
	if (!h)
		return -ENOMEM;
	r = keepers_watch(&p->keepers, h, a->watch.host, a->path);
	return r < 0 ? r : gather(p, h, a);
}

static int to_keeper(struct perform *p, const struct action *a)
{
	struct helper *h = keepers_of_path(&p->keepers, a->path);
	int r;

	if (!h)
		return -ENODEV;
	r = gather(p, h, a);
	if (a->kind != ACT_FORGET)
		return r;
	keepers_forget(&p->keepers, a->path);
	if (r < 0) {
		h->must_end = true;
		loop_defer_now(p->settle);
	}
	return 0;
}

/* The keeper gets one end of the hand's socket; the other is watched until the hand ends. */
static int to_hand(struct perform *p, const struct action *a)
{
	struct helper *keeper = keepers_of_path(&p->keepers, a->path), *hand;
	_cleanup_(closep) int its = -1;
	int pair[2], r;

	if (!keeper || keeper->socket < 0)
		return -ENODEV;
	r = helper_flush(keeper, loop_now());
	if (r < 0)
		return r;
	r = packet_pair(pair);
	if (r < 0)
		return r;
	its = pair[1];
	hand = add_helper(p, HELPER_HAND, action_hand_host(a));
	if (!hand) {
		close(pair[0]);
		return -ENOMEM;
	}
	hand->socket = pair[0];
	r = helper_owe(hand, a, loop_now());
	if (r >= 0)
		r = listen_to(p, hand);
	if (r >= 0)
		r = hand_send_order(keeper->socket, a, its);
	if (r < 0)
		unlink_helper(p, hand);
	return r;
}

static int to_dm_hand(struct perform *p, const struct action *a)
{
	struct action dated = *a;

	*(a->kind == ACT_MAKE_MAP ? &dated.make.boot_ms : &dated.map.boot_ms) = hand_clock();
	return to_own_hand(p, HELPER_DM_HAND, 0, &dated);
}

static int route(struct perform *p, const struct action *a)
{
	enum helper_kind kind = route_of(a->kind)->helper;

	switch (kind) {
	case HELPER_SCOUT:
	case HELPER_SCANNER:
	case HELPER_DM:
	case HELPER_OWNER: return to_singleton(p, kind, a);
	case HELPER_KEEPER:
		return a->kind == ACT_WATCH ? to_watching_keeper(p, a) : to_keeper(p, a);
	case HELPER_DM_HAND: return to_dm_hand(p, a);
	case HELPER_CLERK: return to_own_hand(p, kind, 0, a);
	case HELPER_SCAN_HAND: return to_own_hand(p, kind, action_hand_host(a), a);
	case HELPER_HAND: return to_hand(p, a);
	case HELPER_ZYGOTE:
	case HELPER_READER: break;
	}
	return -EOPNOTSUPP;
}

void perform_act(struct perform *p, const struct action *a)
{
	int r;

	if ((unsigned)a->kind >= ACTION_KINDS)
		return;
	r = route(p, a);
	if (r < 0)
		later_say_failed(&p->later, a->kind, a->id, a->path, r);
}

/* ---- life -------------------------------------------------------------------------------- */

static void on_zygote(void *arg, int fd, uint32_t events)
{
	struct perform *p = arg;

	(void)events;
	if (!packet_peer_is_gone(fd))
		return;
	p->zygote_source = source_free(p->zygote_source);
	later_say_lost(&p->later, HELPER_ZYGOTE, 0, 0);
}

static void on_time(void *arg)
{
	settle(arg);
}

static void on_retired_end(void *arg)
{
	struct perform *p = arg;

	loop_defer_now(p->settle);
}

int perform_new(
	struct loop *loop, int zygote, observation_sink sink, void *arg, struct perform **ret)
{
	struct perform *p = calloc(1, sizeof *p);
	int r;

	if (!p) {
		close_fd(zygote);
		return -ENOMEM;
	}
	p->loop = loop;
	p->zygote = zygote;
	p->sink = sink;
	p->arg = arg;
	p->limits = PERFORM_LIMITS;
	p->retired = (struct retired){ .loop = loop, .ended = on_retired_end, .arg = p };
	r = loop_defer(loop, settle, p, &p->settle);
	if (r >= 0)
		r = loop_timer(loop, PRIORITY_TIME, on_time, p, &p->timer);
	if (r >= 0)
		r = loop_watch(
			loop, zygote, EPOLLIN, PRIORITY_ANSWER, on_zygote, p, &p->zygote_source);
	if (r < 0) {
		perform_free(p);
		return r;
	}
	later_init(&p->later, p->settle, sink, arg);
	*ret = p;
	return 0;
}

void perform_set_limits(struct perform *p, const struct perform_limits *limits)
{
	p->limits = *limits;
}

struct perform *perform_free(struct perform *p)
{
	if (!p)
		return NULL;
	while (p->helpers)
		unlink_helper(p, p->helpers);
	retired_done(&p->retired);
	keepers_done(&p->keepers);
	later_done(&p->later);
	source_free(p->zygote_source);
	source_free(p->settle);
	source_free(p->timer);
	close_fd(p->zygote);
	free(p);
	return NULL;
}

void perform_helpers(struct perform *p, helper_visitor visit, void *arg)
{
	for (const struct helper *h = p->helpers; h; h = h->next)
		if (h->socket >= 0)
			visit(arg, h->kind, h->pid, h->host, h->owed ? h->owed->id : 0);
}
