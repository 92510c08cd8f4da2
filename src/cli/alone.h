/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A verb without a daemon: the same core, with the same helpers, in this process, for one word.
 * Holds the daemon's lock meanwhile, so that there is never a second purger.
 */
#include "cli/words.h"
#include "model/observation.h"

/* Does what verb says about the named devices and prints the document. An exit status. */
int alone_run(const struct words *words, enum verb verb);

/* The configuration files, read and checked; what is to be said goes to standard error.
 * 0 or an exit status. */
struct config;
int alone_config(struct config **ret);
