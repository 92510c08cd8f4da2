/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Events of the ring and of a journal, together. This journal has what the rows say it has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <systemd/sd-journal.h>

#include "base/cleanup.h"
#include "cli/past.h"

enum { MAX_RECORDS = 6 };
#define SECOND UINT64_C(1000000)
#define NOON   (UINT64_C(1772366400) * SECOND) /* 2026-03-01T12:00:00Z */

/* ---- a journal ------------------------------------------------------------------------------- */

static struct {
	struct record {
		uint64_t usec;
		const char *message; /* NULL: it has none */
	} records[MAX_RECORDS];
	int n, at; /* at: of the record that is being read */
	int open_fails;
	char matches[2048];
} journal;

int sd_journal_open(sd_journal **ret, int flags)
{
	(void)flags;
	if (journal.open_fails)
		return journal.open_fails;
	journal.at = 0;
	journal.matches[0] = '\0';
	*ret = (sd_journal *)&journal;
	return 0;
}

void sd_journal_close(sd_journal *j)
{
	(void)j;
}

int sd_journal_add_match(sd_journal *j, const void *data, size_t size)
{
	(void)j;
	assert_int_equal(size, 0);
	strncat(journal.matches, data, sizeof journal.matches - strlen(journal.matches) - 1);
	strncat(journal.matches, "\n", sizeof journal.matches - strlen(journal.matches) - 1);
	return 0;
}

int sd_journal_seek_tail(sd_journal *j)
{
	(void)j;
	journal.at = journal.n;
	return 0;
}

int sd_journal_seek_realtime_usec(sd_journal *j, uint64_t usec)
{
	(void)j;
	for (journal.at = 0; journal.at < journal.n; journal.at++)
		if (journal.records[journal.at].usec >= usec)
			break;
	return 0;
}

int sd_journal_previous(sd_journal *j)
{
	(void)j;
	if (journal.at == 0)
		return 0;
	journal.at--;
	return 1;
}

int sd_journal_get_realtime_usec(sd_journal *j, uint64_t *ret)
{
	(void)j;
	*ret = journal.records[journal.at].usec;
	return 0;
}

int sd_journal_get_data(sd_journal *j, const char *field, const void **data, size_t *len)
{
	(void)j;
	assert_string_equal(field, "MESSAGE");
	if (!journal.records[journal.at].message)
		return -ENOENT;
	*data = journal.records[journal.at].message;
	*len = strlen(*data);
	return 0;
}

/* ---- rows ------------------------------------------------------------------------------------ */

#define GONE(time, dev)                                                                            \
	"{\"version\":1,\"number\":null,\"time\":\"2026-03-01T" time                               \
	"Z\",\"event\":\"path-gone\",\"dev\":\"" dev "\"}"
#define RING(number, time)                                                                         \
	"{\"version\":1,\"number\":" number ",\"time\":\"2026-03-01T" time                         \
	"Z\",\"event\":\"slept\",\"ms\":7}"

static const struct row {
	const char *rule;
	struct record records[MAX_RECORDS];
	const char *ring;
	size_t most;
	int open_fails, result;
	const char *want;
} rows[] = {
	{ "without a daemon the journal alone",
		{ { NOON, "MESSAGE=path-gone dev=sda" },
			{ NOON + SECOND, "MESSAGE=path-gone dev=s\\x20b" } },
		NULL, 9, 0, 0,
		"{\"version\":1,\"last\":0,\"events\":[" GONE("12:00:00.000", "sda") "," GONE(
			"12:00:01.000", "s b") "]}" },
	{ "the last ones",
		{ { NOON, "MESSAGE=path-gone dev=sda" }, { NOON, "MESSAGE=path-gone dev=sdb" } },
		NULL, 1, 0, 0,
		"{\"version\":1,\"last\":0,\"events\":[" GONE("12:00:00.000", "sdb") "]}" },
	{ "what the ring has is not said twice",
		{ { NOON - 1, "MESSAGE=path-gone dev=sda" }, { NOON, "MESSAGE=slept ms=7" },
			{ NOON + 1000, "MESSAGE=slept ms=7" } },
		"{\"version\":1,\"last\":1,\"events\":[" RING("1", "12:00:00.000") "]}", 9, 0, 0,
		"{\"version\":1,\"last\":1,\"events\":[" GONE("11:59:59.999", "sda") "," RING(
			"1", "12:00:00.000") "]}" },
	{ "a full ring is enough", { { NOON - 1, "MESSAGE=path-gone dev=sda" } },
		"{\"version\":1,\"last\":8,\"events\":[" RING("7", "12:00:00.000") "," RING(
			"8", "12:00:01.000") "]}",
		1, 0, 0, "{\"version\":1,\"last\":8,\"events\":[" RING("8", "12:00:01.000") "]}" },
	{ "an empty ring", { { NOON, "MESSAGE=path-gone dev=sda" } },
		"{\"version\":1,\"last\":0,\"events\":[]}", 9, 0, 0,
		"{\"version\":1,\"last\":0,\"events\":[" GONE("12:00:00.000", "sda") "]}" },
	{ "a record without words is skipped",
		{ { NOON, "MESSAGE=path-gone dev=sda" }, { NOON, NULL }, { NOON, "MESSAGE" } },
		NULL, 9, 0, 0,
		"{\"version\":1,\"last\":0,\"events\":[" GONE("12:00:00.000", "sda") "]}" },
	{ "an event without words", { { NOON, "MESSAGE=uevents-lost" } }, NULL, 9, 0, 0,
		"{\"version\":1,\"last\":0,\"events\":[{\"version\":1,\"number\":null,\"time\":"
		"\"2026-03-01T12:00:00.000Z\",\"event\":\"uevents-lost\"}]}" },
	{ "no daemon, nothing in the journal", { { 0 } }, NULL, 9, 0, -ENODATA, NULL },
	{ "no daemon, no journal", { { NOON, "MESSAGE=path-gone dev=sda" } }, NULL, 9, -EACCES,
		-ENODATA, NULL },
	{ "a daemon, no journal", { { NOON, "MESSAGE=path-gone dev=sda" } },
		"{\"version\":1,\"last\":0,\"events\":[]}", 9, -ENOENT, 0,
		"{\"version\":1,\"last\":0,\"events\":[]}" },
	{ "no document", { { 0 } }, "{\"version\":1}", 9, 0, -EBADMSG, NULL },
	{ "no JSON", { { 0 } }, "?", 9, 0, -EBADMSG, NULL },
};

static void test_rows(void **state)
{
	(void)state;
	unsetenv("PATHKEEPER_RUNTIME_DIR");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(freep) char *json = NULL;

		print_message("# %s\n", rows[i].rule);
		memset(&journal, 0, sizeof journal);
		memcpy(journal.records, rows[i].records, sizeof journal.records);
		while (journal.n < MAX_RECORDS && journal.records[journal.n].usec)
			journal.n++;
		journal.open_fails = rows[i].open_fails;
		assert_int_equal(past_document(rows[i].ring, rows[i].most, &json), rows[i].result);
		if (rows[i].want)
			assert_string_equal(json, rows[i].want);
	}
}

static void begin_with_one(void)
{
	memset(&journal, 0, sizeof journal);
	journal.records[journal.n++] = (struct record){ NOON, "MESSAGE=path-gone dev=sda" };
}

/* Anybody may write records that look like ours, but not as root. */
static void test_only_ours(void **state)
{
	_cleanup_(freep) char *json = NULL;

	(void)state;
	begin_with_one();
	assert_int_equal(past_document(NULL, 9, &json), 0);
	assert_non_null(strstr(journal.matches, "SYSLOG_IDENTIFIER=pathkeeperd\n_UID=0\n"));
	assert_non_null(strstr(journal.matches, "\nPATHKEEPER_EVENT=path-added\n"));
	assert_non_null(strstr(journal.matches, "\nPATHKEEPER_EVENT=attention\n"));
}

static void test_not_of_another_daemon(void **state)
{
	char *json = NULL;

	(void)state;
	begin_with_one();
	setenv("PATHKEEPER_RUNTIME_DIR", "/tmp/somewhere", 1);
	assert_int_equal(past_document(NULL, 9, &json), -ENODATA);
	unsetenv("PATHKEEPER_RUNTIME_DIR");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_only_ours),
		cmocka_unit_test(test_not_of_another_daemon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
