/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A model whose plan is carried out: every question is answered a millisecond later with what the
 * test says is true; deeds are kept for the test to end. Time passes only in world_run().
 */
#include "built.h"
#include "plan/agenda.h"

enum { WORLD_SLOTS = 128, WORLD_DEEDS = 64, WORLD_MAPS = 4, WORLD_HOSTS = 4 };

struct truth {
	struct obs_checked checked;
	int32_t check_result;
	struct obs_holders holders;
	bool absent;	      /* the scout finds nothing there */
	bool mute;	      /* checks are not answered */
	enum lun_word sought; /* what its target says of a number that is asked for */
};

struct world {
	struct model *m;
	struct agenda agenda;
	struct truth of[WORLD_SLOTS]; /* by the path's slot */
	struct observation maps[WORLD_MAPS];
	uint32_t n_maps;
	uint32_t hosts[WORLD_HOSTS], n_hosts;
	struct observation appears; /* a device that the next reading of all finds, too */
	struct obs_owner owner;
	int32_t results[ACTION_KINDS]; /* of readings of the whole world, and of gaps */
	bool unanswered[ACTION_KINDS];

	uint32_t asked[ACTION_KINDS];		 /* since world_count_anew() */
	uint32_t asked_of[WORLD_SLOTS];		 /* checks */
	uint32_t looks_of[WORLD_SLOTS];		 /* those that only look */
	uint32_t sought, sought_of[WORLD_SLOTS]; /* ... for whether a number is listed */
	uint64_t sought_lun;
	uint32_t identified[WORLD_SLOTS]; /* those that ask for the identity */
	struct action deeds[WORLD_DEEDS]; /* in the order in which they were handed out */
	uint32_t n_deeds;
	struct observation pending[512];
	uint32_t n_pending;
};

/* One world at a time; purge_disconnected yes, purge_single_path yes, purge_grace 10, and what
 * text adds to the defaults. */
struct world *world_begin(const char *text);
void world_end(struct world *w);

/* Good, and used by nobody, until the test says otherwise. */
struct path *world_path(struct world *w, uint32_t host, uint32_t lun, const char *wwid);
struct truth *world_of(struct world *w, const struct path *p);
void world_host(struct world *w, uint32_t host);
void world_map(struct world *w, uint32_t minor, const char *wwid, struct path **paths, uint32_t n);
/* p as the kernel's map has it. */
struct map_member *world_member(struct world *w, uint32_t map, const struct path *p);
void world_hold(
	struct world *w, const struct path *p, enum hold_kind kind, bool critical, bool udev);

/* Think, and answer, for so long, and until nothing is out that is going to be answered. */
void world_run(struct world *w, uint64_t ms);
/* The same until p is on that rung; fails after ms. */
void world_run_until(struct world *w, const struct path *p, enum purge_stage rung, uint64_t ms);
void world_feed(struct world *w, struct observation o);
void world_count_anew(struct world *w);

/* The i-th deed from the latest backwards, or NULL. */
const struct action *world_deed(struct world *w, uint32_t i);
/* The latest deed ends so; the answers of the hand are those of the truth where stage is ASK. */
void world_deed_ends(struct world *w, int result, enum hand_stage stage);
/* ... of this deed. */
void world_end_of(struct world *w, const struct action *deed, int result, enum hand_stage stage);

/* A client's word. */
const struct request *world_request(struct world *w, uint64_t id);
/* It ended so, or is open, and nobody is told otherwise. */
void world_require_request(
	struct world *w, uint64_t id, enum request_result result, const char *reason);

/* p is on this rung, for this reason. */
void world_require(const struct path *p, enum purge_stage rung, enum reason why);
