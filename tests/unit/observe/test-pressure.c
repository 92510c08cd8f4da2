/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A kernel that cannot tell of memory that is short keeps no daemon from starting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "observe/pressure.h"
#include "port/loop.h"

static void never(void *arg, const struct observation *o)
{
	(void)arg;
	(void)o;
	fail();
}

static void a_kernel_without_it(void **state)
{
	_cleanup_(loop_freep) struct loop *loop = NULL;
	struct pressure *p = NULL;

	(void)state;
	assert_int_equal(loop_new(&loop), 0);
	assert_int_equal(pressure_new(loop, "/nowhere/pressure", never, NULL, &p), -EOPNOTSUPP);
	assert_null(p);
}

/* Which cannot be waited for. */
static void something_else_in_its_place(void **state)
{
	_cleanup_(loop_freep) struct loop *loop = NULL;
	char name[] = "/tmp/pathkeeper-pressure.XXXXXX";
	int fd = mkstemp(name);
	struct pressure *p = NULL;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(loop_new(&loop), 0);
	assert_true(pressure_new(loop, name, never, NULL, &p) < 0);
	assert_null(p);
	close(fd);
	unlink(name);
	assert_null(pressure_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kernel_without_it),
		cmocka_unit_test(something_else_in_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
