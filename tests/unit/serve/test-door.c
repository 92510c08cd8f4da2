/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "serve/door.h"
#include "serve/ring.h"

static const struct {
	const char *rule;
	enum door_kind kind;
	uint32_t uid;
	struct door_count count;
	enum door_answer want;
} rows[] = {
	{ "root by the private door", DOOR_PRIVATE, 0, { 0 }, DOOR_COME_IN },
	{ "nobody else by the private door", DOOR_PRIVATE, 1000, { 0 }, DOOR_WRONG_USER },
	{ "not the overflow user either", DOOR_PRIVATE, 65534, { 0 }, DOOR_WRONG_USER },
	{ "not the user that is no user", DOOR_PRIVATE, UINT32_MAX, { 0 }, DOOR_WRONG_USER },
	{ "everybody by the other", DOOR_READ, 1000, { 0 }, DOOR_COME_IN },
	{ "64 of one user", DOOR_READ, 1000, { 63, 63, 63 }, DOOR_COME_IN },
	{ "... and no more", DOOR_READ, 1000, { 64, 64, 64 }, DOOR_TOO_MANY_OF_USER },
	{ "root has a limit, too", DOOR_PRIVATE, 0, { 64, 0, 64 }, DOOR_TOO_MANY_OF_USER },
	{ "the last of many users", DOOR_READ, 1003, { 0, 191, 191 }, DOOR_COME_IN },
	{ "many users leave room for root", DOOR_READ, 1003, { 0, 192, 192 }, DOOR_TOO_MANY },
	{ "which comes in", DOOR_PRIVATE, 0, { 0, 192, 192 }, DOOR_COME_IN },
	{ "all", DOOR_READ, 0, { 0, 128, 256 }, DOOR_TOO_MANY },
};

static void who_may_come_in(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		enum door_answer got = door_decide(rows[i].kind, rows[i].uid, &rows[i].count);

		if (got != rows[i].want)
			fail_msg("%s: %s", rows[i].rule, door_answer_name(got));
	}
}

static void fill(struct ring *ring, unsigned n)
{
	struct change c = { .kind = CHANGE_SLEPT };

	while (n--) {
		c.number = ring->last + 1;
		ring_add(ring, &c, INT64_C(1772366400000));
	}
}

static void a_ring_keeps_the_last(void **state)
{
	struct ring *ring = calloc(1, sizeof *ring);
	char *json = NULL;

	(void)state;
	assert_non_null(ring);
	assert_int_equal(ring_first_after(ring, 0), 1);
	assert_null(ring_get(ring, 0));
	assert_null(ring_get(ring, 1));
	fill(ring, RING_EVENTS);
	assert_int_equal(ring_first_after(ring, 0), 1);
	assert_non_null(ring_get(ring, 1));
	fill(ring, 10);
	assert_int_equal(ring->last, RING_EVENTS + 10);
	assert_null(ring_get(ring, 10));
	assert_non_null(ring_get(ring, 11));
	assert_non_null(ring_get(ring, ring->last));
	assert_null(ring_get(ring, ring->last + 1));
	assert_int_equal(ring_first_after(ring, 0), 11);
	assert_int_equal(ring_first_after(ring, 10), 11);
	assert_int_equal(ring_first_after(ring, 500), 501);
	assert_int_equal(ring_first_after(ring, ring->last), ring->last + 1);
	assert_int_equal(ring_first_after(ring, UINT64_MAX), ring->last + 1);
	ring_done(ring);
	free(ring);
	ring = calloc(1, sizeof *ring);
	assert_non_null(ring);
	fill(ring, RING_EVENTS + 1); /* number 1 was worded nowhere, 1025 stands in its place */
	assert_int_equal(ring_document(ring, ring->last - 1, &json), 0);
	assert_string_equal(json,
		"{\"version\":1,\"last\":1025,\"events\":[{\"version\":1,\"number\":1025,"
		"\"time\":\"2026-03-01T12:00:00.000Z\",\"event\":\"slept\",\"ms\":1025}]}");
	assert_ptr_equal(ring_get(ring, 1025), ring_get(ring, 1025)); /* worded once */
	free(json);
	ring_done(ring);
	free(ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_may_come_in),
		cmocka_unit_test(a_ring_keeps_the_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
