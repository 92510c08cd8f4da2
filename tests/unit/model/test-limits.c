/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What P4 counts: logical units with all their paths, and what died within the last minute. */
#include "built.h"

#include "base/text.h"

static uint32_t deaths(const struct model *m, uint32_t *ret_newest)
{
	const struct death *d;
	uint32_t n = 0;

	*ret_newest = 0;
	for (uint32_t i = 0; (d = lun_death(m, i)); i++)
		if (instant_is_set(d->at)) {
			n++;
			*ret_newest += d->newest;
		}
	return n;
}

static void require(const struct model *m, uint32_t devices, uint32_t luns)
{
	uint32_t newest;

	assert_int_equal(deaths(m, &newest), devices);
	assert_int_equal(newest, luns);
}

static void test_luns(void **state)
{
	struct model *m = built_model("");
	struct path *a = built_path(m, 3, 1, "one"), *b = built_path(m, 4, 1, "one");
	struct path *c = built_path(m, 3, 2, ""), *d = built_path(m, 4, 2, "");
	struct observation other = built_device(5, 1, "one");

	(void)state;
	assert_ptr_equal(a->lun, b->lun);
	assert_int_equal(a->lun->n_paths, 2);
	assert_ptr_not_equal(c->lun, d->lun); /* without a name each is its own */
	TEXT_SET(other.device.array, "other");
	model_note(m, &other);
	assert_int_equal(a->lun->n_paths, 2); /* the same name at another array */
	assert_int_equal(HASH_COUNT(m->luns), 4);
	other = built_device(4, 1, "two");
	model_note(m, &other);
	assert_int_equal(a->lun->n_paths, 1);
	assert_ptr_not_equal(a->lun, b->lun);
	assert_int_equal(HASH_COUNT(m->luns), 5);
	model_path_remove(m, a);
	model_path_remove(m, c);
	assert_int_equal(HASH_COUNT(m->luns), 3);
	model_free(m);
}

static void test_deaths(void **state)
{
	struct model *m = built_model("");
	struct path *a = built_path(m, 3, 1, "one"), *b = built_path(m, 4, 1, "one");
	struct path *c = built_path(m, 3, 2, "two");

	(void)state;
	require(m, 0, 0);
	lun_add_death(m, a);
	require(m, 1, 1);
	m->now.ms += 10000;
	lun_add_death(m, b);
	require(m, 2, 1); /* two devices, one logical unit */
	lun_add_death(m, c);
	require(m, 3, 2);
	lun_take_back_death(m, b);
	require(m, 2, 2); /* its other path died before */
	m->now.ms += 5000;
	lun_add_death(m, a);
	require(m, 2, 2); /* tried again: not another one */
	m->now.ms += 44999;
	require(m, 2, 2);
	m->now.ms += 10001;
	require(m, 1, 1);
	lun_take_back_death(m, b); /* there is none */
	require(m, 1, 1);
	lun_take_back_death(m, a);
	require(m, 0, 0);
	m->now.ms += 60000;
	require(m, 0, 0);
	lun_add_death(m, a);
	lun_keep_death(m, a); /* nobody knows what became of it */
	lun_take_back_death(m, a);
	require(m, 1, 1);
	lun_add_death(m, a);
	lun_take_back_death(m, a);
	require(m, 1, 1);
	m->now.ms += 60000;
	require(m, 0, 0);
	model_free(m);
}

/* The ring forgets the oldest; what it still has is counted. */
static void test_many_deaths(void **state)
{
	struct model *m = built_model("");
	struct path *a = built_path(m, 3, 1, "one");
	uint32_t newest;

	(void)state;
	for (uint32_t i = 0; i < MAX_DEATHS + 10; i++) {
		a->id.gen++; /* another device each time */
		lun_add_death(m, a);
	}
	assert_int_equal(deaths(m, &newest), MAX_DEATHS);
	assert_int_equal(newest, 1);
	model_free(m);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_luns),
		cmocka_unit_test(test_deaths),
		cmocka_unit_test(test_many_deaths),
	};

	return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
