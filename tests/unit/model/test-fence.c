/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "built.h"

#include <errno.h>

/* Row: from; column: to. The whole table, so that a bit more or less is seen. */
static void test_steps(void **state)
{
	static const char *const table[FENCE_STAGES] = {
		/*                   no suspected changed failing offlining fenced */
		[FENCE_NO] = "-x----",
		[FENCE_SUSPECTED] = "x-x---",
		[FENCE_CHANGED] = "x--xx-",
		[FENCE_FAILING] = "--x-x-",
		[FENCE_OFFLINING] = "--x--x",
		[FENCE_FENCED] = "---xx-",
	};

	(void)state;
	for (int from = 0; from < FENCE_STAGES; from++)
		for (int to = 0; to < FENCE_STAGES; to++) {
			bool may = table[from][to] == 'x';
			struct fence f = { .stage = (enum fence_stage)from };
			int r = fence_enter(
				&f, (enum fence_stage)to, BECAUSE_UNDONE, (instant){ 7 });

			if (fence_may_enter((enum fence_stage)from, (enum fence_stage)to) != may)
				fail_msg("%s -> %s", fence_stage_name((enum fence_stage)from),
					fence_stage_name((enum fence_stage)to));
			assert_int_equal(r, from == to ? 0 : may ? 1 : -EPROTO);
			assert_int_equal(f.stage, r == -EPROTO ? from : to);
			assert_int_equal(f.since.ms, r == 1 ? 7 : 0);
			assert_int_equal(f.why, r == -EPROTO ? BECAUSE_NOTHING : BECAUSE_UNDONE);
		}
}

static void test_no_deed_after_one_reading(void **state)
{
	(void)state;
	for (int to = FENCE_FAILING; to < FENCE_STAGES; to++) {
		assert_false(fence_may_enter(FENCE_NO, (enum fence_stage)to));
		assert_false(fence_may_enter(FENCE_SUSPECTED, (enum fence_stage)to));
	}
}

static void test_names(void **state)
{
	(void)state;
	for (int i = 0; i < FENCE_STAGES; i++)
		assert_non_null(fence_stage_name((enum fence_stage)i));
	for (int i = 0; i < IDENTITY_WORDS; i++)
		assert_non_null(identity_word_name((enum identity_word)i));
	for (int i = 0; i < BASELINES; i++)
		assert_non_null(baseline_name((enum baseline)i));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_no_deed_after_one_reading),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("fence", tests, NULL, NULL);
}
