/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "hostile.h"
#include "scsi/sense.h"

static const struct {
	const char *rule, *hex;
	int want;
	struct sense sense;
} rows[] = {
	/* what a check tells apart, in both formats */
	{ "attention, fixed", "70 00 06 00 00 00 00 0a 00 00 00 00 29 00 00 00 00 00", 0,
		{ 6, 0x29, 0x00, false } },
	{ "attention, descriptor", "72 06 29 00 00 00 00 00", 0, { 6, 0x29, 0x00, false } },
	{ "standby, fixed", "70 00 02 00 00 00 00 0a 00 00 00 00 04 0b 00 00 00 00", 0,
		{ 2, 0x04, 0x0b, false } },
	{ "standby, descriptor", "72 02 04 0b 00 00 00 00", 0, { 2, 0x04, 0x0b, false } },
	{ "transition, fixed", "70 00 02 00 00 00 00 0a 00 00 00 00 04 0a 00 00 00 00", 0,
		{ 2, 0x04, 0x0a, false } },
	{ "transition, descriptor", "72 02 04 0a 00 00 00 00", 0, { 2, 0x04, 0x0a, false } },
	{ "not ready otherwise, fixed", "70 00 02 00 00 00 00 0a 00 00 00 00 04 0c 00 00 00 00", 0,
		{ 2, 0x04, 0x0c, false } },
	{ "not ready otherwise, descriptor", "72 02 3a 00 00 00 00 00", 0,
		{ 2, 0x3a, 0x00, false } },
	{ "disconnected, fixed", "70 00 05 00 00 00 00 0a 00 00 00 00 25 00 00 00 00 00", 0,
		{ 5, 0x25, 0x00, false } },
	{ "disconnected, descriptor", "72 05 25 00 00 00 00 00", 0, { 5, 0x25, 0x00, false } },
	{ "illegal request otherwise, fixed",
		"70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 00 00 00", 0,
		{ 5, 0x24, 0x00, false } },
	{ "illegal request otherwise, descriptor", "72 05 25 01 00 00 00 00", 0,
		{ 5, 0x25, 0x01, false } },
	{ "another key, fixed", "70 00 0b 00 00 00 00 0a 00 00 00 00 08 00 00 00 00 00", 0,
		{ 0xb, 0x08, 0x00, false } },
	{ "another key, descriptor", "72 03 11 00 00 00 00 00", 0, { 3, 0x11, 0x00, false } },

	{ "deferred, fixed", "71 00 05 00 00 00 00 0a 00 00 00 00 25 00 00 00 00 00", 0,
		{ 5, 0x25, 0x00, true } },
	{ "deferred, descriptor", "73 05 25 00 00 00 00 00", 0, { 5, 0x25, 0x00, true } },
	{ "the VALID bit is no part of the response code",
		"f0 00 05 00 00 00 00 0a 00 00 00 00 25 00 00 00 00 00", 0,
		{ 5, 0x25, 0x00, false } },
	{ "flags above the key are no part of it",
		"70 00 e5 00 00 00 00 0a 00 00 00 00 25 00 00 00 00 00", 0,
		{ 5, 0x25, 0x00, false } },
	{ "fixed with just the code", "70 00 05 00 00 00 00 06 00 00 00 00 25 00", 0,
		{ 5, 0x25, 0x00, false } },
	{ "fixed that says it has no code is key alone",
		"70 00 05 00 00 00 00 05 00 00 00 00 25 00 00 00 00 00", 0, { 5, 0, 0, false } },
	{ "fixed header only", "70 00 02 00 00 00 00 00", 0, { 2, 0, 0, false } },
	{ "fixed cut before the qualifier", "70 00 05 00 00 00 00 0a 00 00 00 00 25", -EBADMSG,
		{ 0 } },
	{ "fixed cut before its length", "70 00 05 00 00 00 00", -EBADMSG, { 0 } },
	{ "descriptor cut before the qualifier", "72 05 25", -EBADMSG, { 0 } },
	{ "descriptor cut behind the qualifier", "72 05 25 00", 0, { 5, 0x25, 0x00, false } },
	{ "no response code", "00 00 05 00 00 00 00 0a 00 00 00 00 25 00 00 00 00 00", -EBADMSG,
		{ 0 } },
	{ "a vendor's format", "7f 05 25 00 00 00 00 0a 00 00 00 00 25 00 00 00 00 00", -EBADMSG,
		{ 0 } },
	{ "a reserved format", "74 05 25 00 00 00 00 0a 00 00 00 00 25 00 00 00 00 00", -EBADMSG,
		{ 0 } },
	{ "nothing", "", -EBADMSG, { 0 } },
};

static bool equal(const struct sense *a, const struct sense *b)
{
	return sense_is(a, b->key, b->asc, b->ascq) && a->deferred == b->deferred;
}

static void both_formats(void **state)
{
	const struct sense untouched = { 0x99, 0x99, 0x99, true };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint8_t bytes[32];
		int len = number_parse_bytes(rows[i].hex, bytes, sizeof bytes);
		struct sense sense = untouched;
		int r = sense_decode(bytes, (size_t)len, &sense);

		if (len < 0 || r != rows[i].want ||
			!equal(&sense, r < 0 ? &untouched : &rows[i].sense))
			fail_msg("%s: %d %02x/%02x/%02x", rows[i].rule, r, sense.key, sense.asc,
				sense.ascq);
	}
}

static void decode(const uint8_t *bytes, size_t len)
{
	struct sense sense;

	if (sense_decode(bytes, len, &sense) == 0)
		(void)sense_name(sense.key, sense.asc, sense.ascq);
}

static void hostile_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint8_t bytes[32];
		int len = number_parse_bytes(rows[i].hex, bytes, sizeof bytes);

		decode_hostile(bytes, (size_t)len, decode);
	}
}

/* A cut answer is no answer, or the same one: never another. */
static void a_prefix_never_says_something_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint8_t bytes[32];
		int len = number_parse_bytes(rows[i].hex, bytes, sizeof bytes);
		struct sense sense;

		for (size_t n = 0; n < (size_t)len; n++)
			if (sense_decode(bytes, n, &sense) == 0 && !equal(&sense, &rows[i].sense))
				fail_msg("%s, the first %zu bytes", rows[i].rule, n);
	}
}

static const struct {
	uint8_t key, asc, ascq;
	const char *name;
} names[] = {
	{ 2, 0x04, 0x0a, "asymmetric access state transition" },
	{ 2, 0x04, 0x0b, "target port in standby state" },
	{ 2, 0x04, 0x0c, "target port in unavailable state" },
	{ 2, 0x3a, 0x00, "medium not present" }, { 3, 0x11, 0x00, "unrecovered read error" },
	{ 4, 0x44, 0x00, "internal target failure" },
	{ 5, 0x20, 0x00, "invalid command operation code" },
	{ 5, 0x24, 0x00, "invalid field in CDB" }, { 5, 0x25, 0x00, "logical unit not supported" },
	{ 6, 0x28, 0x00, "not ready to ready change" },
	{ 6, 0x29, 0x00, "power on, reset, or bus device reset occurred" },
	{ 6, 0x2a, 0x06, "asymmetric access state changed" },
	{ 6, 0x2a, 0x09, "capacity data has changed" },
	{ 6, 0x38, 0x07, "thin provisioning soft threshold reached" },
	{ 6, 0x3f, 0x03, "inquiry data has changed" },
	{ 6, 0x3f, 0x0e, "reported LUNs data has changed" },
	{ 0xb, 0x4b, 0x00, "data phase error" }, { 2, 0x00, 0x00, "not ready" }, /* key alone */
	{ 5, 0x25, 0x77, NULL }, { 5, 0x80, 0x00, NULL }, /* a vendor's own */
};

static void names_of_the_standard(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *name = sense_name(names[i].key, names[i].asc, names[i].ascq);

		if (names[i].name ? !name || strcmp(name, names[i].name) : name != NULL)
			fail_msg("%02x/%02x/%02x: %s", names[i].key, names[i].asc, names[i].ascq,
				name ? name : "no name");
	}
	for (unsigned key = 0; key < 256; key++)
		assert_non_null(sense_key_name((uint8_t)key));
}

static void printed_as_people_write_it(void **state)
{
	char text[SENSE_TEXT];

	(void)state;
	sense_print(&(struct sense){ 5, 0x25, 0, false }, text);
	assert_string_equal(text, "05/25/00");
	sense_print(&(struct sense){ 0xff, 0xff, 0xff, true }, text);
	assert_string_equal(text, "ff/ff/ff");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_formats),
		cmocka_unit_test(hostile_bytes),
		cmocka_unit_test(a_prefix_never_says_something_else),
		cmocka_unit_test(names_of_the_standard),
		cmocka_unit_test(printed_as_people_write_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
