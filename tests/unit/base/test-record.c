/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/record.h"
#include "base/text.h"

enum colour { RED, GREEN, NAMELESS, BLUE };

struct inner {
	uint32_t a;
	bool b;
};

struct thing {
	uint64_t u64;
	uint32_t u32;
	uint16_t u16;
	uint8_t u8;
	int32_t i32;
	bool yes;
	enum colour colour;
	char text[12];
	uint8_t n_bytes;
	uint8_t bytes[6];
	uint32_t n_inner;
	struct inner inner[3];
};

static const char *const colours[] = { [RED] = "red", [GREEN] = "green", [BLUE] = "blue" };
static const struct field inner_fields[] = {
	FIELD(inner, a, FIELD_U32),
	FIELD(inner, b, FIELD_BOOL),
	FIELD_END,
};
static const struct field fields[] = {
	FIELD(thing, u64, FIELD_U64),
	FIELD(thing, u32, FIELD_U32),
	FIELD(thing, u16, FIELD_U16),
	FIELD(thing, u8, FIELD_U8),
	FIELD(thing, i32, FIELD_I32),
	FIELD(thing, yes, FIELD_BOOL),
	FIELD_NAMED("colour", thing, colour, colours),
	FIELD(thing, text, FIELD_TEXT),
	FIELD_HEX("bytes", thing, bytes, n_bytes),
	FIELD_AS("things", thing, n_inner, FIELD_U32),
	FIELD_LIST("inner", thing, inner, n_inner, inner_fields),
	FIELD_END,
};

static const struct print_row {
	const char *rule, *text;
	struct thing thing;
} print_rows[] = {
	{ "what is zero is left out", "", { 0 } },
	{ "the largest", " u64=18446744073709551615 u32=4294967295 u16=65535 u8=255 i32=2147483647",
		{ UINT64_MAX, UINT32_MAX, UINT16_MAX, UINT8_MAX, INT32_MAX, .colour = RED } },
	{ "the smallest", " i32=-2147483648", { .i32 = INT32_MIN } },
	{ "an enum by name", " colour=blue", { .colour = BLUE } },
	{ "text is escaped", " text=a\\x20b\\x5c\\x0a\\xff=", { .text = "a b\\\n\xff=" } },
	{ "bytes as hex", " bytes=00ff", { .n_bytes = 2, .bytes = { 0, 0xff } } },
	{ "bytes that are zero are bytes", " bytes=0000", { .n_bytes = 2 } },
	{ "elements by number", " things=2 inner.0.a=7 inner.1.b=yes",
		{ .n_inner = 2, .inner = { { .a = 7 }, { .b = true } } } },
	{ "an element that is zero is one", " things=3 inner.0.a=7",
		{ .n_inner = 3, .inner = { { .a = 7 } } } },
};

static void set_all(const char *text, struct thing *ret)
{
	char copy[256], *rest, *word;

	text_copy(copy, sizeof copy, text);
	for (word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		char *value = strchr(word, '=');

		*value++ = '\0';
		assert_int_equal(record_set(fields, ret, word, value), 0);
	}
}

static void test_print_and_set(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(print_rows); i++) {
		const struct print_row *row = &print_rows[i];
		struct text t = TEXT_INIT;
		struct thing back = { 0 };

		record_print(&t, fields, &row->thing);
		if (strcmp(text_str(&t), row->text) != 0)
			fail_msg("%s: \"%s\"", row->rule, text_str(&t));
		set_all(row->text, &back);
		if (memcmp(&back, &row->thing, sizeof back) != 0)
			fail_msg("%s: another", row->rule);
		text_done(&t);
	}
}

/* What does not fit a table is printed as such and never followed. */
static void test_hostile(void **state)
{
	struct thing thing = { .colour = NAMELESS, .n_inner = 77, .n_bytes = 77 };
	struct text t = TEXT_INIT;

	(void)state;
	record_print(&t, fields, &thing);
	assert_string_equal(text_str(&t), " colour=? bytes=000000000000 things=77");
	text_clear(&t);
	thing = (struct thing){ .colour = (enum colour)99 };
	memset(thing.text, 'x', sizeof thing.text); /* not terminated */
	record_print(&t, fields, &thing);
	assert_string_equal(text_str(&t), " colour=? text=xxxxxxxxxxx");
	text_clear(&t);
	thing = (struct thing){ .colour = RED };
	memset(thing.text + 1, 'x', sizeof thing.text - 1); /* empty, whatever follows */
	record_print(&t, fields, &thing);
	assert_string_equal(text_str(&t), "");
	text_done(&t);
}

static const struct refused_row {
	const char *name, *value;
	int r;
} refused_rows[] = {
	{ "nothing", "1", -ENOENT },
	{ "u3", "1", -ENOENT },
	{ "u322", "1", -ENOENT },
	{ "inner", "1", -ENOENT },
	{ "inner.", "1", -ENOENT },
	{ "inner.x.a", "1", -ENOENT },
	{ "inner.0", "1", -ENOENT },
	{ "inner.0.c", "1", -ENOENT },
	{ "inner.3.a", "1", -EINVAL },
	{ "inner.99999999.a", "1", -ENOENT },
	{ "u8", "256", -EINVAL },
	{ "u64", "18446744073709551616", -EINVAL },
	{ "u64", "", -EINVAL },
	{ "i32", "2147483648", -EINVAL },
	{ "i32", "-2147483649", -EINVAL },
	{ "i32", "--1", -EINVAL },
	{ "yes", "true", -EINVAL },
	{ "colour", "?", -EINVAL },
	{ "colour", "", -EINVAL },
	{ "text", "123456789012", -EINVAL },
	{ "text", "\\xzz", -EINVAL },
	{ "text", "a\\x00b", -EINVAL }, /* nothing follows the end of a text */
	{ "bytes", "0", -EINVAL },
	{ "bytes", "00112233445566", -EINVAL },
};

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused_rows); i++) {
		struct thing thing = { 0 };
		int r = record_set(fields, &thing, refused_rows[i].name, refused_rows[i].value);

		if (r != refused_rows[i].r)
			fail_msg("%s=%s: %d", refused_rows[i].name, refused_rows[i].value, r);
	}
}

/* What is said twice is what was said last. */
static void test_twice(void **state)
{
	const struct thing want = { .n_bytes = 1, .bytes = { 7 }, .text = "b" };
	struct thing thing = { 0 };

	(void)state;
	set_all("bytes=010203 bytes=07 text=aaa text=b", &thing);
	assert_memory_equal(&thing, &want, sizeof thing);
}

static const struct sound_row {
	const char *rule;
	bool sound;
	struct thing thing;
} sound_rows[] = {
	{ "nothing is", true, { 0 } },
	{ "an enum has a name", false, { .colour = NAMELESS } },
	{ "an enum is one of its values", false, { .colour = (enum colour)99 } },
	{ "all bytes that are counted are there", true, { .n_bytes = 6 } },
	{ "not more", false, { .n_bytes = 7 } },
	{ "an array may tell of more than it holds", true, { .n_inner = 77 } },
	{ "a text ends", true, { .text = "12345678901" } },
};

static void test_sound(void **state)
{
	struct thing thing = { 0 };
	const uint8_t two = 2;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sound_rows); i++)
		if (record_is_sound(fields, &sound_rows[i].thing) != sound_rows[i].sound)
			fail_msg("%s", sound_rows[i].rule);
	memset(thing.text, 'x', sizeof thing.text);
	assert_false(record_is_sound(fields, &thing));
	thing = (struct thing){ 0 };
	memcpy(&thing.yes, &two, 1);
	assert_false(record_is_sound(fields, &thing));
	thing = (struct thing){ .n_inner = 2 };
	memcpy(&thing.inner[1].b, &two, 1);
	assert_false(record_is_sound(fields, &thing));
	thing.n_inner = 1; /* what is not counted is nobody's */
	assert_true(record_is_sound(fields, &thing));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_print_and_set),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_sound),
	};

	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
