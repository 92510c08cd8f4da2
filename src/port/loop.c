/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <time.h>

#include <systemd/sd-event.h>

#include "base/cleanup.h"

/*
 * A deferred call has the lowest priority, so that it runs once for everything that came in. A
 * flood (ten thousand uevents) would then put it off for as long as the flood lasts; after this
 * long it runs in between.
 */
#define DEFER_AT_MOST_MS 50

/* sd-event would otherwise join our timers with others up to 250 ms away */
#define TIMER_ACCURACY_US 1000

struct loop {
	sd_event *event;
	struct source *deferred; /* all sources of loop_defer(), linked by next */
};

struct source {
	struct loop *loop;
	sd_event_source *event_source;
	fd_callback on_fd;
	call_callback on_call;
	void *arg;

	/* of loop_defer() only */
	bool is_deferred, asked;
	instant asked_at;
	struct source *next;
};

int loop_new(struct loop **ret)
{
	_cleanup_(loop_freep) struct loop *loop = calloc(1, sizeof *loop);
	int r;

	if (!loop)
		return -ENOMEM;
	r = sd_event_new(&loop->event);
	if (r < 0)
		return r;
	*ret = TAKE(loop);
	return 0;
}

struct loop *loop_free(struct loop *loop)
{
	if (!loop)
		return NULL;
	sd_event_unref(loop->event);
	free(loop);
	return NULL;
}

int loop_run(struct loop *loop)
{
	return sd_event_loop(loop->event);
}

void loop_exit(struct loop *loop, int code)
{
	sd_event_exit(loop->event, code);
}

struct sd_event *loop_sd_event(struct loop *loop)
{
	return loop->event;
}

static uint64_t clock_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

instant loop_now(void)
{
	return (instant){ clock_ms(CLOCK_MONOTONIC) };
}

uint64_t loop_suspended_ms(void)
{
	/* in this order the difference is never negative */
	uint64_t running = clock_ms(CLOCK_MONOTONIC);

	return clock_ms(CLOCK_BOOTTIME) - running;
}

int64_t loop_wall_offset_ms(void)
{
	return (int64_t)clock_ms(CLOCK_REALTIME) - (int64_t)clock_ms(CLOCK_MONOTONIC);
}

static void run_deferred(struct source *source)
{
	source->asked = false;
	sd_event_source_set_enabled(source->event_source, SD_EVENT_OFF);
	source->on_call(source->arg);
}

/* After each callback: what was put off for too long runs now. One a turn: it may free others. */
static void run_overdue(struct loop *loop)
{
	for (struct source *s = loop->deferred; s; s = s->next)
		if (s->asked && instant_reached(loop_now(),
					instant_add_ms(s->asked_at, DEFER_AT_MOST_MS))) {
			run_deferred(s);
			return;
		}
}

/* The callback may free its source: nothing of it is touched afterwards. */
static void call(struct source *source)
{
	struct loop *loop = source->loop;

	source->on_call(source->arg);
	run_overdue(loop);
}

static int on_io(sd_event_source *event_source, int fd, uint32_t events, void *userdata)
{
	struct source *source = userdata;
	struct loop *loop = source->loop;

	(void)event_source;
	source->on_fd(source->arg, fd, events);
	run_overdue(loop);
	return 0;
}

static int on_time(sd_event_source *event_source, uint64_t us, void *userdata)
{
	(void)event_source;
	(void)us;
	call(userdata);
	return 0;
}

static int on_signal(
	sd_event_source *event_source, const struct signalfd_siginfo *info, void *userdata)
{
	(void)event_source;
	(void)info;
	call(userdata);
	return 0;
}

static int on_defer(sd_event_source *event_source, void *userdata)
{
	(void)event_source;
	run_deferred(userdata);
	return 0;
}

static struct source *source_new(struct loop *loop, void *arg)
{
	struct source *source = calloc(1, sizeof *source);

	if (!source)
		return NULL;
	source->loop = loop;
	source->arg = arg;
	return source;
}

static int finish(struct source **source, enum source_priority priority, struct source **ret)
{
	int r = sd_event_source_set_priority((*source)->event_source, priority);

	if (r < 0)
		return r;
	*ret = TAKE(*source);
	return 0;
}

int loop_watch(struct loop *loop, int fd, uint32_t events, enum source_priority priority,
	fd_callback callback, void *arg, struct source **ret)
{
	_cleanup_(source_freep) struct source *source = source_new(loop, arg);
	int r;

	if (!source)
		return -ENOMEM;
	source->on_fd = callback;
	r = sd_event_add_io(loop->event, &source->event_source, fd, events, on_io, source);
	if (r < 0)
		return r;
	return finish(&source, priority, ret);
}

int source_set_events(struct source *source, uint32_t events)
{
	return sd_event_source_set_io_events(source->event_source, events);
}

int loop_timer(struct loop *loop, enum source_priority priority, call_callback callback, void *arg,
	struct source **ret)
{
	_cleanup_(source_freep) struct source *source = source_new(loop, arg);
	int r;

	if (!source)
		return -ENOMEM;
	source->on_call = callback;
	r = sd_event_add_time(loop->event, &source->event_source, CLOCK_MONOTONIC, UINT64_MAX,
		TIMER_ACCURACY_US, on_time, source);
	if (r < 0)
		return r;
	r = sd_event_source_set_enabled(source->event_source, SD_EVENT_OFF);
	if (r < 0)
		return r;
	return finish(&source, priority, ret);
}

int loop_timer_set(struct source *timer, instant when)
{
	uint64_t us = when.ms > UINT64_MAX / 1000 ? UINT64_MAX : when.ms * 1000;
	int r = sd_event_source_set_time(timer->event_source, us);

	if (r < 0)
		return r;
	return sd_event_source_set_enabled(timer->event_source, SD_EVENT_ONESHOT);
}

int loop_defer(struct loop *loop, call_callback callback, void *arg, struct source **ret)
{
	_cleanup_(source_freep) struct source *source = source_new(loop, arg);
	struct source *made;
	int r;

	if (!source)
		return -ENOMEM;
	source->on_call = callback;
	r = sd_event_add_defer(loop->event, &source->event_source, on_defer, source);
	if (r < 0)
		return r;
	r = sd_event_source_set_enabled(source->event_source, SD_EVENT_OFF);
	if (r < 0)
		return r;
	r = finish(&source, PRIORITY_SETTLE, &made);
	if (r < 0)
		return r;
	made->is_deferred = true;
	made->next = loop->deferred;
	loop->deferred = made;
	*ret = made;
	return 0;
}

int loop_defer_now(struct source *defer)
{
	if (defer->asked)
		return 0;
	defer->asked = true;
	defer->asked_at = loop_now();
	return sd_event_source_set_enabled(defer->event_source, SD_EVENT_ONESHOT);
}

int loop_signal(
	struct loop *loop, int signo, call_callback callback, void *arg, struct source **ret)
{
	_cleanup_(source_freep) struct source *source = source_new(loop, arg);
	sigset_t set;
	int r;

	if (!source)
		return -ENOMEM;
	source->on_call = callback;
	if (sigemptyset(&set) < 0 || sigaddset(&set, signo) < 0 ||
		sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	r = sd_event_add_signal(loop->event, &source->event_source, signo, on_signal, source);
	if (r < 0)
		return r;
	return finish(&source, PRIORITY_STOP, ret);
}

struct source *source_free(struct source *source)
{
	if (!source)
		return NULL;
	if (source->is_deferred)
		for (struct source **s = &source->loop->deferred; *s; s = &(*s)->next)
			if (*s == source) {
				*s = source->next;
				break;
			}
	sd_event_source_disable_unref(source->event_source);
	free(source);
	return NULL;
}
