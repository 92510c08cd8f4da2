/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "serve/client.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <systemd/sd-bus.h>

#include "base/log.h"
#include "core/errand.h"
#include "port/loop.h"
#include "serve/method.h"
#include "serve/server.h"

struct client {
	struct client *next;   /* of whoever keeps it */
	struct server *server; /* borrowed */
	enum door_kind kind;
	uint32_t uid, pid;
	struct gate *gate;  /* owned */
	sd_bus *bus;	    /* owned */
	struct call *calls; /* owned; in the order in which they came */
	unsigned n_calls;
	bool dead, stepping;
	bool subscribed, saw_events;
	uint64_t told; /* the last event it was told of */
	void (*ended)(void *arg, struct client *c);
	void *arg;
};

struct client **client_next(struct client *c)
{
	return &c->next;
}

bool client_is_dead(const struct client *c)
{
	return c->dead;
}

struct server *client_server(const struct client *c)
{
	return c->server;
}

enum door_kind client_door(const struct client *c)
{
	return c->kind;
}

uint32_t client_uid(const struct client *c)
{
	return c->uid;
}

uint32_t client_pid(const struct client *c)
{
	return c->pid;
}

void client_subscribe(struct client *c)
{
	if (!c->subscribed && !c->saw_events)
		c->told = c->server->ring.last;
	c->subscribed = true;
}

void client_saw_events(struct client *c)
{
	if (c->subscribed)
		return;
	c->told = c->server->ring.last;
	c->saw_events = true;
}

/* ---- calls ----------------------------------------------------------------------------------- */

static struct call *call_free(struct call *call)
{
	if (!call)
		return NULL;
	errand_free(call->errand);
	for (char **name = call->names; name && *name; name++)
		free(*name);
	free(call->names);
	sd_bus_message_unref(call->message);
	free(call);
	return NULL;
}
DEFINE_FREEP(struct call, call_free)

static int reply_error(sd_bus_message *m, int failure)
{
	return sd_bus_reply_method_errorf(
		m, method_error_name(failure), "%s", strerrordesc_np(-failure));
}

/* Of one name it can be said which. */
static int reply_no_device(const struct call *call)
{
	if (!call->names || !call->names[0] || call->names[1])
		return reply_error(call->message, -ENODEV);
	return sd_bus_reply_method_errorf(call->message, method_error_name(-ENODEV),
		"no device is called \"%s\"", call->names[0]);
}

static int reply(struct call *call, int result, const char *json)
{
	int r;

	if (result == -ENODEV)
		return reply_no_device(call);
	if (result < 0)
		return reply_error(call->message, result);
	r = json ? sd_bus_reply_method_return(call->message, "s", json)
		 : sd_bus_reply_method_return(call->message, "");
	return r < 0 ? reply_error(call->message, r) : r;
}

/* A large answer waits in the bus object first, then in the gate. A bus that cannot tell fails to
 * send as well, which ends it. */
static bool has_room(const struct client *c)
{
	uint64_t queued = 0;

	return !c->dead && gate_waiting(c->gate) <= GATE_ROOM &&
	       (sd_bus_get_n_queued_write(c->bus, &queued) < 0 || queued == 0);
}

static void answer_calls(struct client *c)
{
	struct call **at = &c->calls;

	while (*at && has_room(c)) {
		_cleanup_(freep) char *json = NULL;
		struct call *call = *at;
		int r = call->method->answer(call, &json);

		if (r == 0) {
			at = &call->next;
			continue;
		}
		*at = call->next;
		c->n_calls--;
		r = reply(call, r, json);
		call_free(call);
		if (r < 0) /* it would wait for what does not come */
			gate_close(c->gate, GATE_FAILED);
	}
}

static void tell_events(struct client *c)
{
	struct ring *ring = &c->server->ring;

	for (int i = 0; i < CLIENT_EVENTS_A_TURN && c->subscribed && has_room(c); i++) {
		uint64_t number = ring_first_after(ring, c->told);
		const char *json = ring_get(ring, number);

		if (!json || sd_bus_emit_signal(c->bus, METHOD_PATH, METHOD_INTERFACE, "Event",
				     "ts", number, json) < 0)
			return; /* there is none; or no memory for it now: it is told later */
		c->told = number;
	}
}

void client_step(struct client *c)
{
	if (c->stepping) /* a reading of the configuration that fails at once ends within its call
			  */
		return;
	c->stepping = true;
	answer_calls(c);
	tell_events(c);
	c->stepping = false;
}

static void append_call(struct client *c, struct call *call)
{
	struct call **at = &c->calls;

	while (*at)
		at = &(*at)->next;
	*at = call;
	c->n_calls++;
}

/* What is wrong with a call that cannot even begin; 0: nothing. */
static int refuse(const struct client *c, const struct method *method)
{
	if (!method)
		return -EOPNOTSUPP;
	if (c->kind == DOOR_READ && !method->everyone)
		return -EPERM;
	return c->n_calls >= CLIENT_CALLS ? -EBUSY : 0;
}

static int on_call(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct client *c = userdata;
	const struct method *method = method_find(sd_bus_message_get_member(m));
	_cleanup_(call_freep) struct call *call = NULL;
	int r = refuse(c, method);

	(void)ret_error;
	if (r < 0)
		return reply_error(m, r);
	call = calloc(1, sizeof *call);
	if (!call)
		return reply_error(m, -ENOMEM);
	call->client = c;
	call->method = method;
	call->message = sd_bus_message_ref(m);
	r = method->begin(call, m);
	if (r < 0)
		return reply_error(m, r);
	append_call(c, TAKE(call));
	client_step(c);
	return 1;
}

/* ---- life ------------------------------------------------------------------------------------ */

static void on_gate_ended(void *arg, enum gate_end why)
{
	struct client *c = arg;

	c->dead = true;
	if (why != GATE_CLOSED) {
		c->server->dropped++;
		log_event(LOG_LEVEL_DEBUG, "client-dropped", "uid=%u pid=%u why=%s", c->uid, c->pid,
			gate_end_name(why));
	}
	c->ended(c->arg, c);
}

static void on_gate_room(void *arg)
{
	client_step(arg);
}

/* The bus object ends with its client: what it still had to say is for nobody. */
static int open_bus(struct client *c, int fd)
{
	_cleanup_(closep) int owned = fd;
	sd_id128_t id;
	int r = sd_bus_new(&c->bus);

	if (r >= 0)
		r = sd_id128_randomize(&id);
	if (r >= 0)
		r = sd_bus_set_fd(c->bus, owned, owned);
	if (r < 0)
		return r;
	(void)TAKE_FD(owned);
	r = sd_bus_set_server(c->bus, 1, id);
	if (r >= 0)
		r = sd_bus_negotiate_fds(c->bus, 0);
	if (r >= 0)
		r = sd_bus_set_close_on_exit(c->bus, 0);
	if (r >= 0)
		r = sd_bus_start(c->bus);
	if (r >= 0)
		r = sd_bus_add_object_vtable(
			c->bus, NULL, METHOD_PATH, METHOD_INTERFACE, method_vtable(on_call), c);
	if (r >= 0)
		r = sd_bus_attach_event(
			c->bus, loop_sd_event(sources_loop(c->server->sources)), PRIORITY_CLIENT);
	return r < 0 ? r : 0;
}

int client_new(struct server *server, enum door_kind kind, int fd, uint32_t uid, uint32_t pid,
	const char *guid, void (*ended)(void *arg, struct client *c), void *arg,
	struct client **ret)
{
	_cleanup_(client_freep) struct client *c = calloc(1, sizeof *c);
	const struct gate_listener listener = { on_gate_ended, on_gate_room, c };
	int bus, r;

	if (!c) {
		close(fd);
		return -ENOMEM;
	}
	*c = (struct client){ .server = server, .kind = kind, .uid = uid, .pid = pid };
	c->ended = ended;
	c->arg = arg;
	r = gate_new(sources_loop(server->sources), fd, uid, guid, &listener, &c->gate, &bus);
	if (r >= 0)
		r = open_bus(c, bus);
	if (r < 0)
		return r;
	*ret = TAKE(c);
	return 0;
}

struct client *client_free(struct client *c)
{
	if (!c)
		return NULL;
	while (c->calls) {
		struct call *call = c->calls;

		c->calls = call->next;
		call_free(call);
	}
	if (c->bus) {
		sd_bus_detach_event(c->bus);
		sd_bus_close(c->bus);
		sd_bus_unref(c->bus);
	}
	gate_free(c->gate);
	free(c);
	return NULL;
}
