/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Texts and what they mean, by the type of the keyword. What is written badly is refused, and never
 * becomes another value.
 */
#include "reading.h"

#include "config/keywords.h"
#include "config/value.h"

#define CAPPED	-ERANGE
#define INVALID -EINVAL

static const struct {
	const char *rule, *keyword, *text;
	int result;
	const char *want; /* as it is printed; NULL where it is invalid */
} rows[] = {
	/* yes or no */
	{ "1 is yes", "purge_disconnected", "1", 0, "yes" },
	{ "0 is no", "purge_disconnected", "0", 0, "no" },
	{ "case counts", "purge_disconnected", "Yes", INVALID, NULL },
	{ "on is not yes", "purge_disconnected", "on", INVALID, NULL },
	{ "no blanks around a word", "purge_disconnected", " yes", INVALID, NULL },

	/* numbers */
	{ "blanks around a number", "purge_checks", "  7 \t", 0, "7" },
	{ "a sign", "purge_checks", "+7", 0, "7" },
	{ "no number at all", "purge_checks", "", INVALID, NULL },
	{ "something behind a number", "purge_checks", "7s", INVALID, NULL },
	{ "no hexadecimal number", "purge_checks", "0x7", INVALID, NULL },
	{ "no fraction", "purge_checks", "1.5", INVALID, NULL },
	{ "above the range", "verbosity", "5", CAPPED, "4" },
	{ "below the range", "verbosity", "-1", CAPPED, "0" },
	{ "beyond 64 bits", "retrigger_tries", "99999999999999999999", CAPPED, "2147483647" },
	{ "below 64 bits", "retrigger_tries", "-99999999999999999999", CAPPED, "0" },
	{ "a command has at least four seconds", "uxsock_timeout", "100", CAPPED, "4000" },
	{ "a number that may be negative", "find_multipaths_timeout", "-10", 0, "-10" },
	{ "the longest time-out of a check", "checker_timeout", "2147483647", 0, "2147483647" },
	{ "an error rate takes two minutes at least", "marginal_path_err_sample_time", "60", CAPPED,
		"120" },
	{ "... or is not taken", "marginal_path_err_sample_time", "no", 0, "no" },

	/* counts */
	{ "blanks around a count", "polling_interval", " \t7 ", 0, "7" },
	{ "a count has no sign", "polling_interval", "+7", INVALID, NULL },
	{ "a negative count is no huge one", "polling_interval", "-1", INVALID, NULL },
	{ "a word is no count", "polling_interval", "abc", INVALID, NULL },
	{ "an empty count", "polling_interval", "", INVALID, NULL },
	{ "an interval of nothing", "polling_interval", "0", CAPPED, "1" },
	{ "an interval near 32 bits", "polling_interval", "4294967295", CAPPED, "86400" },
	{ "a bound near 32 bits", "max_polling_interval", "4294967295", CAPPED, "86400" },

	/* off, no, and numbers */
	{ "off", "fast_io_fail_tmo", "off", 0, "off" },
	{ "0 is not off", "fast_io_fail_tmo", "0", 0, "0" },
	{ "seconds", "fast_io_fail_tmo", "15", 0, "15" },
	{ "no delay", "ghost_delay", "no", 0, "no" },
	{ "0 is no delay", "ghost_delay", "0", 0, "no" },
	{ "a delay", "ghost_delay", "15", 0, "15" },
	{ "a negative delay", "ghost_delay", "-3", CAPPED, "1" },
	{ "off is no word for a delay", "ghost_delay", "off", INVALID, NULL },
	{ "no retries of the disk driver", "max_retries", "off", 0, "off" },
	{ "most of them", "max_retries", "6", CAPPED, "5" },
	{ "infinity", "dev_loss_tmo", "infinity", 0, "infinity" },
	{ "the number of infinity", "dev_loss_tmo", "4294967295", 0, "infinity" },
	{ "no prefix of a number", "dev_loss_tmo", "10x", INVALID, NULL },
	{ "negative is not infinity", "dev_loss_tmo", "-1", CAPPED, "0" },

	/* words */
	{ "a number beside words", "failback", "20", 0, "20" },
	{ "a word beside numbers", "failback", "immediate", 0, "immediate" },
	{ "another word", "failback", "followover", 0, "followover" },
	{ "fail", "no_path_retry", "fail", 0, "fail" },
	{ "0 is fail", "no_path_retry", "0", 0, "fail" },
	{ "queue", "no_path_retry", "queue", 0, "queue" },
	{ "checks", "no_path_retry", "12", 0, "12" },
	{ "yes was always", "flush_on_last_del", "yes", 0, "always" },
	{ "1 was always", "flush_on_last_del", "1", 0, "always" },
	{ "no was unused", "flush_on_last_del", "no", 0, "unused" },
	{ "never", "flush_on_last_del", "never", 0, "never" },
	{ "no single paths", "find_multipaths", "no", 0, "off" },
	{ "a single path with a known WWID", "find_multipaths", "1", 0, "on" },
	{ "greedy", "find_multipaths", "greedy", 0, "greedy" },
	{ "smart", "find_multipaths", "smart", 0, "smart" },
	{ "no marginal groups", "marginal_pathgroups", "0", 0, "off" },
	{ "groups by FPIN", "marginal_pathgroups", "fpin", 0, "fpin" },
	{ "maps grow", "auto_resize", "grow_only", 0, "grow_only" },
	{ "yes is no direction", "auto_resize", "yes", INVALID, NULL },
	{ "weights", "rr_weight", "priorities", 0, "priorities" },
	{ "a vendor's page", "vpd_vendor", "hp3par", 0, "hp3par" },
	{ "log once", "log_checker_err", "once", 0, "once" },
	{ "all open files", "max_fds", "max", 0, "max" },
	{ "some open files", "max_fds", "8192", 0, "8192" },
	{ "a protocol", "type", "nvme:apple-nvme", 0, "nvme:apple-nvme" },
	{ "no part of a protocol", "type", "scsi", INVALID, NULL },
	{ "a policy", "path_grouping_policy", "group_by_node_name", 0, "group_by_node_name" },
	{ "a policy is a prefix", "path_grouping_policy", "group_by_prio_of_mine", 0,
		"group_by_prio" },
	{ "... and not a part of one", "path_grouping_policy", "group_by", INVALID, NULL },
	{ "our mode", "mode", "manage", 0, "manage" },

	/* counted words */
	{ "no features", "features", "0", 0, "0" },
	{ "two features", "features", "2 pg_init_retries 50", 0, "2 pg_init_retries 50" },
	{ "tabs between them", "features", "2\tpg_init_retries\t50", 0, "2\tpg_init_retries\t50" },
	{ "a count with something behind it", "features", "2x pg_init_retries 50", INVALID, NULL },
	{ "one feature missing", "features", "2 pg_init_retries", INVALID, NULL },
	{ "one feature too many", "features", "0 x", INVALID, NULL },
	{ "no count", "features", "queue_if_no_path", INVALID, NULL },
	{ "a negative count of features", "features", "-1 x", INVALID, NULL },
	{ "the count of a selector is its second word", "path_selector", "service-time 0", 0,
		"service-time 0" },
	{ "a selector with an argument", "path_selector", "round-robin 1 8", 0, "round-robin 1 8" },
	{ "a selector without count", "path_selector", "service-time", INVALID, NULL },
	{ "a handler", "hardware_handler", "1 alua", 0, "1 alua" },

	/* texts */
	{ "a text may be empty", "uid_attribute", "", 0, "" },
	{ "a text may be long, within its bound", "path_checker", "31-bytes-are-what-a-checker-has",
		0, "31-bytes-are-what-a-checker-has" },
	{ "... and not beyond it", "path_checker", "32-bytes-are-what-no-checker-has", INVALID,
		NULL },
	{ "a name", "alias_prefix", "my.disk", 0, "my.disk" },
	{ "a name has no slash", "alias_prefix", "../disk", INVALID, NULL },
	{ "nor has what stands before a partition", "partition_delimiter", "-/", INVALID, NULL },
	{ "but for the word that means none", "partition_delimiter", "/UNSET/", 0, "/UNSET/" },
	{ "a group is kept as it is written", "gid", "disk", 0, "disk" },
	{ "a number of an owner stays decimal", "uid", "1000", 0, "1000" },
	{ "attributes", "uid_attrs", "sd:ID_SERIAL dasd:ID_UID", 0, "sd:ID_SERIAL dasd:ID_UID" },
	{ "an attribute without a name of devices", "uid_attrs", "sd:ID_SERIAL ID_UID", INVALID,
		NULL },

	/* keys */
	{ "a key", "reservation_key", "0x0123456789abcdef", 0, "0x0123456789abcdef" },
	{ "a key without prefix", "reservation_key", "1a", 0, "1a" },
	{ "a key with half a prefix", "reservation_key", "X1a", 0, "X1a" },
	{ "a key in a file", "reservation_key", "file", 0, "file" },
	{ "a key that outlives power", "reservation_key", "0x1:aptpl", 0, "0x1:aptpl" },
	{ "a key with something else behind a colon", "reservation_key", "0x1:foo", 0, "0x1:foo" },
	{ "a key that is too long", "reservation_key", "0x0123456789abcdef0", INVALID, NULL },
	{ "an empty key", "reservation_key", "0x", INVALID, NULL },
};

/* The row of this name that takes the text, in any section; else the first of this name. */
static const struct keyword *row_for(const char *name, const char *text)
{
	const struct keyword *first = NULL;

	for (size_t i = 0; i < SECTIONS; i++) {
		const struct keyword *k = keyword_find((enum section)i, name, text);
		int64_t number;

		if (k && value_parse(k, text, &number) == 0)
			return k;
		first = first ? first : k;
	}
	return first;
}

static void values_by_type(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct keyword *k = row_for(rows[i].keyword, rows[i].text);
		struct text got = TEXT_INIT;
		int64_t number = 7777;
		int r = value_parse(k, rows[i].text, &number);

		if (r != rows[i].result || (r == INVALID && number != 7777))
			fail_msg("%s: %d, %lld", rows[i].rule, r, (long long)number);
		if (rows[i].want) {
			value_print(k, number, rows[i].text, &got);
			expect_text(rows[i].rule, text_str(&got), rows[i].want);
		}
		text_done(&got);
	}
}

static const struct {
	const char *rule, *text, *want; /* want NULL: invalid */
} permissions[] = {
	{ "permissions", "660", "0660" },
	{ "with the zero of octal numbers", "0640", "0640" },
	{ "all of them", "777", "0777" },
	{ "more than there are", "01777", NULL },
	{ "no octal digit", "0689", NULL },
	{ "letters behind it", "640x", NULL },
	{ "nothing", "", NULL },
};

static void permissions_of_a_node(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(permissions); i++) {
		const struct keyword *k = keyword_find(SECTION_MULTIPATH, "mode", NULL);
		struct text got = TEXT_INIT;
		int64_t number;
		int r = value_parse(k, permissions[i].text, &number);

		if (r != (permissions[i].want ? 0 : -EINVAL))
			fail_msg("%s: %d", permissions[i].rule, r);
		if (r == 0)
			value_print(k, number, "", &got);
		expect_text(permissions[i].rule, text_str(&got),
			permissions[i].want ? permissions[i].want : "");
		text_done(&got);
	}
}

static void either_mode_is_found_by_its_value(void **state)
{
	const struct keyword *ours = keyword_find(SECTION_DEFAULTS, "mode", "manage");

	(void)state;
	assert_true(keyword_has_field(ours));
	assert_false(keyword_has_field(keyword_find(SECTION_DEFAULTS, "mode", "0600")));
	assert_ptr_equal(keyword_find(SECTION_DEFAULTS, "mode", "neither"), ours);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_by_type),
		cmocka_unit_test(permissions_of_a_node),
		cmocka_unit_test(either_mode_is_found_by_its_value),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
