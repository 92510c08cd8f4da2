/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The faces, while their calls fail. Whoever asks is answered, or sees its connection end; nobody
 * waits for ever. Meanwhile the loop goes on, afterwards others are served as ever, and nothing of
 * those who are gone is left.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "fault.h"
#include "pathkeeper.h"
#include "port/loop.h"
#include "serve/dbus.h"
#include "stage.h"
#include "../unit/root.h"

enum {
	BEAT_MS = 10,
	BEATS_AFTER = 20,
	WORD_MS = 200,	/* what a word is given */
	ANSWER_S = 6,	/* by then it is answered, however slow the machine */
	CONNECT_S = 10, /* the library gives up before */
	TIRED_MS = 500, /* of connecting again */
};

static const char *const known[] = { "sdaaa", NULL };
static const char *const none[] = { NULL };

static struct {
	const struct fault *fault;
	struct stage stage;
	struct source *child, *beat;
	bool fails; /* in this part of the story */
	int pidfd, pid;
	unsigned fds, after;
} t;

/* ---- clients ------------------------------------------------------------------------------ */

static int first_event(void *arg, uint64_t number, const char *json)
{
	(void)arg;
	(void)number;
	return json[0] == '{' ? 1 : -EBADMSG;
}

static int ask_status(struct pk *pk, char **json)
{
	return pk_status(pk, json);
}

static int ask_paths(struct pk *pk, char **json)
{
	return pk_paths(pk, known, json);
}

static int ask_maps(struct pk *pk, char **json)
{
	return pk_maps(pk, none, json);
}

static int ask_check(struct pk *pk, char **json)
{
	return pk_check(pk, known, WORD_MS, json);
}

static int ask_purge(struct pk *pk, char **json)
{
	return pk_purge(pk, known, PK_PURGE_DRY_RUN, WORD_MS, json);
}

static int ask_wait(struct pk *pk, char **json)
{
	return pk_wait(pk, known, 1, WORD_MS, json);
}

static int ask_reconfigure(struct pk *pk, char **json)
{
	return pk_reconfigure(pk, json);
}

static int ask_events(struct pk *pk, char **json)
{
	return pk_events(pk, 0, json);
}

static int follow(struct pk *pk, char **json)
{
	int r = pk_follow(pk, first_event, NULL);

	(void)json;
	return r > 0 ? 0 : r;
}

static int (*const words[])(struct pk *pk, char **json) = { ask_status, ask_paths, ask_maps,
	ask_check, ask_purge, ask_wait, ask_reconfigure, ask_events, follow };

enum { ALL_WELL, REFUSED, NOT_CONNECTED = 50, UNNAMED = 100 }; /* REFUSED + the word */

/* In order, each over a new connection if the last one was ended. What becomes of it is known in
 * time, or an alarm ends us. */
static int be_client(bool must_do)
{
	struct pk *pk = NULL;
	char *json;
	int r;

	signal(SIGALRM, SIG_DFL);

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		instant began = loop_now();

		alarm(CONNECT_S);
		while (!pk && (r = pk_connect(0, &pk)) < 0)
			if (must_do || instant_ms_between(began, loop_now()) > TIRED_MS)
				return must_do ? NOT_CONNECTED : ALL_WELL;
		if (words[i] == follow && t.fault->stays)
			break; /* what can never be said is not waited for */
		alarm(ANSWER_S);
		r = words[i](pk, &json);
		if (r < 0 && must_do)
			return REFUSED + (int)i;
		if (r < 0 && !strerrorname_np(-r))
			return UNNAMED;
		if (r == -ECONNRESET)
			pk = pk_close(pk);
	}
	pk_close(pk);
	return ALL_WELL;
}

/* ---- the daemon --------------------------------------------------------------------------- */

static void own(bool begins)
{
	if (begins)
		fault_end();
	else if (t.fails)
		fault_begin();
}

static void on_child(void *arg, int fd, uint32_t events);

static void begin_client(bool must_do)
{
	t.pid = fork();
	assert_true(t.pid >= 0);
	if (t.pid == 0)
		_exit(be_client(must_do));
	t.pidfd = (int)syscall(SYS_pidfd_open, t.pid, 0);
	assert_true(t.pidfd >= 0);
	assert_int_equal(
		loop_watch(t.stage.loop, t.pidfd, EPOLLIN, PRIORITY_STOP, on_child, NULL, &t.child),
		0);
}

/* The first one saw what fails; the second one must not notice that anything ever did. */
static void on_child(void *arg, int fd, uint32_t events)
{
	bool was_first = t.fails;
	int status;

	(void)arg;
	(void)fd;
	(void)events;
	fault_end();
	t.fails = false;
	assert_int_equal(waitpid(t.pid, &status, 0), t.pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != ALL_WELL)
		fail_msg("%s: the %s client ended by %x", fault_text(t.fault),
			was_first ? "first" : "second", (unsigned)status);
	t.child = source_free(t.child);
	t.pidfd = close_fd(t.pidfd);
	if (was_first && fault_struck())
		begin_client(true);
	else
		t.after = 1;
}

/* Something happens all the time; and when all are gone, nothing of them may be left soon. */
static void on_beat(void *arg)
{
	(void)arg;
	own(true);
	if (t.after && (fault_open_fds() == t.fds || t.after++ > BEATS_AFTER)) {
		if (fault_open_fds() != t.fds)
			fail_msg("%s: %u descriptors are left", fault_text(t.fault),
				fault_open_fds() - t.fds);
		loop_exit(t.stage.loop, 0);
	}
	stage_happen(&t.stage, 1, 0);
	assert_int_equal(loop_timer_set(t.beat, instant_add_ms(loop_now(), BEAT_MS)), 0);
	own(false);
}

static void run(const struct fault *f)
{
	const struct stage_script script = { .n_devices = 1, .own = own };
	unsigned fds = fault_open_fds();
	long live = fault_live();
	int r;

	memset(&t, 0, sizeof t);
	t.fault = f;
	stage_init(&t.stage, &script);
	assert_int_equal(loop_timer(t.stage.loop, PRIORITY_TIME, on_beat, NULL, &t.beat), 0);
	assert_int_equal(loop_timer_set(t.beat, loop_now()), 0);
	while (sd_event_run(loop_sd_event(t.stage.loop), 0) > 0)
		; /* what is looked at once is */
	t.fds = fault_open_fds();
	begin_client(false);
	t.fails = true;
	fault_begin();
	r = loop_run(t.stage.loop);
	fault_end();
	if (r != 0)
		fail_msg("%s: the loop ended by %d", fault_text(f), r);
	t.beat = source_free(t.beat);
	stage_done(&t.stage);
	if (fault_open_fds() != fds || fault_live() != live)
		fail_msg("%s: %u descriptors, %ld allocations are left", fault_text(f),
			fault_open_fds() - fds, fault_live() - live);
}

static enum fault_kind kinds[FAULT_KINDS + 1]; /* those that are named */

static void test_clients(void **state)
{
	(void)state;
	fault_each(kinds, run);
}

static void remove_names(void)
{
	static const char *const names[] = { "private", "read" };
	char path[sizeof t.stage.dir + 16];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof path, "%s/%s", t.stage.dir, names[i]);
		unlink(path);
	}
}

/* It begins whole, or not at all. */
static void run_begin(const struct fault *f)
{
	const struct stage_script script = { .n_devices = 1 };
	unsigned fds;
	long live;
	int r;

	stage_init(&t.stage, &script);
	t.stage.serve = serve_dbus_free(t.stage.serve);
	fds = fault_open_fds();
	live = fault_live();
	fault_begin();
	r = serve_dbus_new(t.stage.sources, NULL, &t.stage.serve);
	fault_end();
	if (r < 0 && (!fault_struck() || !strerrorname_np(-r)))
		fail_msg("%s: %d", fault_text(f), r);
	if (r < 0 && (fault_open_fds() != fds || fault_live() != live))
		fail_msg("%s: something is left", fault_text(f));
	if (f->kind == FAULT_NAME && r < 0)
		remove_names(); /* who cannot: the next daemon does */
	stage_done(&t.stage);	/* its folder is empty */
}

static void test_begin(void **state)
{
	(void)state;
	fault_each(NULL, run_begin);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_begin),
		cmocka_unit_test(test_clients),
	};

	if (!root_is_here())
		return 77; /* its door is root's */
	signal(SIGPIPE, SIG_IGN);
	for (int i = 1; i < argc && i <= FAULT_KINDS; i++) {
		kinds[i - 1] = fault_named(argv[i]);
		if (kinds[i - 1] == FAULT_NONE)
			return 1;
	}
	return cmocka_run_group_tests_name("faults of the faces", tests, NULL, NULL);
}
