/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>

#include "base/cleanup.h"
#include "scsi/address.h"

static const struct {
	const char *rule, *text;
	int want;
	struct scsi_address address;
} rows[] = {
	{ "as Linux prints it", "3:0:2:1", 0, { 3, 0, 2, 1 } },
	{ "flat space LUNs are large", "0:0:0:16385", 0, { 0, 0, 0, 16385 } },
	{ "the largest", "4294967295:4294967295:4294967295:18446744073709551615", 0,
		{ UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT64_MAX } },
	{ "a host too large", "4294967296:0:0:0", -EINVAL, { 0 } },
	{ "a LUN too large", "0:0:0:18446744073709551616", -EINVAL, { 0 } },
	{ "three parts", "3:0:2", -EINVAL, { 0 } },
	{ "five parts", "3:0:2:1:0", -EINVAL, { 0 } },
	{ "an empty part", "3::2:1", -EINVAL, { 0 } },
	{ "nothing behind", "3:0:2:1\n", -EINVAL, { 0 } },
	{ "nothing before", " 3:0:2:1", -EINVAL, { 0 } },
	{ "no sign", "3:0:2:-1", -EINVAL, { 0 } },
	{ "no other base", "0x3:0:2:1", -EINVAL, { 0 } },
	{ "very many digits", "0000000000000000000000000003:0:2:1", -EINVAL, { 0 } },
	{ "empty", "", -EINVAL, { 0 } },
};

static void addresses_are_the_whole_text(void **state)
{
	const struct scsi_address untouched = { 9, 9, 9, 9 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct scsi_address a = untouched;
		int r = scsi_address_parse(rows[i].text, &a);

		if (r != rows[i].want ||
			!scsi_address_equal(&a, r < 0 ? &untouched : &rows[i].address))
			fail_msg("%s: %d", rows[i].rule, r);
		if (r == 0) {
			char text[SCSI_ADDRESS_TEXT];

			scsi_address_print(&a, text);
			assert_string_equal(text, rows[i].text);
		}
	}
}

static void a_nexus_is_all_but_the_lun(void **state)
{
	const struct scsi_address a = { 3, 1, 2, 1 }, lun = { 3, 1, 2, 7 };
	const struct scsi_address others[] = { { 4, 1, 2, 1 }, { 3, 0, 2, 1 }, { 3, 1, 0, 1 } };

	(void)state;
	assert_true(scsi_address_same_nexus(&a, &lun));
	assert_false(scsi_address_equal(&a, &lun));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		assert_false(scsi_address_same_nexus(&a, &others[i]));
		assert_false(scsi_address_equal(&a, &others[i]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_the_whole_text),
		cmocka_unit_test(a_nexus_is_all_but_the_lun),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
