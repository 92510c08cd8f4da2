/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Everything that can be learned, as one flat tagged value: no pointers, so that it crosses process
 * borders as it is, and one text form, so that the same thing is logged, recorded, replayed and
 * compared. An observation states a fact and what it was about; it never says what to do.
 *
 * A device is named by its sysfs directory *and* that directory's inode number: kernfs never gives
 * the number to a successor at the same address, so the pair is one device and no other.
 */
#include "base/clock.h"
#include "base/devt.h"
#include "model/path_id.h"
#include "scsi/address.h"
#include "scsi/answer.h"

struct text;

enum {
	MAX_SYSFS = 224,
	MAX_NAME = 32, /* sdX, dm-N */
	MAX_WWID = 128,
	MAX_MAP_NAME = 128,
	MAX_ARRAY = 128,
	MAX_MEMBERS = 128,
	MAX_MAP_WORDS = 128,
	MAX_HOLDS = 16,
	MAX_INQUIRY = 64,
	MAX_PROPERTIES = 1536, /* about twice what udev knows of a disk on Fibre Channel */
	MAX_IDENTITY = 1024,   /* of a page that names the logical unit */
	MAX_SESSIONS = 64,
	MAX_BELOW = 64,		/* one component of a sysfs directory */
	MAX_OWNER_RULES = 4096, /* some fifty entries of multipaths */
	MAX_TABLE = 4096,	/* twice what a map of MAX_MEMBERS paths has */
};

enum observation_kind {
	OBS_TIME,	  /* nothing but the time (and whether we slept) */
	OBS_DEVICE,	  /* what sysfs says at one address, or that there is nothing */
	OBS_HOST,	  /* a SCSI host that a full reading came across */
	OBS_DEVICES_END,  /* a full reading is complete: what it did not mention is not there */
	OBS_UEVENT,	  /* a hint: something happened to this device */
	OBS_UEVENTS_LOST, /* the queue overflowed: read everything again */
	OBS_WATCHED,	  /* a keeper holds this path's handles now, or could not get them */
	OBS_CHECKED,	  /* a check ended */
	OBS_HUNG_UP,	  /* the kernel began to remove the device under its handles */
	OBS_HOLDERS,	  /* who uses a device */
	OBS_MAP,	  /* what the kernel says of one multipath map, or that there is none */
	OBS_MAPS_END,	  /* all maps were mentioned */
	OBS_OWNER,	  /* is a multipathd running? */
	OBS_HAND,	  /* a hand began: its pid */
	OBS_DONE,	  /* a deed ended */
	OBS_HELPER,	  /* a helper was born, or lost with all it was asked */
	OBS_REQUEST,	  /* a client's word */
	OBS_FENCED,	  /* a daemon before this one fenced this device */
	OBS_PRESSURE,	  /* processes wait for memory */
	OBS_KEPT_OUT,	  /* a daemon before this one keeps out what was detached */
	OBS_DETACHING,	  /* a daemon before this one was detaching this */
	OBS_TAKEN,	  /* ... and had removed this map, which was made so */
	OBSERVATION_KINDS
};

/* The SCSI device's own state attribute (facts: "created running cancel ..."). */
enum device_state {
	DEVICE_UNKNOWN,
	DEVICE_RUNNING,
	DEVICE_OFFLINE,
	DEVICE_TRANSPORT_OFFLINE,
	DEVICE_BLOCKED,
	DEVICE_QUIESCE,
	DEVICE_GOING, /* cancel, deleted, or the attribute is gone */
};

/* Of a device that is being removed, and can say no more than its address. */
enum { DEVICE_TYPE_UNKNOWN = 0xff };

/* The way to the device: session logged in, rport online. NONE: this transport has no such word. */
enum transport_state { TRANSPORT_NONE, TRANSPORT_UP, TRANSPORT_DOWN };

enum protocol {
	PROTOCOL_UNSPEC,
	PROTOCOL_ISCSI,
	PROTOCOL_FCP,
	PROTOCOL_SAS,
	PROTOCOL_SRP,
	PROTOCOL_VIRTIO,
	PROTOCOL_DEBUG,
	PROTOCOL_USB,
	PROTOCOL_ATA,
};

/* Is a number among those that a target lists for us? */
enum lun_word {
	LUN_NOT_ASKED,
	LUN_UNKNOWN, /* it did not say, or not all */
	LUN_LISTED,
	LUN_NOT_LISTED,
};

enum uevent_action { UEVENT_ADD, UEVENT_REMOVE, UEVENT_CHANGE, UEVENT_OTHER };

/* What a SCSI device's change event says of a unit attention (SDEV_UA=). */
enum attention {
	ATTENTION_NONE,
	ATTENTION_LUNS_CHANGED,	   /* 3F/0E */
	ATTENTION_INQUIRY_CHANGED, /* 3F/03 */
	ATTENTION_CAPACITY,	   /* 2A/09 */
	ATTENTION_RESET,	   /* 29/xx */
	ATTENTION_ACCESS_CHANGED,  /* 2A/06: the target fails over */
	ATTENTION_OTHER,
};

enum hold_kind {
	HOLD_OTHER,
	HOLD_MOUNT,
	HOLD_SWAP,
	HOLD_MAP, /* a device-mapper device on top */
	HOLD_MD,
	HOLD_BCACHE,
	HOLD_LOOP,
	HOLD_EXPORT, /* LIO, nvmet */
	HOLD_OPEN,   /* an open descriptor */
	HOLD_CLAIM,  /* the kernel says "busy" and names nobody */
};

struct hold {
	enum hold_kind kind;
	uint32_t pid;	/* 0: none */
	bool critical;	/* root, boot or swap: never to be taken away */
	bool udev;	/* a udev worker's short look */
	bool partition; /* a partition of the multipath map below it, and no use by itself */
	char what[96];	/* mount point, device, export */
	char comm[16];
};

enum helper_kind {
	HELPER_ZYGOTE,
	HELPER_KEEPER,
	HELPER_SCOUT,
	HELPER_SCANNER,
	HELPER_DM,
	HELPER_OWNER,
	HELPER_DM_HAND,
	HELPER_SCAN_HAND,
	HELPER_CLERK,
	HELPER_READER,
	HELPER_HAND
};
enum helper_event { HELPER_BORN, HELPER_LOST };

enum verb {
	VERB_CHECK,
	VERB_PURGE,
	VERB_HOLDERS,
	VERB_RESCAN,
	VERB_WAIT,
	VERB_GROW,
	VERB_CLEAN,
	VERB_DETACH,
};

enum {
	REQUEST_DRY_RUN = 1,
	REQUEST_HELD = 2, /* let go what the limits hold back */
	REQUEST_FENCED = 4,
	REQUEST_FORCE = 8, /* of a clean */
};

struct map_member {
	struct devt devt;
	bool active;	/* the kernel's A, not F */
	uint16_t group; /* from 1; 0: not known */
	uint32_t failures;
};

struct observation {
	enum observation_kind kind;
	int32_t result; /* 0 or negative errno: DEVICE, WATCHED, CHECKED, HOLDERS, DONE, MAP */
	instant at;
	path_id path;
	uint64_t action; /* the action that this answers; 0: unasked */
	union {
		struct obs_time {
			uint64_t slept_ms; /* the loop did not run for so long */
		} time;
		struct obs_device {
			bool present;
			char sysfs[MAX_SYSFS]; /* below /sys: "devices/.../3:0:0:1" */
			uint64_t ino;
			struct scsi_address address;
			uint32_t type; /* peripheral device type */
			enum protocol protocol;
			enum device_state state;
			enum transport_state transport;
			struct devt devt; /* of the block device; major 0: none */
			struct devt sg;
			char dev[MAX_NAME]; /* sdX, "" while there is no disk */
			char vendor[9], product[17], revision[5];
			char wwid[MAX_WWID];
			char udev_serial[MAX_WWID]; /* udev's ID_SERIAL of the disk */
			char array[MAX_ARRAY];	    /* target name, node name, or vendor:product */
			uint64_t size_sectors;

			/* Names of what udev knows of the disk, sorted, "A,B,C"; "" while it knows
			 * nothing. The last member: only what is used crosses a socket. */
			char properties[MAX_PROPERTIES];
		} device;
		struct obs_host {
			uint32_t number;
			char sysfs[MAX_SYSFS]; /* its directory: "devices/.../host3" */
			uint64_t ino;
			enum protocol protocol;
			char sessions[MAX_SESSIONS]; /* "session1 session2", as many as fit */
		} host;
		struct obs_uevent {
			enum uevent_action action;
			enum attention attention;
			char sysfs[MAX_SYSFS]; /* of the SCSI device it is about, may be cut */
			bool scsi_device;      /* of the device itself, not of a part of it */
			bool dm_path_failed;
			struct devt devt; /* dm path events: the path */
			uint64_t sequence;
		} uevent;
		struct obs_checked {
			enum device_state state;
			enum transport_state transport;
			bool asked; /* a command was sent (not when the state forbade it) */
			bool inquired;
			struct scsi_answer tur, inquiry;
			uint8_t inquiry_len;
			uint8_t inquiry_data[MAX_INQUIRY];
			uint32_t took_ms;
			enum lun_word sought;  /* of the number that was asked for */
			bool identified;       /* its identity was asked for, and it answered */
			uint16_t identity_len; /* 0: by a refusal */
			uint8_t identity_data[MAX_IDENTITY]; /* last: only what is there travels */
		} checked;
		struct obs_holders {
			bool complete;
			uint32_t n_holds; /* found; at most MAX_HOLDS are listed */
			struct hold holds[MAX_HOLDS];
		} holders;
		struct obs_map {
			bool present;
			struct devt devt;
			char name[MAX_MAP_NAME];
			char uuid[MAX_MAP_NAME + 16];
			uint32_t open_count;
			bool queues, suspended, read_only;
			uint64_t size_sectors;

			/* As the table has them: "1 queue_if_no_path", "1 alua", "service-time 0".
			 */
			char features[MAX_MAP_WORDS], handler[MAX_MAP_WORDS];
			char selector[MAX_MAP_WORDS]; /* "": not the same in all groups */

			/* A letter a group: A(ctive), E(nabled), D(isabled), "?" unknown. */
			char groups[MAX_MEMBERS + 1];
			uint32_t n_members;
			struct map_member members[MAX_MEMBERS];
		} map;
		struct obs_owner {
			bool running;
			uint32_t pid;
			bool knows_purge; /* its configuration has purge_disconnected */
			bool purges;	  /* ... and says yes somewhere */

			/* Where: the sections of it that decide, as a configuration; "" while it
			 * purges: everywhere, as far as is known. Last: only what is used crosses a
			 * socket. */
			char rules[MAX_OWNER_RULES];
		} owner;
		struct obs_hand {
			uint32_t pid;
			uint32_t host;
		} hand;
		struct obs_done {
			bool written;  /* the last step of the deed was begun */
			bool asked;    /* tur and inquiry hold what the hand was answered */
			uint8_t stage; /* which condition refused (enum hand_stage) */
			struct scsi_answer tur, inquiry;
			uint64_t sectors; /* of a device that was read again: its size now */
		} done;
		struct obs_helper {
			enum helper_kind helper;
			enum helper_event event;
			uint32_t host; /* of a keeper or hand */
			uint32_t pid;
		} helper;
		struct obs_request {
			uint64_t request;
			enum verb verb;
			uint32_t flags;
			uint64_t timeout_ms;   /* 0: none */
			uint32_t paths;	       /* of a wait: so many good ones */
			char below[MAX_BELOW]; /* of a clean: of the first level; "": all */
			char requester[48];
		} request;
		struct obs_fenced {
			uint64_t ino;
			char sysfs[MAX_SYSFS];
			char found[MAX_WWID];
		} fenced;
		struct obs_gap {
			struct scsi_address address; /* where it was ... */
			uint64_t ino;		     /* ... and which device that was */
			uint64_t youngest;	     /* device then; what came since is younger */
			bool everywhere;	     /* kept out wherever it comes; or only there */
			char wwid[MAX_WWID];	     /* "": it has none */
			instant since, until;
			char requester[48];
		} gap;
		struct obs_detaching {
			uint64_t number;       /* of the word, and of its record */
			char wwid[MAX_WWID];   /* a volume, or ... */
			char sysfs[MAX_SYSFS]; /* ... what is at and below this directory */
			uint64_t ino;	       /* of that directory; 0: not known yet */
			char name[MAX_SYSFS];  /* what the operator called it */
			char requester[48];
		} detaching;
		struct obs_taken {
			uint64_t word; /* by which */
			struct devt devt;
			char name[MAX_MAP_NAME];
			char uuid[MAX_MAP_NAME + 16];
			bool read_only;
			uint64_t sectors;
			char type[16];
			char params[MAX_TABLE]; /* last: only what is used crosses a socket */
		} taken;
	};
};

/* Where a hand stopped; the words are shown as reasons. */
enum hand_stage {
	STAGE_NONE,
	STAGE_LOCK,	 /* another hand is out on that host */
	STAGE_STATE,	 /* the device is not running */
	STAGE_TRANSPORT, /* the session or port is not up */
	STAGE_ASK,	 /* it answers again, or cannot be asked */
	STAGE_CLAIM,	 /* the kernel says it is in use */
	STAGE_DAEMON,	 /* the daemon is gone */
	STAGE_WRITE,
	STAGE_N
};

/* Bytes that matter of this observation; what crosses a socket. */
size_t observation_size(const struct observation *o);

/* Is it an observation, whoever sent it? What is not is never fed. */
bool observation_is_sound(const struct observation *o);

/* "checked path=3.1 at=1200 ..." and back. Parsing: 0, -EINVAL, -ENOMEM; *ret untouched on
 * failure. */
void observation_print(const struct observation *o, struct text *out);
int observation_parse(const char *line, struct observation *ret);

const char *observation_name(enum observation_kind kind);
const char *hold_kind_name(enum hold_kind kind);
const char *hand_stage_name(enum hand_stage stage);
const char *helper_kind_name(enum helper_kind helper);
const char *protocol_name(enum protocol protocol); /* "scsi:iscsi", as the peer prints it */
enum device_state device_state_from(const char *attribute);

const char *lun_word_name(enum lun_word word);

/* Who wants to know. */
typedef void (*observation_sink)(void *arg, const struct observation *o);
