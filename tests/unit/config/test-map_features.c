/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reading.h"

#include "config/map_features.h"

static const struct {
	const char *rule, *features, *words;
	int result;
	const char *want;
} rows[] = {
	{ "the first of two", "2 feature1 feature2", "feature1", 1, "1 feature2" },
	{ "the last of two", "2 feature1 feature2", "feature2", 1, "1 feature1" },
	{ "in the middle", "3 a b c", "b", 1, "2 a c" },
	{ "several words at once, the blanks between the others stay", "4 this\t is a test", "is a",
		1, "2 this\t test" },
	{ "the only one", "1 feature1", "feature1", 1, "0" },
	{ "only as a whole word", "3 test1 test\ttest2", "test", 1, "2 test1 test2" },
	{ "not within words", "3 contest testy intestine", "test", 0, "" },
	{ "none at all", "0", "test", 0, "" },
	{ "blanks behind the last one", "2 a b  ", "b", 1, "1 a" },
	{ "a list without its number", "feature1 feature2", "feature1", -EINVAL, "" },
	{ "a number with something behind it", "1bad feature1", "feature1", -EINVAL, "" },
	{ "nothing", "", "feature1", -EINVAL, "" },
	{ "nothing to remove", "1 feature1", "", -EINVAL, "" },
};

static void removing(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct text got = TEXT_INIT;
		int r = map_features_remove(rows[i].features, rows[i].words, &got);

		if (r != rows[i].result)
			fail_msg("%s: %d", rows[i].rule, r);
		expect_text(rows[i].rule, text_str(&got), rows[i].want);
		text_done(&got);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(removing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
