/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A place where a test may stop a process to arrange the world: it stops itself where a file named
 * as the place exists below the runtime directory's test/. Or meet its end: it sends itself the
 * signal whose number that file holds, once. In other builds there is nothing.
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

static inline void test_end(const char *kind, const char *place)
{
	char path[256];
	int signo = 0;
	FILE *file;

	snprintf(path, sizeof path, "%s/test/%s-%s", process_runtime_dir(), kind, place);
	file = fopen(path, "re");
	if (!file)
		return;
	if (fscanf(file, "%d", &signo) == 1 && unlink(path) == 0)
		raise(signo);
	fclose(file);
}
#else
static inline void test_point(const char *place)
{
	(void)place;
}

static inline void test_end(const char *kind, const char *place)
{
	(void)kind;
	(void)place;
}
#endif
