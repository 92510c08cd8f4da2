/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <sys/socket.h>
#include <time.h>

#include "fault.h"
#include "wrap.h"

static struct fault_moments moments;
static unsigned slept_ms; /* by this process: each that is forked has a clock of its own */

void fault_moments(const struct fault_moments *m)
{
	moments = m ? *m : (struct fault_moments){ 0 };
	slept_ms = 0;
}

int moment_claims(void)
{
	if (!fault_is_subject())
		return 0;
	slept_ms += moments.asleep_ms;
	return moments.claim;
}

void moment_reads(int fd)
{
	if (fault_is_subject() && moments.on_read)
		moments.on_read(fd);
}

/* Shut down from here, a socket is what it is when its other end was closed. */
void moment_told(int socket)
{
	if (fault_is_subject() && moments.leaves)
		shutdown(socket, SHUT_RDWR);
}

/* A clock that stands still while the machine sleeps, and one that does not. */
REAL(int, clock_gettime, (clockid_t clock, struct timespec *ret))
{
	int r = __real_clock_gettime(clock, ret);

	if (r == 0 && clock == CLOCK_BOOTTIME)
		ret->tv_sec += slept_ms / 1000;
	return r;
}
