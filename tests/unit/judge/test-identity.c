/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a reading of page 83h says, against which baseline, and what follows for the path. */
#include "built.h"

#include <string.h>

#include "base/text.h"
#include "judge/identity.h"
#include "judge/path_judge.h"

#define A "35000c50000000001"
#define B "35000c50000000002"

/* Volumes in a set: "1", "12". */
static struct vpd_identity set_of(const char *volumes)
{
	struct vpd_identity identity = { .complete = true };

	for (const char *c = volumes; *c; c++) {
		struct designator *d = &identity.designators[identity.n_designators++];

		*d = (struct designator){ .type = DESIGNATOR_NAA, .code_set = 1, .len = 8 };
		memcpy(d->bytes, (uint8_t[]){ 0x50, 0, 0xc5, 0, 0, 0, 0, (uint8_t)(*c - '0') }, 8);
	}
	return identity;
}

static const struct {
	const char *rule, *map, *udev, *record, *sysfs, *live;
	enum identity_word word;
	enum baseline baseline;
} rows[] = {
	{ "it is its map's", A, "", "", "", "1", IDENTITY_SAME, BASELINE_MAP },
	{ "it is not its map's", A, "", "", "", "2", IDENTITY_CHANGED, BASELINE_MAP },
	{ "the map comes before our record", A, "", "2", B, "2", IDENTITY_CHANGED, BASELINE_MAP },
	{ "and is right where the record is old", A, "", "2", B, "1", IDENTITY_SAME, BASELINE_MAP },
	{ "in no map our record counts", "", "", "1", "", "1", IDENTITY_SAME, BASELINE_RECORD },
	{ "and says another", "", "", "1", "", "2", IDENTITY_CHANGED, BASELINE_RECORD },
	{ "in no map udev counts", "", A, "2", B, "2", IDENTITY_CHANGED, BASELINE_UDEV },
	{ "before what we read", "", A, "2", B, "1", IDENTITY_SAME, BASELINE_UDEV },
	{ "and after the map", A, B, "", "", "1", IDENTITY_SAME, BASELINE_MAP },
	{ "a serial that udev made of something else", "", "LIO-ORG_disk", "1", "", "2",
		IDENTITY_CHANGED, BASELINE_RECORD },
	{ "our record comes before sysfs, which a rescan makes anew", "", "", "1", B, "2",
		IDENTITY_CHANGED, BASELINE_RECORD },
	{ "without a record it is sysfs", "", "", "", A, "1", IDENTITY_SAME, BASELINE_SYSFS },
	{ "which says another", "", "", "", A, "2", IDENTITY_CHANGED, BASELINE_SYSFS },
	{ "a name that is made otherwise is no baseline", "oradata", "", "1", "", "2",
		IDENTITY_CHANGED, BASELINE_RECORD },
	{ "nor alone", "oradata", "", "", "", "2", IDENTITY_UNKNOWN, BASELINE_NONE },
	{ "nothing to compare with", "", "", "", "", "2", IDENTITY_UNKNOWN, BASELINE_NONE },
	{ "added designators are no change", "", "", "1", "", "12", IDENTITY_SAME,
		BASELINE_RECORD },
	{ "removed ones neither", "", "", "12", "", "1", IDENTITY_SAME, BASELINE_RECORD },
	{ "one of several is the map's", A, "", "", "", "21", IDENTITY_SAME, BASELINE_MAP },
	{ "a set that does not fit denies nothing", A, "", "1", A, "23456789:", IDENTITY_UNKNOWN,
		BASELINE_NONE },
};

static void test_readings(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct vpd_identity record = set_of(rows[i].record);
		bool fits = strlen(rows[i].live) <= VPD_DESIGNATORS;
		struct vpd_identity live = set_of(fits ? rows[i].live : "23456789");
		struct identity_verdict v;

		live.complete = fits;
		v = identity_judge(rows[i].map, rows[i].udev, &record, rows[i].sysfs, &live);
		if (v.word != rows[i].word || v.baseline != rows[i].baseline)
			fail_msg("%s: %s by %s", rows[i].rule, identity_word_name(v.word),
				baseline_name(v.baseline));
	}
}

/* ---- what follows ---------------------------------------------------------------------------- */

static struct model *m;
static struct path *p;

static int begin(void **state)
{
	(void)state;
	m = model_free(m); /* of the row before */
	m = built_model("");
	p = built_path(m, 3, 1, A);
	return 0;
}

static int end(void **state)
{
	(void)state;
	m = model_free(m);
	return 0;
}

static void tell(struct obs_checked checked)
{
	struct observation o = built_check(m, p);
	struct verdict v;

	p->identity.asked = true;
	o.checked = checked;
	model_note(m, &o);
	v = path_judge(p, &o.checked);
	verdict_apply(m, p, &v);
	identity_apply(m, p, &o.checked);
}

static void later(uint64_t ms)
{
	m->now = instant_add_ms(m->now, ms);
}

static void test_two_readings(void **state)
{
	(void)state;
	tell(built_volume(1));
	assert_int_equal(p->identity.word, IDENTITY_SAME);
	assert_string_equal(p->identity.live, A);
	tell(built_volume(2));
	assert_int_equal(p->fence.stage, FENCE_SUSPECTED);
	assert_true(model_nexus(m, p)->sweep); /* the others of its target are read, too */
	later(IDENTITY_CONFIRM_MS - 1);
	tell(built_volume(2));
	assert_int_equal(p->fence.stage, FENCE_SUSPECTED); /* in one breath is once */
	assert_int_equal(p->check_due.ms, m->now.ms + 1);
	later(1);
	tell(built_volume(2));
	assert_int_equal(p->fence.stage, FENCE_CHANGED);
	assert_string_equal(p->identity.live, B);
	tell(built_volume(1));
	assert_int_equal(p->fence.stage, FENCE_NO); /* mapped back before anything was done */
}

static const struct unread_row {
	const char *rule;
	uint16_t len;
	uint8_t first; /* of the page */
} unread_rows[] = {
	{ "refused", 0, 0 },
	{ "cut short", 7, 0 },
	{ "no logical unit there, by its qualifier", 16, 0x7f },
};

static void test_unread_is_unknown(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(unread_rows); i++)
		for (int suspected = 0; suspected < 2; suspected++) {
			struct obs_checked c = built_volume(2);

			c.identity_len = unread_rows[i].len;
			c.identity_data[0] = unread_rows[i].first;
			begin(NULL);
			tell(built_volume(suspected ? 2 : 1));
			for (int times = 0; times < 3; times++) {
				later(IDENTITY_CONFIRM_MS);
				tell(c);
			}
			if (p->fence.stage != (suspected ? FENCE_SUSPECTED : FENCE_NO) ||
				p->identity.word != IDENTITY_UNKNOWN)
				fail_msg("%s: %s", unread_rows[i].rule,
					fence_stage_name(p->fence.stage));
			end(NULL);
		}
	begin(NULL);
}

static void test_the_record(void **state)
{
	(void)state;
	tell(built_volume(1));
	assert_int_equal(p->identity.record.n_designators, 1);
	TEXT_SET(p->device.wwid, B); /* somebody rescanned it in place */
	tell(built_volume(2));
	assert_int_equal(p->fence.stage, FENCE_SUSPECTED);
	assert_int_equal(p->identity.baseline, BASELINE_RECORD);
	assert_int_equal(p->identity.record.designators[0].bytes[7], 1); /* not what it is now */
}

static void test_without_any_baseline(void **state)
{
	(void)state;
	p->device.wwid[0] = '\0';
	tell(built_volume(2));
	assert_int_equal(p->identity.word, IDENTITY_UNKNOWN);
	tell(built_volume(2));
	assert_int_equal(p->identity.word, IDENTITY_SAME); /* as it was when we first saw it */
	tell(built_volume(1));
	assert_int_equal(p->fence.stage, FENCE_SUSPECTED);
}

static void test_gone_is_not_another(void **state)
{
	(void)state;
	tell(built_volume(2));
	assert_int_equal(p->fence.stage, FENCE_SUSPECTED);
	tell(built_gone());
	assert_int_equal(p->fence.stage, FENCE_NO);
	assert_true(identity_is_due(m, p)); /* when it is back */
}

/* How often page 83h is asked for, by what happened. */
static void test_when_it_is_due(void **state)
{
	struct obs_checked silent = built_good();

	(void)state;
	assert_true(identity_is_due(m, p)); /* it appeared */
	tell(built_volume(1));
	for (int i = 1; i < 4; i++) {
		assert_false(identity_is_due(m, p));
		tell(built_good());
	}
	assert_true(identity_is_due(m, p)); /* identity_interval 4 */
	tell(built_volume(1));
	silent.inquired = false;
	silent.tur.host_status = 0x01;
	tell(silent);
	assert_true(identity_is_due(m, p)); /* an outage */
	tell(built_volume(1));
	assert_false(identity_is_due(m, p));
	p->identity.wish = model_next_seq(m);
	assert_true(identity_is_due(m, p)); /* a sweep */
}

static void test_what_was_not_asked_is_asked_at_once(void **state)
{
	struct observation o;
	struct verdict v;

	(void)state;
	o = built_check(m, p);
	o.checked = built_good();
	model_note(m, &o);
	v = path_judge(p, &o.checked);
	verdict_apply(m, p, &v);
	p->identity.asked = false;
	identity_apply(m, p, &o.checked);
	assert_int_equal(p->check_due.ms, m->now.ms);
	tell(built_good()); /* asked for in vain: at its own pace */
	assert_true(p->check_due.ms > m->now.ms + 1000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_readings),
		TEST(test_two_readings),
		TEST(test_unread_is_unknown),
		TEST(test_the_record),
		TEST(test_without_any_baseline),
		TEST(test_gone_is_not_another),
		TEST(test_when_it_is_due),
		TEST(test_what_was_not_asked_is_asked_at_once),
	};

	return cmocka_run_group_tests_name("identity", tests, NULL, NULL);
}
