/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "hostile.h"
#include "scsi/inquiry.h"

#define HEADER "\x00\x00\x06\x02\x1f\x10\x10\x02"

static const struct {
	const char *rule, *bytes;
	size_t len;
	int want;
	struct inquiry inquiry;
} rows[] = {
	{ "a disk, blanks behind go", HEADER "LIO-ORG FILEIO          4.0 ", 36, 0,
		{ .version = 6,
			.tpgs = 1,
			.vendor = "LIO-ORG",
			.product = "FILEIO",
			.revision = "4.0" } },
	{ "longest fields",
		"\x00\x80\x06\x02\x5b\x30\x00\x02"
		"VVVVVVVVPPPPPPPPPPPPPPPPRRRR",
		36, 0,
		{ .version = 6,
			.tpgs = 3,
			.removable = true,
			.vendor = "VVVVVVVV",
			.product = "PPPPPPPPPPPPPPPP",
			.revision = "RRRR" } },
	{ "blanks before and within stay", HEADER "  A     B  C               1", 36, 0,
		{ .version = 6,
			.tpgs = 1,
			.vendor = "  A",
			.product = "B  C",
			.revision = "   1" } },
	{ "zeroes end a field", HEADER "AB\0DEFGHIJ\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 36, 0,
		{ .version = 6, .tpgs = 1, .vendor = "AB", .product = "IJ", .revision = "" } },
	{ "no device here (001b, 1fh)",
		"\x3f\x00\x05\x02\x1f\x00\x00\x02"
		"                            ",
		36, 0, { .qualifier = 1, .type = 0x1f, .version = 5 } },
	{ "never a device here (011b, 1fh)",
		"\x7f\x00\x05\x02\x1f\x00\x00\x02"
		"                            ",
		36, 0, { .qualifier = 3, .type = 0x1f, .version = 5 } },
	{ "one byte short", HEADER "LIO-ORG FILEIO          4.0", 35, -EBADMSG, { 0 } },
	{ "short by its own word",
		"\x00\x00\x06\x02\x1e\x10\x10\x02"
		"LIO-ORG FILEIO          4.0 ",
		36, -EBADMSG, { 0 } },
	{ "nothing", "", 0, -EBADMSG, { 0 } },
};

static void standard_data(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct inquiry q = { .type = 0x99 };
		const struct inquiry *want = &rows[i].inquiry;
		int r = inquiry_decode((const uint8_t *)rows[i].bytes, rows[i].len, &q);

		if (r != rows[i].want || (r < 0 && q.type != 0x99))
			fail_msg("%s: %d", rows[i].rule, r);
		if (r < 0)
			continue;
		if (q.qualifier != want->qualifier || q.type != want->type ||
			q.version != want->version || q.tpgs != want->tpgs ||
			q.removable != want->removable || strcmp(q.vendor, want->vendor) ||
			strcmp(q.product, want->product) || strcmp(q.revision, want->revision))
			fail_msg("%s: '%s' '%s' '%s'", rows[i].rule, q.vendor, q.product,
				q.revision);
	}
}

static void decode(const uint8_t *bytes, size_t len)
{
	struct inquiry q;

	if (inquiry_decode(bytes, len, &q) == 0)
		assert_true(strlen(q.vendor) < sizeof q.vendor);
}

static void hostile_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		decode_hostile((const uint8_t *)rows[i].bytes, rows[i].len, decode);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(standard_data),
		cmocka_unit_test(hostile_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
