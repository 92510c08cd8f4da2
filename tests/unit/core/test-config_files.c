/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "config/hwtable.h"
#include "core/config_files.h"

static const struct {
	const char *rule, *name;
	bool is_read;
} names[] = {
	{ "a drop-in", "20.conf", true },
	{ "a hidden one", ".x.conf", true },
	{ "nothing but the ending", ".conf", true },
	{ "several dots", "a.b.conf", true },
	{ "a copy of an editor", "20.conf.bak", false },
	{ "a backup", "20.conf~", false },
	{ "no dot", "conf", false },
	{ "another ending", "20.cfg", false },
	{ "case counts", "20.CONF", false },
};

static void which_drop_ins_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (config_files_is_drop_in(names[i].name) != names[i].is_read)
			fail_msg("%s: %s", names[i].rule, names[i].name);
}

static struct config_files read_text(const char *text)
{
	struct config_files files = CONFIG_FILES_INIT;
	char path[] = "/tmp/test-config_files.XXXXXX";
	_cleanup_(closep) int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(config_files_read_one(path, &files), 0);
	unlink(path);
	return files;
}

static void expect_file(
	const struct config_file *file, const char *text, enum config_file_kind kind)
{
	assert_int_equal(file->len, strlen(text));
	assert_memory_equal(file->text, text, file->len);
	assert_int_equal(file->kind, kind);
}

static void the_hardware_table_is_read_first(void **state)
{
	struct config_files files = read_text("defaults {\n}\n");

	(void)state;
	assert_int_equal(files.n, 2);
	assert_string_equal(files.files[0].name, HWTABLE_NAME);
	expect_file(&files.files[0], hwtable_text, FILE_HARDWARE);
	expect_file(&files.files[1], "defaults {\n}\n", FILE_MAIN);
	config_files_done(&files);
}

static void files_survive_the_way_through_memory(void **state)
{
	struct config_files files = read_text("defaults {\n}\n"), back = CONFIG_FILES_INIT;
	_cleanup_(closep) int fd = -1;

	(void)state;
	files.files[1].kind = FILE_DROP_IN;
	fd = config_files_pack(&files);
	assert_true(fd >= 0);
	assert_int_equal(config_files_unpack(fd, &back), 0);
	assert_int_equal(back.n, 2);
	expect_file(&back.files[0], hwtable_text, FILE_HARDWARE);
	expect_file(&back.files[1], "defaults {\n}\n", FILE_DROP_IN);
	assert_string_equal(back.files[1].name, files.files[1].name);
	config_files_done(&files);
	config_files_done(&back);
}

static void a_file_that_is_not_there_is_an_error(void **state)
{
	struct config_files files = CONFIG_FILES_INIT;

	(void)state;
	assert_int_equal(config_files_read_one("/nowhere/at/all.conf", &files), -ENOENT);
	assert_int_equal(files.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(which_drop_ins_are_read),
		cmocka_unit_test(the_hardware_table_is_read_first),
		cmocka_unit_test(files_survive_the_way_through_memory),
		cmocka_unit_test(a_file_that_is_not_there_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
