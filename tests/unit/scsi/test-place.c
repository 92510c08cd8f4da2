/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/cleanup.h"
#include "scsi/place.h"

static const struct scsi_address here = { 3, 0, 2, 1 };

static const struct {
	const char *rule;
	struct place place;
	const char *text, *scan;
	bool covers; /* 3:0:2:1 */
} rows[] = {
	{ "a host is all below it", { 3, PLACE_ANY, PLACE_ANY, PLACE_ANY_LUN }, "3:-:-:-", "- - -",
		true },
	{ "another host is not", { 4, PLACE_ANY, PLACE_ANY, PLACE_ANY_LUN }, "4:-:-:-", "- - -",
		false },
	{ "a channel", { 3, 0, PLACE_ANY, PLACE_ANY_LUN }, "3:0:-:-", "0 - -", true },
	{ "another channel", { 3, 1, PLACE_ANY, PLACE_ANY_LUN }, "3:1:-:-", "1 - -", false },
	{ "a target", { 3, 0, 2, PLACE_ANY_LUN }, "3:0:2:-", "0 2 -", true },
	{ "another target", { 3, 0, 1, PLACE_ANY_LUN }, "3:0:1:-", "0 1 -", false },
	{ "an address", { 3, 0, 2, 1 }, "3:0:2:1", "0 2 1", true },
	{ "a neighbour", { 3, 0, 2, 16385 }, "3:0:2:16385", "0 2 16385", false },
	{ "the largest", { 4294967295, 4294967294, 4294967294, 18446744073709551614u },
		"4294967295:4294967294:4294967294:18446744073709551614",
		"4294967294 4294967294 18446744073709551614", false },
};

static void places(void **state)
{
	char text[PLACE_TEXT], scan[PLACE_TEXT];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		place_print(&rows[i].place, text);
		place_print_scan(&rows[i].place, scan);
		if (strcmp(text, rows[i].text) != 0 || strcmp(scan, rows[i].scan) != 0 ||
			place_covers(&rows[i].place, &here) != rows[i].covers)
			fail_msg("%s: \"%s\" \"%s\"", rows[i].rule, text, scan);
	}
}

static void made_of_an_address(void **state)
{
	const struct place host = place_of_host(3), target = place_of_target(&here),
			   address = place_of_address(&here);

	(void)state;
	assert_true(place_equal(&host, &rows[0].place));
	assert_true(place_equal(&target, &rows[4].place));
	assert_true(place_equal(&address, &rows[6].place));
	assert_false(place_equal(&address, &target));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places),
		cmocka_unit_test(made_of_an_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
