/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The daemon's core is made, and told to read its configuration again, while its calls fail: it is
 * whole, or nothing is left of it; who asked is told once how that ended, or at once that it did
 * not begin.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "config/diagnostics.h"
#include "core/config_files.h"
#include "core/sources.h"
#include "fault.h"
#include "port/loop.h"
#include "port/packet.h"

static const char old_text[] = "defaults {\n purge_limit 7\n}\n";
static const char new_text[] = "defaults {\n purge_limit 9\n}\n";

static char dir[64];
static struct packet packet;

static struct {
	struct loop *loop;
	struct sources *sources;
	unsigned fds;
	long live;
	int wishes; /* the zygote's end */
	unsigned n_done;
	int result;
} t;

static struct config *old_config(void)
{
	const struct config_file file = {
		.name = "old.conf", .text = old_text, .len = sizeof old_text - 1
	};
	struct config *config = NULL;

	assert_int_equal(config_new(&file, 1, NULL, &config), 0);
	return config;
}

static void begin(void)
{
	t.n_done = 0;
	t.sources = NULL;
	t.fds = fault_open_fds();
	t.live = fault_live();
	assert_int_equal(loop_new(&t.loop), 0);
}

/* The configuration and the zygote's socket are taken; the test plays the zygote. */
static int make(bool with_fault)
{
	struct config *config = old_config();
	int pair[2], r;

	assert_int_equal(packet_pair(pair), 0);
	t.wishes = pair[1];
	if (with_fault)
		fault_begin();
	r = sources_new(t.loop, pair[0], config, &t.sources);
	fault_end();
	return r;
}

static void end(const struct fault *f)
{
	sources_free(t.sources);
	loop_free(t.loop);
	close(t.wishes);
	if (fault_open_fds() != t.fds || fault_live() != t.live)
		fail_msg("%s: something is left", fault_text(f));
}

/* The daemon before fenced a device, which is there still. */
static void write_fence(void)
{
	char path[128];
	struct stat st;
	FILE *file;

	assert_int_equal(stat("/sys/devices/system", &st), 0);
	snprintf(path, sizeof path, "%s/state", dir);
	mkdir(path, 0700);
	snprintf(path, sizeof path, "%s/state/fence-1", dir);
	file = fopen(path, "we");
	assert_non_null(file);
	fprintf(file, "fenced ino=%lu sysfs=devices/system found=1other\n",
		(unsigned long)st.st_ino);
	fclose(file);
}

/* That there is no record, or no device; and a file of memory is not read by halves. */
static bool is_believed(const struct fault *f)
{
	return f->error == ENOENT || f->error == ENODEV || f->error == FAULT_SHORT;
}

/* What one does not know to be fenced, one would ask. */
static void run_new(const struct fault *f)
{
	int r;

	write_fence();
	begin();
	r = make(true);
	if ((r < 0) != (t.sources == NULL) || (r < 0 && !strerrorname_np(-r)))
		fail_msg("%s: %d", fault_text(f), r);
	if (!fault_struck())
		assert_int_equal(r, 0);
	if (r >= 0 && core_model(sources_core(t.sources))->n_fences != 1 && !is_believed(f))
		fail_msg("%s: a fence is forgotten", fault_text(f));
	end(f);
}

static void test_new(void **state)
{
	(void)state;
	fault_each(NULL, run_new);
}

/* ---- reading again -------------------------------------------------------------------------- */

static void on_done(void *arg, int result, const struct diagnostics *remarks)
{
	(void)arg;
	(void)remarks;
	t.n_done++;
	t.result = result;
}

/* The reader's end of the first wish, or -1. */
static int take_wish(void)
{
	packet_clear(&packet);
	if (packet_receive(t.wishes, &packet) != 1)
		return -1;
	assert_int_equal(packet.n_fds, 1);
	return packet.fds[0];
}

static void answer(int reader)
{
	const struct config_file file = {
		.name = "new.conf", .text = new_text, .len = sizeof new_text - 1
	};
	struct config_files files = { .files = (struct config_file *)&file, .n = 1 };
	struct config_reading reading = { .magic = CONFIG_READING };
	_cleanup_(closep) int fd = config_files_pack(&files);

	assert_true(fd >= 0);
	assert_int_equal(packet_send_one(reader, &reading, sizeof reading, &fd, 1), 0);
	close(reader);
}

static void require_one_configuration(const struct fault *f, int r)
{
	uint32_t limit = core_model(sources_core(t.sources))->defaults.purge_limit;

	if (limit != (r < 0 ? 7 : 9))
		fail_msg("%s: %d, and limit %u", fault_text(f), r, limit);
}

static void run_again(const struct fault *f)
{
	int r, reader;

	begin();
	assert_int_equal(make(false), 0);
	fault_begin();
	r = sources_reconfigure(t.sources, on_done, NULL);
	fault_end();
	reader = take_wish();
	if (r < 0) {
		assert_int_equal(t.n_done, 0);
		close_fd(reader);
	} else {
		assert_true(reader >= 0);
		answer(reader);
		fault_begin();
		for (int i = 0; i < 500 && !t.n_done; i++)
			sd_event_run(loop_sd_event(t.loop), 10000);
		fault_end();
		assert_int_equal(t.n_done, 1);
		r = t.result;
	}
	require_one_configuration(f, r);
	if (!fault_struck())
		assert_int_equal(r, 0);
	end(f);
}

/* The timers of the thought in between are not meant: without one the daemon ends. */
static void test_again(void **state)
{
	static const enum fault_kind kinds[] = { FAULT_MEMORY, FAULT_READ, FAULT_SEND,
		FAULT_RECEIVE, FAULT_SOCKET, FAULT_NONE };

	(void)state;
	fault_each(kinds, run_again);
}

static void say_nothing(void *arg, enum log_level level, const char *event, const char *line)
{
	(void)arg;
	(void)level;
	(void)event;
	(void)line;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new),
		cmocka_unit_test(test_again),
	};
	char command[128];
	int r;

	TEXT_SET(dir, "/tmp/pathkeeper-faults.XXXXXX");
	if (!mkdtemp(dir) || setenv("PATHKEEPER_RUNTIME_DIR", dir, 1) < 0)
		return EXIT_FAILURE;
	log_set_sink(say_nothing, NULL);
	r = cmocka_run_group_tests_name("faults of the core's sources", tests, NULL, NULL);
	snprintf(command, sizeof command, "rm -r %s", dir);
	return system(command) == 0 ? r : EXIT_FAILURE;
}
