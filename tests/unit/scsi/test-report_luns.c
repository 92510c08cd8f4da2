/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "hostile.h"
#include "scsi/report_luns.h"

static const struct {
	const char *rule, *hex;
	uint64_t linux_lun;
} luns[] = {
	{ "peripheral device addressing", "00 01 00 00 00 00 00 00", 1 },
	{ "the largest of it", "00 ff 00 00 00 00 00 00", 255 },
	{ "flat space keeps its method", "40 01 00 00 00 00 00 00", 16385 },
	{ "flat space, large", "7f ff 00 00 00 00 00 00", 32767 },
	{ "logical unit addressing, a bus in it", "81 05 00 00 00 00 00 00", 0x8105 },
	{ "extended addressing", "d2 00 01 23 00 00 00 00", 0x0123d200 },
	{ "two levels", "01 02 03 04 00 00 00 00", 0x03040102 },
	{ "four levels", "01 02 03 04 05 06 07 08", 0x0708050603040102 },
	{ "REPORT LUNS' own", "c1 01 00 00 00 00 00 00", 0xc101 },
};

static void addressing_methods(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(luns); i++) {
		uint8_t bytes[8], back[8];

		assert_int_equal(number_parse_bytes(luns[i].hex, bytes, sizeof bytes), 8);
		if (lun_to_linux(bytes) != luns[i].linux_lun)
			fail_msg("%s: %llx", luns[i].rule, (unsigned long long)lun_to_linux(bytes));
		lun_from_linux(luns[i].linux_lun, back);
		if (memcmp(bytes, back, sizeof back))
			fail_msg("%s, and back", luns[i].rule);
	}
	assert_true(lun_is_well_known(0xc101));
	assert_false(lun_is_well_known(1));
	assert_false(lun_is_well_known(0x8101));
}

static const struct {
	const char *rule, *hex;
	size_t size; /* room for LUNs */
	int want;
	size_t total;
} rows[] = {
	{ "none", "00000000 00000000", 8, 0, 0 },
	{ "two", "00000010 00000000 0000000000000000 0001000000000000", 8, 2, 2 },
	{ "more than there is room for", "00000010 00000000 0000000000000000 0001000000000000", 1,
		1, 2 },
	{ "no room at all", "00000010 00000000 0000000000000000 0001000000000000", 0, 0, 2 },
	{ "more than were transferred", "00000100 00000000 0000000000000000", 8, 1, 32 },
	{ "a torn last one is not there", "00000010 00000000 0000000000000000 00010000", 8, 1, 2 },
	{ "what lies behind the list is nothing",
		"00000008 00000000 0000000000000000 00 05 0000 0000 0000", 8, 1, 1 },
	{ "half a LUN more is none", "0000000c 00000000 0000000000000000 0001000000000000", 8, 1,
		1 },
	{ "a length that lies", "ffffffff 00000000 0000000000000000", 8, 1, 0x1fffffff },
	{ "a header cut short", "00000010 000000", 8, -EBADMSG, 0 },
	{ "nothing", "", 8, -EBADMSG, 0 },
};

static void lists(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint8_t bytes[64];
		int len = number_parse_bytes(rows[i].hex, bytes, sizeof bytes);
		uint64_t found[9];
		size_t total = 777;
		int r;

		memset(found, 0x99, sizeof found);
		r = report_luns_decode(bytes, (size_t)len, found, rows[i].size, &total);
		if (len < 0 || r != rows[i].want || total != (r < 0 ? 777 : rows[i].total))
			fail_msg("%s: %d of %zu", rows[i].rule, r, total);
		for (int n = 0; n < r; n++)
			assert_true(found[n] == (uint64_t)n);
		if (found[r < 0 ? 0 : r] != 0x9999999999999999)
			fail_msg("%s: wrote more than it says", rows[i].rule);
	}
}

static void decode(const uint8_t *bytes, size_t len)
{
	uint64_t found[4];
	size_t total;

	(void)report_luns_decode(bytes, len, found, ARRAY_SIZE(found), &total);
}

static void hostile_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint8_t bytes[64];
		int len = number_parse_bytes(rows[i].hex, bytes, sizeof bytes);

		decode_hostile(bytes, (size_t)len, decode);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addressing_methods),
		cmocka_unit_test(lists),
		cmocka_unit_test(hostile_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
