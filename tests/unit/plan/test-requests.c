/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What becomes of a client's word. */
#include "world.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "plan/deeds.h"
#include "plan/removal.h"
#include "plan/requests.h"

enum { SETTLED_MS = 15000, SOON_MS = 3000 };

static struct world *w;
static struct path *p, *other;
static uint64_t last_id;

static void begin(const char *text)
{
	w = world_begin(text);
	p = world_path(w, 3, 1, "one");
	other = world_path(w, 4, 1, "one");
	world_run(w, SETTLED_MS);
}

static int end(void **state)
{
	(void)state;
	world_end(w);
	return 0;
}

static uint64_t ask(enum verb verb, uint32_t flags, uint64_t timeout_ms, struct path *of)
{
	struct obs_request word = {
		.request = ++last_id, .verb = verb, .flags = flags, .timeout_ms = timeout_ms
	};

	assert_int_equal(request_open(w->m, &word, of, "name"), 0);
	return last_id;
}

static void unmap(struct path *q)
{
	world_of(w, q)->checked = built_gone();
}

static void remove_device(void)
{
	const struct action *deed = world_deed(w, 0);

	assert_non_null(deed);
	assert_int_equal(deed->kind, ACT_DELETE);
	w->of[deed->path.slot].absent = true;
	world_deed_ends(w, 0, STAGE_WRITE);
	world_run(w, 100);
}

/* ---- purge ----------------------------------------------------------------------------------- */

/* It stands for the words of the configuration, and for nothing else. */
static void test_removed(void **state)
{
	uint64_t id;

	(void)state;
	begin("purge_disconnected no\n purge_single_path no\n purge_action report\n");
	unmap(p);
	id = ask(VERB_PURGE, 0, 0, p);
	world_run(w, SOON_MS);
	world_require_request(w, id, REQUEST_OPEN, "");
	remove_device();
	world_require_request(w, id, RESULT_REMOVED, "");
	assert_string_equal(world_request(w, id)->dev, "sddt");
	assert_string_equal(world_request(w, id)->hctl, "3:0:0:1");
	assert_string_equal(world_request(w, id)->wwid, "one");
	request_close(w->m, id);
	assert_true(request_is_done(w->m, id));
}

static void test_absent(void **state)
{
	uint64_t id;

	(void)state;
	begin("");
	id = ask(VERB_PURGE, 0, 0, NULL);
	world_require_request(w, id, RESULT_ABSENT, "");
	assert_string_equal(world_request(w, id)->dev, "name");
}

static void test_answers(void **state)
{
	uint64_t id;

	(void)state;
	begin("");
	id = ask(VERB_PURGE, 0, 0, p);
	world_require_request(w, id, REQUEST_OPEN, "");
	world_run(w, 100);
	world_require_request(w, id, RESULT_REFUSED, "answers");
	assert_int_equal(p->request, 0);
	assert_false(p->released); /* nothing of P4 is left open behind it */
	assert_int_equal(w->n_deeds, 0);
}

/* An answer from before the word says nothing of now. */
static void test_only_an_answer_after_the_word(void **state)
{
	uint64_t id;

	(void)state;
	begin("purge_disconnected no\n");
	world_of(w, p)->mute = true;
	p->check_due = w->m->now;
	world_run(w, 10); /* a check is out, asked before */
	id = ask(VERB_PURGE, 0, 0, p);
	world_feed(w, (struct observation){ .kind = OBS_CHECKED,
			      .path = p->id,
			      .action = p->check.action,
			      .checked = built_good() });
	world_run(w, 1);
	world_require_request(w, id, REQUEST_OPEN, "");
	world_of(w, p)->mute = false;
	model_drop_check(w->m, p);
	p->check_due = w->m->now;
	world_run(w, 1100);
	world_require_request(w, id, RESULT_REFUSED, "answers");
}

static void test_a_look_that_saw_not_all(void **state)
{
	uint64_t id;

	(void)state;
	begin("purge_disconnected no\n");
	world_of(w, p)->holders.complete = false;
	unmap(p);
	id = ask(VERB_PURGE, 0, 0, p);
	world_run(w, SOON_MS);
	world_require_request(w, id, REQUEST_OPEN, "");
	world_require(p, PURGE_HELD, BECAUSE_HOLDERS_UNKNOWN);
	world_run(w, 6 * REMOVAL_UDEV_MS);
	world_require_request(w, id, RESULT_REFUSED, "holders unknown");
	assert_int_equal(w->n_deeds, 0);
}

static const struct hold_row {
	const char *rule;
	enum hold_kind kind;
	bool critical, protect, in_map, owner_purges;
	enum request_result result;
	const char *reason;
} hold_rows[] = {
	{ "in use", HOLD_MOUNT, false, false, false, false, RESULT_BUSY, "in use: mount" },
	{ "root", HOLD_MOUNT, true, false, false, false, RESULT_REFUSED, "protected: mount" },
	{ "protect yes", HOLD_OTHER, false, true, false, false, RESULT_REFUSED, "protected" },
	{ "last path", HOLD_OTHER, false, false, true, false, RESULT_BUSY, "last path" },
	{ "owner purges", HOLD_OTHER, false, false, true, true, RESULT_REFUSED, "owner purges" },
};

static void test_held(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hold_rows); i++) {
		const struct hold_row *row = &hold_rows[i];
		const struct request *r;
		uint64_t id;

		if (i)
			end(state);
		begin("purge_disconnected no\n");
		if (row->kind != HOLD_OTHER)
			world_hold(w, p, row->kind, row->critical, false);
		p->settings.protect = row->protect;
		if (row->in_map)
			world_map(w, 3, "one", &p, 1);
		w->m->owner.running = w->m->owner.knows_purge = w->m->owner.purges =
			row->owner_purges;
		unmap(p);
		id = ask(VERB_PURGE, 0, 0, p);
		world_run(w, SOON_MS);
		r = world_request(w, id);
		if (r->result != row->result || strcmp(r->reason, row->reason) != 0)
			fail_msg("%s: %s, \"%s\"", row->rule, request_result_name(r->result),
				r->reason);
		assert_true(r->holders_known);
		assert_int_equal(r->holders.n_holds, row->kind != HOLD_OTHER);
		world_run(w, SOON_MS); /* nobody wants it any more */
		assert_int_equal(p->purge, PURGE_NO);
		assert_int_equal(w->n_deeds, 0);
	}
}

/* Who used it before the word need not use it now. */
static void test_users_of_before_are_not_told(void **state)
{
	static const struct {
		enum request_result result;
		uint64_t seq;
		bool known;
	} rows[] = {
		{ RESULT_BUSY, 11, true },
		{ RESULT_REFUSED, 11, true },
		{ RESULT_BUSY, 10, false },
		{ RESULT_FAILED, 11, false },
	};

	(void)state;
	begin("");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct request r = { .result = rows[i].result, .seq = 10 };

		p->holders_seq = rows[i].seq;
		request_keep_holders(&r, p);
		assert_int_equal(r.holders_known, rows[i].known);
	}
}

static void test_udev_is_waited_for(void **state)
{
	uint64_t id;

	(void)state;
	begin("");
	world_hold(w, p, HOLD_OPEN, false, true);
	unmap(p);
	id = ask(VERB_PURGE, 0, 0, p);
	world_run(w, SOON_MS);
	world_require_request(w, id, REQUEST_OPEN, "");
	world_of(w, p)->holders.n_holds = 0;
	world_run(w, SOON_MS);
	remove_device();
	world_require_request(w, id, RESULT_REMOVED, "");
}

static void test_pending_at_the_timeout(void **state)
{
	uint64_t id;

	(void)state;
	begin("purge_grace 100\n");
	unmap(p);
	id = ask(VERB_PURGE, 0, 5000, p);
	world_run(w, 4990);
	world_require_request(w, id, REQUEST_OPEN, "");
	world_run(w, 20);
	world_require_request(w, id, RESULT_PENDING, "grace");
}

static void test_the_kernel_refused(void **state)
{
	uint64_t first, second;

	(void)state;
	begin("");
	unmap(p);
	first = ask(VERB_PURGE, 0, 0, p);
	world_run(w, SOON_MS);
	world_deed_ends(w, -EIO, STAGE_WRITE);
	world_run(w, 10);
	world_require_request(w, first, RESULT_FAILED, "backoff: failed write EIO");
	second = ask(VERB_PURGE, 0, 0, p); /* tries at once, and is not told of the first one's */
	world_run(w, 10);
	world_require_request(w, second, REQUEST_OPEN, "");
	assert_int_equal(w->n_deeds, 2);
	remove_device();
	world_require_request(w, second, RESULT_REMOVED, "");
}

static void test_the_map_is_in_use(void **state)
{
	uint64_t id;

	(void)state;
	begin("purge_last_path yes\n");
	world_map(w, 3, "one", &p, 1);
	unmap(p);
	id = ask(VERB_PURGE, 0, 0, p);
	for (int i = 0; i < 4; i++) { /* a look of udev's at a map is over in a moment */
		world_require_request(w, id, REQUEST_OPEN, "");
		world_run_until(w, p, PURGE_UNMAPPING, 5000);
		world_deed_ends(w, -EBUSY, STAGE_WRITE);
		world_run(w, 10);
	}
	world_require_request(w, id, RESULT_BUSY, "claimed");
}

/* A hand that was not told "gone" is no failure of the kernel: it is tried again. */
static void test_not_confirmed_is_tried_again(void **state)
{
	uint64_t id;

	(void)state;
	begin("");
	unmap(p);
	id = ask(VERB_PURGE, 0, 0, p);
	world_run_until(w, p, PURGE_DELETING, SOON_MS);
	world_deed_ends(w, -EAGAIN, STAGE_ASK); /* 05/25/00, and INQUIRY was silent */
	world_run(w, 10);
	world_require_request(w, id, REQUEST_OPEN, "");
	world_run_until(w, p, PURGE_DELETING, SOON_MS);
	remove_device();
	world_require_request(w, id, RESULT_REMOVED, "");
}

static void test_stuck(void **state)
{
	uint64_t id;

	(void)state;
	begin("");
	unmap(p);
	id = ask(VERB_PURGE, 0, 0, p);
	world_run(w, SOON_MS + DEEDS_HAND_MS);
	world_require_request(w, id, RESULT_PENDING, "stuck");
}

static void test_offline(void **state)
{
	uint64_t id;

	(void)state;
	begin("");
	world_of(w, p)->checked.state = DEVICE_OFFLINE;
	id = ask(VERB_PURGE, 0, 0, p);
	world_run(w, 100);
	world_require_request(w, id, RESULT_FAILED, "offline");
}

static void test_cannot_be_opened(void **state)
{
	uint64_t id;

	(void)state;
	begin("");
	w->results[ACT_WATCH] = -EIO;
	p->watch = WATCH_NO;
	world_run(w, SOON_MS);
	assert_int_equal(p->state, PATH_UNCHECKED);
	id = ask(VERB_PURGE, 0, 0, p);
	world_run(w, 10);
	world_require_request(w, id, RESULT_FAILED, "cannot be opened");
}

static void test_not_asked(void **state)
{
	uint64_t id;

	(void)state;
	begin("");
	p->askable = false;
	id = ask(VERB_PURGE, 0, 0, p);
	world_run(w, 10);
	world_require_request(w, id, RESULT_FAILED, "not asked");
	assert_int_equal(w->asked[ACT_FORGET], 1);
	assert_int_equal(model_nexus(w->m, p)->n_out, 0);
}

/* ---- dry runs -------------------------------------------------------------------------------- */

static void test_would_remove(void **state)
{
	uint64_t id;

	(void)state;
	begin("purge_disconnected no\n");
	world_map(w, 3, "one", (struct path *[]){ p, other }, 2);
	unmap(p);
	id = ask(VERB_PURGE, REQUEST_DRY_RUN, 0, p);
	world_run(w, SOON_MS);
	world_require_request(w, id, RESULT_WOULD_REMOVE, "would-remove");
	world_run(w, SETTLED_MS);
	assert_int_equal(w->n_deeds, 0); /* not even the map was told */
	assert_int_equal(p->purge, PURGE_NO);
	assert_int_equal(p->purge_why, BECAUSE_OFF);
}

/* After it the removal that was wanted anyway goes on at once. */
static void test_a_dry_run_does_not_stay(void **state)
{
	uint64_t id;

	(void)state;
	begin("");
	unmap(p);
	id = ask(VERB_PURGE, REQUEST_DRY_RUN, 0, p);
	world_run(w, 1000);
	world_require_request(w, id, RESULT_WOULD_REMOVE, "would-remove");
	world_run(w, 100);
	assert_int_equal(p->purge, PURGE_DELETING);
}

static void test_two_words_for_one_path(void **state)
{
	uint64_t real, dry;

	(void)state;
	begin("purge_disconnected no\n purge_grace 17\n");
	unmap(p);
	real = ask(VERB_PURGE, 0, 0, p);
	dry = ask(VERB_PURGE, REQUEST_DRY_RUN, 0, p);
	assert_int_equal(p->request, real);
	assert_false(p->dry_run); /* one that means it comes before */
	world_run(w, 1000);
	request_close(w->m, real); /* its client leaves */
	assert_int_equal(p->request, dry);
	assert_true(p->dry_run);
	world_run(w, SOON_MS);
	world_require_request(w, dry, RESULT_WOULD_REMOVE, "would-remove");
	assert_int_equal(p->request, 0);
	assert_int_equal(w->n_deeds, 0);
}

static void test_the_second_word_takes_over(void **state)
{
	uint64_t first, second;

	(void)state;
	begin("purge_disconnected no\n purge_grace 17\n");
	unmap(p);
	first = ask(VERB_PURGE, 0, 900, p);
	second = ask(VERB_PURGE, 0, 0, p);
	world_run(w, 1000);
	world_require_request(w, first, RESULT_PENDING, "grace");
	world_require_request(w, second, REQUEST_OPEN, "");
	assert_int_equal(p->request, second);
	world_run(w, SOON_MS);
	remove_device();
	world_require_request(w, second, RESULT_REMOVED, "");
}

static void test_a_client_that_leaves(void **state)
{
	uint64_t id;

	(void)state;
	begin("purge_disconnected no\n purge_grace 17\n");
	unmap(p);
	id = ask(VERB_PURGE, 0, 0, p);
	world_run(w, 1000);
	assert_int_equal(p->purge, PURGE_MARKED);
	request_close(w->m, id);
	world_run(w, SOON_MS);
	assert_int_equal(p->purge, PURGE_NO);
	assert_int_equal(w->n_deeds, 0);
}

/* ---- limits ---------------------------------------------------------------------------------- */

static void reach_the_limit(void)
{
	begin("purge_limit 1\n");
	unmap(p);
	unmap(other);
	p->check_due = other->check_due = w->m->now;
	world_run(w, SOON_MS);
	assert_int_equal(w->n_deeds, 1);
	if (other->purge == PURGE_DELETING) {
		other = p;
		p = NULL;
	}
	world_require(other, PURGE_MARKED, BECAUSE_LIMIT);
}

static void test_held_back_is_let_go(void **state)
{
	uint64_t id;

	(void)state;
	reach_the_limit();
	id = ask(VERB_PURGE, REQUEST_HELD, 0, other);
	assert_int_equal(other->request, 0); /* it only lets go; the configuration wants it */
	assert_true(other->released);
	world_run(w, SOON_MS);
	assert_int_equal(w->n_deeds, 2);
	remove_device();
	world_require_request(w, id, RESULT_REMOVED, "");
}

static void test_held_back_and_only_asked_about(void **state)
{
	uint64_t id;

	(void)state;
	reach_the_limit();
	id = ask(VERB_PURGE, REQUEST_HELD | REQUEST_DRY_RUN, 0, other);
	world_run(w, SOON_MS);
	world_require_request(w, id, RESULT_WOULD_REMOVE, "would-remove");
	assert_false(other->released);
	request_close(w->m, id);
	world_run(w, SOON_MS);
	assert_int_equal(w->n_deeds, 1);
	world_require(other, PURGE_MARKED, BECAUSE_LIMIT);
}

static void test_held_back_and_not_wanted_any_more(void **state)
{
	uint64_t id;

	(void)state;
	reach_the_limit();
	world_of(w, other)->mute = true;
	id = ask(VERB_PURGE, REQUEST_HELD, 0, other);
	model_set_config(w->m, built_config(""));
	world_run(w, 10);
	world_require_request(w, id, RESULT_REFUSED, "purge_disconnected no");
	assert_false(other->released);
}

static void test_an_operator_stands_for_the_limit(void **state)
{
	uint64_t id;

	(void)state;
	reach_the_limit();
	id = ask(VERB_PURGE, 0, 0, other);
	world_run(w, SOON_MS);
	assert_int_equal(w->n_deeds, 2);
	remove_device();
	world_require_request(w, id, RESULT_REMOVED, "");
}

/* ---- check, holders -------------------------------------------------------------------------- */

static void test_check(void **state)
{
	uint64_t id;

	(void)state;
	begin("");
	unmap(p);
	id = ask(VERB_CHECK, 0, 0, p);
	world_count_anew(w);
	world_run(w, 10);
	world_require_request(w, id, RESULT_CHECKED, "");
	assert_int_equal(world_request(w, id)->state, PATH_DOWN);
	assert_int_equal(world_request(w, id)->checker, CHECKER_DISCONNECTED);
	assert_string_equal(world_request(w, id)->sense, "05/25/00");
	assert_true(w->asked_of[p->id.slot] > 0);
}

static void test_check_of_a_silent_device(void **state)
{
	uint64_t id;

	(void)state;
	begin("checker_timeout 4\n");
	world_of(w, p)->mute = true;
	id = ask(VERB_CHECK, 0, 0, p);
	world_run(w, 3900);
	world_require_request(w, id, REQUEST_OPEN, "");
	world_run(w, 200);
	world_require_request(w, id, RESULT_CHECKED, "timeout");
	id = ask(VERB_CHECK, 0, 0, p); /* it is out still, and nothing queues behind it */
	world_run(w, 10);
	world_require_request(w, id, RESULT_CHECKED, "timeout");
	assert_int_equal(model_nexus(w->m, p)->n_out, 1);
}

static void test_check_waits_for_attentions_to_pass(void **state)
{
	uint64_t id;

	(void)state;
	begin("");
	world_of(w, p)->checked.tur = built_sense(6, 0x2a, 0x09);
	id = ask(VERB_CHECK, 0, 0, p);
	world_run(w, 50);
	world_require_request(w, id, REQUEST_OPEN, "");
	world_of(w, p)->checked = built_good();
	world_run(w, 200);
	world_require_request(w, id, RESULT_CHECKED, "");
	assert_int_equal(world_request(w, id)->state, PATH_UP);
}

static void test_check_of_a_stuck_device(void **state)
{
	uint64_t id;

	(void)state;
	begin("");
	unmap(p);
	p->check_due = w->m->now;
	world_run_until(w, p, PURGE_STUCK, SOON_MS + DEEDS_HAND_MS);
	id = ask(VERB_CHECK, 0, 0, p);
	world_run(w, 10);
	world_require_request(w, id, RESULT_CHECKED, "stuck");
}

static void test_check_of_what_is_gone(void **state)
{
	uint64_t id;

	(void)state;
	begin("");
	world_of(w, p)->mute = true;
	id = ask(VERB_CHECK, 0, 0, p);
	model_path_remove(w->m, p);
	world_run(w, 10);
	world_require_request(w, id, RESULT_ABSENT, "");
}

static void test_holders(void **state)
{
	uint64_t id;

	(void)state;
	begin("");
	world_hold(w, p, HOLD_MOUNT, false, false);
	id = ask(VERB_HOLDERS, 0, 0, p);
	world_run(w, 10);
	world_require_request(w, id, RESULT_HOLDERS_FOUND, "");
	assert_int_equal(world_request(w, id)->holders.n_holds, 1);
	assert_true(world_request(w, id)->holders.complete);
	assert_int_equal(p->holders_seq, 0); /* not what a removal asked for */
}

static void test_holders_when_the_scanner_is_lost(void **state)
{
	struct observation lost = { .kind = OBS_HELPER };
	uint64_t id;

	(void)state;
	begin("");
	w->unanswered[ACT_FIND_HOLDERS] = true;
	id = ask(VERB_HOLDERS, 0, 0, p);
	world_count_anew(w);
	lost.helper.helper = HELPER_SCANNER;
	lost.helper.event = HELPER_LOST;
	for (int i = 0; i < 100; i++) {
		world_run(w, 100);
		world_feed(w, lost);
	}
	assert_in_range(w->asked[ACT_FIND_HOLDERS], 8, 11); /* once a second */
	w->unanswered[ACT_FIND_HOLDERS] = false;
	world_run(w, 1100);
	world_require_request(w, id, RESULT_HOLDERS_FOUND, "");
}

/* ---- several --------------------------------------------------------------------------------- */

static void test_several_devices_of_one_word(void **state)
{
	struct obs_request word = { .request = 77, .verb = VERB_PURGE };

	(void)state;
	begin("purge_disconnected no\n");
	unmap(p);
	assert_int_equal(request_open(w->m, &word, p, "one"), 0);
	assert_int_equal(request_open(w->m, &word, other, "one"), 0);
	world_run(w, SOON_MS);
	assert_false(request_is_done(w->m, 77)); /* one answers, the other is on its way */
	remove_device();
	assert_true(request_is_done(w->m, 77));
	request_close(w->m, 77);
	for (uint32_t i = 0; i < w->m->n_requests; i++)
		assert_false(w->m->requests[i].used);
	assert_int_equal(other->request, 0);
}

/* A newcomer at the same address is not what was meant. */
static void test_a_generation_ends(void **state)
{
	struct observation newcomer = built_device(3, 1, "new");
	uint64_t id;

	(void)state;
	begin("");
	world_of(w, p)->mute = true;
	id = ask(VERB_PURGE, 0, 0, p);
	newcomer.device.ino++;
	world_feed(w, newcomer);
	p = model_path_at(w->m, newcomer.device.sysfs);
	world_of(w, p)->mute = false;
	world_run(w, SETTLED_MS);
	world_require_request(w, id, RESULT_REMOVED, "");
	assert_int_equal(p->request, 0);
	assert_int_equal(p->purge, PURGE_NO);
}

#define TEST(f) cmocka_unit_test_teardown(f, end)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_removed),
		TEST(test_absent),
		TEST(test_answers),
		TEST(test_only_an_answer_after_the_word),
		TEST(test_held),
		TEST(test_users_of_before_are_not_told),
		TEST(test_udev_is_waited_for),
		TEST(test_pending_at_the_timeout),
		TEST(test_the_kernel_refused),
		TEST(test_the_map_is_in_use),
		TEST(test_not_confirmed_is_tried_again),
		TEST(test_stuck),
		TEST(test_offline),
		TEST(test_cannot_be_opened),
		TEST(test_not_asked),
		TEST(test_would_remove),
		TEST(test_a_dry_run_does_not_stay),
		TEST(test_two_words_for_one_path),
		TEST(test_the_second_word_takes_over),
		TEST(test_a_client_that_leaves),
		TEST(test_held_back_is_let_go),
		TEST(test_held_back_and_only_asked_about),
		TEST(test_a_look_that_saw_not_all),
		TEST(test_held_back_and_not_wanted_any_more),
		TEST(test_held_back_and_not_wanted_any_more),
		TEST(test_an_operator_stands_for_the_limit),
		TEST(test_check),
		TEST(test_check_of_a_silent_device),
		TEST(test_check_waits_for_attentions_to_pass),
		TEST(test_check_of_a_stuck_device),
		TEST(test_check_of_what_is_gone),
		TEST(test_holders),
		TEST(test_holders_when_the_scanner_is_lost),
		TEST(test_several_devices_of_one_word),
		TEST(test_a_generation_ends),
	};

	return cmocka_run_group_tests_name("requests", tests, NULL, NULL);
}
