/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "built.h"

#include <errno.h>

#include "base/text.h"
#include "judge/pace.h"
#include "judge/path_judge.h"

/* ---- one answer ------------------------------------------------------------------------------ */

#define SENSE(key, asc, ascq)                                                                      \
	{                                                                                          \
		.status = 2, .sense_len = 8, .sense = { 0x72, key, asc, ascq }                     \
	}
#define KEPT PATH_STATES

/* TEST UNIT READY alone. The peer's table beside ours: where it says down for what is not known
 * (busy, attention), ours keeps what it was. */
static const struct row {
	const char *rule;
	struct scsi_answer tur;
	enum path_state state; /* KEPT */
	enum checker_word checker;
	enum reason why;
	enum evidence evidence;
	bool outage;
	uint32_t again_ms;
	enum attention attention;
} rows[] = {
	{ "GOOD is up", { 0 }, PATH_UP, CHECKER_UP, BECAUSE_GOOD, EVIDENCE_PRESENT, false, 0, 0 },
	{ "RESERVATION CONFLICT is up", { .status = 0x18 }, PATH_UP, CHECKER_UP, BECAUSE_CONFLICT,
		EVIDENCE_PRESENT, false, 0, 0 },
	{ "02/04/0b standby is ghost", SENSE(2, 0x04, 0x0b), PATH_GHOST, CHECKER_GHOST,
		BECAUSE_STANDBY, EVIDENCE_PRESENT, false, 0, 0 },
	{ "02/04/0a transition is pending", SENSE(2, 0x04, 0x0a), PATH_PENDING, CHECKER_PENDING,
		BECAUSE_TRANSITION, EVIDENCE_PRESENT, false, 1000, 0 },
	{ "02/04/0c unavailable is down", SENSE(2, 0x04, 0x0c), PATH_DOWN, CHECKER_DOWN,
		BECAUSE_OTHER_SENSE, EVIDENCE_PRESENT, false, 0, 0 },
	{ "02 any other is down", SENSE(2, 0x3a, 0x00), PATH_DOWN, CHECKER_DOWN,
		BECAUSE_OTHER_SENSE, EVIDENCE_PRESENT, false, 0, 0 },
	{ "05/25/00 is disconnected", SENSE(5, 0x25, 0x00), PATH_DOWN, CHECKER_DISCONNECTED,
		BECAUSE_DISCONNECTED, EVIDENCE_GONE, false, PACE_CONFIRM_MS, 0 },
	{ "05/25/01 is down, and there", SENSE(5, 0x25, 0x01), PATH_DOWN, CHECKER_DOWN,
		BECAUSE_OTHER_SENSE, EVIDENCE_PRESENT, false, 0, 0 },
	{ "05/20/00 is down, and there", SENSE(5, 0x20, 0x00), PATH_DOWN, CHECKER_DOWN,
		BECAUSE_OTHER_SENSE, EVIDENCE_PRESENT, false, 0, 0 },
	{ "0b/25/00 is not 05", SENSE(0xb, 0x25, 0x00), PATH_DOWN, CHECKER_DOWN,
		BECAUSE_OTHER_SENSE, EVIDENCE_PRESENT, false, 0, 0 },
	{ "03 medium error is down", SENSE(3, 0x11, 0x00), PATH_DOWN, CHECKER_DOWN,
		BECAUSE_OTHER_SENSE, EVIDENCE_PRESENT, false, 0, 0 },
	{ "06/3f/0e keeps the state", SENSE(6, 0x3f, 0x0e), KEPT, 0, BECAUSE_ATTENTION,
		EVIDENCE_NONE, false, PACE_RETRY_MS, ATTENTION_LUNS_CHANGED },
	{ "06/3f/03 keeps the state", SENSE(6, 0x3f, 0x03), KEPT, 0, BECAUSE_ATTENTION,
		EVIDENCE_NONE, false, PACE_RETRY_MS, ATTENTION_INQUIRY_CHANGED },
	{ "06/29/00 keeps the state", SENSE(6, 0x29, 0x00), KEPT, 0, BECAUSE_ATTENTION,
		EVIDENCE_NONE, false, PACE_RETRY_MS, ATTENTION_RESET },
	{ "06/29/07 nexus loss", SENSE(6, 0x29, 0x07), KEPT, 0, BECAUSE_ATTENTION, EVIDENCE_NONE,
		false, PACE_RETRY_MS, ATTENTION_RESET },
	{ "06/2a/06 access state", SENSE(6, 0x2a, 0x06), KEPT, 0, BECAUSE_ATTENTION, EVIDENCE_NONE,
		false, PACE_RETRY_MS, ATTENTION_ACCESS_CHANGED },
	{ "06 any other keeps the state", SENSE(6, 0x2a, 0x09), KEPT, 0, BECAUSE_ATTENTION,
		EVIDENCE_NONE, false, PACE_RETRY_MS, ATTENTION_OTHER },
	{ "06/25/00 is an attention", SENSE(6, 0x25, 0x00), KEPT, 0, BECAUSE_ATTENTION,
		EVIDENCE_NONE, false, PACE_RETRY_MS, ATTENTION_OTHER },
	{ "BUSY keeps the state", { .status = 0x08 }, KEPT, 0, BECAUSE_BUSY, EVIDENCE_NONE, false,
		1000, 0 },
	{ "TASK SET FULL keeps the state", { .status = 0x28 }, KEPT, 0, BECAUSE_BUSY, EVIDENCE_NONE,
		false, 1000, 0 },
	{ "ACA ACTIVE keeps the state", { .status = 0x30 }, KEPT, 0, BECAUSE_BUSY, EVIDENCE_NONE,
		false, 1000, 0 },
	{ "no connection is an outage", { .host_status = 0x01 }, PATH_DOWN, CHECKER_DOWN,
		BECAUSE_HOST_BYTE, EVIDENCE_NONE, true, 0, 0 },
	{ "a failed transport is an outage", { .host_status = 0x0f }, PATH_DOWN, CHECKER_DOWN,
		BECAUSE_HOST_BYTE, EVIDENCE_NONE, true, 0, 0 },
	{ "the host's byte wins over 05/25/00",
		{ .host_status = 0x0e, .status = 2, .sense_len = 8, .sense = { 0x72, 5, 0x25 } },
		PATH_DOWN, CHECKER_DOWN, BECAUSE_HOST_BYTE, EVIDENCE_NONE, true, 0, 0 },
	{ "a time-out is an outage", { .host_status = 0x03 }, PATH_DOWN, CHECKER_TIMEOUT,
		BECAUSE_TIMEOUT, EVIDENCE_NONE, true, 0, 0 },
	{ "deferred 05/25/00 says nothing of this command",
		{ .status = 2, .sense_len = 8, .sense = { 0x73, 5, 0x25 } }, PATH_DOWN,
		CHECKER_DOWN, BECAUSE_NO_ANSWER, EVIDENCE_NONE, true, 0, 0 },
	{ "no sense says nothing", { .status = 2 }, PATH_DOWN, CHECKER_DOWN, BECAUSE_NO_ANSWER,
		EVIDENCE_NONE, true, 0, 0 },
	{ "the kernel has no device", { .error = -ENODEV }, PATH_DOWN, CHECKER_REMOVED,
		BECAUSE_REMOVED, EVIDENCE_NONE, false, 0, 0 },
	{ "the kernel offlined it", { .error = -ENXIO }, PATH_DOWN, CHECKER_REMOVED,
		BECAUSE_REMOVED, EVIDENCE_NONE, false, 0, 0 },
	{ "another error says nothing", { .error = -ENOMEM }, PATH_DOWN, CHECKER_DOWN,
		BECAUSE_NO_ANSWER, EVIDENCE_NONE, true, 0, 0 },
};

static void require(const struct row *row, const struct verdict *v)
{
	if (v->keep_state != (row->state == KEPT))
		fail_msg("%s: keep_state", row->rule);
	if (!v->keep_state && (v->state != row->state || v->checker != row->checker))
		fail_msg("%s: %s, %s", row->rule, path_state_name(v->state),
			checker_word_name(v->checker));
	if (v->why != row->why || v->evidence != row->evidence || v->outage != row->outage ||
		v->ask_again_ms != row->again_ms || v->attention != row->attention)
		fail_msg("%s: why %s evidence %d outage %d again %u attention %d", row->rule,
			reason_name(v->why), v->evidence, v->outage, v->ask_again_ms, v->attention);
}

static void test_answers(void **state)
{
	struct path p = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct obs_checked c = { .state = DEVICE_RUNNING,
			.transport = TRANSPORT_UP,
			.asked = true,
			.tur = rows[i].tur };
		struct verdict v = path_judge(&p, &c);

		require(&rows[i], &v);
		assert_int_equal(v.gone, GONE_UNKNOWN); /* INQUIRY was not asked */
		assert_int_equal(v.failover, v.attention == ATTENTION_RESET ||
						     v.attention == ATTENTION_ACCESS_CHANGED ||
						     v.why == BECAUSE_TRANSITION);
	}
}

static const struct state_row {
	const char *rule;
	enum device_state state;
	enum path_state path;
	enum checker_word checker;
	bool outage;
} state_rows[] = {
	{ "offline is down, and no outage", DEVICE_OFFLINE, PATH_DOWN, CHECKER_DOWN, false },
	{ "transport-offline is an outage", DEVICE_TRANSPORT_OFFLINE, PATH_DOWN, CHECKER_DOWN,
		true },
	{ "blocked is pending, and an outage", DEVICE_BLOCKED, PATH_PENDING, CHECKER_PENDING,
		true },
	{ "quiesce is pending", DEVICE_QUIESCE, PATH_PENDING, CHECKER_PENDING, false },
	{ "cancel is removed", DEVICE_GOING, PATH_DOWN, CHECKER_REMOVED, false },
	{ "an unknown word is down", DEVICE_UNKNOWN, PATH_DOWN, CHECKER_DOWN, false },
};

/* The kernel's word comes before the device's, whatever was answered. */
static void test_device_states(void **state)
{
	struct path p = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(state_rows); i++) {
		struct obs_checked c = built_gone();
		struct verdict v;

		c.state = state_rows[i].state;
		v = path_judge(&p, &c);
		if (v.keep_state || v.state != state_rows[i].path ||
			v.checker != state_rows[i].checker || v.outage != state_rows[i].outage ||
			v.evidence != EVIDENCE_NONE)
			fail_msg("%s", state_rows[i].rule);
	}
}

static const struct inquiry_row {
	const char *rule;
	uint8_t tur_asc; /* 0: good */
	uint8_t byte_0;
	enum gone gone;
	enum path_state state;
	enum evidence evidence;
} inquiry_rows[] = {
	{ "both say that it is gone", 0x25, 0x7f, GONE_UNSUPPORTED, PATH_DOWN, EVIDENCE_GONE },
	{ "INQUIRY disagrees: no proof", 0x25, 0x00, GONE_NO, PATH_DOWN, EVIDENCE_GONE },
	{ "LUN 0: only INQUIRY says so", 0, 0x3f, GONE_QUALIFIER, PATH_DOWN, EVIDENCE_GONE },
	{ "LUN 0: ... with the other qualifier", 0, 0x7f, GONE_QUALIFIER, PATH_DOWN,
		EVIDENCE_GONE },
	{ "a qualifier with a type is a device", 0, 0x20, GONE_NO, PATH_UP, EVIDENCE_PRESENT },
	{ "both say that it is there", 0, 0x00, GONE_NO, PATH_UP, EVIDENCE_PRESENT },
};

static void test_inquiry(void **state)
{
	struct path p = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(inquiry_rows); i++) {
		const struct inquiry_row *row = &inquiry_rows[i];
		struct obs_checked c = built_good();
		struct verdict v;

		if (row->tur_asc)
			c.tur = built_sense(5, row->tur_asc, 0);
		c.inquiry_data[0] = row->byte_0;
		v = path_judge(&p, &c);
		if (v.gone != row->gone || v.state != row->state || v.evidence != row->evidence)
			fail_msg("%s: %s %s %d", row->rule, gone_name(v.gone),
				path_state_name(v.state), v.evidence);
	}
}

static void test_not_asked(void **state)
{
	struct path p = { 0 };
	struct obs_checked c = { .state = DEVICE_RUNNING, .transport = TRANSPORT_UP };
	struct verdict v = path_judge(&p, &c);

	(void)state;
	assert_true(v.keep_state);
	assert_int_equal(v.evidence, EVIDENCE_NONE);
}

/* Five attentions in a row are asked through at once; then the device is left its own pace. */
static void test_attentions_end(void **state)
{
	struct path p = { .attentions = 4 };
	struct obs_checked c = { .state = DEVICE_RUNNING, .asked = true };

	(void)state;
	c.tur = built_sense(6, 0x2a, 0x09);
	assert_int_equal(path_judge(&p, &c).ask_again_ms, PACE_RETRY_MS);
	p.attentions = 5;
	assert_int_equal(path_judge(&p, &c).ask_again_ms, 0);
	c.tur = built_sense(6, 0x29, 0x00);
	assert_int_equal(path_judge(&p, &c).ask_again_ms, 0);
}

/* ---- what it does to a path ------------------------------------------------------------------ */

static struct model *m;
static struct path *p;

static int begin(void **state)
{
	(void)state;
	m = built_model("");
	p = built_path(m, 3, 1, "one");
	return 0;
}

static int end(void **state)
{
	(void)state;
	m = model_free(m);
	return 0;
}

static void apply(struct obs_checked c)
{
	struct observation o = built_check(m, p);
	struct verdict v;

	o.checked = c;
	m->now.ms += 1000;
	o.at = m->now;
	model_note(m, &o);
	v = path_judge(p, &o.checked);
	verdict_apply(m, p, &v);
}

static struct obs_checked answer(struct scsi_answer tur)
{
	return (struct obs_checked){
		.state = DEVICE_RUNNING, .transport = TRANSPORT_UP, .asked = true, .tur = tur
	};
}

static struct scsi_answer transition(void)
{
	return built_sense(2, 0x04, 0x0a);
}

static struct scsi_answer access_changed(void)
{
	return built_sense(6, 0x2a, 0x06);
}

static struct scsi_answer reset(void)
{
	return built_sense(6, 0x29, 0x00);
}

/* Says so for so long, every second; does it keep the nexus from being trusted at the end? */
static const struct {
	const char *rule;
	struct scsi_answer (*say)(void);
	uint32_t times;
	bool keeps;
} ill_rows[] = {
	{ "on the way", transition, 30, true },
	{ "on the way for ever", transition, 200, false },
	{ "another access state", access_changed, 10, true },
	{ "another access state with every command", access_changed, 30, false },
	{ "a reset", reset, 1, true },
	{ "a reset with every command", reset, 30, false },
};

static void test_one_that_is_ill_keeps_nobody_waiting(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(ill_rows); i++) {
		struct nexus *n;

		if (i) {
			end(state);
			begin(state);
		}
		apply(built_good());
		n = model_nexus(m, p);
		for (uint32_t k = 0; k < ill_rows[i].times; k++) {
			n->up_since = instant_add_ms(m->now, 500);
			apply(answer(ill_rows[i].say()));
		}
		if ((n->up_since.ms == m->now.ms) != ill_rows[i].keeps)
			fail_msg("%s: %lu", ill_rows[i].rule, (unsigned long)n->up_since.ms);
		apply(built_good()); /* it is well again: the next one is believed */
		apply(answer(ill_rows[i].say()));
		assert_int_equal(n->up_since.ms, m->now.ms);
	}
}

static void test_agreeing_answers(void **state)
{
	(void)state;
	apply(answer(built_sense(5, 0x25, 0)));
	assert_int_equal(p->gone_count, 1);
	assert_int_equal(p->gone, GONE_UNKNOWN);
	apply(built_gone());
	assert_int_equal(p->gone_count, 2);
	assert_int_equal(p->gone, GONE_UNSUPPORTED);
	assert_int_equal(p->gone_seq, p->answer_seq);
	assert_int_equal(p->gone_at.ms, m->now.ms);
	assert_string_equal(checker_message(p->checker), " no access to this device");
}

static void test_answers_in_one_breath(void **state)
{
	(void)state;
	apply(built_gone());
	m->now.ms -= 501; /* apply() adds a second: 499 ms later */
	apply(built_gone());
	assert_int_equal(p->gone_count, 1);
	assert_int_equal(p->gone_seq, p->answer_seq); /* the evidence is the later one */
	m->now.ms -= 999;
	apply(built_gone());
	assert_int_equal(p->gone_count, 2);
}

static const struct silent_row {
	const char *rule;
	struct scsi_answer tur;
} silent_rows[] = {
	{ "an outage", { .host_status = 0x0f } },
	{ "a time-out", { .host_status = 0x03 } },
	{ "busy", { .status = 0x08 } },
	{ "task set full", { .status = 0x28 } },
	{ "an attention", SENSE(6, 0x2a, 0x01) },
	{ "no device", { .error = -ENODEV } },
	{ "no sense", { .status = 2 } },
};

static void test_silence_neither_confirms_nor_clears(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(silent_rows); i++) {
		uint64_t seq;

		path_forget_gone(p);
		apply(built_gone());
		if (p->purge == PURGE_NO)
			model_purge_enter(m, p, PURGE_MARKED, BECAUSE_DISCONNECTED);
		seq = p->gone_seq;
		apply(answer(silent_rows[i].tur));
		if (p->gone_count != 1 || p->purge != PURGE_MARKED || p->gone_seq != seq)
			fail_msg("%s", silent_rows[i].rule);
	}
}

static const struct row *row_of(enum evidence evidence, size_t *i)
{
	while (*i < ARRAY_SIZE(rows) && rows[*i].evidence != evidence)
		++*i;
	return *i < ARRAY_SIZE(rows) ? &rows[(*i)++] : NULL;
}

static void test_any_other_answer_clears_the_mark_and_its_history(void **state)
{
	static const enum purge_stage rungs[] = { PURGE_MARKED, PURGE_VERIFYING, PURGE_HELD };
	const struct row *row;
	size_t i = 0;

	(void)state;
	while ((row = row_of(EVIDENCE_PRESENT, &i)))
		for (size_t j = 0; j < ARRAY_SIZE(rungs); j++) {
			apply(built_gone());
			for (size_t k = 0; k <= j; k++)
				model_purge_enter(m, p, rungs[k], BECAUSE_DISCONNECTED);
			apply(answer(row->tur));
			if (p->purge != PURGE_NO || p->gone_count || p->gone != GONE_NO ||
				p->gone_seq)
				fail_msg("%s: %s", row->rule, purge_stage_name(rungs[j]));
			assert_int_equal(p->answering_at.ms, m->now.ms);
		}
}

/* A hand that is out asks for itself. */
static void test_no_answer_ends_a_deed(void **state)
{
	(void)state;
	apply(built_gone());
	model_purge_enter(m, p, PURGE_MARKED, BECAUSE_DISCONNECTED);
	model_purge_enter(m, p, PURGE_VERIFYING, BECAUSE_DISCONNECTED);
	model_purge_enter(m, p, PURGE_DELETING, BECAUSE_VERIFIED);
	apply(built_good());
	assert_int_equal(p->purge, PURGE_DELETING);
	assert_int_equal(p->gone_count, 0);
}

/* 05/25/00 and LUN 0's qualifier are two words: two of the second have to agree. */
static void test_qualifier_answers_agree_with_each_other(void **state)
{
	(void)state;
	apply(built_gone());
	apply(built_gone());
	assert_int_equal(p->gone_count, 2);
	apply(built_qualifier());
	assert_int_equal(p->gone_count, 1);
	apply(built_qualifier());
	assert_int_equal(p->gone_count, 2);
	apply(built_gone()); /* the stronger word */
	assert_int_equal(p->gone_count, 3);
}

static void test_the_way_of_one_path(void **state)
{
	instant since;

	(void)state;
	apply(built_good());
	since = p->up_since;
	assert_int_equal(since.ms, m->now.ms);
	apply(built_gone());
	apply(answer((struct scsi_answer){ .status = 0x08 }));
	assert_int_equal(p->up_since.ms, since.ms);
	apply(answer((struct scsi_answer){ .host_status = 0x0f }));
	assert_int_equal(p->up_since.ms, 0);
	assert_int_equal(model_up_since(m, p).ms, 0);
	apply(built_gone());
	assert_int_equal(model_up_since(m, p).ms, m->now.ms);
}

static void test_a_reset_starts_graces_anew(void **state)
{
	struct path *neighbour = built_path(m, 3, 2, "two");

	(void)state;
	apply(built_good());
	neighbour->up_since = p->up_since;
	apply(answer(built_sense(6, 0x29, 0x07)));
	assert_int_equal(model_up_since(m, p).ms, m->now.ms);
	assert_int_equal(model_up_since(m, neighbour).ms, m->now.ms);
	assert_true(model_nexus(m, p)->sweep);
	assert_int_equal(p->state, PATH_UP);
}

/* The answer was on its way when it was closed; what it says of the target holds for the others. */
static void test_a_reset_that_a_fenced_path_tells(void **state)
{
	struct path *neighbour = built_path(m, 3, 2, "two");

	(void)state;
	apply(built_good());
	neighbour->up_since = p->up_since;
	p->fence.fenced = true;
	m->now.ms += 10;
	apply(answer(built_sense(6, 0x29, 0x07)));
	assert_int_equal(model_up_since(m, neighbour).ms, m->now.ms);
	assert_true(model_nexus(m, p)->sweep);
}

static void test_silence_past_the_timeout(void **state)
{
	struct verdict v = path_judge_silence(p);

	(void)state;
	apply(built_gone());
	verdict_apply(m, p, &v);
	assert_int_equal(p->state, PATH_DOWN);
	assert_int_equal(p->checker, CHECKER_TIMEOUT);
	assert_int_equal(p->gone_count, 1);
	assert_int_equal(p->up_since.ms, 0);
	assert_false(p->has_sense);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_device_states),
		cmocka_unit_test(test_inquiry),
		cmocka_unit_test(test_not_asked),
		cmocka_unit_test(test_attentions_end),
		TEST(test_one_that_is_ill_keeps_nobody_waiting),
		TEST(test_agreeing_answers),
		TEST(test_answers_in_one_breath),
		TEST(test_silence_neither_confirms_nor_clears),
		TEST(test_any_other_answer_clears_the_mark_and_its_history),
		TEST(test_no_answer_ends_a_deed),
		TEST(test_qualifier_answers_agree_with_each_other),
		TEST(test_the_way_of_one_path),
		TEST(test_a_reset_starts_graces_anew),
		TEST(test_a_reset_that_a_fenced_path_tells),
		TEST(test_silence_past_the_timeout),
	};

	return cmocka_run_group_tests_name("path_judge", tests, NULL, NULL);
}
