/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A volume that grew: who is read again, and what becomes of its map. */
#include "world.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "plan/requests.h"
#include "plan/scans.h"

enum { SETTLED_MS = 15000, SOON_MS = 3000, TIMEOUT_MS = 60000, OLD = 2000, NEW = 4000 };

static struct world *w;
static struct path *p, *other;
static char one[MAX_WWID], two[MAX_WWID];
static uint64_t last_id;

static void set_size(struct path *q, uint64_t sectors)
{
	q->device.size_sectors = sectors;
}

/* Two paths on two hosts, both of volume one and of the size that the kernel knows. */
static void begin(bool mapped)
{
	struct path *both[2];

	w = world_begin("");
	built_wwid(1, one);
	built_wwid(2, two);
	p = world_path(w, 3, 1, one);
	other = world_path(w, 4, 1, one);
	world_of(w, p)->checked = world_of(w, other)->checked = built_volume(1);
	set_size(p, OLD);
	set_size(other, OLD);
	both[0] = p;
	both[1] = other;
	if (mapped) {
		world_map(w, 3, one, both, 2);
		w->maps[0].map.size_sectors = OLD;
	}
	world_run(w, SETTLED_MS);
}

static int end(void **state)
{
	(void)state;
	world_end(w);
	return 0;
}

static uint64_t ask(const struct path *q)
{
	const struct obs_request word = {
		.request = ++last_id, .verb = VERB_GROW, .timeout_ms = TIMEOUT_MS
	};

	assert_int_equal(request_open_grow(w->m, &word, q), 0);
	return last_id;
}

static uint32_t count(enum action_kind kind)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < w->n_deeds; i++)
		n += w->deeds[i].kind == kind;
	return n;
}

static const struct action *out_for(const struct path *q)
{
	for (uint32_t i = 0; i < w->n_deeds; i++)
		if (w->deeds[i].kind == ACT_REREAD && path_id_equal(w->deeds[i].path, q->id) &&
			w->deeds[i].id == q->reread.action)
			return &w->deeds[i];
	fail_msg("no hand is out for %s", q->device.dev);
	return NULL;
}

static void ends(const struct path *q, int result, enum hand_stage stage, uint64_t sectors)
{
	struct observation o = { .kind = OBS_DONE, .path = q->id, .result = result };

	o.action = out_for(q)->id;
	o.done.stage = (uint8_t)stage;
	o.done.sectors = sectors;
	world_feed(w, o);
	world_run(w, 100);
}

static void both_are_read(uint64_t sectors)
{
	world_run(w, 100);
	ends(p, 0, STAGE_NONE, sectors);
	ends(other, 0, STAGE_NONE, sectors);
}

/* ---- the way it goes ------------------------------------------------------------------------- */

static void test_paths_are_read_again_and_then_the_map_is_resized(void **state)
{
	const struct action *a;
	uint64_t id;

	(void)state;
	begin(true);
	w->owner.running = w->m->owner.running = true;
	id = ask(p);
	world_run(w, 100);
	assert_int_equal(count(ACT_REREAD), 2);
	a = out_for(other);
	assert_string_equal(a->reread.device.sysfs, other->device.sysfs);
	assert_int_equal(a->reread.device.ino, other->device.ino);
	assert_int_equal(a->reread.device.host, 4);
	assert_true(devt_equal(&a->reread.device.devt, &other->device.devt));
	assert_true(devt_equal(&a->reread.device.sg, &other->device.sg));
	assert_string_equal(a->reread.wwid, one);
	ends(p, 0, STAGE_NONE, NEW);
	assert_int_equal(count(ACT_RESIZE_MAP), 0);
	ends(other, 0, STAGE_NONE, NEW);
	assert_int_equal(count(ACT_RESIZE_MAP), 1);
	a = world_deed(w, 0);
	assert_int_equal(a->map.map.minor, 3);
	assert_int_equal(a->map.sectors, NEW);
	assert_true(a->map.owned);
	world_require_request(w, id, REQUEST_OPEN, "");
	w->maps[0].map.size_sectors = NEW;
	world_deed_ends(w, 0, STAGE_NONE);
	world_run(w, SOON_MS);
	world_require_request(w, id, RESULT_GROWN, "");
	assert_int_equal(world_request(w, id)->found, 2);
	assert_int_equal(world_request(w, id)->sectors_before, OLD);
	assert_int_equal(world_request(w, id)->sectors, NEW);
}

/* What was believed of it before the word is not enough, and what it asks is asked at once. */
static void test_who_it_is_is_asked_after_the_word(void **state)
{
	(void)state;
	begin(true);
	world_of(w, p)->mute = world_of(w, other)->mute = true;
	ask(p);
	world_run(w, SOON_MS);
	assert_int_equal(count(ACT_REREAD), 0);
	world_of(w, p)->mute = world_of(w, other)->mute = false;
	model_drop_check(w->m, p);
	model_drop_check(w->m, other);
	world_run(w, SOON_MS);
	assert_int_equal(count(ACT_REREAD), 2);
}

static void test_one_word_for_all_its_paths(void **state)
{
	uint64_t id;

	(void)state;
	begin(true);
	id = ask(p);
	last_id--;
	assert_int_equal(ask(other), id);
	assert_int_equal(w->m->n_requests, 1);
}

static void test_without_a_map(void **state)
{
	uint64_t id;

	(void)state;
	begin(false);
	id = ask(p);
	both_are_read(NEW);
	world_require_request(w, id, RESULT_GROWN, "");
	assert_int_equal(count(ACT_RESIZE_MAP), 0);
	id = ask(p);
	set_size(p, NEW);
	set_size(other, NEW);
	id = ask(p);
	both_are_read(NEW);
	world_require_request(w, id, RESULT_UNCHANGED, "");
}

static void test_a_map_that_is_long_enough(void **state)
{
	uint64_t id;

	(void)state;
	begin(true);
	id = ask(p);
	both_are_read(OLD);
	world_require_request(w, id, RESULT_UNCHANGED, "");
	assert_int_equal(count(ACT_RESIZE_MAP), 0);
}

/* An owner that sees the paths grow may be faster. */
static void test_somebody_else_resizes_it(void **state)
{
	uint64_t id;

	(void)state;
	begin(true);
	id = ask(p);
	world_run(w, 100);
	ends(p, 0, STAGE_NONE, NEW);
	w->maps[0].map.size_sectors = w->m->maps[0].kernel.size_sectors = NEW;
	ends(other, 0, STAGE_NONE, NEW);
	world_require_request(w, id, RESULT_GROWN, "");
	assert_int_equal(count(ACT_RESIZE_MAP), 0);
}

/* The kernel says less than before: the data behind its end is where? */
static void test_without_a_map_it_is_smaller(void **state)
{
	uint64_t id;

	(void)state;
	begin(false);
	id = ask(p);
	both_are_read(OLD / 2);
	world_require_request(w, id, RESULT_FAILED, "smaller than before");
}

/* By whom a map is to be resized depends on who owns it. */
static void test_not_before_it_is_known_who_owns_the_map(void **state)
{
	uint64_t id;

	(void)state;
	begin(true);
	w->unanswered[ACT_ASK_OWNER] = true;
	w->m->owner_known = false;
	id = ask(p);
	both_are_read(NEW);
	assert_int_equal(count(ACT_RESIZE_MAP), 0);
	world_require_request(w, id, REQUEST_OPEN, "");
	assert_int_equal(world_request(w, id)->waits, BECAUSE_OWNER_UNKNOWN);
	w->m->owner_known = true;
	world_run(w, SOON_MS);
	assert_int_equal(count(ACT_RESIZE_MAP), 1);
}

/* ---- one hand a host ------------------------------------------------------------------------- */

static void test_one_hand_a_host(void **state)
{
	struct path *third;
	struct host *host;

	(void)state;
	begin(false);
	third = world_path(w, 3, 2, one);
	world_of(w, third)->checked = built_volume(1);
	set_size(third, OLD);
	world_run(w, SETTLED_MS);
	ask(p);
	world_run(w, SOON_MS);
	assert_int_equal(count(ACT_REREAD), 2);
	host = model_host(w->m, 3);
	assert_true(host->deed && host->scans);
	ends(p, 0, STAGE_NONE, NEW);
	assert_int_equal(count(ACT_REREAD), 3);
	assert_int_equal(host->deed, third->reread.action);
	assert_string_equal(host->dev, third->device.dev);
}

static void test_a_removal_waits_for_it(void **state)
{
	struct path *dead;

	(void)state;
	begin(false);
	dead = world_path(w, 3, 2, two);
	world_of(w, dead)->checked = built_volume(2);
	world_run(w, SETTLED_MS);
	ask(p);
	world_run(w, 100);
	world_of(w, dead)->checked = built_gone();
	world_run(w, 25000);
	assert_int_equal(count(ACT_DELETE), 0);
	assert_int_equal(dead->purge_why, BECAUSE_HOST);
	ends(p, 0, STAGE_NONE, NEW);
	world_run(w, TIMEOUT_MS);
	assert_int_equal(count(ACT_DELETE), 1);
}

static void test_a_hand_that_does_not_come_back(void **state)
{
	uint64_t id;

	(void)state;
	begin(false);
	id = ask(p);
	world_run(w, 100);
	ends(other, 0, STAGE_NONE, NEW);
	world_run(w, SCANS_HAND_MS);
	assert_true(model_host(w->m, 3)->stuck);
	world_run(w, TIMEOUT_MS);
	world_require_request(w, id, RESULT_PENDING, "stuck: sddt");
	id = ask(p);
	world_run(w, SOON_MS);
	world_require_request(w, id, RESULT_PENDING, "stuck: sddt");
	assert_int_equal(count(ACT_REREAD), 2);
}

/* The hand of an earlier daemon has the host. */
static void test_a_lock_that_is_taken_is_waited_for(void **state)
{
	uint64_t id;

	(void)state;
	begin(false);
	id = ask(p);
	world_run(w, 100);
	ends(other, 0, STAGE_NONE, NEW);
	ends(p, -EBUSY, STAGE_LOCK, 0);
	world_require_request(w, id, REQUEST_OPEN, "");
	assert_int_equal(count(ACT_REREAD), 2);
	world_run(w, SOON_MS);
	assert_int_equal(count(ACT_REREAD), 3);
	ends(p, 0, STAGE_NONE, NEW);
	world_require_request(w, id, RESULT_GROWN, "");
}

/* ---- what is in the way ---------------------------------------------------------------------- */

static void nothing(void)
{
}

static void another(void)
{
	world_of(w, p)->checked = built_volume(2);
}

static void fenced(void)
{
	p->fence.fenced = true;
}

static void unreadable(void)
{
	world_of(w, p)->checked.identity_len = 0;
}

static void down(void)
{
	world_of(w, p)->checked.tur = built_sense(0x4, 0x44, 0);
	world_run(w, TIMEOUT_MS);
}

static void both_down(void)
{
	world_of(w, other)->checked.tur = built_sense(0x4, 0x44, 0);
	down();
}

static void unmapped(void)
{
	world_of(w, p)->holders.complete = false; /* or it would go */
	world_of(w, p)->checked = built_gone();
	world_run(w, SOON_MS);
}

static void standby(void)
{
	world_of(w, p)->checked.tur = built_sense(0x2, 0x04, 0x0b);
	world_run(w, TIMEOUT_MS);
}

static void standby_without_size(void)
{
	set_size(p, 0);
	standby();
}

/* ... and the map has no other by now. */
static void down_without_size(void)
{
	struct obs_map *map = &w->maps[0].map;

	set_size(p, 0);
	*world_member(w, 0, other) = map->members[map->n_members - 1];
	map->n_members--;
	w->m->maps_lost = true;
	down();
	assert_int_equal(other->map, -1);
}

static void shrunk(void)
{
	w->maps[0].map.size_sectors = w->m->maps[0].kernel.size_sectors = 2 * NEW;
}

/* What p is when the word comes; other is good. All that are read again have grown. */
static const struct {
	const char *rule;
	void (*make)(void);
	uint32_t rereads;
	enum request_result result;
	const char *reason;
} rows[] = {
	{ "good paths", nothing, 2, REQUEST_OPEN, "" },
	{ "a path that leads elsewhere", another, 0, RESULT_REFUSED, "identity changed: sddt" },
	{ "a fenced one", fenced, 0, RESULT_REFUSED, "fenced: sddt" },
	{ "one that does not say who it is", unreadable, 0, RESULT_REFUSED,
		"identity unknown: sddt" },
	{ "one that is down", down, 1, RESULT_FAILED, "too small: sddt" },
	{ "one that was unmapped", unmapped, 1, RESULT_FAILED, "too small: sddt" },
	{ "none is good", both_down, 0, RESULT_FAILED, "no good path" },
	{ "standby is good", standby, 2, REQUEST_OPEN, "" },
	{ "unless it says no size", standby_without_size, 1, REQUEST_OPEN, "" },
	{ "nothing is known of the only one of the map", down_without_size, 1, RESULT_FAILED,
		"size unknown: " },
	{ "a map that is longer", shrunk, 2, RESULT_REFUSED, "smaller than before: " },
};

static void test_what_is_in_the_way(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct request *r;
		uint64_t id;

		if (i)
			end(state);
		begin(true);
		rows[i].make();
		w->n_deeds = 0;
		id = ask(p);
		world_run(w, 1500);
		for (uint32_t k = 0; k < w->n_deeds; k++)
			if (w->deeds[k].kind == ACT_REREAD) {
				struct observation o = { .kind = OBS_DONE };

				o.path = w->deeds[k].path;
				o.action = w->deeds[k].id;
				o.done.sectors = NEW;
				world_feed(w, o);
			}
		world_run(w, 100);
		r = world_request(w, id);
		if (count(ACT_REREAD) != rows[i].rereads || r->result != rows[i].result ||
			strncmp(r->reason, rows[i].reason, strlen(rows[i].reason)) != 0)
			fail_msg("%s: %u are read, %s, \"%s\"", rows[i].rule, count(ACT_REREAD),
				request_result_name(r->result), r->reason);
		assert_int_equal(count(ACT_RESIZE_MAP), r->result == REQUEST_OPEN);
	}
}

/* What a hand says, and what is said of it. */
static const struct {
	const char *rule;
	int result;
	enum hand_stage stage;
	uint64_t sectors;
	enum request_result ends;
	const char *reason;
} hands[] = {
	{ "it has become another", -ESTALE, STAGE_ASK, 0, RESULT_REFUSED,
		"identity changed: sddt" },
	{ "it does not answer", -EAGAIN, STAGE_ASK, 0, RESULT_FAILED, "failed ask EAGAIN: sddt" },
	{ "it is gone", -ENOENT, STAGE_STATE, 0, RESULT_FAILED, "failed state ENOENT: sddt" },
	{ "the hand was lost", -EPIPE, STAGE_NONE, 0, RESULT_FAILED, "failed none EPIPE: sddt" },
	{ "the kernel lost its size", 0, STAGE_NONE, 0, RESULT_FAILED, "size unknown: sddt" },
	{ "its size is another", 0, STAGE_NONE, NEW + 8, RESULT_FAILED, "sizes differ: sd" },
};

static void test_what_a_hand_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hands); i++) {
		const struct request *r;
		uint64_t id;

		if (i)
			end(state);
		begin(true);
		id = ask(p);
		world_run(w, 100);
		ends(other, 0, STAGE_NONE, NEW);
		ends(p, hands[i].result, hands[i].stage, hands[i].sectors);
		r = world_request(w, id);
		if (r->result != hands[i].ends ||
			strncmp(r->reason, hands[i].reason, strlen(hands[i].reason)) != 0)
			fail_msg("%s: %s, \"%s\"", hands[i].rule, request_result_name(r->result),
				r->reason);
		assert_int_equal(count(ACT_RESIZE_MAP), 0);
	}
}

static void test_the_map_cannot_be_resized(void **state)
{
	uint64_t id;

	(void)state;
	begin(true);
	id = ask(p);
	both_are_read(NEW);
	assert_int_equal(count(ACT_RESIZE_MAP), 1);
	assert_false(world_deed(w, 0)->map.owned);
	world_deed_ends(w, -EIO, STAGE_WRITE);
	world_run(w, SOON_MS);
	assert_int_equal(world_request(w, id)->result, RESULT_FAILED);
	assert_non_null(strstr(world_request(w, id)->reason, "failed write EIO: "));
}

/* It said that it did, and the kernel does not. */
static void test_what_the_owner_says_is_not_enough(void **state)
{
	uint64_t id;

	(void)state;
	begin(true);
	id = ask(p);
	both_are_read(NEW);
	world_deed_ends(w, 0, STAGE_NONE);
	world_run(w, TIMEOUT_MS);
	assert_int_equal(world_request(w, id)->result, RESULT_PENDING);
	assert_int_equal(count(ACT_RESIZE_MAP), 1);
}

static void test_it_goes_meanwhile(void **state)
{
	uint64_t id;

	(void)state;
	begin(false);
	id = ask(p);
	world_run(w, 100);
	model_path_remove(w->m, p);
	model_path_remove(w->m, other);
	world_run(w, 100);
	world_require_request(w, id, RESULT_ABSENT, "");
}

#define TEST(f) cmocka_unit_test_teardown(f, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_paths_are_read_again_and_then_the_map_is_resized),
		TEST(test_who_it_is_is_asked_after_the_word),
		TEST(test_one_word_for_all_its_paths),
		TEST(test_without_a_map),
		TEST(test_a_map_that_is_long_enough),
		TEST(test_somebody_else_resizes_it),
		TEST(test_without_a_map_it_is_smaller),
		TEST(test_not_before_it_is_known_who_owns_the_map),
		TEST(test_one_hand_a_host),
		TEST(test_a_removal_waits_for_it),
		TEST(test_a_hand_that_does_not_come_back),
		TEST(test_a_lock_that_is_taken_is_waited_for),
		TEST(test_what_is_in_the_way),
		TEST(test_what_a_hand_says),
		TEST(test_the_map_cannot_be_resized),
		TEST(test_what_the_owner_says_is_not_enough),
		TEST(test_it_goes_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
