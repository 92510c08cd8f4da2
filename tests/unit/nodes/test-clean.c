/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The conformance cases of clean, by their numbers in docs/conformance.md, on the tree of sample.h.
 * "F": by force. Those that are about something else are listed there with the reason.
 */
#include "sample.h"

#include <errno.h>
#include <string.h>

#define CLIENTS "G1 G1a G2 G2a"
#define BELOW_S "D00 D001 D001a D00a D00r D10 D10a"
#define BELOW_U "HD HDa H Hc"

enum { F = PK_CLEAN_FORCE };

static const struct {
	const char *rule, *holds, *root, *name;
	unsigned flags;
	const char *gone, *stale, *busy, *skipped, *partial;
	int walk;
} cases[] = {
	/* the name */
	{ "A1", "", "S", "disk@0,0", 0, "D00 D00a D00r", "", "", "", "S", 0 },
	{ "A2 what goes on with a comma is another", "", "S", "disk@0", 0, "", "", "", "", "S", 0 },
	{ "A3 what goes on with an @ is another", "", "S", "disk", 0, "", "", "", "", "S", 0 },
	{ "A4 a minor alone", "", "S", "disk@0,0:a", 0, "D00a", "", "", "", "S", 0 },
	{ "A5", "", "S", "disk@0,0:a,raw", 0, "D00r", "", "", "", "S", 0 },
	{ "A6 no name begins with nothing", "", "S", "", 0, "", "", "", "", "S", 0 },
	{ "A7 without a name, all children", "", "S", "-", 0, BELOW_S, "", "", "", "S", 0 },
	{ "A8", "", "S", "disk@0,0,1", 0, "D001 D001a", "", "", "", "S", 0 },
	{ "A9 the name is for the first level", "", "P", "disk@0,0", 0, "", "", "", "", "P", 0 },
	{ "A10 and everything below it", "", "P", "scsi@1", 0, BELOW_S " S Sctl", "", "", "", "P",
		0 },
	{ "A11", "", "P", "usb@2", 0, BELOW_U " U Uc", "", "", "", "P", 0 },
	{ "A12 capitals are other letters", "", "S", "DISK@0,0", 0, "", "", "", "", "S", 0 },
	{ "A13 a slash is part of no name", "", "S", "/disk@0,0", 0, "", "", "", "", "S", 0 },
	{ "A14 a node without an address", "", "R", "scsi_vhci", 0, CLIENTS " V", "", "", "", "R",
		0 },
	{ "A15 minors stand beside the device", "", "D00", "-", 0, "", "", "", "", "D00", 0 },

	/* holds */
	{ "B1 what is open stays", "D00a", "S", "-", 0, "D00 D001 D001a D00r D10 D10a", "", "D00a",
		"", "S", -EBUSY },
	{ "B2 and by force", "D00a", "S", "-", F, "D00 D001 D001a D00r D10 D10a " CLIENTS, "",
		"D00a", "", "S V", -EBUSY },
	{ "B3 with a name the first busy one ends it", "D00a", "S", "disk@0,0", 0, "D00", "",
		"D00a", "D00r", "S", -EBUSY },
	{ "B4", "D00r", "S", "disk@0,0", 0, "D00 D00a", "", "D00r", "", "S", -EBUSY },
	{ "B5 a directory comes before its minors", "D00", "S", "disk@0,0", 0, "", "", "D00",
		"D00a D00r", "S D00", -EBUSY },
	{ "B6 a held empty directory becomes stale", "D00", "S", "disk@0,0", F,
		"D00 D00a D00r " CLIENTS, "D00", "", "", "S V", 0 },
	{ "B7 but not while something is looked up in it", "D00?", "S", "disk@0,0", F, CLIENTS, "",
		"D00", "D00a D00r", "S D00 V", -EBUSY },
	{ "B8", "D00 D00a", "S", "disk@0,0", F, "D00 " CLIENTS, "D00", "D00a", "D00r", "S V",
		-EBUSY },
	{ "B9 what holds keeps all above it", "HD", "P", "usb@2", 0, "HDa Hc", "", "HD H U", "Uc",
		"P U H HD", -EBUSY },
	{ "B10", "HD", "P", "usb@2", F, "HD HDa H Hc U Uc " CLIENTS, "HD", "", "", "P V", 0 },
	{ "B11", "HD H U", "P", "usb@2", F, "HD HDa H Hc U Uc " CLIENTS, "HD H U", "", "", "P V",
		0 },
	{ "B12 no directory with something in it is stale", "HDa H", "P", "usb@2", F,
		"HD Hc " CLIENTS, "", "HDa H U", "Uc", "P U H V", -EBUSY },
	{ "B14 the root of a clean stays", "S", "S", "-", F, BELOW_S " " CLIENTS, "", "", "", "S V",
		0 },
	{ "B15", "S", "P", "scsi@1", F, BELOW_S " S Sctl " CLIENTS, "S", "", "", "P V", 0 },
	{ "B17 what another name has is not looked at", "D10a", "S", "disk@0,0", 0, "D00 D00a D00r",
		"", "", "", "S", 0 },
	{ "B18", "D001a", "S", "disk@0,0", F, "D00 D00a D00r " CLIENTS, "", "", "", "S V", 0 },
	{ "B21 without a name it goes on", "D00 D10", "S", "-", 0, "D001 D001a D00a D00r D10a", "",
		"D00 D10", "", "S D00 D10", -EBUSY },
	{ "B22", "D00 D10", "S", "-", F, BELOW_S " " CLIENTS, "D00 D10", "", "", "S V", 0 },

	/* locks; "<" it is read, "!" it is written */
	{ "C1 a root that is read is left alone", "S<", "S", "-", F, CLIENTS, "", "", "S", "V",
		-EBUSY },
	{ "C1b one that is written is not found", "S!", "S", "-", F, "", "", "", "S", "", 0 },
	{ "C2 we do not wait for one below", "D00!", "S", "-", 0, "D001 D001a D00a D00r D10 D10a",
		"", "D00", "", "S", -EBUSY },
	{ "C4 nor for one above", "P!", "S", "-", F, "", "", "", "S", "", 0 },
	{ "C8 an unknown flag does nothing", "", "S", "-", F | 0x100, "", "", "", "S", "", 0 },

	/* virtual directories */
	{ "D1", "", "S", "disk@0,0", F, "D00 D00a D00r " CLIENTS, "", "", "", "S V", 0 },
	{ "D2 only by force", "", "S", "disk@0,0", 0, "D00 D00a D00r", "", "", "", "S", 0 },
	{ "D3 of the root they are children", "", "R", "-", F,
		BELOW_S " P S Sctl U Uc V " BELOW_U " " CLIENTS, "", "", "", "R", 0 },
	{ "D3 once", "G1a", "R", "-", F, BELOW_S " P S Sctl U Uc G1 G2 G2a " BELOW_U, "", "G1a V",
		"", "R V", -EBUSY },
	{ "D4", "", "V", "-", F, CLIENTS, "", "", "", "V", 0 },
	{ "D5 whatever came of the first walk", "D00a", "S", "disk@0,0", F, "D00 " CLIENTS, "",
		"D00a", "D00r", "S V", -EBUSY },
	{ "D6 which they do not change", "G1a", "S", "disk@0,0", F, "D00 D00a D00r G1 G2 G2a", "",
		"G1a", "", "S V", 0 },
	{ "D7 as in the original", "G2", "U", "-", F, BELOW_U " " CLIENTS, "G2", "", "", "U V", 0 },
	{ "D9 one that is busy is skipped", "V!", "S", "disk@0,0", F, "D00 D00a D00r", "", "", "V",
		"S", 0 },
};

/* "D00 D10?" held, and something looked up; "S<" and "S!" locked. */
static void set_up(struct sample *s, const char *holds)
{
	for (const char *at = holds; *at;) {
		size_t n = strcspn(at, " "), name = strcspn(at, " ?<!");
		char text[8] = "";

		memcpy(text, at, name);
		if (at[name] == '?')
			pk_node_enter(sample_node(s, text));
		else if (at[name] == '<' || at[name] == '!')
			assert_int_equal(pk_node_lock(sample_node(s, text), at[name] == '!'), 0);
		else
			pk_node_hold(sample_node(s, text));
		at += n + (at[n] == ' ');
	}
}

static void by_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sample *s = sample_begin();
		const char *rule = cases[i].rule;

		set_up(s, cases[i].holds);
		if (sample_clean(s, cases[i].root, cases[i].name, cases[i].flags) != 0)
			fail_msg("%s: C6: it does not return 0", rule);
		sample_require_gone(s, rule, cases[i].gone);
		sample_require_set(rule, "stale", s->stale, cases[i].stale);
		sample_require_set(rule, "busy", s->busy, cases[i].busy);
		sample_require_set(rule, "skipped", s->skipped, cases[i].skipped);
		sample_require_partial(s, rule, cases[i].partial);
		if (s->report.walk != cases[i].walk)
			fail_msg("%s: the walk: %d", rule, s->report.walk);
		if (s->finds)
			fail_msg("%s: something was looked up", rule);
		sample_end(s);
	}
}

/* ---- the others ------------------------------------------------------------------------------ */

static void a16_a_longer_number_is_another(void **state)
{
	struct sample *s = sample_begin();
	struct pk_node *other, *minor;

	(void)state;
	assert_int_equal(pk_node_make(sample_node(s, "S"), "disk@0,01", 0, s, &other), 0);
	assert_int_equal(
		pk_node_make(sample_node(s, "S"), "disk@0,01:a", PK_NODE_LEAF, s, &minor), 0);
	assert_ptr_equal(sample_node(s, "D001a")->next, other);
	assert_ptr_equal(minor->next, sample_node(s, "D00a"));
	sample_clean(s, "S", "disk@0,0", 0);
	sample_require_gone(s, "A16", "D00 D00a D00r");
	assert_ptr_equal(node_child(sample_node(s, "S"), "disk@0,01"), other);
	assert_ptr_equal(other->next, minor);
	sample_end(s);
}

static void b13_a_stale_one_lives_as_long_as_it_is_held(void **state)
{
	struct sample *s = sample_begin();
	struct pk_node *stale = sample_node(s, "D00");

	(void)state;
	sample_hold(s, "D00 D00");
	sample_clean(s, "S", "-", F);
	sample_require_gone(s, "B13", BELOW_S " " CLIENTS);
	assert_true(pk_node_is_stale(stale));
	sample_release(s, "D00");
	assert_string_equal(pk_node_name(stale), "disk@0,0");
	sample_end(s);
}

static void b14_what_was_cleaned_is_listed_again(void **state)
{
	struct sample *s = sample_begin();

	(void)state;
	sample_hold(s, "S");
	sample_clean(s, "S", "-", F);
	assert_null(sample_node(s, "S")->first);
	assert_int_equal(pk_node_list(sample_node(s, "S"), "~", NULL, NULL), 0);
	assert_non_null(sample_node(s, "D00"));
	assert_non_null(sample_node(s, "D10a"));
	sample_end(s);
}

/* A descriptor, a working directory, a shell: a hold says nothing of what it is. */
static void b16_holds_are_of_one_kind(void **state)
{
	struct sample *s = sample_begin();

	(void)state;
	sample_hold(s, "D00 D00 D00");
	sample_clean(s, "S", "disk@0,0", 0);
	sample_require_set("B16", "busy", s->busy, "D00");
	sample_release(s, "D00 D00");
	sample_clean(s, "S", "disk@0,0", 0);
	sample_require_set("B16", "busy", s->busy, "D00");
	sample_clean(s, "S", "disk@0,0", F);
	sample_require_set("B16", "stale", s->stale, "D00");
	sample_end(s);
}

static void b19_twice_is_once(void **state)
{
	struct sample *s = sample_begin();

	(void)state;
	sample_hold(s, "D00");
	sample_clean(s, "S", "disk@0,0", F);
	sample_clean(s, "S", "disk@0,0", F);
	sample_require_gone(s, "B19", "D00 D00a D00r " CLIENTS);
	assert_int_equal(s->report.cleaned + s->report.stale + s->report.busy, 0);
	sample_end(s);
}

static void b20_what_was_closed_goes(void **state)
{
	struct sample *s = sample_begin();

	(void)state;
	sample_hold(s, "D00a");
	sample_clean(s, "S", "-", 0);
	assert_int_equal(s->report.walk, -EBUSY);
	sample_release(s, "D00a");
	sample_clean(s, "S", "-", 0);
	assert_int_equal(s->report.walk, 0);
	sample_require_gone(s, "B20", BELOW_S);
	sample_end(s);
}

static void c3_what_is_not_cached_is_not_made(void **state)
{
	struct sample *s = sample_begin();

	(void)state;
	sample_clean(s, "P", "scsi@1", 0);
	assert_null(sample_node(s, "S"));
	sample_clean(s, "S", "disk@0,0", F);
	sample_require_gone(s, "C3", BELOW_S " S Sctl"); /* no virtual directory */
	assert_int_equal(s->finds, 0);
	sample_end(s);
}

static void c3_nor_is_what_is_stale(void **state)
{
	struct sample *s = sample_begin();

	(void)state;
	sample_hold(s, "S");
	sample_clean(s, "P", "scsi@1", F);
	s->let_go[0] = '\0';
	sample_clean(s, "S", "-", F);
	sample_require_gone(s, "C3", "");
	sample_require_set("C3", "skipped", s->skipped, "S");
	sample_end(s);
}

static void c5_no_tree_at_all(void **state)
{
	struct pk_clean_report report = { .walk = 1, .visited = 1 };

	(void)state;
	assert_int_equal(pk_clean(NULL, "disk@0,0", F, &report), 0);
	assert_int_equal(report.walk, 0);
	assert_int_equal(report.visited, 0);
	assert_int_equal(pk_clean(NULL, NULL, F, NULL), 0);
}

static void look_up_within(struct sample *s, const char *name)
{
	struct pk_node *found = NULL;

	if (strcmp(name, "D001") != 0)
		return;
	assert_int_equal(pk_node_lookup(sample_node(s, "S"), "disk@0,0", 0, &found), -ENOENT);
	assert_int_equal(pk_node_lookup(sample_node(s, "S"), "disk@1,0", 0, &found), 0);
	assert_int_equal(pk_node_list(sample_node(s, "V"), "~", NULL, NULL), 0);
	assert_int_equal(pk_node_make(sample_node(s, "S"), "new", 0, NULL, &found), -EBUSY);
}

static void c7_a_clean_finds_what_is_cached(void **state)
{
	struct sample *s = sample_begin();

	(void)state;
	s->in_let_go = look_up_within;
	sample_clean(s, "S", "-", 0);
	sample_require_gone(s, "C7", BELOW_S);
	assert_int_equal(s->finds, 0);
	sample_end(s);
}

static void clean_within(struct sample *s, const char *name)
{
	struct pk_clean_report report = { 0 };

	(void)name;
	assert_int_equal(pk_clean(s->root, NULL, F, &report), 0);
	assert_int_equal(report.skipped, 1);
	assert_int_equal(report.visited, 0);
}

static void c9_a_clean_within_a_clean_is_none(void **state)
{
	struct sample *s = sample_begin();

	(void)state;
	s->in_let_go = clean_within;
	sample_clean(s, "S", "-", F);
	sample_require_gone(s, "C9", BELOW_S " " CLIENTS);
	sample_end(s);
}

static void d7_only_clients_that_are_concerned(void **state)
{
	struct sample *s = sample_begin();

	(void)state;
	s->concerned = "";
	sample_hold(s, "G2");
	sample_clean(s, "U", "-", F);
	sample_require_gone(s, "D7 narrow", BELOW_U);
	assert_false(pk_node_is_stale(sample_node(s, "G2")));
	s->concerned = "G1 G1a";
	sample_clean(s, "U", "-", F);
	sample_require_gone(s, "D7 one", BELOW_U " G1 G1a");
	sample_require_partial(s, "D7 one", "U V");
	s->concerned = "";
	sample_clean(s, "V", "-", F); /* whoever names it means it */
	sample_require_gone(s, "D7 named", BELOW_U " " CLIENTS);
	sample_end(s);
}

static void d8_each_virtual_directory(void **state)
{
	struct sample *s = sample_begin();
	struct pk_node *another, *client;

	(void)state;
	assert_int_equal(pk_node_make(s->root, "vhci2", PK_NODE_VIRTUAL, s, &another), 0);
	assert_int_equal(pk_node_make(another, "disk+g3", PK_NODE_LEAF, NULL, &client), 0);
	assert_int_equal(pk_node_make(another, "deeper", PK_NODE_VIRTUAL, NULL, &client), -EINVAL);
	sample_clean(s, "S", "disk@0,0", F);
	assert_null(another->first);
	assert_int_equal(s->report.cleaned, 3 + 4 + 1);
	sample_end(s);
}

static void d10_one_that_is_not_cached_is_not_made(void **state)
{
	struct sample *s = sample_begin();

	(void)state;
	sample_clean(s, "R", "scsi_vhci", 0);
	sample_clean(s, "S", "disk@0,0", F);
	sample_require_gone(s, "D10", CLIENTS " V D00 D00a D00r");
	assert_null(sample_node(s, "V"));
	assert_int_equal(s->finds, 0);
	sample_end(s);
}

static void a_name_may_be_that_of_a_node_that_goes(void **state)
{
	struct sample *s = sample_begin();
	char longest[400];

	(void)state;
	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	sample_clean(s, "S", longest, 0);
	sample_require_gone(s, "too long", "");
	sample_clean(s, "S", pk_node_name(sample_node(s, "D00")), 0);
	sample_require_gone(s, "of a node", "D00 D00a D00r");
	sample_end(s);
}

static void a_leaf_has_nothing_to_clean(void **state)
{
	struct sample *s = sample_begin();

	(void)state;
	assert_int_equal(sample_clean(s, "D00a", "-", F), 0);
	sample_require_gone(s, "a leaf", "");
	sample_require_set("a leaf", "skipped", s->skipped, "D00a");
	sample_end(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_the_table),
		cmocka_unit_test(a16_a_longer_number_is_another),
		cmocka_unit_test(b13_a_stale_one_lives_as_long_as_it_is_held),
		cmocka_unit_test(b14_what_was_cleaned_is_listed_again),
		cmocka_unit_test(b16_holds_are_of_one_kind),
		cmocka_unit_test(b19_twice_is_once),
		cmocka_unit_test(b20_what_was_closed_goes),
		cmocka_unit_test(c3_what_is_not_cached_is_not_made),
		cmocka_unit_test(c3_nor_is_what_is_stale),
		cmocka_unit_test(c5_no_tree_at_all),
		cmocka_unit_test(c7_a_clean_finds_what_is_cached),
		cmocka_unit_test(c9_a_clean_within_a_clean_is_none),
		cmocka_unit_test(d7_only_clients_that_are_concerned),
		cmocka_unit_test(d8_each_virtual_directory),
		cmocka_unit_test(d10_one_that_is_not_cached_is_not_made),
		cmocka_unit_test(a_name_may_be_that_of_a_node_that_goes),
		cmocka_unit_test(a_leaf_has_nothing_to_clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
