/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reading.h"

#include "config/blacklist.h"

struct rule_text {
	const char *criterion, *text, *product; /* criterion NULL: none */
};

#define FCP_DISK                                                                                   \
	{                                                                                          \
		.wwid = "xyzzy", .vendor = "foo", .product = "bar", .devnode = "sdb",              \
		.protocol = "scsi:fcp"                                                             \
	}

/* One criterion, one rule, at most one exception. */
static const struct {
	const char *rule;
	struct rule_text excluded, excepted;
	struct config_device device;
	const char *uid_attribute;
	enum filter want;
} rows[] = {
	{ "devnode fits", { "devnode", "sdb", NULL }, { 0 }, { .devnode = "sdb" }, NULL,
		FILTER_EXCLUDED },
	{ "devnode does not", { "devnode", "sdb", NULL }, { 0 }, { .devnode = "sdc" }, NULL,
		FILTER_NOTHING },
	{ "devnode inverted, fits", { "devnode", "!sdb", NULL }, { 0 }, { .devnode = "sdb" }, NULL,
		FILTER_NOTHING },
	{ "devnode inverted, does not", { "devnode", "!sdb", NULL }, { 0 }, { .devnode = "sdc" },
		NULL, FILTER_EXCLUDED },
	{ "an exception wins", { "devnode", ".*", NULL }, { "devnode", "sdb", NULL },
		{ .devnode = "sdb" }, NULL, FILTER_EXCEPTED },
	{ "an exception for another", { "devnode", ".*", NULL }, { "devnode", "sdb", NULL },
		{ .devnode = "sdc" }, NULL, FILTER_EXCLUDED },
	{ "an unknown devnode", { "devnode", ".*", NULL }, { 0 }, { .devnode = NULL }, NULL,
		FILTER_NOTHING },
	{ "device fits", { "device", "foo", "bar" }, { 0 }, { .vendor = "foo", .product = "bar" },
		NULL, FILTER_EXCLUDED },
	{ "both halves must fit", { "device", "foo", "bar" }, { 0 },
		{ .vendor = "foo", .product = "baz" }, NULL, FILTER_NOTHING },
	{ "vendor inverted, same vendor", { "device", "!foo", "bar" }, { 0 },
		{ .vendor = "foo", .product = "bar" }, NULL, FILTER_NOTHING },
	{ "vendor inverted, another", { "device", "!foo", "bar" }, { 0 },
		{ .vendor = "baz", .product = "bar" }, NULL, FILTER_EXCLUDED },
	{ "product inverted, same product", { "device", "foo", "!bar" }, { 0 },
		{ .vendor = "foo", .product = "bar" }, NULL, FILTER_NOTHING },
	{ "product inverted, another", { "device", "foo", "!bar" }, { 0 },
		{ .vendor = "foo", .product = "baz" }, NULL, FILTER_EXCLUDED },
	{ "only a vendor", { "device", "foo", NULL }, { 0 }, { .vendor = "foo", .product = "x" },
		NULL, FILTER_EXCLUDED },
	{ "only a product", { "device", NULL, "bar" }, { 0 }, { .vendor = "x", .product = "bar" },
		NULL, FILTER_EXCLUDED },
	{ "only a product, another", { "device", NULL, "bar" }, { 0 },
		{ .vendor = "x", .product = "foo" }, NULL, FILTER_NOTHING },
	{ "an unknown product", { "device", "foo", NULL }, { 0 }, { .vendor = "foo" }, NULL,
		FILTER_NOTHING },
	{ "wwid is searched, not compared", { "wwid", "TEST-WWID", NULL }, { 0 },
		{ .wwid = "TEST-WWID-1" }, NULL, FILTER_EXCLUDED },
	{ "wwid does not fit", { "wwid", "TEST-WWID-1", NULL }, { 0 }, { .wwid = "TEST-WWID" },
		NULL, FILTER_NOTHING },
	{ "wwid inverted, same", { "wwid", "!xyzzy", NULL }, { 0 }, { .wwid = "xyzzy" }, NULL,
		FILTER_NOTHING },
	{ "wwid inverted, another", { "wwid", "!xyzzy", NULL }, { 0 }, { .wwid = "plugh" }, NULL,
		FILTER_EXCLUDED },
	{ "an empty wwid is unknown", { "wwid", "!xyzzy", NULL }, { 0 }, { .wwid = "" }, NULL,
		FILTER_NOTHING },
	{ "protocol inverted, same", { "protocol", "!scsi:fcp", NULL }, { 0 },
		{ .protocol = "scsi:fcp" }, NULL, FILTER_NOTHING },
	{ "protocol inverted, another", { "protocol", "!scsi:fcp", NULL }, { 0 },
		{ .protocol = "scsi:ata" }, NULL, FILTER_EXCLUDED },
	{ "property fits", { "property", "ID_WWN", NULL }, { 0 },
		{ .properties = "ID_FOO,ID_WWN,ID_BAR" }, "ID_SERIAL", FILTER_EXCLUDED },
	{ "property inverted: another one fits", { "property", "!ID_WWN", NULL }, { 0 },
		{ .properties = "ID_FOO,ID_WWN" }, "ID_SERIAL", FILTER_EXCLUDED },
	{ "property inverted: no other", { "property", "!ID_WWN", NULL }, { 0 },
		{ .properties = "ID_WWN" }, "ID_SERIAL", FILTER_NOTHING },
	{ "the first property a rule speaks of decides", { "property", "ID_WWN", NULL },
		{ "property", "ID_BAR", NULL }, { .properties = "ID_FOO,ID_WWN,ID_BAR" },
		"ID_SERIAL", FILTER_EXCLUDED },
	{ "property missing", { "property", "NONE", NULL }, { 0 },
		{ .properties = "ID_FOO,ID_SERIAL" }, "ID_SERIAL", FILTER_EXCLUDED },
	{ "property missing, but udev has not done its work", { "property", "NONE", NULL }, { 0 },
		{ .properties = "ID_FOO,ID_SERIAL" }, "ID_BLAH", FILTER_NOTHING },
	{ "property missing, and udev is not asked", { "property", "NONE", NULL }, { 0 },
		{ .properties = "ID_FOO,ID_SERIAL" }, "", FILTER_NOTHING },
	{ "property missing, no attribute", { "property", "NONE", NULL }, { 0 },
		{ .properties = "ID_FOO,ID_SERIAL" }, NULL, FILTER_NOTHING },
	{ "properties not known", { "property", ".*", NULL }, { 0 }, { .properties = NULL },
		"ID_SERIAL", FILTER_NOTHING },
};

static void add(struct rules *rules, const struct rule_text *rule)
{
	struct origin origin = { .layer = LAYER_BLACKLIST };
	enum criterion criterion;
	struct rule_fault fault;

	if (!rule->criterion)
		return;
	assert_int_equal(criterion_parse(rule->criterion, &criterion), 0);
	assert_int_equal(rules_add(rules, criterion, rule->text, rule->product, origin, &fault), 1);
}

static void one_criterion(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct blacklist list = { 0 };
		enum criterion criterion;
		enum filter got;

		add(&list.excluded, &rows[i].excluded);
		add(&list.excepted, &rows[i].excepted);
		criterion_parse(rows[i].excluded.criterion, &criterion);
		got = blacklist_ask(&list, criterion, &rows[i].device, rows[i].uid_attribute, NULL);
		if (got != rows[i].want)
			fail_msg("%s: %d", rows[i].rule, got);
		blacklist_done(&list);
	}
}

static const struct {
	const char *rule, *devnode;
	enum filter want;
} built_in_rows[] = {
	{ "a disk", "sda", FILTER_NOTHING },
	{ "a disk with a long name", "sdaa", FILTER_NOTHING },
	{ "a DASD", "dasda", FILTER_NOTHING },
	{ "an NVMe namespace", "nvme0n1", FILTER_NOTHING },
	{ "something else", "hda", FILTER_EXCLUDED },
	{ "a map", "dm-3", FILTER_EXCLUDED },
	{ "a CD drive", "sr0", FILTER_EXCLUDED },
	{ "a network block device", "nbd0", FILTER_EXCLUDED },
};

static void what_is_built_in(void **state)
{
	struct blacklist list = { 0 };
	const char *const disk = "DEVNAME,ID_SERIAL,SCSI_IDENT_LUN_T10";
	const char *const unidentified = "DEVNAME,ID_SERIAL";
	struct config_device d = { .properties = disk };

	(void)state;
	assert_int_equal(blacklist_add_built_in(&list), 0);
	for (size_t i = 0; i < ARRAY_SIZE(built_in_rows); i++) {
		const struct config_device device = { .devnode = built_in_rows[i].devnode };

		if (blacklist_ask(&list, CRITERION_DEVNODE, &device, NULL, NULL) !=
			built_in_rows[i].want)
			fail_msg("%s", built_in_rows[i].rule);
	}
	assert_int_equal(
		blacklist_ask(&list, CRITERION_PROPERTY, &d, "ID_SERIAL", NULL), FILTER_EXCEPTED);
	d.properties = unidentified;
	assert_int_equal(
		blacklist_ask(&list, CRITERION_PROPERTY, &d, "ID_SERIAL", NULL), FILTER_EXCLUDED);
	blacklist_done(&list);
}

static const struct rule_text everything[CRITERIA] = {
	{ "property", "ID_FOO", NULL },
	{ "devnode", "sdb", NULL },
	{ "device", "foo", "bar" },
	{ "protocol", "scsi:fcp", NULL },
	{ "wwid", "xyzzy", NULL },
};

/* All but one criterion are excepted: that one excludes. All are: the last one asked has said so.
 */
static void criteria_are_independent(void **state)
{
	struct config_device device = FCP_DISK;

	(void)state;
	device.properties = "ID_FOO";
	for (size_t excluded = 0; excluded <= CRITERIA; excluded++) {
		struct blacklist list = { 0 };
		enum criterion criterion = CRITERION_PROPERTY;
		enum filter got;

		for (size_t i = 0; i < CRITERIA; i++)
			add(i == excluded ? &list.excluded : &list.excepted, &everything[i]);
		got = blacklist_ask_all(&list, &device, "ID_SERIAL", &criterion, NULL);
		assert_int_equal(got, excluded == CRITERIA ? FILTER_EXCEPTED : FILTER_EXCLUDED);
		assert_int_equal(criterion, excluded == CRITERIA ? CRITERION_WWID : excluded);
		blacklist_done(&list);
	}
}

/* Each criterion excludes all that is excluded before it is asked: the first in order answers. */
static void the_first_that_excludes_answers(void **state)
{
	struct config_device device = FCP_DISK;

	(void)state;
	device.properties = "ID_FOO";
	for (size_t first = 0; first < CRITERIA; first++) {
		struct blacklist list = { 0 };
		const struct rule *rule = NULL;
		enum criterion criterion;

		for (size_t i = first; i < CRITERIA; i++)
			add(&list.excluded, &everything[i]);
		assert_int_equal(blacklist_ask_all(&list, &device, "ID_SERIAL", &criterion, &rule),
			FILTER_EXCLUDED);
		assert_int_equal(criterion, first);
		assert_string_equal(rule->text, everything[first].text);
		blacklist_done(&list);
	}
}

static void rules_are_kept_once(void **state)
{
	struct rules rules = { 0 };
	struct blacklist list;
	struct origin origin = { .layer = LAYER_BLACKLIST };
	struct rule_fault fault = { 0 };

	(void)state;
	assert_int_equal(rules_add(&rules, CRITERION_WWID, "a", NULL, origin, &fault), 1);
	assert_int_equal(rules_add(&rules, CRITERION_WWID, "a", NULL, origin, &fault), 0);
	assert_int_equal(rules_add(&rules, CRITERION_DEVNODE, "a", NULL, origin, &fault), 1);
	assert_int_equal(rules_add(&rules, CRITERION_DEVICE, "a", NULL, origin, &fault), 1);
	assert_int_equal(rules_add(&rules, CRITERION_DEVICE, "a", "b", origin, &fault), 1);
	assert_int_equal(rules_add(&rules, CRITERION_DEVICE, NULL, NULL, origin, &fault), 0);
	assert_int_equal(rules_add(&rules, CRITERION_DEVICE, "a", "(", origin, &fault), -EINVAL);
	assert_int_equal(fault.fault, PATTERN_WRONG);
	assert_string_equal(fault.text, "(");
	assert_int_equal(rules.n, 4);
	list = (struct blacklist){ .excluded = rules };
	blacklist_done(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_criterion),
		cmocka_unit_test(what_is_built_in),
		cmocka_unit_test(criteria_are_independent),
		cmocka_unit_test(the_first_that_excludes_answers),
		cmocka_unit_test(rules_are_kept_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
