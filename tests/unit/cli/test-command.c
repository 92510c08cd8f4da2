/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command itself: rows of words, and what must come of them. A daemon without devices stands
 * behind some of them; none of the others may get as far as this host's own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "stage.h"
#include "../root.h"

enum { NOBODY = 65534 };

struct row {
	const char *rule;
	const char *words[8];
	int want;
	const char *out, *err; /* a part of it; NULL: nothing at all */
};

static const struct row alone[] = {
	{ "no verb", { NULL }, 2, NULL, "usage: pathkeeper VERB" },
	{ "help", { "--help" }, 0, "usage: pathkeeper VERB", NULL },
	{ "version", { "--version" }, 0, "pathkeeper 0", NULL },
	{ "no such verb", { "explode" }, 2, NULL, "explode" },
	{ "help of a verb", { "purge", "--help" }, 0, "--dry-run", NULL },
	{ "help is of this verb only", { "status", "--help" }, 0, "--json", NULL },
	{ "an option of another verb", { "status", "--held" }, 2, NULL, "held" },
	{ "no such option", { "purge", "--force", "sda" }, 2, NULL, "force" },
	{ "a device where none is taken", { "status", "sda" }, 2, NULL, "sda" },
	{ "two devices where one is taken", { "holders", "sda", "sdb" }, 2, NULL, "sdb" },
	{ "no device where one is needed", { "check" }, 2, NULL, "DEVICE" },
	{ "purge of nothing", { "purge" }, 2, NULL, "DEVICE" },
	{ "a timeout that is none", { "purge", "--timeout", "soon", "sda" }, 2, NULL, "timeout" },
	{ "a timeout of nothing", { "purge", "--timeout", "0", "sda" }, 2, NULL, "timeout" },
	{ "a timeout below nothing", { "check", "--timeout=-1", "sda" }, 2, NULL, "timeout" },
	{ "an option without its value", { "config", "--check" }, 2, NULL, "check" },
	{ "status needs a daemon", { "status" }, 5, NULL, "pathkeeperd" },
	{ "metrics need a daemon", { "status", "--metrics" }, 5, NULL, "pathkeeperd" },
	{ "metrics are no document", { "status", "--metrics", "--json" }, 2, NULL, "both" },
	{ "following has no end to count from", { "events", "--follow", "--last", "3" }, 2, NULL,
		"both" },
	{ "the last events of none", { "events", "--last", "0" }, 2, NULL, "last" },
	{ "paths needs a daemon", { "paths", "--json" }, 5, NULL, "pathkeeperd" },
	{ "maps needs a daemon", { "maps", "--json" }, 5, NULL, "pathkeeperd" },
	{ "topology needs a daemon", { "topology" }, 5, NULL, "pathkeeperd" },
	{ "maps takes no device", { "maps", "sda" }, 2, NULL, "sda" },
	{ "holders are the tree's", { "paths", "--holders" }, 2, NULL, "holders" },
	{ "tree takes one device", { "tree", "sda", "sdb" }, 2, NULL, "sdb" },
	{ "events needs a daemon", { "events" }, 5, NULL, "pathkeeperd" },
	{ "following needs a daemon", { "events", "--follow" }, 5, NULL, "pathkeeperd" },
	{ "reconfigure needs a daemon", { "reconfigure" }, 5, NULL, "pathkeeperd" },
	{ "wait needs a daemon", { "wait", "sda" }, 5, NULL, "pathkeeperd" },
	{ "wait for nothing", { "wait" }, 2, NULL, "DEVICE" },
	{ "so many paths as none", { "wait", "--paths", "0", "sda" }, 2, NULL, "paths" },
	{ "config needs none", { "config" }, 0, "purge_disconnected", NULL },
	{ "config with origins", { "config", "--origin" }, 0, "# built-in", NULL },
	{ "config as JSON", { "config", "--json" }, 0, "{\"version\":1,\"config\":[", NULL },
	{ "a good file", { "config", "--check", "good.conf" }, 0, NULL, NULL },
	{ "a bad file", { "config", "--check", "bad.conf" }, 2, NULL, "bad.conf:2: error" },
	{ "a bad file as JSON", { "config", "--json", "--check", "bad.conf" }, 2,
		"\"file\":\"bad.conf\",\"line\":2,", "" },
	{ "no file", { "config", "--check", "none.conf" }, 2, NULL, "none.conf" },
};

/* Others never start helpers. */
static const struct row nobodys[] = {
	{ "check is root's", { "check", "sda" }, 6, NULL, "root" },
	{ "purge is root's", { "purge", "sda" }, 6, NULL, "root" },
	{ "also a dry one", { "purge", "--dry-run", "sda" }, 6, NULL, "root" },
	{ "holders of the tree are root's", { "tree", "--holders" }, 6, NULL, "root" },
	{ "the tree is everybody's", { "tree", "host99999" }, 0, "devices\n", NULL },
	{ "holders is root's", { "holders", "sda" }, 6, NULL, "root" },
	{ "rescan is root's", { "rescan" }, 6, NULL, "root" },
	{ "wait is root's", { "wait", "sda" }, 6, NULL, "permitted" },
	{ "reconfigure is root's", { "reconfigure" }, 6, NULL, "permitted" },
	{ "status is everybody's", { "status", "--json" }, 0, "\"mode\":\"observe\"", NULL },
	{ "paths is everybody's", { "paths", "sdaaa" }, 0, "sdaaa", NULL },
	{ "maps is everybody's", { "maps", "--json" }, 0, "\"maps\":[]", NULL },
	{ "topology is everybody's", { "topology", "sdaaa" }, 0, NULL, NULL },
	{ "events is everybody's", { "events", "--json" }, 0, "\"events\":[{", NULL },
	{ "config is everybody's", { "config" }, 0, "purge_disconnected", NULL },
};

static const struct row with_daemon[] = {
	{ "status", { "status" }, 0, "mode       observe\n", NULL },
	{ "status as JSON", { "status", "--json" }, 0, "{\"version\":1,\"mode\":\"observe\"",
		NULL },
	{ "status as metrics", { "status", "--metrics" }, 0, "# TYPE pathkeeper_paths gauge\n",
		NULL },
	{ "all paths", { "paths" }, 0, "sdaab  3:0:0:1", NULL },
	{ "a path", { "paths", "--json", "sdaab" }, 0, "[{\"dev\":\"sdaab\"", NULL },
	{ "a path that is gone", { "paths", "--json", "9:9:9:9" }, 0, "\"paths\":[]", NULL },
	{ "no such path", { "paths", "nonsense" }, 4, NULL, "nonsense" },
	{ "one of two is unknown", { "paths", "sdaab", "nonsense" }, 4, "sdaab", "nonsense" },
	{ "maps", { "maps" }, 0, "NAME  UUID", NULL },
	{ "maps as JSON", { "maps", "--json" }, 0,
		"{\"version\":1,\"major_version\":0,\"minor_version\":1,\"maps\":[]}", NULL },
	{ "topology of no map", { "topology" }, 0, NULL, NULL },
	{ "topology of nonsense", { "topology", "nonsense" }, 4, NULL, "nonsense" },
	{ "check", { "check", "sdaab" }, 0, "up", NULL },
	{ "check of two", { "check", "--json", "sdaab", "3:0:0:0" }, 0, "\"dev\":\"sdaaa\"", NULL },
	{ "check of what is not there", { "check", "sdzzz" }, 1, "absent", NULL },
	{ "check of nonsense", { "check", "nonsense" }, 4, NULL, "nonsense" },
	{ "purge of a living one", { "purge", "--timeout", "20", "sdaab" }, 3, "refused", NULL },
	{ "purge of what is gone", { "purge", "9:9:9:9" }, 0, "absent", NULL },
	{ "... and of a living one", { "purge", "--json", "9:9:9:9", "sdaab" }, 3, "\"absent\"",
		NULL },
	{ "... and of nonsense", { "purge", "nonsense", "sdaab" }, 4, "refused", "nonsense" },
	{ "purge of what is held", { "purge", "--held", "--json" }, 0, "\"removals\":[]", NULL },
	{ "holders", { "holders", "sdaab" }, 0, NULL, "nobody" },
	{ "holders of what is not there", { "holders", "host@99999" }, 0, NULL, "nobody" },
	{ "holders of nonsense", { "holders", "nonsense" }, 4, NULL, "no such device" },
	{ "holders as JSON", { "holders", "--json", "sdaab" }, 0, "\"complete\":true", "" },
	{ "rescan", { "rescan" }, 0, "host3  3:-:-:-  scanned", NULL },
	{ "rescan of a target", { "rescan", "--json", "sdaab" }, 0, "\"place\":\"3:0:0:-\"", NULL },
	{ "rescan of what is not there", { "rescan", "host9" }, 0, "absent", NULL },
	{ "rescan of nonsense", { "rescan", "nonsense" }, 4, NULL, "nonsense" },
	{ "wait for what is there", { "wait", "sdaab" }, 0, "reached", NULL },
	{ "... as JSON", { "wait", "--json", "--paths", "1", "3:0:0:1" }, 0,
		"{\"device\":\"3:0:0:1\",\"wwid\":\"36001405", NULL },
	{ "wait for more paths", { "wait", "--timeout", "1", "--paths", "2", "sdaab" }, 1,
		"too few paths", NULL },
	{ "wait for what is not there", { "wait", "--timeout", "1", "nonsense" }, 1, "absent",
		NULL },
	{ "wait for a volume by a link that is not there yet",
		{ "wait", "--timeout", "1",
			"/dev/disk/by-id/wwn-0x60000000000000000000000000000bad" },
		1, "absent", NULL },
	{ "wait for a link that says nothing", { "wait", "/dev/disk/by-path/nowhere" }, 4, NULL,
		"by-path/nowhere" },
	{ "wait for what cannot be", { "wait", "no name" }, 4, NULL, "no name" },
	{ "config", { "config", "--origin", "--json" }, 0, "\"origin\":\"built-in\"", NULL },
	{ "reconfigure", { "reconfigure" }, 0, NULL, NULL },
	{ "events", { "events" }, 0, " path-added dev=sdaab hctl=3:0:0:1", NULL },
	{ "the last event", { "events", "--json", "--last", "1" }, 0, "\"events\":[{\"version\":1,",
		NULL },
};

/* ---- running --------------------------------------------------------------------------------- */

static void read_back(int fd, char ret[65536])
{
	ssize_t n = pread(fd, ret, 65535, 0);

	ret[n < 0 ? 0 : n] = '\0';
}

/* NULL: nothing; "": anything; else it is in there. */
static bool fits(const char *got, const char *want)
{
	return want ? strstr(got, want) != NULL : !*got;
}

/* false, and said why on standard error: this runs in a client's process. */
static bool run(const struct row *row)
{
	static char out[65536], err[65536];
	int o = memfd_create("out", 0), e = memfd_create("err", 0), status;
	const char *argv[10] = { COMMAND };
	pid_t pid;

	for (size_t i = 0; row->words[i]; i++)
		argv[i + 1] = row->words[i];
	pid = fork();
	if (pid == 0) {
		dup2(o, STDOUT_FILENO);
		dup2(e, STDERR_FILENO);
		execv(COMMAND, (char *const *)argv);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	read_back(o, out);
	read_back(e, err);
	close(o);
	close(e);
	if (WIFEXITED(status) && WEXITSTATUS(status) == row->want && fits(out, row->out) &&
		fits(err, row->err))
		return true;
	fprintf(stderr, "%s: status %#x, wanted %d\n--- out\n%.2000s--- err\n%.2000s---\n",
		row->rule, (unsigned)status, row->want, out, err);
	return false;
}

static int run_all(const struct row *rows, size_t n)
{
	int failed = 0;

	for (size_t i = 0; i < n; i++)
		failed += !run(&rows[i]);
	return failed;
}

static int run_with_daemon(void)
{
	return run_all(with_daemon, ARRAY_SIZE(with_daemon));
}

static int run_as_nobody(void)
{
	return run_all(nobodys, ARRAY_SIZE(nobodys));
}

static void write_file(const char *name, const char *text)
{
	FILE *f = fopen(name, "we");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void without_a_daemon(void **state)
{
	char dir[] = "/tmp/pathkeeper-command.XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	setenv("PATHKEEPER_RUNTIME_DIR", dir, 1);
	write_file("good.conf", "defaults {\n\tpurge_disconnected yes\n}\n");
	write_file("bad.conf", "defaults {\n\tpurge_grace never\n}\n");
	assert_int_equal(run_all(alone, ARRAY_SIZE(alone)), 0);
	unlink("good.conf");
	unlink("bad.conf");
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(dir), 0);
}

static void of_a_daemon(void **state)
{
	struct stage stage;

	(void)state;
	if (!root_is_here())
		skip();
	stage_init(&stage, &(struct stage_script){ .n_devices = 2 });
	stage_run(&stage, 0, run_with_daemon);
	stage_done(&stage);
}

static void of_everybody(void **state)
{
	struct stage stage;

	(void)state;
	if (!root_is_here())
		skip();
	stage_init(&stage, &(struct stage_script){ .n_devices = 2 });
	stage_run(&stage, NOBODY, run_as_nobody);
	stage_done(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_daemon),
		cmocka_unit_test(of_a_daemon),
		cmocka_unit_test(of_everybody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
