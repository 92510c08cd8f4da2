/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reading.h"

#include "config/pattern.h"

static const struct {
	const char *rule, *pattern, *text;
	enum pattern_fault fault;
	bool matches;
} rows[] = {
	{ "searched anywhere", "ba[rz]", "foobar", PATTERN_FINE, true },
	{ "case counts", "BAR", "bar", PATTERN_FINE, false },
	{ "an anchor", "^ba", "foobar", PATTERN_FINE, false },
	{ "extended: alternatives", "(bar|baz|ba\\.)$", "bar", PATTERN_FINE, true },
	{ "! inverts", "!bar", "bar", PATTERN_FINE, false },
	{ "! inverts the other way", "!bar", "foo", PATTERN_FINE, true },
	{ "\\! is a !", "\\!bar", "!bar", PATTERN_FINE, true },
	{ "\\! does not invert", "\\!bar", "foo", PATTERN_FINE, false },
	{ "empty fits everything", "", "foo", PATTERN_FINE, true },
	{ "numbers of repetitions", "^3600[0-9a-f]{4,32}$", "3600a09f", PATTERN_FINE, true },
	{ "a ] in brackets", "^[]x]+$", "x]x", PATTERN_FINE, true },
	{ "a ] in brackets that exclude", "^[^](){9999}]+$", "ab", PATTERN_FINE, true },
	{ "a class in brackets", "^[[:alpha:](){9999}]+$", "a(9", PATTERN_FINE, true },
	{ "an open group", "(", "", PATTERN_WRONG, false },
	{ "an open bracket", "[a", "", PATTERN_WRONG, false },
	{ "only !", "!(", "", PATTERN_WRONG, false },
	{ "a back reference", "(a)\\1", "", PATTERN_REFERS, false },
	{ "no back reference in brackets", "[\\1]", "1", PATTERN_FINE, true },
	{ "an escaped backslash before a digit", "\\\\1", "\\1", PATTERN_FINE, true },
	{ "repetitions that multiply", "((a{99}){99}){99}", "", PATTERN_TOO_BIG, false },
	{ "one repetition beyond reason", "x{30000}", "", PATTERN_TOO_BIG, false },
	{ "nested + doubles each time",
		"(((((((((((((((((((((a+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+", "",
		PATTERN_TOO_BIG, false },
	{ "deeper than any stack should go",
		"((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((a", "",
		PATTERN_TOO_BIG, false },
};

static void patterns(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct pattern p = PATTERN_INIT;
		enum pattern_fault fault = pattern_compile_rule(rows[i].pattern, &p);

		if (fault != rows[i].fault)
			fail_msg("%s: %s", rows[i].rule, pattern_fault_text(fault));
		if (pattern_matches(&p, rows[i].text) != rows[i].matches)
			fail_msg("%s: matches the other way", rows[i].rule);
		pattern_done(&p);
	}
}

static void the_longest_and_one_more(void **state)
{
	char text[4098];
	struct pattern p = PATTERN_INIT;

	(void)state;
	memset(text, 'x', sizeof text - 1);
	text[4097] = '\0';
	assert_int_equal(pattern_compile(text, &p), PATTERN_TOO_BIG);
	text[4096] = '\0';
	assert_int_equal(pattern_compile(text, &p), PATTERN_FINE);
	pattern_done(&p);
}

static void without_a_rule_a_mark_is_a_mark(void **state)
{
	struct pattern p = PATTERN_INIT;

	(void)state;
	assert_int_equal(pattern_compile("!a", &p), PATTERN_FINE);
	assert_true(pattern_matches(&p, "x!a"));
	pattern_done(&p);
	assert_false(pattern_matches(&p, "x!a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns),
		cmocka_unit_test(the_longest_and_one_more),
		cmocka_unit_test(without_a_rule_a_mark_is_a_mark),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
