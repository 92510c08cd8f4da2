/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/number.h"
#include "scsi/cdb.h"

static void expect(const char *rule, const uint8_t *cdb, size_t len, const char *hex)
{
	uint8_t want[CDB_BYTES] = { 0 };
	int want_len = number_parse_bytes(hex, want, sizeof want);

	if (len != (size_t)want_len || memcmp(cdb, want, CDB_BYTES))
		fail_msg("%s", rule);
}

static void commands_are_what_the_standard_says(void **state)
{
	uint8_t cdb[CDB_BYTES];

	(void)state;
	memset(cdb, 0xff, sizeof cdb); /* nothing of an earlier command stays */
	expect("TEST UNIT READY", cdb, cdb_test_unit_ready(cdb), "00 00 00 00 00 00");
	memset(cdb, 0xff, sizeof cdb);
	expect("INQUIRY", cdb, cdb_inquiry(cdb, 36), "12 00 00 00 24 00");
	memset(cdb, 0xff, sizeof cdb);
	expect("INQUIRY, page 83h, more than 255", cdb, cdb_inquiry_vpd(cdb, 0x83, 0x1234),
		"12 01 83 12 34 00");
	memset(cdb, 0xff, sizeof cdb);
	expect("REPORT LUNS", cdb, cdb_report_luns(cdb, REPORT_LUNS_ALL, 0x12345678),
		"a0 00 02 00 00 00 12 34 56 78 00 00");
	memset(cdb, 0xff, sizeof cdb);
	expect("REPORT TARGET PORT GROUPS", cdb, cdb_report_target_port_groups(cdb, 4096),
		"a3 0a 00 00 00 00 00 00 10 00 00 00");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_are_what_the_standard_says),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
