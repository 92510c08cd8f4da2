/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The names of events and their fields: an interface that people's journals and alerts depend on.
 *
 *   path-added dev= hctl= wwid=             path-gone dev= hctl= wwid= purge=
 *   path-state dev= hctl= map= old= new= why=
 *   path-purge dev= hctl= map= old= new= why= [holder=] [stage= error=]
 *   map-changed map= paths=   map-gone map=   map-lost map= wwid= number= error=   owner running=
 *   helper-lost helper= pid=  slept ms=       uevents-lost   attention dev= hctl= what=
 *   cleaned root= handles= busy= why=
 *   purge-round purged= failed= pending= held=
 */
#include "base/log.h"
#include "model/model.h"
#include "plan/agenda.h"

void event_log(const struct model *m, const struct change *c);
/* The event's name and its fields as text, for the ring and for clients. */
const char *event_name(const struct change *c);
void event_fields(const struct change *c, struct text *out);

/* A round is the time from the first mark until nothing is on its way any more. */
struct purge_round {
	bool running;
	uint64_t purged, failed;
	instant quiet_at;
};

void purge_round_count(struct purge_round *round, const struct change *c);
/* Logs purge-round when the round is over. */
void purge_round_step(struct purge_round *round, const struct model *m, struct agenda *agenda);
