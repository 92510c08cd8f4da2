/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A place where a test may stop a process to arrange the world: it stops itself where a file named
 * as the place exists below the runtime directory's test/. In other builds there is nothing.
 */
#ifdef PATHKEEPER_TEST_POINTS
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "port/process.h"

static inline void test_point(const char *place)
{
	char path[256];

	snprintf(path, sizeof path, "%s/test/%s", process_runtime_dir(), place);
	if (access(path, F_OK) == 0)
		raise(SIGSTOP);
}
#else
static inline void test_point(const char *place)
{
	(void)place;
}
#endif
