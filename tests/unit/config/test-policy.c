/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reading.h"

#define EMC_HP	    "prio emc\npath_checker hp_sw\n"
#define HDS_3PAR    "prio hds\nvpd_vendor hp3par\n"
#define NOTHING_SET "prio=const path_checker=tur vpd_vendor=undef"
#define MERGED	    "prio=hds path_checker=hp_sw vpd_vendor=hp3par"
#define FIRST	    "prio=emc path_checker=hp_sw vpd_vendor=undef"

/* What is in force for a device; want names the keywords, "-" is unset. */
static const struct {
	const char *rule, *main_text, *drop_in;
	struct config_device device;
	const char *want;
} rows[] = {
	{ "nothing is set", "", NULL, DEVICE("foo", "bar"), NOTHING_SET },
	{ "an entry applies to its device", DEVICES(ENTRY("foo", "bar", "prio emc\n")), NULL,
		DEVICE("foo", "bar"), "prio=emc" },
	{ "... not to another product", DEVICES(ENTRY("foo", "bar", "prio emc\n")), NULL,
		DEVICE("foo", "baz"), "prio=const" },
	{ "... not to another vendor", DEVICES(ENTRY("foo", "bar", "prio emc\n")), NULL,
		DEVICE("boo", "bar"), "prio=const" },
	{ "quotation marks within a pattern", DEVICES(ENTRY("foo", "\"\"bar\"\"", "prio emc\n")),
		NULL, DEVICE("foo", "\"bar\""), "prio=emc" },
	{ "... must be there", DEVICES(ENTRY("foo", "\"\"bar\"\"", "prio emc\n")), NULL,
		DEVICE("foo", "bar"), "prio=const" },
	{ "an entry without product is dropped", DEVICES("device {\nvendor foo\nprio emc\n}\n"),
		NULL, DEVICE("foo", "bar"), "prio=const" },
	{ "... also in a drop-in", "", DEVICES("device {\nvendor foo\nprio emc\n}\n"),
		DEVICE("foo", "bar"), "prio=const" },
	{ "patterns: any letter", DEVICES(ENTRY("^.oo", "(bar|baz|ba\\.)$", "prio emc\n")), NULL,
		DEVICE("boo", "bar"), "prio=emc" },
	{ "patterns: case counts", DEVICES(ENTRY("^.oo", "(bar|baz|ba\\.)$", "prio emc\n")), NULL,
		DEVICE("foo", "BAR"), "prio=const" },
	{ "patterns: an anchor", DEVICES(ENTRY("^.oo", "(bar|baz|ba\\.)$", "prio emc\n")), NULL,
		DEVICE("bboo", "bar"), "prio=const" },
	{ "patterns: their own text does not fit",
		DEVICES(ENTRY("^.oo", "(bar|baz|ba\\.)$", "prio emc\n")), NULL,
		DEVICE(".oo", "(bar|baz|ba\\.)$"), "prio=const" },
	{ "a device takes from all entries that fit",
		DEVICES(ENTRY("^.oo", "(bar|baz|ba\\.)$", EMC_HP) ENTRY("foo", "bar", HDS_3PAR)),
		NULL, DEVICE("foo", "bar"), MERGED },
	{ "... and not from others",
		DEVICES(ENTRY("^.oo", "(bar|baz|ba\\.)$", EMC_HP) ENTRY("foo", "bar", HDS_3PAR)),
		NULL, DEVICE("foo", "baz"), FIRST },
	{ "... also across files", DEVICES(ENTRY("^.oo", "(bar|baz|ba\\.)$", EMC_HP)),
		DEVICES(ENTRY("foo", "bar", HDS_3PAR)), DEVICE("foo", "bar"), MERGED },
	{ "the later entry wins, however general",
		DEVICES(ENTRY("foo", "bar", HDS_3PAR) ENTRY("^.oo", "(bar|baz|ba\\.)$", EMC_HP)),
		NULL, DEVICE("foo", "bar"), "prio=emc path_checker=hp_sw vpd_vendor=hp3par" },
	{ "three entries, the middle one", DEVICES(ENTRY("foo", "ba.", EMC_HP)),
		DEVICES(ENTRY("foo", "bar", "prio hds\nuid_attribute BAZ_ATTR\n")
				ENTRY("foo", "barz", "prio rdac\nvpd_vendor hp3par\n")),
		DEVICE("foo", "bar"),
		"prio=hds uid_attribute=BAZ_ATTR path_checker=hp_sw vpd_vendor=undef" },
	{ "three entries, the first only", DEVICES(ENTRY("foo", "ba.", EMC_HP)),
		DEVICES(ENTRY("foo", "bar", "prio hds\nuid_attribute BAZ_ATTR\n")
				ENTRY("foo", "barz", "prio rdac\nvpd_vendor hp3par\n")),
		DEVICE("foo", "baz"), "prio=emc uid_attribute=ID_SERIAL path_checker=hp_sw" },
	{ "three entries, all: patterns are searched", DEVICES(ENTRY("foo", "ba.", EMC_HP)),
		DEVICES(ENTRY("foo", "bar", "prio hds\nuid_attribute BAZ_ATTR\n")
				ENTRY("foo", "barz", "prio rdac\nvpd_vendor hp3par\n")),
		DEVICE("foo", "barz"),
		"prio=rdac uid_attribute=BAZ_ATTR path_checker=hp_sw vpd_vendor=hp3par" },
	{ "the same entry twice",
		DEVICES(ENTRY("foo", "bar", EMC_HP) ENTRY("foo", "bar", HDS_3PAR)), NULL,
		DEVICE("foo", "bar"), MERGED },
	{ "the same entry in two files", DEVICES(ENTRY("foo", "bar", EMC_HP)),
		DEVICES(ENTRY("foo", "bar", HDS_3PAR)), DEVICE("foo", "bar"), MERGED },
	{ "the same entry twice in a drop-in", "",
		DEVICES(ENTRY("foo", "bar", EMC_HP) ENTRY("foo", "bar", HDS_3PAR)),
		DEVICE("foo", "bar"), MERGED },
	{ "an empty entry before", DEVICES(ENTRY("foo", "bar", "") ENTRY("foo", "bar", EMC_HP)),
		DEVICES(ENTRY("foo", "bar", HDS_3PAR)), DEVICE("foo", "bar"), MERGED },
	{ "an empty entry between", DEVICES(ENTRY("foo", "bar", EMC_HP) ENTRY("foo", "bar", "")),
		DEVICES(ENTRY("foo", "bar", HDS_3PAR)), DEVICE("foo", "bar"), MERGED },
	{ "the same pattern twice, fitting itself",
		DEVICES(ENTRY(".oo", "bar", EMC_HP) ENTRY(".oo", "bar", HDS_3PAR)), NULL,
		DEVICE("foo", "bar"), MERGED },
	{ "the same pattern twice, not fitting itself",
		DEVICES(ENTRY("^.oo", "bar", EMC_HP) ENTRY("^.oo", "bar", HDS_3PAR)), NULL,
		DEVICE("foo", "bar"), MERGED },
	{ "overlapping patterns: only the first", DEVICES(ENTRY("foo", "ba[[rxy]", EMC_HP)),
		DEVICES(ENTRY("foo", "ba[zy]", HDS_3PAR)), DEVICE("foo", "bar"), FIRST },
	{ "overlapping patterns: both", DEVICES(ENTRY("foo", "ba[[rxy]", EMC_HP)),
		DEVICES(ENTRY("foo", "ba[zy]", HDS_3PAR)), DEVICE("foo", "bay"), MERGED },
	{ "overlapping patterns: only the second", DEVICES(ENTRY("foo", "ba[[rxy]", EMC_HP)),
		DEVICES(ENTRY("foo", "ba[zy]", HDS_3PAR)), DEVICE("foo", "baz"),
		"prio=hds path_checker=tur vpd_vendor=hp3par" },
	{ "two patterns that mean the same", DEVICES(ENTRY("foo", "ba[zy]", EMC_HP)),
		DEVICES(ENTRY("foo", "ba(z|y)", HDS_3PAR)), DEVICE("foo", "baz"), MERGED },
	{ "two patterns that mean the same, another device",
		DEVICES(ENTRY("foo", "ba[zy]", EMC_HP)), DEVICES(ENTRY("foo", "ba(z|y)", HDS_3PAR)),
		DEVICE("foo", "bar"), NOTHING_SET },
	{ "the place of a merged entry is that of the later one",
		DEVICES(ENTRY("foo", "bar", "prio emc\n") ENTRY("^.oo", "bar", "prio hds\n")
				ENTRY("foo", "bar", "path_checker hp_sw\n")),
		NULL, DEVICE("foo", "bar"), "prio=emc path_checker=hp_sw" },
	{ "entries with another revision are others",
		DEVICES(ENTRY("foo", "bar", "revision 1\nprio emc\n")
				ENTRY("foo", "bar", "revision 2\nprio hds\n")),
		NULL, .device = { .vendor = "foo", .product = "bar", .revision = "0100" },
		"prio=emc" },
	{ "an unknown revision fits", DEVICES(ENTRY("foo", "bar", "revision 1\nprio emc\n")), NULL,
		DEVICE("foo", "bar"), "prio=emc" },
	{ "an unknown vendor does not", DEVICES(ENTRY("foo", "bar", "prio emc\n")), NULL,
		DEVICE(NULL, "bar"), "prio=const" },
	{ "a bad pattern never fits", DEVICES(ENTRY("foo", "(", "prio emc\n")), NULL,
		DEVICE("foo", "("), "prio=const" },
	{ "a WWID beats its device",
		DEVICES(ENTRY("foo", "bar",
			"prio emc\nuid_attribute BAZ_ATTR\n")) "multipaths {\nmultipath {\nwwid "
							       "W\nprio rdac\nrr_min_io_rq "
							       "99\n}\n}\n",
		NULL, .device = { .vendor = "foo", .product = "bar", .wwid = "W" },
		"prio=rdac rr_min_io_rq=99 uid_attribute=BAZ_ATTR" },
	{ "... not that of another",
		DEVICES(ENTRY("foo", "bar",
			"prio emc\nuid_attribute BAZ_ATTR\n")) "multipaths {\nmultipath {\nwwid "
							       "W\nprio rdac\nrr_min_io_rq "
							       "99\n}\n}\n",
		NULL, .device = { .vendor = "foo", .product = "bar", .wwid = "W2" },
		"prio=emc rr_min_io_rq=1 uid_attribute=BAZ_ATTR" },
	{ "two entries for a WWID",
		"multipaths {\nmultipath {\nwwid W\nprio rdac\nno_path_retry queue\n}\n"
		"multipath {\nwwid W\nrr_min_io 99\nno_path_retry 37\n}\n}\n",
		NULL, .device = { .wwid = "W" }, "prio=rdac rr_min_io=99 no_path_retry=37" },
	{ "two entries for a WWID in two files",
		"multipaths {\nmultipath {\nwwid W\nprio rdac\nno_path_retry queue\n}\n}\n",
		"multipaths {\nmultipath {\nwwid W\nrr_min_io 99\nno_path_retry 37\n}\n}\n",
		.device = { .wwid = "W" }, "prio=rdac rr_min_io=99 no_path_retry=37" },
	{ "the entry of a WWID among others, in any order",
		"multipaths {\nmultipath {\nwwid c\nprio pc\n}\nmultipath {\nwwid a\nprio pa\n}\n"
		"multipath {\nwwid d\nprio pd\n}\nmultipath {\nwwid b\nprio pb\n}\n}\n",
		NULL, .device = { .wwid = "b" }, "prio=pb" },
	{ "a protocol beats overrides",
		"overrides {\nfast_io_fail_tmo 7\nprotocol {\ntype scsi:fcp\nfast_io_fail_tmo "
		"9\n}\n}\n",
		NULL, .device = { .protocol = "scsi:fcp" }, "fast_io_fail_tmo=9" },
	{ "... of its paths",
		"overrides {\nfast_io_fail_tmo 7\n"
		"protocol {\ntype scsi:fcp\nfast_io_fail_tmo 9\n}\n}\n",
		NULL, .device = { .protocol = "scsi:iscsi" }, "fast_io_fail_tmo=7" },
	{ "two entries for a protocol: the later wins",
		"overrides {\n"
		"protocol {\ntype scsi:fcp\nfast_io_fail_tmo 9\ndev_loss_tmo 8\n}\n"
		"protocol {\ntype scsi:fcp\nfast_io_fail_tmo 10\n}\n}\n",
		NULL, .device = { .protocol = "scsi:fcp" }, "fast_io_fail_tmo=10 dev_loss_tmo=8" },
	{ "the later file wins", "defaults {\nverbosity 3\nprio a\n}\n", "defaults {\nprio b\n}\n",
		DEVICE("foo", "bar"), "verbosity=3 prio=b" },
	{ "the later line wins", "defaults {\nprio a\nprio b\n}\n", NULL, DEVICE("foo", "bar"),
		"prio=b" },
	{ "checker is another name, the later line wins",
		"defaults {\nchecker directio\npath_checker hp_sw\n}\n", NULL, DEVICE("foo", "bar"),
		"path_checker=hp_sw" },
	{ "... also over the other name and back",
		"defaults {\npath_checker a\nchecker b\npath_checker c\n}\n", NULL,
		DEVICE("foo", "bar"), "path_checker=c" },
	{ "what is acted on, in an entry twice",
		DEVICES(ENTRY("foo", "bar", "purge_checks 3\npurge_delay 4\n")
				ENTRY("foo", "bar", "purge_checks 5\n")),
		NULL, DEVICE("foo", "bar"), "purge_checks=5 purge_delay=4" },
	{ "what is acted on, for a WWID twice",
		"multipaths {\nmultipath {\nwwid W\npurge_checks 3\npurge_delay 4\n}\n"
		"multipath {\nwwid W\npurge_checks 5\n}\n}\n",
		NULL, .device = { .wwid = "W" }, "purge_checks=5 purge_delay=4" },
	{ "a line with rest sets nothing", "defaults { user_friendly_names yes }\nmax_fds 9\n}\n",
		NULL, DEVICE("foo", "bar"), "user_friendly_names=no max_fds=9" },
	{ "the brace on the next line", "defaults\n{\nuser_friendly_names yes\n}\n", NULL,
		DEVICE("foo", "bar"), "user_friendly_names=yes" },
	{ "... not for overrides", "overrides\n{\nno_path_retry 7\n}\n", NULL, DEVICE("foo", "bar"),
		"no_path_retry=-" },
	{ "an unknown block", "defaults {\nfoo {\nverbosity 3\n}\nverbosity 4\n", NULL,
		DEVICE("foo", "bar"), "verbosity=3" },
};

static void what_is_in_force(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct reading r = read_texts(rows[i].main_text, rows[i].drop_in);
		_cleanup_(freep) char *got = NULL;

		if (r.result < 0)
			fail_msg("%s: %s", rows[i].rule, r.remarks);
		got = values_of(&r, &rows[i].device, rows[i].want);
		expect_text(rows[i].rule, got, rows[i].want);
		reading_done(&r);
	}
}

/* purge_disconnected in each of the four sections, set in any of them: one bit each, weakest first.
 * The strongest section that has it decides, with the value that no other section has. */
static void precedence_of_sections(void **state)
{
	static const char *const frames[] = {
		"defaults {\npurge_disconnected %s\n}\n",
		"devices {\ndevice {\nvendor foo\nproduct bar\npurge_disconnected %s\n}\n}\n",
		"overrides {\npurge_disconnected %s\n}\n",
		"multipaths {\nmultipath {\nwwid W\npurge_disconnected %s\n}\n}\n",
	};
	static const enum layer layers[] = { LAYER_DEFAULTS, LAYER_DEVICES, LAYER_OVERRIDES,
		LAYER_MULTIPATHS };
	const struct config_device device = { .wwid = "W", .vendor = "foo", .product = "bar" };

	(void)state;
	for (unsigned sets = 0; sets < 32; sets++) {
		bool strongest_says = sets & 16;
		struct text file = TEXT_INIT;
		struct settings s;
		struct reading r;
		size_t strongest = ARRAY_SIZE(frames);

		for (size_t i = 0; i < ARRAY_SIZE(frames); i++)
			if (sets >> i & 1)
				strongest = i;
		for (size_t i = 0; i < ARRAY_SIZE(frames); i++) {
			bool says = (i == strongest) == strongest_says;

			if (!(sets >> i & 1))
				continue;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			text_addf(&file, frames[i], says ? "yes" : "no");
#pragma GCC diagnostic pop
		}
		r = read_texts(text_str(&file), NULL);
		assert_int_equal(r.result, 0);
		expect_text("no remarks", r.remarks, "");
		config_resolve(r.config, &device, &s);
		assert_int_equal(s.purge_disconnected,
			strongest < ARRAY_SIZE(frames) ? strongest_says : false);
		assert_int_equal(s.origins[SETTING_PURGE_DISCONNECTED].layer,
			strongest < ARRAY_SIZE(frames) ? layers[strongest] : LAYER_BUILT_IN);
		reading_done(&r);
		text_done(&file);
	}
}

/* A value that cannot be used is the safe one in its own place, and never a weaker "yes". */
static const struct {
	const char *rule, *text, *keyword, *want;
	unsigned line;
} safe[] = {
	{ "a word that is none",
		"defaults {\npurge_disconnected yes\n}\noverrides {\n"
		"purge_disconnected maybe\n}\n",
		"purge_disconnected", "no", 5 },
	{ "nothing", "defaults {\npurge_disconnected yes\n}\noverrides {\npurge_disconnected\n}\n",
		"purge_disconnected", "no", 5 },
	{ "an empty string",
		"defaults {\npurge_disconnected yes\n}\noverrides {\n"
		"purge_disconnected \"\"\n}\n",
		"purge_disconnected", "no", 5 },
	{ "a comment instead of a value",
		"defaults {\npurge_disconnected yes\n}\noverrides {\n"
		"purge_disconnected !yes\n}\n",
		"purge_disconnected", "no", 5 },
	{ "in the entry of a WWID",
		"defaults {\npurge_disconnected yes\n}\nmultipaths {\n"
		"multipath {\nwwid W\npurge_disconnected on\n}\n}\n",
		"purge_disconnected", "no", 7 },
	{ "in the entry of a device",
		"defaults {\npurge_disconnected yes\n}\n"
		"devices {\ndevice {\nvendor foo\nproduct bar\npurge_disconnected 2\n}\n}\n",
		"purge_disconnected", "no", 8 },
	{ "later in the same section",
		"defaults {\npurge_disconnected yes\n"
		"purge_disconnected maybe\n}\n",
		"purge_disconnected", "no", 3 },
	{ "a protection that cannot be read protects",
		"multipaths {\nmultipath {\nwwid W\n"
		"protect maybe\n}\n}\n",
		"protect", "yes", 4 },
	{ "an action only reports", "defaults {\npurge_action delete\n}\n", "purge_action",
		"report", 2 },
	{ "a share that is typed wrong is no large one", "defaults {\npurge_share 500\n}\n",
		"purge_share", "1", 2 },
	{ "a limit of none is no missing limit", "defaults {\npurge_limit 0\n}\n", "purge_limit",
		"1", 2 },
	{ "no checks at all is not an option", "defaults {\npurge_checks 0\n}\n", "purge_checks",
		"100", 2 },
	{ "a mode that cannot be read leaves maps alone", "defaults {\nmode both\n}\n", "mode",
		"observe", 2 },
};

static void the_safe_value(void **state)
{
	const struct config_device device = { .wwid = "W", .vendor = "foo", .product = "bar" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(safe); i++) {
		struct reading r = read_texts(safe[i].text, NULL);
		struct text value = TEXT_INIT, place = TEXT_INIT;

		text_addf(&place, "/etc/multipath.conf:%u error: '%s' ", safe[i].line,
			safe[i].keyword);
		assert_int_equal(r.result, 0);
		expect_part(safe[i].rule, r.remarks, text_str(&place));
		config_value(r.config, &device, safe[i].keyword, &value);
		expect_text(safe[i].rule, text_str(&value), safe[i].want);
		text_done(&value);
		text_done(&place);
		reading_done(&r);
	}
}

/* What is said, and whether the configuration is refused. */
static const struct {
	const char *rule, *main_text, *drop_in;
	int result;
	const char *remark;
} said[] = {
	{ "a bad pattern refuses the configuration", "blacklist {\nwwid \"(\"\n}\n", NULL, -EINVAL,
		"/etc/multipath.conf:2 fatal: '(' for wwid is not a regular expression\n" },
	{ "... also in an exception", "blacklist_exceptions {\ndevnode \"[\"\n}\n", NULL, -EINVAL,
		"/etc/multipath.conf:2 fatal: '[' for devnode is" },
	{ "... also of a device", "blacklist {\ndevice {\nvendor a\nproduct \"(\"\n}\n}\n", NULL,
		-EINVAL, "/etc/multipath.conf:4 fatal: " },
	{ "... also a product_blacklist", DEVICES(ENTRY("a", "b", "product_blacklist \"(\"\n")),
		NULL, -EINVAL, "/etc/multipath.conf:5 fatal: 'product_blacklist'" },
	{ "... but not in a drop-in", "", "blacklist {\nwwid \"(\"\n}\n", 0,
		"/etc/multipath/conf.d/a.conf:2 error: '(' for wwid" },
	{ "a bad key refuses the configuration", "defaults {\nreservation_key zz\n}\n", NULL,
		-EINVAL, "/etc/multipath.conf:2 fatal: 'reservation_key' cannot be 'zz'" },
	{ "... but not in a drop-in", "", "defaults {\nreservation_key zz\n}\n", 0,
		"a.conf:2 error: 'reservation_key' cannot be 'zz'" },
	{ "an unknown keyword", "defaults {\npurge_disconected no\n}\n", NULL, 0,
		"/etc/multipath.conf:2 warning: no keyword 'purge_disconected' in the section "
		"defaults, "
		"skipping the line\n" },
	{ "... without a value", "defaults {\npurge_disconected\n}\n", NULL, 0,
		"/etc/multipath.conf:2 warning: no keyword 'purge_disconected' in the section " },
	{ "case counts in keywords", "defaults {\nVerbosity 3\n}\n", NULL, 0,
		"/etc/multipath.conf:2 warning: no keyword 'Verbosity' in the section " },
	{ "a vendor that is no rule for its product_blacklist",
		DEVICES(ENTRY("(", "b", "product_blacklist c\n")), NULL, -EINVAL,
		"/etc/multipath.conf:5 fatal: '(' for device is not a regular expression\n" },
	{ "... but not in a drop-in", "", DEVICES(ENTRY("(", "b", "product_blacklist c\n")), 0,
		"a.conf:5 error: '(' for device is not a regular expression\n" },
	{ "a product that is no rule is what is named",
		"blacklist {\ndevice {\nvendor a\nproduct (\n}\n}\n", NULL, -EINVAL,
		"/etc/multipath.conf:4 fatal: '(' for device is not a regular expression\n" },
	{ "a keyword of another section", "overrides {\npurge_limit 3\n}\n", NULL, 0,
		"/etc/multipath.conf:2 warning: no keyword 'purge_limit' in the section "
		"overrides" },
	{ "a keyword outside of sections", "verbosity 3\n", NULL, 0,
		"/etc/multipath.conf:1 warning: no keyword 'verbosity' outside of sections" },
	{ "a keyword again", "defaults {\nprio a\nprio b\n}\n", NULL, 0,
		"/etc/multipath.conf:3 warning: 'prio' again" },
	{ "a bad value", "defaults {\nno_path_retry never\n}\n", NULL, 0,
		"/etc/multipath.conf:2 warning: 'no_path_retry' cannot be 'never', but fail, "
		"queue, 0, "
		"1..2147483647; skipping it\n" },
	{ "a capped value", "defaults {\npolling_interval 0\n}\n", NULL, 0,
		"/etc/multipath.conf:2 warning: 'polling_interval' cannot be '0', but 1..86400; "
		"using 1\n" },
	{ "a missing value", "defaults {\nprio\n}\n", NULL, 0,
		"/etc/multipath.conf:2 warning: 'prio' without a value; skipping it\n" },
	{ "a missing pattern", "blacklist {\ndevnode !^sd\n}\n", NULL, 0,
		"/etc/multipath.conf:2 warning: 'devnode' without a value, skipping the line\n" },
	{ "a deprecated keyword", "defaults {\nconfig_dir /x\n}\n", NULL, 0,
		"/etc/multipath.conf:2 note: 'config_dir' is deprecated and has no effect\n" },
	{ "a device without product", DEVICES("device {\nvendor a\n}\n"), NULL, 0,
		"/etc/multipath.conf:2 warning: entry without vendor or product, skipping it\n" },
	{ "... that was to guard something",
		DEVICES("device {\nvendor a\npurge_disconnected no\n}\n"), NULL, 0,
		"/etc/multipath.conf:2 error: entry without vendor or product, skipping it\n" },
	{ "a device with a bad pattern", DEVICES(ENTRY("a", "(", "")), NULL, 0,
		"/etc/multipath.conf:4 warning: '(' is not a regular expression: the entry applies "
		"to "
		"no device\n" },
	{ "... that was to guard something", DEVICES(ENTRY("a", "(", "purge_disconnected no\n")),
		NULL, 0, "/etc/multipath.conf:4 error: '(' is" },
	{ "a WWID entry without WWID", "multipaths {\nmultipath {\nprotect yes\n}\n}\n", NULL, 0,
		"/etc/multipath.conf:2 error: entry without wwid, skipping it\n" },
	{ "a WWID entry with an empty WWID", "multipaths {\nmultipath {\nwwid \"\"\n}\n}\n", NULL,
		0, "/etc/multipath.conf:2 warning: entry without wwid, skipping it\n" },
	{ "a protocol entry without type", "overrides {\nprotocol {\neh_deadline 3\n}\n}\n", NULL,
		0, "/etc/multipath.conf:2 warning: entry without type, skipping it\n" },
	{ "a device rule without halves", "blacklist {\ndevice {\n}\n}\n", NULL, 0,
		"/etc/multipath.conf:2 warning: device without vendor and product, skipping it\n" },
	{ "the same device twice in a file", DEVICES(ENTRY("a", "b", "") ENTRY("a", "b", "")), NULL,
		0,
		"/etc/multipath.conf:6 warning: another entry for the device of line 2, merging "
		"them\n" },
	{ "the same WWID twice", "multipaths {\nmultipath {\nwwid W\n}\n}\n",
		"multipaths {\nmultipath {\nwwid W\n}\n}\n", 0,
		"a.conf:2 warning: another entry for the WWID of line 2 of multipath.conf, merging "
		"them\n" },
	{ "bytes of a terminal are not repeated", "defaults {\n\x1b[2J\x07 x\n}\n", NULL, 0,
		"no keyword '\\x1b[2J\\x07' in" },
};

static void what_is_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(said); i++) {
		struct reading r = read_texts(said[i].main_text, said[i].drop_in);

		if (r.result != said[i].result)
			fail_msg("%s: %d", said[i].rule, r.result);
		expect_part(said[i].rule, r.remarks, said[i].remark);
		assert_int_equal(!r.config, r.result < 0);
		assert_int_equal(
			diagnostics_count(&r.list, SEVERITY_FATAL) > 0, r.result == -EINVAL);
		reading_done(&r);
	}
}

static void all_remarks_are_given_even_when_refused(void **state)
{
	struct reading r = read_texts(
		"blacklist {\nwwid \"(\"\nwwid \"[\"\n}\ndefaults {\nfoo 1\n}\n",
		"defaults {\nbar 2\n}\n");

	(void)state;
	assert_int_equal(r.result, -EINVAL);
	expect_text("remarks", r.remarks,
		"/etc/multipath.conf:2 fatal: '(' for wwid is not a regular expression\n"
		"/etc/multipath.conf:3 fatal: '[' for wwid is not a regular expression\n"
		"/etc/multipath.conf:6 warning: no keyword 'foo' in the section defaults, "
		"skipping the line\n"
		"/etc/multipath/conf.d/a.conf:2 warning: no keyword 'bar' in the section defaults, "
		"skipping the line\n");
	reading_done(&r);
}

static const struct {
	const char *rule, *lines;
	unsigned polling, most;
	const char *polling_origin, *most_origin;
} intervals[] = {
	{ "neither", "", 5, 20, "built-in", "built-in" },
	{ "only the interval", "polling_interval 7\n", 7, 28, "multipath.conf:2 (defaults)",
		"multipath.conf:2 (defaults)" },
	{ "only the bound", "max_polling_interval 41\n", 10, 41, "multipath.conf:2 (defaults)",
		"multipath.conf:2 (defaults)" },
	{ "only a small bound", "max_polling_interval 3\n", 1, 3, "multipath.conf:2 (defaults)",
		"multipath.conf:2 (defaults)" },
	{ "both", "polling_interval 10\nmax_polling_interval 10\n", 10, 10,
		"multipath.conf:2 (defaults)", "multipath.conf:3 (defaults)" },
	{ "the interval beyond the bound", "polling_interval 30\nmax_polling_interval 10\n", 10, 10,
		"multipath.conf:3 (defaults)", "multipath.conf:3 (defaults)" },
	{ "a bound of 0 is none", "polling_interval 6\nmax_polling_interval 0\n", 6, 24,
		"multipath.conf:2 (defaults)", "multipath.conf:2 (defaults)" },
	{ "an interval of 0 is 1", "polling_interval 0\n", 1, 4, "multipath.conf:2 (defaults)",
		"multipath.conf:2 (defaults)" },
	{ "words are no interval", "polling_interval abc\n", 5, 20, "built-in", "built-in" },
	{ "negative is no interval", "polling_interval -1\n", 5, 20, "built-in", "built-in" },
	{ "an empty interval is none", "polling_interval \"\"\n", 5, 20, "built-in", "built-in" },
	{ "beyond 32 bits", "polling_interval 99999999999999999999\n", 86400, 86400,
		"multipath.conf:2 (defaults)", "multipath.conf:2 (defaults)" },
	{ "the largest bound multipathd takes", "max_polling_interval 4294967295\n", 21600, 86400,
		"multipath.conf:2 (defaults)", "multipath.conf:2 (defaults)" },
};

static void polling_intervals(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(intervals); i++) {
		struct text file = TEXT_INIT;
		char origin[ORIGIN_TEXT_SIZE];
		struct settings s;
		struct reading r;

		text_addf(&file, "defaults {\n%s}\n", intervals[i].lines);
		r = read_texts(text_str(&file), NULL);
		config_resolve(r.config, NULL, &s);
		if (s.polling_interval_s != intervals[i].polling ||
			s.max_polling_interval_s != intervals[i].most)
			fail_msg("%s: %u, %u", intervals[i].rule, s.polling_interval_s,
				s.max_polling_interval_s);
		expect_text(intervals[i].rule,
			config_origin_text(r.config, &s.origins[SETTING_POLLING_INTERVAL], origin),
			intervals[i].polling_origin);
		expect_text(intervals[i].rule,
			config_origin_text(
				r.config, &s.origins[SETTING_MAX_POLLING_INTERVAL], origin),
			intervals[i].most_origin);
		reading_done(&r);
		text_done(&file);
	}
}

/* As the design page gives them. */
static void what_is_built_in(void **state)
{
	struct reading r = read_files(NULL, 0);
	char buffer[SETTING_TEXT_SIZE], origin[ORIGIN_TEXT_SIZE];
	struct settings s;

	(void)state;
	assert_int_equal(r.result, 0);
	config_resolve(r.config, NULL, &s);
	assert_int_equal(s.mode, MODE_OBSERVE);
	assert_false(s.purge_disconnected);
	assert_int_equal(s.purge_action, PURGE_ACTION_REMOVE);
	assert_int_equal(s.purge_checks, 2);
	assert_int_equal(s.purge_delay_s, 0);
	assert_int_equal(s.purge_grace_s, 60);
	assert_int_equal(s.purge_limit, 60);
	assert_int_equal(s.purge_share_percent, 50);
	assert_false(s.purge_last_path);
	assert_false(s.purge_single_path);
	assert_false(s.protect);
	assert_int_equal(s.identity_fence, IDENTITY_FENCE_FAIL);
	assert_int_equal(s.fence_limit, 4);
	assert_int_equal(s.identity_interval_checks, 4);
	assert_false(s.rescan_on_lun_change);
	assert_int_equal(s.rescan_interval_s, 0);
	assert_int_equal(s.node_cache_limit, 0);
	assert_int_equal(s.detach_hold_s, 900);
	assert_int_equal(s.purge_owner, PURGE_OWNER_AUTO);
	assert_int_equal(s.verbosity, 2);
	assert_int_equal(s.checker_timeout_s, 0);
	assert_false(s.allow_usb_devices);
	assert_string_equal(s.path_checker, "tur");
	assert_string_equal(settings_value_text(&s, SETTING_IDENTITY_FENCE, buffer), "fail");
	assert_string_equal(settings_value_text(&s, SETTING_PURGE_GRACE, buffer), "60");
	assert_string_equal(settings_value_text(&s, SETTING_PROTECT, buffer), "no");
	assert_string_equal(setting_name(SETTING_PATH_CHECKER), "path_checker");
	for (size_t i = 0; i < SETTINGS; i++)
		assert_string_equal(
			config_origin_text(r.config, &s.origins[i], origin), "built-in");
	reading_done(&r);
}

/* Every section at once, each setting something of its own; the last file is our own. */
static void each_value_has_its_origin(void **state)
{
	static const char main_text[] =
		"defaults {\npurge_checks 3\npurge_delay 1\npurge_grace 1\npurge_action report\n}\n"
		"devices {\ndevice {\nvendor foo\nproduct bar\npurge_delay 2\n}\n}\n"
		"overrides {\npurge_grace 3\n}\n";
	static const char ours[] =
		"multipaths {\nmultipath {\nwwid W\npurge_action remove\nprotect yes\n}\n}\n";
	const struct config_file files[] = {
		{ "/etc/multipath.conf", main_text, sizeof main_text - 1, FILE_MAIN },
		{ "/etc/multipath/conf.d/none.conf", NULL, 0, FILE_DROP_IN },
		{ "/etc/pathkeeper/path keeper.conf", ours, sizeof ours - 1, FILE_MAIN },
	};
	static const struct {
		enum setting setting;
		const char *value, *origin;
	} want[] = {
		{ SETTING_PURGE_CHECKS, "3", "multipath.conf:2 (defaults)" },
		{ SETTING_PURGE_DELAY, "2", "multipath.conf:11 (devices)" },
		{ SETTING_PURGE_GRACE, "3", "multipath.conf:15 (overrides)" },
		{ SETTING_PURGE_ACTION, "remove", "path\\x20keeper.conf:4 (multipaths)" },
		{ SETTING_PROTECT, "yes", "path\\x20keeper.conf:5 (multipaths)" },
		{ SETTING_PURGE_LIMIT, "60", "built-in" },
	};
	const struct config_device device = { .wwid = "W", .vendor = "foo", .product = "bar" };
	struct reading r = read_files(files, ARRAY_SIZE(files));
	char buffer[ORIGIN_TEXT_SIZE];
	struct settings s;

	(void)state;
	assert_int_equal(r.result, 0);
	config_resolve(r.config, &device, &s);
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		expect_text(setting_name(want[i].setting),
			settings_value_text(&s, want[i].setting, buffer), want[i].value);
		expect_text(setting_name(want[i].setting),
			config_origin_text(r.config, &s.origins[want[i].setting], buffer),
			want[i].origin);
	}
	config_resolve(r.config, NULL, &s);
	assert_int_equal(s.purge_delay_s, 1);
	assert_false(s.protect);
	reading_done(&r);
}

static void a_dump_is_a_file(void **state)
{
	struct reading r = read_texts(
		"blacklist {\ndevice {\nvendor foo\n}\nwwid \"a b\"\n}\n"
		"overrides {\npurge_checks 3\nprotocol {\ntype scsi:fcp\n}\n}\n"
		"multipaths {\nmultipath {\nwwid W\n}\n}\n",
		DEVICES(ENTRY("foo", "\"\"bar\"\"", "purge_delay 4\n")
				ENTRY("a", "b", "prio c\n")));
	_cleanup_(freep) char *text = dump(&r, true);
	const char *lists = strstr(text, "blacklist {\n");

	(void)state;
	expect_part("defaults come first", text, "defaults {\n\tmode \"observe\" # built-in\n");
	expect_part("numbers are bare", text, "\tpurge_checks 2 # built-in\n");
	expect_text("lists and entries", lists ? lists : "",
		"blacklist {\n"
		"\tdevice {\n"
		"\t\tvendor \"foo\" # multipath.conf:2 (blacklist)\n"
		"\t}\n"
		"\twwid \"a b\" # multipath.conf:5 (blacklist)\n"
		"\tdevnode \"!^(sd[a-z]|dasd[a-z]|nvme[0-9])\" # built-in\n"
		"}\n"
		"blacklist_exceptions {\n"
		"\tproperty \"(SCSI_IDENT_|ID_WWN)\" # built-in\n"
		"}\n"
		"devices {\n"
		"\tdevice {\n"
		"\t\tvendor \"foo\" # a.conf:3 (devices)\n"
		"\t\tproduct \"\"\"bar\"\"\" # a.conf:4 (devices)\n"
		"\t\tpurge_delay 4 # a.conf:5 (devices)\n"
		"\t}\n"
		"\tdevice {\n"
		"\t\tvendor \"a\" # a.conf:8 (devices)\n"
		"\t\tproduct \"b\" # a.conf:9 (devices)\n"
		"\t\tprio \"c\" # a.conf:10 (devices)\n"
		"\t}\n"
		"}\n"
		"overrides {\n"
		"\tpurge_checks 3 # multipath.conf:8 (overrides)\n"
		"\tprotocol {\n"
		"\t\ttype \"scsi:fcp\" # multipath.conf:10 (overrides/protocol)\n"
		"\t}\n"
		"}\n"
		"multipaths {\n"
		"\tmultipath {\n"
		"\t\twwid \"W\" # multipath.conf:15 (multipaths)\n"
		"\t}\n"
		"}\n");
	reading_done(&r);
}

/* What is dumped and read again is the same, for every configuration of this file. */
static void a_dump_reads_back_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct reading first = read_texts(rows[i].main_text, rows[i].drop_in);
		_cleanup_(freep) char *once = dump(&first, false), *again = NULL, *got = NULL;
		struct reading second = read_texts(once, NULL);

		again = dump(&second, false);
		expect_text(rows[i].rule, again, once);
		got = values_of(&second, &rows[i].device, rows[i].want);
		expect_text(rows[i].rule, got, rows[i].want);
		reading_done(&first);
		reading_done(&second);
	}
}

static int stop_at_third(void *arg, const struct config_row *row)
{
	(void)row;
	return ++*(int *)arg == 3 ? 42 : 0;
}

static void the_visitor_may_stop(void **state)
{
	struct reading r = read_texts("", NULL);
	int n = 0;

	(void)state;
	assert_int_equal(config_rows(r.config, stop_at_third, &n), 42);
	assert_int_equal(n, 3);
	reading_done(&r);
}

static void a_refused_configuration_leaves_what_is_there(void **state)
{
	static const char bad[] = "blacklist {\nwwid (\n}\n";
	const struct config_file file = { "f", bad, sizeof bad - 1, FILE_MAIN };
	struct reading r = read_texts("defaults {\npurge_disconnected yes\n}\n", NULL);
	struct config *in_force = r.config;
	struct settings s;

	(void)state;
	assert_int_equal(config_new(&file, 1, NULL, &in_force), -EINVAL);
	assert_ptr_equal(in_force, r.config);
	config_resolve(in_force, NULL, &s);
	assert_true(s.purge_disconnected);
	reading_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_built_in),
		cmocka_unit_test(what_is_in_force),
		cmocka_unit_test(precedence_of_sections),
		cmocka_unit_test(the_safe_value),
		cmocka_unit_test(what_is_said),
		cmocka_unit_test(all_remarks_are_given_even_when_refused),
		cmocka_unit_test(polling_intervals),
		cmocka_unit_test(each_value_has_its_origin),
		cmocka_unit_test(a_dump_is_a_file),
		cmocka_unit_test(a_dump_reads_back_the_same),
		cmocka_unit_test(the_visitor_may_stop),
		cmocka_unit_test(a_refused_configuration_leaves_what_is_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
