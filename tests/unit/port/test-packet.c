/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "port/packet.h"

static struct packet packet; /* too large for a stack */

static unsigned open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void a_packet_holds_records_in_order(void **state)
{
	uint64_t record;
	int ends[2];

	(void)state;
	assert_int_equal(packet_pair(ends), 0);
	packet_clear(&packet);
	assert_int_equal(packet_add(&packet, "abcdefgh", 8), 0);
	assert_int_equal(packet_add(&packet, "xyz", 3), 0);
	assert_int_equal(packet_send(ends[0], &packet), 0);
	assert_int_equal(packet_receive(ends[1], &packet), 1);
	assert_int_equal(packet_next(&packet, &record, sizeof record), 1);
	assert_memory_equal(&record, "abcdefgh", 8);
	assert_int_equal(packet_next(&packet, &record, sizeof record), 1);
	assert_memory_equal(&record, "xyz\0\0\0\0\0", 8); /* the rest is zero */
	assert_int_equal(packet_next(&packet, &record, sizeof record), 0);
	assert_int_equal(packet_receive(ends[1], &packet), -EAGAIN);
	close(ends[0]);
	assert_int_equal(packet_receive(ends[1], &packet), 0);
	close(ends[1]);
}

/* What a peer could send: bytes as they stand in a packet, and what reading them gives. */
static const struct {
	const char *rule;
	const char bytes[16];
	size_t len;
	int first, second;
} hostile[] = {
	{ "less than a size", "\1\0", 2, -EBADMSG, 0 },
	{ "a size and nothing", "\4\0\0\0", 4, -EBADMSG, 0 },
	{ "torn", "\4\0\0\0abc", 7, -EBADMSG, 0 },
	{ "an empty record", "\0\0\0\0", 4, -EBADMSG, 0 },
	{ "larger than we take", "\11\0\0\0abcdefghi", 13, -EBADMSG, 0 },
	{ "a size that wraps", "\377\377\377\377abcd", 8, -EBADMSG, 0 },
	{ "one good, then torn", "\2\0\0\0ab\3\0\0\0a", 11, 1, -EBADMSG },
	{ "one good, then a piece of a size", "\2\0\0\0ab\3\0", 8, 1, -EBADMSG },
	{ "exactly what we take", "\10\0\0\0abcdefgh", 12, 1, 0 },
};

static void hostile_bytes_are_refused(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(packet_pair(ends), 0);
	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
		uint8_t record[8];
		int first, second;

		assert_int_equal(
			send(ends[0], hostile[i].bytes, hostile[i].len, 0), hostile[i].len);
		assert_int_equal(packet_receive(ends[1], &packet), 1);
		first = packet_next(&packet, record, sizeof record);
		second = packet_next(&packet, record, sizeof record);
		if (first != hostile[i].first || second != hostile[i].second)
			fail_msg("%s: %d, %d", hostile[i].rule, first, second);
	}
	close(ends[0]);
	close(ends[1]);
}

static void an_oversized_packet_is_refused_whole(void **state)
{
	_cleanup_(freep) char *bytes = calloc(1, PACKET_MAX + 1);
	int ends[2];

	(void)state;
	assert_int_equal(packet_pair(ends), 0);
	assert_int_equal(send(ends[0], bytes, PACKET_MAX + 1, 0), PACKET_MAX + 1);
	assert_int_equal(packet_receive(ends[1], &packet), -EBADMSG);
	assert_int_equal(packet_next(&packet, bytes, 8), 0);
	close(ends[0]);
	close(ends[1]);
}

static void adding_stops_at_the_size_of_a_packet(void **state)
{
	_cleanup_(freep) char *bytes = calloc(1, PACKET_MAX);

	(void)state;
	packet_clear(&packet);
	assert_int_equal(packet_add(&packet, bytes, PACKET_MAX), -ENOSPC);
	assert_int_equal(packet_add(&packet, bytes, SIZE_MAX), -ENOSPC);
	assert_int_equal(packet_add(&packet, bytes, PACKET_MAX - 4), 0);
	assert_int_equal(packet_add(&packet, bytes, 1), -ENOSPC);
	assert_int_equal(packet.len, PACKET_MAX);
	assert_int_equal(packet_send_one(0, bytes, PACKET_MAX - 3, NULL, 0), -EMSGSIZE);
}

static void descriptors_ride_along_and_none_stays(void **state)
{
	unsigned before = open_fds();
	int ends[2], null, record;
	struct stat sent, received;

	(void)state;
	assert_int_equal(packet_pair(ends), 0);
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(packet_send_one(ends[0], &null, sizeof null, (int[]){ null, null }, 2), 0);
	assert_int_equal(packet_receive(ends[1], &packet), 1);
	assert_int_equal(packet.n_fds, 2);
	assert_int_equal(packet_next(&packet, &record, sizeof record), 1);
	fstat(null, &sent);
	fstat(packet.fds[1], &received);
	assert_int_equal(sent.st_rdev, received.st_rdev);
	assert_true(fcntl(packet.fds[0], F_GETFD) & FD_CLOEXEC);
	assert_int_equal(close(packet.fds[0]), 0);
	packet.fds[0] = -1; /* taken */
	packet_done(&packet);
	close(null);
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(open_fds(), before);
}

static void more_descriptors_than_expected_are_refused_and_closed(void **state)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE((PACKET_FDS + 1) * sizeof(int))];
	} control = { 0 };
	struct iovec part = { "\1\0\0\0a", 5 };
	struct msghdr message = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control };
	unsigned before = open_fds();
	int ends[2];

	(void)state;
	assert_int_equal(packet_pair(ends), 0);
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN((PACKET_FDS + 1) * sizeof(int));
	for (int i = 0; i <= PACKET_FDS; i++)
		memcpy(CMSG_DATA(&control.header) + (size_t)i * sizeof(int), &ends[0], sizeof(int));
	assert_int_equal(sendmsg(ends[0], &message, 0), 5);
	assert_int_equal(packet_receive(ends[1], &packet), -EBADMSG);
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(open_fds(), before);
}

static void a_reader_that_is_behind_costs_an_answer_not_a_wait(void **state)
{
	int ends[2], r, n = 0;

	(void)state;
	assert_int_equal(packet_pair(ends), 0);
	packet_clear(&packet);
	assert_int_equal(packet_add(&packet, ends, sizeof ends), 0);
	packet.len = PACKET_MAX;
	while ((r = packet_send(ends[0], &packet)) == 0)
		n++;
	assert_int_equal(r, -EAGAIN);
	assert_in_range(n, 2, 1000);
	assert_in_range(packet_untaken_bytes(ends[0]), PACKET_MAX, 1000 * PACKET_MAX);
	while (packet_receive(ends[1], &packet) == 1)
		;
	assert_int_equal(packet_untaken_bytes(ends[0]), 0);
	close(ends[1]);
	assert_in_range(-packet_send_one(ends[0], &n, sizeof n, NULL, 0), 1, 4095);
	close(ends[0]);
}

/* The kernel reports the unread packet first, by an error: what the peer had said is behind it. */
static void last_words_of_a_peer_that_did_not_listen_are_heard(void **state)
{
	int ends[2], record = 7;

	(void)state;
	assert_int_equal(packet_pair(ends), 0);
	assert_false(packet_peer_is_gone(ends[0]));
	assert_int_equal(packet_send_one(ends[0], &record, sizeof record, NULL, 0), 0);
	assert_int_equal(packet_send_one(ends[1], &record, sizeof record, NULL, 0), 0);
	close(ends[1]);
	assert_true(packet_peer_is_gone(ends[0]));
	assert_int_equal(packet_receive(ends[0], &packet), 1);
	assert_int_equal(packet_receive(ends[0], &packet), 0);
	close(ends[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_holds_records_in_order),
		cmocka_unit_test(hostile_bytes_are_refused),
		cmocka_unit_test(an_oversized_packet_is_refused_whole),
		cmocka_unit_test(adding_stops_at_the_size_of_a_packet),
		cmocka_unit_test(descriptors_ride_along_and_none_stays),
		cmocka_unit_test(more_descriptors_than_expected_are_refused_and_closed),
		cmocka_unit_test(a_reader_that_is_behind_costs_an_answer_not_a_wait),
		cmocka_unit_test(last_words_of_a_peer_that_did_not_listen_are_heard),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
