/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From another identity to a closed device, and out of the house. */
#include "world.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "plan/deeds.h"
#include "plan/fence.h"
#include "plan/requests.h"

enum { SETTLED_MS = 15000, SOON_MS = 5000, ROUND_MS = 100000 };

static struct world *w;
static struct path *p, *other;
static uint64_t last_id;

static struct path *add(uint32_t host, uint32_t lun, uint32_t volume)
{
	char wwid[MAX_WWID];
	struct path *q;

	built_wwid(volume, wwid);
	q = world_path(w, host, lun, wwid);
	world_of(w, q)->checked = built_volume(volume);
	return q;
}

static void begin(const char *text)
{
	w = world_begin(text);
	p = add(3, 1, 1);
	other = add(4, 1, 1);
	world_run(w, SETTLED_MS);
	world_count_anew(w);
}

/* The map's paths are p and other, but for n = 1. */
static void begin_in_map(const char *text, uint32_t n)
{
	struct path *two[2];
	char wwid[MAX_WWID];

	begin(text);
	two[0] = p;
	two[1] = other;
	built_wwid(1, wwid);
	world_map(w, 3, wwid, two, n);
	world_run(w, SETTLED_MS);
}

static int end(void **state)
{
	(void)state;
	world_end(w);
	return 0;
}

static void remap(struct path *q, uint32_t volume)
{
	world_of(w, q)->checked = built_volume(volume);
}

static void require_fence(const struct path *q, enum fence_stage stage, enum reason why)
{
	if (q->fence.stage != stage || q->fence.why != why)
		fail_msg("%s is %s because of \"%s\", not %s because of \"%s\"", q->device.dev,
			fence_stage_name(q->fence.stage), reason_name(q->fence.why),
			fence_stage_name(stage), reason_name(why));
}

static void require_deed(enum action_kind kind, const struct path *of)
{
	const struct action *a = world_deed(w, 0);

	assert_non_null(a);
	assert_int_equal(a->kind, kind);
	assert_true(path_id_equal(a->path, of->id));
}

/* Until one more deed is handed out. */
static void run_to_deed(void)
{
	uint32_t deeds = w->n_deeds;

	for (uint32_t ms = 0; w->n_deeds == deeds && ms < ROUND_MS; ms += 100)
		world_run(w, 100);
	assert_int_equal(w->n_deeds, deeds + 1);
}

/* The hand that is out comes back, and what it did is so. */
static void set_offline(struct path *q)
{
	require_deed(ACT_FENCE, q);
	world_of(w, q)->checked.state = DEVICE_OFFLINE;
	world_deed_ends(w, 0, STAGE_NONE);
}

static void fence(struct path *q)
{
	remap(q, 2);
	run_to_deed();
	set_offline(q);
	world_run(w, SOON_MS);
	require_fence(q, FENCE_FENCED, BECAUSE_IDENTITY_CHANGED);
}

static uint64_t purge(struct path *q, uint32_t flags)
{
	struct obs_request word = { .request = ++last_id, .verb = VERB_PURGE, .flags = flags };

	assert_int_equal(request_open(w->m, &word, q, "name"), 0);
	return last_id;
}

static void require_result(uint64_t id, enum request_result result, const char *reason)
{
	for (uint32_t i = 0; i < w->m->n_requests; i++) {
		const struct request *r = &w->m->requests[i];

		if (!r->used || r->id != id)
			continue;
		if (r->result != result || strcmp(r->reason, reason) != 0)
			fail_msg("%s, \"%s\"", request_result_name(r->result), r->reason);
		return;
	}
	fail_msg("no such request");
}

/* ---- the way of one -------------------------------------------------------------------------- */

static void test_one_of_two(void **state)
{
	(void)state;
	begin_in_map("", 2);
	remap(p, 2);
	run_to_deed();
	require_fence(p, FENCE_FAILING, BECAUSE_IDENTITY_CHANGED);
	require_deed(ACT_FAIL_PATH, p);
	assert_int_equal(w->n_deeds, 1);
	world_member(w, 0, p)->active = false;
	world_deed_ends(w, 0, STAGE_WRITE);
	world_run(w, SOON_MS);
	require_fence(p, FENCE_OFFLINING, BECAUSE_IDENTITY_CHANGED);
	set_offline(p);
	assert_int_equal(p->state, PATH_FENCED);
	world_count_anew(w);
	world_run(w, ROUND_MS);
	require_fence(p, FENCE_FENCED, BECAUSE_IDENTITY_CHANGED);
	assert_int_equal(w->n_deeds, 2);
	assert_true(w->looks_of[p->id.slot] > 90);
	assert_int_equal(w->asked_of[p->id.slot], w->looks_of[p->id.slot]); /* nothing is sent */
	assert_int_equal(p->purge, PURGE_NO);
	require_fence(other, FENCE_NO, BECAUSE_NOTHING);
	assert_int_equal(other->state, PATH_UP);
}

static void test_in_no_map(void **state)
{
	(void)state;
	begin("");
	fence(p);
	assert_int_equal(w->n_deeds, 1);
	assert_int_equal(w->m->counters.fenced, 1);
}

static void test_a_map_that_cannot_be_told(void **state)
{
	static const int results[] = { -EIO, -ENXIO, 1 }; /* 1: the dm hand does not come back */

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(results); i++) {
		begin_in_map("", 2);
		remap(p, 2);
		run_to_deed();
		require_deed(ACT_FAIL_PATH, p);
		if (results[i] <= 0)
			world_deed_ends(w, results[i], STAGE_WRITE);
		world_run(w, DEEDS_MAP_MS + SOON_MS);
		require_deed(ACT_FENCE, p);
		if (i + 1 < ARRAY_SIZE(results))
			end(NULL);
	}
}

static void test_a_kernel_that_refuses(void **state)
{
	uint32_t deeds;

	(void)state;
	begin("");
	remap(p, 2);
	run_to_deed();
	world_deed_ends(w, -EINVAL, STAGE_WRITE);
	require_fence(p, FENCE_CHANGED, BECAUSE_FAILED);
	deeds = w->n_deeds;
	world_run(w, FENCE_LATE_MS);
	assert_true(w->n_deeds > deeds);
	require_deed(ACT_FENCE, p);
}

static void test_it_is_undone(void **state)
{
	(void)state;
	begin("");
	fence(p);
	world_of(w, p)->checked.state = DEVICE_RUNNING;
	world_run(w, 1500);
	require_fence(p, FENCE_OFFLINING, BECAUSE_UNDONE);
	set_offline(p);
	require_fence(p, FENCE_FENCED, BECAUSE_IDENTITY_CHANGED);
	assert_int_equal(w->m->counters.fenced, 2);
}

static void test_reinstated(void **state)
{
	(void)state;
	begin_in_map("", 2);
	remap(p, 2);
	run_to_deed();
	world_member(w, 0, p)->active = false;
	world_deed_ends(w, 0, STAGE_WRITE);
	world_run(w, SOON_MS);
	set_offline(p);
	world_run(w, SOON_MS);
	world_member(w, 0, p)->active = true;
	w->m->maps_lost = true;
	run_to_deed();
	require_fence(p, FENCE_FAILING, BECAUSE_UNDONE);
	require_deed(ACT_FAIL_PATH, p);
}

/* ---- what holds it back ---------------------------------------------------------------------- */

static void test_report(void **state)
{
	(void)state;
	begin_in_map("identity_fence report\n", 2);
	remap(p, 2);
	world_run(w, ROUND_MS);
	require_fence(p, FENCE_CHANGED, BECAUSE_REPORTED);
	assert_int_equal(w->n_deeds, 0);
	assert_int_equal(p->state, PATH_UP); /* as far as it goes */
}

static void test_all_paths_of_a_map(void **state)
{
	(void)state;
	begin_in_map("", 2);
	remap(p, 2);
	remap(other, 2);
	world_run(w, ROUND_MS);
	require_fence(p, FENCE_CHANGED, BECAUSE_ALL_CHANGED);
	require_fence(other, FENCE_CHANGED, BECAUSE_ALL_CHANGED);
	assert_int_equal(w->n_deeds, 0);
	remap(other, 1);
	run_to_deed();
	require_fence(other, FENCE_NO, BECAUSE_IDENTITY_SAME);
	require_deed(ACT_FAIL_PATH, p); /* it is alone now */
}

static void test_the_only_path_of_a_map(void **state)
{
	(void)state;
	begin_in_map("", 1);
	remap(p, 2);
	world_run(w, ROUND_MS);
	require_fence(p, FENCE_CHANGED, BECAUSE_ALL_CHANGED);
	assert_int_equal(w->n_deeds, 0);
}

/* A sibling that cannot be read did not change. */
static void test_the_other_is_silent(void **state)
{
	(void)state;
	begin_in_map("", 2);
	remap(p, 2);
	world_of(w, other)->checked.tur.host_status = 0x01;
	world_of(w, other)->checked.identified = false;
	run_to_deed();
	require_deed(ACT_FAIL_PATH, p);
}

static void test_too_many_at_once(void **state)
{
	struct path *many[4];

	(void)state;
	begin("fence_limit 3\n");
	for (uint32_t i = 0; i < 4; i++)
		many[i] = add(3, 2 + i, 10 + i);
	world_run(w, SETTLED_MS);
	for (uint32_t i = 0; i < 4; i++)
		remap(many[i], 20 + i);
	world_run(w, ROUND_MS);
	assert_int_equal(w->n_deeds, 0);
	for (uint32_t i = 0; i < 4; i++)
		require_fence(many[i], FENCE_CHANGED, BECAUSE_FENCE_LIMIT);
	remap(many[0], 10); /* one of them is repaired: the others stay for people */
	world_run(w, ROUND_MS);
	require_fence(many[0], FENCE_NO, BECAUSE_IDENTITY_SAME);
	require_fence(many[1], FENCE_CHANGED, BECAUSE_FENCE_LIMIT);
	assert_int_equal(w->n_deeds, 0);
	purge(many[1], REQUEST_FENCED);
	world_run(w, SOON_MS);
	require_deed(ACT_FENCE, many[1]);
}

static void test_as_many_as_may(void **state)
{
	struct path *many[3];

	(void)state;
	begin("fence_limit 3\n");
	for (uint32_t i = 0; i < 3; i++)
		many[i] = add(3, 2 + i, 10 + i);
	world_run(w, SETTLED_MS);
	for (uint32_t i = 0; i < 3; i++)
		remap(many[i], 20 + i);
	world_run(w, ROUND_MS);
	assert_int_equal(w->n_deeds, 3);
}

/* What was read long ago is read again before it is acted on. */
static void test_away_since(void **state)
{
	(void)state;
	begin("identity_fence report\n");
	remap(p, 2);
	world_run(w, ROUND_MS);
	require_fence(p, FENCE_CHANGED, BECAUSE_REPORTED);
	world_of(w, p)->checked.tur.host_status = 0x01;
	world_of(w, p)->checked.identified = false;
	world_run(w, ROUND_MS);
	model_set_config(w->m, built_config("defaults {\n identity_fence fail\n}\n"));
	world_run(w, ROUND_MS);
	require_fence(p, FENCE_CHANGED, BECAUSE_CHECKING);
	assert_int_equal(w->n_deeds, 0);
	remap(p, 2);
	world_run(w, ROUND_MS);
	require_deed(ACT_FENCE, p);
}

static void test_a_removal_is_under_way(void **state)
{
	(void)state;
	begin("");
	world_of(w, p)->checked = built_gone();
	p->check_due = w->m->now;
	world_run_until(w, p, PURGE_DELETING, SOON_MS);
	p->fence.stage = FENCE_CHANGED;
	world_run(w, SOON_MS);
	require_deed(ACT_DELETE, p);
	assert_int_equal(w->n_deeds, 1);
}

/* ---- when it is asked ------------------------------------------------------------------------ */

static void test_an_attention_of_another_lun(void **state)
{
	struct path *neighbour;

	(void)state;
	begin("");
	neighbour = add(3, 2, 9);
	world_run(w, SETTLED_MS);
	world_run(w, ROUND_MS);
	world_count_anew(w);
	world_of(w, neighbour)->checked = built_good();
	world_of(w, neighbour)->checked.tur = built_sense(6, 0x3f, 0x0e);
	neighbour->check_due = w->m->now;
	world_run(w, 1500);
	assert_true(w->identified[p->id.slot] > 0);
}

/* Its last answer was an attention, and nobody asks through it any more. */
static void test_check_of_what_had_an_attention(void **state)
{
	struct obs_request word = { .verb = VERB_CHECK };

	(void)state;
	begin("");
	remap(p, 2);
	world_of(w, p)->checked.tur = built_sense(6, 0x2a, 0x01);
	run_to_deed();
	assert_true(p->attentions > 0);
	world_of(w, p)->checked.state = DEVICE_OFFLINE;
	set_offline(p);
	word.request = ++last_id;
	assert_int_equal(request_open(w->m, &word, p, "name"), 0);
	world_run(w, SOON_MS);
	require_result(word.request, RESULT_CHECKED, "");
}

/* The map's hand was out for long, and the configuration is another one now. */
static void test_report_while_the_map_is_told(void **state)
{
	(void)state;
	begin_in_map("", 2);
	remap(p, 2);
	run_to_deed();
	require_fence(p, FENCE_FAILING, BECAUSE_IDENTITY_CHANGED);
	model_set_config(w->m, built_config("defaults {\n identity_fence report\n}\n"));
	world_deed_ends(w, 0, STAGE_WRITE);
	world_run(w, SOON_MS);
	require_fence(p, FENCE_CHANGED, BECAUSE_REPORTED);
	assert_int_equal(w->n_deeds, 1);
}

/* ---- another daemon -------------------------------------------------------------------------- */

static void test_fenced_by_another_daemon(void **state)
{
	struct observation o = { .kind = OBS_FENCED };
	struct path *q;

	(void)state;
	begin("");
	o.fenced = (struct obs_fenced){ .ino = built_device(3, 7, "").device.ino, .found = "x" };
	TEXT_SET(o.fenced.sysfs, built_device(3, 7, "").device.sysfs);
	world_feed(w, o);
	o.fenced.ino++;
	TEXT_SET(o.fenced.sysfs, built_device(3, 8, "").device.sysfs);
	o.fenced.ino += 7; /* there was another device */
	world_feed(w, o);
	q = add(3, 7, 7);
	world_of(w, q)->checked.state = DEVICE_OFFLINE;
	assert_int_equal(q->state, PATH_FENCED);
	assert_int_equal(q->fence.stage, FENCE_FENCED);
	assert_int_equal(add(3, 8, 8)->fence.stage, FENCE_NO);
	world_run(w, SOON_MS);
	assert_int_equal(w->asked_of[q->id.slot], w->looks_of[q->id.slot]);
	world_of(w, q)->checked.state = DEVICE_RUNNING;
	world_run(w, 1500);
	require_deed(ACT_FENCE, q);
	assert_int_equal(world_deed(w, 0)->fence.ino, q->device.ino);
	assert_string_equal(world_deed(w, 0)->fence.sysfs, q->device.sysfs);
}

/* ---- out ------------------------------------------------------------------------------------- */

static void require_removal(const struct path *q)
{
	require_deed(ACT_DELETE, q);
	assert_true(world_deed(w, 0)->del.fenced);
	assert_true(world_deed(w, 0)->del.claim);
}

static void test_purge_fenced(void **state)
{
	uint64_t plain, dry;

	(void)state;
	begin("");
	fence(p);
	world_run(w, ROUND_MS);
	world_require(p, PURGE_NO, BECAUSE_FENCED); /* it stays, whatever purge_disconnected says */
	plain = purge(p, 0);
	dry = purge(p, REQUEST_FENCED | REQUEST_DRY_RUN);
	world_run(w, SOON_MS);
	require_result(plain, RESULT_REFUSED, "fenced");
	require_result(dry, RESULT_WOULD_REMOVE, "would-remove");
	assert_int_equal(w->n_deeds, 1);
	world_count_anew(w);
	purge(p, REQUEST_FENCED);
	world_run(w, SOON_MS);
	require_removal(p);
	assert_true(w->asked[ACT_FIND_HOLDERS] > 0 && w->asked[ACT_READ_MAPS] > 0);
}

static void test_purge_fenced_in_use(void **state)
{
	uint64_t id;

	(void)state;
	begin("");
	fence(p);
	world_hold(w, p, HOLD_MOUNT, false, false);
	id = purge(p, REQUEST_FENCED);
	world_run(w, SOON_MS);
	require_result(id, RESULT_BUSY, "in use: mount");
	assert_int_equal(w->n_deeds, 1);
}

static void test_purge_fenced_of_what_is_not(void **state)
{
	uint64_t id;

	(void)state;
	begin("");
	id = purge(p, REQUEST_FENCED);
	world_run(w, SOON_MS);
	require_result(id, RESULT_REFUSED, "not fenced");
	assert_int_equal(w->n_deeds, 0);
}

/* Somebody set it offline before that: nobody can read it again, and the word has an end. */
static void test_purge_fenced_of_what_is_offline(void **state)
{
	uint64_t id;

	(void)state;
	begin_in_map("identity_fence report\n", 2);
	remap(p, 2);
	world_run(w, ROUND_MS);
	require_fence(p, FENCE_CHANGED, BECAUSE_REPORTED);
	world_of(w, p)->checked.state = DEVICE_OFFLINE;
	world_run(w, SETTLED_MS);
	id = purge(p, REQUEST_FENCED);
	world_run(w, SETTLED_MS);
	require_result(id, RESULT_FAILED, "offline");
	assert_int_equal(w->n_deeds, 0);
}

static void test_set_running_under_a_removal(void **state)
{
	(void)state;
	begin("");
	fence(p);
	purge(p, REQUEST_FENCED);
	w->unanswered[ACT_FIND_HOLDERS] = true;
	world_run(w, SOON_MS);
	assert_int_equal(p->purge, PURGE_VERIFYING);
	world_of(w, p)->checked.state = DEVICE_RUNNING;
	world_run(w, 1500);
	require_deed(ACT_FENCE, p); /* first things first */
}

static void test_remove(void **state)
{
	(void)state;
	begin("identity_fence remove\n purge_disconnected no\n purge_single_path no\n");
	remap(p, 2);
	run_to_deed();
	set_offline(p);
	world_run(w, SOON_MS);
	require_removal(p);
}

static void test_removed_limits_hold(void **state)
{
	(void)state;
	begin("identity_fence remove\n purge_limit 1\n");
	remap(p, 2);
	run_to_deed();
	set_offline(p);
	lun_add_death(w->m, other);
	world_run(w, SOON_MS);
	world_require(p, PURGE_MARKED, BECAUSE_LIMIT);
}

#define TEST(name) cmocka_unit_test_teardown(name, end)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_one_of_two),
		TEST(test_in_no_map),
		TEST(test_a_map_that_cannot_be_told),
		TEST(test_a_kernel_that_refuses),
		TEST(test_it_is_undone),
		TEST(test_reinstated),
		TEST(test_report),
		TEST(test_all_paths_of_a_map),
		TEST(test_the_only_path_of_a_map),
		TEST(test_the_other_is_silent),
		TEST(test_too_many_at_once),
		TEST(test_as_many_as_may),
		TEST(test_away_since),
		TEST(test_a_removal_is_under_way),
		TEST(test_an_attention_of_another_lun),
		TEST(test_check_of_what_had_an_attention),
		TEST(test_report_while_the_map_is_told),
		TEST(test_fenced_by_another_daemon),
		TEST(test_purge_fenced),
		TEST(test_purge_fenced_in_use),
		TEST(test_purge_fenced_of_what_is_not),
		TEST(test_purge_fenced_of_what_is_offline),
		TEST(test_set_running_under_a_removal),
		TEST(test_remove),
		TEST(test_removed_limits_hold),
	};

	return cmocka_run_group_tests_name("fence", tests, NULL, NULL);
}
