/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From facts to rungs and deeds. */
#include "world.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "judge/pace.h"
#include "plan/facts.h"
#include "plan/deeds.h"
#include "plan/reconcile.h"
#include "plan/removal.h"

enum { SETTLED_MS = 15000, SOON_MS = 3000 };

static struct world *w;
static struct path *p, *other;

/* p is 3:0:0:1; both have been good for longer than the grace. */
static void begin(const char *text)
{
	w = world_begin(text);
	p = world_path(w, 3, 1, "one");
	other = world_path(w, 4, 1, "one");
	world_run(w, SETTLED_MS);
	world_require(p, PURGE_NO, BECAUSE_NOTHING);
	world_count_anew(w);
}

static void begin_in_map(const char *text)
{
	struct path *two[2];

	begin(text);
	two[0] = p;
	two[1] = other;
	world_map(w, 3, "one", two, 2);
}

static int end(void **state)
{
	(void)state;
	world_end(w);
	return 0;
}

static void unmap(struct path *q)
{
	world_of(w, q)->checked = built_gone();
	q->check_due = w->m->now;
}

static void lose_scanner(void)
{
	struct observation lost = { .kind = OBS_HELPER };

	lost.helper.helper = HELPER_SCANNER;
	lost.helper.event = HELPER_LOST;
	world_feed(w, lost);
}

static void require_delete(const struct path *q, bool claim)
{
	const struct action *a = world_deed(w, 0);

	assert_non_null(a);
	assert_int_equal(a->kind, ACT_DELETE);
	assert_true(path_id_equal(a->path, q->id));
	assert_int_equal(a->del.host, q->device.address.host);
	assert_int_equal(a->del.claim, claim);
	assert_true(devt_equal(&a->del.devt, &q->device.devt));
	assert_int_equal(a->del.deadline_ms, DEEDS_HAND_MS);
}

/* ---- the way down ---------------------------------------------------------------------------- */

static void test_a_disk_in_no_map(void **state)
{
	path_id id;

	(void)state;
	begin("");
	id = p->id;
	unmap(p);
	world_run(w, 1);
	world_require(p, PURGE_MARKED, BECAUSE_CHECKING);
	world_run_until(w, p, PURGE_DELETING, SOON_MS);
	require_delete(p, true);
	assert_false(world_deed(w, 0)->del.by_qualifier);
	world_of(w, p)->absent = true;
	world_deed_ends(w, 0, STAGE_WRITE);
	world_run(w, 100);
	assert_null(model_path(w->m, id));
	assert_int_equal(w->m->counters.purged, 1);
	assert_int_equal(w->n_deeds, 1);
	assert_int_equal(model_host(w->m, 3)->deed, 0);
}

static void test_a_path_of_a_map(void **state)
{
	uint64_t verified;

	(void)state;
	begin_in_map("");
	unmap(p);
	world_run_until(w, p, PURGE_UNMAPPING, SOON_MS);
	assert_int_equal(world_deed(w, 0)->kind, ACT_FAIL_PATH);
	assert_int_equal(world_deed(w, 0)->map.map.minor, 3);
	assert_string_equal(world_deed(w, 0)->map.uuid, "mpath-one");
	assert_true(devt_equal(&world_deed(w, 0)->map.member, &p->device.devt));
	verified = p->verify_seq;
	world_count_anew(w);
	world_member(w, 0, p)->active = false;
	world_deed_ends(w, 0, STAGE_WRITE);
	world_run_until(w, p, PURGE_DELETING, SOON_MS);
	require_delete(p, false);
	assert_true(p->verify_seq > verified); /* and everything was asked again */
	assert_true(w->asked_of[p->id.slot] > 0);
	assert_true(w->asked[ACT_FIND_HOLDERS] > 0);
	assert_true(w->asked[ACT_READ_MAPS] > 0);
	assert_true(p->gone_seq > p->verify_seq && p->holders_seq > p->verify_seq &&
		    w->m->maps_seq > p->verify_seq);
	assert_int_equal(other->purge, PURGE_NO);
}

static void test_the_map_goes_first(void **state)
{
	(void)state;
	begin("purge_last_path yes\n purge_single_path no\n");
	world_map(w, 3, "one", &p, 1);
	w->owner.running = true;
	w->m->owner_asked.answered = false;
	unmap(p);
	world_run_until(w, p, PURGE_UNMAPPING, SOON_MS);
	assert_int_equal(world_deed(w, 0)->kind, ACT_REMOVE_MAP);
	assert_true(world_deed(w, 0)->map.owned);
	w->n_maps = 0;
	world_deed_ends(w, 0, STAGE_WRITE);
	world_run_until(w, p, PURGE_DELETING, SOON_MS);
	require_delete(p, true); /* single now, and still wanted: it was in a map */
}

static void test_by_qualifier(void **state)
{
	struct path *zero;

	(void)state;
	begin("purge_checks 1\n");
	zero = world_path(w, 3, 0, "zero");
	world_run(w, SETTLED_MS);
	world_of(w, zero)->checked = built_qualifier();
	zero->check_due = w->m->now;
	world_run(w, 3);
	assert_int_equal(zero->gone_count, 1);
	world_run_until(w, zero, PURGE_DELETING, SOON_MS);
	require_delete(zero, true);
	assert_true(world_deed(w, 0)->del.by_qualifier);
	assert_true(zero->gone_count >= 2);
}

/* ---- who wants it ---------------------------------------------------------------------------- */

static void test_off(void **state)
{
	(void)state;
	begin("purge_disconnected no\n");
	unmap(p);
	world_run(w, SETTLED_MS);
	world_require(p, PURGE_NO, BECAUSE_OFF);
	assert_true(p->gone_count > 0);
	assert_int_equal(p->checker, CHECKER_DISCONNECTED); /* shown all the same */
}

static void test_single_path_off(void **state)
{
	(void)state;
	begin("purge_single_path no\n");
	unmap(p);
	world_run(w, SETTLED_MS);
	world_require(p, PURGE_NO, BECAUSE_SINGLE_PATH);
}

static void test_a_path_whose_map_went_is_wanted(void **state)
{
	(void)state;
	begin("purge_single_path no\n");
	world_map(w, 3, "one", &p, 1);
	unmap(p);
	world_run_until(w, p, PURGE_HELD, SOON_MS);
	world_require(p, PURGE_HELD, BECAUSE_LAST_PATH);
	w->n_maps = 0; /* somebody removed it */
	world_run_until(w, p, PURGE_DELETING, REMOVAL_HELD_MS + SOON_MS);
	require_delete(p, true);
}

static const struct off_row {
	const char *name, *config;
	enum reason why;
} off_rows[] = {
	{ "the option", "", BECAUSE_OFF },
	{ "a blacklist",
		"defaults {\n purge_disconnected yes\n purge_single_path yes\n}\n"
		"blacklist {\n devnode \"^sd\"\n}\n",
		BECAUSE_NOT_ASKED },
};

static void clear_by_configuration(enum purge_stage rung, const struct off_row *row)
{
	begin("");
	if (rung == PURGE_HELD)
		world_hold(w, p, HOLD_MOUNT, false, false);
	if (rung == PURGE_VERIFYING)
		w->unanswered[ACT_FIND_HOLDERS] = true;
	if (rung == PURGE_MARKED)
		model_nexus(w->m, p)->up_since = w->m->now; /* grace */
	unmap(p);
	world_run_until(w, p, rung, SOON_MS);
	model_set_config(w->m, built_config(row->config));
	world_run(w, 1);
	world_require(p, PURGE_NO, row->why);
	world_run(w, SETTLED_MS);
	world_require(p, PURGE_NO, row->why);
	assert_int_equal(w->n_deeds, 0);
}

static void test_turning_it_off_clears_marks(void **state)
{
	static const enum purge_stage rungs[] = { PURGE_MARKED, PURGE_VERIFYING, PURGE_HELD };

	for (size_t i = 0; i < ARRAY_SIZE(rungs); i++)
		for (size_t j = 0; j < ARRAY_SIZE(off_rows); j++) {
			if (i || j)
				end(state);
			clear_by_configuration(rungs[i], &off_rows[j]);
		}
}

/* ---- what a mark waits for ------------------------------------------------------------------- */

static void test_checks(void **state)
{
	(void)state;
	begin("purge_checks 4\n");
	unmap(p);
	world_run(w, 4 * PACE_CONFIRM_MS - 600);
	assert_int_equal(p->gone_count, 3);
	world_require(p, PURGE_MARKED, BECAUSE_CHECKING);
	assert_int_equal(w->asked[ACT_FIND_HOLDERS], 0);
	world_run_until(w, p, PURGE_DELETING, SOON_MS);
	assert_true(p->gone_count >= 4);
}

static void test_grace(void **state)
{
	(void)state;
	begin("purge_grace 30\n");
	unmap(p);
	world_run(w, SOON_MS);
	world_require(p, PURGE_MARKED, BECAUSE_GRACE);
	world_run(w, 30000 - SETTLED_MS - SOON_MS - 1000);
	world_require(p, PURGE_MARKED, BECAUSE_GRACE);
	world_run_until(w, p, PURGE_DELETING, SOON_MS);
	assert_true(instant_ms_between(model_up_since(w->m, p), w->m->now) >= 30000);
}

static void test_delay(void **state)
{
	(void)state;
	begin("purge_delay 20\n");
	unmap(p);
	world_run(w, 19000);
	world_require(p, PURGE_MARKED, BECAUSE_DELAY);
	world_run_until(w, p, PURGE_DELETING, SOON_MS);
	assert_true(instant_ms_between(p->marked_at, w->m->now) >= 20000);
}

static void go_down(struct path *q, enum device_state state, enum transport_state transport)
{
	world_of(w, q)->checked.state = state;
	world_of(w, q)->checked.transport = transport;
	q->check_due = w->m->now;
}

static void test_transport(void **state)
{
	(void)state;
	begin("");
	unmap(p);
	w->unanswered[ACT_FIND_HOLDERS] = true;
	world_run_until(w, p, PURGE_VERIFYING, SOON_MS);
	go_down(p, DEVICE_BLOCKED, TRANSPORT_DOWN);
	world_run(w, SETTLED_MS);
	world_require(p, PURGE_MARKED, BECAUSE_TRANSPORT);
	go_down(p, DEVICE_RUNNING, TRANSPORT_UP);
	world_run(w, 5000);
	world_require(p, PURGE_MARKED, BECAUSE_GRACE); /* anew */
	w->unanswered[ACT_FIND_HOLDERS] = false;
	lose_scanner();
	world_run_until(w, p, PURGE_DELETING, 10000);
	assert_true(instant_ms_between(model_up_since(w->m, p), w->m->now) >= 10000);
}

static void test_a_neighbours_outage_is_ours(void **state)
{
	struct path *neighbour;

	(void)state;
	begin("");
	neighbour = world_path(w, 3, 2, "two");
	world_run(w, SETTLED_MS);
	unmap(p);
	go_down(neighbour, DEVICE_TRANSPORT_OFFLINE, TRANSPORT_DOWN);
	world_run(w, 100);
	go_down(neighbour, DEVICE_RUNNING, TRANSPORT_UP);
	world_run(w, SOON_MS);
	world_require(p, PURGE_MARKED, BECAUSE_GRACE);
}

static void test_an_outage_in_the_host_byte(void **state)
{
	(void)state;
	begin("");
	unmap(p);
	world_run_until(w, p, PURGE_MARKED, SOON_MS);
	world_of(w, p)->checked.tur = (struct scsi_answer){ .host_status = 0x01 };
	p->check_due = w->m->now;
	world_run(w, 1000);
	world_require(p, PURGE_MARKED, BECAUSE_TRANSPORT);
	assert_int_equal(p->gone_count, 1); /* neither confirmed nor cleared */
	unmap(p);
	world_run(w, 5000);
	world_require(p, PURGE_MARKED, BECAUSE_GRACE);
}

/* A device that is not running is not asked, and no hand could be sent. */
static void test_offline(void **state)
{
	(void)state;
	begin("");
	unmap(p);
	world_run_until(w, p, PURGE_MARKED, SOON_MS);
	go_down(p, DEVICE_OFFLINE, TRANSPORT_UP);
	world_run(w, SETTLED_MS);
	world_require(p, PURGE_MARKED, BECAUSE_TRANSPORT);
	assert_true(w->asked_of[p->id.slot] < 10);
	go_down(p, DEVICE_RUNNING, TRANSPORT_UP);
	world_run_until(w, p, PURGE_DELETING, SOON_MS);
}

static void test_the_limit_waits_for_an_operator(void **state)
{
	struct path *many[4];

	(void)state;
	begin("purge_limit 2\n");
	for (uint32_t i = 0; i < 4; i++)
		many[i] = world_path(w, 10 + i, 1, "x");
	world_run(w, SETTLED_MS);
	for (uint32_t i = 0; i < 4; i++)
		unmap(many[i]);
	world_run(w, SOON_MS);
	assert_int_equal(w->n_deeds, 2);
	world_require(many[2], PURGE_MARKED, BECAUSE_LIMIT);
	world_run(w, 120000);
	assert_int_equal(w->n_deeds, 2); /* not by itself */
	world_require(many[2], PURGE_MARKED, BECAUSE_LIMIT);
	many[2]->released = true;
	world_run(w, SOON_MS);
	assert_int_equal(w->n_deeds, 3);
	world_require(many[3], PURGE_MARKED, BECAUSE_LIMIT);
}

/* ---- held ------------------------------------------------------------------------------------ */

static uint32_t told(const struct path *q)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < w->m->n_changes; i++)
		n += w->m->changes[i].kind == CHANGE_PURGE &&
		     path_id_equal(w->m->changes[i].path, q->id);
	w->m->n_changes = 0;
	return n;
}

static void test_held_and_let_go(void **state)
{
	(void)state;
	begin("");
	world_hold(w, p, HOLD_MOUNT, false, false);
	unmap(p);
	world_run_until(w, p, PURGE_HELD, SOON_MS);
	world_require(p, PURGE_HELD, BECAUSE_HOLDERS);
	told(p);
	world_count_anew(w);
	world_run(w, 10 * REMOVAL_HELD_MS);
	assert_in_range(w->asked[ACT_FIND_HOLDERS], 9, 10);
	assert_int_equal(told(p), 0); /* that it is held still is no news */
	assert_int_equal(w->m->counters.held, 1);
	world_of(w, p)->holders.n_holds = 0;
	world_run_until(w, p, PURGE_DELETING, REMOVAL_HELD_MS + SOON_MS);
	assert_int_equal(told(p), 1);
}

static void test_held_for_another_reason_is_news(void **state)
{
	(void)state;
	begin("");
	world_hold(w, p, HOLD_MOUNT, false, false);
	unmap(p);
	world_run_until(w, p, PURGE_HELD, SOON_MS);
	told(p);
	world_of(w, p)->holders.holds[0].critical = true;
	world_run(w, REMOVAL_HELD_MS + 100);
	world_require(p, PURGE_HELD, BECAUSE_PROTECTED);
	assert_int_equal(told(p), 1);
	model_nexus(w->m, p)->up_since = INSTANT_NEVER;
	world_run(w, REMOVAL_HELD_MS + 100);
	world_require(p, PURGE_MARKED, BECAUSE_GRACE); /* checks brought it back up */
	assert_int_equal(told(p), 1);
}

static void test_udev_passes(void **state)
{
	(void)state;
	begin("");
	world_hold(w, p, HOLD_OPEN, false, true);
	unmap(p);
	world_run_until(w, p, PURGE_HELD, SOON_MS);
	world_require(p, PURGE_HELD, BECAUSE_UDEV);
	world_run(w, 2 * REMOVAL_UDEV_MS);
	world_of(w, p)->holders.n_holds = 0;
	world_run_until(w, p, PURGE_DELETING, REMOVAL_UDEV_MS + 100);
}

static void test_udev_that_stays_is_a_holder(void **state)
{
	(void)state;
	begin("");
	world_hold(w, p, HOLD_OPEN, false, true);
	unmap(p);
	world_run_until(w, p, PURGE_HELD, SOON_MS);
	world_run(w, 12000);
	world_require(p, PURGE_HELD, BECAUSE_HOLDERS);
}

static void test_only_reported(void **state)
{
	(void)state;
	begin_in_map("purge_action report\n");
	unmap(p);
	world_run_until(w, p, PURGE_HELD, SOON_MS);
	world_require(p, PURGE_HELD, BECAUSE_WOULD_REMOVE);
	world_run(w, 5 * REMOVAL_HELD_MS);
	assert_int_equal(w->n_deeds, 0); /* not even the map is told */
}

static void test_the_last_of_two(void **state)
{
	(void)state;
	begin_in_map("");
	unmap(p);
	unmap(other);
	world_member(w, 0, p)->active = world_member(w, 0, other)->active = false;
	world_run(w, SOON_MS);
	assert_int_equal(w->n_deeds, 1);
	assert_int_equal(p->purge + other->purge, PURGE_DELETING + PURGE_HELD);
	world_run(w, 3 * REMOVAL_HELD_MS);
	assert_int_equal(w->n_deeds, 1);
}

static void test_an_answer_clears(void **state)
{
	(void)state;
	begin("");
	world_hold(w, p, HOLD_MOUNT, false, false);
	unmap(p);
	world_run_until(w, p, PURGE_HELD, SOON_MS);
	world_of(w, p)->checked = built_good();
	world_run_until(w, p, PURGE_NO, 6000);
	world_require(p, PURGE_NO, BECAUSE_ANSWERS);
	assert_int_equal(p->gone_count, 0);
	world_of(w, p)->holders.n_holds = 0;
	world_run(w, SETTLED_MS);
	assert_int_equal(w->n_deeds, 0);
}

/* ---- facts ----------------------------------------------------------------------------------- */

static void test_facts_of_another_world_do_not_count(void **state)
{
	struct observation holders = { .kind = OBS_HOLDERS };

	(void)state;
	begin("");
	w->unanswered[ACT_FIND_HOLDERS] = true;
	unmap(p);
	world_run_until(w, p, PURGE_VERIFYING, SOON_MS);
	world_run(w, 100);
	world_map(w, 3, "one", &p, 1); /* it came into a map meanwhile */
	holders.path = p->id;
	holders.action = p->holders_asked.action;
	holders.holders.complete = true;
	w->unanswered[ACT_FIND_HOLDERS] = false;
	world_feed(w, holders);
	assert_true(p->holders_seq && p->holders_seq <= p->verify_seq);
	world_run(w, SOON_MS);
	world_require(p, PURGE_HELD, BECAUSE_LAST_PATH);
	assert_int_equal(w->n_deeds, 0);
}

static void test_old_facts_are_asked_for_again(void **state)
{
	(void)state;
	begin("");
	w->unanswered[ACT_FIND_HOLDERS] = true;
	unmap(p);
	world_run_until(w, p, PURGE_VERIFYING, SOON_MS);
	world_run(w, FACTS_FRESH_MS + 3000);
	w->unanswered[ACT_FIND_HOLDERS] = false;
	world_count_anew(w);
	world_feed(w, (struct observation){ .kind = OBS_HOLDERS,
			      .path = p->id,
			      .action = p->holders_asked.action,
			      .holders = { .complete = true } });
	world_run_until(w, p, PURGE_DELETING, SOON_MS);
	assert_true(instant_ms_between(p->gone_at, w->m->now) <= FACTS_FRESH_MS);
	assert_true(instant_ms_between(w->m->maps_at, w->m->now) <= FACTS_FRESH_MS);
}

/* Busy is followed at its pace; an INQUIRY that is silent is no proof. */
static void test_no_haste_with_silence(void **state)
{
	(void)state;
	begin("");
	w->unanswered[ACT_FIND_HOLDERS] = true;
	unmap(p);
	world_run_until(w, p, PURGE_VERIFYING, SOON_MS);
	world_of(w, p)->checked.tur = (struct scsi_answer){ .status = 0x08 };
	world_run(w, 10);
	model_moved(w->m, p);
	lose_scanner();
	w->unanswered[ACT_FIND_HOLDERS] = false;
	world_count_anew(w);
	world_run(w, 10000);
	assert_in_range(w->asked_of[p->id.slot], 8, 13);
	assert_int_equal(w->n_deeds, 0);
	unmap(p);
	world_of(w, p)->checked.inquiry = (struct scsi_answer){ .host_status = 0x03 };
	world_count_anew(w);
	world_run(w, 60000);
	world_require(p, PURGE_HELD, BECAUSE_NOT_CONFIRMED);
	assert_true(w->asked_of[p->id.slot] < 30);
	assert_int_equal(w->n_deeds, 0);
}

static const struct failing_row {
	const char *rule;
	enum action_kind kind;
} failing_rows[] = {
	{ "maps that cannot be read", ACT_READ_MAPS },
	{ "checks that cannot be sent", ACT_CHECK },
};

static void test_failures_are_not_repeated_at_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(failing_rows); i++) {
		if (i)
			end(state);
		begin("");
		unmap(p);
		world_run_until(w, p, PURGE_VERIFYING, SOON_MS);
		w->results[failing_rows[i].kind] = -EIO;
		world_of(w, p)->check_result = failing_rows[i].kind == ACT_CHECK ? -EIO : 0;
		model_moved(w->m, p);
		world_count_anew(w);
		world_run(w, 20000);
		if (w->asked[ACT_READ_MAPS] > 25 || w->asked_of[p->id.slot] > 25 ||
			w->asked[ACT_FIND_HOLDERS] > 25 || w->n_deeds)
			fail_msg("%s: %u maps, %u checks, %u holders", failing_rows[i].rule,
				w->asked[ACT_READ_MAPS], w->asked_of[p->id.slot],
				w->asked[ACT_FIND_HOLDERS]);
	}
}

static void test_an_unknown_owner_is_waited_for(void **state)
{
	(void)state;
	begin("");
	w->m->owner_known = false;
	w->unanswered[ACT_ASK_OWNER] = true;
	unmap(p);
	world_run(w, SETTLED_MS);
	assert_int_equal(w->n_deeds, 0);
	assert_int_equal(p->purge, PURGE_VERIFYING);
}

static void owner_says(const char *rules)
{
	w->owner = (struct obs_owner){
		.running = true, .pid = 9, .knows_purge = true, .purges = rules[0] != '\0'
	};
	TEXT_SET(w->owner.rules, rules);
}

static bool reason_is(const struct path *of, const char *reason)
{
	struct text t = TEXT_INIT;
	bool is;

	path_purge_reason(of, &t);
	is = !strcmp(text_str(&t), reason);
	text_done(&t);
	return is;
}

/* Map "one" is purged by its owner; of map "two" a path is returned. Both lose one. */
static struct path *begin_beside_owner(const char *text)
{
	struct path *two[2];

	begin_in_map(text);
	two[0] = world_path(w, 3, 2, "two");
	two[1] = world_path(w, 4, 2, "two");
	world_map(w, 4, "two", two, 2);
	owner_says("multipaths {\nmultipath {\nwwid one\npurge_disconnected yes\n}\n}\n");
	w->m->owner_asked.answered = false;
	world_run(w, SETTLED_MS);
	unmap(p);
	unmap(two[0]);
	return two[0];
}

static void test_what_the_owner_purges_is_left_to_it(void **state)
{
	struct path *q;

	(void)state;
	q = begin_beside_owner("");
	world_run_until(w, q, PURGE_UNMAPPING, SOON_MS);
	world_run_until(w, p, PURGE_HELD, SOON_MS);
	assert_true(reason_is(p, "owner purges"));
	world_run(w, SETTLED_MS);
	assert_int_equal(p->purge, PURGE_HELD);
	assert_int_equal(w->n_deeds, 1); /* of the other map's path */
	assert_true(path_id_equal(world_deed(w, 0)->path, q->id));
	owner_says("");
	world_run_until(w, p, PURGE_UNMAPPING, 2 * RECONCILE_OWNER_MS);
}

/* It does not make two purgers of one path; what it waits for is said. */
static void test_purge_owner_waits_for_the_owner(void **state)
{
	(void)state;
	begin_beside_owner("purge_owner pathkeeper\n");
	world_run_until(w, p, PURGE_HELD, SOON_MS);
	assert_true(reason_is(p, "owner purges: purge_owner pathkeeper has to wait"));
	world_run(w, SETTLED_MS);
	assert_int_equal(p->purge, PURGE_HELD);
	owner_says("");
	world_run_until(w, p, PURGE_UNMAPPING, 2 * RECONCILE_OWNER_MS);
}

/* ---- hands ----------------------------------------------------------------------------------- */

static void send_hand(void)
{
	begin("");
	unmap(p);
	world_run_until(w, p, PURGE_DELETING, SOON_MS);
	world_count_anew(w);
}

static uint32_t deaths(void)
{
	const struct death *d;
	uint32_t n = 0;

	for (uint32_t i = 0; (d = lun_death(w->m, i)); i++)
		n += instant_is_set(d->at);
	return n;
}

static const struct end_row {
	const char *rule;
	int result;
	enum hand_stage stage;
	struct scsi_answer tur;
	enum purge_stage rung;
	enum reason why;
	uint32_t deaths;
} end_rows[] = {
	{ "another hand is out on that host", -EBUSY, STAGE_LOCK, { 0 }, PURGE_MARKED, BECAUSE_HOST,
		0 },
	{ "it is not running", -EAGAIN, STAGE_STATE, { 0 }, PURGE_MARKED, BECAUSE_TRANSPORT, 0 },
	{ "the way is down", -EAGAIN, STAGE_TRANSPORT, { 0 }, PURGE_MARKED, BECAUSE_TRANSPORT, 0 },
	{ "it answers", -EAGAIN, STAGE_ASK, { 0 }, PURGE_NO, BECAUSE_ANSWERS, 0 },
	{ "it answers with a conflict", -EAGAIN, STAGE_ASK, { .status = 0x18 }, PURGE_NO,
		BECAUSE_ANSWERS, 0 },
	{ "it answers with other sense", -EAGAIN, STAGE_ASK,
		{ .status = 2, .sense_len = 8, .sense = { 0x72, 2, 4, 0xb } }, PURGE_NO,
		BECAUSE_ANSWERS, 0 },
	{ "it is busy", -EAGAIN, STAGE_ASK, { .status = 0x08 }, PURGE_MARKED, BECAUSE_NOT_CONFIRMED,
		0 },
	{ "it has attentions only", -EAGAIN, STAGE_ASK,
		{ .status = 2, .sense_len = 8, .sense = { 0x72, 6, 0x29, 0 } }, PURGE_MARKED,
		BECAUSE_NOT_CONFIRMED, 0 },
	{ "an outage", -EAGAIN, STAGE_ASK, { .host_status = 1 }, PURGE_MARKED,
		BECAUSE_NOT_CONFIRMED, 0 },
	{ "INQUIRY disagrees, or is silent", -EAGAIN, STAGE_ASK,
		{ .status = 2, .sense_len = 8, .sense = { 0x72, 5, 0x25, 0 } }, PURGE_MARKED,
		BECAUSE_NOT_CONFIRMED, 0 },
	{ "in use", -EBUSY, STAGE_CLAIM, { 0 }, PURGE_MARKED, BECAUSE_CLAIMED, 0 },
	{ "the daemon was gone for it", -EPIPE, STAGE_DAEMON, { 0 }, PURGE_MARKED, BECAUSE_FAILED,
		1 },
	{ "the hand was lost: it may have written", -EPIPE, STAGE_NONE, { 0 }, PURGE_MARKED,
		BECAUSE_FAILED, 1 },
	{ "the kernel refused", -EIO, STAGE_WRITE, { 0 }, PURGE_MARKED, BECAUSE_FAILED, 1 },
};

static void test_how_a_hand_ends(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(end_rows); i++) {
		const struct end_row *row = &end_rows[i];

		if (i)
			end(state);
		send_hand();
		assert_int_equal(deaths(), 1);
		world_of(w, p)->checked.tur = row->tur;
		world_deed_ends(w, row->result, row->stage);
		if (p->purge != row->rung || p->purge_why != row->why || deaths() != row->deaths)
			fail_msg("%s: %s, %s, %u deaths", row->rule, purge_stage_name(p->purge),
				reason_name(p->purge_why), deaths());
		if (row->rung == PURGE_NO)
			assert_int_equal(p->gone_count, 0);
		else if (row->stage != STAGE_CLAIM)
			assert_int_equal(p->retry_at.ms, w->m->now.ms + 1000);
		assert_int_equal(model_host(w->m, 3)->deed, 0);
		assert_int_equal(p->deed.action, 0);
	}
}

static void test_back_off_grows_and_is_named(void **state)
{
	uint64_t wait_ms = 1000;

	(void)state;
	send_hand();
	for (int i = 0; i < 12; i++) {
		instant from = w->m->now;

		world_deed_ends(w, -EIO, STAGE_WRITE);
		assert_int_equal(w->m->changes[w->m->n_changes - 1].result, -EIO);
		assert_int_equal(w->m->changes[w->m->n_changes - 1].stage, STAGE_WRITE);
		w->m->n_changes = 0;
		world_run(w, wait_ms - 10);
		world_require(p, PURGE_MARKED, BECAUSE_BACKOFF);
		world_run_until(w, p, PURGE_DELETING, 7000);
		assert_in_range(instant_ms_between(from, w->m->now), wait_ms, wait_ms + 7000);
		wait_ms = wait_ms * 2 > 300000 ? 300000 : wait_ms * 2;
	}
	assert_int_equal(p->failed_why, BECAUSE_FAILED);
	assert_int_equal(deaths(), 1); /* one device, however often it was tried */
	assert_int_equal(w->m->counters.failed, 12);
}

/* It may have written, and be the one that has the host's lock. */
static void test_a_lost_hand_counts_whatever_becomes_of_the_next(void **state)
{
	(void)state;
	send_hand();
	world_deed_ends(w, -EPIPE, STAGE_NONE);
	world_run_until(w, p, PURGE_DELETING, 10000);
	world_deed_ends(w, -EBUSY, STAGE_LOCK);
	world_require(p, PURGE_MARKED, BECAUSE_HOST);
	assert_int_equal(deaths(), 1);
}

static void test_another_hand_was_faster(void **state)
{
	path_id id;

	(void)state;
	send_hand();
	id = p->id;
	world_of(w, p)->absent = true;
	world_deed_ends(w, -ENODEV, STAGE_WRITE);
	world_run(w, 100);
	assert_null(model_path(w->m, id));
	assert_int_equal(w->m->counters.purged, 0);
	assert_int_equal(w->m->counters.gone_by_others, 1);
	assert_int_equal(deaths(), 0);
}

static void test_written_and_still_there(void **state)
{
	(void)state;
	send_hand();
	world_deed_ends(w, 0, STAGE_WRITE);
	world_run(w, 100);
	world_require(p, PURGE_MARKED, BECAUSE_BACKOFF);
	assert_int_equal(p->failed_why, BECAUSE_FAILED);
	assert_int_equal(deaths(), 0);
}

static void test_the_kernel_takes_its_time(void **state)
{
	(void)state;
	send_hand();
	p->device.state = DEVICE_GOING;
	world_of(w, p)->checked.state = DEVICE_GOING;
	world_deed_ends(w, 0, STAGE_WRITE);
	world_run(w, 60000);
	assert_int_equal(p->purge, PURGE_DELETING);
	assert_in_range(w->asked[ACT_LOOK], 55, 62);
	world_of(w, p)->absent = true;
	world_run(w, 1100);
	assert_int_equal(w->m->counters.purged, 1);
}

static void test_no_check_while_a_hand_is_out(void **state)
{
	(void)state;
	send_hand();
	p->check_due = w->m->now;
	world_run(w, 5000);
	assert_int_equal(w->asked_of[p->id.slot], 0);
}

/* ---- stuck, and neighbours ------------------------------------------------------------------- */

static void test_stuck(void **state)
{
	struct path *same_host;
	path_id id;

	(void)state;
	begin("");
	same_host = world_path(w, 3, 2, "two");
	world_run(w, SETTLED_MS);
	unmap(p);
	world_run_until(w, p, PURGE_DELETING, SOON_MS);
	world_run(w, DEEDS_HAND_MS - 100);
	assert_int_equal(p->purge, PURGE_DELETING);
	world_run(w, 200);
	world_require(p, PURGE_STUCK, BECAUSE_STUCK);
	assert_true(model_host(w->m, 3)->stuck);
	unmap(same_host);
	unmap(other); /* behind another host */
	world_run(w, SOON_MS);
	require_delete(other, true);
	world_of(w, other)->absent = true;
	world_deed_ends(w, 0, STAGE_WRITE);
	world_run(w, SOON_MS);
	world_require(same_host, PURGE_MARKED, BECAUSE_HOST);
	world_count_anew(w);
	world_run(w, 100000);
	assert_int_equal(w->asked[ACT_FIND_HOLDERS], 0);  /* nothing in vain */
	assert_true(w->asked_of[same_host->id.slot] > 5); /* checks go on */
	assert_int_equal(w->n_deeds, 2);
	id = p->id;
	world_of(w, p)->absent = true;
	world_end_of(w, world_deed(w, 1), 0, STAGE_WRITE); /* the hand comes back */
	world_run_until(w, same_host, PURGE_DELETING, SOON_MS);
	assert_null(model_path(w->m, id));
	assert_int_equal(w->m->counters.purged, 2);
}

static void test_a_stuck_hand_comes_back_refused(void **state)
{
	(void)state;
	send_hand();
	world_run(w, DEEDS_HAND_MS + 100);
	world_deed_ends(w, -EIO, STAGE_WRITE);
	world_require(p, PURGE_MARKED, BECAUSE_FAILED);
	assert_false(model_host(w->m, 3)->stuck);
}

static void test_one_hand_a_host(void **state)
{
	struct path *same_host;

	(void)state;
	begin("");
	same_host = world_path(w, 3, 2, "two");
	world_run(w, SETTLED_MS);
	unmap(p);
	unmap(same_host);
	world_run(w, SOON_MS);
	assert_int_equal(w->n_deeds, 1);
	world_require(p->purge == PURGE_DELETING ? same_host : p, PURGE_VERIFYING, BECAUSE_HOST);
	world_of(w, p->purge == PURGE_DELETING ? p : same_host)->absent = true;
	world_deed_ends(w, 0, STAGE_WRITE);
	world_run(w, 1000);
	assert_int_equal(w->n_deeds, 2);
}

/* The deed of a device that went meanwhile still holds its host. */
static void test_the_host_is_busy_until_the_hand_is_back(void **state)
{
	struct observation gone = { .kind = OBS_DEVICE };
	struct path *same_host;

	(void)state;
	begin("");
	same_host = world_path(w, 3, 2, "two");
	world_run(w, SETTLED_MS);
	unmap(p);
	world_run_until(w, p, PURGE_DELETING, SOON_MS);
	gone.device = p->device;
	gone.device.present = false;
	world_feed(w, gone);
	unmap(same_host);
	world_run(w, SOON_MS);
	assert_int_equal(w->n_deeds, 1);
	world_deed_ends(w, 0, STAGE_WRITE);
	world_run_until(w, same_host, PURGE_DELETING, SOON_MS);
}

/* ---- maps ------------------------------------------------------------------------------------ */

static void test_one_deed_a_map(void **state)
{
	struct path *three[3];

	(void)state;
	begin("");
	three[0] = p;
	three[1] = other;
	three[2] = world_path(w, 5, 1, "one");
	world_map(w, 3, "one", three, 3);
	world_run(w, SETTLED_MS);
	unmap(p);
	unmap(other);
	world_run(w, SOON_MS);
	assert_int_equal(w->n_deeds, 1);
	world_require(p->purge == PURGE_UNMAPPING ? other : p, PURGE_VERIFYING, BECAUSE_MAP_BUSY);
	world_member(w, 0, p->purge == PURGE_UNMAPPING ? p : other)->active = false;
	world_deed_ends(w, 0, STAGE_WRITE);
	world_run(w, 1000);
	assert_int_equal(w->n_deeds, 3); /* the delete of one, the map told of the other */
}

static void test_the_map_refuses(void **state)
{
	(void)state;
	begin_in_map("");
	unmap(p);
	world_run_until(w, p, PURGE_UNMAPPING, SOON_MS);
	world_deed_ends(w, -EIO, STAGE_WRITE);
	world_require(p, PURGE_MARKED, BECAUSE_FAILED);
	assert_int_equal(w->m->maps[0].deed.action, 0);
	world_run_until(w, p, PURGE_UNMAPPING, SOON_MS);
}

static void test_the_map_does_not_answer(void **state)
{
	(void)state;
	begin_in_map("");
	unmap(p);
	world_run_until(w, p, PURGE_UNMAPPING, SOON_MS);
	world_run(w, DEEDS_MAP_MS + 10);
	world_require(p, PURGE_MARKED, BECAUSE_MAP_BUSY);
	assert_int_not_equal(w->m->maps[0].deed.action, 0);
	world_count_anew(w);
	world_run(w, 60000);
	assert_int_equal(w->n_deeds, 1); /* one at a time, also when it is late */
	assert_true(w->asked[ACT_FIND_HOLDERS] < 20);
	world_member(w, 0, p)->active = false;
	world_deed_ends(w, 0, STAGE_WRITE); /* at last */
	world_run_until(w, p, PURGE_DELETING, 70000);
}

static void test_somebody_takes_it_back(void **state)
{
	(void)state;
	begin_in_map("");
	unmap(p);
	world_run_until(w, p, PURGE_UNMAPPING, SOON_MS);
	for (int i = 0; i < 5; i++) { /* it is reinstated at once, every time */
		world_deed_ends(w, 0, STAGE_WRITE);
		world_run_until(w, p, PURGE_UNMAPPING, 40000);
	}
	assert_true(p->failures >= 4); /* ever more slowly */
}

static void test_it_answers_while_the_map_is_told(void **state)
{
	(void)state;
	begin_in_map("");
	unmap(p);
	world_run_until(w, p, PURGE_UNMAPPING, SOON_MS);
	world_of(w, p)->checked = built_good();
	world_deed_ends(w, 0, STAGE_WRITE);
	world_run(w, SOON_MS);
	world_require(p, PURGE_NO, BECAUSE_ANSWERS);
	assert_int_equal(w->n_deeds, 1);
}

/* ---- claims ---------------------------------------------------------------------------------- */

static void test_claimed(void **state)
{
	uint32_t deeds;

	(void)state;
	send_hand();
	world_deed_ends(w, -EBUSY, STAGE_CLAIM);
	world_run(w, 100);
	world_require(p, PURGE_HELD, BECAUSE_CLAIMED);
	world_run_until(w, p, PURGE_DELETING, REMOVAL_HELD_MS + SOON_MS);
	world_deed_ends(w, -EBUSY, STAGE_CLAIM);
	world_hold(w, p, HOLD_MOUNT, false, false); /* now it has a name */
	world_run(w, 100);
	world_require(p, PURGE_HELD, BECAUSE_HOLDERS);
	world_of(w, p)->holders.n_holds = 0;
	deeds = w->n_deeds;
	for (int i = 0; i < 100; i++) {
		world_run(w, 10000);
		if (p->purge == PURGE_DELETING)
			world_deed_ends(w, -EBUSY, STAGE_CLAIM);
	}
	assert_in_range(w->n_deeds - deeds, 4, 12); /* each claim disturbs who would mount it */
}

/* Somebody opened it after the holders were found: the kernel does not let the map go. */
static void test_a_map_that_is_busy_is_in_use(void **state)
{
	(void)state;
	begin("purge_last_path yes\n");
	world_map(w, 3, "one", &p, 1);
	unmap(p);
	world_run_until(w, p, PURGE_UNMAPPING, SOON_MS);
	world_deed_ends(w, -EBUSY, STAGE_WRITE);
	world_run(w, 100);
	world_require(p, PURGE_HELD, BECAUSE_CLAIMED);
	assert_int_equal(w->m->counters.failed, 0);
	world_run_until(w, p, PURGE_UNMAPPING, REMOVAL_HELD_MS + SOON_MS);
}

#define TEST(f) cmocka_unit_test_teardown(f, end)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_a_disk_in_no_map),
		TEST(test_a_path_of_a_map),
		TEST(test_the_map_goes_first),
		TEST(test_by_qualifier),
		TEST(test_off),
		TEST(test_single_path_off),
		TEST(test_a_path_whose_map_went_is_wanted),
		TEST(test_turning_it_off_clears_marks),
		TEST(test_checks),
		TEST(test_grace),
		TEST(test_delay),
		TEST(test_transport),
		TEST(test_a_neighbours_outage_is_ours),
		TEST(test_an_outage_in_the_host_byte),
		TEST(test_offline),
		TEST(test_the_limit_waits_for_an_operator),
		TEST(test_held_and_let_go),
		TEST(test_held_for_another_reason_is_news),
		TEST(test_udev_passes),
		TEST(test_udev_that_stays_is_a_holder),
		TEST(test_only_reported),
		TEST(test_the_last_of_two),
		TEST(test_an_answer_clears),
		TEST(test_facts_of_another_world_do_not_count),
		TEST(test_old_facts_are_asked_for_again),
		TEST(test_no_haste_with_silence),
		TEST(test_failures_are_not_repeated_at_once),
		TEST(test_an_unknown_owner_is_waited_for),
		TEST(test_what_the_owner_purges_is_left_to_it),
		TEST(test_purge_owner_waits_for_the_owner),
		TEST(test_how_a_hand_ends),
		TEST(test_back_off_grows_and_is_named),
		TEST(test_a_lost_hand_counts_whatever_becomes_of_the_next),
		TEST(test_another_hand_was_faster),
		TEST(test_written_and_still_there),
		TEST(test_the_kernel_takes_its_time),
		TEST(test_no_check_while_a_hand_is_out),
		TEST(test_stuck),
		TEST(test_a_stuck_hand_comes_back_refused),
		TEST(test_one_hand_a_host),
		TEST(test_the_host_is_busy_until_the_hand_is_back),
		TEST(test_one_deed_a_map),
		TEST(test_the_map_refuses),
		TEST(test_the_map_does_not_answer),
		TEST(test_somebody_takes_it_back),
		TEST(test_it_answers_while_the_map_is_told),
		TEST(test_claimed),
		TEST(test_a_map_that_is_busy_is_in_use),
	};

	return cmocka_run_group_tests_name("removal", tests, NULL, NULL);
}
