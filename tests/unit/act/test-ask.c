/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The questions of a check, in their order, and what is kept of the answers. The device is the
 * other end of a socket in place of an sg node: what is submitted there is answered when the test
 * says so; or SG_IO, which the linker leads here, answers at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <scsi/sg.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "act/ask.h"
#include "base/cleanup.h"

enum { TIMEOUT_MS = 1234, SOUGHT = 7, MOST = 12, HOST_NO_CONNECT = 1 };

enum command { TUR = 't', INQUIRY = 'i', PAGE_83 = 'n', PAGE_80 = 's', LUNS = 'l' };

enum word { GOOD, GONE, REFUSED, ATTENTION, BUSY, UNREACHABLE, NO_DATA };

/* What the device is like. */
static struct device {
	enum word tur, inquiry, identity, luns;
	unsigned attentions;  /* so many before its word */
	uint64_t listed[4];   /* first n of them are transferred */
	uint32_t n, n_more;   /* and so many more are said to be there */
	uint32_t uneven;      /* bytes that make no LUN */
	uint16_t page_bytes;  /* of page 83h */
	bool nameless;	      /* page 83h names no logical unit */
	char asked[MOST + 1]; /* enum command, in order */
	uint32_t n_asked, timeout_ms;
	int pair[2];
} device;

static enum command command_of(const struct sg_io_hdr *h)
{
	switch (h->cmdp[0]) {
	case 0x00: return TUR;
	case 0xa0: return LUNS;
	}
	assert_int_equal(h->cmdp[0], 0x12);
	if (!(h->cmdp[1] & 1))
		return INQUIRY;
	return h->cmdp[2] == 0x83 ? PAGE_83 : PAGE_80;
}

static void say_sense(struct sg_io_hdr *h, uint8_t key, uint8_t asc)
{
	const uint8_t sense[] = { 0x72, key, asc, 0, 0, 0, 0, 0 };

	h->status = 0x02;
	h->sb_len_wr = sizeof sense;
	memcpy(h->sbp, sense, sizeof sense);
}

static void say_bytes(struct sg_io_hdr *h, const void *bytes, size_t len)
{
	if (len > h->dxfer_len)
		len = h->dxfer_len;
	memcpy(h->dxferp, bytes, len);
	h->resid = (int)(h->dxfer_len - len);
}

static void say_luns(struct sg_io_hdr *h)
{
	uint8_t list[8 + 8 * ARRAY_SIZE(device.listed)] = { 0 };
	uint32_t length = 8 * (device.n + device.n_more) + device.uneven;

	for (unsigned i = 0; i < 4; i++)
		list[i] = (uint8_t)(length >> 8 * (3 - i));
	for (uint32_t i = 0; i < device.n; i++) {
		list[8 + 8 * i] = (uint8_t)(device.listed[i] >> 8);
		list[9 + 8 * i] = (uint8_t)device.listed[i];
	}
	say_bytes(h, list, 8 + 8 * device.n);
}

static void say_page(struct sg_io_hdr *h, uint8_t page)
{
	uint8_t bytes[MAX_IDENTITY * 2] = { 0, page };
	uint16_t len = page == 0x83 ? device.page_bytes : 12;

	bytes[2] = (uint8_t)((len - 4) >> 8);
	bytes[3] = (uint8_t)(len - 4);
	memcpy(bytes + 4, "12345678", 8);
	if (page == 0x83 && device.nameless)
		memcpy(bytes + 4, "\1\x14\0\4tgtp", 8); /* of a target port */
	else if (page == 0x83)
		memcpy(bytes + 4, "\1\3\0\x10\x60\1\x40\5\0\0\0\0\0\0\0\0\0\0\0\1", 20);
	say_bytes(h, bytes, len);
}

static void say_data(struct sg_io_hdr *h, enum command command)
{
	static const uint8_t inquiry[36] = { 0, 0, 6, 2, 31 };

	switch (command) {
	case TUR: return;
	case INQUIRY: say_bytes(h, inquiry, sizeof inquiry); return;
	case PAGE_83: say_page(h, 0x83); return;
	case PAGE_80: say_page(h, 0x80); return;
	case LUNS: say_luns(h); return;
	}
}

static enum word word_of(enum command command)
{
	switch (command) {
	case TUR: return device.attentions && device.attentions-- ? ATTENTION : device.tur;
	case INQUIRY: return device.inquiry;
	case PAGE_83: return device.identity;
	case PAGE_80: return GOOD;
	case LUNS: break;
	}
	return device.luns;
}

static void answer(struct sg_io_hdr *h)
{
	enum command command = command_of(h);

	assert_in_range(device.n_asked, 0, MOST - 1);
	device.asked[device.n_asked++] = (char)command;
	device.timeout_ms = h->timeout;
	h->status = 0;
	h->host_status = h->driver_status = 0;
	h->resid = 0;
	switch (word_of(command)) {
	case GOOD: say_data(h, command); return;
	case GONE: say_sense(h, 5, 0x25); return;
	case REFUSED: say_sense(h, 5, 0x20); return;
	case ATTENTION: say_sense(h, 6, 0x29); return;
	case BUSY: h->status = 0x08; return;
	case UNREACHABLE: h->host_status = HOST_NO_CONNECT; return;
	case NO_DATA: h->resid = (int)h->dxfer_len; return;
	}
}

int __real_ioctl(int fd, unsigned long request, void *arg);
int __wrap_ioctl(int fd, unsigned long request, void *arg);

int __wrap_ioctl(int fd, unsigned long request, void *arg)
{
	if (request != SG_IO)
		return __real_ioctl(fd, request, arg);
	answer(arg);
	return 0;
}

static int begin_with(const struct device *is)
{
	device = *is;
	if (!device.page_bytes)
		device.page_bytes = 24;
	signal(SIGPIPE, SIG_IGN);
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, device.pair);
}

static int begin(void **state)
{
	(void)state;
	return begin_with(&(struct device){ 0 });
}

static int end(void **state)
{
	(void)state;
	close_fd(device.pair[0]);
	close_fd(device.pair[1]);
	return 0;
}

/* The next command is answered; false: none was submitted. */
static bool answer_next(void)
{
	struct sg_io_hdr h;

	if (read(device.pair[1], &h, sizeof h) != sizeof h)
		return false;
	answer(&h);
	assert_int_equal(write(device.pair[1], &h, sizeof h), sizeof h);
	return true;
}

static struct obs_checked ask(struct ask_wishes wishes)
{
	struct ask ask = { 0 };

	ask_begin(&ask, device.pair[0], TIMEOUT_MS, wishes);
	while (ask.step != ASK_IDLE) {
		assert_false(ask_go_on(&ask, device.pair[0])); /* there is no answer yet */
		assert_true(answer_next());
		if (ask_go_on(&ask, device.pair[0]))
			assert_int_equal(ask.step, ASK_IDLE);
	}
	assert_false(answer_next());
	assert_int_equal(device.timeout_ms, TIMEOUT_MS);
	assert_null(ask.luns);
	assert_true(ask.checked.asked);
	return ask.checked;
}

/* ---- the order ------------------------------------------------------------------------------- */

static const struct {
	const char *rule;
	struct device is;
	bool inquiry, identity, luns;
	const char *asked;
	bool inquired, identified;
	enum lun_word sought;
} orders[] = {
	{ "nothing else is wished", { 0 }, false, false, false, "t", false, false, LUN_NOT_ASKED },
	{ "all of it", { .n = 1 }, true, true, true, "tinl", true, true, LUN_NOT_LISTED },
	{ "the list alone", { .n = 1 }, false, false, true, "tl", false, false, LUN_NOT_LISTED },
	{ "its sense is an answer", { .tur = REFUSED, .n = 1 }, true, false, true, "til", true,
		false, LUN_NOT_LISTED },
	{ "so is that it is busy", { .tur = BUSY, .n = 1 }, false, false, true, "tl", false, false,
		LUN_NOT_LISTED },
	{ "who is gone is asked for no more than INQUIRY", { .tur = GONE, .n = 1 }, true, true,
		true, "ti", true, false, LUN_NOT_ASKED },
	{ "who cannot be reached for nothing", { .tur = UNREACHABLE }, true, true, true, "t", false,
		false, LUN_NOT_ASKED },
	{ "a refused INQUIRY is one", { .inquiry = REFUSED, .n = 1 }, true, false, true, "til",
		true, false, LUN_NOT_LISTED },
	{ "a page that is not there, by the other", { .identity = REFUSED }, false, true, false,
		"tns", false, true, LUN_NOT_ASKED },
	{ "a page that names nobody, by the other", { .nameless = true, .page_bytes = 12 }, false,
		true, false, "tns", false, true, LUN_NOT_ASKED },
	{ "a long page is asked for again", { .page_bytes = 300 }, false, true, false, "tnn", false,
		true, LUN_NOT_ASKED },
	{ "one that is longer than we keep is not", { .page_bytes = MAX_IDENTITY + 1 }, false, true,
		false, "tn", false, true, LUN_NOT_ASKED },
	{ "an outage on the way names nobody", { .identity = UNREACHABLE, .n = 1 }, false, true,
		true, "tnl", false, false, LUN_NOT_LISTED },
};

static void require_order(size_t i, const struct obs_checked *checked)
{
	if (strcmp(device.asked, orders[i].asked) != 0)
		fail_msg("%s: \"%s\" was asked", orders[i].rule, device.asked);
	if (checked->inquired != orders[i].inquired || checked->identified != orders[i].identified)
		fail_msg("%s: %d, %d", orders[i].rule, checked->inquired, checked->identified);
	if (checked->sought != orders[i].sought)
		fail_msg("%s: it is %s", orders[i].rule, lun_word_name(checked->sought));
}

static void what_is_asked_after_what(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		const struct ask_wishes wishes = { .inquiry = orders[i].inquiry,
			.identity = orders[i].identity,
			.luns = orders[i].luns,
			.lun = SOUGHT };
		struct obs_checked one_by_one, now;

		assert_int_equal(begin_with(&orders[i].is), 0);
		one_by_one = ask(wishes);
		end(state);
		require_order(i, &one_by_one);
		assert_int_equal(begin_with(&orders[i].is), 0);
		ask_now(device.pair[0], TIMEOUT_MS, wishes, 0, &now);
		end(state);
		require_order(i, &now);
		assert_memory_equal(&now, &one_by_one, sizeof now);
	}
}

/* ---- the target's word ----------------------------------------------------------------------- */

static const struct {
	const char *rule;
	struct device is;
	enum lun_word sought;
} lists[] = {
	{ "it is there", { .n = 3, .listed = { 0, 1, SOUGHT } }, LUN_LISTED },
	{ "it is not there", { .n = 3, .listed = { 0, 1, 8 } }, LUN_NOT_LISTED },
	{ "... by another way of addressing", { .n = 2, .listed = { 0, 0x4000 | SOUGHT } },
		LUN_LISTED },
	{ "a longer list than was transferred", { .n = 2, .listed = { 0, 1 }, .n_more = 1 },
		LUN_UNKNOWN },
	{ "... in which it is all the same", { .n = 2, .listed = { 0, SOUGHT }, .n_more = 1 },
		LUN_LISTED },
	{ "more than we ask for", { .n = 2, .listed = { 0, 1 }, .n_more = 2000 }, LUN_UNKNOWN },
	{ "a list that ends within a number", { .n = 2, .listed = { 0, 1 }, .uneven = 4 },
		LUN_UNKNOWN },
	{ "who answers is not there himself", { .n = 0 }, LUN_UNKNOWN },
	{ "nothing was transferred", { .luns = NO_DATA }, LUN_UNKNOWN },
	{ "it refuses the question", { .luns = REFUSED }, LUN_UNKNOWN },
	{ "it is busy", { .luns = BUSY }, LUN_UNKNOWN },
	{ "something happened", { .luns = ATTENTION }, LUN_UNKNOWN },
	{ "an outage", { .luns = UNREACHABLE }, LUN_UNKNOWN },
};

static void what_a_list_says(void **state)
{
	const struct ask_wishes wishes = { .luns = true, .lun = SOUGHT };

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		struct obs_checked checked;

		assert_int_equal(begin_with(&lists[i].is), 0);
		checked = ask(wishes);
		end(state);
		if (checked.sought != lists[i].sought)
			fail_msg("%s: %s", lists[i].rule, lun_word_name(checked.sought));
		assert_string_equal(device.asked, "tl");
	}
}

static void a_number_beyond_the_first_level_is_compared_as_it_is(void **state)
{
	struct ask_wishes wishes = { .luns = true, .lun = 0x10007 };

	(void)state;
	device.n = 2;
	device.listed[1] = SOUGHT;
	assert_int_equal(ask(wishes).sought, LUN_NOT_LISTED);
}

/* ---- on the way ------------------------------------------------------------------------------ */

static void what_cannot_be_sent_is_answered_so(void **state)
{
	const struct ask_wishes wishes = { .inquiry = true, .identity = true, .luns = true };
	struct ask ask = { 0 };

	(void)state;
	ask_begin(&ask, device.pair[0], TIMEOUT_MS, wishes);
	assert_true(answer_next());
	device.pair[1] = close_fd(device.pair[1]);
	assert_true(ask_go_on(&ask, device.pair[0]));
	assert_int_equal(ask.checked.tur.error, 0);
	assert_true(ask.checked.inquired);
	assert_int_equal(ask.checked.inquiry.error, -EPIPE);
	assert_int_equal(ask.checked.inquiry_len, 0);
	assert_false(ask.checked.identified);
	assert_int_equal(ask.checked.sought, LUN_UNKNOWN);
	assert_null(ask.luns);
}

static void a_first_one_that_cannot_be_sent_is_the_last(void **state)
{
	const struct ask_wishes wishes = { .inquiry = true, .luns = true };
	struct ask ask = { 0 };

	(void)state;
	device.pair[1] = close_fd(device.pair[1]);
	ask_begin(&ask, device.pair[0], TIMEOUT_MS, wishes);
	assert_int_equal(ask.step, ASK_IDLE);
	assert_int_equal(ask.checked.tur.error, -EPIPE);
	assert_false(ask.checked.inquired);
	assert_int_equal(ask.checked.sought, LUN_NOT_ASKED);
}

/* What were left behind would be found as a leak. */
static void what_is_dropped_leaves_nothing(void **state)
{
	const struct ask_wishes wishes = { .luns = true };
	struct ask ask = { 0 };

	(void)state;
	ask_begin(&ask, device.pair[0], TIMEOUT_MS, wishes);
	assert_true(answer_next());
	assert_false(ask_go_on(&ask, device.pair[0]));
	assert_int_equal(ask.step, ASK_LUNS);
	assert_non_null(ask.luns);
	ask_drop(&ask);
	assert_int_equal(ask.step, ASK_IDLE);
	assert_false(ask_go_on(&ask, device.pair[0]));
	ask_begin(&ask, device.pair[0], TIMEOUT_MS, (struct ask_wishes){ 0 }); /* and again */
	assert_int_equal(ask.checked.sought, LUN_NOT_ASKED);
}

static void an_attention_is_asked_past(void **state)
{
	struct obs_checked checked;

	(void)state;
	device.attentions = 2;
	ask_now(device.pair[0], TIMEOUT_MS, (struct ask_wishes){ 0 }, 2, &checked);
	assert_int_equal(checked.tur.status, 0);
	assert_string_equal(device.asked, "ttt");
	device.attentions = 2;
	ask_now(device.pair[0], TIMEOUT_MS, (struct ask_wishes){ 0 }, 1, &checked);
	assert_int_equal(checked.tur.status, 2); /* so often and no more */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_asked_after_what),
		cmocka_unit_test(what_a_list_says),
		TEST(a_number_beyond_the_first_level_is_compared_as_it_is),
		TEST(what_cannot_be_sent_is_answered_so),
		TEST(a_first_one_that_cannot_be_sent_is_the_last),
		TEST(what_is_dropped_leaves_nothing),
		TEST(an_attention_is_asked_past),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
