/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "act/helper.h"
#include "act/keepers.h"
#include "base/cleanup.h"

/* A list of keepers by how many hosts each has, and what is chosen for a new host. */
static const struct {
	const char *rule;
	uint32_t n_hosts[4], n, max;
	bool alone[4], behind[4];
	int chosen; /* -1: a new one */
} rows[] = {
	{ "the first host has a keeper made", { 0 }, 0, 3, { 0 }, { 0 }, -1 },
	{ "each host its own while there are few", { 1, 1 }, 2, 3, { 0 }, { 0 }, -1 },
	{ "an idle one is used again", { 1, 0 }, 2, 3, { 0 }, { 0 }, 1 },
	{ "but not one that does not listen", { 1, 0 }, 2, 3, { 0 }, { false, true }, -1 },
	{ "then the least loaded is shared", { 2, 1, 3 }, 3, 3, { 0 }, { 0 }, 1 },
	{ "but none that serves a host that may not share", { 2, 1, 3 }, 3, 3, { false, true },
		{ 0 }, 0 },
};

static void which_keeper_serves_a_new_host(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct helper helpers[5] = { 0 }, *chosen;
		struct keepers k = { 0 };

		for (uint32_t j = 0; j < rows[i].n; j++) {
			helpers[j].kind = HELPER_KEEPER;
			helpers[j].n_hosts = rows[i].n_hosts[j];
			helpers[j].alone = rows[i].alone[j];
			helpers[j].behind_since.ms = rows[i].behind[j];
			helpers[j].next = &helpers[j + 1];
		}
		helpers[rows[i].n].kind = HELPER_SCOUT; /* with no host, and no keeper */
		chosen = keepers_choose(&k, helpers, 7, rows[i].max, 1);
		if (chosen != (rows[i].chosen < 0 ? NULL : &helpers[rows[i].chosen]))
			fail_msg("%s", rows[i].rule);
	}
}

static uint32_t lost[8], n_lost;

static void note_lost(void *arg, uint32_t host)
{
	(void)arg;
	lost[n_lost++] = host;
}

static void a_host_is_remembered_while_it_has_paths(void **state)
{
	struct helper keeper = { .kind = HELPER_KEEPER };
	struct keepers k = { 0 };

	(void)state;
	assert_int_equal(keepers_watch(&k, &keeper, 3, (path_id){ 1, 1 }), 0);
	assert_int_equal(keepers_watch(&k, &keeper, 3, (path_id){ 2, 1 }), 0);
	assert_int_equal(keepers_watch(&k, &keeper, 3, (path_id){ 2, 1 }), 0); /* again */
	assert_int_equal(keeper.n_hosts, 1);
	assert_ptr_equal(keepers_of_path(&k, (path_id){ 2, 1 }), &keeper);
	assert_null(keepers_of_path(&k, (path_id){ 2, 2 })); /* another generation */
	keepers_forget(&k, (path_id){ 2, 1 });
	keepers_forget(&k, (path_id){ 2, 1 });
	assert_ptr_equal(keepers_of_host(&k, 3), &keeper);
	keepers_forget(&k, (path_id){ 1, 1 });
	assert_null(keepers_of_host(&k, 3));
	assert_int_equal(keeper.n_hosts, 0);
	keepers_done(&k);
}

static void a_path_may_come_back_on_another_host(void **state)
{
	struct helper keeper = { .kind = HELPER_KEEPER }, other = { .kind = HELPER_KEEPER };
	struct keepers k = { 0 };

	(void)state;
	assert_int_equal(keepers_watch(&k, &keeper, 3, (path_id){ 1, 1 }), 0);
	assert_int_equal(keepers_watch(&k, &other, 4, (path_id){ 1, 1 }), 0);
	assert_ptr_equal(keepers_of_path(&k, (path_id){ 1, 1 }), &other);
	assert_int_equal(keeper.n_hosts, 0);
	keepers_done(&k);
}

static void a_lost_keeper_takes_its_hosts_and_no_others(void **state)
{
	struct helper keeper = { .kind = HELPER_KEEPER }, other = { .kind = HELPER_KEEPER };
	struct keepers k = { 0 };

	(void)state;
	n_lost = 0;
	keepers_watch(&k, &keeper, 3, (path_id){ 1, 1 });
	keepers_watch(&k, &keeper, 4, (path_id){ 2, 1 });
	keepers_watch(&k, &other, 5, (path_id){ 3, 1 });
	keepers_lost(&k, &keeper, false, note_lost, NULL);
	assert_int_equal(n_lost, 2);
	assert_int_equal(lost[0] + lost[1], 7);
	assert_null(keepers_of_path(&k, (path_id){ 1, 1 }));
	assert_ptr_equal(keepers_of_path(&k, (path_id){ 3, 1 }), &other);
	keepers_done(&k);
}

static void hosts_of_a_keeper_that_did_not_listen_share_no_more(void **state)
{
	struct helper keepers[] = { { .kind = HELPER_KEEPER }, { .kind = HELPER_KEEPER } };
	struct keepers k = { 0 };

	(void)state;
	keepers_watch(&k, &keepers[0], 3, (path_id){ 1, 1 });
	keepers_watch(&k, &keepers[0], 4, (path_id){ 2, 1 });
	keepers_watch(&k, &keepers[1], 5, (path_id){ 3, 1 });
	keepers_lost(&k, &keepers[0], true, note_lost, NULL);
	/* one is left, one may be made: a host that never shared has to, this one has not */
	assert_ptr_equal(keepers_choose(&k, &keepers[1], 6, 1, 2), &keepers[1]);
	assert_null(keepers_choose(&k, &keepers[1], 3, 1, 2));
	assert_ptr_equal(
		keepers_choose(&k, &keepers[1], 3, 1, 0), &keepers[1]); /* no more allowed */
	keepers_watch(&k, &keepers[1], 3, (path_id){ 1, 2 });
	assert_true(keepers[1].alone);
	keepers_done(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(which_keeper_serves_a_new_host),
		cmocka_unit_test(a_host_is_remembered_while_it_has_paths),
		cmocka_unit_test(a_path_may_come_back_on_another_host),
		cmocka_unit_test(a_lost_keeper_takes_its_hosts_and_no_others),
		cmocka_unit_test(hosts_of_a_keeper_that_did_not_listen_share_no_more),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
