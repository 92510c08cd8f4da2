/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading a configuration, while reading fails: all of it, or an error that says which file. What
 * is built of it is whole, and the same.
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
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "config/policy.h"
#include "core/config_files.h"
#include "fault.h"
#include "port/packet.h"

static const char text[] =
	"defaults {\n purge_disconnected yes\n}\n"
	"blacklist {\n wwid five\n device {\n  vendor A\n  product B\n }\n}\n"
	"devices {\n device {\n  vendor KEEP\n  product \".*\"\n"
	"  purge_disconnected no\n }\n device {\n  vendor KEEP\n"
	"  product \".*\"\n  path_grouping_policy multibus\n }\n}\n"
	"multipaths {\n multipath {\n  wwid three\n  alias a\n  protect yes\n }\n"
	" multipath {\n  wwid two\n  alias a\n }\n}\n"
	"nonsense\n";

static char path[64];
static struct text whole; /* what a configuration without faults prints */

/* ---- memory ------------------------------------------------------------------------------- */

static int build(struct text *out, struct diagnostics *remarks)
{
	const struct config_file file = { .name = "test.conf", .text = text, .len = strlen(text) };
	const struct config_device device = {
		.vendor = "KEEP", .product = "X", .devnode = "sda", .wwid = "two", .properties = "A"
	};
	_cleanup_(config_freep) struct config *config = NULL;
	struct settings settings;
	int r = config_new(&file, 1, remarks, &config);

	if (r >= 0)
		r = config_resolve(config, &device, &settings);
	if (r >= 0 && settings.purge_disconnected)
		fail_msg("what was forbidden is allowed");
	if (r >= 0)
		r = config_is_asked(config, &device, NULL);
	return r < 0 ? r : config_print(config, true, out);
}

static void run_build(const struct fault *f)
{
	struct diagnostics remarks = DIAGNOSTICS_INIT;
	struct text out = TEXT_INIT;
	long live = fault_live();
	int r;

	fault_begin();
	r = build(&out, &remarks);
	fault_end();
	if (r >= 0 && strcmp(text_str(&out), text_str(&whole)) != 0)
		fail_msg("%s: another configuration", fault_text(f));
	if (r < 0 && r != -ENOMEM)
		fail_msg("%s: %d", fault_text(f), r);
	if (!fault_struck())
		assert_true(r >= 0 && diagnostics_count(&remarks, SEVERITY_WARNING) > 0);
	text_done(&out);
	diagnostics_done(&remarks);
	if (fault_live() != live)
		fail_msg("%s: something is left", fault_text(f));
}

static void test_no_memory(void **state)
{
	static const enum fault_kind kinds[] = { FAULT_MEMORY, FAULT_NONE };
	struct diagnostics remarks = DIAGNOSTICS_INIT;

	(void)state;
	assert_int_equal(build(&whole, &remarks), 0);
	diagnostics_done(&remarks);
	fault_each(kinds, run_build);
	text_done(&whole);
}

/* ---- files -------------------------------------------------------------------------------- */

static int read_and_send(struct config_files *ret)
{
	struct config_files files = CONFIG_FILES_INIT;
	_cleanup_(closep) int packed = -1;
	int r = config_files_read_one(path, &files);

	if (r < 0)
		return r;
	packed = config_files_pack(&files);
	config_files_done(&files);
	return packed < 0 ? packed : config_files_unpack(packed, ret);
}

static void run_file(const struct fault *f)
{
	struct config_files files = CONFIG_FILES_INIT;
	unsigned fds = fault_open_fds();
	long live = fault_live();
	int r;

	fault_begin();
	r = read_and_send(&files);
	fault_end();
	if (r >= 0 && (files.n != 2 || strcmp(files.files[1].text, text) != 0))
		fail_msg("%s: other texts", fault_text(f));
	if (r < 0 && !strerrorname_np(-r))
		fail_msg("%s: %d", fault_text(f), r);
	if (!fault_struck())
		assert_int_equal(r, 0);
	config_files_done(&files);
	if (fault_open_fds() != fds || fault_live() != live)
		fail_msg("%s: something is left", fault_text(f));
}

static void test_one_file(void **state)
{
	FILE *file;

	(void)state;
	TEXT_SET(path, "/tmp/pathkeeper-faults.XXXXXX");
	close(mkstemp(path));
	file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	fault_each(NULL, run_file);
	unlink(path);
}

/* Below /etc, in the order of reading; what is no drop-in is not read. */
static const struct {
	const char *name, *text;
	bool is_read;
} etc[] = {
	{ "/etc/multipath.conf", "defaults {\n}\n", true },
	{ "/etc/multipath/conf.d/10.conf", "blacklist {\n}\n", true },
	{ "/etc/multipath/conf.d/20.conf", "devices {\n}\n", true },
	{ "/etc/multipath/conf.d/30.conf.bak", "nonsense\n", false },
	{ "/etc/pathkeeper/pathkeeper.conf", "defaults {\n purge_limit 9\n}\n", true },
};

static char root[64];

static void make_etc(void)
{
	char command[256], name[160];

	TEXT_SET(root, "/tmp/pathkeeper-faults.XXXXXX");
	assert_non_null(mkdtemp(root));
	snprintf(command, sizeof command, "mkdir -p %s/etc/multipath/conf.d %s/etc/pathkeeper",
		root, root);
	assert_int_equal(system(command), 0);
	for (size_t i = 0; i < ARRAY_SIZE(etc); i++) {
		FILE *file;

		snprintf(name, sizeof name, "%s%s", root, etc[i].name);
		file = fopen(name, "we");
		assert_non_null(file);
		fputs(etc[i].text, file);
		fclose(file);
	}
	fault_world(root);
}

static void remove_etc(void)
{
	char command[128];

	fault_world(NULL);
	snprintf(command, sizeof command, "rm -r %s", root);
	assert_int_equal(system(command), 0);
}

/* Read, and not read by halves: a file may be missed only where it is said that it is not there. */
static void require_all(const struct fault *f, const struct config_files *files)
{
	size_t n = 1; /* behind the hardware table */

	for (size_t i = 0; i < ARRAY_SIZE(etc); i++) {
		if (!etc[i].is_read)
			continue;
		if (n < files->n && !strcmp(files->files[n].name, etc[i].name)) {
			assert_string_equal(files->files[n].text, etc[i].text);
			n++;
		} else if (!fault_struck() || f->error != ENOENT) {
			fail_msg("%s: %s is missed", fault_text(f), etc[i].name);
		}
	}
	assert_int_equal(n, files->n);
}

static void run_all_files(const struct fault *f)
{
	struct config_files files = CONFIG_FILES_INIT;
	_cleanup_(freep) char *failed = NULL;
	int r;

	fault_begin();
	r = config_files_read(NULL, &files, &failed);
	fault_end();
	if (r < 0 && r != -ENOMEM && !failed)
		fail_msg("%s: no file is named", fault_text(f));
	if (r >= 0)
		require_all(f, &files);
	if (!fault_struck())
		assert_int_equal(r, 0);
	config_files_done(&files);
}

static void test_all_files(void **state)
{
	(void)state;
	make_etc();
	fault_each(NULL, run_all_files);
	remove_etc();
}

/* The first that cannot be read, whoever asks. */
static void test_what_cannot_be_read_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(etc); i++) {
		struct config_files files = CONFIG_FILES_INIT;
		_cleanup_(freep) char *failed = NULL;
		char name[160];
		int r;

		make_etc();
		snprintf(name, sizeof name, "%s%s", root, etc[i].name);
		assert_int_equal(unlink(name), 0);
		assert_int_equal(mkdir(name, 0700), 0);
		r = config_files_read(NULL, &files, &failed);
		remove_etc();
		if (r != (etc[i].is_read ? -EINVAL : 0) ||
			(etc[i].is_read && strcmp(failed, etc[i].name) != 0))
			fail_msg("%s: %d, \"%s\"", etc[i].name, r, failed ? failed : "");
		config_files_done(&files);
	}
}

/* ---- the helper --------------------------------------------------------------------------- */

static void require_packet(const struct fault *f, struct packet *packet)
{
	struct config_files files = CONFIG_FILES_INIT;
	struct config_reading reading;

	assert_int_equal(packet_next(packet, &reading, sizeof reading), 1);
	assert_int_equal(reading.magic, CONFIG_READING);
	if (reading.result == 0) {
		assert_int_equal(packet->n_fds, 1);
		assert_int_equal(config_files_unpack(packet->fds[0], &files), 0);
		require_all(f, &files);
		config_files_done(&files);
	} else if (!strerrorname_np(-reading.result)) {
		fail_msg("%s: %d", fault_text(f), reading.result);
	} else if (reading.failed[0] && reading.failed[0] != '/') {
		fail_msg("%s: \"%s\"", fault_text(f), reading.failed);
	}
	if (!fault_struck())
		assert_int_equal(reading.result, 0);
}

/* It says what became of it, or ends as failed; its daemon sees either. */
static void run_reader(const struct fault *f)
{
	static struct packet packet;
	unsigned fds = fault_open_fds();
	int pair[2], status;

	assert_int_equal(packet_pair(pair), 0);
	fault_begin();
	status = config_reader_main(pair[1], 0);
	fault_end();
	close(pair[1]);
	packet_clear(&packet);
	if (packet_receive(pair[0], &packet) == 1)
		require_packet(f, &packet);
	else if (status == EXIT_SUCCESS || !fault_struck())
		fail_msg("%s: it says nothing", fault_text(f));
	packet_done(&packet);
	close(pair[0]);
	if (fault_open_fds() != fds)
		fail_msg("%s: something is left", fault_text(f));
}

static void test_reader(void **state)
{
	(void)state;
	make_etc();
	fault_each(NULL, run_reader);
	remove_etc();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_one_file),
		cmocka_unit_test(test_all_files),
		cmocka_unit_test(test_what_cannot_be_read_is_named),
		cmocka_unit_test(test_reader),
	};

	return cmocka_run_group_tests_name("faults of the configuration", tests, NULL, NULL);
}
