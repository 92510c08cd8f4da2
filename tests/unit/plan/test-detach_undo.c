/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Maps that nobody owns and that a word to detach removed are made again when it is refused. */
#include "world.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "judge/may_detach.h"
#include "plan/detach_word.h"

enum { SETTLED_MS = 15000, SOON_MS = 4000, TIMEOUT_MS = 60000, MAP = 3 };

static struct world *w;
static struct path *p, *other;
static char one[MAX_WWID], two[MAX_WWID];

/* Two good paths on two hosts, of volume one. */
static void begin(void)
{
	struct path *both[2];

	w = world_begin("");
	built_wwid(1, one);
	built_wwid(2, two);
	both[0] = p = world_path(w, 3, 1, one);
	both[1] = other = world_path(w, 4, 1, one);
	world_map(w, MAP, one, both, 2);
	world_run(w, SETTLED_MS);
}

static int end(void **state)
{
	(void)state;
	world_end(w);
	return 0;
}

static uint32_t count(enum action_kind kind)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < w->n_deeds; i++)
		n += w->deeds[i].kind == kind;
	return n;
}

static const struct action *last_of(enum action_kind kind)
{
	for (uint32_t i = w->n_deeds; i-- > 0;)
		if (w->deeds[i].kind == kind)
			return &w->deeds[i];
	fail_msg("no %s", action_name(kind));
	return NULL;
}

static void ends(enum action_kind kind, int result)
{
	world_end_of(w, last_of(kind), result, STAGE_WRITE);
	world_run(w, SOON_MS);
}

static void say(const char *name)
{
	const struct obs_request word = {
		.request = 1, .verb = VERB_DETACH, .timeout_ms = TIMEOUT_MS
	};

	assert_true(detach_open(w->m, &word, name) > 0);
	world_run(w, SOON_MS);
	ends(ACT_WRITE_DOWN, 0);
}

static void with_owner(bool running)
{
	w->owner.running = running;
	w->m->owner_asked.answered = false;
	world_run(w, SOON_MS);
	assert_true(w->m->owner.running == running);
}

/* The map of volume one has gone by a word for it, and p is in use by then. */
static void begin_refused(void)
{
	begin();
	say(one);
	w->maps[0].map.present = false;
	world_hold(w, p, HOLD_MOUNT, false, false);
	world_end_of(w, last_of(ACT_REMOVE_MAP), 0, STAGE_NONE);
}

/* The other path was verified while the hand that removed the map had not ended; then somebody
 * opens it. The first path has to wait for it: a deletion is not undone. */
static void test_nothing_is_deleted_before_all_are_looked_at_again(void **state)
{
	const struct action *remove;

	(void)state;
	begin();
	say(one);
	remove = last_of(ACT_REMOVE_MAP);
	w->maps[0].map.present = false;
	world_feed(w, w->maps[0]); /* its event */
	world_run(w, SOON_MS);
	world_hold(w, path_id_equal(remove->path, p->id) ? other : p, HOLD_OPEN, false, false);
	ends(ACT_REMOVE_MAP, 0);
	assert_int_equal(count(ACT_DELETE), 0);
	assert_int_equal(count(ACT_MAKE_MAP), 1);
}

static bool is_member(const struct path *q)
{
	const struct act_make *make = &last_of(ACT_MAKE_MAP)->make;

	for (uint32_t i = 0; i < make->n_members; i++)
		if (devt_equal(&make->members[i].devt, &q->device.devt) &&
			make->members[i].ino == q->device.ino)
			return true;
	return false;
}

static bool is_told_lost(void)
{
	for (uint32_t i = 0; i < w->m->n_changes; i++)
		if (w->m->changes[i].kind == CHANGE_MAP_LOST)
			return true;
	return false;
}

static void test_a_map_of_nobody_is_made_again(void **state)
{
	char uuid[sizeof one + 8];

	(void)state;
	begin_refused();
	world_run(w, SOON_MS);
	snprintf(uuid, sizeof uuid, "mpath-%s", one);
	assert_int_equal(count(ACT_DELETE), 0);
	assert_int_equal(count(ACT_MAKE_MAP), 1);
	assert_string_equal(last_of(ACT_MAKE_MAP)->make.uuid, uuid);
	assert_int_equal(last_of(ACT_MAKE_MAP)->make.word, last_of(ACT_REMOVE_MAP)->map.word);
	assert_int_equal(last_of(ACT_MAKE_MAP)->make.n_members, 2);
	assert_true(is_member(p) && is_member(other));
	assert_int_equal(count(ACT_STRIKE_OUT), 0); /* how it is made would go with the record */
	ends(ACT_MAKE_MAP, 0);
	assert_int_equal(count(ACT_MAKE_MAP), 1);
	assert_int_equal(count(ACT_STRIKE_OUT), 1);
	assert_false(is_told_lost());
	ends(ACT_STRIKE_OUT, 0);
	assert_null(model_detach(w->m, 1));
}

static void fail_it(void)
{
	other->device.state = world_of(w, other)->checked.state = DEVICE_OFFLINE;
}

static void lose_it(void)
{
	other->gone_count = 1;
}

static void fence_it(void)
{
	other->fence.stage = FENCE_CHANGED;
}

static void name_it(void)
{
	TEXT_SET(other->device.wwid, two);
}

static void delete_it(void)
{
	other->purge = PURGE_STUCK;
}

static void map_it(void)
{
	other->map = 0;
}

static void begin_to_remove_it(void)
{
	other->detach = 9;
}

static void number_it(void)
{
	other->device.devt.major = 0;
}

static const struct {
	const char *rule;
	void (*change)(void);
} strangers[] = {
	{ "what is offline", fail_it },
	{ "what may be gone", lose_it },
	{ "what leads elsewhere", fence_it },
	{ "another volume's", name_it },
	{ "what is being deleted", delete_it },
	{ "what is in another map", map_it },
	{ "what another word takes", begin_to_remove_it },
	{ "what has no disk", number_it },
};

static void test_it_is_made_of_none_that_is_another(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(strangers); i++) {
		begin();
		other->map = -1;
		assert_true(may_detach_returns(other, one));
		strangers[i].change();
		if (may_detach_returns(other, one))
			fail_msg("%s", strangers[i].rule);
		other->detach_looks = true;
		if (strangers[i].change == begin_to_remove_it)
			assert_true(may_detach_returns(other, one));
		other->map = -1;
		other->detach = 0;
		if (i + 1 < ARRAY_SIZE(strangers))
			end(state);
	}
}

static void test_it_is_made_of_what_is_left(void **state)
{
	(void)state;
	begin_refused();
	fence_it();
	world_run(w, SOON_MS);
	assert_int_equal(last_of(ACT_MAKE_MAP)->make.n_members, 1);
	assert_true(is_member(p));
}

/* Somebody may look at one of its disks: it is tried for half a minute. */
static void test_it_is_tried_more_than_once(void **state)
{
	uint32_t n = 0;

	(void)state;
	begin_refused();
	for (uint32_t ms = 0; ms < 120000 && !is_told_lost(); ms += SOON_MS) {
		world_run(w, SOON_MS);
		if (count(ACT_MAKE_MAP) > n) {
			n = count(ACT_MAKE_MAP);
			assert_int_equal(count(ACT_STRIKE_OUT), 0);
			ends(ACT_MAKE_MAP, -EBUSY);
		}
	}
	assert_in_range(n, 4, 10);
	assert_true(is_told_lost());
	assert_int_equal(count(ACT_STRIKE_OUT), 1);
}

static void test_a_hand_that_does_not_come_back_is_given_up(void **state)
{
	(void)state;
	begin_refused();
	world_run(w, SOON_MS);
	world_run(w, 10000);
	assert_int_equal(count(ACT_MAKE_MAP), 1);
	world_run(w, 10000);
	assert_int_equal(count(ACT_MAKE_MAP), 2);
	world_run(w, 180000);
	assert_true(is_told_lost());
	assert_int_equal(count(ACT_STRIKE_OUT), 1);
}

static void test_its_owner_makes_it_itself(void **state)
{
	(void)state;
	begin_refused();
	w->owner.running = true;
	w->m->owner_asked.answered = false;
	w->m->owner_known = false;
	world_run(w, SOON_MS);
	ends(ACT_TAKE_PATH, 0); /* of the path that it found meanwhile */
	ends(ACT_GIVE_PATH, 0);
	assert_int_equal(count(ACT_MAKE_MAP), 0);
	assert_int_equal(count(ACT_STRIKE_OUT), 1);
	assert_false(is_told_lost());
}

/* host3 is to go with two maps that have no other path; one of them is used by then. */
static void test_not_while_a_hand_may_be_at_removing_it(void **state)
{
	struct path *q[2], *only[1];

	(void)state;
	begin();
	for (uint32_t i = 0; i < 2; i++) {
		q[i] = only[0] = world_path(w, 3, 2 + i, i ? "350000000000000aa" : two);
		world_map(w, MAP + 1 + i, q[i]->device.wwid, only, 1);
	}
	world_run(w, SETTLED_MS);
	say("host3");
	assert_int_equal(count(ACT_REMOVE_MAP), 2);
	world_hold(w, p, HOLD_MOUNT, true, false); /* p leaves a map: it is protected now */
	world_end_of(w, last_of(ACT_FAIL_PATH), 0, STAGE_NONE);
	world_member(w, 0, p)->active = false;
	world_run(w, SOON_MS);
	assert_int_equal(model_detach(w->m, 1)->stage, DETACH_UNDOING);
	ends(ACT_GIVE_PATH, 0);
	for (uint32_t i = 0, n = w->n_deeds; i < n; i++)
		if (w->deeds[i].kind == ACT_REMOVE_MAP) {
			assert_int_equal(count(ACT_MAKE_MAP), 0);
			world_end_of(w, &w->deeds[i], 0, STAGE_NONE);
			w->maps[w->deeds[i].map.map.minor == MAP + 1 ? 1 : 2].map.present = false;
			world_run(w, 100);
		}
	world_run(w, SOON_MS);
	assert_int_equal(count(ACT_MAKE_MAP), 2);
}

/* host3 is to go with a map of an owner's that has no other path, while another path is refused.
 * How often is the path of that map given back, when the owner says so of its removal? */
static uint32_t given_back_after(int result)
{
	struct path *q, *only[1];
	uint32_t n = 0;

	begin();
	with_owner(true);
	q = only[0] = world_path(w, 3, 2, two);
	world_map(w, MAP + 1, two, only, 1);
	world_run(w, SETTLED_MS);
	say("host3");
	world_hold(w, p, HOLD_MOUNT, true, false);
	ends(ACT_TAKE_PATH, -EIO);
	assert_int_equal(model_detach(w->m, 1)->stage, DETACH_UNDOING);
	w->maps[1].map.present = result == -EBUSY;
	ends(ACT_REMOVE_MAP, result);
	assert_int_equal(count(ACT_MAKE_MAP), 0);
	for (uint32_t i = 0; i < w->n_deeds; i++)
		n += w->deeds[i].kind == ACT_GIVE_PATH && path_id_equal(w->deeds[i].path, q->id);
	return n;
}

/* What its owner removed it makes again when it is given a path of it. */
static void test_a_map_of_an_owner_is_given_a_path_back(void **state)
{
	assert_int_equal(given_back_after(0), 1);
	end(state);
	assert_int_equal(given_back_after(-EPIPE), 1);
	end(state);
	assert_int_equal(given_back_after(-EBUSY), 0);
}

/* ---- the next daemon ------------------------------------------------------------------------- */

static struct observation taken_of(uint64_t word, const char *uuid_prefix)
{
	struct observation o = { .kind = OBS_TAKEN, .taken = { .word = word } };

	TEXT_SET(o.taken.name, "oradata");
	snprintf(o.taken.uuid, sizeof o.taken.uuid, "%s%.100s", uuid_prefix, one);
	return o;
}

static void resume(bool is_used)
{
	struct observation o = { .kind = OBS_DETACHING, .detaching = { .number = 7 } };

	begin();
	w->maps[0].map.present = false;
	w->m->maps_lost = true;
	world_run(w, SOON_MS);
	if (is_used)
		world_hold(w, p, HOLD_MOUNT, false, false);
	TEXT_SET(o.detaching.wwid, one);
	world_feed(w, o);
	world_feed(w, taken_of(7, "mpath-"));
	world_feed(w, taken_of(7, "part1-mpath-"));
	world_feed(w, taken_of(8, "mpath-")); /* of which nobody knows */
	for (uint32_t i = 0; i < w->m->n_taken; i++)
		assert_int_equal(w->m->taken[i].word, 7);
	world_run(w, SOON_MS);
}

static void test_the_next_daemon_makes_it_again(void **state)
{
	(void)state;
	resume(true);
	assert_int_equal(count(ACT_DELETE), 0);
	assert_int_equal(count(ACT_MAKE_MAP), 1);
	assert_int_equal(last_of(ACT_MAKE_MAP)->make.word, 7);
	ends(ACT_MAKE_MAP, 0);
	assert_int_equal(count(ACT_MAKE_MAP), 1);
	assert_int_equal(count(ACT_STRIKE_OUT), 1);
}

static void test_the_next_daemon_goes_on_without_it(void **state)
{
	(void)state;
	resume(false);
	assert_int_equal(count(ACT_DELETE), 2);
	assert_int_equal(count(ACT_MAKE_MAP), 0);
}

#define TEST(name) cmocka_unit_test_teardown(name, end)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_a_map_of_nobody_is_made_again),
		TEST(test_nothing_is_deleted_before_all_are_looked_at_again),
		TEST(test_it_is_made_of_none_that_is_another),
		TEST(test_it_is_made_of_what_is_left),
		TEST(test_it_is_tried_more_than_once),
		TEST(test_a_hand_that_does_not_come_back_is_given_up),
		TEST(test_its_owner_makes_it_itself),
		TEST(test_not_while_a_hand_may_be_at_removing_it),
		TEST(test_a_map_of_an_owner_is_given_a_path_back),
		TEST(test_the_next_daemon_makes_it_again),
		TEST(test_the_next_daemon_goes_on_without_it),
	};

	return cmocka_run_group_tests_name("undoing a detach", tests, NULL, NULL);
}
