/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "scsi/answer.h"
#include "scsi/gone.h"

#define CHECK(key, asc, ascq)                                                                      \
	{                                                                                          \
		.status = 0x02, .sense_len = 8, .sense = { 0x72, key, asc, ascq }                  \
	}

/* Every class of answer, to either command. */
enum said {
	GOOD,
	UNSUPPORTED, /* 05/25/00 */
	UNSUPPORTED_FIXED,
	NEARLY,	      /* 05/25/01 */
	OTHER_SENSE,  /* 05/24/00 */
	STANDBY,      /* 02/04/0b */
	UNAVAILABLE,  /* 02/04/0c */
	ABORTED,      /* 0b/25/00: the code is not enough */
	ATTENTION,    /* 06/29/00 */
	ATTENTION_25, /* 06/25/00: neither */
	BUSY,
	FULL,
	CONFLICT,
	NO_CONNECT,
	OUTAGE_WITH_SENSE,
	TIMED_OUT,
	DRIVER_FAILED,
	DEFERRED,
	NO_SENSE,
	TASK_ABORTED,
	NO_DEVICE,
	INTERRUPTED,
	CLASSES
};

static const struct {
	const char *name;
	struct scsi_answer answer;
} classes[CLASSES] = {
	[GOOD] = { "good", { 0 } },
	[UNSUPPORTED] = { "05/25/00", CHECK(5, 0x25, 0x00) },
	[UNSUPPORTED_FIXED] = { "05/25/00 fixed",
		{ .status = 0x02,
			.sense_len = 18,
			.sense = { [0] = 0x70, [2] = 0x05, [7] = 0x0a, [12] = 0x25 } } },
	[NEARLY] = { "05/25/01", CHECK(5, 0x25, 0x01) },
	[OTHER_SENSE] = { "05/24/00", CHECK(5, 0x24, 0x00) },
	[STANDBY] = { "02/04/0b", CHECK(2, 0x04, 0x0b) },
	[UNAVAILABLE] = { "02/04/0c", CHECK(2, 0x04, 0x0c) },
	[ABORTED] = { "0b/25/00", CHECK(0xb, 0x25, 0x00) },
	[ATTENTION] = { "06/29/00", CHECK(6, 0x29, 0x00) },
	[ATTENTION_25] = { "06/25/00", CHECK(6, 0x25, 0x00) },
	[BUSY] = { "busy", { .status = 0x08 } },
	[FULL] = { "task set full", { .status = 0x28 } },
	[CONFLICT] = { "reservation conflict", { .status = 0x18 } },
	[NO_CONNECT] = { "no connection", { .host_status = 0x01 } },
	[OUTAGE_WITH_SENSE] = { "outage beside 05/25/00",
		{ .host_status = 0x0e, .status = 2, .sense_len = 8, .sense = { 0x72, 5, 0x25 } } },
	[TIMED_OUT] = { "timed out", { .host_status = 0x03 } },
	[DRIVER_FAILED] = { "driver failed", { .driver_status = 0x04 } },
	[DEFERRED] = { "deferred 05/25/00",
		{ .status = 2, .sense_len = 8, .sense = { 0x73, 5, 0x25 } } },
	[NO_SENSE] = { "check condition, no sense", { .status = 2 } },
	[TASK_ABORTED] = { "task aborted", { .status = 0x40 } },
	[NO_DEVICE] = { "ENODEV", { .error = -ENODEV } },
	[INTERRUPTED] = { "EINTR", { .error = -EINTR } },
};

/* The data of a good INQUIRY; what the columns of the table stand for besides the classes. */
static const struct {
	const char *name;
	uint8_t bytes[36];
	size_t len;
} data[] = {
	{ "a disk", { 0x00 }, 36 },
	{ "unknown type, connected", { 0x1f }, 36 },
	{ "001b disk", { 0x20 }, 36 },
	{ "001b 1fh (LIO's LUN 0)", { 0x3f }, 36 },
	{ "011b disk", { 0x60 }, 36 },
	{ "011b 1fh (QEMU)", { 0x7f }, 36 },
	{ "010b 1fh (reserved)", { 0x5f }, 36 },
	{ "100b 1fh (a vendor's)", { 0x9f }, 36 },
	{ "a header only", { 0x7f }, 5 },
	{ "cut before its length", { 0x7f }, 4 },
	{ "one byte", { 0x7f }, 1 },
	{ "no data", { 0x7f }, 0 },
};

/* Each letter is a column of data[]: N no, U unsupported, Q qualifier, ? unknown. */
static const struct {
	enum said tur;
	const char *inquiry_good;
	const char *inquiry_unsupported;
	const char *inquiry_other;  /* any other sense, conflict */
	const char *inquiry_silent; /* busy, attention, outage, none, not asked */
} rows[] = {
	{ GOOD, "NNNQNQNNQNNN", "N", "N", "N" },
	{ UNSUPPORTED, "NNUUUUUUU???", "U", "N", "?" },
	{ UNSUPPORTED_FIXED, "NNUUUUUUU???", "U", "N", "?" },
	{ NEARLY, "NNNNNNNNNNNN", "N", "N", "N" },
	{ OTHER_SENSE, "NNNNNNNNNNNN", "N", "N", "N" },
	{ STANDBY, "NNNNNNNNNNNN", "N", "N", "N" },
	{ UNAVAILABLE, "NNNNNNNNNNNN", "N", "N", "N" },
	{ ABORTED, "NNNNNNNNNNNN", "N", "N", "N" },
	{ ATTENTION, "????????????", "?", "?", "?" },
	{ ATTENTION_25, "????????????", "?", "?", "?" },
	{ BUSY, "????????????", "?", "?", "?" },
	{ FULL, "????????????", "?", "?", "?" },
	{ CONFLICT, "NNNNNNNNNNNN", "N", "N", "N" },
	{ NO_CONNECT, "????????????", "?", "?", "?" },
	{ OUTAGE_WITH_SENSE, "????????????", "?", "?", "?" },
	{ TIMED_OUT, "????????????", "?", "?", "?" },
	{ DRIVER_FAILED, "????????????", "?", "?", "?" },
	{ DEFERRED, "????????????", "?", "?", "?" },
	{ NO_SENSE, "????????????", "?", "?", "?" },
	{ TASK_ABORTED, "????????????", "?", "?", "?" },
	{ NO_DEVICE, "????????????", "?", "?", "?" },
	{ INTERRUPTED, "????????????", "?", "?", "?" },
};

static char letter(enum gone gone)
{
	switch (gone) {
	case GONE_NO: return 'N';
	case GONE_UNSUPPORTED: return 'U';
	case GONE_QUALIFIER: return 'Q';
	case GONE_UNKNOWN: return '?';
	}
	return '!';
}

static char want_of(size_t row, enum said inquiry)
{
	switch (inquiry) {
	case UNSUPPORTED:
	case UNSUPPORTED_FIXED: return rows[row].inquiry_unsupported[0];
	case NEARLY:
	case OTHER_SENSE:
	case STANDBY:
	case UNAVAILABLE:
	case ABORTED:
	case CONFLICT: return rows[row].inquiry_other[0];
	case ATTENTION:
	case ATTENTION_25:
	case BUSY:
	case FULL:
	case NO_CONNECT:
	case OUTAGE_WITH_SENSE:
	case TIMED_OUT:
	case DRIVER_FAILED:
	case DEFERRED:
	case NO_SENSE:
	case TASK_ABORTED:
	case NO_DEVICE:
	case INTERRUPTED:
	case GOOD:
	case CLASSES: break;
	}
	return rows[row].inquiry_silent[0];
}

static void expect(const char *tur, const char *inquiry, enum gone gone, char want)
{
	if (letter(gone) != want)
		fail_msg("TEST UNIT READY %s, INQUIRY %s: %s, not %c", tur, inquiry,
			gone_name(gone), want);
}

static void both_commands_must_say_so(void **state)
{
	(void)state;
	assert_int_equal(ARRAY_SIZE(rows), CLASSES);
	for (size_t row = 0; row < ARRAY_SIZE(rows); row++) {
		const struct scsi_answer *tur = &classes[rows[row].tur].answer;
		const char *name = classes[rows[row].tur].name;

		assert_int_equal(rows[row].tur, row);
		assert_int_equal(strlen(rows[row].inquiry_good), ARRAY_SIZE(data));
		for (size_t i = 0; i < ARRAY_SIZE(data); i++)
			expect(name, data[i].name,
				scsi_gone(tur, &classes[GOOD].answer, data[i].bytes, data[i].len),
				rows[row].inquiry_good[i]);
		for (size_t said = GOOD + 1; said < CLASSES; said++)
			/* Data beside a failed INQUIRY is what was in the buffer before. */
			for (size_t i = 0; i < ARRAY_SIZE(data); i++)
				expect(name, classes[said].name,
					scsi_gone(tur, &classes[said].answer, data[i].bytes,
						data[i].len),
					want_of(row, (enum said)said));
		expect(name, "not asked", scsi_gone(tur, NULL, NULL, 0),
			rows[row].inquiry_silent[0]);
		expect(name, "good without a buffer",
			scsi_gone(tur, &classes[GOOD].answer, NULL, 0),
			rows[row].inquiry_good[ARRAY_SIZE(data) - 1]);
	}
}

static void only_052500_marks(void **state)
{
	(void)state;
	for (size_t said = 0; said < CLASSES; said++) {
		bool want = said == UNSUPPORTED || said == UNSUPPORTED_FIXED;

		if (scsi_says_unsupported(&classes[said].answer) != want)
			fail_msg("%s", classes[said].name);
	}
}

/* Of all keys, codes and qualifiers one only is about a logical unit that is not there. */
static void no_other_sense_marks(void **state)
{
	unsigned n = 0;

	(void)state;
	for (unsigned key = 0; key < 16; key++)
		for (unsigned asc = 0; asc < 256; asc++)
			for (unsigned ascq = 0; ascq < 256; ascq++) {
				struct scsi_answer a = CHECK(
					(uint8_t)key, (uint8_t)asc, (uint8_t)ascq);

				n += scsi_says_unsupported(&a);
			}
	assert_int_equal(n, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_commands_must_say_so),
		cmocka_unit_test(only_052500_marks),
		cmocka_unit_test(no_other_sense_marks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
