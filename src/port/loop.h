/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The one event loop: sd-event behind a small face, so that nothing else of the house knows it.
 * Callbacks translate and return; none may block.
 */
#include <stdint.h>

#include "base/cleanup.h"
#include "base/clock.h"

struct loop;
struct source;

/* Smaller runs earlier. */
enum source_priority {
	PRIORITY_STOP = -30,   /* take nothing new in while leaving */
	PRIORITY_UEVENT = -20, /* a removal is known before an answer about the removed */
	PRIORITY_ANSWER = -10, /* an answer counts before the deadline that would void it */
	PRIORITY_TIME = 0,
	PRIORITY_CLIENT = 10, /* people wait for devices, not devices for people */
	PRIORITY_SETTLE = 20, /* think once about all that came in */
};

int loop_new(struct loop **ret);
struct loop *loop_free(struct loop *loop);
DEFINE_FREEP(struct loop, loop_free)

/* Runs until loop_exit(); returns its code or negative errno. */
int loop_run(struct loop *loop);
void loop_exit(struct loop *loop, int code);

/* CLOCK_MONOTONIC now (not cached). */
instant loop_now(void);

/* Time since boot that CLOCK_MONOTONIC did not count (suspend), in milliseconds. */
uint64_t loop_suspended_ms(void);

/* An instant + this: milliseconds since 1970, as the clock on the wall stands now. Only for what
 * people read. */
int64_t loop_wall_offset_ms(void);

typedef void (*fd_callback)(void *arg, int fd, uint32_t events); /* EPOLLIN ... */
typedef void (*call_callback)(void *arg);

/* fd stays the caller's; free the source before closing it. */
int loop_watch(struct loop *loop, int fd, uint32_t events, enum source_priority priority,
	fd_callback callback, void *arg, struct source **ret);
int source_set_events(struct source *source, uint32_t events);

/* A timer, not armed until loop_timer_set(); fires once per setting. */
int loop_timer(struct loop *loop, enum source_priority priority, call_callback callback, void *arg,
	struct source **ret);
int loop_timer_set(struct source *timer, instant when);

/* Called once at the end of this turn of the loop; may be asked for again from anywhere. */
int loop_defer(struct loop *loop, call_callback callback, void *arg, struct source **ret);
int loop_defer_now(struct source *defer);

/* signo is blocked for the process and delivered here. */
int loop_signal(
	struct loop *loop, int signo, call_callback callback, void *arg, struct source **ret);

struct source *source_free(struct source *source);
DEFINE_FREEP(struct source, source_free)

/* For sd-bus, which attaches itself. */
struct sd_event;
struct sd_event *loop_sd_event(struct loop *loop);
