/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "observe/pressure.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "port/loop.h"

/* Some process waited for a tenth of a second within one: the kernel reclaims in earnest. */
static const char trigger[] = "some 100000 1000000";

struct pressure {
	int fd;
	struct source *source;
	observation_sink sink;
	void *arg;
};

DEFINE_FREEP(struct pressure, pressure_free)

static void on_pressure(void *arg, int fd, uint32_t events)
{
	struct pressure *p = arg;
	const struct observation o = { .kind = OBS_PRESSURE, .at = loop_now() };

	(void)fd;
	if (events & EPOLLERR) /* the trigger is gone, and would wake us for ever */
		p->source = source_free(p->source);
	else
		p->sink(p->arg, &o);
}

/* What a kernel without it answers. */
static int open_errno(int error)
{
	return error == ENOENT || error == EOPNOTSUPP || error == EPERM || error == EACCES ||
			       error == EROFS
		       ? -EOPNOTSUPP
		       : -error;
}

int pressure_new(struct loop *loop, const char *file, observation_sink sink, void *arg,
	struct pressure **ret)
{
	_cleanup_(pressure_freep) struct pressure *p = calloc(1, sizeof *p);
	int r;

	if (!p)
		return -ENOMEM;
	p->sink = sink;
	p->arg = arg;
	p->fd = open(file, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (p->fd < 0)
		return open_errno(errno);
	if (write(p->fd, trigger, strlen(trigger) + 1) < 0)
		return open_errno(errno);
	r = loop_watch(loop, p->fd, EPOLLPRI, PRIORITY_TIME, on_pressure, p, &p->source);
	if (r < 0)
		return r;
	*ret = TAKE(p);
	return 0;
}

struct pressure *pressure_free(struct pressure *p)
{
	if (!p)
		return NULL;
	source_free(p->source);
	close_fd(p->fd);
	free(p);
	return NULL;
}
