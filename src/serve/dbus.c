/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The system bus is not here yet. It wants the same rows (method.c) on one bus object without a
 * gate, since the bus daemon guards it: a third way in beside the two doors, made when a bus is
 * there and given up when it goes.
 */
#include "serve/dbus.h"

#include <errno.h>

#include <systemd/sd-id128.h>

#include "base/log.h"
#include "port/loop.h"
#include "port/process.h"
#include "serve/client.h"
#include "serve/server.h"

struct serve_dbus {
	struct server server;
	char guid[SD_ID128_STRING_MAX];
	struct door *doors[2];	/* owned */
	struct client *clients; /* owned */
	struct source *reap;	/* frees who is gone */
};

/* ---- who comes and goes ---------------------------------------------------------------------- */

static struct door_count count_clients(struct serve_dbus *serve, enum door_kind kind, uint32_t uid)
{
	struct door_count count = { 0 };

	for (struct client *c = serve->clients; c; c = *client_next(c)) {
		count.all++;
		count.of_others += client_uid(c) != 0;
		count.of_user += client_uid(c) == uid && client_door(c) == kind;
	}
	return count;
}

static void on_client_ended(void *arg, struct client *c)
{
	struct serve_dbus *serve = arg;

	(void)c;
	loop_defer_now(serve->reap);
}

static void on_reap(void *arg)
{
	struct serve_dbus *serve = arg;
	struct client **at = &serve->clients;

	while (*at) {
		struct client *c = *at;

		if (!client_is_dead(c)) {
			at = client_next(c);
			continue;
		}
		*at = *client_next(c);
		client_free(c);
		serve->server.clients--;
	}
}

static void on_caller(void *arg, enum door_kind kind, int fd, uint32_t uid, uint32_t pid)
{
	_cleanup_(closep) int owned = fd;
	struct serve_dbus *serve = arg;
	struct door_count count = count_clients(serve, kind, uid);
	enum door_answer answer = door_decide(kind, uid, &count);
	struct client *c;
	int r;

	if (answer != DOOR_COME_IN) {
		serve->server.refused++;
		log_event(LOG_LEVEL_DEBUG, "client-refused", "uid=%u pid=%u why=%s", uid, pid,
			door_answer_name(answer));
		return;
	}
	r = client_new(&serve->server, kind, TAKE_FD(owned), uid, pid, serve->guid, on_client_ended,
		serve, &c);
	if (r < 0) {
		serve->server.refused++;
		log_failure(r, "client-refused", "uid=%u pid=%u", uid, pid);
		return;
	}
	*client_next(c) = serve->clients;
	serve->clients = c;
	serve->server.clients++;
}

/* ---- what happens ---------------------------------------------------------------------------- */

static void on_changed(void *arg, const struct change *c)
{
	struct serve_dbus *serve = arg;

	server_record(&serve->server, c);
}

/* No client is freed and none comes while the list is walked: that takes a turn of the loop. */
static void on_settled(void *arg)
{
	struct serve_dbus *serve = arg;

	for (struct client *c = serve->clients; c; c = *client_next(c))
		client_step(c);
	for (size_t i = 0; i < ARRAY_SIZE(serve->doors); i++)
		door_settle(serve->doors[i]);
}

void serve_dbus_reconfigure(struct serve_dbus *serve)
{
	server_reconfigure(&serve->server);
}

/* ---- life ------------------------------------------------------------------------------------ */

int serve_dbus_new(
	struct sources *sources, const struct diagnostics *remarks, struct serve_dbus **ret)
{
	_cleanup_(serve_dbus_freep) struct serve_dbus *serve = calloc(1, sizeof *serve);
	struct loop *loop = sources_loop(sources);
	const char *dir = process_runtime_dir();
	sd_id128_t id;
	int r;

	if (!serve)
		return -ENOMEM;
	r = server_init(&serve->server, sources, remarks);
	if (r >= 0)
		r = sd_id128_randomize(&id);
	if (r < 0)
		return r;
	sd_id128_to_string(id, serve->guid);
	r = loop_defer(loop, on_reap, serve, &serve->reap);
	if (r >= 0)
		r = door_new(loop, dir, DOOR_READ, on_caller, serve, &serve->doors[DOOR_READ]);
	if (r >= 0) /* last: who finds it answers finds a daemon */
		r = door_new(
			loop, dir, DOOR_PRIVATE, on_caller, serve, &serve->doors[DOOR_PRIVATE]);
	if (r < 0)
		return r;
	sources_listen(sources, on_changed, on_settled, serve);
	*ret = TAKE(serve);
	return 0;
}

struct serve_dbus *serve_dbus_free(struct serve_dbus *serve)
{
	if (!serve)
		return NULL;
	if (serve->server.sources)
		sources_listen(serve->server.sources, NULL, NULL, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(serve->doors); i++)
		door_free(serve->doors[i]);
	while (serve->clients) {
		struct client *c = serve->clients;

		serve->clients = *client_next(c);
		client_free(c);
	}
	source_free(serve->reap);
	server_done(&serve->server);
	free(serve);
	return NULL;
}
