/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is remembered of devices that went, and what makes room. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "model/departed.h"

static struct departures d;

static int end(void **state)
{
	(void)state;
	departures_done(&d);
	return 0;
}

static struct scsi_address at(uint32_t host, uint64_t lun)
{
	return (struct scsi_address){ .host = host, .lun = lun };
}

static void add(uint32_t host, uint64_t lun, uint64_t ms, bool ours)
{
	const struct departed row = { .address = at(host, lun), .at = { ms }, .ours = ours };

	assert_int_equal(departures_add(&d, &row), 0);
}

/* 0: it is not remembered. */
static uint64_t last(uint32_t host, uint64_t lun)
{
	const struct scsi_address address = at(host, lun);
	const struct place place = place_of_address(&address);

	return departures_last(&d, &place).ms;
}

static void an_address_is_there_once(void **state)
{
	(void)state;
	add(3, 1, 1000, true);
	add(3, 2, 2000, true);
	add(3, 1, 3000, false);
	assert_int_equal(d.n, 2);
	assert_int_equal(last(3, 1), 3000);
	assert_int_equal(last(3, 2), 2000);
}

/* When one left is known, that it is to come back is not. */
static void where_there_is_a_device_nothing_is_wanted(void **state)
{
	(void)state;
	add(3, 1, 1000, true);
	add(3, 2, 2000, true);
	d.rows[0].wanted = d.rows[0].rescan_on_lun_change = true;
	departures_return(&d, &(struct scsi_address){ .host = 3, .lun = 1 });
	departures_return(&d, &(struct scsi_address){ .host = 3, .lun = 7 }); /* never heard of */
	assert_int_equal(d.n, 2);
	assert_int_equal(last(3, 1), 1000);
	assert_false(d.rows[0].wanted || d.rows[0].ours || d.rows[0].rescan_on_lun_change);
	assert_true(d.rows[1].ours);
}

static void the_last_of_a_place_counts(void **state)
{
	const struct place host = place_of_host(3);

	(void)state;
	assert_int_equal(departures_last(&d, &host).ms, 0);
	add(3, 1, 3000, true);
	add(3, 2, 2000, true); /* told late */
	add(4, 1, 9000, true);
	assert_int_equal(departures_last(&d, &host).ms, 3000);
}

static void a_host_takes_its_own_with_it(void **state)
{
	(void)state;
	for (uint64_t lun = 0; lun < 8; lun++)
		add(lun % 2 ? 3 : 4, lun, 1000 + lun, true);
	departures_drop_host(&d, 3);
	assert_int_equal(d.n, 4);
	for (uint64_t lun = 0; lun < 8; lun++)
		assert_int_equal(last(lun % 2 ? 3 : 4, lun), lun % 2 ? 0 : 1000 + lun);
}

/* What others removed is of no interest any more after a while, and goes first. */
static void what_is_of_no_interest_makes_room(void **state)
{
	uint64_t lun = 0;

	(void)state;
	add(3, lun++, 1000, false);
	add(3, lun++, 1000, true);
	do
		add(3, lun++, 1000 + DEPARTED_REST_MS - 1, false);
	while (d.n < d.max);
	add(3, lun++, 1000 + DEPARTED_REST_MS, false);
	assert_int_equal(d.n, d.max);
	assert_int_equal(last(3, 0), 0);
	assert_int_equal(last(3, 1), 1000);
	assert_int_equal(last(3, 2), 1000 + DEPARTED_REST_MS - 1);
	assert_int_equal(last(3, lun - 1), 1000 + DEPARTED_REST_MS);
}

static void beyond_the_most_the_oldest_goes(void **state)
{
	(void)state;
	for (uint64_t lun = 0; lun < MAX_DEPARTED; lun++)
		add(3, lun, 1000 + lun, true);
	assert_int_equal(d.n, MAX_DEPARTED);
	assert_int_equal(last(3, 0), 1000);
	add(3, MAX_DEPARTED, 1000 + MAX_DEPARTED, true);
	assert_int_equal(d.n, MAX_DEPARTED);
	assert_int_equal(last(3, 0), 0);
	assert_int_equal(last(3, 1), 1001);
	assert_int_equal(last(3, MAX_DEPARTED), 1000 + MAX_DEPARTED);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(an_address_is_there_once, end),
		cmocka_unit_test_teardown(where_there_is_a_device_nothing_is_wanted, end),
		cmocka_unit_test_teardown(the_last_of_a_place_counts, end),
		cmocka_unit_test_teardown(a_host_takes_its_own_with_it, end),
		cmocka_unit_test_teardown(what_is_of_no_interest_makes_room, end),
		cmocka_unit_test_teardown(beyond_the_most_the_oldest_goes, end),
	};

	return cmocka_run_group_tests_name("departed", tests, NULL, NULL);
}
