/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "built.h"

#include <errno.h>

#include "model/latency.h"

static void test_bounds_rise(void **state)
{
	(void)state;
	for (unsigned i = 1; i < LATENCY_BOUNDS; i++)
		assert_true(latency_bounds[i - 1].ms < latency_bounds[i].ms);
}

static void test_counted_wherever_it_fits(void **state)
{
	struct latency l = { 0 };

	(void)state;
	latency_add(&l, latency_bounds[2].ms);
	latency_add(&l, latency_bounds[2].ms + 1);
	latency_add(&l, UINT32_MAX);
	assert_int_equal(l.n, 3);
	assert_int_equal(l.sum_ms, 2ull * latency_bounds[2].ms + 1 + UINT32_MAX);
	assert_int_equal(l.at_most[1], 0);
	assert_int_equal(l.at_most[2], 1);
	assert_int_equal(l.at_most[3], 2);
	assert_int_equal(l.at_most[LATENCY_BOUNDS - 1], 2);
}

/* What was not asked, or not answered, took no time. */
static void test_only_answers_count(void **state)
{
	struct model *m = built_model("defaults {\n purge_disconnected yes\n}\n");
	struct path *p = built_path(m, 3, 1, "one");
	struct observation asked = built_check(m, p);

	(void)state;
	asked.checked.asked = true;
	asked.checked.took_ms = 7;
	model_note(m, &asked);
	assert_int_equal(m->counters.latency.n, 1);
	assert_int_equal(m->counters.latency.sum_ms, 7);
	model_note(m, &asked); /* late: falls on nothing */
	asked = built_check(m, p);
	asked.checked.asked = false;
	model_note(m, &asked);
	asked = built_check(m, p);
	asked.checked.asked = true;
	asked.result = -EIO;
	model_note(m, &asked);
	assert_int_equal(m->counters.latency.n, 1);
	model_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bounds_rise),
		cmocka_unit_test(test_counted_wherever_it_fits),
		cmocka_unit_test(test_only_answers_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
