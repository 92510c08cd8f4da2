/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "config/hwtable.h"
#include "core/config_files.h"

static const struct {
	const char *rule, *name;
	bool is_read;
} drop_ins[] = {
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
	for (size_t i = 0; i < ARRAY_SIZE(drop_ins); i++)
		if (config_files_is_drop_in(drop_ins[i].name) != drop_ins[i].is_read)
			fail_msg("%s: %s", drop_ins[i].rule, drop_ins[i].name);
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

/* What a helper hands over is read as if it came from anybody. */
struct head {
	uint32_t name_len, text_len, kind;
};

static const struct packed_row {
	const char *rule;
	struct head head;
	size_t bytes; /* that are there behind it */
	int result;
} packed_rows[] = {
	{ "a file without a name and a text", { 0, 0, FILE_MAIN }, 0, 0 },
	{ "the last of the kinds", { 1, 2, FILE_HARDWARE }, 3, 0 },
	{ "no kind of ours", { 1, 2, FILE_HARDWARE + 1 }, 3, -EBADMSG },
	{ "a name without end", { 4097, 0, FILE_MAIN }, 4097, -EBADMSG },
	{ "a text longer than any file", { 1, (16 << 20) + 1, FILE_MAIN }, (16 << 20) + 2,
		-EBADMSG },
	{ "the name is cut", { 4, 0, FILE_MAIN }, 3, -EBADMSG },
	{ "the name is missing", { 4, 0, FILE_MAIN }, 0, -EBADMSG },
	{ "the text is cut", { 1, 4, FILE_MAIN }, 3, -EBADMSG },
	{ "the text is missing", { 1, 4, FILE_MAIN }, 1, -EBADMSG },
	{ "half a file follows", { 1, 2, FILE_MAIN }, 3 + sizeof(struct head) - 1, -EBADMSG },
};

static void what_is_handed_over_may_be_anything(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(packed_rows); i++) {
		const struct packed_row *row = &packed_rows[i];
		struct config_files files = CONFIG_FILES_INIT;
		_cleanup_(closep) int fd = memfd_create("packed", MFD_CLOEXEC);
		int r;

		assert_int_equal(write(fd, &row->head, sizeof row->head), sizeof row->head);
		assert_int_equal(ftruncate(fd, (off_t)(sizeof row->head + row->bytes)), 0);
		r = config_files_unpack(fd, &files);
		if (r != row->result || files.n != (r < 0 ? 0 : 1))
			fail_msg("%s: %d, %zu files", row->rule, r, files.n);
		config_files_done(&files);
	}
}

static void more_files_than_there_is_room_for_at_first(void **state)
{
	struct config_file many[40];
	struct config_files files = { .files = many, .n = ARRAY_SIZE(many) };
	struct config_files back = CONFIG_FILES_INIT;
	_cleanup_(closep) int fd = -1;
	char names[ARRAY_SIZE(many)][8];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(many); i++) {
		snprintf(names[i], sizeof names[i], "%zu", i);
		many[i] = (struct config_file){
			.name = names[i], .text = names[i], .len = strlen(names[i])
		};
	}
	fd = config_files_pack(&files);
	assert_int_equal(config_files_unpack(fd, &back), 0);
	assert_int_equal(back.n, ARRAY_SIZE(many));
	for (size_t i = 0; i < ARRAY_SIZE(many); i++) {
		assert_string_equal(back.files[i].name, names[i]);
		assert_string_equal(back.files[i].text, names[i]);
	}
	config_files_done(&back);
}

static const struct {
	const char *rule;
	mode_t type;
	off_t size;
	int result;
} file_rows[] = {
	{ "an empty file", S_IFREG, 0, 0 },
	{ "a long one", S_IFREG, 1 << 20, 0 },
	{ "one without end", S_IFREG, 17 << 20, -EFBIG },
	{ "a folder", S_IFDIR, 0, -EINVAL },
	{ "a pipe that nobody writes to is not waited for", S_IFIFO, 0, -EINVAL },
};

static void only_files_are_read(void **state)
{
	char dir[] = "/tmp/test-config_files.XXXXXX", path[64];

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/file", dir);
	for (size_t i = 0; i < ARRAY_SIZE(file_rows); i++) {
		struct config_files files = CONFIG_FILES_INIT;
		int r = file_rows[i].type == S_IFDIR ? mkdir(path, 0700)
						     : mknod(path, file_rows[i].type | 0600, 0);

		assert_int_equal(r, 0);
		if (file_rows[i].size)
			assert_int_equal(truncate(path, file_rows[i].size), 0);
		r = config_files_read_one(path, &files);
		if (r != file_rows[i].result)
			fail_msg("%s: %d", file_rows[i].rule, r);
		if (r >= 0)
			assert_int_equal(files.files[1].len, file_rows[i].size);
		config_files_done(&files);
		assert_int_equal(remove(path), 0);
	}
	rmdir(dir);
}

static void which_file_is_ours_can_be_said(void **state)
{
	struct config_files files = CONFIG_FILES_INIT;
	_cleanup_(freep) char *failed = NULL;

	(void)state;
	assert_null(config_files_ours());
	config_files_set_ours("/nowhere/at/all.conf");
	assert_string_equal(config_files_ours(), "/nowhere/at/all.conf");
	/* given by name it must be there */
	assert_int_equal(config_files_read(config_files_ours(), &files, &failed), -ENOENT);
	assert_string_equal(failed, "/nowhere/at/all.conf");
	assert_int_equal(config_files_read(config_files_ours(), &files, NULL), -ENOENT);
	config_files_set_ours(NULL);
	assert_null(config_files_ours());
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
		cmocka_unit_test(what_is_handed_over_may_be_anything),
		cmocka_unit_test(more_files_than_there_is_room_for_at_first),
		cmocka_unit_test(only_files_are_read),
		cmocka_unit_test(which_file_is_ours_can_be_said),
		cmocka_unit_test(a_file_that_is_not_there_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
