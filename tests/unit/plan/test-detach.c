/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An operator's word that devices are to leave: all is looked at, then all is done, or nothing. */
#include "world.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "model/name.h"
#include "plan/detach_word.h"
#include "plan/requests.h"

enum { SETTLED_MS = 15000, SOON_MS = 4000, TIMEOUT_MS = 60000, MAP = 3 };

static struct world *w;
static struct path *p, *other;
static char one[MAX_WWID], two[MAX_WWID];
static uint64_t last_id;

/* Two good paths on two hosts, of volume one. */
static void begin_with(const char *text, bool mapped)
{
	struct path *both[2];

	w = world_begin(text);
	built_wwid(1, one);
	built_wwid(2, two);
	p = world_path(w, 3, 1, one);
	other = world_path(w, 4, 1, one);
	both[0] = p;
	both[1] = other;
	if (mapped)
		world_map(w, MAP, one, both, 2);
	world_run(w, SETTLED_MS);
}

static void begin(void)
{
	begin_with("", true);
}

static int end(void **state)
{
	(void)state;
	world_end(w);
	return 0;
}

static uint64_t say(const char *name, uint32_t flags)
{
	const struct obs_request word = {
		.request = ++last_id, .verb = VERB_DETACH, .flags = flags, .timeout_ms = TIMEOUT_MS
	};

	assert_true(detach_open(w->m, &word, name) > 0);
	world_run(w, SOON_MS);
	return last_id;
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

static void ends(enum action_kind kind, int result, enum hand_stage stage)
{
	world_end_of(w, last_of(kind), result, stage);
	world_run(w, SOON_MS);
}

static const struct request *row_of(uint64_t id, const struct path *q)
{
	for (uint32_t i = 0; i < w->m->n_requests; i++)
		if (w->m->requests[i].used && w->m->requests[i].id == id &&
			path_id_equal(w->m->requests[i].path, q->id))
			return &w->m->requests[i];
	fail_msg("no row");
	return NULL;
}

static bool is_because(uint64_t id, const struct path *q, const char *reason)
{
	const struct request *r = row_of(id, q);

	return r && !strcmp(r->reason, reason);
}

static void require_row(
	uint64_t id, const struct path *q, enum request_result result, const char *reason)
{
	const struct request *r = row_of(id, q);

	if (r->result != result || (reason && strcmp(r->reason, reason)))
		fail_msg("%s: %s \"%s\", not %s \"%s\"", q->device.dev,
			request_result_name(r->result), r->reason, request_result_name(result),
			reason ? reason : "*");
}

static uint32_t deeds(void)
{
	return w->n_deeds;
}

static void map_goes(void)
{
	w->maps[0].map.present = false;
}

static void leaves_map(const struct path *q)
{
	struct obs_map *map = &w->maps[0].map;

	*world_member(w, 0, q) = map->members[map->n_members - 1];
	map->n_members--;
}

static void device_goes(struct path *q)
{
	world_of(w, q)->absent = true;
}

static void with_owner(void)
{
	w->owner.running = true;
	w->m->owner_asked.answered = false;
	world_run(w, SOON_MS);
	assert_true(w->m->owner.running);
}

/* ---- the way it goes ------------------------------------------------------------------------- */

static void test_a_volume_goes_map_first_then_every_path(void **state)
{
	uint64_t id;

	(void)state;
	begin();
	id = say(one, 0);
	assert_int_equal(deeds(), 1);
	assert_int_equal(last_of(ACT_WRITE_DOWN)->word.number, 1);
	assert_string_equal(last_of(ACT_WRITE_DOWN)->word.wwid, one);
	ends(ACT_WRITE_DOWN, 0, STAGE_NONE);
	assert_int_equal(deeds(), 2);
	assert_int_equal(last_of(ACT_REMOVE_MAP)->map.word, 1);
	map_goes();
	ends(ACT_REMOVE_MAP, 0, STAGE_NONE);
	assert_int_equal(count(ACT_DELETE), 2);
	for (uint32_t i = 0; i < 2; i++) {
		const struct action *a = world_deed(w, i);

		assert_true(a->del.detached && a->del.claim);
	}
	require_row(id, p, REQUEST_OPEN, "");
	device_goes(p);
	device_goes(other);
	world_end_of(w, world_deed(w, 0), 0, STAGE_NONE);
	world_end_of(w, world_deed(w, 1), 0, STAGE_NONE);
	world_run(w, SOON_MS);
	for (uint32_t i = 0; i < w->m->n_requests; i++)
		assert_int_equal(w->m->requests[i].result, RESULT_REMOVED);
	assert_int_equal(count(ACT_STRIKE_OUT), 1);
	ends(ACT_STRIKE_OUT, 0, STAGE_NONE);
	assert_null(model_detach(w->m, 1));
}

static void test_the_owner_is_told_of_map_and_paths(void **state)
{
	(void)state;
	begin();
	with_owner();
	say(one, 0);
	ends(ACT_WRITE_DOWN, 0, STAGE_NONE);
	assert_true(last_of(ACT_REMOVE_MAP)->map.owned);
	map_goes();
	ends(ACT_REMOVE_MAP, 0, STAGE_NONE);
	assert_int_equal(count(ACT_TAKE_PATH), 2);
	assert_int_equal(count(ACT_DELETE), 0);
	world_end_of(w, world_deed(w, 1), 0, STAGE_NONE);
	world_run(w, SOON_MS);
	assert_int_equal(count(ACT_DELETE), 0); /* not before all are out of its sight */
	world_end_of(w, world_deed(w, 0), 0, STAGE_NONE);
	world_run(w, SOON_MS);
	assert_int_equal(count(ACT_DELETE), 2);
}

static void test_one_path_leaves_a_map_that_stays(void **state)
{
	const struct action *a;

	(void)state;
	begin();
	with_owner();
	world_hold(w, p, HOLD_MOUNT, false, false);
	say(p->device.dev, 0);
	ends(ACT_WRITE_DOWN, 0, STAGE_NONE);
	a = last_of(ACT_TAKE_PATH);
	assert_string_equal(a->map.dev, p->device.dev);
	assert_int_equal(a->map.ino, p->device.ino);
	assert_int_equal(count(ACT_REMOVE_MAP), 0);
	leaves_map(p);
	world_of(w, p)->holders.n_holds = 0;
	ends(ACT_TAKE_PATH, 0, STAGE_NONE);
	assert_int_equal(count(ACT_DELETE), 1);
	assert_true(last_of(ACT_DELETE)->del.claim);
	assert_true(path_id_equal(last_of(ACT_DELETE)->path, p->id));
}

static void test_without_an_owner_it_is_failed_and_stays_in_the_table(void **state)
{
	(void)state;
	begin();
	say(p->device.dev, 0);
	ends(ACT_WRITE_DOWN, 0, STAGE_NONE);
	assert_int_equal(count(ACT_FAIL_PATH), 1);
	world_member(w, 0, p)->active = false;
	ends(ACT_FAIL_PATH, 0, STAGE_NONE);
	assert_int_equal(count(ACT_DELETE), 1);
	assert_false(last_of(ACT_DELETE)->del.claim);
}

static void test_a_host_is_all_its_paths(void **state)
{
	uint64_t id;

	(void)state;
	begin();
	with_owner();
	id = say("host3", 0);
	require_row(id, p, REQUEST_OPEN, "");
	ends(ACT_WRITE_DOWN, 0, STAGE_NONE);
	assert_int_equal(last_of(ACT_WRITE_DOWN)->word.wwid[0], 0);
	assert_true(strstr(last_of(ACT_WRITE_DOWN)->word.sysfs, "/host3"));
	assert_int_equal(count(ACT_TAKE_PATH), 1);
}

static void test_a_dry_run_says_what_is_done_and_does_nothing(void **state)
{
	static const struct {
		bool owned, volume;
		const char *plan;
	} rows[] = {
		{ true, true, "remove-map mpath3, take-path, delete" },
		{ true, false, "take-path, delete" },
		{ false, true, "remove-map mpath3, delete" },
		{ false, false, "fail-path, delete" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t id;

		begin();
		strcpy(w->maps[0].map.name, "mpath3");
		w->m->maps_lost = true;
		if (rows[i].owned)
			with_owner();
		world_run(w, SOON_MS);
		id = say(rows[i].volume ? one : p->device.dev, REQUEST_DRY_RUN);
		require_row(id, p, RESULT_WOULD_REMOVE, "");
		assert_string_equal(row_of(id, p)->plan, rows[i].plan);
		assert_int_equal(deeds(), 0);
		assert_int_equal(p->purge, PURGE_NO);
		if (i + 1 < ARRAY_SIZE(rows))
			world_end(w);
	}
}

/* ---- what forbids it --------------------------------------------------------------------------
 */

static void nothing(void)
{
}

static void is_mounted(void)
{
	world_hold(w, other, HOLD_MOUNT, false, false);
	world_hold(w, p, HOLD_MOUNT, false, false);
}

static void is_root(void)
{
	world_hold(w, p, HOLD_MOUNT, true, false);
}

static void is_looked_at_by_udev_and_mounted(void)
{
	world_hold(w, p, HOLD_OPEN, false, true);
	world_hold(w, p, HOLD_MOUNT, false, false);
}

static void is_not_known(void)
{
	world_of(w, p)->holders.complete = false;
}

static void other_is_down_and_map_used(void)
{
	is_mounted();
	world_of(w, other)->checked = built_gone();
	world_run(w, SETTLED_MS);
}

static void other_failed_in_kernel_and_map_used(void)
{
	is_mounted();
	world_member(w, 0, other)->active = false;
	w->m->maps_lost = true;
	world_run(w, SOON_MS);
}

static void test_a_refusal_names_what_forbids_it_and_nothing_is_done(void **state)
{
	static const struct {
		const char *rule;
		void (*make)(void);
		const char *config;
		bool volume;
		enum request_result result;
		const char *reason;
	} rows[] = {
		{ "a used volume", is_mounted, "", true, RESULT_BUSY, "in use: mount" },
		{ "used by root", is_root, "", true, RESULT_REFUSED, "protected: mount" },
		{ "used by root, also where others carry it", is_root, "", false, RESULT_REFUSED,
			"protected: mount" },
		{ "a user behind udev", is_looked_at_by_udev_and_mounted, "", true, RESULT_BUSY,
			"in use: open" },
		{ "users that are not known", is_not_known, "", true, RESULT_REFUSED,
			"holders unknown" },
		{ "protected", nothing, "protect yes\n", true, RESULT_REFUSED, "protected" },
		{ "the last good path of a used map", other_is_down_and_map_used,
			"purge_disconnected no\n", false, RESULT_BUSY, "last path: mount" },
		{ "the other is failed in the kernel", other_failed_in_kernel_and_map_used, "",
			false, RESULT_BUSY, "last path: mount" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t id;

		begin_with(*rows[i].config == 'p' && rows[i].config[2] == 'o' ? "" : rows[i].config,
			true);
		if (!strncmp(rows[i].config, "protect", 7))
			p->settings.protect = other->settings.protect = true;
		rows[i].make();
		w->n_deeds = 0;
		id = say(rows[i].volume ? one : p->device.dev, 0);
		world_run(w, 30000);
		for (uint32_t k = 0; k < w->m->n_requests; k++) {
			const struct request *r = &w->m->requests[k];

			if (r->used && r->id == id && path_id_equal(r->path, p->id) &&
				(r->result != rows[i].result || strcmp(r->reason, rows[i].reason)))
				if (strncmp(r->reason, "because of", 10))
					fail_msg("%s: %s \"%s\"", rows[i].rule,
						request_result_name(r->result), r->reason);
		}
		if (count(ACT_WRITE_DOWN) || count(ACT_TAKE_PATH) || count(ACT_REMOVE_MAP) ||
			count(ACT_FAIL_PATH) || count(ACT_DELETE))
			fail_msg("%s: something was done", rows[i].rule);
		assert_int_equal(p->detach, 0);
		if (i + 1 < ARRAY_SIZE(rows))
			world_end(w);
	}
}

/* It may have had no time, on a host that does a lot at once. */
static void test_a_look_that_saw_not_all_is_not_the_last(void **state)
{
	uint64_t id;

	(void)state;
	begin();
	is_not_known();
	id = say(one, 0);
	require_row(id, p, REQUEST_OPEN, NULL);
	world_require(p, PURGE_HELD, BECAUSE_HOLDERS_UNKNOWN);
	assert_int_equal(deeds(), 0);
	world_of(w, p)->holders.complete = true;
	world_run(w, SOON_MS);
	assert_int_equal(count(ACT_WRITE_DOWN), 1);
	assert_int_equal(p->unseen, 0);
}

/* One of two volumes behind a host is used through it alone: the other is not touched. */
static void test_all_or_nothing(void **state)
{
	struct path *q, *only[1];
	uint64_t id;

	(void)state;
	begin();
	with_owner();
	q = world_path(w, 3, 2, two);
	only[0] = q;
	world_map(w, MAP + 1, two, only, 1);
	world_run(w, SETTLED_MS);
	world_hold(w, q, HOLD_MOUNT, false, false);
	id = say("host3", 0);
	require_row(id, q, RESULT_BUSY, "last path: mount");
	assert_int_equal(row_of(id, p)->result, RESULT_REFUSED);
	assert_non_null(strstr(row_of(id, p)->reason, "because of"));
	assert_int_equal(deeds(), 0);
}

static void test_unused_partitions_are_no_use(void **state)
{
	(void)state;
	begin();
	world_hold(w, p, HOLD_MAP, false, false);
	world_hold(w, other, HOLD_MAP, false, false);
	world_of(w, p)->holders.holds[0].partition = true;
	world_of(w, other)->holders.holds[0].partition = true;
	say(one, 0);
	assert_int_equal(count(ACT_WRITE_DOWN), 1);
}

static void test_a_neighbour_counts_when_it_answers_after_the_word(void **state)
{
	(void)state;
	begin();
	world_hold(w, p, HOLD_MOUNT, false, false);
	world_of(w, other)->mute = true;
	world_run(w, 1000);
	say(p->device.dev, 0);
	world_run(w, SOON_MS);
	assert_int_equal(deeds(), 0);
}

/* ---- on the way ------------------------------------------------------------------------------ */

/* However often it is told, while it is. */
static void map_stays_in_use(void)
{
	for (uint32_t told = 0; told < count(ACT_REMOVE_MAP);) {
		told = count(ACT_REMOVE_MAP);
		world_end_of(w, last_of(ACT_REMOVE_MAP), -EBUSY, STAGE_WRITE);
		world_run(w, 5000);
	}
	assert_in_range(count(ACT_REMOVE_MAP), 4, 8);
}

/* Nobody is found who has it open: a rule of udev's had, for a moment. */
static void test_a_map_in_use_for_a_moment_goes(void **state)
{
	uint64_t id;

	(void)state;
	begin();
	id = say(one, 0);
	ends(ACT_WRITE_DOWN, 0, STAGE_NONE);
	world_end_of(w, last_of(ACT_REMOVE_MAP), -EBUSY, STAGE_WRITE);
	world_run(w, 900);
	assert_int_equal(count(ACT_REMOVE_MAP), 1); /* it is not told without end */
	world_run(w, 5000);
	assert_int_equal(count(ACT_REMOVE_MAP), 2);
	require_row(id, p, REQUEST_OPEN, "");
	map_goes();
	ends(ACT_REMOVE_MAP, 0, STAGE_NONE);
	assert_int_equal(count(ACT_DELETE), 2);
}

static void test_a_map_in_use_after_all_ends_it_by_name(void **state)
{
	uint64_t id;

	(void)state;
	begin();
	id = say(one, 0);
	ends(ACT_WRITE_DOWN, 0, STAGE_NONE);
	map_stays_in_use();
	assert_int_equal(count(ACT_DELETE), 0);
	ends(ACT_MAKE_MAP, 0, STAGE_NONE); /* its partitions may have gone */
	assert_int_equal(count(ACT_STRIKE_OUT), 1);
	assert_int_equal(
		row_of(id, p)->result == RESULT_BUSY || row_of(id, other)->result == RESULT_BUSY,
		true);
}

/* host3 is to go, of which p is to leave its map, and the map of another path is to be removed. */
static void begin_to_take(void)
{
	struct path *q, *only[1];

	begin();
	with_owner();
	q = world_path(w, 3, 2, two);
	only[0] = q;
	world_map(w, MAP + 1, two, only, 1);
	world_run(w, SETTLED_MS);
	say("host3", 0);
	ends(ACT_WRITE_DOWN, 0, STAGE_NONE);
}

/* What was taken is given back when a later step is refused. */
static void test_a_late_refusal_is_undone(void **state)
{
	(void)state;
	begin_to_take();
	assert_int_equal(count(ACT_TAKE_PATH), 1);
	assert_int_equal(count(ACT_REMOVE_MAP), 1);
	leaves_map(p);
	world_end_of(w, last_of(ACT_TAKE_PATH), 0, STAGE_NONE);
	map_stays_in_use();
	assert_int_equal(count(ACT_DELETE), 0);
	assert_int_equal(count(ACT_GIVE_PATH), 1);
	assert_true(path_id_equal(last_of(ACT_GIVE_PATH)->path, p->id));
	ends(ACT_GIVE_PATH, 0, STAGE_NONE);
	assert_int_equal(count(ACT_STRIKE_OUT), 1);
}

/* By the word of somebody else, or because it is gone: its hand has ended, and nobody has looked.
 */
static void test_what_is_being_deleted_is_not_given_back(void **state)
{
	(void)state;
	begin_to_take();
	leaves_map(p);
	world_end_of(w, last_of(ACT_TAKE_PATH), 0, STAGE_NONE);
	p->purge = PURGE_DELETING;
	p->deed_ended = true;
	w->unanswered[ACT_LOOK] = true;
	map_stays_in_use();
	assert_int_equal(p->purge, PURGE_DELETING);
	assert_int_equal(count(ACT_GIVE_PATH), 0);
	assert_int_equal(count(ACT_STRIKE_OUT), 0);
	p->purge = PURGE_MARKED;
	p->deed_ended = false;
	world_run(w, SOON_MS);
	assert_int_equal(count(ACT_GIVE_PATH), 1);
}

/* Two words stand for p, and the first of them is refused after it took p. The other only looks, as
 * its record is not written yet. */
static void begin_refused_beside_another(void)
{
	begin_to_take();
	leaves_map(p);
	world_end_of(w, last_of(ACT_TAKE_PATH), 0, STAGE_NONE);
	say(p->device.dev, 0);
	map_stays_in_use();
	assert_true(p->detach_looks);
	assert_int_equal(count(ACT_GIVE_PATH), 0);
	assert_int_equal(count(ACT_STRIKE_OUT), 0);
}

/* They would take it and give it back to each other for ever. */
static void test_what_another_word_wants_is_not_given_back(void **state)
{
	(void)state;
	begin_refused_beside_another();
	ends(ACT_WRITE_DOWN, 0, STAGE_NONE);
	assert_false(p->detach_looks);
	assert_int_not_equal(p->detach, 0);
	assert_int_equal(count(ACT_GIVE_PATH), 0);
	assert_int_equal(count(ACT_STRIKE_OUT), 1); /* the first is over */
}

static void test_what_another_word_leaves_is_given_back(void **state)
{
	(void)state;
	begin_refused_beside_another();
	ends(ACT_WRITE_DOWN, -EIO, STAGE_NONE);
	assert_int_equal(p->detach, 0);
	assert_int_equal(count(ACT_GIVE_PATH), 1);
	ends(ACT_GIVE_PATH, 0, STAGE_NONE);
	assert_int_equal(count(ACT_GIVE_PATH), 1);
	assert_int_equal(count(ACT_STRIKE_OUT), 2);
}

static void test_a_map_that_comes_back_is_a_refusal_by_name(void **state)
{
	uint64_t id;

	(void)state;
	begin();
	id = say(one, 0);
	ends(ACT_WRITE_DOWN, 0, STAGE_NONE);
	for (int i = 0; i < 3; i++)
		ends(ACT_REMOVE_MAP, 0, STAGE_NONE); /* and it is there again, each time */
	world_run(w, SOON_MS);
	assert_int_equal(count(ACT_REMOVE_MAP), 3);
	assert_int_equal(count(ACT_DELETE), 0);
	assert_true(is_because(id, p, "came back") || is_because(id, other, "came back"));
}

static void test_a_word_that_cannot_be_written_down_is_not_done(void **state)
{
	uint64_t id;

	(void)state;
	begin();
	id = say(one, 0);
	ends(ACT_WRITE_DOWN, -ENOSPC, STAGE_WRITE);
	assert_int_equal(count(ACT_REMOVE_MAP), 0);
	assert_int_equal(row_of(id, p)->result == RESULT_FAILED ||
				 row_of(id, other)->result == RESULT_FAILED,
		true);
}

/* That it answers is no news; a failed deed is tried again for longer each time. */
static void test_an_answer_does_not_take_the_word_back(void **state)
{
	(void)state;
	begin_with("", false);
	say(p->device.dev, 0);
	ends(ACT_WRITE_DOWN, 0, STAGE_NONE);
	for (uint32_t i = 1; i <= 4; i++) {
		assert_int_equal(count(ACT_DELETE), i);
		ends(ACT_DELETE, -EBUSY, STAGE_LOCK);
		world_run(w, 30000);
		assert_int_equal(p->detach, 1);
		assert_int_equal(p->failures, i);
	}
}

static void test_a_client_that_leaves_takes_back_what_was_not_begun(void **state)
{
	uint64_t id;

	(void)state;
	begin();
	w->unanswered[ACT_FIND_HOLDERS] = true;
	id = say(one, 0);
	request_close(w->m, id);
	world_run(w, 100);
	assert_null(model_detach(w->m, 1));
	assert_int_equal(p->detach, 0);
}

static void test_what_was_begun_goes_on_without_its_client(void **state)
{
	uint64_t id;

	(void)state;
	begin();
	id = say(one, 0);
	ends(ACT_WRITE_DOWN, 0, STAGE_NONE);
	request_close(w->m, id);
	map_goes();
	ends(ACT_REMOVE_MAP, 0, STAGE_NONE);
	assert_int_equal(count(ACT_DELETE), 2);
}

/* ---- a delete that hangs --------------------------------------------------------------------- */

enum { HAND_MS = 10000 };

static struct path *second, *third;

/* Three disks on host3, in no map; one on host4. */
static void begin_host(void)
{
	char three[MAX_WWID];

	begin_with("", false);
	built_wwid(3, three);
	second = world_path(w, 3, 2, two);
	third = world_path(w, 3, 3, three);
	world_run(w, SETTLED_MS);
}

static struct path *path_of(const struct action *a)
{
	struct path *q = model_path(w->m, a->path);

	assert_non_null(q);
	return q;
}

static void test_a_delete_that_hangs_holds_its_host_alone(void **state)
{
	struct path *hangs;
	uint64_t id, again;

	(void)state;
	begin_host();
	id = say("host3", 0);
	ends(ACT_WRITE_DOWN, 0, STAGE_NONE);
	assert_int_equal(count(ACT_DELETE), 1);
	device_goes(path_of(last_of(ACT_DELETE)));
	ends(ACT_DELETE, 0, STAGE_NONE);
	assert_int_equal(count(ACT_DELETE), 2); /* the one in the middle hangs */
	hangs = path_of(last_of(ACT_DELETE));
	world_run(w, HAND_MS);
	world_require(hangs, PURGE_STUCK, BECAUSE_STUCK);
	require_row(id, hangs, RESULT_PENDING, "stuck");

	again = say(other->device.dev, 0);
	ends(ACT_WRITE_DOWN, 0, STAGE_NONE);
	assert_int_equal(count(ACT_DELETE), 3);
	assert_true(path_id_equal(last_of(ACT_DELETE)->path, other->id));
	device_goes(other);
	ends(ACT_DELETE, 0, STAGE_NONE);
	assert_int_equal(world_request(w, again)->result, RESULT_REMOVED);
	ends(ACT_STRIKE_OUT, 0, STAGE_NONE);

	again = say("host3", 0); /* said again it waits for the same one */
	require_row(again, hangs, RESULT_PENDING, "stuck");
	world_run(w, TIMEOUT_MS);
	assert_true(request_is_done(w->m, id) && request_is_done(w->m, again));
	assert_int_equal(count(ACT_DELETE), 3);
	assert_int_equal(count(ACT_STRIKE_OUT), 1);
}

/* Nobody has to say it again. */
static void test_the_end_of_the_hang_brings_the_word_to_its_end(void **state)
{
	struct path *hangs;
	uint64_t id;

	(void)state;
	begin_host();
	id = say("host3", 0);
	ends(ACT_WRITE_DOWN, 0, STAGE_NONE);
	hangs = path_of(last_of(ACT_DELETE));
	world_run(w, TIMEOUT_MS + HAND_MS);
	for (uint32_t i = 0; i < w->m->n_requests; i++)
		assert_int_equal(w->m->requests[i].result, RESULT_PENDING);
	require_row(id, hangs == p ? second : p, RESULT_PENDING, "host");
	request_close(w->m, id);
	for (uint32_t n = 1; n <= 3; n++) {
		assert_int_equal(count(ACT_DELETE), n);
		assert_int_equal(count(ACT_STRIKE_OUT), 0);
		device_goes(path_of(last_of(ACT_DELETE)));
		ends(ACT_DELETE, 0, STAGE_NONE);
	}
	assert_int_equal(count(ACT_DELETE), 3);
	assert_int_equal(count(ACT_STRIKE_OUT), 1);
	ends(ACT_STRIKE_OUT, 0, STAGE_NONE);
	assert_null(model_detach(w->m, 1));
	assert_int_equal(other->purge, PURGE_NO);
}

static void test_the_next_daemon_waits_for_the_hand_of_the_one_before(void **state)
{
	struct observation o = { .kind = OBS_DETACHING, .detaching = { .number = 7 } };

	(void)state;
	begin_host();
	/* it stays so as long as the hand is in the kernel */
	p->device.state = world_of(w, p)->checked.state = DEVICE_GOING;
	TEXT_SET(o.detaching.sysfs, p->device.sysfs);
	*strstr(o.detaching.sysfs, "/session3") = '\0';
	o.detaching.ino = 500;
	world_feed(w, o);
	world_run(w, SETTLED_MS);
	assert_int_equal(deeds(), 0);
	device_goes(p);
	w->m->devices_lost = true;
	world_run(w, SETTLED_MS);
	for (uint32_t n = 1; n <= 2; n++) {
		assert_int_equal(count(ACT_DELETE), n);
		device_goes(path_of(last_of(ACT_DELETE)));
		ends(ACT_DELETE, 0, STAGE_NONE);
	}
	assert_int_equal(last_of(ACT_STRIKE_OUT)->word.number, 7);
	assert_int_equal(other->purge, PURGE_NO);
}

/* ---- a map without paths --------------------------------------------------------------------- */

static void begin_bare(const char *text)
{
	struct path *none[1];

	begin_with(text, false);
	world_map(w, MAP + 1, two, none, 0);
	world_run(w, SOON_MS);
}

static void test_a_map_without_paths_goes(void **state)
{
	uint64_t id;

	(void)state;
	begin_bare("");
	id = say(two, 0);
	ends(ACT_WRITE_DOWN, 0, STAGE_NONE);
	assert_int_equal(last_of(ACT_REMOVE_MAP)->path.gen, 0);
	world_require_request(w, id, REQUEST_OPEN, "");
	map_goes();
	ends(ACT_REMOVE_MAP, 0, STAGE_NONE);
	world_require_request(w, id, RESULT_REMOVED, "");
	assert_int_equal(count(ACT_STRIKE_OUT), 1);
	assert_true(model_was_detached(w->m, two));
	assert_false(model_was_detached(w->m, one));
}

static void test_a_map_without_paths_that_is_used_stays(void **state)
{
	uint64_t id;

	(void)state;
	begin_bare("");
	w->maps[0].map.open_count = 1;
	id = say(two, 0);
	ends(ACT_WRITE_DOWN, 0, STAGE_NONE);
	for (int i = 0; i < 3; i++)
		ends(ACT_REMOVE_MAP, -EBUSY, STAGE_WRITE);
	assert_int_equal(count(ACT_REMOVE_MAP), 3);
	world_require_request(w, id, RESULT_BUSY, "in use");
}

/* No path of it says so: the configuration does. */
static void test_a_protected_map_without_paths_stays(void **state)
{
	char text[sizeof two + 64];
	uint64_t id;

	(void)state;
	built_wwid(2, two);
	snprintf(text, sizeof text, "}\nmultipaths {\n multipath {\n wwid %s\n protect yes\n }\n",
		two);
	begin_bare(text);
	id = say(two, 0);
	assert_int_equal(count(ACT_WRITE_DOWN), 0);
	assert_int_equal(count(ACT_REMOVE_MAP), 0);
	world_require_request(w, id, RESULT_REFUSED, "protected");
}

/* ---- the next daemon ------------------------------------------------------------------------- */

static void test_the_next_daemon_goes_on(void **state)
{
	struct observation o = { .kind = OBS_DETACHING, .detaching = { .number = 7 } };

	(void)state;
	begin();
	TEXT_SET(o.detaching.wwid, one);
	world_feed(w, o);
	world_run(w, SOON_MS);
	assert_int_equal(count(ACT_WRITE_DOWN), 0);
	assert_int_equal(count(ACT_REMOVE_MAP), 1);
	assert_int_equal(w->m->last_detach, 7);
}

static void test_nothing_is_left_for_the_next_daemon(void **state)
{
	struct observation o = { .kind = OBS_DETACHING, .detaching = { .number = 7 } };

	(void)state;
	begin();
	TEXT_SET(o.detaching.wwid, two);
	world_feed(w, o);
	world_run(w, SOON_MS);
	assert_int_equal(deeds(), 1);
	assert_int_equal(last_of(ACT_STRIKE_OUT)->word.number, 7);
}

static void test_a_successor_is_not_the_device(void **state)
{
	struct observation o = { .kind = OBS_DETACHING, .detaching = { .number = 7 } };

	(void)state;
	begin();
	TEXT_SET(o.detaching.sysfs, p->device.sysfs);
	o.detaching.ino = p->device.ino + 1000;
	world_feed(w, o);
	world_run(w, SOON_MS);
	assert_int_equal(count(ACT_FAIL_PATH) + count(ACT_DELETE), 0);
}

static void test_names(void **state)
{
	static const struct {
		const char *name;
		bool volume;
		const char *ends_with;
	} rows[] = {
		{ "host3", false, "/host3" },
		{ "target3:0:0", false, "/target3:0:0" },
		{ "3:0:0:1", false, "/3:0:0:1" },
		{ "dm-3", true, NULL },
	};

	(void)state;
	begin();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct obs_detaching what = { 0 };
		size_t n;

		assert_true(name_find_root(w->m, rows[i].name, &what));
		if (rows[i].volume) {
			assert_string_equal(what.wwid, one);
			continue;
		}
		n = strlen(what.sysfs) - strlen(rows[i].ends_with);
		assert_string_equal(what.sysfs + n, rows[i].ends_with);
		assert_int_equal(what.ino != 0, !strcmp(rows[i].name, "3:0:0:1"));
	}
}

static void test_steps(void **state)
{
	(void)state;
	begin();
	/* none: what came back, and is kept out by a word before */
	for (int from = DETACH_NONE + 1; from < DETACH_STAGES; from++)
		for (int to = DETACH_UNMAPPING; to <= DETACH_DELETING; to++)
			if (detach_may_enter((enum detach_stage)from, (enum detach_stage)to))
				assert_int_equal(from, to - 1);
	assert_false(detach_may_enter(DETACH_LOOKING, DETACH_UNMAPPING));
	assert_false(detach_may_enter(DETACH_NONE, DETACH_UNMAPPING));
}

/* ---- conformance ------------------------------------------------------------------------------
 * The cases of taking devices offline (O) and of their other paths (M), by their numbers in
 * docs/conformance.md: host3 is S there, host4 S2, volume one is g1, two g2.
 */

enum other { OTHER_NONE, OTHER_UP, OTHER_GHOST, OTHER_DOWN, OTHER_INACTIVE };

static void has_left(struct path *q)
{
	for (uint32_t i = 0; i < w->n_maps; i++) {
		struct obs_map *map = &w->maps[i].map;

		for (uint32_t k = 0; k < map->n_members; k++)
			if (devt_equal(&map->members[k].devt, &q->device.devt))
				map->members[k--] = map->members[--map->n_members];
	}
}

static void comes_true(const struct action *a)
{
	struct path *q = model_path(w->m, a->path);

	switch ((int)a->kind) {
	case ACT_REMOVE_MAP:
		for (uint32_t i = 0; i < w->n_maps; i++)
			w->maps[i].map.present &= !devt_equal(&w->maps[i].map.devt, &a->map.map);
		return;
	case ACT_TAKE_PATH:
		has_left(q);
		world_of(w, q)->holders.n_holds = 0; /* the map was used, and not this device */
		return;
	case ACT_FAIL_PATH: world_member(w, 0, q)->active = false; return;
	case ACT_DELETE: device_goes(q); return;
	}
}

/* All that is handed out is done. What that was, in order. */
static const char *carry_out(void)
{
	static char done[256];
	struct text text = TEXT_INIT;

	for (uint32_t i = 0; i < w->n_deeds; i++) {
		struct action a = w->deeds[i];

		text_add(&text, i ? " " : "");
		text_add(&text, action_name(a.kind));
		comes_true(&a);
		world_end_of(w, &a, 0, STAGE_NONE);
		world_run(w, SOON_MS);
	}
	snprintf(done, sizeof done, "%s", text_str(&text));
	text_done(&text);
	return done;
}

static void set_other(enum other is)
{
	struct path *members[] = { p, NULL };

	if (is != OTHER_NONE)
		members[1] = other = world_path(w, 4, 1, one);
	world_map(w, MAP, one, members, 1 + (is != OTHER_NONE));
	switch (is) {
	case OTHER_NONE:
	case OTHER_UP: break;
	case OTHER_GHOST: world_of(w, other)->checked.tur = built_sense(2, 4, 0xb); break;
	case OTHER_DOWN: world_of(w, other)->checked.tur = built_sense(2, 4, 0xc); break;
	case OTHER_INACTIVE: world_member(w, 0, other)->active = false; break;
	}
	world_run(w, SETTLED_MS);
	if (other)
		assert_int_equal(other->state, is == OTHER_GHOST  ? PATH_GHOST
					       : is == OTHER_DOWN ? PATH_DOWN
								  : PATH_UP);
	w->n_deeds = 0;
}

static const struct {
	const char *rule, *what; /* NULL: the volume */
	enum other other;
	bool used;
	enum request_result result;
	const char *reason, *done;
} offline[] = {
	{ "O1 nobody uses it", NULL, OTHER_NONE, false, RESULT_REMOVED, "",
		"write-down remove-map take-path delete strike-out" },
	{ "O1 two paths", NULL, OTHER_UP, false, RESULT_REMOVED, "",
		"write-down remove-map take-path take-path delete delete strike-out" },
	{ "O2 somebody uses it", NULL, OTHER_UP, true, RESULT_BUSY, "in use: mount", "" },
	{ "M1 another path carries it", "host3", OTHER_UP, true, RESULT_REMOVED, "",
		"write-down take-path delete strike-out" },
	{ "M2 the last path of what is used", "host3", OTHER_NONE, true, RESULT_BUSY,
		"last path: mount", "" },
	{ "M3 the last path of what nobody uses", "host3", OTHER_NONE, false, RESULT_REMOVED, "",
		"write-down remove-map take-path delete strike-out" },
	{ "M5 the other one stands by", "host3", OTHER_GHOST, true, RESULT_REMOVED, "",
		"write-down take-path delete strike-out" },
	{ "M6 the other one is down", "host3", OTHER_DOWN, true, RESULT_BUSY, "last path: mount",
		"" },
	{ "M6 the other one failed in its map", "host3", OTHER_INACTIVE, true, RESULT_BUSY,
		"last path: mount", "" },
	{ "M6 and nobody uses it", "host3", OTHER_DOWN, false, RESULT_REMOVED, "",
		"write-down remove-map take-path delete strike-out" },
	{ "M7 by the name of the path", "3:0:0:1", OTHER_NONE, true, RESULT_BUSY,
		"last path: mount", "" },
	{ "M7 which has another", "3:0:0:1", OTHER_UP, true, RESULT_REMOVED, "",
		"write-down take-path delete strike-out" },
};

static void begin_offline(size_t i)
{
	w = world_begin("");
	built_wwid(1, one);
	other = NULL;
	p = world_path(w, 3, 1, one);
	set_other(offline[i].other);
	with_owner();
	if (offline[i].used)
		world_hold(w, p, HOLD_MOUNT, false, false);
	if (offline[i].used && other)
		world_hold(w, other, HOLD_MOUNT, false, false);
}

static void test_offline(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(offline); i++) {
		const struct request *r;
		const char *done;
		uint64_t id;

		begin_offline(i);
		id = say(offline[i].what ? offline[i].what : one, 0);
		r = row_of(id, p);
		done = carry_out();
		if (strcmp(done, offline[i].done) != 0)
			fail_msg("%s: %s", offline[i].rule, done);
		if (r->result != offline[i].result || strcmp(r->reason, offline[i].reason) != 0)
			fail_msg("%s: %s \"%s\"", offline[i].rule, request_result_name(r->result),
				r->reason);
		if (i + 1 < ARRAY_SIZE(offline))
			end(state);
	}
}

/* Of two volumes behind one host, one is used: what stays is not touched, and neither is what could
 * go. */
static void test_m4_one_of_two_volumes_is_used(void **state)
{
	struct path *q, *only[1];
	uint64_t id;

	(void)state;
	w = world_begin("");
	built_wwid(1, one);
	built_wwid(2, two);
	p = only[0] = world_path(w, 3, 1, one);
	world_map(w, MAP, one, only, 1);
	q = only[0] = world_path(w, 3, 2, two);
	world_map(w, MAP + 1, two, only, 1);
	world_run(w, SETTLED_MS);
	with_owner();
	world_hold(w, q, HOLD_MOUNT, false, false);
	id = say("host3", 0);
	require_row(id, q, RESULT_BUSY, "last path: mount");
	assert_int_equal(row_of(id, p)->result, RESULT_REFUSED);
	assert_int_equal(deeds(), 0);
	assert_int_equal(p->purge, PURGE_NO);
	assert_true(p->map >= 0);
}

static void test_o6_a_second_word_finds_nothing(void **state)
{
	struct obs_request word = { .verb = VERB_DETACH, .timeout_ms = TIMEOUT_MS };
	uint32_t n;

	(void)state;
	begin();
	word.request = say(one, 0) + 1;
	carry_out();
	n = deeds();
	world_run(w, SOON_MS);
	assert_int_equal(detach_open(w->m, &word, one), 0);
	world_run(w, SOON_MS);
	assert_int_equal(deeds(), n);
	assert_true(model_was_detached(w->m, one)); /* so it is no unknown name */
}

/* Nobody was asked, and nothing is done that is done already. */
static void test_o7_what_goes_by_itself_is_gone(void **state)
{
	path_id id;
	uint64_t word;

	(void)state;
	begin();
	id = p->id;
	word = say(one, 0);
	assert_int_equal(count(ACT_WRITE_DOWN), 1);
	map_goes();
	device_goes(p);
	device_goes(other);
	w->m->maps_lost = true;
	w->m->devices_lost = true;
	world_run(w, SOON_MS);
	assert_string_equal(carry_out(), "write-down strike-out");
	assert_null(model_path(w->m, id));
	world_require_request(w, word, RESULT_REMOVED, "");
}

#define TEST(name) cmocka_unit_test_teardown(name, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_volume_goes_map_first_then_every_path),
		TEST(test_the_owner_is_told_of_map_and_paths),
		TEST(test_one_path_leaves_a_map_that_stays),
		TEST(test_without_an_owner_it_is_failed_and_stays_in_the_table),
		TEST(test_a_host_is_all_its_paths),
		TEST(test_a_dry_run_says_what_is_done_and_does_nothing),
		TEST(test_a_refusal_names_what_forbids_it_and_nothing_is_done),
		TEST(test_a_look_that_saw_not_all_is_not_the_last),
		TEST(test_all_or_nothing),
		TEST(test_unused_partitions_are_no_use),
		TEST(test_a_neighbour_counts_when_it_answers_after_the_word),
		TEST(test_a_map_in_use_for_a_moment_goes),
		TEST(test_a_map_in_use_after_all_ends_it_by_name),
		TEST(test_a_late_refusal_is_undone),
		TEST(test_what_is_being_deleted_is_not_given_back),
		TEST(test_what_another_word_wants_is_not_given_back),
		TEST(test_what_another_word_leaves_is_given_back),
		TEST(test_a_map_that_comes_back_is_a_refusal_by_name),
		TEST(test_a_word_that_cannot_be_written_down_is_not_done),
		TEST(test_an_answer_does_not_take_the_word_back),
		TEST(test_a_client_that_leaves_takes_back_what_was_not_begun),
		TEST(test_what_was_begun_goes_on_without_its_client),
		TEST(test_a_delete_that_hangs_holds_its_host_alone),
		TEST(test_the_end_of_the_hang_brings_the_word_to_its_end),
		TEST(test_the_next_daemon_waits_for_the_hand_of_the_one_before),
		TEST(test_a_map_without_paths_goes),
		TEST(test_a_map_without_paths_that_is_used_stays),
		TEST(test_a_protected_map_without_paths_stays),
		TEST(test_the_next_daemon_goes_on),
		TEST(test_nothing_is_left_for_the_next_daemon),
		TEST(test_a_successor_is_not_the_device),
		TEST(test_names),
		TEST(test_steps),
		TEST(test_offline),
		TEST(test_m4_one_of_two_volumes_is_used),
		TEST(test_o6_a_second_word_finds_nothing),
		TEST(test_o7_what_goes_by_itself_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
