/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "observe/owner.h"
#include "port/multipathd.h"

#define DEFAULTS(value) "defaults {\n\tverbosity 2\n\tpurge_disconnected " value "\n}\n"
#define NO		DEFAULTS("\"no\"")
#define NO_RULE		"defaults {\npurge_disconnected \"no\"\n}\n"
#define YES_RULE	"defaults {\npurge_disconnected \"yes\"\n}\n"
#define W(wwid, value)                                                                             \
	"\tmultipath {\n\t\twwid \"" wwid "\"\n\t\talias \"" wwid                                  \
	"\"\n\t\tpurge_disconnected \"" value "\"\n\t}\n"
#define W_RULE(wwid, value) "multipath {\nwwid \"" wwid "\"\npurge_disconnected \"" value "\"\n}\n"
#define MULTIPATHS(entries) "multipaths {\n" entries "}\n"
#define EVERY_MAP	    ""

static const struct {
	const char *rule, *config;
	bool knows, purges;
	const char *rules;
} rows[] = {
	{ "an owner that does not know the word", "defaults {\n\tverbosity 2\n}\n", false, false,
		"" },
	{ "it knows it, and does not", NO, true, false, "" },
	{ "... whatever else is set", NO "overrides {\n\tno_path_retry \"fail\"\n}\n", true, false,
		"" },
	{ "it does", DEFAULTS("\"yes\""), true, true, YES_RULE },
	{ "it does without quotes", DEFAULTS("yes"), true, true,
		"defaults {\npurge_disconnected yes\n}\n" },
	{ "a number is a word, too", DEFAULTS("1"), true, true,
		"defaults {\npurge_disconnected 1\n}\n" },
	{ "... no", DEFAULTS("\"0\""), true, false, "" },
	{ "neither yes nor no", DEFAULTS("\"maybe\""), true, true,
		"defaults {\npurge_disconnected \"maybe\"\n}\n" },
	{ "begins like no", DEFAULTS("\"not\""), true, true,
		"defaults {\npurge_disconnected \"not\"\n}\n" },
	{ "no value", "defaults {\n\tpurge_disconnected\n}\n", true, true,
		"defaults {\npurge_disconnected\n}\n" },
	{ "the last one of a section is its own business",
		"defaults {\n\tpurge_disconnected \"yes\"\n\tpurge_disconnected \"no\"\n}\n", true,
		true, "defaults {\npurge_disconnected \"yes\"\npurge_disconnected \"no\"\n}\n" },

	{ "for some arrays",
		NO "devices {\n\tdevice {\n\t\tvendor \"NETAPP\"\n\t\tproduct \"LUN.*\"\n"
		   "\t\tprio \"alua\"\n\t\trevision \"4\"\n\t\tpurge_disconnected \"yes\"\n\t}\n"
		   "\tdevice {\n\t\tvendor \"HP\"\n\t\tproduct \"HSV\"\n\t}\n}\n",
		true, true,
		NO_RULE "devices {\ndevice {\nvendor \"NETAPP\"\nproduct \"LUN.*\"\n"
			"revision \"4\"\npurge_disconnected \"yes\"\n}\n}\n" },
	{ "a brace and a quote in a pattern",
		NO "devices {\n\tdevice {\n\t\tvendor \"a{2}\"\n\t\tproduct \"b\"\"}\"\n"
		   "\t\tpurge_disconnected \"yes\"\n\t}\n}\n",
		true, true,
		NO_RULE "devices {\ndevice {\nvendor \"a{2}\"\nproduct \"b\"\"}\"\n"
			"purge_disconnected \"yes\"\n}\n}\n" },
	{ "overrides", NO "overrides {\n\tpurge_disconnected \"yes\"\n}\n", true, true,
		NO_RULE "overrides {\npurge_disconnected \"yes\"\n}\n" },
	{ "an entry in overrides is left out",
		"overrides {\n\tpurge_disconnected \"yes\"\n\tprotocol {\n\t\ttype \"scsi:fcp\"\n"
		"\t\tdev_loss_tmo 5\n\t}\n}\n",
		true, true, "overrides {\npurge_disconnected \"yes\"\n}\n" },
	{ "for one map", NO MULTIPATHS(W("one", "yes")), true, true,
		NO_RULE MULTIPATHS(W_RULE("one", "yes")) },
	{ "for all but one", DEFAULTS("\"yes\"") MULTIPATHS(W("one", "no") W("two", "yes")), true,
		true, YES_RULE MULTIPATHS(W_RULE("one", "no") W_RULE("two", "yes")) },
	{ "entries that say nothing of it are left out",
		NO "multipaths {\n\tmultipath {\n\t\twwid \"one\"\n\t}\n" W("two", "yes") "}\n",
		true, true, NO_RULE MULTIPATHS(W_RULE("two", "yes")) },

	{ "another word that begins alike", "defaults {\n\tpurge_disconnected_not \"yes\"\n}\n",
		false, false, "" },
	{ "the word as a value",
		"multipaths {\n\tmultipath {\n"
		"\t\talias \"purge_disconnected yes\"\n\t}\n}\n",
		false, false, "" },
	{ "a section nobody knows",
		NO "zones {\n\tpurge \"no\"\n\tmap {\n\t}\n}\n" MULTIPATHS(W("one", "yes")), true,
		true, NO_RULE MULTIPATHS(W_RULE("one", "yes")) },
	{ "yes where nobody knows what it means", NO "zones {\n\tpurge_disconnected \"yes\"\n}\n",
		true, true, EVERY_MAP },
	{ "... in an entry",
		NO "overrides {\n\tprotocol {\n\t\ttype \"scsi:fcp\"\n"
		   "\t\tpurge_disconnected \"yes\"\n\t}\n}\n",
		true, true, EVERY_MAP },
	{ "... in no section", NO "purge_disconnected yes\n", true, true, EVERY_MAP },
	{ "a rule of the blacklist without its end",
		NO "blacklist {\n\tdevice {\n\t\tvendor \"a\"\n\tdevice {\n\t\tvendor \"b\"\n}\n"
		   "devices {\n}\n" MULTIPATHS(W("one", "yes")),
		true, true, NO_RULE MULTIPATHS(W_RULE("one", "yes")) },
	{ "a rule of the blacklist without its beginning",
		NO "blacklist {\n\t\tproduct \"a\"\n\t}\n\tdevice {\n\t\tproduct \"b\"\n\t}\n}\n"
		   "devices {\n}\n" MULTIPATHS(W("one", "yes")),
		true, true, NO_RULE MULTIPATHS(W_RULE("one", "yes")) },

	{ "cut in a line", "defaults {\n\tpurge_disconnected", true, true, EVERY_MAP },
	{ "cut before the word", "defaults {\n\tverbosity 2\n", true, true, EVERY_MAP },
	{ "cut in an entry", NO "multipaths {\n\tmultipath {\n\t\twwid \"one\"\n", true, true,
		EVERY_MAP },
	{ "nothing", "", true, true, EVERY_MAP },
	{ "a refusal", "fail\npermission deny: need to be root\n", true, true, EVERY_MAP },
	{ "it is busy", "timeout\n", true, true, EVERY_MAP },
	{ "garbage", "\x01\xff }}} {{ \"\n}\n{\n\"\"\n", true, true, EVERY_MAP },
};

static void the_owners_word_on_purging(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct obs_owner owner = { .rules = "of another answer" };

		owner_read_config(rows[i].config, &owner);
		if (owner.knows_purge != rows[i].knows || owner.purges != rows[i].purges ||
			strcmp(owner.rules, rows[i].rules))
			fail_msg("%s: knows %d purges %d rules\n%s", rows[i].rule,
				owner.knows_purge, owner.purges, owner.rules);
	}
}

/* The entries of n maps behind a "no" for all others. */
static void read_entries(uint32_t n, const char *value, struct obs_owner *ret)
{
	struct text config = TEXT_INIT;

	text_add(&config, NO "multipaths {\n");
	for (uint32_t i = 0; i < n; i++)
		text_addf(&config,
			"\tmultipath {\n\t\twwid \"36001405%025u\"\n"
			"\t\tpurge_disconnected \"%s\"\n\t}\n",
			i, value);
	text_add(&config, "}\n");
	*ret = (struct obs_owner){ 0 };
	owner_read_config(text_str(&config), ret);
	text_done(&config);
}

static void what_does_not_fit_is_every_map(void **state)
{
	struct obs_owner owner;

	(void)state;
	read_entries(45, "yes", &owner);
	assert_true(owner.purges);
	assert_non_null(strstr(owner.rules, "0044\""));
	assert_string_equal(owner.rules + strlen(owner.rules) - 4, "}\n}\n");
	read_entries(50000, "yes", &owner);
	assert_true(owner.knows_purge && owner.purges);
	assert_string_equal(owner.rules, EVERY_MAP);
	read_entries(50000, "no", &owner);
	assert_true(owner.knows_purge);
	assert_false(owner.purges);
}

/* To the last byte, and one more. */
static void rules_end_where_their_field_does(void **state)
{
	static const char frame[] = "overrides {\npurge_disconnected yes\n}\n";
	size_t blanks = MAX_OWNER_RULES - sizeof frame;

	(void)state;
	for (size_t more = 0; more < 2; more++) {
		struct obs_owner owner = { 0 };
		struct text config = TEXT_INIT;

		text_add(&config, "overrides {\n\tpurge_disconnected");
		for (size_t i = 0; i < blanks + more; i++)
			text_add(&config, " ");
		text_add(&config, " yes\n}\n");
		owner_read_config(text_str(&config), &owner);
		assert_true(owner.purges);
		assert_int_equal(strlen(owner.rules), more ? 0 : MAX_OWNER_RULES - 1);
		text_done(&config);
	}
}

static void a_request_is_its_length_and_itself_with_nul(void **state)
{
	struct text frame = TEXT_INIT;
	size_t len = 12;
	char longest[513];

	(void)state;
	assert_int_equal(multipathd_frame("show daemon", &frame), 0);
	assert_int_equal(frame.len, sizeof len + 12);
	assert_memory_equal(frame.bytes, &len, sizeof len);
	assert_memory_equal(frame.bytes + sizeof len, "show daemon", 12);
	memset(longest, 'x', sizeof longest);
	longest[512] = '\0';
	assert_int_equal(multipathd_frame(longest, &frame), -E2BIG);
	longest[511] = '\0';
	assert_int_equal(multipathd_frame(longest, &frame), 0);
	text_done(&frame);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_owners_word_on_purging),
		cmocka_unit_test(what_does_not_fit_is_every_map),
		cmocka_unit_test(rules_end_where_their_field_does),
		cmocka_unit_test(a_request_is_its_length_and_itself_with_nul),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
