/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Tests that play two users need root. Without it they fail, unless whoever runs them says that
 * they are to be left out: the build of a package does, with PATHKEEPER_WITHOUT_ROOT in its
 * environment. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Ends the program as failed where there is no root and nobody said so. */
static inline bool root_is_here(void)
{
	if (geteuid() == 0)
		return true;
	if (getenv("PATHKEEPER_WITHOUT_ROOT"))
		return false;
	fprintf(stderr, "needs root: only root can play two users "
			"(PATHKEEPER_WITHOUT_ROOT=yes leaves it out)\n");
	exit(EXIT_FAILURE);
}
