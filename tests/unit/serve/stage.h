/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A daemon's faces without its devices: a real loop, core and sockets in a directory of its own,
 * and sources that answer what the core asks out of a script. Clients are child processes.
 */
#include "core/sources.h"

struct serve_dbus;

struct stage {
	char dir[64];
	struct loop *loop;
	struct sources *sources;
	struct serve_dbus *serve;
	struct core *core;
};

struct stage_script {
	unsigned n_devices; /* sda to ..., 3:0:0:N, all up */
	bool devices_stay_unknown, checks_stay_out;
	int reading_result;	  /* of reconfigure; a negative one brings a remark */
	void (*own)(bool begins); /* told when what runs is the stage's own; may be NULL */
};

void stage_init(struct stage *stage, const struct stage_script *script);

/* Runs client in a child of this uid, and the loop meanwhile. client returns 0, or the line in
 * which something was not as expected. */
void stage_run(struct stage *stage, unsigned uid, int (*client)(void));

/* The loop for a moment: what is under way ends. */
void stage_settle(struct stage *stage, unsigned ms);

/* That many events happen in one turn of the loop, as soon as client n connected. */
void stage_happen(struct stage *stage, unsigned n_events, unsigned after_ms);

/* Requests that the model holds. */
unsigned stage_requests(const struct stage *stage);
void stage_done(struct stage *stage);

/* For clients. */
#define EXPECT(condition)                                                                          \
	do {                                                                                       \
		if (!(condition))                                                                  \
			return __LINE__ % 255 ? __LINE__ % 255 : 1;                                \
	} while (0)

/* A connected socket, or negative errno. */
int stage_connect(const char *door);
/* Did the other end close it within ms? What comes meanwhile is read and dropped. */
bool stage_is_closed(int fd, int ms);
