/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which devices are asked, and what is said of those that are not. */
#include "reading.h"

#define W "xyzzy-1"

/* reason: why not; NULL: they are. */
static const struct {
	const char *rule, *main_text, *drop_in;
	struct config_device device;
	const char *reason;
} rows[] = {
	{ "a disk nobody speaks of", "", NULL, { .devnode = "sdb", .vendor = "a", .product = "b" },
		NULL },
	{ "something that is no disk", "", NULL, { .devnode = "sr0" },
		"devnode blacklisted: built-in" },
	{ "a pattern for a WWID", "blacklist {\nwwid xyzzy\n}\n", NULL, { .wwid = W },
		"wwid blacklisted: multipath.conf:2 (blacklist)" },
	{ "an exception", "blacklist {\nwwid .*\n}\n", "blacklist_exceptions {\nwwid xyzzy\n}\n",
		{ .wwid = W }, NULL },
	{ "an exception in one criterion is none in another", "blacklist {\nwwid .*\n}\n",
		"blacklist_exceptions {\ndevnode sdb\n}\n", { .wwid = W, .devnode = "sdb" },
		"wwid blacklisted: multipath.conf:2 (blacklist)" },
	{ "a device", "", "blacklist {\ndevice {\nvendor foo\nproduct bar\n}\n}\n",
		{ .vendor = "foo", .product = "bar" }, "device blacklisted: a.conf:2 (blacklist)" },
	{ "another product of it", "", "blacklist {\ndevice {\nvendor foo\nproduct bar\n}\n}\n",
		{ .vendor = "foo", .product = "baz" }, NULL },
	{ "a device, excepted",
		"blacklist {\ndevice {\nvendor foo\nproduct (bar|baz|ba\\.)$\n}\n}\n",
		"blacklist_exceptions {\ndevice {\nvendor foo\nproduct bar\n}\n}\n",
		{ .vendor = "foo", .product = "bar" }, NULL },
	{ "a device that fits neither",
		"blacklist {\ndevice {\nvendor foo\nproduct (bar|baz|ba\\.)$\n}\n}\n",
		"blacklist_exceptions {\ndevice {\nvendor foo\nproduct bar\n}\n}\n",
		{ .vendor = "foo", .product = "bam" }, NULL },
	{ "a device that only the list fits",
		"blacklist {\ndevice {\nvendor foo\nproduct (bar|baz|ba\\.)$\n}\n}\n",
		"blacklist_exceptions {\ndevice {\nvendor foo\nproduct bar\n}\n}\n",
		{ .vendor = "foo", .product = "baz" },
		"device blacklisted: multipath.conf:2 (blacklist)" },
	{ "a vendor alone", "blacklist {\ndevice {\nvendor foo\n}\n}\n", NULL,
		{ .vendor = "foo", .product = "bar" },
		"device blacklisted: multipath.conf:2 (blacklist)" },
	{ "a half does not stay for the next device",
		"blacklist {\ndevice {\nvendor foo\n}\ndevice {\nproduct bar\n}\n}\n", NULL,
		{ .vendor = "boo", .product = "bar" },
		"device blacklisted: multipath.conf:5 (blacklist)" },
	{ "a product of a vendor", DEVICES(ENTRY("foo", "bar", "product_blacklist baz\n")), NULL,
		{ .vendor = "foo", .product = "baz" },
		"device blacklisted: multipath.conf:5 (devices)" },
	{ "the other products of a vendor", DEVICES(ENTRY("foo", "bar", "product_blacklist baz\n")),
		NULL, { .vendor = "foo", .product = "bam" }, NULL },
	{ "a negated pattern without quotation marks is a comment",
		"blacklist {\ndevnode !^sd\n}\n", NULL, { .devnode = "sdb" }, NULL },
	{ "a negated pattern", "blacklist {\nprotocol \"!scsi:fcp\"\n}\n", NULL,
		{ .protocol = "scsi:iscsi" },
		"protocol blacklisted: multipath.conf:2 (blacklist)" },
	{ "USB", "", NULL, { .protocol = "scsi:usb" }, "behind USB (allow_usb_devices no)" },
	{ "USB allowed", "defaults {\nallow_usb_devices yes\n}\n", NULL, { .protocol = "scsi:usb" },
		NULL },
	{ "USB allowed, and excluded", "defaults {\nallow_usb_devices yes\n}\n",
		"blacklist {\nprotocol usb\n}\n", { .protocol = "scsi:usb" },
		"protocol blacklisted: a.conf:2 (blacklist)" },
	{ "udev knows the device, and none of its properties is wanted", "", NULL,
		{ .properties = "ID_SERIAL" }, "udev property missing" },
	{ "udev is not asked for the WWID", "defaults {\nuid_attribute \"\"\n}\n", NULL,
		{ .properties = "ID_SERIAL" }, NULL },
	{ "... which it never sets", "defaults {\nuid_attribute MY_ID\n}\n", NULL,
		{ .properties = "ID_SERIAL" }, NULL },
	{ "an attribute for devices of this name",
		"defaults {\nuid_attrs \"dasd:ID_UID sd:MY_ID\"\n}\n", NULL,
		{ .devnode = "sdb", .properties = "ID_SERIAL,MY_ID" }, "udev property missing" },
	{ "... beats the one of its array", "defaults {\nuid_attrs sd:MY_ID\n}\n",
		DEVICES(ENTRY("foo", "bar", "uid_attribute ID_SERIAL\n")),
		{ .devnode = "sdb", .vendor = "foo", .product = "bar", .properties = "ID_SERIAL" },
		NULL },
	{ "... and is none for other names", "defaults {\nuid_attrs dasd:MY_ID\n}\n", NULL,
		{ .devnode = "sdb", .properties = "ID_SERIAL" }, "udev property missing" },
	{ "a property that is excluded", "blacklist {\nproperty ^ID_MINE$\n}\n", NULL,
		{ .properties = "ID_MINE,ID_SERIAL,ID_WWN" },
		"property blacklisted: multipath.conf:2 (blacklist)" },
	{ "an excepted property is none for another criterion", "blacklist {\ndevnode sdb\n}\n",
		"blacklist_exceptions {\nproperty ID_MINE\n}\n",
		{ .devnode = "sdb", .properties = "ID_MINE" },
		"devnode blacklisted: multipath.conf:2 (blacklist)" },
	{ "the exception may stand in an earlier file",
		"blacklist_exceptions {\ndevice {\nvendor foo\nproduct bar\n}\n}\n",
		"blacklist {\ndevice {\nvendor foo\nproduct (bar|baz|ba\\.)$\n}\n}\n",
		{ .vendor = "foo", .product = "bar" }, NULL },
	{ "two rules in two files, the first fits",
		"blacklist {\ndevice {\nvendor foo\nproduct ba[[rxy]\n}\n}\n",
		"blacklist {\ndevice {\nvendor foo\nproduct ba[zy]\n}\n}\n",
		{ .vendor = "foo", .product = "bar" },
		"device blacklisted: multipath.conf:2 (blacklist)" },
	{ "... the second fits", "blacklist {\ndevice {\nvendor foo\nproduct ba[[rxy]\n}\n}\n",
		"blacklist {\ndevice {\nvendor foo\nproduct ba[zy]\n}\n}\n",
		{ .vendor = "foo", .product = "baz" }, "device blacklisted: a.conf:2 (blacklist)" },
	{ "... neither fits", "blacklist {\ndevice {\nvendor foo\nproduct ba[[rxy]\n}\n}\n",
		"blacklist {\ndevice {\nvendor foo\nproduct ba[zy]\n}\n}\n",
		{ .vendor = "foo", .product = "bam" }, NULL },
	{ "a WWID that the pattern is part of", "blacklist {\nwwid TEST-WWID\n}\n", NULL,
		{ .wwid = "TEST-WWID-1" }, "wwid blacklisted: multipath.conf:2 (blacklist)" },
	{ "... and that is part of the pattern", "blacklist {\nwwid TEST-WWID-1\n}\n", NULL,
		{ .wwid = "TEST-WWID" }, NULL },
	{ "two entries that exclude each other's product",
		DEVICES(ENTRY("foo", "bar", "product_blacklist baz\n")
				ENTRY("foo", "baz", "product_blacklist bar\n")),
		NULL, { .vendor = "foo", .product = "bar" },
		"device blacklisted: multipath.conf:10 (devices)" },
	{ "... and no other",
		DEVICES(ENTRY("foo", "bar", "product_blacklist baz\n")
				ENTRY("foo", "baz", "product_blacklist bar\n")),
		NULL, { .vendor = "foo", .product = "bam" }, NULL },
	{ "a product_blacklist that is replaced excludes nothing",
		DEVICES(ENTRY("foo", "bar", "product_blacklist baz\n")),
		DEVICES(ENTRY("foo", "bar", "product_blacklist bam\n")),
		{ .vendor = "foo", .product = "baz" }, NULL },
	{ "an exclamation mark that is meant as one", "blacklist {\nwwid \"\\!x\"\n}\n", NULL,
		{ .wwid = "a!x" }, "wwid blacklisted: multipath.conf:2 (blacklist)" },
	{ "another attribute has the WWID", "defaults {\nuid_attribute MY_ID\n}\n", NULL,
		{ .properties = "MY_ID" }, "udev property missing" },
};

static void which_devices_are_asked(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct reading r = read_texts(rows[i].main_text, rows[i].drop_in);
		const char *reason = "none";

		if (r.result < 0)
			fail_msg("%s: %s", rows[i].rule, r.remarks);
		if (config_is_asked(r.config, &rows[i].device, &reason) != !rows[i].reason)
			fail_msg("%s: %s", rows[i].rule, reason);
		expect_text(rows[i].rule, reason, rows[i].reason ? rows[i].reason : "none");
		reading_done(&r);
	}
}

static void a_dump_reads_back_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct reading first = read_texts(rows[i].main_text, rows[i].drop_in);
		_cleanup_(freep) char *once = dump(&first, false), *again = NULL;
		struct reading second = read_texts(once, NULL);

		again = dump(&second, false);
		expect_text(rows[i].rule, again, once);
		assert_int_equal(
			config_is_asked(second.config, &rows[i].device, NULL), !rows[i].reason);
		reading_done(&first);
		reading_done(&second);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(which_devices_are_asked),
		cmocka_unit_test(a_dump_reads_back_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
