/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The simulation: the core as it is, and behind its port an array, a fabric and a kernel in virtual
 * time, all out of one seed. What is true is kept here; what the core believes is never looked at
 * to decide what happens, and only the oracle compares the two.
 *
 *   world    the truth: volumes, nexuses, devices, maps, and what each would answer
 *   owner    what the owner of the maps says of purging
 *   doers    what keeper, scout, scanner, dm helper, owner and hands make of an action
 *   disturb  what happens to the world by itself
 *   oracle   the promises, asserted at the moment of every deed, and the peace at the end
 *   run      the loop
 */
#include "core/core.h"
#include "core/events.h"

enum {
	ARRAYS = 2,
	HOSTS = 4, /* two nexuses to each array */
	LUNS = 12,
	MAPS = 16,
	MEMBERS = 8,
	HANDS = 32,
	HANDLES = 256,
	REQUESTS = 8,
	OWNER_ROWS = 8,
	KILLS = 256, /* remembered */
	SD_MAJOR = 8,
	DM_MAJOR = 253,
	GIVEN_MS = 30000, /* by then everything was asked */
	FLICKER_MS = 400, /* less than the pace of agreeing answers */
};

struct device {
	uint64_t ino;		/* 0: there is none */
	uint32_t minor, volume; /* as it was when it was scanned */
	bool going, offline;
	instant born;
	enum attention attention; /* pending at the target */

	uint32_t born_volume, believed; /* of the map that it was in last */
	instant differed_at;		/* its volume was another than it could be taken for */
	bool fenced, recorded;		/* for the next daemon */
	uint32_t fenced_told;		/* to this daemon */
	instant fence_sent_at;

	bool mounted, critical, claimed; /* claimed: exclusively, by who is not found */
	instant opened_at, udev_until;

	/* what the core was told, counted by ourselves */
	uint32_t agreeing;
	instant agreed_at, present_at, outage_at;
};

struct nexus_truth {
	bool up;
	instant down_at, restoring_until, flicker_until, lossy_until;
	instant told_down_at, told_reset_at;
};

struct member {
	uint32_t minor;
	bool active;
};

struct map_truth {
	bool exists, mounted;
	uint32_t minor, volume, n_members;
	struct member members[MEMBERS];
	instant others_took; /* somebody else took a path of it */
};

struct handle {
	path_id id; /* gen 0: not open */
	uint32_t host, lun;
	uint64_t ino, check;
};

struct hand_truth {
	bool used, writing, hung, lost, exempt, fence, fenced;
	uint64_t action, ino;
	path_id path;
	uint32_t host, lun, daemon;
	bool claim, by_qualifier;
	bool scan; /* looks for new devices instead */
	struct place place;
	instant sent_at;
};

/* Who a device said it was; volume 0: nothing that could be read. */
struct identity_truth {
	uint32_t volume;
	instant at;
};

/* Somebody waits for paths of a volume. */
struct wait_truth {
	uint64_t request; /* 0: nobody does */
	uint32_t volume, wanted;
	instant since;
};

/* A write that we did, by when it was decided. */
struct kill {
	instant at;
	uint32_t array, volume;
	bool exempt;
};

/* A multipathd, and its configuration as we wrote it. */
struct owner_truth {
	struct obs_owner said;
	bool vague;	 /* it does not tell which maps: all of them */
	bool by_default; /* what holds for the maps that are not excepted */
	uint32_t excepted[OWNER_ROWS], n_excepted; /* volumes */
};

/* The configuration in force, as we wrote it. */
struct words {
	bool purge, last_path, single_path, report, rescan;
	uint32_t rescan_s;
	uint32_t checks, grace_s, limit, share;
	uint32_t protected_volume;
	enum identity_fence fence;
	uint32_t fence_limit, identity_interval;
};

enum event_kind {
	EVENT_ANSWER,
	EVENT_SAY,
	EVENT_MAP,
	EVENT_HAND,
	EVENT_HAND_END,
	EVENT_UP,
	EVENT_GONE,
	EVENT_DISTURB,
};

struct event {
	instant at;
	uint64_t order;
	enum event_kind kind;
	enum helper_kind helper;
	uint32_t epoch, daemon; /* of the helper and of the daemon that wait for it */
	uint32_t host, lun, index;
	enum device_state state;
	enum transport_state transport;
	struct action action;
	struct observation *said; /* owned */
};

struct sim {
	uint64_t seed, random, steps;
	instant now, wake;
	struct core *core;
	bool story, peace;

	struct words words;
	struct owner_truth owner, told_owner;
	instant given_at[HOSTS][LUNS];		   /* mapped, or taken away */
	instant purged_at[HOSTS][LUNS];		   /* by us, and the core that did it was told */
	uint32_t volume[HOSTS][LUNS], last_volume; /* mapped; 0: none */
	struct device devices[HOSTS][LUNS];
	struct nexus_truth nexuses[HOSTS];
	struct map_truth maps[MAPS];
	uint64_t last_ino;
	uint32_t last_minor, last_map;

	struct handle handles[HANDLES];
	uint64_t forgotten[HANDLES]; /* the order of the word that closed them last */
	struct hand_truth hands[HANDS];
	uint32_t daemon, epochs[HELPER_HAND + 1][HOSTS];
	instant busy_until[HELPER_HAND + 1];
	bool dm_watches;

	struct event **heap;
	uint32_t n_events, max_events;
	uint64_t last_order;

	uint64_t requests[REQUESTS];
	struct wait_truth waits[REQUESTS];
	struct identity_truth asked[HOSTS][LUNS], told[HOSTS][LUNS];
	instant started_at, slept_at, words_at;
	struct kill kills[KILLS];
	uint32_t n_kills;
	uint64_t second; /* of virtual time that is counted in */
	uint32_t in_second, checks_in_second[HOSTS][LUNS], others_in_second;
	struct {
		uint64_t deletes, refused, peaces, restarts, stuck, held, maps_removed, fences,
			fence_held, scans, found, waits;
	} counts;
};

/* run: the loop's tools */
uint32_t sim_below(struct sim *s, uint32_t n);
bool sim_chance(struct sim *s, uint32_t per_mille);
instant sim_in(struct sim *s, uint32_t from_ms, uint32_t to_ms);
struct event *sim_push(struct sim *s, enum event_kind kind, instant at);
void sim_feed(struct sim *s, const struct observation *o);
/* The daemon starts (again): nothing is left of the one before but its hands. */
void sim_new_core(struct sim *s);
void sim_story(struct sim *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
_Noreturn void sim_fail(struct sim *s, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* world */
uint32_t world_array(uint32_t host);
void world_begin(struct sim *s);
void world_name_volume(uint32_t volume, char ret[MAX_WWID]);
void world_configure(struct sim *s);
struct config *world_config(struct sim *s);
enum device_state world_state(const struct sim *s, uint32_t host, uint32_t lun);
enum transport_state world_transport(const struct sim *s, uint32_t host);
/* Would the logical unit itself say that it is gone? */
bool world_is_gone(const struct sim *s, uint32_t host, uint32_t lun);
bool world_says_by_qualifier(uint32_t host, uint32_t lun);
void world_describe(const struct sim *s, uint32_t host, uint32_t lun, struct observation *ret);
void world_describe_host(uint32_t host, struct observation *ret);
void world_sysfs(uint32_t host, uint32_t lun, char ret[MAX_SYSFS]);
bool world_at(const char *sysfs, uint32_t *ret_host, uint32_t *ret_lun);
/* TEST UNIT READY, INQUIRY and the identity now, to the device with this inode. */
void world_ask(struct sim *s, uint32_t host, uint32_t lun, uint64_t ino, bool inquiry,
	bool identity, struct obs_checked *ret);
/* What that said. */
struct identity_truth world_identity(
	const struct sim *s, uint32_t host, uint32_t lun, const struct obs_checked *checked);
/* Does anything that it could be taken for differ from what it is? */
bool world_is_another(const struct sim *s, uint32_t host, uint32_t lun);
/* What the daemon before this one wrote down. */
void world_tell_fences(struct sim *s);
/* Remembers when that was so. */
void world_note_identities(struct sim *s);
int world_map_of(const struct sim *s, const struct device *d);
struct member *world_member(struct sim *s, const struct device *d);
uint32_t world_others_in_map(const struct sim *s, uint32_t host, uint32_t lun, int map);
void world_describe_map(const struct sim *s, uint32_t map, struct observation *ret);
void world_map_changed(struct sim *s, uint32_t map);
void world_add_device(struct sim *s, uint32_t host, uint32_t lun);
/* The kernel begins to take it away; and has. */
void world_begin_removal(struct sim *s, uint32_t host, uint32_t lun);
void world_end_removal(struct sim *s, uint32_t host, uint32_t lun);
void world_uevent(struct sim *s, uint32_t host, uint32_t lun, enum uevent_action action,
	enum attention attention);
bool world_is_busy(const struct sim *s, const struct device *d);

/* owner */
/* Does it purge the map of this volume? */
bool owner_truth_purges(const struct owner_truth *owner, uint32_t volume);
/* Its configuration is another one from now on. */
void owner_truth_speaks(struct sim *s);

/* doers */
void doers_act(void *arg, const struct action *a);
void doers_answer(struct sim *s, const struct event *e);
void doers_say(struct sim *s, const struct event *e);
void doers_push_hand(struct sim *s, enum event_kind kind, uint32_t index, instant at);
void doers_hand(struct sim *s, uint32_t index);
void doers_hand_ended(struct sim *s, uint32_t index);
void doers_lose(struct sim *s, enum helper_kind helper, uint32_t host);
void doers_lose_hand(struct sim *s);
/* It woke up late: what it was answered is old. */
void doers_refuse_hand(struct sim *s, uint32_t index);
void doers_forget_all(struct sim *s);

/* disturb */
void disturb(struct sim *s);
void disturb_restart(struct sim *s);
void disturb_nexus_up(struct sim *s, uint32_t host);

/* oracle */
void oracle_action(struct sim *s, const struct action *a);
void oracle_sent_scan(struct sim *s, const struct hand_truth *hand);
void oracle_sent(struct sim *s, const struct action *a, struct hand_truth *hand);
void oracle_fence_sent(struct sim *s, const struct action *a, struct hand_truth *hand);
void oracle_fence(struct sim *s, const struct hand_truth *hand);
/* A scan is about to bring a device to an address. */
void oracle_back(struct sim *s, const struct hand_truth *hand, uint32_t host, uint32_t lun);
void oracle_write(struct sim *s, const struct hand_truth *hand, bool refused);
void oracle_told(struct sim *s, uint32_t host, uint32_t lun, const struct observation *o);
/* Who is told that his paths are there was not deceived. */
void oracle_waits(struct sim *s);
void oracle_peace(struct sim *s);
