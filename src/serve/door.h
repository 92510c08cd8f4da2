/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A listening socket, and who may come in by it. Whoever may not is let in and shown out at once:
 * a queue of those who wait outside would keep others from coming.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"

struct door;
struct loop;

enum door_kind {
	DOOR_PRIVATE, /* uid 0, everything */
	DOOR_READ,    /* everybody, what is cached */
};

enum door_answer { DOOR_COME_IN, DOOR_WRONG_USER, DOOR_TOO_MANY_OF_USER, DOOR_TOO_MANY };

enum {
	DOOR_OF_USER = 64,
	DOOR_OF_OTHERS = 192, /* of all users but root, so that they never keep root out */
	DOOR_ALL = 256,
};

/* Who is in already. */
struct door_count {
	unsigned of_user; /* by this door */
	unsigned of_others;
	unsigned all;
};

enum door_answer door_decide(enum door_kind kind, uint32_t uid, const struct door_count *count);
const char *door_answer_name(enum door_answer answer);

/* Somebody is at the door; fd taken. */
typedef void (*door_callback)(void *arg, enum door_kind kind, int fd, uint32_t uid, uint32_t pid);

/* Makes the socket dir/private or dir/read (a dead one that is in its place goes), listening.
 * 0 or negative errno. */
int door_new(struct loop *loop, const char *dir, enum door_kind kind, door_callback callback,
	void *arg, struct door **ret);
/* To be called now and then: for want of descriptors it closed for a while, and opens again. */
void door_settle(struct door *door);
/* Removes the socket's name, too. */
struct door *door_free(struct door *door);
DEFINE_FREEP(struct door, door_free)
