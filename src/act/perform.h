/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Actions become packets to helpers, their packets become observations. Knows which helper does
 * what, starts it when it is first needed, replaces it when it is lost; has no opinion on deadlines
 * of deeds: a hand that does not come back is the judge's business, here its socket just stays.
 *
 * Actions of one turn of the loop are gathered and sent at its end, one packet a helper.
 */
#include "model/action.h"
#include "model/observation.h"

struct loop;
struct perform;

/* sink gets every observation of every helper, with at = the time of its arrival. zygote is taken,
 * also on failure. */
int perform_new(
	struct loop *loop, int zygote, observation_sink sink, void *arg, struct perform **ret);
/* Closes all sockets; helpers end by themselves, hands in the kernel are left to themselves. */
struct perform *perform_free(struct perform *perform);

/*
 * Hand this action to whoever does it. Never blocks. What cannot be handed out comes back as
 * OBS_DONE / OBS_WATCHED / OBS_CHECKED ... with a negative result, or as OBS_HELPER lost, from the
 * loop, not from here. May be called from the sink.
 */
void perform_act(struct perform *perform, const struct action *action);

/* What is out, for status: calls visit for every live helper; action is the oldest it owes. */
typedef void (*helper_visitor)(
	void *arg, enum helper_kind kind, uint32_t pid, uint32_t host, uint64_t action);
void perform_helpers(struct perform *perform, helper_visitor visit, void *arg);

/* What it goes by; tests are in a hurry. To be set before the first action. */
struct perform_limits {
	uint32_t keepers;      /* then SCSI hosts share them */
	uint32_t keepers_more; /* for hosts whose shared keeper once did not take its packets */
	uint32_t answer_ms;    /* a scout, dm or owner that owes an answer longer is given up; a
				  scanner has three times as much */
	uint32_t behind_ms;    /* so is a shared keeper that takes no packet for so long */
	uint32_t respawn_ms;   /* at least between two births of the same helper */
};
#define PERFORM_LIMITS ((struct perform_limits){ 64, 64, 10000, 5000, 1000 })
void perform_set_limits(struct perform *perform, const struct perform_limits *limits);
