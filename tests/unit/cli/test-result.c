/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/result.h"

#define CHECK(dev, state) "{\"dev\":\"" dev "\",\"state\":\"" state "\"}"
#define REMOVAL(result)	  "{\"dev\":\"sda\",\"hctl\":\"\",\"result\":\"" result "\",\"reason\":null}"

static const struct {
	const char *rule, *json;
	int want;
} rows[] = {
	{ "up", "{\"checks\":[" CHECK("sda", "up") "]}", 0 },
	{ "ghost", "{\"checks\":[" CHECK("sda", "ghost") "]}", 0 },
	{ "down", "{\"checks\":[" CHECK("sda", "up") "," CHECK("sdb", "down") "]}", 1 },
	{ "shaky", "{\"checks\":[" CHECK("sda", "shaky") "]}", 1 },
	{ "a check that is out", "{\"checks\":[" CHECK("sda", "pending") "]}", 1 },
	{ "a state of the future", "{\"checks\":[" CHECK("sda", "purple") "]}", 1 },
	{ "removed", "{\"removals\":[" REMOVAL("removed") "]}", 0 },
	{ "absent", "{\"removals\":[" REMOVAL("absent") "]}", 0 },
	{ "would-remove", "{\"removals\":[" REMOVAL("would-remove") "]}", 0 },
	{ "refused", "{\"removals\":[" REMOVAL("refused") "]}", 3 },
	{ "busy", "{\"removals\":[" REMOVAL("busy") "]}", 3 },
	{ "failed", "{\"removals\":[" REMOVAL("failed") "]}", 1 },
	{ "pending", "{\"removals\":[" REMOVAL("pending") "]}", 1 },
	{ "reached", "{\"waits\":[{\"device\":\"x\",\"result\":\"reached\"}]}", 0 },
	{ "not reached", "{\"waits\":[{\"device\":\"x\",\"result\":\"pending\"}]}", 1 },
	{ "nothing was held", "{\"removals\":[]}", 0 },
	{ "of several the highest",
		"{\"removals\":[" REMOVAL("busy") "," REMOVAL("failed") "," REMOVAL("removed") "]}",
		3 },
	{ "an unknown name is higher", "{\"removals\":[" REMOVAL("busy") "],\"unknown\":[\"x\"]}",
		4 },
	{ "paths are what they are", "{\"paths\":[{\"dev\":\"sda\",\"state\":\"down\"}]}", 0 },
	{ "paths of an unknown name", "{\"paths\":[],\"unknown\":[\"x\"]}", 4 },
	{ "holders", "{\"holds\":[],\"complete\":true}", 0 },
	{ "holders that are not all", "{\"holds\":[],\"complete\":false}", 0 },
	{ "an accepted configuration", "{\"result\":\"accepted\",\"remarks\":[]}", 0 },
	{ "a refused one", "{\"result\":\"refused\",\"remarks\":[]}", 2 },
	{ "one that could not be read", "{\"result\":\"failed\",\"remarks\":[]}", 1 },
	{ "a status", "{\"version\":1,\"paths\":{\"up\":1},\"config\":{\"remarks\":[]}}", 0 },
	{ "maps of an unknown name", "{\"maps\":[],\"unknown\":[\"x\"]}", 4 },
	{ "a tree", "{\"tree\":{\"name\":\"a\",\"children\":[]},\"complete\":true}", 0 },
	{ "a tree that is not all", "{\"tree\":{\"name\":\"a\"},\"complete\":false}", 0 },
	{ "all was cleaned", "{\"root\":\"a\",\"cleaned\":[\"a/b\"],\"busy\":[],\"complete\":true}",
		0 },
	{ "something stayed",
		"{\"cleaned\":[\"a/b\"],\"busy\":[{\"node\":\"a/"
		"c\",\"holds\":[]}],\"complete\":true}",
		3 },
	{ "something may still be open", "{\"cleaned\":[\"a/b\"],\"busy\":[],\"complete\":false}",
		1 },
	{ "what stayed is more", "{\"cleaned\":[],\"busy\":[{}],\"complete\":false}", 3 },
	{ "nothing was there", "{\"cleaned\":[],\"busy\":[],\"complete\":true}", 0 },
	{ "no document", "oops", 1 },
};

static const struct {
	int failure, want;
} failures[] = {
	{ -ECONNREFUSED, 5 },
	{ -ECONNRESET, 5 },
	{ -EPERM, 6 },
	{ -EACCES, 6 },
	{ -ENODEV, 4 },
	{ -EINVAL, 2 },
	{ -ETIMEDOUT, 1 },
	{ -ENOMEM, 1 },
	{ -EBUSY, 1 },
};

/* What is printed is caught in a file of memory while f is given something else. */
struct caught {
	int kept, file;
};

static struct caught catch (FILE *f)
{
	struct caught c = { dup(fileno(f)), memfd_create("caught", MFD_CLOEXEC) };

	fflush(f);
	assert_true(c.kept >= 0 && c.file >= 0);
	assert_true(dup2(c.file, fileno(f)) >= 0);
	return c;
}

static void release(FILE *f, struct caught *c, char *ret, size_t size)
{
	ssize_t n;

	fflush(f);
	dup2(c->kept, fileno(f));
	close(c->kept);
	n = pread(c->file, ret, size - 1, 0);
	ret[n < 0 ? 0 : n] = '\0';
	close(c->file);
}

static int print(bool json, const char *document, char out[4096], char words[4096])
{
	struct words w = { .verb = "test", .json = json };
	struct caught o = catch (stdout), e = catch (stderr);
	int code = result_print(&w, strdup(document));

	release(stdout, &o, out, 4096);
	release(stderr, &e, words, 4096);
	return code;
}

static void what_a_document_means(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (int json = 0; json < 2; json++) {
			char out[4096], words[4096];
			int code = print(json, rows[i].json, out, words);

			if (code != rows[i].want)
				fail_msg("%s: %d", rows[i].rule, code);
		}
}

static void what_a_failure_means(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(failures); i++) {
		struct caught e = catch (stderr);
		int code = result_failure("test", failures[i].failure, NULL);
		char words[4096];

		release(stderr, &e, words, sizeof words);
		if (code != failures[i].want || !*words)
			fail_msg("%d: %d, %s", failures[i].failure, code, words);
	}
}

static void documents_and_words_go_apart(void **state)
{
	static const char document[] = "{\"removals\":[" REMOVAL(
		"removed") "],\"unknown\":[\"\\u001b[2J\"]}";
	char out[4096], words[4096];

	(void)state;
	print(true, document, out, words);
	assert_int_equal(strlen(out), sizeof document); /* and a newline */
	assert_memory_equal(out, document, sizeof document - 1);
	print(false, document, out, words);
	assert_string_equal(out, "DEV  HCTL  RESULT   REASON\nsda  -     removed  -\n");
	assert_string_equal(words, "pathkeeper: no such device: \\x1b[2J\n");
	print(false,
		"{\"result\":\"refused\",\"remarks\":[{\"severity\":\"error\",\"file\":\"/x\","
		"\"line\":3,\"text\":\"bad\"}]}",
		out, words);
	assert_string_equal(out, "");
	assert_string_equal(words, "/x:3: error: bad\n");
	print(false, "{\"holds\":[],\"complete\":false}", out, words);
	assert_string_equal(out, "");
	assert_non_null(strstr(words, "not everything"));
}

static void who_uses_it_is_shown_below(void **state)
{
	char out[4096], words[4096];

	(void)state;
	print(false,
		"{\"removals\":[" REMOVAL(
			"busy") "],\"holds\":[{\"kind\":\"mount\",\"what\":\"/data\"}]}",
		out, words);
	assert_non_null(strstr(out, "busy    -\n\nKIND"));
	assert_non_null(strstr(out, "mount  /data"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_document_means),
		cmocka_unit_test(what_a_failure_means),
		cmocka_unit_test(documents_and_words_go_apart),
		cmocka_unit_test(who_uses_it_is_shown_below),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
