/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The built-in table of arrays, beneath the files of the host. */
#include "reading.h"

#include "config/hwtable.h"

#define HARDWARE "built-in hardware table"

static struct reading read_below(const char *main_text, const char *drop_in)
{
	const struct config_file files[] = {
		{ HWTABLE_NAME, hwtable_text, hwtable_len, FILE_HARDWARE },
		{ "/etc/multipath.conf", main_text, strlen(main_text), FILE_MAIN },
		{ "/etc/multipath/conf.d/a.conf", drop_in, drop_in ? strlen(drop_in) : 0,
			FILE_DROP_IN },
	};

	return read_files(files, drop_in ? 3 : 2);
}

/* A contributor's mistake in the table, or a second entry for the same patterns. */
static void nothing_is_to_be_said_of_it(void **state)
{
	struct reading r = read_below("", NULL);

	(void)state;
	assert_int_equal(r.result, 0);
	expect_text("remarks", r.remarks, "");
	assert_int_equal(strlen(hwtable_text), hwtable_len);
	reading_done(&r);
}

struct census {
	unsigned entry, entries, elsewhere;
};

static int count_entry(void *arg, const struct config_row *row)
{
	struct census *c = arg;

	if (!strstr(row->origin, HARDWARE))
		return 0;
	if (row->section != SECTION_DEVICE && row->section != SECTION_BLACKLIST_DEVICE)
		c->elsewhere++;
	if (row->section == SECTION_DEVICE && row->entry != c->entry) {
		c->entry = row->entry;
		c->entries++;
	}
	return 0;
}

static void it_speaks_of_devices_only(void **state)
{
	struct reading r = read_below("", NULL);
	struct census c = { .entries = 0 };

	(void)state;
	assert_int_equal(config_rows(r.config, count_entry, &c), 0);
	assert_int_equal(c.entries, 137);
	assert_int_equal(c.elsewhere, 0);
	reading_done(&r);
}

#define PURE DEVICE("PURE", "FlashArray")
#define LIO  DEVICE("LIO-ORG", "disk1")

static const struct {
	const char *rule, *main_text, *drop_in;
	struct config_device device;
	const char *want;
} rows[] = {
	{ "an array nobody knows", "", NULL, DEVICE("foo", "bar"),
		"path_grouping_policy=failover prio=const path_checker=tur "
		"uid_attribute=ID_SERIAL" },
	{ "an array", "", NULL, DEVICE("3PARdata", "VV"),
		"path_grouping_policy=group_by_prio prio=alua failback=immediate no_path_retry=18 "
		"fast_io_fail_tmo=10 dev_loss_tmo=infinity vpd_vendor=hp3par" },
	{ "a pattern without end is searched for", "", NULL, DEVICE("3PARdata", "VV 2"),
		"prio=alua" },
	{ "any NVMe device", "", NULL, DEVICE("NVME", "NoName"),
		"path_checker=none uid_attribute=ID_WWN path_grouping_policy=group_by_prio "
		"no_path_retry=-" },
	{ "... and one that is known better, from both entries", "", NULL,
		DEVICE("NVME", "NetApp ONTAP Controller"),
		"path_checker=none uid_attribute=ID_WWN path_grouping_policy=group_by_prio "
		"no_path_retry=queue" },
	{ "the size of requests is in force too", "", NULL, PURE,
		"max_sectors_kb=4096 fast_io_fail_tmo=10 detect_prio=no" },
	{ "where detection is off", "", NULL, LIO, "path_checker=directio detect_checker=no" },
	{ "counted features", "", NULL, DEVICE("DELL", "MD32xx"),
		"path_checker=rdac no_path_retry=30" },

	{ "an entry with the same patterns sets its own and takes the rest",
		DEVICES(ENTRY("PURE", "FlashArray", "prio sysfs\n")), NULL, PURE,
		"prio=sysfs max_sectors_kb=4096 failback=immediate" },
	{ "an entry with other patterns beats it",
		DEVICES(ENTRY("^PURE", "^Flash", "prio sysfs\n")), NULL, PURE,
		"prio=sysfs max_sectors_kb=4096 failback=immediate" },
	{ "a general entry of a file beats a special one of the table",
		DEVICES(ENTRY(".*", ".*", "failback manual\n")), NULL, PURE,
		"prio=alua failback=manual" },
	{ "the table beats defaults", "defaults {\nfailback manual\nrr_min_io_rq 9\n}\n", NULL,
		PURE, "failback=immediate rr_min_io_rq=9" },
	{ "overrides beat the table", "overrides {\nfailback manual\n}\n", NULL, PURE,
		"failback=manual prio=alua" },
	{ "a WWID beats the table", "multipaths {\nmultipath {\nwwid W\nfailback manual\n}\n}\n",
		NULL, .device = { .vendor = "PURE", .product = "FlashArray", .wwid = "W" },
		"failback=manual prio=alua" },
	{ "a drop-in beats a file beats the table",
		DEVICES(ENTRY("PURE", "FlashArray", "failback 7\nprio sysfs\n")),
		DEVICES(ENTRY("PURE", "FlashArray", "failback 8\n")), PURE,
		"failback=8 prio=sysfs max_sectors_kb=4096" },
	{ "what the files say of purging applies to a known array",
		DEVICES(ENTRY("PURE", "FlashArray", "purge_disconnected yes\n")), NULL, PURE,
		"purge_disconnected=yes" },
};

static void what_is_in_force(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct reading r = read_below(rows[i].main_text, rows[i].drop_in);
		_cleanup_(freep) char *got = NULL;

		if (r.result < 0)
			fail_msg("%s: %s", rows[i].rule, r.remarks);
		expect_text(rows[i].rule, r.remarks, "");
		got = values_of(&r, &rows[i].device, rows[i].want);
		expect_text(rows[i].rule, got, rows[i].want);
		reading_done(&r);
	}
}

/* Which products of known vendors are no disks. reason: a part of it; NULL: it is asked. */
static const struct {
	const char *rule, *main_text;
	struct config_device device;
	const char *reason;
} asked[] = {
	{ "a disk of an array", "", { .vendor = "DGC", .product = "VRAID" }, NULL },
	{ "a unit that stands for a missing LUN", "", { .vendor = "DGC", .product = "LUNZ" },
		HARDWARE },
	{ "a management LUN", "", { .vendor = "SGI", .product = "Universal Xport" }, HARDWARE },
	{ "the same name of another vendor", "", { .vendor = "foo", .product = "Universal Xport" },
		NULL },
	{ "excepted", "blacklist_exceptions {\ndevice {\nvendor DGC\nproduct LUNZ\n}\n}\n",
		{ .vendor = "DGC", .product = "LUNZ" }, NULL },
	{ "an entry of a file says otherwise",
		DEVICES(ENTRY("^DGC", "^(RAID|DISK|VRAID)", "product_blacklist OTHER\n")),
		{ .vendor = "DGC", .product = "LUNZ" }, NULL },
	{ "... and what it says counts",
		DEVICES(ENTRY("^DGC", "^(RAID|DISK|VRAID)", "product_blacklist OTHER\n")),
		{ .vendor = "DGC", .product = "OTHER" }, "multipath.conf:5 (devices)" },
	{ "an entry of a file says nothing of it",
		DEVICES(ENTRY("^DGC", "^(RAID|DISK|VRAID)", "prio emc\n")),
		{ .vendor = "DGC", .product = "LUNZ" }, HARDWARE },
	{ "a rule of a file is named before the table's",
		"blacklist {\ndevice {\nvendor DGC\n}\n}\n", { .vendor = "DGC", .product = "LUNZ" },
		"multipath.conf:2 (blacklist)" },
};

static void which_devices_are_asked(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(asked); i++) {
		struct reading r = read_below(asked[i].main_text, NULL);
		const char *reason = "";

		if (config_is_asked(r.config, &asked[i].device, &reason) != !asked[i].reason)
			fail_msg("%s: '%s'", asked[i].rule, reason);
		expect_part(asked[i].rule, reason, asked[i].reason ? asked[i].reason : "");
		reading_done(&r);
	}
}

/* Only a reader of the table knows which line; that there is one is enough here. */
static void its_values_name_it_and_their_line(void **state)
{
	struct reading r = read_below(DEVICES(ENTRY("PURE", "FlashArray", "prio sysfs\n")), NULL);
	_cleanup_(freep) char *text = dump(&r, true);
	const char *own = strstr(text, "prio \"sysfs\" # multipath.conf:5 (devices)\n");
	const char *line;

	(void)state;
	assert_non_null(own);
	line = strstr(own, "max_sectors_kb 4096 # " HWTABLE_NAME ":");
	assert_non_null(line);
	line = strchr(line, ':') + 1;
	line += strspn(line, "0123456789");
	assert_int_equal(strncmp(line, " (" HARDWARE ")\n", strlen(" (" HARDWARE ")\n")), 0);
	reading_done(&r);
}

static void a_dump_reads_back_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct reading first = read_below(rows[i].main_text, rows[i].drop_in);
		_cleanup_(freep) char *once = dump(&first, false), *again = NULL, *got = NULL;
		struct reading second = read_below(once, NULL);

		again = dump(&second, false);
		expect_text(rows[i].rule, again, once);
		got = values_of(&second, &rows[i].device, rows[i].want);
		expect_text(rows[i].rule, got, rows[i].want);
		reading_done(&first);
		reading_done(&second);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_to_be_said_of_it),
		cmocka_unit_test(it_speaks_of_devices_only),
		cmocka_unit_test(what_is_in_force),
		cmocka_unit_test(which_devices_are_asked),
		cmocka_unit_test(its_values_name_it_and_their_line),
		cmocka_unit_test(a_dump_reads_back_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
