/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is found again after a clean (E), and what a stale node answers (F), by the numbers of
 * docs/conformance.md, on the tree of sample.h. */
#include "sample.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct listing {
	struct sample *sample;
	char names[SAMPLE_TEXT];
	uint32_t most; /* after so many it ends; 0: never */
	uint32_t n;
	char last[32];
};

static int add_name(void *arg, struct pk_node *node)
{
	struct listing *l = arg;
	size_t n = strlen(l->names);

	snprintf(l->names + n, sizeof l->names - n, "%s%s", n ? " " : "",
		sample_name_of(l->sample, node));
	snprintf(l->last, sizeof l->last, "%s", pk_node_name(node));
	return ++l->n == l->most;
}

static void require_list(struct sample *s, const char *directory, const char *wanted)
{
	struct listing l = { .sample = s };

	assert_int_equal(pk_node_list(sample_node(s, directory), NULL, add_name, &l), 0);
	assert_string_equal(l.names, wanted);
}

static int look_up(struct sample *s, const char *directory, const char *name)
{
	struct pk_node *found;

	return pk_node_lookup(sample_node(s, directory), name, 0, &found);
}

#define ALL_OF_S "D00 D001 D001a D00a D00r D10 D10a"

static void e1_a_list_finds_all_again(void **state)
{
	struct sample *s = sample_begin();
	struct pk_node *kept = sample_node(s, "D001");

	(void)state;
	sample_clean(s, "S", "disk@0,0", 0);
	require_list(s, "S", ALL_OF_S);
	assert_ptr_equal(sample_node(s, "D001"), kept);
	sample_require_partial(s, "E1", "D00"); /* its own children were never listed */
	sample_end(s);
}

static void e2_a_lookup_finds_that_one(void **state)
{
	struct sample *s = sample_begin();

	(void)state;
	sample_clean(s, "S", "disk@0,0", 0);
	assert_int_equal(look_up(s, "S", "disk@0,0:a"), 0);
	assert_null(sample_node(s, "D00"));
	assert_null(sample_node(s, "D00r"));
	sample_require_partial(s, "E2", "S");
	sample_end(s);
}

static void e3_what_comes_later(void **state)
{
	struct sample *s = sample_begin();

	(void)state;
	s->hidden_from_find = "D10 D10a";
	sample_clean(s, "S", "-", 0);
	require_list(s, "S", "D00 D001 D001a D00a D00r");
	s->hidden_from_find = NULL;
	require_list(s, "S", "D00 D001 D001a D00a D00r"); /* nobody told of it */
	assert_int_equal(look_up(s, "S", "disk@1,0"), 0);
	require_list(s, "S", ALL_OF_S);
	sample_end(s);
}

static void e3_a_clean_makes_it_listed(void **state)
{
	struct sample *s = sample_begin();

	(void)state;
	s->hidden_from_find = "D10a";
	sample_clean(s, "S", "-", 0);
	require_list(s, "S", "D00 D001 D001a D00a D00r D10");
	s->hidden_from_find = NULL;
	sample_hold(s, "D00 D001 D001a D00a D00r D10");
	sample_clean(s, "S", "-", 0); /* nothing goes, and all is looked at again */
	require_list(s, "S", ALL_OF_S);
	sample_end(s);
}

static void e4_a_device_that_was_taken_away(void **state)
{
	struct sample *s = sample_begin();

	(void)state;
	sample_hold(s, "D00a");
	pk_node_hide(sample_node(s, "D00a"));
	require_list(s, "S", "D00 D001 D001a D00r D10 D10a");
	assert_int_equal(look_up(s, "S", "disk@0,0:a"), -ENOENT);
	assert_non_null(pk_node_device(sample_node(s, "D00a")));
	sample_end(s);
}

static void e5_internal_ones(void **state)
{
	struct sample *s = sample_begin();
	struct pk_node *made, *found;

	(void)state;
	assert_int_equal(
		pk_node_make(sample_node(s, "S"), "inside", PK_NODE_INTERNAL, s, &made), 0);
	require_list(s, "S", ALL_OF_S);
	assert_int_equal(look_up(s, "S", "inside"), -ENOENT);
	assert_int_equal(
		pk_node_lookup(sample_node(s, "S"), "inside", PK_LOOKUP_INTERNAL, &found), 0);
	assert_ptr_equal(found, made);
	sample_end(s);
}

static void e6_names_that_never_are(void **state)
{
	static const char *const names[] = { "@0,0", ":a", "", "a/b" };
	struct sample *s = sample_begin();
	struct pk_node *made;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_int_equal(look_up(s, "S", names[i]), -ENOENT);
		assert_int_equal(
			pk_node_make(sample_node(s, "S"), names[i], 0, NULL, &made), -EINVAL);
	}
	assert_int_equal(s->finds, 0);
	assert_int_equal(look_up(s, "D00a", "x"), -ENOTDIR);
	sample_end(s);
}

static void e7_a_client_is_below_its_virtual_directory(void **state)
{
	struct sample *s = sample_begin();

	(void)state;
	assert_int_equal(look_up(s, "S", "disk@g1"), -ENOENT);
	assert_int_equal(look_up(s, "V", "disk@g1"), 0);
	sample_end(s);
}

static void clean_while_looked_up(struct sample *s)
{
	s->in_find = NULL;
	assert_int_equal(sample_node(s, "S")->looking, 1);
	sample_clean(s, "P", "scsi@1", PK_CLEAN_FORCE);
	sample_require_set("a look-up keeps its directory", "busy", s->busy, "S");
}

static void e8_what_cannot_be_found(void **state)
{
	struct sample *s = sample_begin();

	(void)state;
	s->in_find = clean_while_looked_up;
	assert_int_equal(look_up(s, "S", "disk@7,0"), -ENOENT);
	assert_int_equal(sample_node(s, "S")->looking, 0);
	assert_int_equal(sample_node(s, "S")->held, 0);
	sample_end(s);
}

static void e9_one_node_of_a_name(void **state)
{
	struct sample *s = sample_begin();
	struct pk_node *made;

	(void)state;
	assert_int_equal(pk_node_make(sample_node(s, "S"), "disk@0,0", 0, NULL, &made), 1);
	assert_ptr_equal(made, sample_node(s, "D00"));
	assert_int_equal(pk_node_make(sample_node(s, "S"), "disk@1,0:a", 0, NULL, &made), 1);
	assert_ptr_equal(made, sample_node(s, "D10a"));
	sample_end(s);
}

static void look_up_the_same(struct sample *s)
{
	s->in_find = NULL;
	assert_int_equal(look_up(s, "S", "disk@0,0"), 0);
}

/* Who looked it up first has made it; both have that one. */
static void e9_a_lookup_within_a_lookup(void **state)
{
	struct sample *s = sample_begin();
	struct pk_node *found;

	(void)state;
	sample_clean(s, "S", "-", 0);
	s->in_find = look_up_the_same;
	assert_int_equal(pk_node_lookup(sample_node(s, "S"), "disk@0,0", 0, &found), 0);
	assert_int_equal(s->finds, 2);
	assert_ptr_equal(found, sample_node(s, "D00"));
	require_list(s, "S", ALL_OF_S);
	sample_end(s);
}

static void e10_what_stayed_is_the_same(void **state)
{
	struct sample *s = sample_begin();
	struct pk_node *kept = sample_node(s, "D00a");

	(void)state;
	sample_hold(s, "D00a");
	sample_clean(s, "S", "-", 0);
	require_list(s, "S", ALL_OF_S);
	assert_ptr_equal(sample_node(s, "D00a"), kept);
	sample_end(s);
}

static void e11_a_list_that_goes_on_behind_a_clean(void **state)
{
	struct sample *s = sample_begin();
	struct listing l = { .sample = s, .most = 4 };
	char last[32];

	(void)state;
	assert_int_equal(pk_node_list(sample_node(s, "S"), NULL, add_name, &l), 1);
	assert_string_equal(l.names, "D00 D001 D001a D00a");
	sample_clean(s, "S", "disk@0,0", 0);
	memcpy(last, l.last, sizeof last);
	assert_int_equal(pk_node_list(sample_node(s, "S"), last, add_name, &l), 0);
	assert_string_equal(l.names, ALL_OF_S);
	sample_end(s);
}

static int clean_in_visit(void *arg, struct pk_node *node)
{
	struct listing *l = arg;

	add_name(l, node);
	sample_clean(
		l->sample, "P", "scsi@1", PK_CLEAN_FORCE); /* what it lists, and where that is */
	return 0;
}

/* Nothing is touched that has gone, and the directory stays while it is listed. */
static void e11_a_clean_within_a_list(void **state)
{
	struct sample *s = sample_begin();
	struct listing l = { .sample = s };

	(void)state;
	assert_int_equal(pk_node_list(sample_node(s, "S"), NULL, clean_in_visit, &l), 0);
	assert_string_equal(l.names, "D00");
	assert_false(pk_node_is_stale(sample_node(s, "S")));
	sample_require_set("E11", "busy", s->busy, "S");
	assert_int_equal(sample_node(s, "S")->held, 0);
	sample_end(s);
}

static int clean_one_in_visit(void *arg, struct pk_node *node)
{
	struct listing *l = arg;

	add_name(l, node);
	sample_clean(l->sample, "S", "disk@0,0", 0);
	return 0;
}

static void e11_what_a_clean_leaves_is_listed(void **state)
{
	struct sample *s = sample_begin();
	struct listing l = { .sample = s };

	(void)state;
	assert_int_equal(pk_node_list(sample_node(s, "S"), NULL, clean_one_in_visit, &l), 0);
	assert_string_equal(l.names, "D00 D001 D001a D10 D10a");
	sample_end(s);
}

static void e12_a_minor_that_comes_later(void **state)
{
	struct sample *s = sample_begin();

	(void)state;
	s->hidden_from_find = "D00r";
	sample_clean(s, "S", "-", 0);
	require_list(s, "S", "D00 D001 D001a D00a D10 D10a");
	s->hidden_from_find = NULL;
	require_list(
		s, "S", "D00 D001 D001a D00a D10 D10a"); /* all was found, as far as is known */
	assert_int_equal(look_up(s, "S", "disk@0,0:a,raw"), 0);
	require_list(s, "S", ALL_OF_S);
	sample_end(s);
}

static void e13_links_are_directories(void **state)
{
	struct sample *s = sample_begin();

	(void)state;
	assert_int_equal(pk_node_links(sample_node(s, "S")), 2 + 3);
	assert_int_equal(pk_node_links(sample_node(s, "D00")), 2);
	assert_int_equal(pk_node_links(sample_node(s, "D00a")), 1);
	sample_clean(s, "S", "-", 0);
	assert_int_equal(pk_node_links(sample_node(s, "S")), 2);
	sample_end(s);
}

/* ---- stale ----------------------------------------------------------------------------------- */

static struct sample *begin_stale(struct pk_node **ret_stale)
{
	struct sample *s = sample_begin();

	*ret_stale = sample_node(s, "D00");
	pk_node_hold(*ret_stale);
	sample_clean(s, "S", "disk@0,0", PK_CLEAN_FORCE);
	assert_true(pk_node_is_stale(*ret_stale));
	return s;
}

static const struct {
	const char *rule, *name;
} stale_lookups[] = {
	{ "F1 itself", "." },
	{ "F2 what it was in", ".." },
	{ "F3 anything", "x" },
	{ "F3 nothing", "" },
};

static void f_lookups_in_a_stale_directory(void **state)
{
	struct pk_node *stale, *found;
	struct sample *s = begin_stale(&stale);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(stale_lookups); i++)
		for (unsigned flags = 0; flags <= PK_LOOKUP_INTERNAL; flags++)
			if (pk_node_lookup(stale, stale_lookups[i].name, flags, &found) != -ESTALE)
				fail_msg("%s is found", stale_lookups[i].rule);
	assert_int_equal(s->finds, 0);
	sample_end(s);
}

static void f4_nothing_is_made_in_it(void **state)
{
	struct pk_node *stale, *made;
	struct sample *s = begin_stale(&stale);

	(void)state;
	assert_int_equal(pk_node_make(stale, "x", 0, NULL, &made), -ESTALE);
	assert_int_equal(pk_node_make(stale, "x", PK_NODE_LEAF, NULL, &made), -ESTALE);
	sample_end(s);
}

static void f5_it_is_not_listed(void **state)
{
	struct pk_node *stale;
	struct sample *s = begin_stale(&stale);
	struct listing l = { .sample = s };

	(void)state;
	assert_int_equal(pk_node_list(stale, NULL, add_name, &l), -ESTALE);
	assert_int_equal(l.n, 0);
	sample_end(s);
}

static void f6_it_says_what_it_was(void **state)
{
	struct pk_node *stale;
	struct sample *s = begin_stale(&stale);

	(void)state;
	assert_string_equal(pk_node_name(stale), "disk@0,0");
	assert_int_equal(pk_node_flags(stale), 0);
	assert_int_equal(pk_node_links(stale), 0);
	sample_end(s);
}

static void f7_it_is_nowhere(void **state)
{
	struct pk_node *stale;
	struct sample *s = begin_stale(&stale);

	(void)state;
	assert_null(pk_node_parent(stale));
	sample_end(s);
}

static void f8_its_name_is_another_node(void **state)
{
	struct pk_node *stale, *found;
	struct sample *s = begin_stale(&stale);

	(void)state;
	assert_int_equal(pk_node_lookup(sample_node(s, "S"), "disk@0,0", 0, &found), 0);
	assert_ptr_not_equal(found, stale);
	assert_false(pk_node_is_stale(found));
	pk_node_release(stale);
	sample_end(s);
}

/* What were left behind would be found as a leak, what is touched behind its end as a use. */
static void f9_the_last_one_to_leave_frees_it(void **state)
{
	struct pk_node *stale;
	struct sample *s = begin_stale(&stale);

	(void)state;
	pk_node_hold(stale);
	pk_node_release(stale);
	assert_true(pk_node_is_stale(stale));
	pk_node_release(stale);
	s->nodes[3] = NULL;
	sample_end(s);
}

static void f10_it_stays_so(void **state)
{
	struct pk_node *stale;
	struct sample *s = begin_stale(&stale);

	(void)state;
	require_list(s, "S", ALL_OF_S); /* the device is there again */
	assert_true(pk_node_is_stale(stale));
	assert_int_equal(pk_node_list(stale, NULL, NULL, NULL), -ESTALE);
	pk_node_release(stale);
	sample_end(s);
}

static void f11_no_clean_sees_it(void **state)
{
	struct pk_node *stale;
	struct sample *s = begin_stale(&stale);

	(void)state;
	s->let_go[0] = '\0';
	sample_clean(s, "S", "-", PK_CLEAN_FORCE);
	sample_require_gone(s, "F11", "D001 D001a D10 D10a");
	sample_require_set("F11", "stale", s->stale, "");
	assert_int_equal(s->report.stale, 0);
	sample_end(s);
}

static void f12_it_keeps_no_device(void **state)
{
	struct pk_node *stale;
	struct sample *s = begin_stale(&stale);

	(void)state;
	assert_null(pk_node_device(stale));
	sample_end(s);
}

static void a_tree_that_ends_leaves_shells(void **state)
{
	struct sample *s = sample_begin();
	struct pk_node *held = sample_node(s, "HD"), *root = s->root;

	(void)state;
	sample_hold(s, "HD R");
	s->root = pk_tree_free(s->root);
	assert_null(s->root);
	assert_true(pk_node_is_stale(held));
	assert_true(pk_node_is_stale(root));
	assert_int_equal(pk_clean(held, NULL, PK_CLEAN_FORCE, NULL), 0);
	pk_node_release(root);
	pk_node_release(held);
	s->nodes[0] = s->nodes[13] = NULL;
	sample_end(s);
}

static void make_below_what_goes(struct sample *s, const char *name)
{
	struct pk_node *made, *going;

	if (strcmp(name, "D00") != 0)
		return;
	for (going = sample_node(s, "S")->first; strcmp(going->name, "disk@0,0") != 0;)
		going = going->next;
	assert_int_equal(pk_node_make(going, "new", 0, NULL, &made), -EBUSY);
	assert_int_equal(pk_clean(s->root, NULL, PK_CLEAN_FORCE, NULL), 0);
}

/* It would be lost with the directory. */
static void nothing_is_made_below_what_is_let_go(void **state)
{
	struct sample *s = sample_begin();

	(void)state;
	s->in_let_go = make_below_what_goes;
	sample_clean(s, "S", "-", 0);
	require_list(s, "S", ALL_OF_S);
	s->root = pk_tree_free(s->root); /* the same when all of it goes */
	s->in_let_go = NULL;
	sample_end(s);
}

static void a_lock_is_one_writer_or_readers(void **state)
{
	struct sample *s = sample_begin();
	struct pk_node *node = sample_node(s, "S");

	(void)state;
	assert_int_equal(pk_node_lock(node, false), 0);
	assert_int_equal(pk_node_lock(node, false), 0);
	assert_int_equal(pk_node_lock(node, true), -EBUSY);
	pk_node_unlock(node);
	assert_int_equal(pk_node_lock(node, true), -EBUSY);
	pk_node_unlock(node);
	assert_int_equal(pk_node_lock(node, true), 0);
	assert_int_equal(pk_node_lock(node, false), -EBUSY);
	pk_node_unlock(node);
	assert_int_equal(pk_node_lock(node, true), 0);
	pk_node_unlock(node);
	sample_end(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(e1_a_list_finds_all_again),
		cmocka_unit_test(e2_a_lookup_finds_that_one),
		cmocka_unit_test(e3_what_comes_later),
		cmocka_unit_test(e3_a_clean_makes_it_listed),
		cmocka_unit_test(e4_a_device_that_was_taken_away),
		cmocka_unit_test(e5_internal_ones),
		cmocka_unit_test(e6_names_that_never_are),
		cmocka_unit_test(e7_a_client_is_below_its_virtual_directory),
		cmocka_unit_test(e8_what_cannot_be_found),
		cmocka_unit_test(e9_one_node_of_a_name),
		cmocka_unit_test(e9_a_lookup_within_a_lookup),
		cmocka_unit_test(e10_what_stayed_is_the_same),
		cmocka_unit_test(e11_a_list_that_goes_on_behind_a_clean),
		cmocka_unit_test(e11_a_clean_within_a_list),
		cmocka_unit_test(e11_what_a_clean_leaves_is_listed),
		cmocka_unit_test(e12_a_minor_that_comes_later),
		cmocka_unit_test(e13_links_are_directories),
		cmocka_unit_test(f_lookups_in_a_stale_directory),
		cmocka_unit_test(f4_nothing_is_made_in_it),
		cmocka_unit_test(f5_it_is_not_listed),
		cmocka_unit_test(f6_it_says_what_it_was),
		cmocka_unit_test(f7_it_is_nowhere),
		cmocka_unit_test(f8_its_name_is_another_node),
		cmocka_unit_test(f9_the_last_one_to_leave_frees_it),
		cmocka_unit_test(f10_it_stays_so),
		cmocka_unit_test(f11_no_clean_sees_it),
		cmocka_unit_test(f12_it_keeps_no_device),
		cmocka_unit_test(a_tree_that_ends_leaves_shells),
		cmocka_unit_test(nothing_is_made_below_what_is_let_go),
		cmocka_unit_test(a_lock_is_one_writer_or_readers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
