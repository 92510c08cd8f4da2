/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is asked, when, and how often. */
#include "world.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "plan/facts.h"
#include "plan/reconcile.h"

static struct world *w;
static struct path *p;

static int begin(void **state)
{
	(void)state;
	w = world_begin("");
	p = world_path(w, 3, 1, "one");
	return 0;
}

static int end(void **state)
{
	(void)state;
	world_end(w);
	return 0;
}

static void lose(enum helper_kind kind, uint32_t host)
{
	struct observation o = { .kind = OBS_HELPER };

	o.helper.helper = kind;
	o.helper.event = HELPER_LOST;
	o.helper.host = host;
	world_feed(w, o);
}

static void test_the_beginning(void **state)
{
	(void)state;
	world_run(w, 10);
	assert_int_equal(w->asked[ACT_READ_DEVICES], 1);
	assert_int_equal(w->asked[ACT_READ_MAPS], 1);
	assert_int_equal(w->asked[ACT_ASK_OWNER], 1);
	assert_int_equal(w->asked[ACT_WATCH], 1);
	assert_true(w->m->devices_known && w->m->owner_known);
	world_run(w, 2000);
	assert_int_equal(p->state, PATH_UP);
	world_run(w, RECONCILE_DEVICES_MS);
	assert_int_equal(w->asked[ACT_READ_DEVICES], 2);
	assert_int_equal(w->asked[ACT_READ_MAPS], 2);
	assert_int_equal(w->asked[ACT_ASK_OWNER], 3);
	assert_int_equal(w->asked[ACT_WATCH], 1);
}

static void test_the_pace(void **state)
{
	(void)state;
	world_run(w, 60000);
	world_count_anew(w);
	world_run(w, 100000); /* up and unchanged: every 20 s */
	assert_in_range(w->asked_of[p->id.slot], 5, 6);
}

/* One question a second to each nexus with neighbours, another one each time. */
static void test_sentinels(void **state)
{
	struct path *of_nexus[4] = { p };

	(void)state;
	for (uint32_t i = 1; i < 4; i++)
		of_nexus[i] = world_path(w, 3, 1 + i, "x");
	world_path(w, 4, 1, "alone");
	world_run(w, 60000);
	world_count_anew(w);
	world_run(w, 40000);
	for (uint32_t i = 0; i < 4; i++)
		assert_in_range(w->asked_of[of_nexus[i]->id.slot], 9, 13);
	assert_in_range(w->asked_of[4], 2, 3);
}

static void test_sweeps(void **state)
{
	struct observation attention = { .kind = OBS_UEVENT };
	struct path *zero;

	(void)state;
	zero = world_path(w, 3, 0, "zero");
	world_path(w, 4, 0, "far");
	world_run(w, 60000);
	attention.uevent.attention = ATTENTION_LUNS_CHANGED;
	TEXT_SET(attention.uevent.sysfs, p->device.sysfs);
	world_count_anew(w);
	world_feed(w, attention);
	world_run(w, 1);
	assert_int_equal(w->asked_of[p->id.slot], 1);
	assert_int_equal(w->asked_of[zero->id.slot], 1);
	assert_int_equal(w->asked_of[2], 0);
	for (int i = 0; i < 50; i++) { /* a storm of them is one sweep a second */
		world_feed(w, attention);
		world_run(w, 100);
	}
	assert_in_range(w->asked_of[zero->id.slot], 5, 12);
}

static void test_not_too_many_to_one_target(void **state)
{
	uint32_t out = 0;

	(void)state;
	for (uint32_t lun = 2; lun < 60; lun++)
		world_of(w, world_path(w, 3, lun, "x"))->mute = true;
	world_of(w, p)->mute = true;
	world_run(w, 1000);
	model_nexus(w->m, p)->sweep = true;
	world_run(w, 5000);
	for (uint32_t i = 0; i < WORLD_SLOTS; i++)
		out += w->asked_of[i];
	assert_int_equal(out, FACTS_OUT_PER_TARGET);
	assert_int_equal(model_nexus(w->m, p)->n_out, FACTS_OUT_PER_TARGET);
	lose(HELPER_KEEPER, 3);
	assert_int_equal(model_nexus(w->m, p)->n_out, 0);
}

static void test_a_silent_check(void **state)
{
	(void)state;
	world_run(w, 10000);
	world_of(w, p)->mute = true;
	p->check_due = w->m->now;
	world_count_anew(w);
	world_run(w, 29000);
	assert_int_equal(p->state, PATH_UP);
	world_run(w, 2000);
	assert_int_equal(p->state, PATH_DOWN);
	assert_int_equal(p->checker, CHECKER_TIMEOUT);
	world_run(w, 300000);
	assert_int_equal(w->asked_of[p->id.slot], 1); /* nothing queues behind it */
	world_of(w, p)->mute = false;
	world_feed(w, (struct observation){ .kind = OBS_CHECKED,
			      .path = p->id,
			      .action = p->check.action,
			      .checked = built_good() });
	assert_int_equal(p->state, PATH_UP);
	world_run(w, 20000);
	assert_true(w->asked_of[p->id.slot] > 1);
}

/* Helpers that die as soon as they are asked cost one question a second, each. */
static void test_helpers_that_die(void **state)
{
	static const struct {
		enum helper_kind helper;
		enum action_kind kind;
	} rows[] = {
		{ HELPER_SCOUT, ACT_READ_DEVICES },
		{ HELPER_DM, ACT_READ_MAPS },
		{ HELPER_OWNER, ACT_ASK_OWNER },
		{ HELPER_KEEPER, ACT_WATCH },
	};

	(void)state;
	world_run(w, 2000);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		w->unanswered[rows[i].kind] = true;
		w->m->devices_lost = w->m->maps_lost = true;
		w->m->owner_asked.answered = false;
		world_count_anew(w);
		for (int turn = 0; turn < 200; turn++) {
			world_run(w, 50);
			lose(rows[i].helper, 3);
		}
		if (w->asked[rows[i].kind] < 8 || w->asked[rows[i].kind] > 11)
			fail_msg("%s: %u times in 10 s", helper_kind_name(rows[i].helper),
				w->asked[rows[i].kind]);
		w->unanswered[rows[i].kind] = false;
		world_run(w, 1100);
	}
	assert_int_equal(p->watch, WATCH_YES);
}

static void test_a_device_that_cannot_be_opened(void **state)
{
	(void)state;
	w->results[ACT_WATCH] = -EIO;
	world_run(w, 20000);
	assert_in_range(w->asked[ACT_WATCH], 4, 5);
	assert_int_equal(w->asked_of[p->id.slot], 0);
	assert_int_equal(p->state_why, BECAUSE_UNREACHABLE);
	w->results[ACT_WATCH] = 0;
	world_run(w, 8000);
	assert_int_equal(p->state, PATH_UP);
}

static void test_given_back(void **state)
{
	(void)state;
	world_run(w, 10000);
	world_of(w, p)->mute = true;
	p->check_due = w->m->now;
	world_run(w, 10);
	assert_int_equal(model_nexus(w->m, p)->n_out, 1);
	model_set_config(w->m, built_config("blacklist {\n devnode \"^sd\"\n}\n"));
	world_count_anew(w);
	world_run(w, 60000);
	assert_int_equal(w->asked[ACT_FORGET], 1);
	assert_int_equal(w->asked[ACT_WATCH], 0);
	assert_int_equal(w->asked_of[p->id.slot], 0);
	assert_int_equal(p->state, PATH_UNCHECKED);
	assert_int_equal(model_nexus(w->m, p)->n_out, 0);
	model_set_config(w->m, built_config(""));
	world_of(w, p)->mute = false;
	world_run(w, 8000);
	assert_int_equal(p->state, PATH_UP);
}

static void test_hints_are_looked_at(void **state)
{
	struct observation gone = { .kind = OBS_UEVENT };
	path_id id = p->id;

	(void)state;
	world_run(w, 1000);
	world_count_anew(w);
	TEXT_SET(gone.uevent.sysfs, p->device.sysfs);
	world_feed(w, gone);
	world_run(w, 10);
	assert_int_equal(w->asked[ACT_LOOK], 1);
	assert_non_null(model_path(w->m, id));
	world_of(w, p)->absent = true;
	world_feed(w, gone);
	world_feed(w, gone);
	world_run(w, 10);
	assert_int_equal(w->asked[ACT_LOOK], 2);
	assert_null(model_path(w->m, id));
	assert_int_equal(w->m->counters.gone_by_others, 1);
}

/* LUN 0 is always asked by INQUIRY too; others once they said that they are gone. */
/* Removed by another hand, which may take its time; there may be no further event. */
static void test_what_is_going_is_looked_at_until_it_is_gone(void **state)
{
	struct observation going = built_device(3, 1, "one");
	path_id id = p->id;

	(void)state;
	world_run(w, 1000);
	going.device.type = DEVICE_TYPE_UNKNOWN;
	going.device.state = DEVICE_GOING;
	going.device.dev[0] = '\0';
	world_of(w, p)->checked.state = DEVICE_GOING;
	world_feed(w, going);
	assert_int_equal(p->device.state, DEVICE_GOING);
	assert_string_not_equal(p->device.dev, "");
	world_count_anew(w);
	world_run(w, 10000);
	assert_in_range(w->asked[ACT_LOOK], 9, 11);
	assert_non_null(model_path(w->m, id));
	world_of(w, p)->absent = true;
	world_run(w, 1500);
	assert_null(model_path(w->m, id));
}

static void test_who_is_asked_by_inquiry(void **state)
{
	struct path *zero = world_path(w, 3, 0, "zero");

	(void)state;
	world_run(w, 10000);
	for (size_t i = 0; i < w->agenda.n; i++)
		assert_int_not_equal(w->agenda.actions[i].kind, ACT_CHECK);
	zero->check_due = p->check_due = w->m->now;
	agenda_clear(&w->agenda);
	reconcile(w->m, &w->agenda);
	assert_int_equal(w->agenda.n, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct action *a = &w->agenda.actions[i];

		assert_int_equal(a->kind, ACT_CHECK);
		assert_int_equal(a->check.ask_inquiry, path_id_equal(a->path, zero->id));
		model_drop_check(w->m, model_path(w->m, a->path));
	}
	p->gone_count = 1;
	p->check.answered = zero->check.answered = true;
	zero->check_due = INSTANT_FAR;
	agenda_clear(&w->agenda);
	reconcile(w->m, &w->agenda);
	assert_true(w->agenda.n >= 1);
	for (size_t i = 0; i < w->agenda.n; i++)
		if (w->agenda.actions[i].kind == ACT_CHECK)
			assert_true(w->agenda.actions[i].check.ask_inquiry);
}

/* Thinking twice about the same is harmless, and the next time to think is in the future. */
static void test_asked_twice(void **state)
{
	(void)state;
	agenda_clear(&w->agenda);
	reconcile(w->m, &w->agenda);
	assert_true(w->agenda.n > 0);
	agenda_clear(&w->agenda);
	reconcile(w->m, &w->agenda);
	assert_int_equal(w->agenda.n, 0);
	world_run(w, 5000);
	agenda_clear(&w->agenda);
	reconcile(w->m, &w->agenda);
	agenda_clear(&w->agenda);
	reconcile(w->m, &w->agenda);
	assert_int_equal(w->agenda.n, 0);
	assert_true(instant_before(w->m->now, w->agenda.wake));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_the_beginning),
		TEST(test_the_pace),
		TEST(test_sentinels),
		TEST(test_sweeps),
		TEST(test_not_too_many_to_one_target),
		TEST(test_a_silent_check),
		TEST(test_helpers_that_die),
		TEST(test_a_device_that_cannot_be_opened),
		TEST(test_given_back),
		TEST(test_hints_are_looked_at),
		TEST(test_what_is_going_is_looked_at_until_it_is_gone),
		TEST(test_who_is_asked_by_inquiry),
		TEST(test_asked_twice),
	};

	return cmocka_run_group_tests_name("reconcile", tests, NULL, NULL);
}
