/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was detached stays out, until it is proved that the array took it away, too. */
#include "world.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "plan/detach_word.h"
#include "plan/gaps.h"
#include "plan/requests.h"

enum { SETTLED_MS = 15000, HOLD_MS = 900000, SOON_MS = 100 };

static struct world *w;
static struct path *near; /* of the target that had it */
static uint64_t last_id;

static void begin(const char *text)
{
	w = world_begin(text);
	world_host(w, 3);
	world_host(w, 4);
	near = world_path(w, 3, 2, "near");
	world_path(w, 4, 2, "near");
	world_run(w, SETTLED_MS);
	world_count_anew(w);
}

static int end(void **state)
{
	(void)state;
	world_end(w);
	return 0;
}

/* A daemon before this one detached it. */
static void keep_out_lun(uint32_t host, uint32_t lun, const char *wwid, bool everywhere)
{
	struct observation o = { .kind = OBS_KEPT_OUT };

	o.gap = (struct obs_gap){
		.address = { .host = host, .lun = lun },
		.everywhere = everywhere,
		.since = w->m->now,
		.until = instant_add_ms(w->m->now, HOLD_MS),
	};
	TEXT_SET(o.gap.wwid, wwid);
	TEXT_SET(o.gap.requester, "uid 0");
	world_feed(w, o);
}

static void keep_out(uint32_t host, const char *wwid, bool everywhere)
{
	keep_out_lun(host, 1, wwid, everywhere);
}

static struct gap *row(uint32_t i)
{
	assert_in_range(i, 0, w->m->gaps.n - 1);
	return &w->m->gaps.rows[i];
}

static uint32_t count(enum action_kind kind)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < w->n_deeds; i++)
		n += w->deeds[i].kind == kind;
	return n;
}

/* From now on nobody is done with that kind of record. */
static void records_hang(enum action_kind kind)
{
	w->unanswered[kind] = true;
}

/* Who is out for this row is done. */
static void record_ends(uint32_t i, int result)
{
	struct observation o = { .kind = OBS_DONE, .action = row(i)->deed, .result = result };

	if (row(i)->deed)
		world_feed(w, o);
}

static void records_end(int result)
{
	for (uint32_t i = 0; i < w->m->gaps.n; i++)
		record_ends(i, result);
}

static void require_row(uint32_t i, enum gap_stage stage, enum reason why)
{
	if (row(i)->stage != stage || row(i)->why != why)
		fail_msg("row %u is %s because of \"%s\"", i, gap_stage_name(row(i)->stage),
			reason_name(row(i)->why));
}

/* ---- which ----------------------------------------------------------------------------------- */

static const struct {
	const char *rule;
	const char *wwid; /* that is kept out, at 3:0:0:1 */
	bool everywhere;
	uint32_t host; /* the one that comes, at HOST:0:0:1 */
	const char *comes;
	bool is_meant;
} comers[] = {
	{ "a volume at its place", "vol", true, 3, "vol", true },
	{ "a volume at another place", "vol", true, 4, "vol", true },
	{ "a path at its place", "vol", false, 3, "vol", true },
	{ "a path of the same volume elsewhere", "vol", false, 4, "vol", false },
	{ "another volume at the place", "vol", true, 3, "other", false },
	{ "another volume at the place of a path", "vol", false, 3, "other", false },
	{ "one without a name may be another", "vol", true, 3, "", false },
	{ "what had no name, at its place", "", false, 3, "", true },
	{ "what had no name, elsewhere", "", false, 4, "", false },
	{ "a volume where what had no name was", "", false, 3, "other", false },
};

static void test_what_is_meant(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(comers); i++) {
		struct path *p;

		begin("");
		keep_out(3, comers[i].wwid, comers[i].everywhere);
		p = world_path(w, comers[i].host, 1, comers[i].comes);
		if (!model_gap_of(w->m, p) == comers[i].is_meant)
			fail_msg("%s", comers[i].rule);
		assert_int_equal(w->m->counters.kept_out, comers[i].is_meant);
		world_end(w);
	}
}

/* ---- the end --------------------------------------------------------------------------------- */

static void test_time_ends_it_and_udev_is_told(void **state)
{
	(void)state;
	begin("");
	world_of(w, near)->sought = LUN_LISTED;
	records_hang(ACT_LET_IN);
	keep_out(3, "vol", true);
	world_run(w, HOLD_MS - 1000);
	require_row(0, GAP_KEPT, BECAUSE_DETACHED);
	world_run(w, 2000);
	require_row(0, GAP_ENDING, BECAUSE_TIME);
	assert_int_equal(w->asked[ACT_LET_IN], 1);
	records_end(0);
	world_run(w, SOON_MS);
	require_row(0, GAP_NO, BECAUSE_TIME);
}

static void test_a_record_that_stays_is_tried_again(void **state)
{
	(void)state;
	begin("");
	keep_out(3, "vol", true);
	records_hang(ACT_LET_IN);
	row(0)->is.until = w->m->now;
	world_run(w, SOON_MS);
	records_end(-EIO);
	world_run(w, 500);
	require_row(0, GAP_ENDING, BECAUSE_TIME);
	assert_int_equal(w->asked[ACT_LET_IN], 1);
	world_run(w, 1000);
	assert_int_equal(w->asked[ACT_LET_IN], 2);
	records_end(0);
	world_run(w, SOON_MS);
	require_row(0, GAP_NO, BECAUSE_TIME);
}

static const struct {
	const char *rule;
	enum lun_word words[4]; /* each for 10 s */
	uint64_t grace_ms;	/* since the way came up when it begins */
	bool ends;
} lists[] = {
	{ "listed: it is still there", { LUN_LISTED, LUN_LISTED, LUN_LISTED, LUN_LISTED }, 15000,
		false },
	{ "not listed, twice", { LUN_LISTED, LUN_NOT_LISTED, LUN_NOT_LISTED, LUN_NOT_LISTED },
		15000, true },
	{ "what was not understood says nothing",
		{ LUN_UNKNOWN, LUN_UNKNOWN, LUN_UNKNOWN, LUN_UNKNOWN }, 15000, false },
	{ "a target that comes back lists what it has found so far",
		{ LUN_NOT_LISTED, LUN_LISTED, LUN_LISTED, LUN_LISTED }, 0, false },
};

static void test_the_targets_word(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		begin("purge_grace 12\n");
		records_hang(ACT_LET_IN);
		keep_out(3, "vol", true);
		model_nexus(w->m, near)->up_since = (instant){ w->m->now.ms - lists[i].grace_ms };
		for (size_t k = 0; k < ARRAY_SIZE(lists[i].words); k++) {
			world_of(w, near)->sought = lists[i].words[k];
			world_run(w, 10000);
		}
		if ((row(0)->stage == GAP_ENDING && row(0)->why == BECAUSE_ARRAY) != lists[i].ends)
			fail_msg("%s: %s", lists[i].rule, gap_stage_name(row(0)->stage));
		world_end(w);
	}
}

static void test_one_list_is_no_proof(void **state)
{
	(void)state;
	begin("purge_grace 0\n");
	keep_out(3, "vol", true);
	world_of(w, near)->sought = LUN_NOT_LISTED;
	while (!row(0)->not_listed)
		world_run(w, 100);
	world_of(w, near)->sought = LUN_LISTED;
	world_run(w, 30000);
	require_row(0, GAP_KEPT, BECAUSE_DETACHED);
	assert_int_equal(row(0)->not_listed, 0);
}

/* And not more often than every few seconds. */
static void test_only_its_own_target_is_asked(void **state)
{
	(void)state;
	begin("");
	keep_out(3, "vol", true);
	world_of(w, near)->sought = LUN_LISTED;
	world_count_anew(w);
	world_run(w, 60000);
	assert_in_range(w->sought_of[near->id.slot], 8, 13);
	assert_int_equal(w->sought, w->sought_of[near->id.slot]);
	assert_int_equal(w->sought_lun, 1);
}

/* While a question is out, and things happen, the next one does not wait for its turn anew. */
static void test_one_question_after_the_other(void **state)
{
	struct observation o = { .kind = OBS_CHECKED, .checked = built_good() };

	(void)state;
	begin("purge_grace 0\n");
	world_of(w, near)->sought = LUN_NOT_LISTED;
	records_hang(ACT_CHECK);
	keep_out_lun(3, 1, "vol", true);
	keep_out_lun(3, 5, "other", true);
	world_run(w, SOON_MS);
	assert_int_not_equal(row(0)->seek, 0);
	world_run(w, SOON_MS);
	w->unanswered[ACT_CHECK] = false;
	o.action = near->check.action;
	o.path = near->id;
	o.checked.sought = LUN_NOT_LISTED;
	world_feed(w, o);
	world_run(w, SOON_MS);
	assert_int_equal(row(0)->not_listed, 1);
	assert_int_equal(row(1)->not_listed, 1);
}

static void test_another_volume_at_its_number_ends_it(void **state)
{
	(void)state;
	begin("");
	records_hang(ACT_LET_IN);
	keep_out(3, "vol", true);
	keep_out(4, "vol", true);
	world_path(w, 3, 1, "other");
	world_run(w, 1000);
	require_row(0, GAP_ENDING, BECAUSE_ARRAY);
	require_row(1, GAP_KEPT, BECAUSE_DETACHED);
}

/* ---- an operator's word ---------------------------------------------------------------------- */

static uint64_t rescan(struct place place)
{
	struct obs_request word = { .request = ++last_id, .verb = VERB_RESCAN };

	assert_int_equal(request_open_place(w->m, &word, &place, "name"), 0);
	return last_id;
}

static void test_a_rescan_lets_the_volume_in_before_it_looks(void **state)
{
	(void)state;
	begin("");
	keep_out(3, "vol", true);
	keep_out(4, "vol", true);
	keep_out(4, "other", true);
	records_hang(ACT_LET_IN);
	rescan(place_of_host(3));
	world_run(w, 1000);
	require_row(0, GAP_ENDING, BECAUSE_RESCAN);
	require_row(1, GAP_ENDING, BECAUSE_RESCAN); /* or it would be taken away at once */
	require_row(2, GAP_KEPT, BECAUSE_DETACHED);
	assert_int_equal(count(ACT_SCAN), 0);
	records_end(0);
	world_run(w, 1000);
	require_row(0, GAP_NO, BECAUSE_RESCAN);
	assert_int_equal(count(ACT_SCAN), 1);
}

/* udev has one folder for all places of a volume: it is there until the last record is gone. */
static void test_a_rescan_waits_for_every_record_of_the_volume(void **state)
{
	(void)state;
	begin("");
	keep_out(3, "vol", true);
	keep_out(4, "vol", true);
	keep_out_lun(3, 5, "other", true);
	records_hang(ACT_LET_IN);
	rescan(place_of_host(3));
	world_run(w, SOON_MS);
	record_ends(0, 0);
	record_ends(2, 0);
	world_run(w, 1000);
	require_row(0, GAP_ENDING, BECAUSE_RESCAN);
	require_row(1, GAP_ENDING, BECAUSE_RESCAN);
	require_row(2, GAP_NO, BECAUSE_RESCAN);
	assert_int_equal(count(ACT_SCAN), 0);
	record_ends(1, 0);
	world_run(w, SOON_MS);
	require_row(0, GAP_NO, BECAUSE_RESCAN);
	require_row(1, GAP_NO, BECAUSE_RESCAN);
	assert_int_equal(count(ACT_SCAN), 1);
	assert_int_equal(w->asked[ACT_LET_IN], 3);
}

static void test_a_rescan_elsewhere_changes_nothing(void **state)
{
	(void)state;
	begin("");
	keep_out(3, "vol", true);
	rescan(place_of_host(4));
	world_run(w, 1000);
	require_row(0, GAP_KEPT, BECAUSE_DETACHED);
	assert_int_equal(count(ACT_SCAN), 1);
}

/* The volume is kept out on the other host, by who detached it there. */
static void test_a_rescan_does_not_mean_what_ends_by_itself(void **state)
{
	(void)state;
	begin("");
	keep_out(3, "vol", true);
	keep_out(4, "vol", true);
	records_hang(ACT_LET_IN);
	w->m->gaps.rows[0].is.until = w->m->now;
	world_run(w, 1000);
	require_row(0, GAP_ENDING, BECAUSE_TIME);
	rescan(place_of_host(3));
	world_run(w, 1000);
	require_row(1, GAP_KEPT, BECAUSE_DETACHED);
}

/* ---- a detach -------------------------------------------------------------------------------- */

/* Of volume "vol", over both hosts; its word is at its first deed, or waits for a record. */
static struct path *paths[2];

static void detach(const char *name)
{
	const struct obs_request word = {
		.request = ++last_id, .verb = VERB_DETACH, .timeout_ms = 60000, .requester = "uid 0"
	};

	for (uint32_t i = 0; i < 2; i++)
		paths[i] = world_path(w, 3 + i, 1, "vol");
	world_run(w, SETTLED_MS);
	assert_true(detach_open(w->m, &word, name) > 0);
	world_run(w, 5000);
}

/* All hands of this kind that are out have done what they were sent for. */
static void deeds_end(enum action_kind kind)
{
	for (uint32_t i = 0; i < w->n_deeds; i++) {
		const struct action deed = w->deeds[i];
		struct path *p = model_path(w->m, deed.path);

		if (deed.kind != kind)
			continue;
		if (p && kind == ACT_DELETE)
			world_of(w, p)->absent = true;
		world_end_of(w, &deed, 0, STAGE_WRITE);
	}
	w->n_deeds = 0;
	world_run(w, 2000);
}

static void gone(void)
{
	path_id id = paths[0]->id;

	deeds_end(ACT_WRITE_DOWN);
	deeds_end(ACT_DELETE);
	deeds_end(ACT_STRIKE_OUT);
	assert_null(model_path(w->m, id));
}

/* Somebody looks for it: another device at that place. */
static struct path *comes_back(uint32_t host)
{
	struct observation o = built_device(host, 1, "vol");
	struct path *p;

	o.device.ino += 5000;
	world_feed(w, o);
	p = model_path_at(w->m, o.device.sysfs);
	assert_non_null(p);
	*world_of(
		w, p) = (struct truth){ .checked = built_good(), .holders = { .complete = true } };
	return p;
}

static void test_nothing_is_done_before_it_is_written_down(void **state)
{
	(void)state;
	begin("");
	records_hang(ACT_KEEP_OUT);
	detach("vol");
	deeds_end(ACT_WRITE_DOWN);
	world_run(w, 10000);
	assert_int_equal(w->asked[ACT_KEEP_OUT], 2);
	assert_int_equal(count(ACT_DELETE), 0);
	w->unanswered[ACT_KEEP_OUT] = false;
	records_end(0);
	world_run(w, 5000);
	deeds_end(ACT_WRITE_DOWN);
	assert_int_equal(count(ACT_DELETE), 2);
	assert_true(row(0)->written && row(0)->is.everywhere);
	assert_string_equal(row(0)->is.wwid, "vol");
	assert_string_equal(row(0)->is.requester, "uid 0");
	assert_int_equal(row(0)->is.ino, paths[0]->device.ino);
}

static void test_what_cannot_be_written_down_is_remembered(void **state)
{
	(void)state;
	begin("");
	w->results[ACT_KEEP_OUT] = -ENOSPC;
	detach("vol");
	deeds_end(ACT_WRITE_DOWN);
	assert_int_equal(count(ACT_DELETE), 2);
	require_row(0, GAP_KEPT, BECAUSE_FAILED);
	assert_false(row(0)->written);
}

static void test_what_has_left_is_not_written_down_again(void **state)
{
	struct observation o = built_device(3, 1, "vol");

	(void)state;
	begin("");
	records_hang(ACT_KEEP_OUT);
	detach("3:0:0:1");
	assert_int_equal(w->asked[ACT_KEEP_OUT], 1);
	world_of(w, paths[0])->absent = true;
	o.device.present = false;
	world_feed(w, o);
	records_end(-ENODEV);
	world_run(w, 5000);
	assert_int_equal(w->asked[ACT_KEEP_OUT], 1);
	assert_false(row(0)->written);
}

static void test_a_path_is_kept_out_at_its_place(void **state)
{
	(void)state;
	begin("");
	detach("3:0:0:1");
	deeds_end(ACT_WRITE_DOWN);
	require_row(0, GAP_KEPT, BECAUSE_DETACHED);
	assert_false(row(0)->is.everywhere);
	assert_int_equal(w->m->gaps.n, 1);
	assert_null(model_gap_of(w->m, paths[1]));
}

static void test_what_is_not_detached_after_all_is_let_in(void **state)
{
	(void)state;
	begin("");
	records_hang(ACT_LET_IN);
	detach("vol");
	world_hold(w, paths[0], HOLD_MOUNT, false, false);
	deeds_end(ACT_WRITE_DOWN);
	deeds_end(ACT_STRIKE_OUT);
	require_row(0, GAP_ENDING, BECAUSE_WITHDRAWN);
	require_row(1, GAP_ENDING, BECAUSE_WITHDRAWN);
	assert_int_equal(count(ACT_DELETE), 0);
}

static void test_no_hold_is_a_choice(void **state)
{
	(void)state;
	begin("detach_hold 0\n");
	detach("vol");
	deeds_end(ACT_WRITE_DOWN);
	assert_int_equal(count(ACT_DELETE), 2);
	assert_int_equal(w->m->gaps.n, 0);
}

/* P9: within two seconds, with answers that take a millisecond each. */
static void test_what_comes_back_is_taken_away(void **state)
{
	struct path *p;
	instant came;
	path_id id;

	(void)state;
	begin("");
	detach("vol");
	gone();
	p = comes_back(4);
	came = w->m->now;
	id = p->id;
	world_run_until(w, p, PURGE_DELETING, 2000);
	assert_in_range(instant_ms_between(came, w->m->now), 0, 1000);
	deeds_end(ACT_DELETE);
	assert_null(model_path(w->m, id));
	assert_int_equal(w->m->counters.kept_out, 1);
	world_run(w, 20000);
	for (uint32_t i = 0; i < w->m->n_detaches; i++)
		assert_int_equal(w->m->detaches[i].stage, DETACH_NONE);
}

/* Somebody has made a map of it, and nobody owns that: how it was is struck out with the word. */
static void test_what_comes_back_in_a_map_leaves_no_record(void **state)
{
	struct path *p;

	(void)state;
	begin("");
	detach("vol");
	gone();
	p = comes_back(4);
	world_map(w, 5, "vol", &p, 1);
	world_run(w, 5000);
	assert_int_equal(count(ACT_REMOVE_MAP), 1);
	w->maps[0].map.present = false;
	deeds_end(ACT_REMOVE_MAP);
	deeds_end(ACT_DELETE);
	world_run(w, 5000);
	assert_int_equal(count(ACT_STRIKE_OUT), 1);
	deeds_end(ACT_STRIKE_OUT);
	for (uint32_t i = 0; i < w->m->n_detaches; i++)
		assert_int_equal(w->m->detaches[i].stage, DETACH_NONE);
}

static void test_udevs_look_is_waited_for(void **state)
{
	struct path *p;

	(void)state;
	begin("");
	detach("vol");
	gone();
	p = comes_back(3);
	world_hold(w, p, HOLD_OPEN, false, true);
	world_run_until(w, p, PURGE_HELD, 1000);
	world_require(p, PURGE_HELD, BECAUSE_UDEV);
	world_of(w, p)->holders.n_holds = 0;
	world_run_until(w, p, PURGE_DELETING, 1000);
}

static void test_whoever_uses_it_keeps_it_and_is_named(void **state)
{
	struct path *p;

	(void)state;
	begin("");
	detach("vol");
	gone();
	p = comes_back(3);
	world_hold(w, p, HOLD_MOUNT, false, false);
	world_run(w, 60000);
	world_require(p, PURGE_HELD, BECAUSE_HOLDERS);
	assert_int_equal(count(ACT_DELETE), 0);
	world_of(w, p)->holders.n_holds = 0;
	world_run_until(w, p, PURGE_DELETING, 15000);
}

static struct path *comes_back_to_its_owner(void)
{
	struct path *p;

	begin("");
	detach("vol");
	gone();
	w->owner.running = true;
	w->m->owner_asked.answered = false;
	world_run(w, 2000);
	p = comes_back(3);
	world_run(w, 1000);
	return p;
}

static void test_its_owner_is_told_first(void **state)
{
	struct path *p = comes_back_to_its_owner();

	(void)state;
	assert_int_equal(count(ACT_TAKE_PATH), 1);
	assert_int_equal(count(ACT_DELETE), 0);
	deeds_end(ACT_TAKE_PATH);
	world_run_until(w, p, PURGE_DELETING, 1000);
}

static void test_what_is_let_in_stays(void **state)
{
	struct path *p;

	(void)state;
	begin("");
	detach("vol");
	gone();
	p = comes_back(3);
	world_hold(w, p, HOLD_MOUNT, false, false);
	world_run(w, 5000);
	rescan(place_of_host(3));
	world_run(w, 5000);
	world_of(w, p)->holders.n_holds = 0;
	world_run(w, 60000);
	assert_int_equal(p->purge, PURGE_NO);
	assert_int_equal(p->detach, 0);
	assert_int_equal(count(ACT_DELETE), 0);
}

/* Its owner was told to leave it; that is taken back with the rest. */
static void test_what_is_let_in_is_its_owners_again(void **state)
{
	struct path *p = comes_back_to_its_owner();

	(void)state;
	world_hold(w, p, HOLD_MOUNT, false, false);
	deeds_end(ACT_TAKE_PATH);
	world_run(w, 5000);
	world_require(p, PURGE_HELD, BECAUSE_HOLDERS);
	assert_int_equal(count(ACT_GIVE_PATH), 0);
	rescan(place_of_host(3));
	world_run(w, 5000);
	assert_int_equal(count(ACT_GIVE_PATH), 1);
	deeds_end(ACT_GIVE_PATH);
	world_run(w, 5000);
	assert_int_equal(count(ACT_GIVE_PATH), 0);  /* no more */
	assert_int_equal(count(ACT_STRIKE_OUT), 0); /* nothing was written down for that */
	for (uint32_t i = 0; i < w->m->n_detaches; i++)
		assert_int_equal(w->m->detaches[i].stage, DETACH_NONE);
}

/* It answers that the array took it away, and for twenty seconds somebody has it open. */
static struct path *comes_back_gone(const char *text)
{
	struct path *p;

	begin(text);
	detach("vol");
	gone();
	p = comes_back(3);
	world_of(w, p)->checked = built_gone();
	world_hold(w, p, HOLD_OPEN, false, false);
	world_run(w, 20000);
	return p;
}

/* The array took it away before we did. */
static void test_its_own_word_ends_it_when_it_is_gone(void **state)
{
	struct path *p = comes_back_gone("purge_disconnected no\npurge_grace 0\n");

	(void)state;
	require_row(0, GAP_KEPT, BECAUSE_DETACHED); /* it is taken away first */
	world_of(w, p)->holders.n_holds = 0;
	world_run_until(w, p, PURGE_DELETING, 15000);
	records_hang(ACT_LET_IN);
	deeds_end(ACT_DELETE);
	require_row(0, GAP_ENDING, BECAUSE_ARRAY);
	require_row(1, GAP_KEPT, BECAUSE_DETACHED); /* of the other port nothing is known */
}

/* What was said under a longer grace is not measured by a shorter one. */
static void test_its_word_of_another_configuration_ends_nothing(void **state)
{
	static const char text[] = "defaults {\n purge_disconnected no\n purge_grace 0\n}\n";
	struct path *p = comes_back_gone("purge_disconnected no\npurge_grace 600\n");

	(void)state;
	world_of(w, p)->holders.n_holds = 0;
	world_run_until(w, p, PURGE_DELETING, 15000);
	model_set_config(w->m, built_config(text));
	deeds_end(ACT_DELETE);
	require_row(0, GAP_KEPT, BECAUSE_DETACHED);
}

/* ---- the next daemon ------------------------------------------------------------------------- */

/* It was written down, and not taken away yet: that is the word's to do, or nobody's. */
static void test_what_had_not_left_yet_did_not_come_back(void **state)
{
	struct observation o = { .kind = OBS_KEPT_OUT };
	struct path *p;

	(void)state;
	begin("");
	o.gap = (struct obs_gap){
		.address = { .host = 3, .lun = 1 },
		.ino = built_device(3, 1, "vol").device.ino,
		.everywhere = true,
		.until = instant_add_ms(w->m->now, HOLD_MS),
	};
	TEXT_SET(o.gap.wwid, "vol");
	world_feed(w, o);
	p = world_path(w, 3, 1, "vol");
	assert_null(model_gap_of(w->m, p));
	assert_ptr_equal(model_gap_begun_with(w->m, p), row(0));
	world_run(w, 1000);
	require_row(0, GAP_NO, BECAUSE_WITHDRAWN);
	assert_int_equal(p->purge, PURGE_NO);
}

/* Nor did what was there when another path of its volume left, and stayed. */
static void test_what_was_there_before_did_not_come_back(void **state)
{
	(void)state;
	begin("");
	detach("3:0:0:1");
	deeds_end(ACT_WRITE_DOWN);
	deeds_end(ACT_DELETE);
	row(0)->is.everywhere = true; /* as if the other had been refused */
	row(0)->seq = 0;	      /* and a daemon after this one read it */
	assert_true(paths[1]->device.ino <= row(0)->is.youngest);
	assert_null(model_gap_of(w->m, paths[1]));
	assert_non_null(model_gap_of(w->m, comes_back(3)));
}

#define TEST(name) cmocka_unit_test_teardown(name, end)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_meant),
		TEST(test_time_ends_it_and_udev_is_told),
		TEST(test_a_record_that_stays_is_tried_again),
		cmocka_unit_test(test_the_targets_word),
		TEST(test_one_list_is_no_proof),
		TEST(test_only_its_own_target_is_asked),
		TEST(test_one_question_after_the_other),
		TEST(test_another_volume_at_its_number_ends_it),
		TEST(test_a_rescan_lets_the_volume_in_before_it_looks),
		TEST(test_a_rescan_waits_for_every_record_of_the_volume),
		TEST(test_a_rescan_elsewhere_changes_nothing),
		TEST(test_a_rescan_does_not_mean_what_ends_by_itself),
		TEST(test_nothing_is_done_before_it_is_written_down),
		TEST(test_what_cannot_be_written_down_is_remembered),
		TEST(test_what_has_left_is_not_written_down_again),
		TEST(test_a_path_is_kept_out_at_its_place),
		TEST(test_what_is_not_detached_after_all_is_let_in),
		TEST(test_no_hold_is_a_choice),
		TEST(test_what_comes_back_is_taken_away),
		TEST(test_what_comes_back_in_a_map_leaves_no_record),
		TEST(test_udevs_look_is_waited_for),
		TEST(test_whoever_uses_it_keeps_it_and_is_named),
		TEST(test_its_owner_is_told_first),
		TEST(test_what_is_let_in_stays),
		TEST(test_what_is_let_in_is_its_owners_again),
		TEST(test_its_own_word_ends_it_when_it_is_gone),
		TEST(test_its_word_of_another_configuration_ends_nothing),
		TEST(test_what_had_not_left_yet_did_not_come_back),
		TEST(test_what_was_there_before_did_not_come_back),
	};

	return cmocka_run_group_tests_name("gaps", tests, NULL, NULL);
}
