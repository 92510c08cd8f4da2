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

#define SENSE_052500 .sense_len = 8, .sense = { 0x72, 0x05, 0x25, 0x00 }
#define DEFERRED     .sense_len = 8, .sense = { 0x73, 0x05, 0x25, 0x00 }
#define GARBAGE	     .sense_len = 8, .sense = { 0x12, 0x34 }

static const struct {
	const char *rule;
	struct scsi_answer answer;
	enum answer_kind want;
} rows[] = {
	{ "all zero is good", { 0 }, ANSWER_GOOD },
	{ "sense beside GOOD does not count", { SENSE_052500 }, ANSWER_GOOD },
	{ "check condition", { .status = 0x02, SENSE_052500 }, ANSWER_SENSE },
	{ "bits 7 and 0 of the status are reserved", { .status = 0x83, SENSE_052500 },
		ANSWER_SENSE },
	{ "sense told by the driver byte alone", { .driver_status = 0x08, SENSE_052500 },
		ANSWER_SENSE },
	{ "status and driver byte", { .status = 0x02, .driver_status = 0x08, SENSE_052500 },
		ANSWER_SENSE },
	{ "what the mid layer suggests is no error",
		{ .status = 0x02, .driver_status = 0x28, SENSE_052500 }, ANSWER_SENSE },
	{ "check condition without sense", { .status = 0x02 }, ANSWER_NONE },
	{ "deferred sense is of another command", { .status = 0x02, DEFERRED }, ANSWER_NONE },
	{ "sense not understood", { .status = 0x02, GARBAGE }, ANSWER_NONE },
	{ "condition met", { .status = 0x04 }, ANSWER_GOOD },
	{ "busy", { .status = 0x08, SENSE_052500 }, ANSWER_BUSY },
	{ "task set full", { .status = 0x28, SENSE_052500 }, ANSWER_BUSY },
	{ "ACA active", { .status = 0x30, SENSE_052500 }, ANSWER_BUSY },
	{ "reservation conflict", { .status = 0x18, SENSE_052500 }, ANSWER_CONFLICT },
	{ "task aborted", { .status = 0x40, SENSE_052500 }, ANSWER_NONE },
	{ "a status nobody defines", { .status = 0x7e, SENSE_052500 }, ANSWER_NONE },
	{ "no connection", { .host_status = 0x01 }, ANSWER_TRANSPORT },
	{ "the host's byte wins over sense",
		{ .host_status = 0x0e, .status = 0x02, .driver_status = 0x08, SENSE_052500 },
		ANSWER_TRANSPORT },
	{ "a host's byte of tomorrow", { .host_status = 0xff, .status = 0x02, SENSE_052500 },
		ANSWER_TRANSPORT },
	{ "the host timed out", { .host_status = 0x03, .status = 0x02, SENSE_052500 },
		ANSWER_TIMEOUT },
	{ "the host's byte wins over an error", { .error = -ENODEV, .host_status = 0x01 },
		ANSWER_TRANSPORT },
	{ "the driver timed out", { .driver_status = 0x06, .status = 0x02, SENSE_052500 },
		ANSWER_TIMEOUT },
	{ "the driver failed", { .driver_status = 0x04, .status = 0x02, SENSE_052500 },
		ANSWER_TRANSPORT },
	{ "no such device", { .error = -ENODEV, .status = 0x02, SENSE_052500 },
		ANSWER_DEVICE_ABSENT },
	{ "no such address", { .error = -ENXIO }, ANSWER_DEVICE_ABSENT },
	{ "another error", { .error = -EIO, .status = 0x02, SENSE_052500 }, ANSWER_NONE },
	{ "a sense length that lies",
		{ .status = 0x02, .sense_len = 255, .sense = { 0x72, 5, 0x25 } }, ANSWER_SENSE },
};

static void kinds_of_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sense sense = { .key = 0x99 };
		enum answer_kind kind = answer_classify(&rows[i].answer, &sense);

		if (kind != rows[i].want)
			fail_msg("%s: %s", rows[i].rule, answer_kind_name(kind));
		if (kind == ANSWER_SENSE ? !sense_is(&sense, 5, 0x25, 0) : sense.key != 0x99)
			fail_msg("%s: sense of key %x", rows[i].rule, sense.key);
		assert_int_equal(answer_classify(&rows[i].answer, NULL), kind);
	}
}

/* Whatever else stands in an answer: a host byte means an outage. */
static void no_outage_is_an_answer(void **state)
{
	(void)state;
	for (unsigned host = 1; host < 256; host++)
		for (unsigned status = 0; status < 256; status++)
			for (unsigned driver = 0; driver < 16; driver++) {
				struct scsi_answer a = { .host_status = (uint8_t)host,
					.status = (uint8_t)status,
					.driver_status = (uint8_t)driver,
					SENSE_052500 };
				enum answer_kind want = host == 3 ? ANSWER_TIMEOUT
								  : ANSWER_TRANSPORT;

				assert_int_equal(answer_classify(&a, NULL), want);
			}
}

static void every_kind_has_a_name(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < ANSWER_KINDS; kind++)
		assert_non_null(answer_kind_name((enum answer_kind)kind));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_of_answers),
		cmocka_unit_test(no_outage_is_an_answer),
		cmocka_unit_test(every_kind_has_a_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
