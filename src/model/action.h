/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Everything that can be done, as one flat tagged value. An action carries its own conditions (what
 * must still be true at the moment of the deed), so that whoever performs it needs no opinion.
 */
#include "base/clock.h"
#include "base/devt.h"
#include "model/observation.h"
#include "model/path_id.h"
#include "scsi/place.h"

struct text;

enum action_kind {
	ACT_READ_DEVICES, /* scout: every SCSI device; ends with OBS_DEVICES_END */
	ACT_LOOK,	  /* scout: the device at this sysfs directory */
	ACT_ASK_OWNER,	  /* is a multipathd running, and what is its word on purging? */
	ACT_WATCH,	  /* keeper: open and pin the handles of this device */
	ACT_FORGET,	  /* keeper: close them; with a number OBS_WATCHED says that they are */
	ACT_CHECK,	  /* keeper: TEST UNIT READY, and what else is wished; or only a look */
	ACT_FIND_HOLDERS, /* scanner */
	ACT_READ_MAPS,	  /* dm: every multipath map; ends with OBS_MAPS_END */
	ACT_FAIL_PATH,	  /* dm hand: the target message fail_path */
	ACT_REMOVE_MAP,	  /* by the owner; by a dm hand when nobody owns it */
	ACT_RESIZE_MAP,	  /* the same; to more than it has */
	ACT_TAKE_PATH,	  /* the same; out of a map, and out of its owner's sight */
	ACT_GIVE_PATH,	  /* the same; back to where it was taken from */
	ACT_MAKE_MAP,	  /* dm hand: again, one that it had removed by a word to detach */
	ACT_DELETE,	  /* hand: re-ask, claim, write */
	ACT_FENCE,	  /* hand: set the device offline */
	ACT_SCAN,	  /* scan hand: write the host's scan file */
	ACT_REREAD,	  /* scan hand: re-ask who it is, write the device's rescan file */
	ACT_KEEP_OUT,	  /* clerk: what is kept out, for udev and the next daemon */
	ACT_LET_IN,	  /* clerk: it is, no longer */
	ACT_WRITE_DOWN,	  /* clerk: a word to detach, for the next daemon */
	ACT_STRIKE_OUT,	  /* clerk: it is over */
	ACTION_KINDS
};

struct action {
	enum action_kind kind;
	uint64_t id; /* comes back in the observation; 0: no answer is expected */
	path_id path;
	union {
		struct act_look {
			char sysfs[MAX_SYSFS];
		} look;
		struct act_watch {
			char sysfs[MAX_SYSFS];
			uint64_t ino;
			uint32_t host;
			struct devt devt, sg;
		} watch;
		struct act_check {
			uint32_t host;
			bool ask_inquiry;
			bool ask_identity; /* page 83h, or 80h */
			bool only_look;	   /* at the device's state; no command is sent */
			bool seek;	   /* ask its target whether it lists this number */
			uint64_t lun;
			uint32_t timeout_ms; /* given to the kernel: the device's own; 0: its
						default */
		} check;
		struct act_holders {
			struct devt devt;
			struct devt map; /* major 0: in no map */
			char dev[MAX_NAME];
			uint32_t deadline_ms;
		} holders;
		struct act_map {
			struct devt map, member;
			char name[MAX_MAP_NAME];
			char uuid[MAX_MAP_NAME + 16];
			bool owned;	      /* a multipathd is running */
			uint64_t sectors;     /* that it is to have */
			uint64_t word;	      /* to detach: unused partitions go with it, and
						 how it is made again is written down; 0: none */
			char dev[MAX_NAME];   /* of the member: by which its owner knows it ... */
			uint64_t ino;	      /* ... and by which it is the one that is meant */
			bool carried;	      /* another path carries on a map that is used */
			uint32_t deadline_ms; /* nothing is begun later; 0: whenever it is */
			uint64_t boot_ms;     /* when it was handed out: by whoever does that */
		} map;
		struct act_make {
			uint64_t word;
			char uuid[MAX_MAP_NAME + 16];
			uint32_t deadline_ms; /* as of a map's */
			uint64_t boot_ms;
			uint32_t n_members; /* that may be in it */
			struct act_member {
				struct devt devt;
				uint64_t ino; /* of the SCSI device behind that number */
			} members[MAX_MEMBERS];
		} make;
		struct act_delete {
			uint32_t host;
			bool claim;	   /* in no map: hold an exclusive claim across the write */
			bool by_qualifier; /* the verdict was INQUIRY's qualifier, not 05/25/00 */
			bool fenced;	   /* its identity changed: offline, and not asked again */
			bool detached;	   /* an operator's word: it is there, and not asked */
			struct devt devt;
			uint32_t deadline_ms;
		} del;
		struct act_fence {
			uint32_t host;
			uint32_t deadline_ms;
			uint64_t ino; /* by which, and where, it is known again after a restart */
			char sysfs[MAX_SYSFS];
			char found[MAX_WWID]; /* to what it leads */
		} fence;
		struct act_scan {
			struct place place;
			char sysfs[MAX_SYSFS]; /* the host's directory, and its inode */
			uint64_t ino;
		} scan;
		struct act_reread {
			struct act_watch device;
			char wwid[MAX_WWID]; /* that it gives itself */
		} reread;
		struct act_gap {
			struct obs_gap gap;
			char sysfs[MAX_SYSFS]; /* of the device that is kept out */
		} gap;
		struct obs_detaching word;
	};
};

size_t action_size(const struct action *a);
/* Is it an action, whoever sent it? */
bool action_is_sound(const struct action *a);
void action_print(const struct action *a, struct text *out);
int action_parse(const char *line, struct action *ret);
/* Of an action that is a hand's or a scan hand's: on which SCSI host. */
uint32_t action_hand_host(const struct action *a);
/* Of a hand's: after how long it must not begin. */
uint32_t action_hand_deadline_ms(const struct action *a);

const char *action_name(enum action_kind kind);
