/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "observe/unit.h"

static const struct {
	const char *rule, *text, *want; /* NULL: none */
} rows[] = {
	{ "a service", "0::/system.slice/a.service\n", "a.service" },
	{ "a session", "0::/user.slice/user-0.slice/session-1.scope\n", "session-1.scope" },
	{ "a user's manager, and not what it runs",
		"0::/user.slice/user-0.slice/user@0.service/app.slice/b.service\n",
		"user@0.service" },
	{ "a part of a service", "0::/system.slice/a.service/worker/1\n", "a.service" },
	{ "a manager in a container", "0::/machine.slice/m.scope/system.slice/b.service\n",
		"m.scope" },
	{ "version 1", "12:pids:/system.slice/b.service\n1:name=systemd:/system.slice/a.service\n",
		"a.service" },
	{ "both versions", "1:name=systemd:/system.slice/a.service\n0::/\n", "a.service" },
	{ "a container that no unit is for", "0::/kubepods/pod1/x\n", NULL },
	{ "the root", "0::/\n", NULL },
	{ "a slice is no unit that runs", "0::/system.slice\n", NULL },
	{ "nothing but a suffix", "0::/.service\n", NULL },
	{ "no newline at its end", "0::/a.service", "a.service" },
	{ "a service of another line", "0::/x\n2:cpu:/a.service\n", NULL },
	{ "no path", "0::a.service\n", NULL },
	{ "nothing", "", NULL },
};

static void the_unit_of_a_process(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char unit[UNIT_NAME] = "untouched";
		int r = unit_parse(rows[i].text, unit);

		if (r != (rows[i].want ? 0 : -ENODATA) ||
			strcmp(unit, rows[i].want ? rows[i].want : "untouched") != 0)
			fail_msg("%s: %d %s", rows[i].rule, r, unit);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_unit_of_a_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
