/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rows. To act on a keyword that is only known so far: give it a field in struct settings, a
 * name in enum setting, and KEPT_IN() here; to guard devices by it, a safe value.
 *
 * The safe value of a keyword is the one with which less is removed and less is read or written
 * through a doubtful path, whatever the operator meant to write.
 */
#include "config/keywords.h"

#include <string.h>

#include "base/cleanup.h"
#include "config/value.h"

#define IN(section) (1u << SECTION_##section)

#define D	   IN(DEFAULTS)
#define V	   IN(DEVICE)
#define O	   IN(OVERRIDES)
#define M	   IN(MULTIPATH)
#define P	   IN(PROTOCOL)
#define EVERYWHERE (D | V | O | M)
#define LISTS	   (IN(BLACKLIST) | IN(EXCEPTIONS))
#define LISTED	   (IN(BLACKLIST_DEVICE) | IN(EXCEPTIONS_DEVICE))

#define INT_MOST 2147483647
#define DAY	 86400

#define NUMBER(from, to)	  .type = TYPE_NUMBER, .min = (from), .max = (to)
#define COUNT(from, to)		  .type = TYPE_COUNT, .min = (from), .max = (to)
#define CHOICE(list)		  .type = TYPE_CHOICE, .choices = (list)
#define CHOICE_OR(list, from, to) CHOICE(list), .min = (from), .max = (to)
#define YES_NO			  CHOICE(yes_no)
#define OFF_OR_NUMBER		  CHOICE_OR(no_or_zero, 1, INT_MOST)
#define TEXT			  .type = TYPE_TEXT
#define ARGUMENTS(at)		  .type = TYPE_ARGUMENTS, .min = (at)
#define FLAGS(f)		  .flags = KEYWORD_##f
#define BUILT_IN(text)		  .built_in = (text)
#define SAFE(text)		  .safe = (text)
#define HELP(text)		  .help = (text)
#define KEPT_IN(field, name)                                                                       \
	.setting = SETTING_##name, .offset = offsetof(struct settings, field),                     \
	.size = sizeof(((struct settings *)NULL)->field)

static const struct choice yes_no[] = { { "yes", 1 }, { "no", 0 }, { "1", 1 }, { "0", 0 },
	{ NULL, 0 } };
static const struct choice off[] = { { "off", -1 }, { NULL, 0 } };
static const struct choice no_or_zero[] = { { "no", 0 }, { "0", 0 }, { NULL, 0 } };
static const struct choice no_delimiter[] = { { "/UNSET/", 0 }, { NULL, 0 } };
static const struct choice most[] = { { "max", -1 }, { NULL, 0 } };
static const struct choice no_limit[] = { { "infinity", 4294967295 }, { NULL, 0 } };
static const struct choice modes[] = { { "observe", MODE_OBSERVE }, { "manage", MODE_MANAGE },
	{ NULL, 0 } };
static const struct choice purge_actions[] = { { "remove", PURGE_ACTION_REMOVE },
	{ "report", PURGE_ACTION_REPORT }, { NULL, 0 } };
static const struct choice purge_owners[] = { { "auto", PURGE_OWNER_AUTO },
	{ "pathkeeper", PURGE_OWNER_PATHKEEPER }, { NULL, 0 } };
static const struct choice identity_fences[] = { { "report", IDENTITY_FENCE_REPORT },
	{ "fail", IDENTITY_FENCE_FAIL }, { "remove", IDENTITY_FENCE_REMOVE }, { NULL, 0 } };
static const struct choice once_or_always[] = { { "once", 1 }, { "always", 0 }, { NULL, 0 } };
static const struct choice single_paths[] = { { "off", 0 }, { "on", 1 }, { "strict", 2 },
	{ "greedy", 3 }, { "smart", 4 }, { "no", 0 }, { "0", 0 }, { "yes", 1 }, { "1", 1 },
	{ NULL, 0 } };
static const struct choice marginal_groups[] = { { "off", 0 }, { "on", 1 }, { "fpin", 2 },
	{ "no", 0 }, { "0", 0 }, { "yes", 1 }, { "1", 1 }, { NULL, 0 } };
static const struct choice flushes[] = { { "unused", 0 }, { "always", 1 }, { "never", 2 },
	{ "yes", 1 }, { "1", 1 }, { "no", 0 }, { "0", 0 }, { NULL, 0 } };
static const struct choice resizes[] = { { "never", 0 }, { "grow_only", 1 }, { "grow_shrink", 2 },
	{ NULL, 0 } };
static const struct choice weights[] = { { "uniform", 0 }, { "priorities", 1 }, { NULL, 0 } };
static const struct choice failbacks[] = { { "manual", -1 }, { "immediate", -2 },
	{ "followover", -3 }, { NULL, 0 } };
static const struct choice retries[] = { { "fail", 0 }, { "queue", -1 }, { "0", 0 }, { NULL, 0 } };
static const struct choice vendor_pages[] = { { "undef", 0 }, { "hp3par", 1 }, { NULL, 0 } };
static const struct choice groupings[] = { { "failover", 0 }, { "multibus", 1 },
	{ "group_by_serial", 2 }, { "group_by_prio", 3 }, { "group_by_node_name", 4 },
	{ "group_by_tpg", 5 }, { NULL, 0 } };
static const struct choice protocols[] = { { "undef", 0 }, { "ccw", 1 }, { "cciss", 2 },
	{ "scsi:fcp", 3 }, { "scsi:spi", 4 }, { "scsi:ssa", 5 }, { "scsi:sbp", 6 },
	{ "scsi:srp", 7 }, { "scsi:iscsi", 8 }, { "scsi:sas", 9 }, { "scsi:adt", 10 },
	{ "scsi:ata", 11 }, { "scsi:usb", 12 }, { "scsi:unspec", 13 }, { "nvme:pcie", 14 },
	{ "nvme:rdma", 15 }, { "nvme:fc", 16 }, { "nvme:tcp", 17 }, { "nvme:loop", 18 },
	{ "nvme:apple-nvme", 19 }, { "nvme:unspec", 20 }, { NULL, 0 } };

/* clang-format off */
static const struct keyword rows[] = {
	/* what an entry applies to */
	{ "wwid", TEXT, .sections = M, FLAGS(SELECTS),
	  HELP("the WWID this entry is for, compared exactly") },
	{ "type", CHOICE(protocols), .sections = P, FLAGS(SELECTS),
	  HELP("the protocol this entry is for") },
	{ "vendor", TEXT, .sections = V, FLAGS(SELECTS),
	  HELP("pattern for the vendor of INQUIRY") },
	{ "product", TEXT, .sections = V, FLAGS(SELECTS),
	  HELP("pattern for the product of INQUIRY") },
	{ "revision", TEXT, .sections = V, FLAGS(SELECTS),
	  HELP("pattern for the revision of INQUIRY") },
	{ "product_blacklist", .type = TYPE_PATTERN, .sections = V,
	  FLAGS(MUST_PARSE) | KEYWORD_SELECTS,
	  HELP("exclude the products of this vendor that match") },
	{ "alias", .type = TYPE_NAME, .sections = M, HELP("name of the map") },

	/* the daemon */
	{ "mode", CHOICE(modes), .sections = D,
	  BUILT_IN("observe"), SAFE("observe"), KEPT_IN(mode, MODE)
	  ,
	  HELP("observe: leave maps to their owner; manage: own them") },
	{ "verbosity", NUMBER(0, 4), .sections = D, BUILT_IN("2"), FLAGS(IDLE),
	  KEPT_IN(verbosity, VERBOSITY),
	  HELP("how much is logged") },
	{ "polling_interval", COUNT(1, DAY), .sections = D, BUILT_IN("5"),
	  KEPT_IN(polling_interval_s, POLLING_INTERVAL),
	  HELP("seconds between checks of a path that is not stable") },
	{ "max_polling_interval", COUNT(0, DAY), .sections = D,
	  KEPT_IN(max_polling_interval_s, MAX_POLLING_INTERVAL),
	  HELP("bound of the interval, which doubles while a path is good; unset or 0: 4"
	       " times polling_interval") },
	{ "checker_timeout", NUMBER(0, INT_MOST), .sections = D, BUILT_IN("0"),
	  KEPT_IN(checker_timeout_s, CHECKER_TIMEOUT),
	  HELP("seconds until a check counts as unanswered; 0: 30, or the device's own timeout"
	       " where that is shorter") },
	{ "path_checker", .type = TYPE_TEXT, .max = 31, .sections = D | V | O, BUILT_IN("tur"),
	  FLAGS(IDLE), KEPT_IN(path_checker, PATH_CHECKER),
	  HELP("accepted and shown; every check is TEST UNIT READY") },
	{ "checker", .type = TYPE_TEXT, .max = 31, .sections = D | V | O,
	  FLAGS(IDLE), KEPT_IN(path_checker, PATH_CHECKER), HELP("another name of path_checker") },
	{ "allow_usb_devices", YES_NO, .sections = D, BUILT_IN("no"),
	  FLAGS(IDLE), KEPT_IN(allow_usb_devices, ALLOW_USB_DEVICES),
	  HELP("ask devices behind USB too") },

	{ "uid_attribute", TEXT, .sections = D | V | O, BUILT_IN("ID_SERIAL"), FLAGS(ASKED_FOR),
	  HELP("udev property of the WWID; a device that has it is asked only if an exception"
	       " for another of its properties fits; empty: that does not matter") },
	{ "uid_attrs", .type = TYPE_ATTRIBUTES, .sections = D, FLAGS(ASKED_FOR),
	  HELP("the same by the beginning of a device's name, stronger than uid_attribute") },

	/* what the array took away */
	{ "purge_disconnected", YES_NO, .sections = EVERYWHERE, BUILT_IN("no"), SAFE("no"),
	  KEPT_IN(purge_disconnected, PURGE_DISCONNECTED),
	  HELP("remove a path whose logical unit no longer exists") },
	{ "purge_action", CHOICE(purge_actions), .sections = EVERYWHERE,
	  BUILT_IN("remove"), SAFE("report")
	  ,
	  KEPT_IN(purge_action, PURGE_ACTION),
	  HELP("report: go all the way up to the removal, and say so") },
	{ "purge_checks", NUMBER(1, 100), .sections = EVERYWHERE, BUILT_IN("2"), SAFE("100"),
	  KEPT_IN(purge_checks, PURGE_CHECKS), HELP("agreeing answers needed before a removal") },
	{ "purge_delay", NUMBER(0, 7 * DAY), .sections = EVERYWHERE, BUILT_IN("0"), SAFE("604800"),
	  KEPT_IN(purge_delay_s, PURGE_DELAY),
	  HELP("seconds to wait after a path was found disconnected") },
	{ "purge_grace", NUMBER(0, DAY), .sections = EVERYWHERE, BUILT_IN("60"), SAFE("86400"),
	  KEPT_IN(purge_grace_s, PURGE_GRACE),
	  HELP("seconds to wait after the transport came back") },
	{ "purge_last_path", YES_NO, .sections = EVERYWHERE, BUILT_IN("no"), SAFE("no"),
	  KEPT_IN(purge_last_path, PURGE_LAST_PATH),
	  HELP("also the last path of a map, after the map") },
	{ "purge_single_path", YES_NO, .sections = EVERYWHERE, BUILT_IN("no"), SAFE("no"),
	  KEPT_IN(purge_single_path, PURGE_SINGLE_PATH),
	  HELP("also a disk that belongs to no map") },
	{ "purge_limit", NUMBER(1, 10000), .sections = D, BUILT_IN("60"), SAFE("1"),
	  KEPT_IN(purge_limit, PURGE_LIMIT),
	  HELP("removals within a minute; more are held back") },
	{ "purge_share", NUMBER(1, 100), .sections = D, BUILT_IN("50"), SAFE("1"),
	  KEPT_IN(purge_share_percent, PURGE_SHARE),
	  HELP("percent of one array's units removed within a minute; more are held back") },
	{ "purge_owner", CHOICE(purge_owners), .sections = EVERYWHERE, BUILT_IN("auto"),
	  SAFE("auto"), KEPT_IN(purge_owner, PURGE_OWNER),
	  HELP("who is to purge a map that multipathd purges, too") },
	{ "protect", YES_NO, .sections = M, BUILT_IN("no"), SAFE("yes"), KEPT_IN(protect, PROTECT),
	  HELP("never remove a path of this WWID") },
	{ "identity_fence", CHOICE(identity_fences), .sections = EVERYWHERE,
	  BUILT_IN("fail"), SAFE("fail")
	  ,
	  KEPT_IN(identity_fence, IDENTITY_FENCE),
	  HELP("what becomes of a path that leads to another unit") },
	{ "fence_limit", NUMBER(1, 1000), .sections = D, BUILT_IN("4"), SAFE("4"),
	  KEPT_IN(fence_limit, FENCE_LIMIT),
	  HELP("more identities that change at once are reported and held") },
	{ "identity_interval", NUMBER(1, 1000), .sections = D, BUILT_IN("4"), SAFE("1"),
	  KEPT_IN(identity_interval_checks, IDENTITY_INTERVAL),
	  HELP("ask for the identity with every such check") },
	{ "rescan_on_lun_change", YES_NO, .sections = EVERYWHERE, BUILT_IN("no"), SAFE("no"),
	  KEPT_IN(rescan_on_lun_change, RESCAN_ON_LUN_CHANGE),
	  HELP("scan back what was purged when the target reports a change") },
	{ "rescan_interval", NUMBER(0, DAY), .sections = D, BUILT_IN("0"), SAFE("0"),
	  KEPT_IN(rescan_interval_s, RESCAN_INTERVAL),
	  HELP("seconds between scans where no LUN is left that could tell of others; 0: never") },
	{ "node_cache_limit", NUMBER(0, INT_MOST), .sections = D, BUILT_IN("0"),
	  KEPT_IN(node_cache_limit, NODE_CACHE_LIMIT),
	  HELP("devices whose handles are open before those that nobody uses are closed; 0: any number") },
	{ "detach_hold", NUMBER(0, DAY), .sections = D, BUILT_IN("900"), SAFE("900"),
	  KEPT_IN(detach_hold_s, DETACH_HOLD),
	  HELP("seconds for which what was detached is kept out; 0: it may come back at once") },

	/* known, not acted on: the daemon */
	{ "reassign_maps", YES_NO, .sections = D, BUILT_IN("no"),
	  HELP("let dm devices on paths use the map") },
	{ "max_fds", CHOICE_OR(most, 0, INT_MOST), .sections = D, BUILT_IN("max"),
	  HELP("open files of the daemon") },
	{ "queue_without_daemon", YES_NO, .sections = D, BUILT_IN("no"),
	  HELP("keep queueing when the daemon stops") },
	{ "max_retries", CHOICE_OR(off, 0, 5), .sections = D,
	  HELP("retries of the SCSI disk driver") },
	{ "log_checker_err", CHOICE(once_or_always), .sections = D, BUILT_IN("always"),
	  HELP("how often a failed check is logged") },
	{ "force_sync", YES_NO, .sections = D, BUILT_IN("no"), HELP("check synchronously") },
	{ "strict_timing", YES_NO, .sections = D, BUILT_IN("no"), HELP("check on full seconds") },
	{ "partition_delimiter", .type = TYPE_NAME, .choices = no_delimiter, .sections = D,
	  HELP("between alias and partition number") },
	{ "find_multipaths", CHOICE(single_paths), .sections = D, BUILT_IN("strict"),
	  HELP("when a single path becomes a map") },
	{ "find_multipaths_timeout", NUMBER(-INT_MOST, INT_MOST), .sections = D, BUILT_IN("-10"),
	  HELP("seconds that smart waits for a second path") },
	{ "uxsock_timeout", NUMBER(4000, INT_MOST), .sections = D, BUILT_IN("4000"),
	  HELP("milliseconds for a command") },
	{ "retrigger_tries", NUMBER(0, INT_MOST), .sections = D, BUILT_IN("3"),
	  HELP("change events asked for a path without WWID") },
	{ "retrigger_delay", NUMBER(0, INT_MOST), .sections = D, BUILT_IN("10"),
	  HELP("seconds before such an event") },
	{ "missing_uev_wait_timeout", NUMBER(0, INT_MOST), .sections = D, BUILT_IN("30"),
	  HELP("seconds to wait for the event of a new map") },
	{ "remove_retries", NUMBER(0, INT_MOST), .sections = D, BUILT_IN("0"),
	  HELP("more attempts to remove a map") },
	{ "auto_resize", CHOICE(resizes), .sections = D, BUILT_IN("never"),
	  HELP("resize maps when their paths change") },
	{ "enable_foreign", .type = TYPE_PATTERN, .sections = D, BUILT_IN("NONE"),
	  HELP("foreign multipath stacks to show") },
	{ "marginal_pathgroups", CHOICE(marginal_groups), .sections = D, BUILT_IN("off"),
	  HELP("what becomes of shaky paths") },

	/* known, not acted on: paths */
	{ "recheck_wwid", YES_NO, .sections = D | V | O, BUILT_IN("no"),
	  HELP("compare the WWID of a path that comes back") },
	{ "detect_checker", YES_NO, .sections = D | V | O, BUILT_IN("yes"),
	  HELP("choose the checker by the device") },
	{ "prio", TEXT, .sections = EVERYWHERE, BUILT_IN("const"),
	  HELP("how the priority of a path is found") },
	{ "prio_args", .type = TYPE_TEXT, .max = 254, .sections = EVERYWHERE, BUILT_IN(""),
	  HELP("arguments of prio") },
	{ "detect_prio", YES_NO, .sections = D | V | O, BUILT_IN("yes"),
	  HELP("choose prio by the device") },
	{ "vpd_vendor", CHOICE(vendor_pages), .sections = V, BUILT_IN("undef"),
	  HELP("vendor page to decode") },

	/* known, not acted on: maps */
	{ "path_grouping_policy", .type = TYPE_PREFIX, .choices = groupings, .sections = EVERYWHERE,
	  BUILT_IN("failover"),
	  HELP("how paths form groups") },
	{ "detect_pgpolicy", YES_NO, .sections = D | V | O, BUILT_IN("yes"),
	  HELP("group by priority where all paths have ALUA") },
	{ "detect_pgpolicy_use_tpg", YES_NO, .sections = D | V | O, BUILT_IN("no"),
	  HELP("then by target port group") },
	{ "path_selector", ARGUMENTS(1), .sections = EVERYWHERE, BUILT_IN("service-time 0"),
	  HELP("path selector of the kernel and its arguments") },
	{ "features", ARGUMENTS(0), .sections = EVERYWHERE, BUILT_IN("0"),
	  HELP("features of the map, counted") },
	{ "hardware_handler", ARGUMENTS(0), .sections = V, BUILT_IN("0"),
	  HELP("hardware handler of the kernel, counted") },
	{ "retain_attached_hw_handler", YES_NO, .sections = D | V | O, BUILT_IN("yes"),
	  HELP("keep the handler the kernel attached") },
	{ "rr_min_io", NUMBER(0, INT_MOST), .sections = EVERYWHERE, BUILT_IN("1000"),
	  FLAGS(ZERO_UNSETS),
	  HELP("requests to a path before the next (old kernels)") },
	{ "rr_min_io_rq", NUMBER(0, INT_MOST), .sections = EVERYWHERE, BUILT_IN("1"),
	  FLAGS(ZERO_UNSETS),
	  HELP("requests to a path before the next") },
	{ "rr_weight", CHOICE(weights), .sections = EVERYWHERE, BUILT_IN("uniform"),
	  HELP("weigh paths by priority") },
	{ "failback", CHOICE_OR(failbacks, 0, INT_MOST), .sections = EVERYWHERE, BUILT_IN("manual"),
	  HELP("when the best group is used again") },
	{ "no_path_retry", CHOICE_OR(retries, 1, INT_MOST), .sections = EVERYWHERE,
	  HELP("how long I/O waits when no path is left") },
	{ "flush_on_last_del", CHOICE(flushes), .sections = EVERYWHERE, BUILT_IN("unused"),
	  HELP("stop queueing when the last path is deleted") },
	{ "deferred_remove", YES_NO, .sections = EVERYWHERE, BUILT_IN("no"),
	  HELP("remove a map at its last close") },
	{ "skip_kpartx", YES_NO, .sections = EVERYWHERE, BUILT_IN("no"),
	  HELP("no devices for partitions") },
	{ "alias_prefix", .type = TYPE_NAME, .sections = D | V | O, BUILT_IN("mpath"),
	  HELP("begin of generated names") },
	{ "user_friendly_names", YES_NO, .sections = EVERYWHERE, BUILT_IN("no"),
	  HELP("generate names") },
	{ "mode", .type = TYPE_OCTAL, .min = 0, .max = 0777, .sections = D | M, FLAGS(OF_NODE),
	  HELP("permissions of the map's device") },
	{ "uid", TEXT, .sections = D | M, FLAGS(OF_NODE), HELP("owner of the map's device") },
	{ "gid", TEXT, .sections = D | M, FLAGS(OF_NODE), HELP("group of the map's device") },
	{ "max_sectors_kb", NUMBER(0, INT_MOST), .sections = EVERYWHERE, BUILT_IN("0"),
	  FLAGS(ZERO_UNSETS), HELP("largest request to a path; 0: the kernel's own") },
	{ "ghost_delay", OFF_OR_NUMBER, .sections = EVERYWHERE, BUILT_IN("no"),
	  HELP("seconds a map of standby paths waits") },
	{ "reservation_key", .type = TYPE_KEY, .sections = D | M, FLAGS(MUST_PARSE),
	  HELP("persistent reservation key") },
	{ "all_tg_pt", YES_NO, .sections = D | V | O, BUILT_IN("no"),
	  HELP("register keys at all target ports") },

	/* known, not acted on: transports */
	{ "fast_io_fail_tmo", CHOICE_OR(off, 0, INT_MOST), .sections = D | V | O | P, BUILT_IN("5"),
	  HELP("seconds until I/O to a lost port fails") },
	{ "dev_loss_tmo", CHOICE_OR(no_limit, 0, 4294967295), .sections = D | V | O | P,
	  FLAGS(ZERO_UNSETS), HELP("seconds until a lost port is removed") },
	{ "eh_deadline", CHOICE_OR(off, 0, INT_MOST), .sections = D | V | O | P,
	  HELP("seconds the error handler may take") },

	/* known, not acted on: shaky paths */
	{ "delay_watch_checks", OFF_OR_NUMBER, .sections = EVERYWHERE,
	  BUILT_IN("no"),
	  HELP("checks a returned path is watched") },
	{ "delay_wait_checks", OFF_OR_NUMBER, .sections = EVERYWHERE,
	  BUILT_IN("no"),
	  HELP("checks a shaky path must pass") },
	{ "san_path_err_threshold", OFF_OR_NUMBER, .sections = EVERYWHERE,
	  BUILT_IN("no"),
	  HELP("failures that make a path shaky") },
	{ "san_path_err_forget_rate", OFF_OR_NUMBER, .sections = EVERYWHERE,
	  BUILT_IN("no"),
	  HELP("good checks that forget a failure") },
	{ "san_path_err_recovery_time", OFF_OR_NUMBER, .sections = EVERYWHERE,
	  BUILT_IN("no"),
	  HELP("seconds a shaky path is kept out") },
	{ "marginal_path_err_sample_time", CHOICE_OR(no_or_zero, 120, INT_MOST), .sections = EVERYWHERE,
	  BUILT_IN("no"),
	  HELP("seconds of the error rate test") },
	{ "marginal_path_err_rate_threshold", OFF_OR_NUMBER, .sections = EVERYWHERE,
	  BUILT_IN("no"),
	  HELP("errors in a thousand that make a path marginal") },
	{ "marginal_path_err_recheck_gap_time", OFF_OR_NUMBER, .sections = EVERYWHERE,
	  BUILT_IN("no"),
	  HELP("seconds until the test is repeated") },
	{ "marginal_path_double_failed_time", OFF_OR_NUMBER, .sections = EVERYWHERE,
	  BUILT_IN("no"),
	  HELP("two failures within these seconds start the test") },

	/* deprecated */
	{ "config_dir", TEXT, .sections = D, FLAGS(NO_EFFECT), HELP("deprecated") },
	{ "disable_changed_wwids", TEXT, .sections = D, FLAGS(NO_EFFECT), HELP("deprecated") },
	{ "multipath_dir", TEXT, .sections = D, FLAGS(NO_EFFECT), HELP("deprecated") },
	{ "bindings_file", TEXT, .sections = D, FLAGS(NO_EFFECT), HELP("deprecated") },
	{ "wwids_file", TEXT, .sections = D, FLAGS(NO_EFFECT), HELP("deprecated") },
	{ "prkeys_file", TEXT, .sections = D, FLAGS(NO_EFFECT), HELP("deprecated") },
	{ "getuid_callout", TEXT, .sections = D | V | O, FLAGS(NO_EFFECT), HELP("deprecated") },
	{ "pg_timeout", TEXT, .sections = D | V | M, FLAGS(NO_EFFECT), HELP("deprecated") },

	/* which devices are left alone */
	{ "devnode", TEXT, .sections = LISTS, FLAGS(MANY) | KEYWORD_SELECTS,
	  HELP("pattern for the name of the device") },
	{ "wwid", TEXT, .sections = LISTS, FLAGS(MANY) | KEYWORD_SELECTS,
	  HELP("pattern for the WWID") },
	{ "property", TEXT, .sections = LISTS, FLAGS(MANY) | KEYWORD_SELECTS,
	  HELP("pattern for the name of a udev property") },
	{ "protocol", TEXT, .sections = LISTS, FLAGS(MANY) | KEYWORD_SELECTS,
	  HELP("pattern for the protocol") },
	{ "vendor", TEXT, .sections = LISTED, FLAGS(SELECTS), HELP("pattern for the vendor") },
	{ "product", TEXT, .sections = LISTED, FLAGS(SELECTS), HELP("pattern for the product") },
};
/* clang-format on */

_Static_assert(ARRAY_SIZE(rows) <= KEYWORDS_MOST, "a set of keywords is an array of this size");

const struct keyword *keyword_at(size_t i)
{
	return i < ARRAY_SIZE(rows) ? &rows[i] : NULL;
}

/* One name may stand for two things in one section: mode is ours, and the permissions of a device
 * node for multipathd. What the value fits decides. */
const struct keyword *keyword_find(enum section section, const char *name, const char *value)
{
	const struct keyword *first = NULL;
	int64_t number;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!keyword_may_stand_in(&rows[i], section) || strcmp(rows[i].name, name) != 0)
			continue;
		if (value && value_parse(&rows[i], value, &number) == 0)
			return &rows[i];
		first = first ? first : &rows[i];
	}
	return first;
}

const struct keyword *keyword_with_default(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].built_in && strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

const struct keyword *keyword_of_setting(enum setting setting)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (keyword_has_field(&rows[i]) && rows[i].setting == setting)
			return &rows[i];
	return NULL;
}
