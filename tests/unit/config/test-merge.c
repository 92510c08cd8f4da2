/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Entries for the same device, WWID or protocol, and rules that stand in two places. */
#include "reading.h"

#define W(lines)	  "multipath {\nwwid W\n" lines "}\n"
#define MULTIPATHS(wwids) "multipaths {\n" wwids "}\n"
#define OVERRIDES(lines)  "overrides {\n" lines "}\n"
#define FCP(lines)	  "protocol {\ntype scsi:fcp\n" lines "}\n"
#define QUEUES		  "features \"1 queue_if_no_path\"\n"
#define EMC_HP		  "prio emc\npath_checker hp_sw\n"
#define HDS_3PAR	  "prio hds\nvpd_vendor hp3par\n"
#define BETWEEN(low, high)                                                                         \
	ENTRY("foo", "bar", low) ENTRY("^f", "bar", "prio mid\n") ENTRY("foo", "bar", high)

/* What is in force afterwards; "-" is unset. */
static const struct {
	const char *rule, *main_text, *drop_in;
	struct config_device device;
	const char *want;
} rows[] = {
	/* devices */
	{ "a drop-in adds to an entry", DEVICES(ENTRY("foo", "bar", EMC_HP)),
		DEVICES(ENTRY("foo", "bar", HDS_3PAR)), DEVICE("foo", "bar"),
		"prio=hds path_checker=hp_sw vpd_vendor=hp3par" },
	{ "a regular expression applies to what it matches",
		DEVICES(ENTRY("^.oo", "(bar|baz|ba\\.)$", EMC_HP) ENTRY("foo", "bar", HDS_3PAR)),
		NULL, DEVICE("boo", "baz"), "prio=emc path_checker=hp_sw vpd_vendor=undef" },
	{ "... a dot that is meant as one too",
		DEVICES(ENTRY("^.oo", "(bar|baz|ba\\.)$", EMC_HP) ENTRY("foo", "bar", HDS_3PAR)),
		NULL, DEVICE(".oo", "ba."), "prio=emc path_checker=hp_sw vpd_vendor=undef" },
	{ "... and not to its own text", DEVICES(ENTRY("^.oo", "(bar|baz|ba\\.)$", EMC_HP)),
		DEVICES(ENTRY("foo", "bar", HDS_3PAR)), DEVICE(".oo", "(bar|baz|ba\\.)$"),
		"prio=const path_checker=tur vpd_vendor=undef" },
	{ "an empty entry changes nothing", DEVICES(ENTRY("foo", "bar", EMC_HP)),
		DEVICES(ENTRY("foo", "bar", "")), DEVICE("foo", "bar"),
		"prio=emc path_checker=hp_sw" },
	{ "what is taken over beats what stands between",
		DEVICES(BETWEEN("prio low\n", "path_checker hp_sw\n")), NULL, DEVICE("foo", "bar"),
		"prio=low path_checker=hp_sw" },
	{ "three of them, in two files",
		DEVICES(ENTRY("foo", "bar", "prio a\nprio_args a\nfailback 1\n")
				ENTRY("foo", "bar", "prio b\nprio_args b\n")),
		DEVICES(ENTRY("foo", "bar", "prio c\n")), DEVICE("foo", "bar"),
		"prio=c prio_args=b failback=1" },
	{ "a missing revision is a text of its own",
		DEVICES(ENTRY("foo", "bar", "prio a\nrevision 1\n")
				ENTRY("foo", "bar", "prio b\n")),
		NULL, .device = { .vendor = "foo", .product = "bar", .revision = "1" }, "prio=b" },
	{ "... so that such entries stay apart",
		DEVICES(ENTRY("foo", "bar", "prio_args a\nrevision 1\n")
				ENTRY("foo", "bar", "prio b\n")),
		NULL, .device = { .vendor = "foo", .product = "bar", .revision = "2" },
		"prio=b prio_args=" },
	{ "an empty value is a value", DEVICES(ENTRY("foo", "bar", "uid_attribute \"\"\n")),
		DEVICES(ENTRY("foo", "bar", "prio a\n")), DEVICE("foo", "bar"),
		"uid_attribute= prio=a" },
	{ "no is a value", DEVICES(ENTRY("foo", "bar", "user_friendly_names yes\n")),
		DEVICES(ENTRY("foo", "bar", "user_friendly_names no\n")), DEVICE("foo", "bar"),
		"user_friendly_names=no" },
	{ "0 leaves the earlier size", DEVICES(ENTRY("foo", "bar", "max_sectors_kb 512\n")),
		DEVICES(ENTRY("foo", "bar", "max_sectors_kb 0\n")), DEVICE("foo", "bar"),
		"max_sectors_kb=512" },
	{ "0 leaves the weaker place in force",
		"defaults {\ndev_loss_tmo 7\n}\n" OVERRIDES("dev_loss_tmo 0\n"), NULL,
		DEVICE("foo", "bar"), "dev_loss_tmo=7" },
	{ "0 takes back what stands before it", "defaults {\ndev_loss_tmo 7\ndev_loss_tmo 0\n}\n",
		NULL, DEVICE("foo", "bar"), "dev_loss_tmo=-" },
	{ "0 requests are no number of requests", "defaults {\nrr_min_io 0\nrr_min_io_rq 0\n}\n",
		NULL, DEVICE("foo", "bar"), "rr_min_io=1000 rr_min_io_rq=1" },
	{ "merging makes a feature its keyword",
		DEVICES(ENTRY("foo", "bar", QUEUES EMC_HP) ENTRY("foo", "bar", "rr_min_io 9\n")),
		DEVICES(ENTRY("foo", "bar", "prio hds\n")), DEVICE("foo", "bar"),
		"prio=hds path_checker=hp_sw features=0 no_path_retry=queue rr_min_io=9" },
	{ "... unless the keyword is set", DEVICES(ENTRY("foo", "bar", QUEUES)),
		DEVICES(ENTRY("foo", "bar", "no_path_retry 5\n")), DEVICE("foo", "bar"),
		"features=0 no_path_retry=5" },
	{ "... and leaves other features",
		DEVICES(ENTRY(
			"foo", "bar", "features \"3 queue_if_no_path pg_init_retries 50\"\n")),
		DEVICES(ENTRY("foo", "bar", "")), DEVICE("foo", "bar"),
		"features=2#pg_init_retries#50 no_path_retry=queue" },
	{ "... also the handler's",
		DEVICES(ENTRY("foo", "bar", "features \"1 retain_attached_hw_handler\"\n")),
		DEVICES("device {\nvendor foo\nproduct bar\n}\n") "defaults "
								  "{\nretain_attached_hw_handler "
								  "no\n}\n",
		DEVICE("foo", "bar"), "features=0 retain_attached_hw_handler=yes" },
	{ "an entry alone keeps its features", DEVICES(ENTRY("foo", "bar", QUEUES)), NULL,
		DEVICE("foo", "bar"), "features=1#queue_if_no_path no_path_retry=-" },

	/* multipaths */
	{ "an entry for a WWID, in two files", MULTIPATHS(W("prio rdac\nno_path_retry queue\n")),
		MULTIPATHS(W("rr_min_io 99\nno_path_retry 37\n")), .device = { .wwid = "W" },
		"prio=rdac rr_min_io=99 no_path_retry=37" },
	{ "a WWID is no pattern", MULTIPATHS("multipath {\nwwid W.\nprio rdac\n}\n"), NULL,
		.device = { .wwid = "W1" }, "prio=const" },
	{ "... and no beginning", MULTIPATHS(W("prio rdac\n")), NULL, .device = { .wwid = "W1" },
		"prio=const" },
	{ "the owner of a node goes with its permissions", MULTIPATHS(W("uid 5\ngid 6\nalias a\n")),
		MULTIPATHS(W("gid 7\n")), .device = { .wwid = "W" }, "uid=- gid=7 alias=a" },
	{ "... all of them, where the later entry has none", MULTIPATHS(W("uid 5\ngid 6\n")),
		MULTIPATHS(W("alias a\n")), .device = { .wwid = "W" }, "uid=5 gid=6 alias=a" },
	{ "an alias belongs to one WWID",
		MULTIPATHS("multipath {\nwwid B\nalias a\n}\nmultipath {\nwwid A\nalias a\n}\n"),
		NULL, .device = { .wwid = "B" }, "alias=-" },
	{ "... the first in the order of WWIDs",
		MULTIPATHS("multipath {\nwwid B\nalias a\n}\nmultipath {\nwwid A\nalias a\n}\n"),
		NULL, .device = { .wwid = "A" }, "alias=a" },
	{ "... and the rest of the entry stays",
		MULTIPATHS("multipath {\nwwid B\nalias a\nprio p\n}\nmultipath {\nwwid A\nalias "
			   "a\n}\n"),
		NULL, .device = { .wwid = "B" }, "prio=p alias=-" },
	{ "an alias in two entries of one WWID is one", MULTIPATHS(W("alias a\n")),
		MULTIPATHS(W("alias a\n")), .device = { .wwid = "W" }, "alias=a" },

	/* overrides and defaults */
	{ "a protocol in two files", OVERRIDES(FCP("eh_deadline 9\ndev_loss_tmo 8\n")),
		OVERRIDES(FCP("eh_deadline 10\n")), .device = { .protocol = "scsi:fcp" },
		"eh_deadline=10 dev_loss_tmo=8" },
	{ "overrides are one section in all files", OVERRIDES("no_path_retry 1\nprio a\n"),
		OVERRIDES("prio b\n"), DEVICE("foo", "bar"), "no_path_retry=1 prio=b" },
	{ "defaults are one section in all files", "defaults {\nno_path_retry 1\nprio a\n}\n",
		"defaults {\nprio b\n}\n", DEVICE("foo", "bar"), "no_path_retry=1 prio=b" },
	{ "a section again adds to itself", OVERRIDES("no_path_retry 1\n") OVERRIDES("prio b\n"),
		NULL, DEVICE("foo", "bar"), "no_path_retry=1 prio=b" },
};

/* values_of() with the blanks within values as #. */
static char *marked_values_of(
	const struct reading *r, const struct config_device *d, const char *want)
{
	_cleanup_(freep) char *names = strdup(want);
	struct text t = TEXT_INIT;
	char *rest = NULL;

	for (char *name = strtok_r(names, " ", &rest); name; name = strtok_r(NULL, " ", &rest)) {
		struct text value = TEXT_INIT;

		*strchr(name, '=') = '\0';
		text_addf(&t, "%s%s=", t.len ? " " : "", name);
		if (!config_value(r->config, d, name, &value))
			text_add(&value, "-");
		for (const char *c = text_str(&value); *c; c++)
			text_add_bytes(&t, *c == ' ' ? "#" : c, 1);
		text_done(&value);
	}
	return text_take(&t);
}

static void entries_become_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct reading r = read_texts(rows[i].main_text, rows[i].drop_in);
		_cleanup_(freep) char *got = NULL;

		if (r.result < 0)
			fail_msg("%s: %s", rows[i].rule, r.remarks);
		got = marked_values_of(&r, &rows[i].device, rows[i].want);
		expect_text(rows[i].rule, got, rows[i].want);
		reading_done(&r);
	}
}

static void a_dump_reads_back_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct reading first = read_texts(rows[i].main_text, rows[i].drop_in);
		_cleanup_(freep) char *once = dump(&first, false), *again = NULL, *got = NULL;
		struct reading second = read_texts(once, NULL);

		again = dump(&second, false);
		expect_text(rows[i].rule, again, once);
		expect_text(rows[i].rule, second.remarks, "");
		got = marked_values_of(&second, &rows[i].device, rows[i].want);
		expect_text(rows[i].rule, got, rows[i].want);
		reading_done(&first);
		reading_done(&second);
	}
}

/* Which remarks merging makes: all of them. */
static const struct {
	const char *rule, *main_text, *drop_in, *remarks;
} said[] = {
	{ "a device again in its file is worth a remark",
		DEVICES(ENTRY("foo", "bar", "") ENTRY("foo", "bar", "")), NULL,
		"/etc/multipath.conf:6 warning: another entry for the device of line 2, merging "
		"them\n" },
	{ "... not one in another file", DEVICES(ENTRY("foo", "bar", "")),
		DEVICES(ENTRY("foo", "bar", "")), "" },
	{ "... also between two of a drop-in", "",
		DEVICES(ENTRY("foo", "bar", "") ENTRY("foo", "bar", "")),
		"/etc/multipath/conf.d/a.conf:6 warning: another entry for the device of line 2, "
		"merging them\n" },
	{ "two devices are two", DEVICES(ENTRY("foo", "bar", "") ENTRY("foo", "baz", "")), NULL,
		"" },
	{ "a WWID again", MULTIPATHS(W("") W("")), NULL,
		"/etc/multipath.conf:5 warning: another entry for the WWID of line 2 of "
		"multipath.conf, merging them\n" },
	{ "an alias that is taken", MULTIPATHS("multipath {\nwwid B\nalias a\n}\n"),
		MULTIPATHS("multipath {\nwwid A\nalias a\n}\n"),
		"/etc/multipath.conf:4 warning: the alias 'a' is that of the WWID 'A', skipping "
		"it\n" },
	{ "a protocol again is none", OVERRIDES(FCP("") FCP("")), NULL, "" },
	{ "a rule again is none", "blacklist {\nwwid a\nwwid a\nprotocol a\nprotocol a\n}\n",
		"blacklist {\nwwid a\ndevice {\nvendor a\n}\ndevice {\nvendor a\n}\n}\n", "" },
	{ "a keyword in two entries is none",
		MULTIPATHS(W("prio a\n") "multipath {\nwwid V\nprio a\n}\n"), NULL, "" },
	{ "a keyword in two files is none", "defaults {\nprio a\n}\n", "defaults {\nprio b\n}\n",
		"" },
	{ "a section again in its file", "defaults {\nprio a\n}\ndefaults {\nprio b\n}\n", NULL,
		"/etc/multipath.conf:4 warning: another section 'defaults'; its values are "
		"added\n" },
};

static void what_is_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(said); i++) {
		struct reading r = read_texts(said[i].main_text, said[i].drop_in);

		assert_int_equal(r.result, 0);
		expect_text(said[i].rule, r.remarks, said[i].remarks);
		reading_done(&r);
	}
}

/* Each value keeps the line that it was read from, wherever its entry went. */
static void values_keep_their_lines(void **state)
{
	struct reading r = read_texts(DEVICES(ENTRY("foo", "bar", EMC_HP QUEUES)),
		DEVICES(ENTRY("foo", "bar", "prio hds\n")));
	_cleanup_(freep) char *text = dump(&r, true);

	(void)state;
	expect_part("the later one", text, "prio \"hds\" # a.conf:5 (devices)\n");
	expect_part(
		"the earlier one", text, "path_checker \"hp_sw\" # multipath.conf:6 (devices)\n");
	expect_part("a feature", text, "no_path_retry \"queue\" # multipath.conf:7 (devices)\n");
	reading_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_become_one),
		cmocka_unit_test(a_dump_reads_back_the_same),
		cmocka_unit_test(what_is_said),
		cmocka_unit_test(values_keep_their_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
