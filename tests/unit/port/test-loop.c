/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "port/loop.h"

/* What happened, in order, one letter each. */
struct story {
	struct loop *loop;
	char told[64];
	size_t n;
	struct source *watch, *timer, *defer, *other;
	int pipe[2];
	instant fired, deferred;
	unsigned rounds;
};

static void tell(struct story *s, char what)
{
	if (s->n < sizeof s->told - 1)
		s->told[s->n++] = what;
}

static int set_up(void **state)
{
	struct story *s = calloc(1, sizeof *s);

	if (!s || loop_new(&s->loop) < 0 || pipe(s->pipe) < 0)
		return -1;
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct story *s = *state;

	source_free(s->watch);
	source_free(s->timer);
	source_free(s->defer);
	source_free(s->other);
	close(s->pipe[0]);
	close(s->pipe[1]);
	loop_free(s->loop);
	free(s);
	return 0;
}

static void on_stop_timer(void *arg)
{
	struct story *s = arg;

	tell(s, 't');
	s->fired = loop_now();
	loop_exit(s->loop, 7);
}

static void a_timer_fires_once_and_not_early(void **state)
{
	struct story *s = *state;
	instant when = instant_add_ms(loop_now(), 30);

	assert_int_equal(loop_timer(s->loop, PRIORITY_TIME, on_stop_timer, s, &s->timer), 0);
	assert_int_equal(loop_timer_set(s->timer, when), 0);
	assert_int_equal(loop_run(s->loop), 7);
	assert_string_equal(s->told, "t");
	assert_true(instant_reached(s->fired, when));
}

static void on_never(void *arg)
{
	tell(arg, '!');
}

static void a_timer_that_was_not_set_or_is_far_never_fires(void **state)
{
	struct story *s = *state;

	assert_int_equal(loop_timer(s->loop, PRIORITY_STOP, on_never, s, &s->other), 0);
	assert_int_equal(loop_timer_set(s->other, INSTANT_FAR), 0);
	assert_int_equal(loop_timer(s->loop, PRIORITY_TIME, on_stop_timer, s, &s->timer), 0);
	assert_int_equal(loop_timer_set(s->timer, INSTANT_NEVER), 0);
	assert_int_equal(loop_run(s->loop), 7);
	assert_string_equal(s->told, "t");
}

static void on_byte(void *arg, int fd, uint32_t events)
{
	struct story *s = arg;
	char c;

	assert_true(events & EPOLLIN);
	assert_int_equal(read(fd, &c, 1), 1);
	tell(s, c);
	loop_defer_now(s->defer);
	loop_defer_now(s->defer);
}

static void on_settle(void *arg)
{
	struct story *s = arg;

	tell(s, '.');
	if (s->n > 3)
		loop_exit(s->loop, 0);
}

static void a_deferred_call_comes_once_after_all_that_is_ready(void **state)
{
	struct story *s = *state;

	assert_int_equal(loop_defer(s->loop, on_settle, s, &s->defer), 0);
	assert_int_equal(
		loop_watch(s->loop, s->pipe[0], EPOLLIN, PRIORITY_ANSWER, on_byte, s, &s->watch),
		0);
	assert_int_equal(write(s->pipe[1], "abc", 3), 3);
	assert_int_equal(loop_run(s->loop), 0);
	assert_string_equal(s->told, "abc.");
}

static void on_flood(void *arg, int fd, uint32_t events)
{
	struct story *s = arg;
	struct timespec ms = { .tv_nsec = 1000000 };

	(void)fd;
	(void)events;
	loop_defer_now(s->defer);
	nanosleep(&ms, NULL);
	if (++s->rounds > 1000)
		loop_exit(s->loop, -ETIME);
}

static void on_flood_settled(void *arg)
{
	loop_exit(((struct story *)arg)->loop, 0);
}

/* the pipe stays readable for ever: without a bound the deferred call would never come */
static void a_flood_does_not_put_off_the_deferred_call_for_ever(void **state)
{
	struct story *s = *state;

	assert_int_equal(loop_defer(s->loop, on_flood_settled, s, &s->defer), 0);
	assert_int_equal(
		loop_watch(s->loop, s->pipe[0], EPOLLIN, PRIORITY_UEVENT, on_flood, s, &s->watch),
		0);
	assert_int_equal(write(s->pipe[1], "x", 1), 1);
	assert_int_equal(loop_run(s->loop), 0);
}

static void on_suicide(void *arg, int fd, uint32_t events)
{
	struct story *s = arg;

	(void)fd;
	(void)events;
	s->watch = source_free(s->watch);
	s->defer = source_free(s->defer);
	loop_exit(s->loop, 3);
}

static void a_callback_may_free_its_own_source(void **state)
{
	struct story *s = *state;

	assert_int_equal(loop_defer(s->loop, on_never, s, &s->defer), 0);
	assert_int_equal(loop_defer_now(s->defer), 0);
	assert_int_equal(
		loop_watch(s->loop, s->pipe[0], EPOLLIN, PRIORITY_ANSWER, on_suicide, s, &s->watch),
		0);
	assert_int_equal(write(s->pipe[1], "x", 1), 1);
	assert_int_equal(loop_run(s->loop), 3);
	assert_string_equal(s->told, "");
}

static void on_low(void *arg, int fd, uint32_t events)
{
	(void)fd;
	(void)events;
	tell(arg, 'l');
	loop_exit(((struct story *)arg)->loop, 0);
}

static void on_high(void *arg, int fd, uint32_t events)
{
	struct story *s = arg;

	(void)fd;
	(void)events;
	tell(s, 'h');
	assert_int_equal(source_set_events(s->other, 0), 0);
}

static void the_smaller_priority_runs_first(void **state)
{
	struct story *s = *state;
	_cleanup_(closep) int again = dup(s->pipe[0]);

	assert_int_equal(
		loop_watch(s->loop, again, EPOLLIN, PRIORITY_CLIENT, on_low, s, &s->watch), 0);
	assert_int_equal(
		loop_watch(s->loop, s->pipe[0], EPOLLIN, PRIORITY_UEVENT, on_high, s, &s->other),
		0);
	assert_int_equal(write(s->pipe[1], "x", 1), 1);
	assert_int_equal(loop_run(s->loop), 0);
	assert_string_equal(s->told, "hl");
	s->watch = source_free(s->watch);
}

static void on_usr1(void *arg)
{
	tell(arg, 's');
	loop_exit(((struct story *)arg)->loop, 0);
}

static void a_signal_arrives_in_the_loop(void **state)
{
	struct story *s = *state;

	assert_int_equal(loop_signal(s->loop, SIGUSR1, on_usr1, s, &s->other), 0);
	kill(getpid(), SIGUSR1);
	assert_int_equal(loop_run(s->loop), 0);
	assert_string_equal(s->told, "s");
}

int main(void)
{
#define ROW(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		ROW(a_timer_fires_once_and_not_early),
		ROW(a_timer_that_was_not_set_or_is_far_never_fires),
		ROW(a_deferred_call_comes_once_after_all_that_is_ready),
		ROW(a_flood_does_not_put_off_the_deferred_call_for_ever),
		ROW(a_callback_may_free_its_own_source),
		ROW(the_smaller_priority_runs_first),
		ROW(a_signal_arrives_in_the_loop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
