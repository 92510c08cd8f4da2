/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a clean of a branch gives back, and what becomes of paths that nobody watches. */
#include "world.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "judge/may_go.h"
#include "plan/clean.h"
#include "plan/requests.h"

enum { SETTLED_MS = 15000, SOON_MS = 100, POLLING_MS = 20000, MINUTE_MS = 60000 };

#define BUS   "pci0000:00/0000:00:05.0"
#define HOST3 BUS "/host3"

static struct world *w;
static struct path *p, *other, *elsewhere; /* 3:0:0:1, 3:0:0:2, 4:0:0:1 */
static char one[MAX_WWID], two[MAX_WWID];
static uint64_t last_id;

static void begin(const char *text)
{
	w = world_begin(text);
	built_wwid(1, one);
	built_wwid(2, two);
	p = world_path(w, 3, 1, one);
	other = world_path(w, 3, 2, two);
	elsewhere = world_path(w, 4, 1, one);
	world_of(w, p)->checked = world_of(w, elsewhere)->checked = built_volume(1);
	world_of(w, other)->checked = built_volume(2);
	world_run(w, SETTLED_MS);
	assert_int_equal(p->state, PATH_UP);
	world_count_anew(w);
}

static int end(void **state)
{
	(void)state;
	world_end(w);
	return 0;
}

static uint64_t ask(const char *root, const char *below, uint32_t flags)
{
	struct obs_request word = { .verb = VERB_CLEAN, .flags = flags, .timeout_ms = 20000 };

	word.request = ++last_id;
	TEXT_SET(word.below, below);
	assert_int_equal(request_open_clean(w->m, &word, root), 0);
	return last_id;
}

static const struct cleaning_node *node_of(uint64_t id, const char *name)
{
	const struct cleaning *c = &world_request(w, id)->cleaning;

	for (uint32_t i = 0; i < c->n; i++)
		if (!strcmp(c->nodes[i].node, name))
			return &c->nodes[i];
	return NULL;
}

static void require_node(uint64_t id, const char *name, enum cleaning_word word, uint32_t holds)
{
	const struct cleaning_node *node = node_of(id, name);

	if (!node || node->word != word || node->holds != holds)
		fail_msg("%s: word %d, holds %x", name, node ? (int)node->word : -1,
			node ? node->holds : 0);
}

static void require_given_back(const struct path *path)
{
	assert_int_equal(path->watch, WATCH_NO);
	assert_int_equal(path->state, PATH_UNCHECKED);
	assert_string_equal(reason_name(path->state_why), "cleaned");
}

#define HOLD(name) (1u << CLEANING_##name)

/* ---- what is given back ---------------------------------------------------------------------- */

static void what_nobody_uses_is_given_back(void **state)
{
	uint64_t id;

	(void)state;
	begin("");
	id = ask(HOST3, "", 0);
	world_run(w, SOON_MS);
	world_require_request(w, id, RESULT_CLEANED, "");
	assert_int_equal(w->asked[ACT_FORGET], 2);
	assert_int_equal(w->asked[ACT_WATCH], 0);
	require_given_back(p);
	require_given_back(other);
	assert_int_equal(elsewhere->watch, WATCH_YES);
	require_node(id, HOST3 "/session3/target3:0:0/3:0:0:1", NODE_CLEANED, 0);
	require_node(id, HOST3 "/session3/target3:0:0", NODE_CLEANED, 0);
	assert_null(node_of(id, HOST3)); /* the root stays */
	assert_int_equal(world_request(w, id)->cleaning.n, 4);
	assert_false(world_request(w, id)->cleaning.unfinished);
}

static void a_map_is_no_use_for_who_asks(void **state)
{
	struct path *members[2];
	uint64_t id;

	(void)state;
	begin("");
	members[0] = p;
	members[1] = elsewhere;
	world_map(w, 1, one, members, 2);
	world_run(w, SOON_MS);
	id = ask(BUS, "", 0);
	world_run(w, SOON_MS);
	world_require_request(w, id, RESULT_CLEANED, "");
	require_given_back(p);
	assert_null(node_of(id, "virtual/block/dm-1"));
}

static void a_device_is_cleaned_alone(void **state)
{
	uint64_t id;

	(void)state;
	begin("");
	id = ask(HOST3 "/session3/target3:0:0/3:0:0:1", "", 0);
	world_run(w, SOON_MS);
	world_require_request(w, id, RESULT_CLEANED, "");
	require_given_back(p);
	assert_int_equal(other->watch, WATCH_YES);
	assert_int_equal(world_request(w, id)->cleaning.n, 1);
}

static void a_name_means_the_first_level(void **state)
{
	uint64_t id, wrong;

	(void)state;
	begin("");
	wrong = ask(BUS, "session3", 0);
	id = ask(HOST3 "/session3/target3:0:0", "3:0:0:2", 0);
	world_run(w, SOON_MS);
	world_require_request(w, wrong, RESULT_CLEANED, "");
	assert_int_equal(world_request(w, wrong)->cleaning.n, 0);
	assert_int_equal(p->watch, WATCH_YES);
	require_given_back(other);
	world_require_request(w, id, RESULT_CLEANED, "");
}

static void what_is_not_cached_is_nothing(void **state)
{
	uint64_t id;

	(void)state;
	begin("");
	id = ask(BUS "/host9", "", REQUEST_FORCE);
	world_run(w, SOON_MS);
	world_require_request(w, id, RESULT_CLEANED, "");
	assert_int_equal(w->asked[ACT_FORGET], 0);
	assert_int_equal(world_request(w, id)->cleaning.n, 0);
}

static void by_force_the_maps_that_are_concerned(void **state)
{
	struct path *mine[1], *theirs[1];
	uint64_t id;

	(void)state;
	begin("");
	mine[0] = other;
	theirs[0] = elsewhere;
	world_map(w, 1, two, mine, 1);
	world_map(w, 2, one, theirs, 1);
	world_run(w, SOON_MS);
	world_count_anew(w);
	id = ask(HOST3, "", REQUEST_FORCE);
	world_run(w, SOON_MS);
	world_require_request(w, id, RESULT_CLEANED, "");
	require_node(id, "virtual/block/dm-1", NODE_CLEANED, 0);
	assert_null(node_of(id, "virtual/block/dm-2"));
	world_run(w, 2000);
	assert_true(w->asked[ACT_READ_MAPS] > 0); /* what was let go is looked up again */
}

static void a_dry_run_changes_nothing(void **state)
{
	uint64_t id;

	(void)state;
	begin(" purge_disconnected no\n");
	world_of(w, other)->checked = built_gone();
	world_run(w, 30000);
	assert_true(other->gone_count > 0);
	world_count_anew(w);
	id = ask(HOST3, "", REQUEST_DRY_RUN);
	world_run(w, SOON_MS);
	world_require_request(w, id, RESULT_BUSY, "");
	require_node(id, HOST3 "/session3/target3:0:0/3:0:0:1", NODE_CLEANED, 0);
	require_node(id, HOST3 "/session3/target3:0:0/3:0:0:2", NODE_BUSY, HOLD(REMOVAL));
	assert_int_equal(w->asked[ACT_FORGET], 0);
	assert_int_equal(p->watch, WATCH_YES);
	assert_int_equal(other->purge, PURGE_NO);
}

static void a_dry_run_waits_for_a_moment_too(void **state)
{
	uint64_t id;

	(void)state;
	begin("");
	world_of(w, p)->mute = true;
	p->check_due = w->m->now;
	world_run(w, 10);
	id = ask(HOST3, "", REQUEST_DRY_RUN);
	world_run(w, CLEAN_PATIENCE_MS - 200);
	world_require_request(w, id, REQUEST_OPEN, "");
	world_run(w, 400);
	world_require_request(w, id, RESULT_BUSY, "");
	assert_int_equal(world_request(w, id)->cleaning.n, 4); /* each is told of once */
	assert_int_equal(w->asked[ACT_FORGET], 0);
}

/* ---- what is busy ---------------------------------------------------------------------------- */

static void a_check_in_flight_is_waited_for_a_moment(void **state)
{
	uint64_t id;

	(void)state;
	begin("");
	world_of(w, p)->mute = true;
	p->check_due = w->m->now;
	world_run(w, 10);
	id = ask(HOST3, "", REQUEST_FORCE);
	world_run(w, CLEAN_PATIENCE_MS - 200);
	world_require_request(w, id, REQUEST_OPEN, "");
	require_given_back(other); /* which does not wait for it */
	world_run(w, 400);
	world_require_request(w, id, RESULT_BUSY, "");
	require_node(id, HOST3 "/session3/target3:0:0/3:0:0:1", NODE_BUSY, HOLD(CHECK));
	require_node(id, HOST3 "/session3", NODE_BUSY, HOLD(BELOW));
	require_node(id, HOST3 "/session3/target3:0:0/3:0:0:2", NODE_CLEANED, 0);
	assert_int_equal(p->watch, WATCH_YES);
	assert_int_equal(w->asked[ACT_FORGET], 1);
}

static void a_check_that_is_answered_is_over(void **state)
{
	struct observation answer = { .kind = OBS_CHECKED };
	uint64_t id;

	(void)state;
	begin("");
	world_of(w, p)->mute = true;
	p->check_due = w->m->now;
	world_run(w, 10);
	id = ask(HOST3, "", 0);
	world_run(w, SOON_MS);
	answer.path = p->id;
	answer.action = p->check.action;
	answer.checked = world_of(w, p)->checked;
	world_feed(w, answer);
	world_run(w, SOON_MS);
	world_require_request(w, id, RESULT_CLEANED, "");
	require_given_back(p);
	assert_null(strstr(node_of(id, HOST3 "/session3")->what, "check"));
}

static void a_hand_that_is_out_is_not_left_alone(void **state)
{
	uint64_t id;

	(void)state;
	begin(" purge_grace 1\n");
	world_of(w, p)->checked = built_gone();
	world_run_until(w, p, PURGE_DELETING, 60000);
	id = ask(HOST3, "", REQUEST_FORCE);
	world_run(w, SOON_MS);
	world_require_request(w, id, RESULT_BUSY, "");
	require_node(
		id, HOST3 "/session3/target3:0:0/3:0:0:1", NODE_BUSY, HOLD(DEED) | HOLD(REMOVAL));
	assert_int_equal(p->watch, WATCH_YES);
}

static void who_waits_for_an_answer_gets_it(void **state)
{
	struct obs_request word = { .request = ++last_id, .verb = VERB_PURGE };
	uint64_t id;

	(void)state;
	begin("");
	world_of(w, p)->mute = true;
	assert_int_equal(request_open(w->m, &word, p, ""), 0);
	id = ask(HOST3, "", 0);
	world_run(w, SOON_MS);
	assert_true(node_of(id, HOST3 "/session3/target3:0:0/3:0:0:1")->holds & HOLD(REQUEST));
	assert_int_equal(p->watch, WATCH_YES);
}

static void what_leads_elsewhere_is_looked_after(void **state)
{
	uint64_t id;

	(void)state;
	begin("");
	world_of(w, p)->checked = built_volume(7);
	p->identity.wish = model_next_seq(w->m);
	world_run(w, 10000);
	world_of(w, p)->checked.state = DEVICE_OFFLINE;
	world_deed_ends(w, 0, STAGE_WRITE);
	world_run(w, 2500);
	assert_int_equal(p->fence.stage, FENCE_FENCED);
	id = ask(HOST3, "", REQUEST_FORCE);
	world_run(w, 3000);
	world_require_request(w, id, RESULT_BUSY, "");
	assert_true(node_of(id, HOST3 "/session3/target3:0:0/3:0:0:1")->holds & HOLD(FENCE));
	assert_int_equal(p->watch, WATCH_YES);
}

static void with_a_name_the_first_busy_one_ends_it(void **state)
{
	uint64_t id;

	(void)state;
	begin("");
	world_of(w, p)->mute = true;
	p->check_due = w->m->now;
	world_run(w, 10);
	id = ask(HOST3 "/session3", "target3:0:0", 0);
	world_run(w, 3000);
	world_require_request(w, id, RESULT_BUSY, "");
	require_given_back(other); /* below the first level there is no name */
}

/* ---- what is gone ---------------------------------------------------------------------------- */

static void what_an_operator_finds_gone_is_removed(void **state)
{
	uint64_t id;

	(void)state;
	begin(" purge_disconnected no\n");
	world_of(w, other)->checked = built_gone();
	world_run(w, 60000);
	assert_int_equal(other->purge, PURGE_NO);
	id = ask(HOST3, "", 0);
	world_run(w, SOON_MS);
	world_require_request(w, id, RESULT_BUSY, "");
	assert_true(node_of(id, HOST3 "/session3/target3:0:0/3:0:0:2")->holds & HOLD(REMOVAL));
	require_given_back(p);
	world_run_until(w, other, PURGE_DELETING, 60000);
	assert_int_equal(w->n_deeds, 1); /* and nothing else ever */
}

static void its_word_ends_when_it_answers_again(void **state)
{
	(void)state;
	begin(" purge_disconnected no\n purge_delay 60\n");
	world_of(w, other)->checked = built_gone();
	world_run(w, 60000);
	ask(HOST3, "", 0);
	world_run(w, SOON_MS);
	assert_int_equal(other->purge, PURGE_MARKED);
	world_of(w, other)->checked = built_volume(2);
	world_run(w, 30000);
	assert_int_equal(other->purge, PURGE_NO);
	world_of(w, other)->checked = built_gone();
	world_run(w, 30000);
	assert_int_equal(other->purge, PURGE_NO); /* it was said of what was gone then */
}

/* ---- what nobody watches --------------------------------------------------------------------- */

static void it_is_watched_again_when_it_is_due(void **state)
{
	(void)state;
	begin("");
	ask(HOST3, "", 0);
	world_run(w, POLLING_MS - 100);
	assert_int_equal(w->asked[ACT_WATCH], 0);
	require_given_back(p);
	world_run(w, POLLING_MS / 8 + 200);
	assert_int_equal(w->asked[ACT_WATCH], 2);
	assert_int_equal(p->state, PATH_UP);
	assert_int_equal(w->identified[p->id.slot], 1); /* it said who it is, before its time */
}

static void it_is_watched_again_when_something_is_heard(void **state)
{
	struct observation o = { .kind = OBS_UEVENT, .uevent = { .dm_path_failed = true } };

	(void)state;
	begin("");
	ask(HOST3, "", 0);
	world_run(w, SOON_MS);
	o.uevent.devt = p->device.devt;
	world_feed(w, o);
	world_run(w, SOON_MS);
	assert_int_equal(p->state, PATH_UP);
	require_given_back(other);
}

static void it_is_watched_again_for_who_asks(void **state)
{
	struct obs_request word = { .request = ++last_id, .verb = VERB_CHECK };

	(void)state;
	begin("");
	ask(HOST3, "", 0);
	world_run(w, SOON_MS);
	assert_int_equal(request_open(w->m, &word, p, ""), 0);
	world_run(w, SOON_MS);
	world_require_request(w, word.request, RESULT_CHECKED, "");
	assert_int_equal(p->state, PATH_UP);
}

/* Nothing is removed because of paths of which nothing is known. */
static void it_is_no_other_path(void **state)
{
	struct path *members[2];

	(void)state;
	begin("");
	members[0] = p;
	members[1] = elsewhere;
	world_map(w, 1, one, members, 2);
	world_run(w, SOON_MS);
	assert_int_equal(may_go_others_in_map(w->m, elsewhere), 1);
	ask(HOST3, "", 0);
	world_run(w, SOON_MS);
	assert_int_equal(may_go_others_in_map(w->m, elsewhere), 0);
	p->check_due = w->m->now;
	world_of(w, p)->mute = true;
	world_run(w, SOON_MS);
	assert_int_equal(p->watch, WATCH_YES);
	assert_int_equal(may_go_others_in_map(w->m, elsewhere), 0); /* it has not answered */
}

static void what_it_said_before_is_forgotten(void **state)
{
	struct observation pressure = { .kind = OBS_PRESSURE };

	(void)state;
	begin(" purge_disconnected no\n");
	world_of(w, p)->checked = built_gone();
	world_run(w, 30000);
	assert_true(p->gone_count > 0);
	world_feed(w, pressure);
	world_run(w, SOON_MS);
	require_given_back(p);
	assert_int_equal(p->gone_count, 0);
	assert_int_equal(p->purge, PURGE_NO);
}

static void a_keeper_that_says_nothing_is_told_of(void **state)
{
	uint64_t id;

	(void)state;
	begin("");
	w->unanswered[ACT_FORGET] = true;
	id = ask(HOST3, "", 0);
	world_run(w, CLEAN_CLOSING_MS - 200);
	world_require_request(w, id, REQUEST_OPEN, "");
	world_run(w, 400);
	world_require_request(w, id, RESULT_CLEANED, "");
	assert_true(world_request(w, id)->cleaning.unfinished);
}

/* ---- nobody's word --------------------------------------------------------------------------- */

static void maps_stay_watched_for_want_of_memory(void **state)
{
	struct observation pressure = { .kind = OBS_PRESSURE };
	struct path *members[1];

	(void)state;
	begin("");
	members[0] = p;
	world_map(w, 1, one, members, 1);
	world_run(w, SOON_MS);
	world_feed(w, pressure);
	world_run(w, SOON_MS);
	assert_int_equal(p->watch, WATCH_YES);
	require_given_back(other);
	require_given_back(elsewhere);
	other->check_due = w->m->now;
	world_run(w, SOON_MS);
	world_feed(w, pressure);
	world_run(w, SOON_MS);
	assert_int_equal(other->watch, WATCH_YES); /* not again within a minute */
	world_run(w, MINUTE_MS);
	world_feed(w, pressure);
	world_run(w, SOON_MS);
	require_given_back(other);
}

static void a_limit_is_kept(void **state)
{
	(void)state;
	begin(" node_cache_limit 2\n");
	world_run(w, MINUTE_MS * 2);
	assert_true(w->asked[ACT_FORGET] > 0);
	assert_true(w->asked_of[p->id.slot] > 2); /* each is asked all the same */
	assert_true(w->asked_of[elsewhere->id.slot] > 2);
}

static void no_limit_is_none(void **state)
{
	(void)state;
	begin("");
	world_run(w, MINUTE_MS);
	assert_int_equal(w->asked[ACT_FORGET], 0);
}

#define RULE(function) cmocka_unit_test_teardown(function, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RULE(what_nobody_uses_is_given_back),
		RULE(a_map_is_no_use_for_who_asks),
		RULE(a_device_is_cleaned_alone),
		RULE(a_name_means_the_first_level),
		RULE(what_is_not_cached_is_nothing),
		RULE(by_force_the_maps_that_are_concerned),
		RULE(a_dry_run_changes_nothing),
		RULE(a_dry_run_waits_for_a_moment_too),
		RULE(a_check_in_flight_is_waited_for_a_moment),
		RULE(a_check_that_is_answered_is_over),
		RULE(a_hand_that_is_out_is_not_left_alone),
		RULE(who_waits_for_an_answer_gets_it),
		RULE(what_leads_elsewhere_is_looked_after),
		RULE(with_a_name_the_first_busy_one_ends_it),
		RULE(what_an_operator_finds_gone_is_removed),
		RULE(its_word_ends_when_it_answers_again),
		RULE(it_is_watched_again_when_it_is_due),
		RULE(it_is_watched_again_when_something_is_heard),
		RULE(it_is_watched_again_for_who_asks),
		RULE(it_is_no_other_path),
		RULE(what_it_said_before_is_forgotten),
		RULE(a_keeper_that_says_nothing_is_told_of),
		RULE(maps_stay_watched_for_want_of_memory),
		RULE(a_limit_is_kept),
		RULE(no_limit_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
