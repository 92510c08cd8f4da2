/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "hostile.h"
#include "scsi/alua.h"

static const struct {
	const char *rule, *hex;
	int want;
	uint32_t n_groups;
	struct alua_group last;
} rows[] = {
	{ "no group", "00000000", 0, 0, { 0 } },
	{ "one group, two ports, preferred", "00000010 80 0f 0001 00 02 00 02 00000001 00000002", 0,
		1,
		{ .id = 1,
			.state = 0,
			.status_code = 2,
			.supported_states = 0x0f,
			.n_ports = 2,
			.preferred = true } },
	{ "two groups", "00000018 00 8f 0001 00 00 00 01 00000001 01 8f 0102 00 00 00 01 00000002",
		0, 2, { .id = 0x102, .state = 1, .supported_states = 0x8f, .n_ports = 1 } },
	{ "a group without ports", "00000008 0e 00 0007 00 00 00 00", 0, 1,
		{ .id = 7, .state = 0xe } },
	{ "extended header", "0000000c 10 05 0000 0f 00 0003 00 00 00 00", 0, 1,
		{ .id = 3, .state = 0xf } },
	{ "extended header and no group", "00000004 10 05 0000", 0, 0, { 0 } },
	{ "ports past the end", "0000000c 00 00 0001 00 00 00 02 00000001", -EBADMSG, 0, { 0 } },
	{ "a torn group", "0000000c 00 00 0001 00 00 00 00 00000001", -EBADMSG, 0, { 0 } },
	{ "half a header behind", "00000003 000000", -EBADMSG, 0, { 0 } },
	{ "longer than what was read", "00000010 00 00 0001 00 00 00 00", -EMSGSIZE, 0, { 0 } },
	{ "a length that lies", "ffffffff 00 00 0001 00 00 00 00", -EMSGSIZE, 0, { 0 } },
	{ "bytes behind the data are nothing", "00000008 02 00 0009 00 00 00 00 ff ff", 0, 1,
		{ .id = 9, .state = 2 } },
	{ "a header cut short", "000000", -EBADMSG, 0, { 0 } },
	{ "nothing", "", -EBADMSG, 0, { 0 } },
};

static bool equal(const struct alua_group *a, const struct alua_group *b)
{
	return a->id == b->id && a->state == b->state && a->status_code == b->status_code &&
	       a->supported_states == b->supported_states && a->n_ports == b->n_ports &&
	       a->preferred == b->preferred;
}

static void groups_and_ports(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint8_t bytes[64];
		int len = number_parse_bytes(rows[i].hex, bytes, sizeof bytes);
		struct alua alua = { .n_groups = 777 };
		int r = alua_decode(bytes, (size_t)len, &alua);

		if (len < 0 || r != rows[i].want ||
			alua.n_groups != (r < 0 ? 777 : rows[i].n_groups))
			fail_msg("%s: %d, %u groups", rows[i].rule, r, alua.n_groups);
		if (r < 0 || !alua.n_groups)
			continue;
		if (!equal(&alua.groups[alua.n_groups - 1], &rows[i].last))
			fail_msg("%s: the last group", rows[i].rule);
		assert_ptr_equal(
			alua_find(&alua, rows[i].last.id), &alua.groups[alua.n_groups - 1]);
		assert_null(alua_find(&alua, 0xbeef));
	}
}

static void as_many_groups_as_fit(void **state)
{
	uint8_t bytes[4 + (ALUA_GROUPS + 1) * 8] = { 0 };
	struct alua alua;

	(void)state;
	bytes[2] = (uint8_t)(ALUA_GROUPS * 8 >> 8);
	bytes[3] = (uint8_t)(ALUA_GROUPS * 8);
	assert_int_equal(alua_decode(bytes, sizeof bytes, &alua), 0);
	assert_int_equal(alua.n_groups, ALUA_GROUPS);
	assert_int_equal(alua_length(bytes, sizeof bytes), 4 + ALUA_GROUPS * 8);
	bytes[3] = (uint8_t)(ALUA_GROUPS * 8 + 8);
	assert_int_equal(alua_decode(bytes, sizeof bytes, &alua), -E2BIG);
}

static void every_state_has_a_name(void **state)
{
	(void)state;
	assert_string_equal(alua_state_name(ALUA_OPTIMIZED), "active/optimized");
	assert_string_equal(alua_state_name(ALUA_TRANSITIONING), "transitioning");
	assert_string_equal(alua_state_name(5), "reserved");
	for (unsigned n = 16; n < 256; n++)
		assert_string_equal(alua_state_name((uint8_t)n), "reserved");
}

static void decode(const uint8_t *bytes, size_t len)
{
	struct alua alua;

	(void)alua_decode(bytes, len, &alua);
}

static void hostile_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint8_t bytes[64];
		int len = number_parse_bytes(rows[i].hex, bytes, sizeof bytes);

		decode_hostile(bytes, (size_t)len, decode);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_and_ports),
		cmocka_unit_test(as_many_groups_as_fit),
		cmocka_unit_test(every_state_has_a_name),
		cmocka_unit_test(hostile_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
