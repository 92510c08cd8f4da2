/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What we believe: the owner of all paths, maps, nexuses and requests. model_note() is the only
 * door by which the world comes in; it stores facts and decides nothing. Whatever changed is
 * written to a short list of changes, which core reads after each observation (log, event ring).
 *
 * Order matters more than time here: every question and every movement of the world gets a number
 * (model_next_seq), and an answer counts for a removal only when its question was asked after the
 * removal began to verify.
 */
#include "base/cleanup.h"
#include "config/policy.h"
#include "model/departed.h"
#include "model/detach.h"
#include "model/gap.h"
#include "model/latency.h"
#include "model/lun.h"
#include "model/map.h"
#include "model/path.h"
#include "model/request.h"
#include "model/taken.h"

enum change_kind {
	CHANGE_PATH_ADDED,
	CHANGE_PATH_GONE,
	CHANGE_STATE,
	CHANGE_PURGE,
	CHANGE_FENCE,
	CHANGE_GAP,	 /* what was detached is kept out, or no longer */
	CHANGE_KEPT_OUT, /* a device came back that is kept out */
	CHANGE_DETACH,
	CHANGE_MAP_LOST, /* a map that a word had removed could not be made again */
	CHANGE_MAP,
	CHANGE_MAP_GONE,
	CHANGE_OWNER,
	CHANGE_HELPER_LOST,
	CHANGE_SLEPT,
	CHANGE_UEVENTS_LOST,
	CHANGE_ATTENTION,
	CHANGE_CLEANED,
};

struct change {
	enum change_kind kind;
	path_id path;
	char dev[MAX_NAME];
	struct scsi_address address;
	char wwid[MAX_WWID], map[MAX_MAP_NAME];
	int from, to; /* states, rungs; handles given back, and what stayed busy */
	enum reason why;
	int32_t result; /* of a deed that failed */
	uint8_t stage;
	char text[96];	 /* the first holder, an attention, a helper, the identity that was found,
			    what   was cleaned */
	uint64_t number; /* milliseconds slept, paths of a map, a baseline */
};

/* One initiator port and one target port: what is said of the way, and who was asked last. */
struct nexus {
	struct scsi_address address; /* lun has no meaning */
	instant up_since;
	instant swept_at, sentinel_at;
	uint32_t sentinel_slot;
	bool sweep;
	uint32_t n_paths, n_out; /* paths; checks that are out */
};

/* A SCSI host: removals there wait for each other in the kernel. */
struct host {
	uint32_t number;
	uint64_t deed; /* the delete or the scan that is out, 0: none; a fence is no such deed */
	path_id deed_path;
	uint32_t hand_pid;
	instant deed_at;
	bool stuck;
	char dev[MAX_NAME];   /* "": it is about none */
	bool scans;	      /* it is no delete: the kernel looks for logical units ... */
	struct place scanned; /* ... here, or at the one there again */

	/* what the last full reading said of it */
	bool known;
	struct obs_host seen;
	uint64_t seen_seq;
	instant silent_since; /* without a path, or looked at */
};

enum { MAX_DETACHED = 64, FENCES_KEPT = 1024 /* fence_limit is less */ };

struct counters {
	uint64_t checks, purged, failed, gone_by_others, held, stuck, fenced, kept_out,
		uevents_lost;
	struct latency latency; /* of checks that were answered */
};

struct model {
	struct config *config; /* owned */
	struct settings defaults;
	uint64_t seq, next_action;
	uint64_t config_seq; /* when the configuration in force came */
	instant now;

	struct path **paths; /* by slot; owned; NULL where there is none */
	uint32_t *generations;
	uint32_t n_slots;
	uint32_t n_paths;
	struct path *by_sysfs; /* uthash */
	/* Owned, with room for every slot, so that none is forgotten for want of memory: paths
	 * that left since core looked, whose handles are to be given back. */
	path_id *left;
	uint32_t n_left;

	struct map *maps; /* owned; present or free */
	uint32_t n_maps;
	struct nexus *nexuses; /* owned; never freed before the model */
	uint32_t n_nexuses;
	struct host *hosts; /* owned */
	uint32_t n_hosts;
	struct request *requests; /* owned */
	uint32_t n_requests;

	struct departures departures;
	struct gaps gaps;
	instant begun; /* what was removed before is not known */

	struct lun *luns;     /* uthash, owned */
	struct death *deaths; /* owned ring, in the order of time */
	uint32_t n_deaths;

	/* questions about the whole world */
	struct question devices_asked, maps_asked, owner_asked;
	bool devices_lost, maps_lost;	  /* ask at once */
	bool devices_missed, maps_missed; /* something that was read could not be kept */
	bool devices_known;
	uint64_t devices_seq; /* of the last complete answer */
	uint64_t maps_seq;    /* of the last complete answer */
	instant devices_at, maps_at, owner_at;
	bool owner_known;
	struct obs_owner owner;
	struct config *owner_rules; /* owned; of its word, see model/owner.h */

	instant pressed_at;	/* when processes waited for memory last */
	instant cleaned_for[2]; /* a limit, pressure: not again at once */

	struct look {
		char sysfs[MAX_SYSFS];
	} * looks; /* owned: directories to look at */
	uint32_t n_looks, max_looks;

	struct obs_fenced *fences; /* owned: of devices that were not seen yet */
	uint32_t n_fences;

	instant fenced_at[FENCES_KEPT]; /* ring, in the order of time: each device counts once */
	uint64_t n_fenced;

	struct detach *detaches; /* owned; free rows between */
	uint32_t n_detaches;
	uint64_t last_detach;			/* the number of the latest word */
	char detached[MAX_DETACHED][MAX_SYSFS]; /* names of those that were done last */
	uint32_t n_detached;

	struct taken *taken; /* owned; free rows between */
	uint32_t n_taken;

	struct change *changes; /* owned */
	uint32_t n_changes, max_changes;
	bool out_of_memory;
	struct counters counters;
};

/* config taken. 0 or -ENOMEM. */
int model_new(struct config *config, struct model **ret);
struct model *model_free(struct model *m);
DEFINE_FREEP(struct model, model_free)

/* Store what was learned. */
void model_note(struct model *m, const struct observation *o);

/* Another configuration is in force (taken): settings of all paths are resolved anew. */
void model_set_config(struct model *m, struct config *config);

/* Borrowed; NULL when that path is gone. */
struct path *model_path(const struct model *m, path_id id);
struct path *model_path_at(const struct model *m, const char *sysfs);
struct path *model_path_by_devt(const struct model *m, const struct devt *devt);

#define for_each_path(m, p)                                                                        \
	for (uint32_t _slot = 0; _slot < (m)->n_slots; _slot++)                                    \
		if (((p) = (m)->paths[_slot]))

static inline uint64_t model_next_seq(struct model *m)
{
	return ++m->seq;
}

/* A question is out from now on; its number is in q and its action id is returned. */
uint64_t model_ask(struct model *m, struct question *q, instant now);

struct nexus *model_nexus(struct model *m, const struct path *p);
struct host *model_host(struct model *m, uint32_t number); /* made when missing; NULL: no memory */
/* What was there when everything was read last; NULL: no such host. */
const struct host *model_known_host(const struct model *m, uint32_t number);
/* Asked are disks on transports whose LUNs an array can take away. */
bool model_asks_protocol(enum protocol protocol);
/* Everything is read again as soon as that may be. What is complete afterwards has a greater
 * devices_seq than the number that is returned. */
uint64_t model_read_again(struct model *m);
struct map *model_map(struct model *m, const struct path *p); /* NULL: in no map */

/* When did the way to p come (back) up? Never: it is not up. */
instant model_up_since(const struct model *m, const struct path *p);

/* The writers of path.h and fence.h, with the change written down. */
void model_state_enter(struct model *m, struct path *p, enum path_state next, enum reason why);
void model_purge_enter(struct model *m, struct path *p, enum purge_stage next, enum reason why);
void model_fence_enter(struct model *m, struct path *p, enum fence_stage next, enum reason why);
void model_detach_enter(struct model *m, struct detach *d, enum detach_stage next, enum reason why);

/* Borrowed until the next word; NULL: it is over. */
struct detach *model_detach(const struct model *m, uint64_t number);
/* Was that name detached, as far as is remembered? */
bool model_was_detached(const struct model *m, const char *name);
/* A new word, of this number or (0) the next; NULL: no memory. Borrowed until the next one. */
struct detach *model_add_detach(struct model *m, const struct obs_detaching *word);

/* It was set offline: never again is it taken for what it was. */
void model_set_fenced(struct model *m, struct path *p);
/* How many were within so many milliseconds, whatever became of them since: FENCES_KEPT at most. */
uint32_t model_count_fenced(const struct model *m, uint64_t within_ms);

/* The check that is out, if one is, will not be answered, or has been. */
void model_drop_check(struct model *m, struct path *p);

/* Something about p moved: what was verified does not count any more. */
void model_moved(struct model *m, struct path *p);

/* Its device is gone: requests are answered by the next step, the slot's generation ends. */
void model_path_remove(struct model *m, struct path *p);

void model_add_look(struct model *m, const char *sysfs);
struct change *model_add_change(struct model *m, enum change_kind kind, const struct path *p);
