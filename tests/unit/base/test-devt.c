/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>

#include "base/cleanup.h"
#include "base/devt.h"
#include "base/number.h"

static const struct {
	const char *rule, *text;
	int want;
	struct devt devt;
} rows[] = {
	{ "as the kernel prints it", "8:16", 0, { 8, 16 } },
	{ "zero", "0:0", 0, { 0, 0 } },
	{ "the largest", "4294967295:4294967295", 0, { UINT32_MAX, UINT32_MAX } },
	{ "too large", "4294967296:0", -EINVAL, { 0 } },
	{ "one number", "1234", -EINVAL, { 0 } },
	{ "three numbers", "8:16:1", -EINVAL, { 0 } },
	{ "no number", "foo", -EINVAL, { 0 } },
	{ "half of it", "8:", -EINVAL, { 0 } },
	{ "nothing behind", "8:16\n", -EINVAL, { 0 } },
	{ "empty", "", -EINVAL, { 0 } },
};

static void device_numbers(void **state)
{
	const struct devt untouched = { 77, 77 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct devt d = untouched;
		int r = devt_parse(rows[i].text, &d);

		if (r != rows[i].want || !devt_equal(&d, r < 0 ? &untouched : &rows[i].devt))
			fail_msg("%s: %d", rows[i].rule, r);
		if (r == 0) {
			char text[DEVT_TEXT];

			devt_print(&d, text);
			assert_string_equal(text, rows[i].text);
		}
	}
	assert_false(devt_equal(&(struct devt){ 8, 16 }, &(struct devt){ 8, 0 }));
	assert_false(devt_equal(&(struct devt){ 8, 16 }, &(struct devt){ 65, 16 }));
}

static void fields_one_after_the_other(void **state)
{
	const char *text = "12:34", *start = text;
	uint64_t n = 7;

	(void)state;
	assert_int_equal(number_parse_field(&text, ';', 99, &n), -EINVAL);
	assert_int_equal(number_parse_field(&text, ':', 11, &n), -ERANGE);
	assert_true(text == start && n == 7);
	assert_int_equal(number_parse_field(&text, ':', 12, &n), 0);
	assert_true(n == 12);
	assert_int_equal(number_parse_field(&text, '\0', 34, &n), 0);
	assert_true(n == 34 && !*text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(device_numbers),
		cmocka_unit_test(fields_one_after_the_other),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
