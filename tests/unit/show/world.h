/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A small world for documents: host 3 with a healthy path, a dead one and one with a hostile name.
 */
#include "model/model.h"

/* What an instant of this world is in milliseconds since 1970: noon of the first of March 2026. */
enum { WORLD_NOW_MS = 100000 };
#define WORLD_WALL_OFFSET_MS (INT64_C(1772366400000) - WORLD_NOW_MS)

struct world {
	struct model *model;
	struct path *up;      /* sdb, in map "oradata" */
	struct path *dead;    /* sdc, in the same map, marked */
	struct path *hostile; /* whose WWID is no text */
};

void world_init(struct world *w);
void world_done(struct world *w);

/* A request of the world under id 7, answered; dev and hctl as given. Borrowed until the next. */
struct request *world_request(struct world *w, enum verb verb, const char *dev, const char *hctl,
	enum request_result result);
