/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The loop's body: what counts as an answer, what is handed out, and clients' names. */
#include "built.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "core/core.h"

static struct {
	struct core *core;
	struct action actions[256];
	uint32_t n_actions;
	uint32_t changes[CHANGE_CLEANED + 1];
	instant now;
} t;

static void act(void *arg, const struct action *a)
{
	assert_ptr_equal(arg, &t);
	if (t.n_actions < ARRAY_SIZE(t.actions))
		t.actions[t.n_actions++] = *a;
}

static void changed(void *arg, const struct change *c)
{
	assert_ptr_equal(arg, &t);
	t.changes[c->kind]++;
}

static void feed(struct observation o)
{
	o.at = t.now;
	core_feed(t.core, &o);
}

static instant settle(uint64_t ms)
{
	instant wake;

	t.now.ms += ms;
	t.n_actions = 0;
	wake = core_settle(t.core, t.now);
	assert_true(instant_before(t.now, wake));
	return wake;
}

static const struct action *find(enum action_kind kind)
{
	for (uint32_t i = 0; i < t.n_actions; i++)
		if (t.actions[i].kind == kind)
			return &t.actions[i];
	return NULL;
}

static struct path *path_of(uint32_t host, uint32_t lun)
{
	return model_path_at(core_model(t.core), built_device(host, lun, "").device.sysfs);
}

static int begin(void **state)
{
	const struct core_port port = { .act = act, .changed = changed, .arg = &t };

	(void)state;
	memset(&t, 0, sizeof t);
	t.now.ms = BUILT_NOW_MS;
	assert_int_equal(
		core_new(&port, built_config("defaults {\n purge_disconnected yes\n}\n"), &t.core),
		0);
	feed(built_device(3, 1, "one"));
	feed(built_device(4, 1, "one"));
	return 0;
}

static int end(void **state)
{
	(void)state;
	t.core = core_free(t.core);
	return 0;
}

/* 3:0:0:1 is watched and its check is out. */
static struct observation check_out(void)
{
	struct path *p = path_of(3, 1);
	const struct action *a;

	if (p->watch != WATCH_YES)
		settle(0);
	for (uint32_t i = 0; i < t.n_actions; i++)
		if (t.actions[i].kind == ACT_WATCH)
			feed((struct observation){ .kind = OBS_WATCHED,
				.path = t.actions[i].path,
				.action = t.actions[i].id });
	p->check_due = t.now;
	path_of(4, 1)->check_due = INSTANT_FAR;
	settle(1);
	a = find(ACT_CHECK);
	assert_non_null(a);
	return (struct observation){
		.kind = OBS_CHECKED, .path = a->path, .action = a->id, .checked = built_gone()
	};
}

static void test_an_answer_counts_once(void **state)
{
	struct observation o = check_out();
	struct path *p = path_of(3, 1);

	(void)state;
	o.action += 1000;
	feed(o);
	assert_int_equal(p->gone_count, 0); /* of another question */
	o.action -= 1000;
	o.result = -EIO;
	feed(o);
	assert_int_equal(p->gone_count, 0); /* it was not asked */
	t.now.ms += 1000;		    /* and is not asked again at once */
	o = check_out();
	feed(o);
	assert_int_equal(p->gone_count, 1);
	t.now.ms += 1000;
	feed(o);
	assert_int_equal(p->gone_count, 1); /* said twice */
	assert_int_equal(t.changes[CHANGE_STATE], 1);
}

static void test_handles_of_what_is_gone_are_given_back(void **state)
{
	struct observation gone = built_device(3, 1, "one");
	path_id id = path_of(3, 1)->id;

	(void)state;
	settle(0);
	t.n_actions = 0;
	gone.device.present = false;
	feed(gone);
	assert_int_equal(t.n_actions, 1); /* at once, not with the next thought */
	assert_int_equal(t.actions[0].kind, ACT_FORGET);
	assert_true(path_id_equal(t.actions[0].path, id));
	assert_int_equal(t.changes[CHANGE_PATH_GONE], 1);
	feed(gone);
	assert_int_equal(t.n_actions, 1);
}

/* Also when a hand is stuck at it, which has its own. */
static void test_handles_are_given_back_from_every_rung(void **state)
{
	struct observation there = built_device(3, 1, "one"), gone = there;

	(void)state;
	gone.device.present = false;
	for (int rung = PURGE_NO; rung < PURGE_STAGES; rung++) {
		struct path *p = path_of(3, 1);
		path_id id = p->id;

		p->purge = (enum purge_stage)rung;
		t.n_actions = 0;
		feed(gone);
		assert_int_equal(t.n_actions, 1);
		assert_int_equal(t.actions[0].kind, ACT_FORGET);
		assert_true(path_id_equal(t.actions[0].path, id));
		feed(there);
	}
}

/* A removal that stands on its last rung is not ended by the end of an earlier deed. */
static void test_a_deed_ends_once(void **state)
{
	struct path *p = path_of(3, 1);
	struct observation o = { .kind = OBS_DONE, .path = p->id };
	struct model *m = (struct model *)(uintptr_t)core_model(t.core);

	(void)state;
	model_purge_enter(m, p, PURGE_MARKED, BECAUSE_DISCONNECTED);
	model_purge_enter(m, p, PURGE_VERIFYING, BECAUSE_DISCONNECTED);
	model_purge_enter(m, p, PURGE_DELETING, BECAUSE_VERIFIED);
	o.action = model_ask(m, &p->deed, t.now);
	feed(o);
	assert_true(p->deed_ended);
	assert_int_equal(p->purge, PURGE_DELETING);
	o.result = -EIO;
	feed(o);
	assert_int_equal(p->purge, PURGE_DELETING);
	assert_true(p->deed_ended);
}

static const struct name_row {
	const char *name;
	int r;
} name_rows[] = {
	{ "one", 2 },
	{ "3:0:0:1", 1 },
	{ "host4", 1 },
	{ "3:0:0:9", 0 },
	{ "sdzz", 0 },
	{ "dm-7", 0 },
	{ "nobody", -ENODEV },
	{ "/dev/disk/by-path/nobody", -ENODEV },
	{ "/dev/disk/by-id/dm-uuid-mpath-one", 2 },
	{ "", -EINVAL },
	{ "a b", -EINVAL },
};

static void test_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(name_rows); i++) {
		struct obs_request word = { .verb = VERB_HOLDERS };
		int r;

		word.request = core_next_request(t.core);
		assert_int_equal(word.request, i + 1);
		r = core_request(t.core, &word, name_rows[i].name);
		if (r != name_rows[i].r)
			fail_msg("%s: %d", name_rows[i].name, r);
		assert_int_equal(core_request_is_done(t.core, word.request), r <= 0);
		core_request_close(t.core, word.request);
	}
}

static void test_whatever_is_held_back(void **state)
{
	struct obs_request word = { .request = 9, .verb = VERB_PURGE, .flags = REQUEST_HELD };
	struct model *m = (struct model *)(uintptr_t)core_model(t.core);
	struct path *p = path_of(3, 1);

	(void)state;
	assert_int_equal(core_request_all(t.core, &word), 0);
	model_purge_enter(m, p, PURGE_MARKED, BECAUSE_LIMIT);
	p->held_back = true;
	assert_int_equal(core_request_all(t.core, &word), 1);
	assert_true(p->released);
	assert_int_equal(p->request, 0);
	assert_false(path_of(4, 1)->released);
	assert_int_equal(core_request_all(t.core, &word), 0); /* it was let go */
}

static void test_another_configuration(void **state)
{
	(void)state;
	assert_true(path_of(3, 1)->settings.purge_disconnected);
	core_set_config(t.core, built_config(""));
	assert_false(path_of(3, 1)->settings.purge_disconnected);
	assert_false(core_model(t.core)->defaults.purge_disconnected);
}

static void test_time_goes_on_only(void **state)
{
	(void)state;
	settle(100);
	core_feed(t.core, &(struct observation){ .kind = OBS_TIME, .at = { 5 } });
	assert_int_equal(core_model(t.core)->now.ms, t.now.ms);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

static struct text recorded;

static void record(void *arg, const char *line)
{
	assert_ptr_equal(arg, &recorded);
	if (!strncmp(line, "config ", 7)) /* as many lines as there are keywords */
		return;
	text_add(&recorded, line);
	text_add(&recorded, "\n");
}

static void test_all_that_comes_in_is_recorded(void **state)
{
	const struct core_port port = {
		.act = act, .arg = &t, .recorder = { .line = record, .arg = &recorded }
	};
	const struct observation time = { .kind = OBS_TIME, .at = { 7 } };
	const struct obs_request word = { .request = 3, .verb = VERB_PURGE };
	struct core *core;

	(void)state;
	assert_int_equal(core_new(&port, built_config(""), &core), 0);
	core_feed(core, &time);
	core_settle(core, (instant){ 8 });
	core_request(core, &word, "a b");
	core_request_all(core, &word);
	core_request_hosts(core, &word);
	core_request_close(core, 3);
	core_read_again(core);
	core_free(core);
	assert_string_equal(text_str(&recorded), "obs time at=7\n"
						 "settle at=8\n"
						 "do read-devices id=1\n"
						 "do read-maps id=2\n"
						 "do ask-owner id=3\n"
						 "ask a\\x20b request request=3 verb=purge\n"
						 "ask - request request=3 verb=purge\n"
						 "ask - request request=3 verb=purge\n"
						 "close 3\n"
						 "read-again\n");
	text_done(&recorded);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_an_answer_counts_once),
		TEST(test_handles_of_what_is_gone_are_given_back),
		TEST(test_handles_are_given_back_from_every_rung),
		TEST(test_a_deed_ends_once),
		TEST(test_names),
		TEST(test_whatever_is_held_back),
		TEST(test_another_configuration),
		TEST(test_time_goes_on_only),
		TEST(test_all_that_comes_in_is_recorded),
	};

	return cmocka_run_group_tests_name("core", tests, NULL, NULL);
}
