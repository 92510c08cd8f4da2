/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "show/printable.h"

static const struct {
	const char *rule, *bytes;
	const char *utf8, *terminal, *word;
} rows[] = {
	{ "plain", "sd-b_1.x", "sd-b_1.x", "sd-b_1.x", "sd-b_1.x" },
	{ "empty is a word", "", "", "", "$''" },
	{ "blanks", "a b", "a b", "a b", "$'a b'" },
	{ "a command behind it is not run", "/mnt; rm -rf /", "/mnt; rm -rf /", "/mnt; rm -rf /",
		"$'/mnt; rm -rf /'" },
	{ "no substitution", "$(x)`y`", "$(x)`y`", "$(x)`y`", "$'$(x)`y`'" },
	{ "quotes end nothing", "a'b", "a'b", "a'b", "$'a\\'b'" },
	{ "backslashes", "a\\'b", "a\\'b", "a\\'b", "$'a\\\\\\'b'" },
	{ "a newline", "a\nb", "a\nb", "a\\x0ab", "$'a\\x0ab'" },
	{ "an escape sequence", "\x1b[2J", "\x1b[2J", "\\x1b[2J", "$'\\x1b[2J'" },
	{ "an option is quoted, and remains one", "-f", "-f", "-f", "$'-f'" },
	{ "two bytes", "\xc3\xa9", "\xc3\xa9", "\xc3\xa9", "$'\xc3\xa9'" },
	{ "three bytes", "\xe2\x82\xac", "\xe2\x82\xac", "\xe2\x82\xac", "$'\xe2\x82\xac'" },
	{ "four bytes", "\xf0\x9f\x92\xbe", "\xf0\x9f\x92\xbe", "\xf0\x9f\x92\xbe",
		"$'\xf0\x9f\x92\xbe'" },
	{ "a lone continuation", "\x80", "\\x80", "\\x80", "$'\\x80'" },
	{ "a cut character at the end", "a\xe2\x82", "a\\xe2\\x82", "a\\xe2\\x82",
		"$'a\\xe2\\x82'" },
	{ "overlong slash", "\xc0\xaf", "\\xc0\\xaf", "\\xc0\\xaf", "$'\\xc0\\xaf'" },
	{ "overlong in three", "\xe0\x80\xaf", "\\xe0\\x80\\xaf", "\\xe0\\x80\\xaf",
		"$'\\xe0\\x80\\xaf'" },
	{ "surrogate", "\xed\xa0\x80", "\\xed\\xa0\\x80", "\\xed\\xa0\\x80", "$'\\xed\\xa0\\x80'" },
	{ "beyond Unicode", "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", "\\xf4\\x90\\x80\\x80",
		"$'\\xf4\\x90\\x80\\x80'" },
	{ "noncharacter, which D-Bus refuses", "\xef\xbf\xbf", "\\xef\\xbf\\xbf", "\\xef\\xbf\\xbf",
		"$'\\xef\\xbf\\xbf'" },
	{ "a C1 control", "\xc2\x9b", "\xc2\x9b", "\\xc2\\x9b", "$'\\xc2\\x9b'" },
	{ "right-to-left override", "\xe2\x80\xae", "\xe2\x80\xae", "\\xe2\\x80\\xae",
		"$'\\xe2\\x80\\xae'" },
};

static void check(const char *rule, void (*print)(const char *, struct text *), const char *bytes,
	const char *want)
{
	struct text t = TEXT_INIT;

	print(bytes, &t);
	if (strcmp(text_str(&t), want))
		fail_msg("%s: %s, not %s", rule, text_str(&t), want);
	text_done(&t);
}

static void each_reader(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		check(rows[i].rule, printable_utf8, rows[i].bytes, rows[i].utf8);
		check(rows[i].rule, printable_terminal, rows[i].bytes, rows[i].terminal);
		check(rows[i].rule, printable_shell_word, rows[i].bytes, rows[i].word);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_reader) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
