/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A helper's side of its socket: observations are gathered into packets, and sending waits for a
 * reader that is behind, because a helper has nothing better to do.
 */
#include "model/observation.h"
#include "port/packet.h"

struct report {
	int socket; /* borrowed */
	int failed; /* the first error; everything after it is dropped */
	struct packet packet;
};

void report_init(struct report *report, int socket);

/* Sends by itself whenever a packet is full. Also an observation_sink: arg is the report. */
void report_add(void *report, const struct observation *o);

/* Send what is gathered. 0, or the first error since report_init(): the daemon is gone. */
int report_flush(struct report *report);
