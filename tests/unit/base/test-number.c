/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "base/text.h"

static const struct {
	const char *rule, *text;
	uint64_t min, max;
	int want;
	uint64_t number;
} rows[] = {
	{ "a number", "42", 0, 100, 0, 42 },
	{ "the largest", "18446744073709551615", 0, UINT64_MAX, 0, UINT64_MAX },
	{ "one more overflows", "18446744073709551616", 0, UINT64_MAX, -ERANGE, 0 },
	{ "below the range", "4", 5, 9, -ERANGE, 0 },
	{ "above the range", "10", 5, 9, -ERANGE, 0 },
	{ "empty", "", 0, 9, -EINVAL, 0 },
	{ "no sign", "-1", 0, 9, -EINVAL, 0 },
	{ "no blanks", " 1", 0, 9, -EINVAL, 0 },
	{ "nothing behind", "1s", 0, 9, -EINVAL, 0 },
	{ "far too many digits that do not end in one", "99999999999999999999999x", 0, 9, -EINVAL,
		0 },
};

static void bounded_decimal(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t n = 7777;
		int r = number_parse_u64(rows[i].text, rows[i].min, rows[i].max, &n);

		if (r != rows[i].want || n != (r < 0 ? 7777 : rows[i].number))
			fail_msg("%s: %d, %lu", rows[i].rule, r, (unsigned long)n);
	}
}

static void bytes_from_hex(void **state)
{
	uint8_t b[4];

	(void)state;
	assert_int_equal(number_parse_bytes("70 00\n05 ff", b, 4), 4);
	assert_int_equal(b[3], 0xff);
	assert_int_equal(number_parse_bytes("700", b, 4), -EINVAL);
	assert_int_equal(number_parse_bytes("0011223344", b, 4), -ENOSPC);
}

static void untrusted_text_is_escaped(void **state)
{
	struct text t = TEXT_INIT;

	(void)state;
	text_add_escaped(&t, "a b\n\\\x1b[0m");
	assert_string_equal(text_str(&t), "a\\x20b\\x0a\\x5c\\x1b[0m");
	text_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounded_decimal),
		cmocka_unit_test(bytes_from_hex),
		cmocka_unit_test(untrusted_text_is_escaped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
