/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "serve/frame.h"
#include "serve/handshake.h"

#define GUID	 "0123456789abcdef0123456789abcdef"
#define OK	 "OK " GUID "\r\n"
#define NO	 "REJECTED EXTERNAL\r\n"
#define BYTES(s) s, sizeof(s) - 1

/* The peer is user 1000: "31303030". */
static const struct {
	const char *rule, *bytes;
	size_t len;
	enum handshake_progress want;
	const char *answers;
	size_t left; /* bytes that are not the handshake's */
} rows[] = {
	{ "nothing yet", BYTES(""), HANDSHAKE_WAITS, "", 0 },
	{ "it begins with a NUL", BYTES("AUTH EXTERNAL\r\n"), HANDSHAKE_ENDS, "", 15 },
	{ "as sd-bus does it", BYTES("\0AUTH EXTERNAL\r\nDATA\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n"),
		HANDSHAKE_DONE, "DATA\r\n" OK "ERROR\r\n", 0 },
	{ "as libdbus does it", BYTES("\0AUTH EXTERNAL 31303030\r\nBEGIN\r\n"), HANDSHAKE_DONE, OK,
		0 },
	{ "what follows is a message's", BYTES("\0AUTH EXTERNAL 31303030\r\nBEGIN\r\nl\1\0\1"),
		HANDSHAKE_DONE, OK, 4 },
	{ "half a line", BYTES("\0AUTH EXTERNAL 3130\r"), HANDSHAKE_WAITS, "", 19 },
	{ "another user", BYTES("\0AUTH EXTERNAL 30\r\n"), HANDSHAKE_WAITS, NO, 0 },
	{ "another user may not begin", BYTES("\0AUTH EXTERNAL 30\r\nBEGIN\r\n"), HANDSHAKE_ENDS,
		NO, 0 },
	{ "a refused one takes back an accepted one",
		BYTES("\0AUTH EXTERNAL 31303030\r\nAUTH EXTERNAL 30\r\nBEGIN\r\n"), HANDSHAKE_ENDS,
		OK NO, 0 },
	{ "a longer number that begins like ours", BYTES("\0AUTH EXTERNAL 3130303030\r\n"),
		HANDSHAKE_WAITS, NO, 0 },
	{ "a NUL in the number", BYTES("\0AUTH EXTERNAL 3130303000\r\n"), HANDSHAKE_WAITS, NO, 0 },
	{ "no digits", BYTES("\0AUTH EXTERNAL zz\r\n"), HANDSHAKE_WAITS, NO, 0 },
	{ "no mechanism", BYTES("\0AUTH\r\n"), HANDSHAKE_WAITS, NO, 0 },
	{ "a mechanism that only begins so", BYTES("\0AUTH EXTERNALLY\r\n"), HANDSHAKE_WAITS, NO,
		0 },
	{ "anonymous", BYTES("\0AUTH ANONYMOUS\r\nBEGIN\r\n"), HANDSHAKE_ENDS, NO, 0 },
	{ "data that nobody asked for", BYTES("\0DATA 31303030\r\nBEGIN\r\n"), HANDSHAKE_ENDS,
		"ERROR\r\n", 0 },
	{ "cancelled", BYTES("\0AUTH EXTERNAL\r\nCANCEL\r\nDATA\r\n"), HANDSHAKE_WAITS,
		"DATA\r\n" NO "ERROR\r\n", 0 },
	{ "a word of its own", BYTES("\0GET / HTTP/1.1\r\n"), HANDSHAKE_WAITS, "ERROR\r\n", 0 },
	{ "a NUL in a line", BYTES("\0AUTH\0\r\n"), HANDSHAKE_ENDS, "", 7 },
};

static void lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct handshake h = { .uid = 1000, .guid = GUID };
		_cleanup_(text_done) struct text answers = TEXT_INIT;
		size_t taken = 0;
		enum handshake_progress got = handshake_feed(
			&h, (const uint8_t *)rows[i].bytes, rows[i].len, &answers, &taken);

		if (got != rows[i].want || strcmp(text_str(&answers), rows[i].answers) ||
			rows[i].len - taken != rows[i].left)
			fail_msg("%s: %d, %zu left, %s", rows[i].rule, got, rows[i].len - taken,
				text_str(&answers));
	}
}

/* The same, a byte at a time. */
static void torn(void **state)
{
	static const char all[] = "\0AUTH EXTERNAL\r\nDATA 31303030\r\nBEGIN\r\n";
	struct handshake h = { .uid = 1000, .guid = GUID };
	_cleanup_(text_done) struct text answers = TEXT_INIT;
	enum handshake_progress got = HANDSHAKE_WAITS;
	size_t from = 0;

	(void)state;
	for (size_t to = 1; to < sizeof all; to++) {
		size_t taken;

		got = handshake_feed(&h, (const uint8_t *)all + from, to - from, &answers, &taken);
		from += taken;
	}
	assert_int_equal(got, HANDSHAKE_DONE);
	assert_int_equal(from, sizeof all - 1);
	assert_string_equal(text_str(&answers), "DATA\r\n" OK);
}

/* The longest line there is, torn within its end: half an end is no part of the line. */
static void longest(void **state)
{
	struct handshake h = { .uid = 1000, .guid = GUID };
	_cleanup_(text_done) struct text answers = TEXT_INIT;
	uint8_t line[1 + HANDSHAKE_LINE - 1 + 2] = { 0 };
	size_t taken;

	(void)state;
	memset(line + 1, 'A', sizeof line - 1);
	memcpy(line + sizeof line - 2, "\r\n", 2);
	assert_int_equal(
		handshake_feed(&h, line, sizeof line - 1, &answers, &taken), HANDSHAKE_WAITS);
	assert_int_equal(taken, 1);
	assert_int_equal(
		handshake_feed(&h, line + 1, sizeof line - 1, &answers, &taken), HANDSHAKE_WAITS);
	assert_int_equal(taken, sizeof line - 1);
	assert_string_equal(text_str(&answers), "ERROR\r\n");
}

static void bounded(void **state)
{
	struct handshake h = { .uid = 1000, .guid = GUID }, talker = h;
	_cleanup_(text_done) struct text answers = TEXT_INIT;
	uint8_t line[HANDSHAKE_LINE + 1] = { 0 };
	unsigned lines_taken = 0;
	size_t taken;

	(void)state;
	memset(line + 1, 'A', sizeof line - 1);
	assert_int_equal(handshake_feed(&h, line, sizeof line, &answers, &taken), HANDSHAKE_ENDS);
	assert_int_equal(handshake_feed(&talker, line, 1, &answers, &taken), HANDSHAKE_WAITS);
	while (handshake_feed(&talker, (const uint8_t *)"AUTH X\r\n", 8, &answers, &taken) ==
		HANDSHAKE_WAITS)
		lines_taken++;
	assert_int_equal(lines_taken, HANDSHAKE_BYTES / 8);
}

static const struct {
	const char *rule;
	uint8_t head[FRAME_HEAD];
	size_t len;
	ssize_t want;
} frames[] = {
	{ "little-endian", { 'l', 1, 0, 1, 4, 0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0 }, 16, 16 + 16 + 4 },
	{ "big-endian", { 'B', 1, 0, 1, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 8 }, 16, 16 + 8 + 4 },
	{ "not all of the head", { 'l', 1, 0, 1, 4, 0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0 }, 15, 0 },
	{ "no byte order", { 'x', 1, 0, 1, 4, 0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0 }, 16, -EBADMSG },
	{ "no type", { 'l', 0, 0, 1, 4, 0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0 }, 16, -EBADMSG },
	{ "another protocol", { 'l', 1, 0, 2, 4, 0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0 }, 16, -EBADMSG },
	{ "no serial", { 'l', 1, 0, 1, 4, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0 }, 16, -EBADMSG },
	{ "the largest", { 'l', 1, 0, 1, 0xe8, 0xff, 0, 0, 1, 0, 0, 0, 8, 0, 0, 0 }, 16,
		FRAME_MAX },
	{ "one more", { 'l', 1, 0, 1, 0xe9, 0xff, 0, 0, 1, 0, 0, 0, 8, 0, 0, 0 }, 16, -EMSGSIZE },
	{ "sizes that overflow together",
		{ 'l', 1, 0, 1, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff }, 16,
		-EMSGSIZE },
};

static void heads(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(frames); i++) {
		ssize_t got = frame_size(frames[i].head, frames[i].len);

		if (got != frames[i].want)
			fail_msg("%s: %zd", frames[i].rule, got);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(torn),
		cmocka_unit_test(longest),
		cmocka_unit_test(bounded),
		cmocka_unit_test(heads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
