/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The simulation: the core as it is, and behind its port an array, a fabric and a kernel in virtual
 * time, all out of one seed. What is true is kept here; what the core believes is never looked at
 * to decide what happens, and only the oracle compares the two.
 *
 *   array    volumes, which number leads where, and what a logical unit answers
 *   fabric   the ways there
 *   kernel   SCSI devices, uevents, users
 *   maps     multipath maps
 *   owner    the multipathd beside us
 *   words    the configuration in force
 *   helpers  what keeper, scout, scanner, dm helper and owner make of an action
 *   hands    and what hands make of it
 *   operator what is asked of us
 *   detach   and what is to leave although it is there
 *   gap      and is kept out then
 *   disturb  what happens by itself, and when
 *   oracle   the promises, asserted at the moment of every deed
 *   peace    and what holds in the end
 *   loop     virtual time
 *   story    what happened, as a file
 *   shrink   less of it that still fails
 */
#include <stdio.h>

#include "core/core.h"
#include "core/events.h"

enum {
	ARRAYS = 2,
	HOSTS = 4, /* two nexuses to each array */
	LUNS = 12,
	MAPS = 16,
	SIZES = 64, /* that are told apart */
	MEMBERS = 8,
	HANDS = 32,
	OPEN_SHELLS = 16,
	FENCES = 64, /* of the last minute, as many as are remembered */
	HANDLES = 256,
	REQUESTS = 8,
	OWNER_ROWS = 8,
	KILLS = 256, /* remembered */
	SAID = 64,   /* the same */
	RECORDS = 16,
	TAKEN = 32,
	GAPS = 64,
	MOST_HAPPENED = 1 << 20,
	SD_MAJOR = 8,
	DM_MAJOR = 253,
	GIVEN_MS = 30000, /* by then everything was asked */
	CALM_MS = 10000,  /* between two flickers */
	FLICKER_MS = 400, /* less than the pace of agreeing answers */
};

struct device {
	uint64_t ino;			/* 0: there is none */
	uint32_t minor, volume;		/* as it was when it was scanned */
	bool going, offline, condemned; /* by an operator who looked */
	bool others_took;		/* it is going, and not by us */
	instant born, heard_at;		/* its event arrives: never, it was lost, or cut */
	enum attention attention;	/* pending at the target */

	uint32_t born_volume, believed; /* of the map that it was in last */
	instant reinstated_at, allowed_at;
	instant elsewhere_at; /* since then it is told that it leads elsewhere */
	uint32_t elsewhere_told;
	uint32_t told_volume;  /* what was read last by which one could know it */
	instant told_at;       /* the core was told that it is there ... */
	uint32_t told_when;    /* ... after so many disturbances */
	instant differed_at;   /* its volume was another than it could be taken for */
	instant transition_at; /* since then it is told that it fails over */
	bool ill;	       /* it says so, and never comes to an end */
	uint64_t sectors;      /* as the kernel read it last */
	bool scanned_by_us;
	instant cleaned_at;    /* its handles were given back by a clean */
	bool fenced, recorded; /* for the next daemon */
	uint32_t fenced_told;  /* to this daemon */

	bool mounted, critical, claimed; /* claimed: exclusively, by who is not found */
	instant opened_at, udev_until;

	/* what the core was told, counted by ourselves */
	uint32_t agreeing;
	instant doubted_at; /* the first of them */
	instant agreed_at, present_at, outage_at;
};

/* Of the target ports behind a nexus (ALUA). */
enum access_state { ACCESS_ACTIVE, ACCESS_STANDBY, ACCESS_UNAVAILABLE, ACCESS_TRANSITION };

/* A disk that is gone, and its number is not free yet. */
struct shell {
	uint32_t minor;
	instant until;
};

struct nexus_truth {
	instant tags_out_until; /* nobody gets a command out */
	instant mutex_until; /* somebody else scans, or waits for a delete, holding the scan mutex
			      */
	bool up, scans_itself, will_deny; /* once it is known that it fails over */
	enum access_state access;
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
	uint64_t sectors;
	struct member members[MEMBERS];
	instant others_took; /* somebody else took a path of it */
};

/* A map that was removed by a word, as its hand wrote it down. */
struct taken_truth {
	uint64_t word; /* 0: none */
	struct map_truth map;
	bool again, excused; /* it is there again; its owner would make it */
	uint32_t tells;	     /* how often it was to be made */
};

struct handle {
	path_id id; /* gen 0: not open */
	uint32_t host, lun;
	uint64_t ino, check;
	instant asked_at; /* or opened, or answered */
};

struct hand_truth {
	bool used, writing, hung, lost, exempt, fence, fenced, detached;
	uint64_t action, ino;
	path_id path;
	uint32_t host, lun, daemon;
	bool claim, by_qualifier;
	bool scan;   /* looks for new devices instead */
	bool reread; /* or at this one again, if it is this volume */
	char wwid[MAX_WWID];
	uint64_t sectors;
	bool beside_a_purger; /* as the core had been told when it sent it */
	uint32_t there;	      /* LUNs that were there then, a bit each */
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

/* What an operator wanted detached. */
struct said_truth {
	uint32_t volume; /* 0: none */
	uint32_t host;	 /* HOSTS: none */
	uint64_t ino;	 /* 0: none */
	bool dry_run;
	instant at;
};

/* What is kept out, at one place. */
struct gap_truth {
	bool used;	  /* in force */
	bool recorded;	  /* for udev and the next daemon */
	bool wanted_back; /* by an operator */
	instant left_at;  /* the device that it began with, by itself or by another's hand */
	struct obs_gap is;
};

/* A write that we did, by when it was decided. */
struct kill {
	instant at;
	uint64_t action; /* several are decided at one instant, one after the other */
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
	uint32_t rescan_s, hold_s;
	uint32_t cache_limit; /* of one seed in four */
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
	EVENT_DEV_LOSS,
	EVENT_HELPER_LOST,
	EVENT_RESCAN,
	EVENT_OWNER_DELETES,
	EVENT_DISTURB,
};

struct event {
	instant at;
	uint64_t order;
	enum event_kind kind;
	enum helper_kind helper;
	uint32_t epoch, daemon; /* of the helper and of the daemon that wait for it */
	uint32_t host, lun, index;
	uint64_t ino; /* which device it meant */
	enum device_state state;
	enum transport_state transport;
	struct action action;
	struct observation *said; /* owned */
};

/* One thing that happens by itself. What it draws comes out of a stream of its own. */
struct disturbance {
	instant at;
	uint32_t deed;
	uint64_t stream;
};

struct sim;

/* A kind of them, by its name in a story file, and how often it happens. */
struct deed {
	const char *name;
	void (*happen)(struct sim *s);
	uint32_t weight;
};

/* What is to be run: all that a seed makes in so many steps, or what a file tells. */
struct tale {
	uint64_t seed, steps;
	bool told;
	instant until;
	const struct disturbance *list; /* only these, in this order */
	uint32_t n;
	FILE *recording; /* of what the last daemon was told; NULL: none */
};

struct counts {
	uint64_t deletes, refused, peaces, restarts, stuck, held, maps_removed, maps_made, fences,
		fence_held, scans, found, waits, rereads, resized, strangers, cleaned;
};

/* What became of it; it outlives the process that ran it. */
struct outcome {
	struct sim *sim; /* while it runs */
	bool failed;
	char words[400]; /* why */
	uint64_t steps;
	instant at;
	struct counts counts;
	uint32_t n; /* all of them; as many as fit are listed */
	struct disturbance happened[MOST_HAPPENED];
};

struct sim {
	uint64_t seed, random, steps;
	instant now, wake, peace_until, looked_at;
	uint32_t ill_host; /* of this peace: nothing comes back from it; HOSTS: none */
	struct core *core;
	FILE *story;
	bool peace, ended, half_way;
	const struct tale *tale;
	struct outcome *outcome;
	uint32_t n_disturbances;
	uint32_t dies_in; /* so many more actions; 0: it lives on */
	bool dead;	  /* nothing that it says is done */

	struct words words;
	struct owner_truth owner, told_owner;
	instant given_at[HOSTS][LUNS];		   /* mapped, or taken away */
	uint64_t purged_ino[HOSTS][LUNS];	   /* by us */
	instant purged_at[HOSTS][LUNS];		   /* by us, and the core that did it was told */
	uint32_t volume[HOSTS][LUNS], last_volume; /* mapped; 0: none */
	uint32_t grown[SIZES];			   /* how often a volume was made larger */
	struct device devices[HOSTS][LUNS];
	struct nexus_truth nexuses[HOSTS];
	struct map_truth maps[MAPS];
	uint64_t last_ino;
	uint32_t last_map;
	struct shell shells[OPEN_SHELLS];
	uint32_t n_shells;

	struct handle handles[HANDLES];
	uint64_t forgotten[HANDLES]; /* the order of the word that closed them last */
	struct hand_truth hands[HANDS];
	uint32_t daemon, epochs[HELPER_HAND + 1][HOSTS];
	instant busy_until[HELPER_HAND + 1];
	bool dm_watches;

	struct event **heap;
	uint32_t n_events, max_events;
	uint64_t last_order;

	instant stirred_at; /* something was heard or asked that may wake what is cleaned */
	uint32_t cleans;    /* that were asked of this daemon */
	uint64_t requests[REQUESTS];
	struct wait_truth waits[REQUESTS];
	struct identity_truth asked[HOSTS][LUNS], told[HOSTS][LUNS];
	struct {
		uint64_t ino; /* 0: it came to nothing */
		instant sent_at;
	} fences[FENCES]; /* ring */
	uint32_t n_fences;
	instant started_at, slept_at, words_at;
	struct said_truth said[SAID];
	uint32_t n_said;
	struct obs_detaching records[RECORDS]; /* number 0: none */
	struct taken_truth taken[TAKEN];
	struct gap_truth gaps[GAPS];
	struct kill kills[KILLS];
	uint32_t n_kills;
	uint64_t second; /* of virtual time that is counted in */
	uint32_t in_second, checks_in_second[HOSTS][LUNS], others_in_second;
	struct counts counts;
};

/* loop */
/* A stream of the seed that has nothing to do with its others. */
uint64_t sim_stream(uint64_t seed, uint64_t of);
uint32_t sim_below(struct sim *s, uint32_t n);
bool sim_chance(struct sim *s, uint32_t per_mille);
instant sim_in(struct sim *s, uint32_t from_ms, uint32_t to_ms);
struct event *sim_push(struct sim *s, enum event_kind kind, instant at);
void sim_feed(struct sim *s, const struct observation *o);
/* The daemon starts (again): nothing is left of the one before but its hands. */
void sim_new_core(struct sim *s);
void sim_make_peace(struct sim *s);
void sim_story(struct sim *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
_Noreturn void sim_fail(struct sim *s, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The whole of it; the process ends where it fails. The story: NULL, or where it is told. */
void sim_run(const struct tale *tale, struct outcome *outcome, FILE *story);

/* story: 0, or negative errno */
int story_write(const char *file, const struct tale *tale, const struct outcome *outcome);
int story_read(const char *file, struct tale *ret);

/* shrink */
/* Runs the tale in a process of its own. The outcome is shared memory. */
void attempt(const struct tale *tale, struct outcome *outcome, FILE *story);
/* The processor time of all attempts. */
uint64_t attempt_cpu_s(void);
/* Leaves out what can be left out of a tale that failed with this outcome, for so many seconds of
 * that; the outcome is then that of what is left. */
void shrink(struct tale *tale, struct outcome *outcome, uint32_t seconds);

/* array */
extern const struct deed array_deeds[], fabric_deeds[], kernel_deeds[], maps_deeds[], owner_deeds[],
	operator_deeds[], detach_deeds[]; /* the last one has no name */
uint32_t world_array(uint32_t host);
/* How large the array has made it. */
uint64_t world_volume_sectors(const struct sim *s, uint32_t volume);
/* Would the logical unit itself say that it is gone? */
bool world_is_gone(const struct sim *s, uint32_t host, uint32_t lun);
bool world_says_by_qualifier(uint32_t host, uint32_t lun);
/* TEST UNIT READY, INQUIRY and the identity now, to the device with this inode. */
void world_ask(struct sim *s, uint32_t host, uint32_t lun, uint64_t ino, bool inquiry,
	bool identity, struct obs_checked *ret);
/* What that said. */
struct identity_truth world_identity(
	const struct sim *s, uint32_t host, uint32_t lun, const struct obs_checked *checked);
/* Other logical units of the nexus have something to tell, with the next command. */
void array_attend(struct sim *s, uint32_t host, uint32_t lun, enum attention attention);

/* The core was answered that the way to its logical units is another one. */
void array_told_of_failover(struct sim *s, uint32_t host);

/* fabric */
enum device_state world_state(const struct sim *s, uint32_t host, uint32_t lun);
enum transport_state world_transport(const struct sim *s, uint32_t host);
void disturb_nexus_up(struct sim *s, uint32_t host);
/* Peace: all ways are there, but for one host now and then. */
void fabric_heal(struct sim *s);
/* It was away for too long. */
void fabric_lose_devices(struct sim *s, uint32_t host);

/* kernel */
void world_begin(struct sim *s);
void world_name_volume(uint32_t volume, char ret[MAX_WWID]);
void world_describe(const struct sim *s, uint32_t host, uint32_t lun, struct observation *ret);
void world_describe_host(uint32_t host, struct observation *ret);
void world_sysfs(uint32_t host, uint32_t lun, char ret[MAX_SYSFS]);
bool world_at(const char *sysfs, uint32_t *ret_host, uint32_t *ret_lun);
struct device *world_any_device(struct sim *s, uint32_t *ret_host, uint32_t *ret_lun);
/* Does anything that it could be taken for differ from what it is? */
bool world_is_another(const struct sim *s, uint32_t host, uint32_t lun);
/* What the daemon before this one wrote down. */
void world_tell_fences(struct sim *s);
/* Remembers when that was so. */
void world_note_identities(struct sim *s);
void world_add_device(struct sim *s, uint32_t host, uint32_t lun);
/* The kernel begins to take it away; and has. */
void world_begin_removal(struct sim *s, uint32_t host, uint32_t lun);
void world_end_removal(struct sim *s, uint32_t host, uint32_t lun);
/* Somebody writes to delete, to whatever is there; it has I/O to wait for until then. */
void kernel_delete(struct sim *s, uint32_t host, uint32_t lun);
void kernel_delete_slowly(struct sim *s, uint32_t host, uint32_t lun, instant until);
void kernel_scan(struct sim *s, uint32_t host);
/* When the core hears it; never: it is lost, or cut. */
instant world_uevent(struct sim *s, uint32_t host, uint32_t lun, enum uevent_action action,
	enum attention attention);
bool world_is_busy(const struct sim *s, const struct device *d);
/* Is the world left alone, and this host well? */
bool world_is_calm(const struct sim *s, uint32_t host);

/* maps */
int world_map_of(const struct sim *s, const struct device *d);
struct member *world_member(struct sim *s, const struct device *d);
uint32_t world_others_in_map(const struct sim *s, uint32_t host, uint32_t lun, int map);
void world_describe_map(const struct sim *s, uint32_t map, struct observation *ret);
void world_map_changed(struct sim *s, uint32_t map);
/* Somebody else takes this path away. */
void maps_note_taken(struct sim *s, const struct device *d);
void maps_take(struct sim *s, const struct device *d);
void maps_give(struct sim *s, struct device *d, bool owned);
struct map_truth *maps_any(struct sim *s);
void maps_gather(struct sim *s, struct map_truth *m);
void maps_drop(struct sim *s, struct map_truth *m, uint32_t member);

/* words */
void world_configure(struct sim *s);
struct config *world_config(struct sim *s);

/* owner */
/* Does it purge the map of this volume? */
bool owner_truth_purges(const struct owner_truth *owner, uint32_t volume);
/* Its configuration is another one from now on. */
void owner_truth_speaks(struct sim *s);

/* The neighbour deletes by name what it found gone a while ago. */
void owner_deletes(struct sim *s, const struct event *e);

/* operator */
/* The second half of rescan-scsi-bus.sh -r. */
void operator_deletes(struct sim *s, uint32_t host);

/* Another client leaves for this one. */
uint64_t *operator_slot(struct sim *s);

/* detach */
bool records_keep(struct sim *s, const struct obs_detaching *word);
void records_strike(struct sim *s, uint64_t number);
bool records_have(const struct sim *s, uint64_t number);
/* What a daemon before this one had begun. */
void records_tell(struct sim *s);
void oracle_detach_sent(struct sim *s, const struct path *p, const struct hand_truth *hand);
void oracle_take(struct sim *s, uint32_t host, uint32_t lun, instant sent);
void oracle_detach_peace(struct sim *s);

/* taken */
void taken_keep(struct sim *s, uint64_t word, const struct map_truth *m);
void taken_sent(struct sim *s, const struct act_make *make);
int taken_make(struct sim *s, const struct act_make *make);
void taken_ended(struct sim *s, const struct act_make *make, int result);
/* Somebody uses a disk of it as soon as it has gone. */
void taken_disturb(struct sim *s, const struct map_truth *m);
/* There was an owner, as the core was told. */
void taken_excuse(struct sim *s);
/* The word is over: what it had taken is there again when it was refused. */
void taken_strike(struct sim *s, uint64_t word);
/* Of the words that the next daemon was told of. */
void taken_tell(struct sim *s);

/* gap */
void gaps_sent(struct sim *s, const struct action *a);
void gaps_clerk(struct sim *s, const struct event *e);
/* What a daemon before this one kept out. */
void gaps_tell(struct sim *s);
/* What the target behind a host says of a number, asked for it. */
enum lun_word gaps_list(struct sim *s, uint32_t host, uint64_t lun);
/* An operator has LUNs looked for: there, or (NULL) everywhere. */
void gaps_note_left(struct sim *s, uint64_t ino);
void gaps_note_rescan(struct sim *s, const char *name);
bool oracle_is_kept_out(const struct sim *s, uint32_t host, uint32_t lun);
bool oracle_will_be_kept_out(const struct sim *s, uint64_t ino);
void oracle_gaps(struct sim *s);
void oracle_gaps_peace(struct sim *s);

/* helpers */
void helpers_act(void *arg, const struct action *a);
void helpers_answer(struct sim *s, const struct event *e);
void helpers_say(struct sim *s, const struct event *e);
void helpers_lose(struct sim *s, enum helper_kind helper, uint32_t host);
void helpers_forget_all(struct sim *s);
struct handle *helpers_handle(struct sim *s, path_id id);

/* hands */
struct hand_truth *hands_of_path(struct sim *s, path_id id);
void hands_begin(struct sim *s, const struct action *a);
void hands_begin_scan(struct sim *s, const struct action *a);
void hands_push(struct sim *s, enum event_kind kind, uint32_t index, instant at);
void hands_act(struct sim *s, uint32_t index);
void hands_ended(struct sim *s, uint32_t index);
void hands_lose(struct sim *s);
/* It woke up late: what it was answered is old. */
void hands_refuse(struct sim *s, uint32_t index);

/* disturb */
void disturb(struct sim *s);
/* The time of the next one is set. */
void disturb_next(struct sim *s);
const struct deed *disturb_deed(uint32_t number); /* NULL: there are not so many */

/* oracle */
#define REQUIRE(condition, promise, h, l)                                                          \
	do {                                                                                       \
		if (!(condition))                                                                  \
			sim_fail(s, "%s: %u:0:0:%u: %s", promise, h, l, #condition);               \
	} while (0)

/* Was it told of another logical unit of that nexus that answers? */
bool oracle_neighbour_answers(const struct sim *s, uint32_t host, uint32_t lun);
void oracle_action(struct sim *s, const struct action *a);
void oracle_sent_scan(struct sim *s, const struct hand_truth *hand);
void oracle_sent_reread(struct sim *s, const struct hand_truth *hand);
void oracle_sent(struct sim *s, const struct action *a, struct hand_truth *hand);
void oracle_fence_sent(struct sim *s, const struct action *a, struct hand_truth *hand);
void oracle_fence(struct sim *s, const struct hand_truth *hand);
/* A scan is about to bring a device to an address. */
void oracle_back(struct sim *s, const struct hand_truth *hand, uint32_t host, uint32_t lun);
void oracle_write(struct sim *s, const struct hand_truth *hand, bool refused);
/* The neighbour deletes what is at an address, and meant this one. */
void oracle_owner_deletes(struct sim *s, uint32_t host, uint32_t lun, uint64_t meant);
/* The handles of a path are given back, or opened. */
void oracle_given_back(struct sim *s, const struct action *a);
void oracle_watched(struct sim *s, const struct action *a);
void oracle_told(struct sim *s, uint32_t host, uint32_t lun, const struct observation *o);
/* peace */
/* Once a second: nobody waits because another does, and nobody does I/O to a stranger for long. */
void oracle_stranger(struct sim *s, uint32_t h, uint32_t l);
void oracle_second(struct sim *s);
/* Who is told that his paths are there was not deceived. */
void oracle_waits(struct sim *s);
/* Half of the time is enough to know what there is. */
void oracle_half_peace(struct sim *s);
void oracle_peace(struct sim *s);
bool peace_all_paths_changed(const struct sim *s, int map);
bool peace_host_is_hung(const struct sim *s, uint32_t host);
bool peace_any_host_is_hung(const struct sim *s);
