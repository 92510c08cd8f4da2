/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which maps the owner purges, one row for each way to say it. p and q are map "one"; r is map
 * "two", of another array. */
#include "built.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "model/owner.h"

static struct model *m;
static struct path *p, *q, *r, *single;

static int begin(void **state)
{
	(void)state;
	m = built_model("");
	p = built_path(m, 3, 1, "one");
	q = built_path(m, 4, 1, "one");
	r = built_path(m, 3, 2, "two");
	single = built_path(m, 3, 3, "three");
	built_map(m, 3, "one", (struct path *[]){ p, q }, 2);
	built_map(m, 4, "two", &r, 1);
	TEXT_SET(r->device.vendor, "OTHER");
	return 0;
}

static int end(void **state)
{
	(void)state;
	m = model_free(m);
	return 0;
}

static void say(bool purges, const char *rules)
{
	struct obs_owner word = { .running = true, .knows_purge = true, .purges = purges };

	TEXT_SET(word.rules, rules);
	owner_set(m, &word);
}

#define D(value)       "defaults {\npurge_disconnected " value "\n}\n"
#define O(value)       "overrides {\npurge_disconnected " value "\n}\n"
#define W(wwid, value) "multipath {\nwwid \"" wwid "\"\npurge_disconnected " value "\n}\n"
#define M(entries)     "multipaths {\n" entries "}\n"
#define V(vendor, value)                                                                           \
	"device {\nvendor \"" vendor "\"\nproduct \".*\"\npurge_disconnected " value "\n}\n"
#define DEVICES(entries) "devices {\n" entries "}\n"

static const struct {
	const char *rule, *rules;
	bool one, two;
} rows[] = {
	{ "somewhere, it is not known where", "", true, true },
	{ "everywhere", D("yes"), true, true },
	{ "in quotes", D("\"yes\""), true, true },
	{ "an array", D("no") DEVICES(V("VENDOR", "yes")), true, false },
	{ "all arrays but one", D("yes") DEVICES(V("^OTHER$", "no")), true, false },
	{ "the later entry that fits", DEVICES(V(".*", "yes") V("OTHER", "no")), true, false },
	{ "... whatever stands before it", DEVICES(V("OTHER", "no") V(".*", "yes")), true, true },
	{ "overrides beat devices", O("no") DEVICES(V("VENDOR", "yes")), false, false },
	{ "... and defaults", D("no") O("yes"), true, true },
	{ "a map beats overrides", O("yes") M(W("two", "no")), true, false },
	{ "one map", D("no") M(W("one", "yes")), true, false },
	{ "... of the others not a word", M(W("two", "yes")), false, true },
	{ "a map is named by its whole name", M(W("on", "yes") W("two2", "yes")), false, false },
	{ "an alias names no map",
		M("multipath {\nwwid \"x\"\nalias \"one\"\npurge_disconnected yes\n}\n"), false,
		false },

	{ "a value that is none", D("maybe") M(W("two", "no")), true, true },
	{ "a pattern that cannot be read", D("no") DEVICES(V("(", "yes")), true, true },
	{ "an entry for nobody", D("no") DEVICES("device {\npurge_disconnected yes\n}\n"), true,
		true },
	{ "garbage", "\x01}{ \"\n", true, true },
	{ "cut", D("no") "multipaths {\nmultipath {\nwwid \"one\"\n", true, true },
};

static void test_each_map(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		say(true, rows[i].rules);
		assert_true(owner_purges_anything(m));
		assert_false(owner_purges(m, single)); /* whatever it says: it is in no map */
		assert_int_equal(owner_purges(m, p), owner_purges(m, q));
		if (owner_purges(m, p) != rows[i].one || owner_purges(m, r) != rows[i].two)
			fail_msg("%s: one %d, two %d", rows[i].rule, owner_purges(m, p),
				owner_purges(m, r));
	}
}

/* It takes its word for a map by one of the map's paths. */
static void test_any_path_of_the_map(void **state)
{
	(void)state;
	say(true, DEVICES(V("OTHER", "yes")));
	assert_false(owner_purges(m, p));
	TEXT_SET(q->device.vendor, "OTHER");
	assert_true(owner_purges(m, p) && owner_purges(m, q));
	say(true, DEVICES(V("OTHER", "yes")) M(W("one", "no")));
	assert_false(owner_purges(m, p));
}

static void test_what_cannot_be_told(void **state)
{
	(void)state;
	TEXT_SET(r->device.vendor, "");
	say(true, D("no") DEVICES(V("VENDOR", "yes")));
	assert_true(owner_purges(m, r)); /* which entries fit it? */
	say(true, O("no") DEVICES(V("VENDOR", "yes")));
	assert_false(owner_purges(m, r)); /* none that counts */
	say(true, D("no") M(W("one", "yes")));
	TEXT_SET(m->maps[r->map].kernel.uuid, "LVM-two");
	TEXT_SET(r->device.vendor, "OTHER");
	assert_true(owner_purges(m, r)); /* which map is it? */
}

static void test_who_does_not_purge(void **state)
{
	(void)state;
	assert_false(owner_purges(m, p)); /* nobody has spoken */
	say(false, "");
	assert_false(owner_purges_anything(m) || owner_purges(m, p));
	say(true, D("yes"));
	m->owner.knows_purge = false;
	assert_false(owner_purges_anything(m) || owner_purges(m, p));
	say(true, D("yes"));
	m->owner.running = false;
	assert_false(owner_purges_anything(m) || owner_purges(m, p));
}

static void test_its_last_word_counts(void **state)
{
	(void)state;
	say(true, M(W("one", "yes")));
	say(true, M(W("two", "yes")));
	assert_false(owner_purges(m, p));
	assert_true(owner_purges(m, r));
	say(true, "");
	assert_true(owner_purges(m, p));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_each_map),
		TEST(test_any_path_of_the_map),
		TEST(test_what_cannot_be_told),
		TEST(test_who_does_not_purge),
		TEST(test_its_last_word_counts),
	};

	return cmocka_run_group_tests_name("owner", tests, NULL, NULL);
}
