/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The core with toys around it, on the real loop. What the toys do is chosen before they are made.
 * Time is the machine's and what a test adds to it (the linker leads its clocks here).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "act/zygote.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "config/diagnostics.h"
#include "core/config_files.h"
#include "core/sources.h"
#include "port/loop.h"
#include "port/packet.h"

enum { WAIT_MS = 60000, LATE_MS = 30000, MOST_FED = 256, FIRST_LIMIT = 7 };

static struct packet packet;

/* ---- toys --------------------------------------------------------------------------------- */

enum reader {
	READER_TEXT,	/* reads what reader_text says */
	READER_FAILS,	/* cannot read x.conf */
	READER_DIES,	/* after its birth */
	READER_EMPTY,	/* says that all is well, and hands nothing over */
	READER_RUBBISH, /* what it hands over is no configuration */
	READER_SILENT,
	READER_KILLS, /* who made it */
};

static enum reader reader;
static const char *reader_text;

static int wait_for_end(int socket)
{
	while (packet_receive_patiently(socket, &packet) == 1)
		packet_done(&packet);
	return 0;
}

static int text_in_memory(const char *text)
{
	struct config_file file = {
		.name = (char *)"toy.conf", .text = (char *)text, .len = strlen(text)
	};
	struct config_files files = { .files = &file, .n = 1 };

	return config_files_pack(&files);
}

static int rubbish_in_memory(void)
{
	int fd = memfd_create("rubbish", MFD_CLOEXEC);

	return write(fd, "rubbish", 7) == 7 ? fd : -1;
}

static int toy_reader(int socket, uint32_t tag)
{
	struct config_reading reading = { .magic = CONFIG_READING };
	_cleanup_(closep) int fd = -1;

	(void)tag;
	switch (reader) {
	case READER_TEXT: fd = text_in_memory(reader_text); break;
	case READER_RUBBISH: fd = rubbish_in_memory(); break;
	case READER_FAILS:
		reading.result = -EIO;
		TEXT_SET(reading.failed, "x.conf");
		break;
	case READER_EMPTY: break;
	case READER_SILENT: return wait_for_end(socket);
	case READER_KILLS: kill(getppid(), SIGKILL); return 0;
	case READER_DIES: return 1;
	}
	return packet_send_one(socket, &reading, sizeof reading, &fd, fd < 0 ? 0 : 1) < 0;
}

/* There is one device. */
static int toy_scout(int socket, uint32_t tag)
{
	struct observation device = { .kind = OBS_DEVICE, .device.present = true };
	struct action a;

	(void)tag;
	TEXT_SET(device.device.sysfs, "devices/pci0000:00/host3/target3:0:0/3:0:0:1");
	TEXT_SET(device.device.dev, "sdb");
	device.device.ino = 5;
	device.device.address = (struct scsi_address){ .host = 3, .lun = 1 };
	while (packet_receive_patiently(socket, &packet) == 1)
		while (packet_next(&packet, &a, sizeof a) == 1) {
			struct observation end = { .kind = OBS_DEVICES_END, .action = a.id };

			if (a.kind != ACT_READ_DEVICES)
				continue;
			packet_send_patiently(socket, &device, observation_size(&device));
			packet_send_patiently(socket, &end, observation_size(&end));
		}
	return 0;
}

static int toy_mute(int socket, uint32_t tag)
{
	(void)tag;
	return wait_for_end(socket);
}

static const struct helper_role roles[] = {
	[HELPER_KEEPER] = { "pk-toy-keeper", toy_mute },
	[HELPER_SCOUT] = { "pk-toy-scout", toy_scout },
	[HELPER_SCANNER] = { "pk-toy-scanner", toy_mute },
	[HELPER_DM] = { "pk-toy-dm", toy_mute },
	[HELPER_OWNER] = { "pk-toy-owner", toy_mute },
	[HELPER_READER] = { "pk-toy-reader", toy_reader },
};

/* ---- the world around it ------------------------------------------------------------------ */

static struct world {
	struct loop *loop;
	struct sources *sources;
	struct observation fed[MOST_FED];
	unsigned n_fed;
	uint64_t later_ms, suspended_ms; /* than the machine says */
	bool is_hurried;		 /* what would take long is over soon */
	bool no_timers;
	unsigned n_done, n_settled, n_added;
	int result;
	char remark[256], said[512];
} w;

instant __real_loop_now(void);
instant __wrap_loop_now(void);
uint64_t __wrap_loop_suspended_ms(void);
int __real_loop_timer_set(struct source *timer, instant when);
int __wrap_loop_timer_set(struct source *timer, instant when);
void __real_core_feed(struct core *core, const struct observation *o);
void __wrap_core_feed(struct core *core, const struct observation *o);

instant __wrap_loop_now(void)
{
	return instant_add_ms(__real_loop_now(), w.later_ms);
}

uint64_t __wrap_loop_suspended_ms(void)
{
	return w.suspended_ms;
}

int __wrap_loop_timer_set(struct source *timer, instant when)
{
	uint64_t ms = instant_ms_between(loop_now(), when);

	if (w.no_timers)
		return -ENOMEM;
	if (w.is_hurried && ms > 5000)
		ms = 50;
	return __real_loop_timer_set(timer, instant_add_ms(__real_loop_now(), ms));
}

void __wrap_core_feed(struct core *core, const struct observation *o)
{
	if (w.n_fed < MOST_FED)
		w.fed[w.n_fed++] = *o;
	__real_core_feed(core, o);
}

static void listen_to_log(void *arg, enum log_level level, const char *event, const char *line)
{
	size_t len = strlen(w.said);

	(void)arg;
	(void)event;
	if (level == LOG_LEVEL_ERR)
		snprintf(w.said + len, sizeof w.said - len, "%s\n", line);
}

static void on_changed(void *arg, const struct change *c)
{
	assert_ptr_equal(arg, &w);
	w.n_added += c->kind == CHANGE_PATH_ADDED;
}

static void on_settled(void *arg)
{
	assert_ptr_equal(arg, &w);
	w.n_settled++;
}

static void on_done(void *arg, int result, const struct diagnostics *remarks)
{
	assert_ptr_equal(arg, &w);
	w.n_done++;
	w.result = result;
	if (remarks && remarks->n)
		snprintf(w.remark, sizeof w.remark, "%s: %s", remarks->rows[0].file,
			remarks->rows[0].text);
}

static char dir[64];

static int begin_dir(void **state)
{
	(void)state;
	TEXT_SET(dir, "/tmp/pathkeeper-sources.XXXXXX");
	log_set_sink(listen_to_log, NULL);
	return !mkdtemp(dir) || setenv("PATHKEEPER_RUNTIME_DIR", dir, 1) < 0;
}

static int end_dir(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof command, "rm -r %s", dir);
	return system(command);
}

static struct config *first_config(void)
{
	const char text[] = "defaults {\n purge_limit 7\n}\n";
	const struct config_file file = {
		.name = "first.conf", .text = text, .len = sizeof text - 1
	};
	struct config *config = NULL;

	assert_int_equal(config_new(&file, 1, NULL, &config), 0);
	return config;
}

static int start(void)
{
	int zygote;

	assert_int_equal(zygote_start(roles, ARRAY_SIZE(roles), &zygote), 0);
	assert_int_equal(loop_new(&w.loop), 0);
	return sources_new(w.loop, zygote, first_config(), &w.sources);
}

static void begin(enum reader what, const char *text)
{
	memset(&w, 0, sizeof w);
	reader = what;
	reader_text = text;
	assert_int_equal(start(), 0);
	sources_listen(w.sources, on_changed, on_settled, &w);
}

static void end(void)
{
	sources_free(w.sources);
	loop_free(w.loop);
}

/* Until *counter has more than it has now, or the loop was told to end. */
static void run_until_more(const unsigned *counter)
{
	instant deadline = instant_add_ms(__real_loop_now(), WAIT_MS);
	unsigned before = *counter;
	int code;

	while (*counter == before && sd_event_get_exit_code(loop_sd_event(w.loop), &code) < 0) {
		assert_true(instant_before(__real_loop_now(), deadline));
		assert_true(sd_event_run(loop_sd_event(w.loop), 20000) >= 0);
	}
}

static uint32_t limit_in_force(void)
{
	return core_model(sources_core(w.sources))->defaults.purge_limit;
}

/* The first of this kind; MOST_FED: none. */
static unsigned find_fed(enum observation_kind kind)
{
	unsigned i = 0;

	while (i < w.n_fed && w.fed[i].kind != kind)
		i++;
	return i < w.n_fed ? i : MOST_FED;
}

/* ---- the configuration, read again ---------------------------------------------------------- */

static const struct reading_row {
	const char *rule;
	enum reader reader;
	const char *text;
	int result;
	const char *remark;
	uint32_t limit;
} readings[] = {
	{ "what was read is in force", READER_TEXT, "defaults {\n purge_limit 9\n}\n", 0, "", 9 },
	{ "a warning does not keep it from it", READER_TEXT,
		"defaults {\n purge_limit 9\n nonsense 1\n}\n", 0, "toy.conf: ", 9 },
	{ "the mode does not change", READER_TEXT, "defaults {\n mode manage\n purge_limit 9\n}\n",
		-EINVAL, ": the mode never changes", FIRST_LIMIT },
	{ "a file that cannot be read is named", READER_FAILS, NULL, -EIO, "x.conf: cannot be read",
		FIRST_LIMIT },
	{ "a reader that ends has read nothing", READER_DIES, NULL, -EPIPE, "", FIRST_LIMIT },
	{ "nor did one that hands nothing over", READER_EMPTY, NULL, -EBADMSG, "", FIRST_LIMIT },
	{ "what is handed over may be anything", READER_RUBBISH, NULL, -EBADMSG, "", FIRST_LIMIT },
	{ "a reader that says nothing is given up", READER_SILENT, NULL, -ETIMEDOUT, "",
		FIRST_LIMIT },
};

static void test_readings(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(readings); i++) {
		const struct reading_row *row = &readings[i];

		begin(row->reader, row->text);
		w.is_hurried = row->reader == READER_SILENT;
		assert_int_equal(sources_reconfigure(w.sources, on_done, &w), 0);
		assert_int_equal(sources_reconfigure(w.sources, on_done, &w), -EBUSY);
		run_until_more(&w.n_done);
		if (w.result != row->result || limit_in_force() != row->limit ||
			!strstr(w.remark, row->remark) || (!*row->remark && *w.remark))
			fail_msg("%s: %d, limit %u, \"%s\"", row->rule, w.result, limit_in_force(),
				w.remark);
		if (sources_reconfigure(w.sources, NULL, NULL) != 0)
			fail_msg("%s: never again", row->rule);
		end();
		if (w.n_done != 1)
			fail_msg("%s: said %u times", row->rule, w.n_done);
	}
}

/* ---- time ------------------------------------------------------------------------------------ */

/* All that was fed counts: a heartbeat may have come before. */
static uint64_t slept_before(unsigned end)
{
	uint64_t ms = 0;

	for (unsigned i = 0; i < end; i++)
		if (w.fed[i].kind == OBS_TIME)
			ms += w.fed[i].time.slept_ms;
	return ms;
}

static void what_came_in_meanwhile_comes_after_the_time(void **state)
{
	unsigned answer;

	(void)state;
	begin(READER_SILENT, NULL);
	run_until_more(&w.n_added);
	w.n_fed = 0;
	w.later_ms += 60000;
	core_read_again(sources_core(w.sources));
	sources_kick(w.sources);
	while ((answer = find_fed(OBS_DEVICE)) == MOST_FED)
		run_until_more(&w.n_fed);
	assert_in_range(slept_before(answer), 59000, 59000 + LATE_MS);
	end();
}

static void a_suspended_machine_is_noticed_by_the_heartbeat(void **state)
{
	(void)state;
	begin(READER_SILENT, NULL);
	run_until_more(&w.n_added);
	for (int i = 0; i < 2; i++) { /* the clocks behind it may also differ by less */
		w.suspended_ms = i ? 7000 : 7500;
		w.n_fed = 0;
		while (find_fed(OBS_TIME) == MOST_FED)
			run_until_more(&w.n_settled);
		if (i)
			assert_in_range(slept_before(w.n_fed), 0, LATE_MS);
		else
			assert_in_range(slept_before(w.n_fed), 7500, 7500 + LATE_MS);
	}
	end();
}

/* ---- what must be there ---------------------------------------------------------------------- */

static void expect_end(const char *event)
{
	int code = EXIT_SUCCESS;

	assert_true(sd_event_get_exit_code(loop_sd_event(w.loop), &code) >= 0);
	assert_int_equal(code, EXIT_FAILURE);
	if (!strstr(w.said, event))
		fail_msg("no %s: %s", event, w.said);
}

static void without_a_zygote_it_ends_to_be_started_anew(void **state)
{
	unsigned never = 0;

	(void)state;
	begin(READER_KILLS, NULL);
	assert_int_equal(sources_reconfigure(w.sources, on_done, &w), 0);
	run_until_more(&never);
	expect_end("zygote-lost");
	end();
}

static void without_a_timer_it_ends_to_be_started_anew(void **state)
{
	unsigned never = 0;

	(void)state;
	begin(READER_SILENT, NULL);
	w.no_timers = true;
	assert_int_equal(sources_reconfigure(w.sources, on_done, &w), -ENOMEM);
	assert_int_equal(w.n_done, 0);
	run_until_more(&never);
	expect_end("timer-lost");
	end();
}

static void write_fence(const char *name, const char *sysfs)
{
	char path[256];
	struct stat st;
	FILE *file;

	snprintf(path, sizeof path, "/sys/%s", sysfs);
	assert_int_equal(stat(path, &st), 0);
	snprintf(path, sizeof path, "%s/state", dir);
	mkdir(path, 0700);
	snprintf(path, sizeof path, "%s/state/%s", dir, name);
	file = fopen(path, "we");
	assert_non_null(file);
	fprintf(file, "fenced ino=%lu sysfs=%s found=1other\n", (unsigned long)st.st_ino, sysfs);
	fclose(file);
}

/* Before anything is asked: a fenced device is never asked again. */
static void what_was_fenced_is_known_first(void **state)
{
	(void)state;
	write_fence("fence-1", "devices/system");
	begin(READER_SILENT, NULL);
	assert_int_equal(w.n_fed, 1);
	assert_int_equal(w.fed[0].kind, OBS_FENCED);
	assert_string_equal(w.fed[0].fenced.sysfs, "devices/system");
	end();
}

static void write_record(const char *folder, const char *name, const char *words)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof path, "%s/state", dir);
	mkdir(path, 0700);
	snprintf(path, sizeof path, "%s/state/%s", dir, folder);
	mkdir(path, 0700);
	snprintf(path, sizeof path, "%s/state/%s/%s", dir, folder, name);
	file = fopen(path, "we");
	assert_non_null(file);
	fputs(words, file);
	fclose(file);
}

/* A daemon goes on with both; who only removes something once knows what is kept out, and leaves a
 * word to whom it was said. */
static void what_was_begun_goes_on(void **state)
{
	(void)state;
	for (int resumes = 0; resumes < 2; resumes++) {
		write_record("", "detach-7",
			"detaching number=7 wwid=36001405a500100000000000000000000 name=mpatha\n");
		write_record("gap", "unread", "");
		begin(READER_SILENT, NULL);
		assert_int_equal(
			resumes ? sources_resume(w.sources) : sources_know_gaps(w.sources), 0);
		assert_int_equal(core_model(sources_core(w.sources))->n_detaches, resumes);
		assert_int_equal(core_model(sources_core(w.sources))->gaps.unguarded, !resumes);
		end();
	}
}

static void without_its_records_nothing_is_begun(void **state)
{
	char path[256];

	(void)state;
	memset(&w, 0, sizeof w);
	snprintf(path, sizeof path, "%s/state", dir);
	close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)); /* no folder */
	assert_int_equal(start(), -ENOTDIR);
	assert_null(w.sources);
	loop_free(w.loop);
}

static void count_scouts(
	void *arg, enum helper_kind kind, uint32_t pid, uint32_t host, uint64_t action)
{
	(void)pid;
	(void)host;
	(void)action;
	*(unsigned *)arg += kind == HELPER_SCOUT;
}

static void what_changes_is_told_and_who_is_out_is_shown(void **state)
{
	unsigned scouts = 0;

	(void)state;
	begin(READER_SILENT, NULL);
	assert_ptr_equal(sources_loop(w.sources), w.loop);
	run_until_more(&w.n_added);
	assert_int_equal(core_model(sources_core(w.sources))->n_paths, 1);
	sources_helpers(w.sources, count_scouts, &scouts);
	assert_int_equal(scouts, 1);
	end();
}

/* ---- the real table of roles ------------------------------------------------------------------
 */

static void the_reader_reads_what_was_set(void **state)
{
	static const char text[] = "defaults {\n purge_limit 11\n}\n";
	struct config_files files = CONFIG_FILES_INIT;
	struct config_reading reading = { 0 };
	int zygote, socket;
	char path[256];
	FILE *file;

	(void)state;
	snprintf(path, sizeof path, "%s/ours.conf", dir);
	file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	config_files_set_ours(path);
	assert_string_equal(config_files_ours(), path);
	assert_int_equal(sources_zygote(&zygote), 0);
	assert_int_equal(zygote_spawn(zygote, HELPER_READER, 0, &socket), 0);
	while (reading.magic != CONFIG_READING) {
		assert_int_equal(packet_receive_patiently(socket, &packet), 1);
		assert_int_equal(packet_next(&packet, &reading, sizeof reading), 1);
	}
	assert_int_equal(reading.result, 0);
	assert_int_equal(packet.n_fds, 1);
	assert_int_equal(config_files_unpack(packet.fds[0], &files), 0);
	assert_string_equal(files.files[files.n - 1].name, path);
	assert_string_equal(files.files[files.n - 1].text, text);
	config_files_done(&files);
	packet_done(&packet);
	close(socket);
	close(zygote);
	config_files_set_ours(NULL);
	assert_null(config_files_ours());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_readings, begin_dir, end_dir),
		cmocka_unit_test_setup_teardown(
			what_came_in_meanwhile_comes_after_the_time, begin_dir, end_dir),
		cmocka_unit_test_setup_teardown(
			a_suspended_machine_is_noticed_by_the_heartbeat, begin_dir, end_dir),
		cmocka_unit_test_setup_teardown(
			without_a_zygote_it_ends_to_be_started_anew, begin_dir, end_dir),
		cmocka_unit_test_setup_teardown(
			without_a_timer_it_ends_to_be_started_anew, begin_dir, end_dir),
		cmocka_unit_test_setup_teardown(what_was_fenced_is_known_first, begin_dir, end_dir),
		cmocka_unit_test_setup_teardown(what_was_begun_goes_on, begin_dir, end_dir),
		cmocka_unit_test_setup_teardown(
			without_its_records_nothing_is_begun, begin_dir, end_dir),
		cmocka_unit_test_setup_teardown(
			what_changes_is_told_and_who_is_out_is_shown, begin_dir, end_dir),
		cmocka_unit_test_setup_teardown(the_reader_reads_what_was_set, begin_dir, end_dir),
	};

	return cmocka_run_group_tests_name("sources", tests, NULL, NULL);
}
