/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When a client that waits for a device is told that it is there. */
#include "world.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "plan/requests.h"
#include "plan/waits.h"

enum { SETTLED_MS = 15000, SOON_MS = 3000, TIMEOUT_MS = 60000, MANY_MS = 600000 };

static struct world *w;
static struct path *p, *other;
static char one[MAX_WWID], two[MAX_WWID];
static uint64_t last_id;

static void begin(void)
{
	w = world_begin("");
	built_wwid(1, one);
	built_wwid(2, two);
	p = world_path(w, 3, 1, one);
	other = world_path(w, 4, 1, one);
	world_of(w, p)->checked = world_of(w, other)->checked = built_volume(1);
}

static int end(void **state)
{
	(void)state;
	world_end(w);
	return 0;
}

static uint64_t ask(const char *name, uint32_t paths)
{
	struct obs_request word = { .verb = VERB_WAIT, .timeout_ms = TIMEOUT_MS, .paths = paths };

	word.request = ++last_id;
	assert_int_equal(request_open_wait(w->m, &word, name), 0);
	return last_id;
}

static void require(uint64_t id, enum request_result result, uint32_t found, const char *reason)
{
	const struct request *r = world_request(w, id);

	if (r->result != result || r->found != found || strcmp(r->reason, reason) != 0)
		fail_msg("%s, %u paths, \"%s\"", request_result_name(r->result), r->found,
			r->reason);
	assert_int_equal(request_is_done(w->m, id), result != REQUEST_OPEN);
}

static void nothing(void)
{
}

static void gone(void)
{
	world_of(w, p)->checked = built_gone();
}

static void refuses(void)
{
	world_of(w, p)->checked.tur = built_sense(0x4, 0x44, 0);
}

static void standby(void)
{
	world_of(w, p)->checked.tur = built_sense(0x2, 0x04, 0x0b);
}

static void silent(void)
{
	world_of(w, p)->mute = true;
}

static void offline(void)
{
	world_of(w, p)->checked.state = DEVICE_OFFLINE;
}

static void unopened(void)
{
	w->results[ACT_WATCH] = -5;
	p->watch = WATCH_NO;
}

/* The array has given its number to another volume, and says nothing of that. */
static void another(void)
{
	world_of(w, p)->checked = built_volume(2);
}

/* It answers, and what it answers who it is says nothing that could be compared. */
static void unreadable(void)
{
	world_of(w, p)->checked.identity_len = 0;
}

static void mapped(void)
{
	struct path *both[] = { p, other };

	world_map(w, 3, one, both, 2);
}

/* What one path is when the word comes, and stays. */
static const struct {
	const char *rule;
	void (*make)(void);
	const char *name; /* "": the WWID */
	uint32_t wanted;
	enum request_result result;
	uint32_t found;
	const char *reason;
} rows[] = {
	{ "a path", nothing, "3:0:0:1", 1, RESULT_REACHED, 1, "" },
	{ "both of a volume", nothing, "", 2, RESULT_REACHED, 2, "" },
	{ "more than are wanted", nothing, "", 1, RESULT_REACHED, 2, "" },
	{ "too few", nothing, "", 3, RESULT_PENDING, 2, "too few paths" },
	{ "a number", nothing, "8:2001", 1, RESULT_PENDING, 0, "absent" },
	{ "a host", nothing, "host3", 1, RESULT_REACHED, 1, "" },
	{ "a map", mapped, "dm-3", 2, RESULT_REACHED, 2, "" },
	{ "nothing is called so", nothing, "nonsense", 1, RESULT_PENDING, 0, "absent" },
	{ "an address where nothing is", nothing, "3:0:0:9", 1, RESULT_PENDING, 0, "absent" },
	{ "ghost is good", standby, "", 2, RESULT_REACHED, 2, "" },
	{ "down is not", refuses, "", 2, RESULT_PENDING, 1, "other sense: sddt" },
	{ "unmapped is not", gone, "", 2, RESULT_PENDING, 1, "disconnected: sddt" },
	{ "silence is not", silent, "", 2, RESULT_PENDING, 1, "timeout: sddt" },
	{ "offline is not", offline, "", 2, RESULT_PENDING, 1, "offline: sddt" },
	{ "who cannot be asked is not", unopened, "", 2, RESULT_PENDING, 1,
		"cannot be opened: sddt" },
	{ "another volume is not", another, "", 2, RESULT_PENDING, 1, "identity changed: sddt" },
	{ "what cannot be read is no other", unreadable, "", 2, RESULT_REACHED, 2, "" },
};

static void test_what_is_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct request *r;
		uint64_t id;

		if (i)
			end(state);
		begin();
		world_run(w, SETTLED_MS);
		rows[i].make();
		id = ask(*rows[i].name ? rows[i].name : one, rows[i].wanted);
		world_run(w, TIMEOUT_MS + SOON_MS);
		r = world_request(w, id);
		if (r->result != rows[i].result || r->found != rows[i].found ||
			strcmp(r->reason, rows[i].reason) != 0)
			fail_msg("%s: %s, %u paths, \"%s\"", rows[i].rule,
				request_result_name(r->result), r->found, r->reason);
	}
}

/* What was believed before the word is not enough, and what it asks for is asked at once. */
static void test_only_what_was_read_after_the_word(void **state)
{
	uint64_t id;

	(void)state;
	begin();
	world_run(w, SETTLED_MS);
	assert_int_equal(p->state, PATH_UP);
	world_of(w, p)->mute = world_of(w, other)->mute = true;
	id = ask(one, 1);
	world_run(w, 100);
	require(id, REQUEST_OPEN, 0, "");
	assert_int_equal(world_request(w, id)->waits, BECAUSE_CHECKING);
	request_close(w->m, id);
	world_of(w, p)->mute = world_of(w, other)->mute = false;
	model_drop_check(w->m, p);
	model_drop_check(w->m, other);
	world_run(w, SETTLED_MS);
	world_count_anew(w);
	id = ask(one, 2);
	world_run(w, 100);
	require(id, RESULT_REACHED, 2, "");
	assert_int_equal(w->identified[p->id.slot], 1);
	assert_string_equal(world_request(w, id)->wwid, one);
	assert_string_equal(world_request(w, id)->map, "");
}

/* The volume whose number it has now is not the one that is waited for. */
static void test_a_remapped_path_is_found_out(void **state)
{
	uint64_t id;

	(void)state;
	begin();
	world_run(w, SETTLED_MS);
	another();
	id = ask(one, 2);
	world_run(w, SOON_MS);
	require(id, REQUEST_OPEN, 1, "");
	assert_int_not_equal(p->fence.stage, FENCE_NO);
}

static void appear(uint32_t host)
{
	struct path *q = world_path(w, host, 2, two);

	world_of(w, q)->checked = built_volume(2);
}

static void test_it_appears(void **state)
{
	uint64_t id, by_wwn, by_map;
	char name[MAX_SYSFS];

	(void)state;
	begin();
	world_run(w, SETTLED_MS);
	id = ask(two, 2);
	snprintf(name, sizeof name, "/dev/disk/by-id/wwn-0x%s", two + 1);
	by_wwn = ask(name, 2);
	snprintf(name, sizeof name, "/dev/disk/by-id/dm-uuid-mpath-%s", two);
	by_map = ask(name, 2);
	world_run(w, SOON_MS);
	require(id, REQUEST_OPEN, 0, "");
	appear(3);
	world_run(w, SOON_MS);
	require(id, REQUEST_OPEN, 1, "");
	appear(4);
	world_run(w, SOON_MS);
	require(id, RESULT_REACHED, 2, "");
	require(by_wwn, RESULT_REACHED, 2, "");
	require(by_map, RESULT_REACHED, 2, "");
	assert_string_equal(world_request(w, id)->wwid, two);
	assert_string_equal(world_request(w, by_wwn)->wwid, two);
}

static void test_it_comes_up(void **state)
{
	uint64_t id;

	(void)state;
	begin();
	world_run(w, SETTLED_MS);
	refuses();
	id = ask(one, 2);
	world_run(w, SOON_MS);
	require(id, REQUEST_OPEN, 1, "");
	world_of(w, p)->checked = built_volume(1);
	world_run(w, 30000);
	require(id, RESULT_REACHED, 2, "");
}

/* Nothing is asked more often for it. */
static void test_waiting_costs_nothing(void **state)
{
	uint32_t checks;
	uint64_t id;

	(void)state;
	begin();
	world_run(w, MANY_MS); /* the pace of checks is a steady one by now */
	world_count_anew(w);
	world_run(w, TIMEOUT_MS - 1000);
	checks = w->asked[ACT_CHECK];
	id = ask("nonsense", 1);
	world_count_anew(w);
	world_run(w, TIMEOUT_MS - 1000);
	require(id, REQUEST_OPEN, 0, "");
	assert_in_range(w->asked[ACT_CHECK], 0, checks + 2);
}

/* It is counted when the time is over, however lately it was counted before. */
static void test_the_last_moment_counts(void **state)
{
	struct obs_request word = { .verb = VERB_WAIT, .paths = 1, .timeout_ms = SOON_MS };
	uint64_t id;

	(void)state;
	begin();
	world_run(w, SETTLED_MS);
	word.request = id = ++last_id;
	assert_int_equal(request_open_wait(w->m, &word, "8:2001"), 0);
	world_run(w, SOON_MS - 20);
	require(id, REQUEST_OPEN, 0, "");
	for (uint32_t i = 0; i < w->m->n_requests; i++) {
		w->m->requests[i].count_again = INSTANT_FAR;
		TEXT_SET(w->m->requests[i].name, one);
		w->m->requests[i].seq = 0;
	}
	world_run(w, 40);
	require(id, RESULT_REACHED, 2, "");
}

/* Cut off it would be another one. */
static void test_a_name_that_is_too_long(void **state)
{
	struct obs_request word = { .request = 1, .verb = VERB_WAIT, .paths = 1 };
	char name[MAX_SYSFS + 1];

	(void)state;
	begin();
	memset(name, 'a', MAX_SYSFS);
	name[MAX_SYSFS] = '\0';
	assert_int_equal(request_open_wait(w->m, &word, name), -EINVAL);
	assert_int_equal(w->m->n_requests, 0);
	name[MAX_SYSFS - 1] = '\0';
	assert_int_equal(request_open_wait(w->m, &word, name), 0);
	assert_string_equal(w->m->requests[0].name, name);
}

static void test_a_client_that_leaves(void **state)
{
	uint64_t id;

	(void)state;
	begin();
	world_run(w, SETTLED_MS);
	id = ask("nonsense", 1);
	world_run(w, 100);
	request_close(w->m, id);
	assert_true(request_is_done(w->m, id));
	world_run(w, MANY_MS);
}

/* It is what its map is of, and not what sysfs still calls it. */
static void test_a_name_of_before_is_nobodys(void **state)
{
	char name[MAX_SYSFS];
	uint64_t id;

	(void)state;
	begin();
	world_of(w, p)->checked = built_volume(2);
	world_map(w, 3, two, &p, 1);
	world_run(w, SETTLED_MS);
	assert_int_equal(p->identity.word, IDENTITY_SAME);
	id = ask(one, 2);
	world_run(w, TIMEOUT_MS + SOON_MS);
	require(id, RESULT_PENDING, 1, "identity changed: sddt");
	snprintf(name, sizeof name, "/dev/disk/by-id/wwn-0x%s", one + 1);
	id = ask(name, 2);
	world_run(w, TIMEOUT_MS + SOON_MS);
	require(id, RESULT_PENDING, 1, "identity changed: sddt");
	id = ask(two, 1);
	world_run(w, SOON_MS);
	require(id, RESULT_REACHED, 1, "");
}

/* Of paths that differ it is not said which they are. */
static void test_what_they_have_in_common(void **state)
{
	uint64_t id;

	(void)state;
	begin();
	appear(3);
	world_map(w, 3, one, &p, 1);
	world_run(w, SETTLED_MS);
	id = ask("host3", 2);
	world_run(w, SOON_MS);
	require(id, RESULT_REACHED, 2, "");
	assert_string_equal(world_request(w, id)->wwid, "");
	assert_string_equal(world_request(w, id)->map, "");
	id = ask("dm-3", 1);
	world_run(w, SOON_MS);
	require(id, RESULT_REACHED, 1, "");
	assert_string_equal(world_request(w, id)->wwid, one);
	assert_string_equal(world_request(w, id)->map, w->maps[0].map.name);
}

#define TEST(f) cmocka_unit_test_teardown(f, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_is_good),
		TEST(test_only_what_was_read_after_the_word),
		TEST(test_a_remapped_path_is_found_out),
		TEST(test_it_appears),
		TEST(test_it_comes_up),
		TEST(test_waiting_costs_nothing),
		TEST(test_the_last_moment_counts),
		TEST(test_a_name_that_is_too_long),
		TEST(test_a_client_that_leaves),
		TEST(test_a_name_of_before_is_nobodys),
		TEST(test_what_they_have_in_common),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
