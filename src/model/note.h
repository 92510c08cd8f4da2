/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What model_note() consists of; for this folder only. */
#include "model/model.h"

void note_device(struct model *m, const struct observation *o);
void note_host(struct model *m, const struct observation *o);
void note_devices_end(struct model *m, const struct observation *o);

void note_map(struct model *m, const struct observation *o);
void note_maps_end(struct model *m, const struct observation *o);

/* What was seen of the way to p, by whoever looked last. */
void note_way(
	struct model *m, struct path *p, enum device_state state, enum transport_state transport);
/* The maps changed: which one is p in now? */
void note_membership(struct model *m, struct path *p);
