/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * One connection: its gate, its bus object, the calls that wait for their answers, and how far it
 * was told of events. Answers and events are made when the client has room for them, so that what
 * waits for one who does not read is never more than one document. Only for this folder.
 */
#include "base/clock.h"
#include "serve/door.h"
#include "serve/gate.h"

struct method;
struct sd_bus_message;
struct server;

enum { CLIENT_CALLS = 16, CLIENT_EVENTS_A_TURN = 64 };

/* A method call that is not answered yet. */
struct call {
	struct call *next;
	struct client *client;		/* borrowed */
	const struct method *method;	/* borrowed */
	struct sd_bus_message *message; /* owned */
	instant deadline;		/* for the devices to be known */
	char **names;			/* owned, as are the strings; NULL-terminated */
	struct errand *errand;		/* owned */
	uint64_t number;		/* the argument of Events; of a reading */
	bool with_origin;
};

struct client;

/* fd taken, also on failure; ended is called once when there is nobody any more, and the client is
 * then to be freed, but not within that call. 0 or negative errno. */
int client_new(struct server *server, enum door_kind kind, int fd, uint32_t uid, uint32_t pid,
	const char *guid, void (*ended)(void *arg, struct client *c), void *arg,
	struct client **ret);
struct client *client_free(struct client *c);
DEFINE_FREEP(struct client, client_free)

/* Answers whatever can be answered now, tells what is new. */
void client_step(struct client *c);

/* Owned by whoever keeps the client in a list. */
struct client **client_next(struct client *c);

bool client_is_dead(const struct client *c);
struct server *client_server(const struct client *c);
enum door_kind client_door(const struct client *c);
uint32_t client_uid(const struct client *c);
uint32_t client_pid(const struct client *c);

/* Events are told from now on; of a client that asked for those that are kept: from behind them. */
void client_subscribe(struct client *c);
void client_saw_events(struct client *c);
