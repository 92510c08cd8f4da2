/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is found again after a clean (E), and what a stale node answers (F), by the numbers of
 * docs/clean.md, on the tree of sample.h. */
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

/* E3 a device that comes later; E12 a minor that does. */
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

static void f_a_stale_directory(void **state)
{
	struct sample *s = sample_begin();
	struct pk_node *stale = sample_node(s, "D00"), *made;

	(void)state;
	sample_hold(s, "D00");
	sample_clean(s, "S", "disk@0,0", PK_CLEAN_FORCE);
	assert_int_equal(look_up(s, "D00", "."), -ESTALE);		      /* F1 */
	assert_int_equal(look_up(s, "D00", ".."), -ESTALE);		      /* F2 */
	assert_int_equal(look_up(s, "D00", "x"), -ESTALE);		      /* F3 */
	assert_int_equal(pk_node_make(stale, "x", 0, NULL, &made), -ESTALE);  /* F4 */
	assert_int_equal(pk_node_list(stale, NULL, add_name, NULL), -ESTALE); /* F5 */
	assert_string_equal(pk_node_name(stale), "disk@0,0");		      /* F6 */
	assert_null(pk_node_parent(stale));				      /* F7 */
	assert_int_equal(pk_node_links(stale), 0);
	s->nodes[3] = NULL;
	assert_int_equal(pk_node_lookup(sample_node(s, "S"), "disk@0,0", 0, &made), 0); /* F8 */
	assert_ptr_not_equal(made, stale);
	assert_true(pk_node_is_stale(stale)); /* F10 */
	pk_node_release(stale);		      /* F9: what is left behind would be found as a leak */
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
		cmocka_unit_test(e10_what_stayed_is_the_same),
		cmocka_unit_test(e11_a_list_that_goes_on_behind_a_clean),
		cmocka_unit_test(f_a_stale_directory),
		cmocka_unit_test(a_tree_that_ends_leaves_shells),
		cmocka_unit_test(a_lock_is_one_writer_or_readers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
