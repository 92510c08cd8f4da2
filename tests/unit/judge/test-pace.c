/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "built.h"

#include "judge/pace.h"

static void test_backoff(void **state)
{
	static const uint64_t expected_s[] = { 1, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300 };

	(void)state;
	for (uint32_t i = 0; i < ARRAY_SIZE(expected_s); i++)
		assert_int_equal(pace_backoff_ms(i), expected_s[i] * 1000);
	assert_int_equal(pace_backoff_ms(UINT32_MAX), 300000);
}

static uint64_t wait_after(struct model *m, struct path *p, uint32_t again_ms, bool changed)
{
	pace_after_check(m, p, again_ms, changed);
	return instant_ms_between(m->now, p->check_due);
}

static void require_near(uint64_t ms, uint64_t expected_ms)
{
	if (ms > expected_ms || ms < expected_ms - expected_ms / 8)
		fail_msg("%lu ms, not about %lu", (unsigned long)ms, (unsigned long)expected_ms);
}

static void test_doubling(void **state)
{
	struct model *m = built_model(
		"defaults {\n polling_interval 5\n max_polling_interval 20\n}\n");
	struct path *p = built_path(m, 3, 1, "one");

	(void)state;
	p->state = PATH_UP;
	require_near(wait_after(m, p, 0, true), 5000);
	require_near(wait_after(m, p, 0, false), 10000);
	require_near(wait_after(m, p, 0, false), 20000);
	require_near(wait_after(m, p, 0, false), 20000);
	require_near(wait_after(m, p, 0, true), 5000);
	require_near(wait_after(m, p, 0, false), 10000);
	p->state = PATH_DOWN;
	require_near(wait_after(m, p, 0, false), 5000);
	assert_int_equal(wait_after(m, p, 100, false), 100);
	model_free(m);
}

/* Asked soon until it is confirmed, then at its own pace: nothing is learned by haste. */
static void test_confirming(void **state)
{
	struct model *m = built_model("defaults {\n purge_checks 4\n}\n");
	struct path *p = built_path(m, 3, 1, "one");

	(void)state;
	p->state = PATH_DOWN;
	for (p->gone_count = 1; p->gone_count < 4; p->gone_count++)
		assert_int_equal(wait_after(m, p, PACE_CONFIRM_MS, false), PACE_CONFIRM_MS);
	require_near(wait_after(m, p, PACE_CONFIRM_MS, false), 5000);
	p->settings.purge_checks = 1; /* LUN 0's rule needs two, whatever is configured */
	p->gone_count = 1;
	assert_int_equal(wait_after(m, p, PACE_CONFIRM_MS, false), PACE_CONFIRM_MS);
	p->gone_count = 2;
	require_near(wait_after(m, p, PACE_CONFIRM_MS, false), 5000);
	model_free(m);
}

static void test_spread(void **state)
{
	struct model *m = built_model("defaults {\n polling_interval 8\n}\n");
	bool differ = false;

	(void)state;
	for (uint32_t lun = 1; lun < 20; lun++) {
		struct path *p = built_path(m, 3, lun, "x");
		instant first = pace_first(p, m->now);

		assert_in_range(first.ms, m->now.ms, m->now.ms + 2000);
		differ |= lun > 1 && first.ms != pace_first(m->paths[0], m->now).ms;
	}
	assert_true(differ);
	model_free(m);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_backoff),
		cmocka_unit_test(test_doubling),
		cmocka_unit_test(test_confirming),
		cmocka_unit_test(test_spread),
	};

	return cmocka_run_group_tests_name("pace", tests, NULL, NULL);
}
