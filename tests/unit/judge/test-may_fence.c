/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* P7: more than fence_limit at once are for people to look at, whatever became of the first ones.
 */
#include "built.h"

#include <stdio.h>

#include "judge/may_fence.h"

enum { LIMIT = 3 };

static struct model *m;
static struct path *paths[LIMIT + 2];

static int begin(void **state)
{
	char wwid[16];

	(void)state;
	m = built_model("defaults {\n fence_limit 3\n}\n");
	for (uint32_t i = 0; i < LIMIT + 2; i++) {
		snprintf(wwid, sizeof wwid, "w%u", i);
		paths[i] = built_path(m, 3, i, wwid);
	}
	return 0;
}

static int end(void **state)
{
	(void)state;
	m = model_free(m);
	return 0;
}

static void pass(uint64_t ms)
{
	m->now = instant_add_ms(m->now, ms);
}

/* Read twice, and its relatives were waited for. */
static struct path *changed(uint32_t i)
{
	paths[i]->fence.stage = FENCE_CHANGED;
	paths[i]->fence.since = m->now;
	pass(MAY_FENCE_PATIENCE_MS);
	return paths[i];
}

static void begun(uint32_t i)
{
	assert_int_equal(may_fence(m, changed(i)), BECAUSE_NOTHING);
	paths[i]->fence.stage = FENCE_OFFLINING;
}

static void fenced(uint32_t i)
{
	begun(i);
	model_set_fenced(m, paths[i]);
	paths[i]->fence.stage = FENCE_FENCED;
}

static void leave(uint32_t i)
{
	model_path_remove(m, paths[i]);
	m->n_left = 0; /* as core does after each observation */
}

static void test_as_many_as_may(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < LIMIT; i++)
		fenced(i);
	assert_int_equal(may_fence(m, changed(LIMIT)), BECAUSE_FENCE_LIMIT);
}

/* identity_fence remove, or somebody who deletes them: that makes no room for the next. */
static void test_who_left_counts(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < LIMIT; i++) {
		fenced(i);
		leave(i);
	}
	assert_int_equal(may_fence(m, changed(LIMIT)), BECAUSE_FENCE_LIMIT);
}

/* Its hand may have done it, and nobody can look any more. */
static void test_who_left_under_the_hand_counts(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < LIMIT; i++) {
		begun(i);
		leave(i);
	}
	assert_int_equal(may_fence(m, changed(LIMIT)), BECAUSE_FENCE_LIMIT);
}

static void test_who_was_not_fenced_and_left(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < LIMIT; i++) {
		changed(i);
		leave(i);
	}
	assert_int_equal(may_fence(m, changed(LIMIT)), BECAUSE_NOTHING);
}

static void test_a_minute_later(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < LIMIT; i++) {
		fenced(i);
		if (i)
			leave(i);
	}
	pass(MAY_FENCE_ONCE_MS - (LIMIT + 1) * MAY_FENCE_PATIENCE_MS);
	assert_int_equal(may_fence(m, changed(LIMIT)), BECAUSE_FENCE_LIMIT);
	pass(MAY_FENCE_PATIENCE_MS); /* the first one was long ago */
	assert_int_equal(may_fence(m, paths[LIMIT]), BECAUSE_NOTHING);
}

/* A device that somebody sets running, and that is set offline again, is still one. */
static void test_each_counts_once(void **state)
{
	(void)state;
	fenced(0);
	for (uint32_t i = 0; i < 2 * LIMIT; i++)
		model_set_fenced(m, paths[0]);
	assert_int_equal(model_count_fenced(m, MAY_FENCE_ONCE_MS), 1);
	assert_int_equal(may_fence(m, changed(1)), BECAUSE_NOTHING);
}

static void test_more_than_are_kept(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < FENCES_KEPT + 7; i++) {
		paths[0]->fence.fenced = false;
		model_set_fenced(m, paths[0]);
	}
	assert_int_equal(model_count_fenced(m, MAY_FENCE_ONCE_MS), FENCES_KEPT);
	pass(MAY_FENCE_ONCE_MS);
	assert_int_equal(model_count_fenced(m, MAY_FENCE_ONCE_MS), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_as_many_as_may),
		TEST(test_who_left_counts),
		TEST(test_who_left_under_the_hand_counts),
		TEST(test_who_was_not_fenced_and_left),
		TEST(test_a_minute_later),
		TEST(test_each_counts_once),
		TEST(test_more_than_are_kept),
	};

	return cmocka_run_group_tests_name("may_fence", tests, NULL, NULL);
}
