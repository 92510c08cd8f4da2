/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reading.h"

/* What the reader is told: "defaults( key=value; )" and "(none)" for a missing value. Remarks are
 * given as the lines they are about and a part of their text; the last one ends the list. */
static const struct {
	const char *rule, *text, *told;
	struct {
		unsigned line;
		const char *part;
	} remarks[4];
} rows[] = {
	{ "an empty file", "", "", { { 0, NULL } } },
	{ "a section and a value", "defaults {\n\tverbosity 3\n}\n", "defaults( verbosity=3; ) ",
		{ { 0, NULL } } },
	{ "the last line may have no end", "defaults {\nverbosity 3\n}",
		"defaults( verbosity=3; ) ", { { 0, NULL } } },
	{ "sections within sections", "devices {\ndevice {\nvendor a\n}\ndevice{\nvendor b\n}\n}\n",
		"devices( devices/device( vendor=a; ) devices/device( vendor=b; ) ) ",
		{ { 0, NULL } } },
	{ "a device means something else in each list",
		"blacklist {\ndevice {\n}\n}\nblacklist_exceptions {\ndevice {\n}\n}\n",
		"blacklist( blacklist/device( ) ) "
		"blacklist_exceptions( blacklist_exceptions/device( ) ) ",
		{ { 0, NULL } } },
	{ "a protocol is an entry in overrides and a value in blacklist",
		"overrides {\nprotocol {\ntype scsi:fcp\n}\n}\nblacklist {\nprotocol scsi:ata\n}\n",
		"overrides( overrides/protocol( type=scsi:fcp; ) ) blacklist( protocol=scsi:ata; "
		") ",
		{ { 0, NULL } } },
	{ "a quoted value", "defaults {\nprio_args \" a # b \"\n}\n",
		"defaults( prio_args= a # b ; ) ", { { 0, NULL } } },
	{ "an empty value", "defaults {\nuid_attribute \"\"\n}\n", "defaults( uid_attribute=; ) ",
		{ { 0, NULL } } },
	{ "comments and empty lines count as lines", "# a\n\n!b\ndefaults {\n}\n}\n",
		"defaults( ) ", { { 6, "unmatched '}'" } } },
	{ "a line ends at a carriage return", "defaults {\r\nverbosity 3\rpolling 4\n}\r\n",
		"defaults( verbosity=3; ) ", { { 0, NULL } } },
	{ "what follows the value is ignored", "defaults {\nverbosity 3 4\nprio \"a\" b\n}\n",
		"defaults( verbosity=3; prio=a; ) ",
		{ { 2, "ignoring what follows the value of 'verbosity'" },
			{ 3, "ignoring what follows the value of 'prio'" } } },
	{ "what follows an empty string is ignored", "defaults {\nprio \"\" b\n}\n",
		"defaults( prio=; ) ", { { 2, "ignoring what follows the value" } } },
	{ "a missing closing mark is accepted", "defaults {\nprio \"a b\nverbosity \"\n}\n",
		"defaults( prio=a b; verbosity=; ) ",
		{ { 2, "missing closing quotation mark" },
			{ 3, "missing closing quotation mark" } } },
	{ "a keyword without value is told as such", "defaults {\nverbosity\n}\n",
		"defaults( verbosity=(none); ) ", { { 0, NULL } } },
	{ "what follows a brace is ignored, and the section stays open",
		"defaults { user_friendly_names yes }\nmax_fds 9\n}\n", "defaults( max_fds=9; ) ",
		{ { 1, "ignoring what follows '{'" } } },
	{ "what follows a closing brace is ignored", "defaults {\n} verbosity 3\n", "defaults( ) ",
		{ { 2, "ignoring what follows '}'" } } },
	{ "the brace may stand on the next line", "defaults\n{\nverbosity 3\n}\n",
		"defaults( verbosity=3; ) ",
		{ { 1, "missing '{'" }, { 2, "cannot begin with '{'" } } },
	{ "something else than a brace opens all the same", "devices foo\ndevice {\n}\n}\n",
		"devices( devices/device( ) ) ", { { 1, "missing '{'" } } },
	{ "... also for a list and its devices", "blacklist\ndevice\n}\n}\n",
		"blacklist( blacklist/device( ) ) ",
		{ { 1, "missing '{'" }, { 2, "missing '{'" } } },
	{ "... for exceptions", "blacklist_exceptions\n}\n", "blacklist_exceptions( ) ",
		{ { 1, "missing '{'" } } },
	{ "... for WWIDs", "multipaths\nmultipath\n}\n}\n",
		"multipaths( multipaths/multipath( ) ) ",
		{ { 1, "missing '{'" }, { 2, "missing '{'" } } },
	{ "case counts in sections", "Defaults {\nverbosity 3\n", "Defaults={; verbosity=3; ",
		{ { 0, NULL } } },
	{ "a quoted brace is none", "defaults \"{\"\n}\n", "defaults( ) ",
		{ { 1, "missing '{'" } } },
	{ "overrides does not open without a brace", "overrides\n{\nno_path_retry 7\n}\n",
		"no_path_retry=7; ",
		{ { 1, "missing '{' behind 'overrides', skipping" }, { 2, "cannot begin with '{'" },
			{ 4, "unmatched '}'" } } },
	{ "a protocol entry does not open without a brace", "overrides {\nprotocol\n}\n",
		"overrides( ) ", { { 2, "missing '{' behind 'protocol'" } } },
	{ "overrides opens with any value", "overrides foo\n}\n", "overrides( ) ",
		{ { 1, "missing '{'" } } },
	{ "a section word where it opens nothing", "defaults {\ndevices {\nverbosity 3\n}\n}\n",
		"defaults( verbosity=3; ) ",
		{ { 2, "no section 'devices' here" }, { 5, "unmatched '}'" } } },
	{ "an unknown block belongs to the section around it",
		"defaults {\nfoo {\nverbosity 3\n}\nprio a\n}\n",
		"defaults( foo={; verbosity=3; ) prio=a; ", { { 6, "unmatched '}'" } } },
	{ "a missing brace at the end", "defaults {\nverbosity 3\n", "defaults( verbosity=3; ) ",
		{ { 2, "missing '}' of the section 'defaults' of line 1" } } },
	{ "two missing braces at the end", "devices {\n\ndevice {\nvendor a",
		"devices( devices/device( vendor=a; ) ) ",
		{ { 4, "missing '}' of the section 'devices/device' of line 3" },
			{ 4, "missing '}' of the section 'devices' of line 1" } } },
	{ "a section again is read again", "defaults {\n}\ndefaults {\nprio a\n}\n",
		"defaults( ) defaults( prio=a; ) ", { { 3, "another section 'defaults'" } } },
	{ "a line cannot begin with a string", "defaults {\n\"verbosity\" 3\n}\n", "defaults( ) ",
		{ { 2, "cannot begin with a quotation mark" } } },
	{ "keywords outside of sections are told", "verbosity 3\n", "verbosity=3; ",
		{ { 0, NULL } } },
};

static int tell_enter(void *arg, enum section section, unsigned line)
{
	assert_true(line > 0);
	text_addf(arg, "%s( ", section_name(section));
	return 0;
}

static int tell_value(
	void *arg, enum section section, const char *keyword, const char *value, unsigned line)
{
	(void)section;
	assert_true(line > 0);
	text_addf(arg, "%s=%s; ", keyword, value ? value : "(none)");
	return 0;
}

static int tell_leave(void *arg, enum section section, unsigned line)
{
	(void)section;
	(void)line;
	text_add(arg, ") ");
	return 0;
}

static char *told(const char *bytes, size_t len, struct diagnostics *list)
{
	const struct config_file file = { "f", bytes, len, FILE_MAIN };
	struct text t = TEXT_INIT;
	const struct grammar_reader reader = { tell_enter, tell_value, tell_leave, &t };

	assert_int_equal(grammar_read(&file, &reader, list), 0);
	return text_take(&t);
}

static void rules_of_the_grammar(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct diagnostics list = DIAGNOSTICS_INIT;
		_cleanup_(freep) char *got = told(rows[i].text, strlen(rows[i].text), &list);
		_cleanup_(freep) char *remarks = remarks_of(&list);
		size_t n = 0;

		expect_text(rows[i].rule, got, rows[i].told);
		for (; n < ARRAY_SIZE(rows[i].remarks) && rows[i].remarks[n].part; n++) {
			if (n >= list.n || list.rows[n].line != rows[i].remarks[n].line)
				fail_msg("%s: remark %zu:\n%s", rows[i].rule, n, remarks);
			expect_part(rows[i].rule, list.rows[n].text, rows[i].remarks[n].part);
		}
		if (n != list.n)
			fail_msg("%s: %zu remarks:\n%s", rows[i].rule, list.n, remarks);
		diagnostics_done(&list);
	}
}

static void a_nul_byte_ends_its_line_and_no_more(void **state)
{
	static const char bytes[] = "defaults {\nprio a\0b\nverbosity 3\n}\n";
	struct diagnostics list = DIAGNOSTICS_INIT;
	_cleanup_(freep) char *got = told(bytes, sizeof bytes - 1, &list);

	(void)state;
	expect_text("values", got, "defaults( prio=a; verbosity=3; ) ");
	assert_int_equal(list.n, 1);
	assert_int_equal(list.rows[0].line, 2);
	expect_part("remark", list.rows[0].text, "NUL byte");
	diagnostics_done(&list);
}

/* multipathd splits lines at 1023 bytes. */
static void a_line_may_have_any_length(void **state)
{
	_cleanup_(freep) char *value = malloc(100001), *got = NULL;
	struct text file = TEXT_INIT, want = TEXT_INIT;

	(void)state;
	memset(value, 'x', 100000);
	value[100000] = '\0';
	text_addf(&file, "defaults {\nprio_args \"%s\"\n}\n", value);
	text_addf(&want, "defaults( prio_args=%s; ) ", value);
	got = told(text_str(&file), file.len, NULL);
	assert_string_equal(got, text_str(&want));
	text_done(&file);
	text_done(&want);
}

static int refuse_value(
	void *arg, enum section section, const char *keyword, const char *value, unsigned line)
{
	(void)arg, (void)section, (void)keyword, (void)value, (void)line;
	return -ENOSPC;
}

static void what_the_reader_refuses_ends_the_reading(void **state)
{
	static const char bytes[] = "defaults {\nprio a\n";
	const struct config_file file = { "f", bytes, sizeof bytes - 1, FILE_MAIN };
	struct text t = TEXT_INIT;
	const struct grammar_reader reader = { tell_enter, refuse_value, tell_leave, &t };

	(void)state;
	assert_int_equal(grammar_read(&file, &reader, NULL), -ENOSPC);
	expect_text("no leave", text_str(&t), "defaults( ");
	text_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_of_the_grammar),
		cmocka_unit_test(a_nul_byte_ends_its_line_and_no_more),
		cmocka_unit_test(a_line_may_have_any_length),
		cmocka_unit_test(what_the_reader_refuses_ends_the_reading),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
