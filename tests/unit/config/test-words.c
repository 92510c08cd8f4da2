/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reading.h"

#include "config/words.h"

/* The words with | between them; a quotation mark is <">. */
static const struct {
	const char *rule, *line, *words;
} rows[] = {
	{ "nothing", "", "" },
	{ "only blanks", " \t \v\f", "" },
	{ "a comment after #", "# key value", "" },
	{ "a comment after !", "  !key value", "" },
	{ "two words, with blanks around", "\t key \t value  ", "key|value" },
	{ "a comment behind the value", "key value # more", "key|value" },
	{ "... after !, too", "key value ! more", "key|value" },
	{ "a comment glued to the value", "key value#more", "key|value" },
	{ "a comment within a word", "devnode !^sd", "devnode" },
	{ "a comment begins in the middle", "ke#y value", "ke" },
	{ "bytes beyond ASCII are skipped at the beginning",
		"\xef\xbb\xbf"
		"key value",
		"key|value" },
	{ "bytes beyond ASCII separate words",
		"key val\xc3\xbc"
		"e",
		"key|val|e" },
	{ "braces are words of their own", "a{b}c", "a|{|b|}|c" },
	{ "a string is one word", "key \"  value   more  \"", "key|<\">|  value   more  |<\">" },
	{ "no comment within a string", "key \"#a !b\"", "key|<\">|#a !b|<\">" },
	{ "no brace within a string", "key \"{}\"", "key|<\">|{}|<\">" },
	{ "bytes beyond ASCII stay in a string", "key \"\xc3\xbc\"", "key|<\">|\xc3\xbc|<\">" },
	{ "a quotation mark glued to a word", "key\"word\"", "key|<\">|word|<\">" },
	{ "a word behind a string", "key \"a\"b", "key|<\">|a|<\">|b" },
	{ "five words", "keyword value \"quoted\"", "keyword|value|<\">|quoted|<\">" },
	{ "seven words", "keyword \"value \"  comment\"\"",
		"keyword|<\">|value |<\">|comment|<\">|<\">" },
	{ "a doubled mark is one", "keyword \"2.5\"\" SSD\"", "keyword|<\">|2.5\" SSD|<\">" },
	{ "two doubled marks at the beginning", "keyword \"\"\"\"\" is empty\"",
		"keyword|<\">|\"\" is empty|<\">" },
	{ "only a doubled mark", "keyword \"\"\"\"", "keyword|<\">|\"|<\">" },
	{ "an empty string", "keyword \"\"", "keyword|<\">|<\">" },
	{ "a string that does not end", "key \"value # more", "key|<\">|value # more" },
	{ "an empty string that does not end", "key \"", "key|<\">" },
	{ "a newline within a string is kept", "key\"word  value\n  comment\"",
		"key|<\">|word  value\n  comment|<\">" },
};

static char *joined(const struct words *words)
{
	struct text t = TEXT_INIT;

	for (size_t i = 0; i < words->n; i++)
		text_addf(&t, "%s%s", i ? "|" : "",
			words_is_quote(words, i) ? "<\">" : words->word[i].text);
	return text_take(&t);
}

static void lines_into_words(void **state)
{
	struct words words = WORDS_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(freep) char *got = NULL;

		assert_int_equal(words_split(&words, rows[i].line, strlen(rows[i].line)), 0);
		got = joined(&words);
		expect_text(rows[i].rule, got, rows[i].words);
	}
	words_done(&words);
}

static void the_end_is_where_the_length_or_a_nul_says(void **state)
{
	struct words words = WORDS_INIT;

	(void)state;
	assert_int_equal(words_split(&words, "key value", 5), 0);
	assert_true(words_is(&words, 1, "v"));
	assert_int_equal(words_split(&words, "key\0value", 9), 0);
	assert_int_equal(words.n, 1);
	words_done(&words);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_into_words),
		cmocka_unit_test(the_end_is_where_the_length_or_a_nul_says),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
