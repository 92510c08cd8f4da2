/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The uevent sockets, while their calls fail. Every event is told whole, or it is said that some
 * were lost, after which everything is read again; what cannot be begun ends by name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "fault.h"
#include "observe/uevent.h"
#include "port/loop.h"

enum { KERNEL, UDEV, SPEAKERS };
enum { EVENTS = 5, MOST_TURNS = 200 };

static struct {
	int sender, listener;
} speakers[SPEAKERS];
static unsigned n_speakers; /* the kernel's is made first */

int __real_socketpair(int domain, int type, int protocol, int pair[2]);
ssize_t __real_recv(int fd, void *bytes, size_t size, int flags);
ssize_t __real_recvmsg(int fd, struct msghdr *m, int flags);

/* ---- netlink ------------------------------------------------------------------------------ */

static int make(int protocol)
{
	int pair[2];

	assert_int_equal(protocol, NETLINK_KOBJECT_UEVENT);
	assert_true(n_speakers < SPEAKERS);
	assert_int_equal(
		__real_socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
	speakers[n_speakers].sender = pair[0];
	speakers[n_speakers++].listener = pair[1];
	return pair[1];
}

static unsigned number_of(int fd)
{
	unsigned i = 0;

	while (i < n_speakers && speakers[i].listener != fd)
		i++;
	return i;
}

static bool is_one(int fd)
{
	return number_of(fd) < n_speakers;
}

/* ENOBUFS says that a message was thrown away. */
static ssize_t receive(int fd, struct msghdr *m, int error)
{
	struct sockaddr_nl *from = m->msg_name;
	unsigned which = number_of(fd);
	struct cmsghdr *c;
	char byte;
	ssize_t n;

	if (error) {
		if (error == ENOBUFS && __real_recv(fd, &byte, sizeof byte, MSG_DONTWAIT) < 0)
			error = EAGAIN;
		errno = error;
		return -1;
	}
	m->msg_name = NULL;
	m->msg_namelen = 0;
	n = __real_recvmsg(fd, m, MSG_DONTWAIT);
	m->msg_name = from;
	m->msg_namelen = sizeof *from;
	if (n < 0)
		return n;
	*from = (struct sockaddr_nl){ .nl_family = AF_NETLINK,
		.nl_pid = which == UDEV ? 77 : 0,
		.nl_groups = which == UDEV ? 2 : 1 };
	c = CMSG_FIRSTHDR(m);
	if (c)
		((struct ucred *)CMSG_DATA(c))->uid = 0;
	return n;
}

static const struct fault_netlink netlink = { make, is_one, receive };

/* ---- what is said ------------------------------------------------------------------------- */

static size_t word(unsigned which, unsigned number, char ret[512])
{
	static const uint32_t header[] = { 40, 40 };
	size_t at = which == UDEV ? 40 : (size_t)sprintf(ret, "%s@/x", "change") + 1;
	size_t begin = at;
	uint32_t len;

	at += (size_t)sprintf(ret + at,
		      "ACTION=change%cDEVPATH=/devices/host3/target3:0:0/3:0:0:%u/block/sda%c"
		      "SUBSYSTEM=%s%cDEVTYPE=disk%cSEQNUM=%u",
		      0, number, 0, "block", 0, 0, number) +
	      1;
	len = (uint32_t)(at - begin);
	if (which == UDEV) {
		memcpy(ret, "libudev\0\xfe\xed\xca\xfe", 12);
		memcpy(ret + 12, header, sizeof header);
		memcpy(ret + 20, &len, sizeof len);
		memset(ret + 24, 0, 16);
	} else {
		memcpy(ret + begin, "ACTION=remove", 13);
	}
	return at;
}

static void say_all(void)
{
	char message[512];

	for (unsigned i = 0; i < EVENTS; i++)
		for (unsigned which = 0; which < SPEAKERS; which++) {
			size_t len = word(which, i + 1, message);

			assert_int_equal(send(speakers[which].sender, message, len, 0), len);
		}
}

/* ---- what is heard ------------------------------------------------------------------------ */

static struct {
	const struct fault *fault;
	unsigned told[SPEAKERS][EVENTS + 1], lost;
} t;

static void note(void *arg, const struct observation *o)
{
	unsigned which = o->uevent.action == UEVENT_REMOVE ? KERNEL : UDEV;
	char sysfs[64];

	(void)arg;
	if (o->kind == OBS_UEVENTS_LOST) {
		t.lost++;
		return;
	}
	assert_int_equal(o->kind, OBS_UEVENT);
	assert_in_range(o->uevent.sequence, 1, EVENTS);
	snprintf(sysfs, sizeof sysfs, "devices/host3/target3:0:0/3:0:0:%u",
		(unsigned)o->uevent.sequence);
	if (strcmp(sysfs, o->uevent.sysfs) != 0)
		fail_msg("%s: %s was told", fault_text(t.fault), o->uevent.sysfs);
	if (t.told[which][o->uevent.sequence]++)
		fail_msg("%s: it was told twice", fault_text(t.fault));
}

static void require_all(void)
{
	for (unsigned which = 0; which < SPEAKERS && !t.lost; which++)
		for (unsigned i = 1; i <= EVENTS; i++)
			if (!t.told[which][i])
				fail_msg("%s: event %u of %u is not told", fault_text(t.fault), i,
					which);
	if (t.lost && !fault_struck())
		fail_msg("%s: nothing was lost", fault_text(t.fault));
}

/* Until nothing is left to be heard, unless that fails for ever. */
static void hear(struct loop *loop)
{
	for (int i = 0; i < MOST_TURNS && sd_event_run(loop_sd_event(loop), 0) > 0; i++)
		;
}

static void hang_up(void)
{
	while (n_speakers)
		close(speakers[--n_speakers].sender);
}

static void run(const struct fault *f)
{
	unsigned fds = fault_open_fds();
	long live = fault_live();
	struct uevent *uevent = NULL;
	struct loop *loop;
	int r;

	memset(&t, 0, sizeof t);
	t.fault = f;
	assert_int_equal(loop_new(&loop), 0);
	fault_begin();
	r = uevent_new(loop, note, NULL, &uevent);
	if (r >= 0) {
		fault_end();
		say_all();
		fault_begin();
		hear(loop);
		uevent = uevent_free(uevent);
	}
	fault_end();
	if (r < 0 && (!fault_struck() || !strerrorname_np(-r)))
		fail_msg("%s: %d", fault_text(f), r);
	if (r >= 0)
		require_all();
	hang_up();
	loop = loop_free(loop);
	if (fault_open_fds() != fds || fault_live() != live)
		fail_msg("%s: something is left", fault_text(f));
}

static void test_uevent(void **state)
{
	(void)state;
	fault_on_netlink(&netlink);
	fault_each(NULL, run);
	fault_on_netlink(NULL);
}

/* What does not fit is cut by the kernel, and may have been any event. */
static void test_too_long(void **state)
{
	static const char message[40000];
	struct uevent *uevent;
	struct loop *loop;

	(void)state;
	fault_on_netlink(&netlink);
	for (unsigned which = 0; which < SPEAKERS; which++) {
		memset(&t, 0, sizeof t);
		assert_int_equal(loop_new(&loop), 0);
		assert_int_equal(uevent_new(loop, note, NULL, &uevent), 0);
		assert_int_equal(
			send(speakers[which].sender, message, sizeof message, 0), sizeof message);
		hear(loop);
		assert_int_equal(t.lost, 1);
		uevent_free(uevent);
		hang_up();
		loop_free(loop);
	}
	fault_on_netlink(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uevent),
		cmocka_unit_test(test_too_long),
	};

	return cmocka_run_group_tests_name("faults of hearing events", tests, NULL, NULL);
}
