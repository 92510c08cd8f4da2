/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records are read as the journal reads them: NAME=value, or NAME, a length, and bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "core/journal_record.h"
#include "core/message_id.h"

enum { MAX_FIELDS = 300 };

struct reading {
	struct field {
		char name[65];
		const char *value;
		size_t len;
	} fields[MAX_FIELDS];
	size_t n;
};

static void read_name(struct field *f, const char *name, size_t len)
{
	assert_in_range(len, 1, 64);
	assert_true(isupper((unsigned char)*name));
	for (size_t i = 0; i < len; i++)
		assert_true(isupper((unsigned char)name[i]) || isdigit((unsigned char)name[i]) ||
			    name[i] == '_');
	memcpy(f->name, name, len);
	f->name[len] = '\0';
}

static void read_record(const char *at, size_t size, struct reading *ret)
{
	const char *end = at + size;

	ret->n = 0;
	while (at < end) {
		struct field *f = &ret->fields[ret->n++];
		const char *line = memchr(at, '\n', (size_t)(end - at));
		const char *equals = memchr(at, '=', (size_t)(line - at));

		assert_non_null(line);
		assert_in_range(ret->n, 1, MAX_FIELDS - 1);
		read_name(f, at, (size_t)((equals ? equals : line) - at));
		f->value = equals ? equals + 1 : line + 9;
		f->len = (size_t)(line - f->value);
		if (!equals) {
			f->len = 0;
			for (int i = 8; i > 0; i--)
				f->len = f->len << 8 | (unsigned char)line[i];
			assert_true(f->len < (size_t)(end - f->value));
			line = f->value + f->len;
			assert_int_equal(*line, '\n');
		}
		at = line + 1;
	}
}

static void expect(const struct reading *r, const char *name, const char *value)
{
	for (size_t i = 0; i < r->n; i++)
		if (!strcmp(r->fields[i].name, name)) {
			if (!value || r->fields[i].len != strlen(value) ||
				memcmp(r->fields[i].value, value, r->fields[i].len) != 0)
				fail_msg("%s is \"%.*s\"", name, (int)r->fields[i].len,
					r->fields[i].value);
			return;
		}
	if (value)
		fail_msg("there is no %s", name);
}

static const struct row {
	const char *rule, *line;
	struct {
		const char *name, *value; /* value NULL: there is none */
	} want[4];
} rows[] = {
	{ "words become fields", "path-state dev=sdb hctl=3:0:0:1 why=good",
		{ { "PATHKEEPER_DEV", "sdb" }, { "PATHKEEPER_HCTL", "3:0:0:1" },
			{ "PATHKEEPER_WHY", "good" }, { "PATHKEEPER_EVENT", "path-state" } } },
	{ "values as they are", "path-state map=ora\\x0adata why=in\\x20use",
		{ { "PATHKEEPER_MAP", "ora\ndata" }, { "PATHKEEPER_WHY", "in use" } } },
	{ "what is no escape stays", "path-state map=a\\x dev=\\xg0\\x00\\x2",
		{ { "PATHKEEPER_MAP", "a\\x" }, { "PATHKEEPER_DEV", "\\xg0\\x00\\x2" } } },
	{ "nothing is no field", "path-state dev=- map=-a why=",
		{ { "PATHKEEPER_DEV", NULL }, { "PATHKEEPER_MAP", "-a" },
			{ "PATHKEEPER_WHY", "" } } },
	{ "a quoted text goes to the end", "config-remark at=f:1 text=\"no \"x=1\" here\"",
		{ { "PATHKEEPER_AT", "f:1" }, { "PATHKEEPER_TEXT", "no \"x=1\" here" },
			{ "PATHKEEPER_X", NULL } } },
	{ "a cut quoted text, too", "config-remark text=\"no", { { "PATHKEEPER_TEXT", "no" } } },
	{ "a lone quote", "config-remark text=\"", { { "PATHKEEPER_TEXT", "\"" } } },
	{ "only the first sign of equality counts", "request verb=a=b",
		{ { "PATHKEEPER_VERB", "a=b" } } },
	{ "a name with a dash", "request a-b=1", { { "PATHKEEPER_A_B", "1" } } },
	{ "what is no name is no field", "request A=1 =2 word \\x0a=3 c=4",
		{ { "PATHKEEPER_A", NULL }, { "PATHKEEPER_C", "4" }, { "PATHKEEPER_", NULL } } },
	{ "an event without words", "uevents-lost", { { "PATHKEEPER_EVENT", "uevents-lost" } } },
	{ "an unknown event has no number", "nonsense a=b", { { "MESSAGE_ID", NULL } } },
};

static void test_rows(void **state)
{
	static struct reading r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(text_done) struct text t = TEXT_INIT;
		char event[32] = "";

		print_message("# %s\n", rows[i].rule);
		memcpy(event, rows[i].line, strcspn(rows[i].line, " "));
		journal_record(LOG_LEVEL_NOTICE, event, rows[i].line, 42, &t);
		read_record(text_str(&t), t.len, &r);
		expect(&r, "MESSAGE", rows[i].line);
		expect(&r, "PRIORITY", "5");
		expect(&r, "SYSLOG_IDENTIFIER", "pathkeeperd");
		expect(&r, "SYSLOG_PID", "42");
		for (size_t j = 0; j < 4 && rows[i].want[j].name; j++)
			expect(&r, rows[i].want[j].name, rows[i].want[j].value);
	}
}

static void test_priorities(void **state)
{
	(void)state;
	assert_int_equal(journal_priority(LOG_LEVEL_ERR), 3);
	assert_int_equal(journal_priority(LOG_LEVEL_WARNING), 4);
	assert_int_equal(journal_priority(LOG_LEVEL_INFO), 6);
	assert_int_equal(journal_priority(LOG_LEVEL_DEBUG), 7);
}

/* Whatever the line: the record fits, and the line itself is in it. */
static void test_a_record_fits(void **state)
{
	static struct reading r;
	char line[1024];

	(void)state;
	for (size_t word = 1; word < 40; word++) {
		_cleanup_(text_done) struct text t = TEXT_INIT;

		strcpy(line, "path-purge");
		for (size_t i = strlen(line); i < sizeof line - 1; i++)
			line[i] = i % (word + 2) == 0 ? ' ' : i % (word + 2) == 2 ? '=' : 'a';
		line[sizeof line - 1] = '\0';
		journal_record(LOG_LEVEL_ERR, "path-purge", line, UINT32_MAX, &t);
		assert_in_range(t.len, sizeof line, JOURNAL_RECORD_BYTES);
		read_record(text_str(&t), t.len, &r);
		expect(&r, "MESSAGE", line);
	}
}

static void test_numbers(void **state)
{
	static char page[32768], row[128];
	FILE *file = fopen(JOURNAL_PAGE, "re");

	(void)state;
	assert_non_null(file);
	assert_true(fread(page, 1, sizeof page - 1, file) > 0);
	fclose(file);
	for (size_t i = 0; message_id_event(i); i++) {
		const char *event = message_id_event(i), *id = message_id(event);

		assert_int_equal(strlen(id), 32);
		assert_int_equal(strspn(id, "0123456789abcdef"), 32);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(id, message_id(message_id_event(j)));
		snprintf(row, sizeof row, "\n| `%s` | `%s` |\n", event, id);
		if (!strstr(page, row))
			fail_msg("docs/journal.md does not have %s %s", event, id);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_priorities),
		cmocka_unit_test(test_a_record_fits),
		cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
