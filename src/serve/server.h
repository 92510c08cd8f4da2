/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What all clients share: the core and what it is asked for, the ring of events, the last reading
 * of the configuration. Only for this folder.
 */
#include "config/diagnostics.h"
#include "core/sources.h"
#include "serve/ring.h"

/* A finished document that may be shown again for a moment. */
struct kept {
	char *json; /* owned */
	instant at;
};

enum { SERVER_KEEP_MS = 100 };

struct server {
	struct sources *sources; /* borrowed */
	struct core *core;	 /* borrowed */
	int64_t started_unix_ms;
	struct ring ring;
	struct diagnostics remarks; /* of the last reading of the configuration */
	uint64_t clients, refused, dropped;
	struct kept status, paths, maps;

	/* readings of the configuration, numbered: one at a time */
	bool reading, read_again;
	uint64_t readings;
	char *reading_result; /* owned: the document of the last one */
};

int server_init(struct server *s, struct sources *sources, const struct diagnostics *remarks);
void server_done(struct server *s);

/* Something happened: into the ring. */
void server_record(struct server *s, const struct change *c);

/* Documents; *ret: the caller's. may_be_old: what was made a moment ago will do. 0 or negative
 * errno. */
int server_status(struct server *s, bool may_be_old, char **ret);
int server_paths(struct server *s, char *const *names, bool may_be_old, char **ret);
int server_maps(struct server *s, char *const *names, bool may_be_old, char **ret);

/* Reads the configuration. Returns the number of the reading that will have seen what the files
 * hold now; it has ended when s->readings is not smaller. */
uint64_t server_reconfigure(struct server *s);
