/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking for new logical units: when a hand is sent, and what is said of it. */
#include "world.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "plan/requests.h"
#include "plan/scans.h"

enum { SETTLED_MS = 15000, SOON_MS = 3000, MINUTE_MS = 60000 };

static struct world *w;
static struct path *p, *neighbour;
static uint64_t last_id;

static void begin(const char *text)
{
	w = world_begin(text);
	world_host(w, 3);
	world_host(w, 4);
	p = world_path(w, 3, 1, "one");
	neighbour = world_path(w, 3, 2, "two");
	world_run(w, SETTLED_MS);
}

static int end(void **state)
{
	(void)state;
	world_end(w);
	return 0;
}

static uint64_t ask(struct place place, uint64_t timeout_ms)
{
	struct obs_request word = {
		.request = ++last_id, .verb = VERB_RESCAN, .timeout_ms = timeout_ms
	};

	assert_int_equal(request_open_place(w->m, &word, &place, "name"), 0);
	return last_id;
}

static void require_scans(uint32_t n)
{
	uint32_t scans = 0;

	for (uint32_t i = 0; i < w->n_deeds; i++)
		scans += w->deeds[i].kind == ACT_SCAN;
	if (scans != n)
		fail_msg("%u scans, not %u", scans, n);
}

static void remove_device(struct path *q)
{
	world_of(w, q)->checked = built_gone();
	world_run_until(w, q, PURGE_DELETING, MINUTE_MS);
	world_of(w, q)->absent = true;
	world_deed_ends(w, 0, STAGE_WRITE);
	world_run(w, 100);
}

static void target_tells(struct path *q, enum attention attention)
{
	struct observation o = { .kind = OBS_UEVENT };

	o.uevent.action = UEVENT_CHANGE;
	o.uevent.attention = attention;
	TEXT_SET(o.uevent.sysfs, q->device.sysfs);
	world_feed(w, o);
}

static void owner_purges(bool purges)
{
	w->owner = (struct obs_owner){
		.running = true, .pid = 9, .knows_purge = true, .purges = purges
	};
	w->m->owner = w->owner;
}

/* Brought back by somebody else, it may have left again by the name of the one before, unheard. */
static void test_who_came_back_gives_no_rest(void **state)
{
	struct observation o;

	(void)state;
	begin("");
	world_run(w, 2 * MINUTE_MS);
	remove_device(p);
	owner_purges(true);
	o = built_device(3, 1, "one");
	o.device.ino += 5000;
	world_feed(w, o);
	*world_of(w, model_path_at(w->m, o.device.sysfs)) = (struct truth){ .checked = built_good(),
		.holders = { .complete = true } };
	world_run(w, SOON_MS);
	ask(place_of_host(3), 0);
	world_run(w, 40000);
	require_scans(0);
	world_run(w, 30000);
	require_scans(1);
}

/* ---- a client's word ------------------------------------------------------------------------- */

static void test_a_hand_scans_and_what_it_brought_is_counted(void **state)
{
	const struct action *deed;
	uint64_t id;

	(void)state;
	begin("");
	id = ask(place_of_host(3), 0);
	world_run(w, 10);
	deed = world_deed(w, 0);
	assert_non_null(deed);
	assert_int_equal(deed->kind, ACT_SCAN);
	assert_string_equal(deed->scan.sysfs, built_host(3).host.sysfs);
	assert_int_equal(deed->scan.ino, built_host(3).host.ino);
	assert_int_equal(deed->scan.place.lun, PLACE_ANY_LUN);
	world_require_request(w, id, REQUEST_OPEN, "");
	w->appears = built_device(3, 7, "seven");
	world_deed_ends(w, 0, STAGE_NONE);
	world_run(w, 100);
	world_require_request(w, id, RESULT_SCANNED, "");
	assert_int_equal(world_request(w, id)->found, 1);
	assert_string_equal(world_request(w, id)->hctl, "3:-:-:-");
	assert_int_equal(model_host(w->m, 3)->deed, 0);
}

static void test_one_hand_a_host(void **state)
{
	uint64_t id, other, elsewhere;

	(void)state;
	begin("");
	id = ask(place_of_host(3), 0);
	other = ask(place_of_target(&p->device.address), 0);
	elsewhere = ask(place_of_host(4), 0);
	world_run(w, SOON_MS);
	require_scans(2);
	world_end_of(w, world_deed(w, 1), 0, STAGE_NONE);
	world_run(w, 100);
	world_require_request(w, id, RESULT_SCANNED, "");
	world_require_request(w, other, REQUEST_OPEN, "");
	world_require_request(w, elsewhere, REQUEST_OPEN, "");
	require_scans(3);
}

/* A delete would wait in the kernel for the scan, where nobody could take it back. */
static void test_no_delete_while_a_scan_is_out(void **state)
{
	(void)state;
	begin("");
	ask(place_of_host(3), 0);
	world_run(w, 10);
	require_scans(1);
	world_of(w, p)->checked = built_gone();
	world_run(w, SETTLED_MS);
	assert_int_equal(w->n_deeds, 1);
	assert_int_equal(p->purge, PURGE_VERIFYING);
	assert_int_equal(p->purge_why, BECAUSE_HOST);
	world_deed_ends(w, 0, STAGE_NONE);
	world_run(w, 100);
	assert_int_equal(w->n_deeds, 2);
	assert_int_equal(world_deed(w, 0)->kind, ACT_DELETE);
}

static void test_and_no_scan_while_a_delete_is_out(void **state)
{
	(void)state;
	begin("");
	world_of(w, p)->checked = built_gone();
	world_run_until(w, p, PURGE_DELETING, MINUTE_MS);
	ask(place_of_host(3), 0);
	world_run(w, SOON_MS);
	require_scans(0);
}

static void test_a_scan_that_hangs_is_a_stuck_hand(void **state)
{
	uint64_t id, late;

	(void)state;
	begin("");
	id = ask(place_of_host(3), 0);
	world_run(w, SCANS_HAND_MS - 10);
	assert_false(model_host(w->m, 3)->stuck);
	world_require_request(w, id, REQUEST_OPEN, "");
	world_run(w, 20);
	assert_true(model_host(w->m, 3)->stuck);
	world_require_request(w, id, RESULT_PENDING, "stuck");
	late = ask(place_of_host(3), 0);
	world_run(w, 10);
	world_require_request(w, late, RESULT_PENDING, "stuck");
	require_scans(1);
	world_deed_ends(w, 0, STAGE_NONE);
	world_run(w, 10);
	assert_false(model_host(w->m, 3)->stuck);
	assert_true(model_host(w->m, 3)->known); /* the host is what it was */
}

static const struct end_row {
	const char *rule;
	int result;
	enum hand_stage stage;
	enum request_result want;
	const char *reason;
} end_rows[] = {
	{ "the kernel refuses", -EIO, STAGE_WRITE, RESULT_FAILED, "failed write EIO" },
	{ "the hand is lost", -EPIPE, STAGE_NONE, RESULT_FAILED, "failed none EPIPE" },
	{ "the host is another one by now", -ESTALE, STAGE_STATE, RESULT_ABSENT, "" },
	{ "the host is gone", -ENOENT, STAGE_STATE, RESULT_ABSENT, "" },
	{ "another hand has the lock: tried again", -EBUSY, STAGE_LOCK, REQUEST_OPEN, "" },
};

static void test_ends(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(end_rows); i++) {
		uint64_t id;

		if (i)
			end(state);
		begin("");
		id = ask(place_of_host(3), 0);
		world_run(w, 10);
		world_deed_ends(w, end_rows[i].result, end_rows[i].stage);
		world_run(w, 10);
		if (world_request(w, id)->result != end_rows[i].want ||
			strcmp(world_request(w, id)->reason, end_rows[i].reason) != 0)
			fail_msg("%s: %s, \"%s\"", end_rows[i].rule,
				request_result_name(world_request(w, id)->result),
				world_request(w, id)->reason);
	}
	world_run(w, 1100);
	require_scans(2);
}

static void test_a_host_that_is_not_there(void **state)
{
	uint64_t id;

	(void)state;
	begin("");
	id = ask(place_of_host(9), 0);
	world_run(w, 10);
	world_require_request(w, id, RESULT_ABSENT, "");
	require_scans(0);
}

/* ---- beside a purger ------------------------------------------------------------------------- */

static void test_not_within_a_minute_of_a_removal_beside_a_purger(void **state)
{
	uint64_t id, in_time;

	(void)state;
	begin("");
	world_run(w, 2 * MINUTE_MS); /* what was before we looked is over */
	owner_purges(true);
	remove_device(p);
	id = ask(place_of_target(&neighbour->device.address), 0);
	in_time = ask(place_of_target(&neighbour->device.address), 5000);
	world_run(w, MINUTE_MS - 1000);
	require_scans(0);
	world_require_request(w, id, REQUEST_OPEN, "");
	world_require_request(w, in_time, RESULT_PENDING, "removed lately");
	world_run(w, 1100);
	require_scans(1);
}

/* The hand is back, and nobody has looked whether the device is gone. */
static void test_not_before_it_is_known_that_it_went(void **state)
{
	(void)state;
	begin("");
	world_run(w, 2 * MINUTE_MS);
	owner_purges(true);
	world_of(w, p)->checked = built_gone();
	world_run_until(w, p, PURGE_DELETING, MINUTE_MS);
	world_of(w, p)->absent = true;
	ask(place_of_host(3), 0);
	world_deed_ends(w, 0, STAGE_WRITE);
	world_run(w, MINUTE_MS - 1000);
	require_scans(0);
	world_run(w, 2000);
	require_scans(1);
}

static void test_at_once_where_nobody_else_purges(void **state)
{
	(void)state;
	begin("");
	owner_purges(false);
	remove_device(p);
	ask(place_of_target(&neighbour->device.address), 0);
	world_run(w, 10);
	require_scans(1);
}

static void test_another_address_rests_for_itself(void **state)
{
	struct scsi_address elsewhere = { .host = 3, .lun = 2 };

	(void)state;
	begin("");
	world_run(w, 2 * MINUTE_MS);
	owner_purges(true);
	remove_device(p);
	ask(place_of_address(&elsewhere), 0);
	world_run(w, 10);
	require_scans(1);
}

/* What was removed before we came is not known: it counts as removed when we came. */
static void test_a_minute_after_the_start(void **state)
{
	(void)state;
	begin("");
	owner_purges(true);
	ask(place_of_host(3), 0);
	world_run(w, MINUTE_MS - SETTLED_MS - 1000);
	require_scans(0);
	world_run(w, 2000);
	require_scans(1);
}

static void test_not_before_it_is_known_who_purges(void **state)
{
	(void)state;
	begin("");
	w->m->owner_known = false;
	w->unanswered[ACT_ASK_OWNER] = true;
	ask(place_of_host(3), 0);
	world_run(w, 10);
	require_scans(0);
}

/* ---- by itself ------------------------------------------------------------------------------- */

static const struct change_row {
	const char *rule, *config;
	enum attention attention;
	bool ours;
	uint32_t scans;
} change_rows[] = {
	{ "3F/0E: what we removed is looked for", "rescan_on_lun_change yes\n",
		ATTENTION_LUNS_CHANGED, true, 1 },
	{ "not without the word", "", ATTENTION_LUNS_CHANGED, true, 0 },
	{ "not what others removed", "rescan_on_lun_change yes\n", ATTENTION_LUNS_CHANGED, false,
		0 },
	{ "not after another attention", "rescan_on_lun_change yes\n", ATTENTION_CAPACITY, true,
		0 },
};

static void test_on_lun_change(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(change_rows); i++) {
		const struct change_row *row = &change_rows[i];
		struct observation gone = { .kind = OBS_DEVICE };

		if (i)
			end(state);
		begin(row->config);
		if (row->ours) {
			remove_device(p);
		} else {
			TEXT_SET(gone.device.sysfs, p->device.sysfs);
			world_feed(w, gone);
		}
		world_run(w, 100);
		require_scans(0);
		target_tells(neighbour, row->attention);
		target_tells(neighbour, row->attention);
		world_run(w, 100);
		require_scans(row->scans);
		if (!row->scans)
			continue;
		assert_int_equal(world_deed(w, 0)->scan.place.lun, 1); /* that LUN, and no other */
		world_deed_ends(w, 0, STAGE_NONE);
		world_run(w, SETTLED_MS);
		require_scans(1); /* not there: until the target tells again */
		target_tells(neighbour, row->attention);
		world_run(w, SETTLED_MS);
		require_scans(2);
	}
}

static void test_what_is_back_is_not_looked_for(void **state)
{
	struct observation back = built_device(3, 1, "another");

	(void)state;
	begin("rescan_on_lun_change yes\n");
	remove_device(p);
	back.device.ino = 77;
	back.at = w->m->now;
	world_feed(w, back);
	target_tells(neighbour, ATTENTION_LUNS_CHANGED);
	world_run(w, 100);
	require_scans(0);
}

/* Host 4 has a session and no LUN; host 3 has LUNs that would tell. */
static void test_silent_hosts(void **state)
{
	(void)state;
	begin("rescan_interval 20\n");
	world_run(w, 6000);
	require_scans(1);
	assert_int_equal(world_deed(w, 0)->scan.place.host, 4);
	assert_int_equal(world_deed(w, 0)->scan.place.lun, PLACE_ANY_LUN);
	world_deed_ends(w, 0, STAGE_NONE);
	world_run(w, 18000);
	require_scans(1);
	world_run(w, 3000);
	require_scans(2);
}

static void test_silent_hosts_are_left_alone(void **state)
{
	(void)state;
	begin("");
	world_run(w, 10 * MINUTE_MS);
	require_scans(0);
}

static const struct {
	const char *rule;
	enum protocol protocol;
	uint32_t scans;
} fabrics[] = {
	{ "iSCSI", PROTOCOL_ISCSI, 1 },
	{ "Fibre Channel", PROTOCOL_FCP, 1 },
	{ "SRP", PROTOCOL_SRP, 1 },
	{ "SAS has no ports that come and go", PROTOCOL_SAS, 0 },
	{ "virtio neither", PROTOCOL_VIRTIO, 0 },
};

static void test_which_silent_hosts_are_looked_at(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fabrics); i++) {
		if (i)
			end(state);
		begin("rescan_interval 20\n");
		model_host(w->m, 4)->seen.protocol = fabrics[i].protocol;
		world_run(w, 6000);
		if (w->n_deeds != fabrics[i].scans)
			fail_msg("%s: %u scans", fabrics[i].rule, w->n_deeds);
	}
}

static void remove_target_5(const struct path *neighbour_of)
{
	struct departed row = { .address = neighbour_of->device.address, .at = w->m->now };

	row.address.target = 5;
	row.ours = true;
	assert_int_equal(departures_add(&w->m->departures, &row), 0);
}

static uint32_t scans_of_target_5(void)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < w->n_deeds; i++)
		n += w->deeds[i].kind == ACT_SCAN && w->deeds[i].scan.place.target == 5;
	return n;
}

/* Its host has others, but nobody is left behind that target who would tell. */
static void test_a_silent_target_of_a_host_that_is_not(void **state)
{
	(void)state;
	begin("rescan_interval 20\n");
	remove_target_5(p);
	world_run(w, 19000);
	assert_int_equal(scans_of_target_5(), 0);
	world_run(w, 2000);
	assert_int_equal(scans_of_target_5(), 1);
	world_deed_ends(w, 0, STAGE_NONE);
	world_run(w, 18000);
	assert_int_equal(scans_of_target_5(), 1);
	world_run(w, MINUTE_MS);
	assert_int_equal(scans_of_target_5(), 2);
}

static void test_a_silent_target_is_left_alone_without_an_interval(void **state)
{
	(void)state;
	begin("");
	remove_target_5(p);
	world_run(w, 10 * MINUTE_MS);
	require_scans(0);
}

/* The hand of an earlier daemon has the lock, and does not come back either. */
static void test_a_lock_is_not_waited_for_without_end(void **state)
{
	uint64_t id;

	(void)state;
	begin("");
	id = ask(place_of_host(3), 0);
	for (uint64_t ms = 0; ms < SCANS_HAND_MS; ms += 2000) {
		world_run(w, 2000);
		world_require_request(w, id, REQUEST_OPEN, "");
		world_deed_ends(w, -EBUSY, STAGE_LOCK);
	}
	world_run(w, SOON_MS);
	world_deed_ends(w, -EBUSY, STAGE_LOCK);
	world_run(w, 10);
	world_require_request(w, id, RESULT_PENDING, "host");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_a_hand_scans_and_what_it_brought_is_counted, end),
		cmocka_unit_test_teardown(test_who_came_back_gives_no_rest, end),
		cmocka_unit_test_teardown(test_one_hand_a_host, end),
		cmocka_unit_test_teardown(test_no_delete_while_a_scan_is_out, end),
		cmocka_unit_test_teardown(test_and_no_scan_while_a_delete_is_out, end),
		cmocka_unit_test_teardown(test_a_scan_that_hangs_is_a_stuck_hand, end),
		cmocka_unit_test_teardown(test_ends, end),
		cmocka_unit_test_teardown(test_a_host_that_is_not_there, end),
		cmocka_unit_test_teardown(
			test_not_within_a_minute_of_a_removal_beside_a_purger, end),
		cmocka_unit_test_teardown(test_not_before_it_is_known_that_it_went, end),
		cmocka_unit_test_teardown(test_at_once_where_nobody_else_purges, end),
		cmocka_unit_test_teardown(test_another_address_rests_for_itself, end),
		cmocka_unit_test_teardown(test_a_minute_after_the_start, end),
		cmocka_unit_test_teardown(test_not_before_it_is_known_who_purges, end),
		cmocka_unit_test_teardown(test_on_lun_change, end),
		cmocka_unit_test_teardown(test_what_is_back_is_not_looked_for, end),
		cmocka_unit_test_teardown(test_silent_hosts, end),
		cmocka_unit_test_teardown(test_silent_hosts_are_left_alone, end),
		cmocka_unit_test_teardown(test_which_silent_hosts_are_looked_at, end),
		cmocka_unit_test_teardown(test_a_silent_target_of_a_host_that_is_not, end),
		cmocka_unit_test_teardown(
			test_a_silent_target_is_left_alone_without_an_interval, end),
		cmocka_unit_test_teardown(test_a_lock_is_not_waited_for_without_end, end),
	};

	return cmocka_run_group_tests_name("scans", tests, NULL, NULL);
}
