/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* P3 and P4, one row for each thing they promise. The evidence is there and everything is fresh. */
#include "built.h"

#include <stdio.h>

#include "base/text.h"
#include "judge/may_go.h"
#include "model/owner.h"

static struct model *m;
static struct path *p;

static struct path *gone_path(uint32_t host, uint32_t lun, const char *wwid)
{
	struct path *g = built_path(m, host, lun, wwid);

	g->gone = GONE_UNSUPPORTED;
	g->gone_count = 2;
	g->holders.complete = true;
	return g;
}

static int begin(void **state)
{
	(void)state;
	m = built_model("defaults {\n purge_disconnected yes\n}\n");
	m->owner_known = true;
	p = gone_path(3, 1, "one");
	return 0;
}

static int end(void **state)
{
	(void)state;
	m = model_free(m);
	return 0;
}

static struct path *in_map_with_another(void)
{
	struct path *two[2] = { p, built_path(m, 4, 1, "one") };

	built_map(m, 3, "one", two, 2);
	p->in_map_active = false;
	return two[1];
}

static void alone_in_map(void)
{
	built_map(m, 3, "one", &p, 1);
}

static void hold_by(struct hold hold)
{
	p->holders.holds[p->holders.n_holds++] = hold;
}

/* ---- P2's part, P3 --------------------------------------------------------------------------- */

static void nothing(void)
{
}

static void contradicted(void)
{
	p->gone = GONE_NO;
}

static void not_confirmed(void)
{
	p->gone = GONE_UNKNOWN;
}

static void qualifier(void)
{
	struct path *neighbour = built_path(m, 3, 2, "two");

	p->gone = GONE_QUALIFIER;
	neighbour->state = PATH_UP;
	neighbour->answering_at = m->now;
}

static void qualifier_once(void)
{
	qualifier();
	p->gone_count = 1;
}

static void qualifier_alone(void)
{
	p->gone = GONE_QUALIFIER;
}

static void qualifier_neighbour(enum path_state state, uint64_t ago_ms, uint32_t host)
{
	struct path *neighbour = built_path(m, host, 2, "two");

	p->gone = GONE_QUALIFIER;
	neighbour->state = state;
	neighbour->answering_at = (instant){ m->now.ms - ago_ms };
}

static void qualifier_ghost(void)
{
	qualifier_neighbour(PATH_GHOST, 40000, 3);
}

static void qualifier_down(void)
{
	qualifier_neighbour(PATH_DOWN, 0, 3);
}

static void qualifier_long_ago(void)
{
	qualifier_neighbour(PATH_UP, 40001, 3);
}

static void qualifier_elsewhere(void)
{
	qualifier_neighbour(PATH_UP, 0, 4);
}

static void protected(void)
{
	p->settings.protect = true;
}

static void critical(void)
{
	hold_by((struct hold){ .kind = HOLD_MOUNT, .critical = true });
}

static void critical_behind_others(void)
{
	in_map_with_another();
	hold_by((struct hold){ .kind = HOLD_MOUNT });
	critical();
}

static void unknown(void)
{
	p->holders.complete = false;
}

static void unknown_in_map(void)
{
	in_map_with_another();
	unknown();
}

static void mounted(void)
{
	hold_by((struct hold){ .kind = HOLD_MOUNT });
}

static void more_than_listed(void)
{
	p->holders.n_holds = MAX_HOLDS + 1;
}

static void udev(void)
{
	hold_by((struct hold){ .kind = HOLD_OPEN, .udev = true });
}

static void udev_for(uint64_t ms)
{
	udev();
	p->udev_seen_at = (instant){ m->now.ms - ms };
}

static void udev_patience(void)
{
	udev_for(9999);
}

static void udev_too_long(void)
{
	udev_for(10000);
}

static void udev_and_another(void)
{
	udev();
	mounted();
}

static void claimed_for(uint32_t refusals, uint64_t ms)
{
	p->claims_refused = refusals;
	p->claim_refused_at = (instant){ m->now.ms - ms };
}

static void claimed(void)
{
	claimed_for(1, 9999);
}

static void claimed_before(void)
{
	claimed_for(1, 10000);
}

static void claimed_awaited(void)
{
	p->request = 1;
	claimed_for(2, 1999);
}

static void claimed_awaited_before(void)
{
	p->detach = 1;
	claimed_for(2, 2000);
}

static void claimed_often(void)
{
	claimed_for(6, 31999);
}

static void claimed_often_before(void)
{
	claimed_for(6, 32000);
}

static void others(void)
{
	in_map_with_another();
}

static void others_and_map_in_use(void)
{
	in_map_with_another();
	mounted(); /* the map goes on by its other path */
}

static void active_in_map(void)
{
	in_map_with_another();
	p->in_map_active = true;
}

static void other_is_leaving(enum purge_stage rung)
{
	struct path *other = in_map_with_another();

	model_purge_enter(m, other, PURGE_MARKED, BECAUSE_DISCONNECTED);
	model_purge_enter(m, other, PURGE_VERIFYING, BECAUSE_DISCONNECTED);
	if (rung == PURGE_STUCK)
		model_purge_enter(m, other, PURGE_DELETING, BECAUSE_VERIFIED);
	if (rung != PURGE_VERIFYING)
		model_purge_enter(m, other, rung, BECAUSE_VERIFIED);
}

static void other_verifying(void)
{
	other_is_leaving(PURGE_VERIFYING);
}

static void other_held(void)
{
	other_is_leaving(PURGE_HELD);
}

static void other_unmapping(void)
{
	other_is_leaving(PURGE_UNMAPPING);
}

static void other_deleting(void)
{
	other_is_leaving(PURGE_DELETING);
}

static void other_stuck(void)
{
	other_is_leaving(PURGE_STUCK);
}

static void other_going(void)
{
	in_map_with_another()->device.state = DEVICE_GOING;
}

static void other_unreachable(void)
{
	struct path *other = in_map_with_another();

	other->state = PATH_UNCHECKED;
	other->state_why = BECAUSE_UNREACHABLE;
}

static void other_not_opened(void)
{
	in_map_with_another()->watch = WATCH_FAILED;
}

static void last_allowed(void)
{
	alone_in_map();
	p->settings.purge_last_path = true;
}

static void last_allowed_in_use(void)
{
	last_allowed();
	mounted();
}

static void last_allowed_udev(void)
{
	last_allowed();
	udev();
}

static void owner(bool knows, bool purges)
{
	owner_set(
		m, &(struct obs_owner){ .running = true, .knows_purge = knows, .purges = purges });
}

static void owner_purges_all(void)
{
	in_map_with_another();
	owner(true, true);
}

static void owner_purges_others(void)
{
	owner(true, true); /* p is in no map */
}

static void owner_old(void)
{
	in_map_with_another();
	owner(false, true);
}

static void owner_off(void)
{
	in_map_with_another();
	owner(true, false);
}

static void owner_purges_map(const char *wwid)
{
	struct obs_owner word = { .running = true, .knows_purge = true, .purges = true };

	in_map_with_another();
	snprintf(word.rules, sizeof word.rules,
		"defaults {\npurge_disconnected no\n}\n"
		"multipaths {\nmultipath {\nwwid %s\npurge_disconnected yes\n}\n}\n",
		wwid);
	owner_set(m, &word);
}

static void owner_purges_this_map(void)
{
	owner_purges_map("one");
}

static void owner_purges_another_map(void)
{
	owner_purges_map("two");
}

static void owner_is_to_leave_it(void)
{
	owner_purges_this_map();
	p->settings.purge_owner = PURGE_OWNER_PATHKEEPER;
}

static void owner_leaves_it(void)
{
	owner_purges_another_map();
	p->settings.purge_owner = PURGE_OWNER_PATHKEEPER;
}

static const struct row {
	const char *rule;
	void (*prepare)(void);
	enum reason why;
} rows[] = {
	{ "gone, in no map, used by nobody", nothing, BECAUSE_NOTHING },
	{ "INQUIRY says that it is there", contradicted, BECAUSE_CONTRADICTED },
	{ "INQUIRY was not answered", not_confirmed, BECAUSE_NOT_CONFIRMED },
	{ "LUN 0: two answers, another LUN answers", qualifier, BECAUSE_NOTHING },
	{ "LUN 0: one answer", qualifier_once, BECAUSE_NEXUS_SILENT },
	{ "LUN 0: no other LUN", qualifier_alone, BECAUSE_NEXUS_SILENT },
	{ "LUN 0: the other is a ghost", qualifier_ghost, BECAUSE_NOTHING },
	{ "LUN 0: the other is down", qualifier_down, BECAUSE_NEXUS_SILENT },
	{ "LUN 0: the other answered long ago", qualifier_long_ago, BECAUSE_NEXUS_SILENT },
	{ "LUN 0: the other is behind another nexus", qualifier_elsewhere, BECAUSE_NEXUS_SILENT },
	{ "protect yes", protected, BECAUSE_PROTECTED },
	{ "root, boot or swap", critical, BECAUSE_PROTECTED },
	{ "... also with other paths and holders", critical_behind_others, BECAUSE_PROTECTED },
	{ "holders unknown", unknown, BECAUSE_HOLDERS_UNKNOWN },
	{ "... also with other paths", unknown_in_map, BECAUSE_HOLDERS_UNKNOWN },
	{ "mounted", mounted, BECAUSE_HOLDERS },
	{ "more holders than are listed", more_than_listed, BECAUSE_HOLDERS },
	{ "udev's look passes", udev, BECAUSE_UDEV },
	{ "... for ten seconds", udev_patience, BECAUSE_UDEV },
	{ "... then it is a holder", udev_too_long, BECAUSE_HOLDERS },
	{ "udev and another is another", udev_and_another, BECAUSE_HOLDERS },
	{ "the kernel says claimed", claimed, BECAUSE_CLAIMED },
	{ "... ten seconds ago: ask it again", claimed_before, BECAUSE_NOTHING },
	{ "... and somebody waits, the second time", claimed_awaited, BECAUSE_CLAIMED },
	{ "... two seconds ago: ask it again", claimed_awaited_before, BECAUSE_NOTHING },
	{ "... the sixth time: for longer", claimed_often, BECAUSE_CLAIMED },
	{ "... and not for ever", claimed_often_before, BECAUSE_NOTHING },
	{ "its map has another path", others, BECAUSE_NOTHING },
	{ "... and is in use", others_and_map_in_use, BECAUSE_NOTHING },
	{ "the map still uses it", active_in_map, BECAUSE_FAIL_FIRST },
	{ "the last path of its map", alone_in_map, BECAUSE_LAST_PATH },
	{ "the other is verified, too: it is there", other_verifying, BECAUSE_NOTHING },
	{ "the other is held: it is there", other_held, BECAUSE_NOTHING },
	{ "the other is leaving: unmapping", other_unmapping, BECAUSE_LAST_PATH },
	{ "the other is leaving: deleting", other_deleting, BECAUSE_LAST_PATH },
	{ "the other is leaving: stuck", other_stuck, BECAUSE_LAST_PATH },
	{ "the other is going by another hand", other_going, BECAUSE_LAST_PATH },
	{ "the other cannot be opened", other_not_opened, BECAUSE_LAST_PATH },
	{ "... and is tried again", other_unreachable, BECAUSE_LAST_PATH },
	{ "the last may go: the map goes first", last_allowed, BECAUSE_MAP_FIRST },
	{ "... not while it is in use", last_allowed_in_use, BECAUSE_HOLDERS },
	{ "... nor while udev looks", last_allowed_udev, BECAUSE_UDEV },
	{ "the owner purges its maps' paths", owner_purges_all, BECAUSE_OWNER_PURGES },
	{ "... not what is in no map", owner_purges_others, BECAUSE_NOTHING },
	{ "the owner purges this map", owner_purges_this_map, BECAUSE_OWNER_PURGES },
	{ "... only another one", owner_purges_another_map, BECAUSE_NOTHING },
	{ "purge_owner pathkeeper: not before it does no more", owner_is_to_leave_it,
		BECAUSE_OWNER_PURGES },
	{ "... then", owner_leaves_it, BECAUSE_NOTHING },
	{ "an owner that knows no purging", owner_old, BECAUSE_NOTHING },
	{ "an owner that has it off", owner_off, BECAUSE_NOTHING },
};

static void test_rows(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		enum reason why;

		begin(state);
		rows[i].prepare();
		why = may_go(m, p);
		end(state);
		if (why != rows[i].why)
			fail_msg("%s: %s", rows[i].rule, reason_name(why));
	}
}

static void test_others(void **state)
{
	(void)state;
	assert_int_equal(may_go_others_in_map(m, p), 0);
	in_map_with_another();
	assert_int_equal(may_go_others_in_map(m, p), 1);
}

/* ---- P4 -------------------------------------------------------------------------------------- */

/* n logical units, two paths each; every second path of them is the one that is gone. */
static struct path *paths[64];

static void array_of(uint32_t n)
{
	char wwid[16];

	model_path_remove(m, p);
	for (uint32_t i = 0; i < n; i++) {
		snprintf(wwid, sizeof wwid, "w%u", i);
		paths[i] = gone_path(3, i, wwid);
		built_path(m, 4, i, wwid);
	}
	p = paths[n - 1];
}

static void die(uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++)
		lun_add_death(m, paths[i]);
}

static void test_limit(void **state)
{
	(void)state;
	m->defaults.purge_limit = 3;
	m->defaults.purge_share_percent = 100;
	array_of(10);
	die(0, 2);
	assert_int_equal(may_go(m, p), BECAUSE_NOTHING); /* the third */
	die(2, 3);
	assert_int_equal(may_go(m, p), BECAUSE_LIMIT);
	p->released = true;
	assert_int_equal(may_go(m, p), BECAUSE_NOTHING);
	p->released = false;
	p->request = 1;
	assert_int_equal(may_go(m, p), BECAUSE_NOTHING);
	p->request = 0;
	m->now.ms += 59999;
	assert_int_equal(may_go(m, p), BECAUSE_LIMIT);
	m->now.ms += 1;
	assert_int_equal(may_go(m, p), BECAUSE_NOTHING);
}

static void test_limit_counts_what_died_only(void **state)
{
	(void)state;
	m->defaults.purge_limit = 1;
	m->defaults.purge_share_percent = 100;
	array_of(2);
	die(0, 1);
	assert_int_equal(may_go(m, p), BECAUSE_LIMIT);
	lun_take_back_death(m, paths[0]);
	assert_int_equal(may_go(m, p), BECAUSE_NOTHING);
}

static void test_share(void **state)
{
	(void)state;
	m->defaults.purge_share_percent = 50;
	array_of(10);
	die(0, 4);
	assert_int_equal(may_go(m, p), BECAUSE_NOTHING); /* five of ten */
	die(4, 5);
	assert_int_equal(may_go(m, p), BECAUSE_LIMIT); /* six of ten */
	p = paths[0]; /* another path of one that counted already */
	assert_int_equal(may_go(m, p), BECAUSE_NOTHING);
}

static void test_share_counts_logical_units(void **state)
{
	(void)state;
	m->defaults.purge_share_percent = 50;
	array_of(10);
	die(0, 4);
	for (uint32_t i = 0; i < 4; i++) /* and their other paths */
		lun_add_death(m, m->paths[paths[i]->id.slot + 1]);
	assert_int_equal(may_go(m, p), BECAUSE_NOTHING);
	die(4, 5);
	assert_int_equal(may_go(m, p), BECAUSE_LIMIT);
}

/* What went within the minute was there when the minute began. */
static void test_share_counts_what_was_there(void **state)
{
	(void)state;
	m->defaults.purge_share_percent = 50;
	array_of(10);
	die(0, 4);
	for (uint32_t i = 0; i < 4; i++) {
		struct path *other = m->paths[paths[i]->id.slot + 1];

		model_path_remove(m, other);
		model_path_remove(m, paths[i]);
	}
	assert_int_equal(may_go(m, p), BECAUSE_NOTHING);
	die(4, 5);
	assert_int_equal(may_go(m, p), BECAUSE_LIMIT);
}

static void test_a_small_array_has_no_share(void **state)
{
	(void)state;
	m->defaults.purge_share_percent = 1;
	array_of(7);
	die(0, 6);
	assert_int_equal(may_go(m, p), BECAUSE_NOTHING);
}

static void test_eight_are_not_few(void **state)
{
	(void)state;
	m->defaults.purge_share_percent = 12; /* less than one of eight */
	array_of(8);
	assert_int_equal(may_go(m, p), BECAUSE_LIMIT);
	m->defaults.purge_share_percent = 13;
	assert_int_equal(may_go(m, p), BECAUSE_NOTHING);
}

static void test_another_array_has_its_own_share(void **state)
{
	struct observation o = built_device(5, 1, "far");

	(void)state;
	m->defaults.purge_share_percent = 50;
	array_of(10);
	die(0, 6);
	TEXT_SET(o.device.array, "far");
	model_note(m, &o);
	p = model_path_at(m, o.device.sysfs);
	p->gone = GONE_UNSUPPORTED;
	p->gone_count = 2;
	p->holders.complete = true;
	assert_int_equal(may_go(m, p), BECAUSE_NOTHING);
}

/* What a promise forbids is named before what only has to wait. */
static void test_holders_before_limits(void **state)
{
	(void)state;
	m->defaults.purge_limit = 1;
	array_of(2);
	die(0, 1);
	mounted();
	assert_int_equal(may_go(m, p), BECAUSE_HOLDERS);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		TEST(test_others),
		TEST(test_limit),
		TEST(test_limit_counts_what_died_only),
		TEST(test_share),
		TEST(test_share_counts_logical_units),
		TEST(test_share_counts_what_was_there),
		TEST(test_a_small_array_has_no_share),
		TEST(test_eight_are_not_few),
		TEST(test_another_array_has_its_own_share),
		TEST(test_holders_before_limits),
	};

	return cmocka_run_group_tests_name("may_go", tests, NULL, NULL);
}
