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

static const struct {
	const char *rule, *config;
	bool knows, purges;
} rows[] = {
	{ "an owner that does not know the word", "defaults {\n\tverbosity 2\n}\n", false, false },
	{ "it knows it, and does not", "defaults {\n\tpurge_disconnected \"no\"\n}\n", true,
		false },
	{ "it does", "defaults {\n\tpurge_disconnected \"yes\"\n}\n", true, true },
	{ "it does without quotes", "defaults {\n\tpurge_disconnected yes\n}\n", true, true },
	{ "it does for some arrays",
		"defaults {\n\tpurge_disconnected \"no\"\n}\ndevices {\n\tdevice {\n"
		"\t\tvendor \"NETAPP\"\n\t\tpurge_disconnected \"yes\"\n\t}\n}\n",
		true, true },
	{ "another word that begins alike", "defaults {\n\tpurge_disconnected_not \"yes\"\n}\n",
		false, false },
	{ "the word as a value", "multipaths {\n\talias \"purge_disconnected yes\"\n}\n", false,
		false },
	{ "the last line, cut", "defaults {\n\tpurge_disconnected", true, false },
	{ "nothing", "", false, false },
};

static void the_owners_word_on_purging(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct obs_owner owner = { 0 };

		owner_read_config(rows[i].config, &owner);
		if (owner.knows_purge != rows[i].knows || owner.purges != rows[i].purges)
			fail_msg("%s: knows %d purges %d", rows[i].rule, owner.knows_purge,
				owner.purges);
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
		cmocka_unit_test(a_request_is_its_length_and_itself_with_nul),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
