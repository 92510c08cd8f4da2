/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "built.h"

#include <errno.h>

#include "base/text.h"

/* Row: from; column: to. The whole table, so that a bit more or less is seen. */
static void test_purge_steps(void **state)
{
	static const char *const table[PURGE_STAGES] = {
		/*                   no marked verifying unmapping deleting stuck held */
		[PURGE_NO] = "-x-----",
		[PURGE_MARKED] = "x-x----",
		[PURGE_VERIFYING] = "xx-xx-x",
		[PURGE_UNMAPPING] = "xx-----",
		[PURGE_DELETING] = "xx---x-",
		[PURGE_STUCK] = "xx-----",
		[PURGE_HELD] = "xx-----",
	};

	(void)state;
	for (int from = 0; from < PURGE_STAGES; from++)
		for (int to = 0; to < PURGE_STAGES; to++) {
			bool may = table[from][to] == 'x';
			struct path p = { .purge = (enum purge_stage)from };
			int r = path_purge_enter(
				&p, (enum purge_stage)to, BECAUSE_MOVED, (instant){ 7 });

			if (purge_may_enter((enum purge_stage)from, (enum purge_stage)to) != may)
				fail_msg("%s -> %s", purge_stage_name((enum purge_stage)from),
					purge_stage_name((enum purge_stage)to));
			assert_int_equal(r, from == to ? 0 : may ? 1 : -EPROTO);
			assert_int_equal(p.purge, r == -EPROTO ? from : to);
			assert_int_equal(p.purge_since.ms, r == 1 ? 7 : 0);
			assert_int_equal(
				p.purge_why, r == -EPROTO ? BECAUSE_NOTHING : BECAUSE_MOVED);
		}
}

static void test_deleting_only_after_verifying(void **state)
{
	(void)state;
	for (int from = 0; from < PURGE_STAGES; from++) {
		assert_int_equal(purge_may_enter((enum purge_stage)from, PURGE_DELETING),
			from == PURGE_VERIFYING);
		assert_int_equal(purge_may_enter((enum purge_stage)from, PURGE_VERIFYING),
			from == PURGE_MARKED);
	}
}

static void test_state(void **state)
{
	struct path p = { 0 };

	(void)state;
	assert_int_equal(path_state_enter(&p, PATH_UP, BECAUSE_GOOD, (instant){ 3 }), 1);
	assert_int_equal(path_state_enter(&p, PATH_UP, BECAUSE_CONFLICT, (instant){ 4 }), 0);
	assert_int_equal(p.state_why, BECAUSE_CONFLICT);
	assert_int_equal(p.state_since.ms, 3);
}

static void test_names(void **state)
{
	(void)state;
	for (int i = 0; i < PATH_STATES; i++)
		assert_non_null(path_state_name((enum path_state)i));
	for (int i = 0; i < CHECKER_WORDS; i++) {
		assert_non_null(checker_word_name((enum checker_word)i));
		assert_int_equal(checker_message((enum checker_word)i)[0], ' ');
	}
	assert_string_equal(checker_message(CHECKER_DISCONNECTED), " no access to this device");
	for (int i = 0; i < REASON_N; i++)
		assert_non_null(reason_name((enum reason)i));
	assert_string_equal(reason_name(REASON_N), "?");
}

static const struct reason_row {
	const char *words;
	struct path p;
} reason_rows[] = {
	{ "grace", { .purge_why = BECAUSE_GRACE } },
	{ "in use: mount /data pid 7 sh", { .purge_why = BECAUSE_HOLDERS,
						  .holders = { .n_holds = 1,
							  .holds = { { .kind = HOLD_MOUNT,
								  .pid = 7,
								  .what = "/data",
								  .comm = "sh" } } } } },
	{ "last path", { .purge_why = BECAUSE_LAST_PATH } },
	{ "grace", { .purge_why = BECAUSE_GRACE,
			   .holders = { .n_holds = 1, .holds = { { .kind = HOLD_SWAP } } } } },
	{ "backoff: failed write EIO", { .purge_why = BECAUSE_BACKOFF,
					       .failed_why = BECAUSE_FAILED,
					       .failed_stage = STAGE_WRITE,
					       .failed_result = -EIO } },
	{ "backoff: the world moved",
		{ .purge_why = BECAUSE_BACKOFF, .failed_why = BECAUSE_MOVED } },
};

static void test_reasons(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(reason_rows); i++) {
		struct text t = TEXT_INIT;

		path_purge_reason(&reason_rows[i].p, &t);
		assert_string_equal(text_str(&t), reason_rows[i].words);
		text_done(&t);
	}
}

static void test_question(void **state)
{
	struct question q = { 0 };

	(void)state;
	assert_int_equal(question_may_be_asked_at(&q).ms, 0); /* never asked: at once */
	q = (struct question){ .at = { 5000 }, .seq = 1 };
	assert_int_equal(question_may_be_asked_at(&q).ms, 6000); /* came to nothing */
	q.answered = true;
	assert_int_equal(question_may_be_asked_at(&q).ms, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_purge_steps),
		cmocka_unit_test(test_deleting_only_after_verifying),
		cmocka_unit_test(test_state),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_question),
	};

	return cmocka_run_group_tests_name("path", tests, NULL, NULL);
}
