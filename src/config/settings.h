/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What is in force for one device: a plain value without pointers, to be copied and kept as long
 * as one likes. Each field has a keyword of the same name (without the unit) and an origin.
 */
#include <stdbool.h>
#include <stdint.h>

enum config_mode { MODE_OBSERVE, MODE_MANAGE };
enum purge_action { PURGE_ACTION_REMOVE, PURGE_ACTION_REPORT };
enum purge_owner { PURGE_OWNER_AUTO, PURGE_OWNER_PATHKEEPER };
enum identity_fence { IDENTITY_FENCE_REPORT, IDENTITY_FENCE_FAIL, IDENTITY_FENCE_REMOVE };

/* The keywords that have a field below. */
enum setting {
	SETTING_VERBOSITY,
	SETTING_POLLING_INTERVAL,
	SETTING_MAX_POLLING_INTERVAL,
	SETTING_CHECKER_TIMEOUT,
	SETTING_ALLOW_USB_DEVICES,
	SETTING_PATH_CHECKER,
	SETTING_PURGE_DISCONNECTED,
	SETTING_PURGE_ACTION,
	SETTING_PURGE_CHECKS,
	SETTING_PURGE_DELAY,
	SETTING_PURGE_GRACE,
	SETTING_PURGE_LIMIT,
	SETTING_PURGE_SHARE,
	SETTING_PURGE_LAST_PATH,
	SETTING_PURGE_SINGLE_PATH,
	SETTING_PURGE_OWNER,
	SETTING_PROTECT,
	SETTING_IDENTITY_FENCE,
	SETTING_FENCE_LIMIT,
	SETTING_IDENTITY_INTERVAL,
	SETTING_RESCAN_ON_LUN_CHANGE,
	SETTING_RESCAN_INTERVAL,
	SETTING_NODE_CACHE_LIMIT,
	SETTING_DETACH_HOLD,
	SETTING_MODE,
};
#define SETTINGS (SETTING_MODE + 1)

/* Where a value comes from; a later one beats an earlier one. */
enum layer {
	LAYER_BUILT_IN,
	LAYER_DEFAULTS,
	LAYER_HARDWARE, /* devices that are known without a file of the host */
	LAYER_DEVICES,
	LAYER_OVERRIDES,
	LAYER_PROTOCOL,
	LAYER_MULTIPATHS,
	LAYER_BLACKLIST, /* of a rule, never of a setting */
	LAYER_EXCEPTIONS,
};

struct origin {
	enum layer layer;
	uint16_t file; /* number among the files of the configuration */
	uint32_t line; /* 0: computed from other values, or built in */
};

struct settings {
	/* for the daemon: from the section defaults only */
	enum config_mode mode;
	uint32_t verbosity;		   /* 0..4 */
	uint32_t polling_interval_s;	   /* 1.. */
	uint32_t max_polling_interval_s;   /* polling_interval_s.. */
	uint32_t checker_timeout_s;	   /* 0: the device's own timeout, else 30 */
	uint32_t purge_limit;		   /* devices per minute, 1.. */
	uint32_t purge_share_percent;	   /* of one array's LUNs within a minute, 1..100 */
	uint32_t fence_limit;		   /* more paths at once are reported and held */
	uint32_t identity_interval_checks; /* identity is asked with every such check, 1.. */
	uint32_t rescan_interval_s;	   /* 0: never */
	uint32_t node_cache_limit;	   /* devices with open handles; 0: as many as there are */
	uint32_t detach_hold_s;		   /* 0: what was detached may come back at once */
	bool allow_usb_devices;

	/* for a device: defaults, devices, overrides, multipaths */
	bool purge_disconnected;
	bool purge_last_path;
	bool purge_single_path;
	bool rescan_on_lun_change;
	bool protect; /* multipaths only */
	enum purge_action purge_action;
	enum purge_owner purge_owner;
	enum identity_fence identity_fence;
	uint32_t purge_checks; /* agreeing answers before a removal, 1.. */
	uint32_t purge_delay_s;
	uint32_t purge_grace_s;
	char path_checker[32]; /* shown; every check is TEST UNIT READY */

	struct origin origins[SETTINGS];
};
