/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * All that comes into the core, and what it hands out, as lines of text in their order. Fed again
 * (tests/replay), they are the same thoughts: the core knows nothing else, not even the time.
 *
 *   config TEXT               a line of the configuration that is in force from the next line on
 *   obs OBSERVATION           core_feed()
 *   settle at=MS              core_settle()
 *   do ACTION                 what came of it
 *   ask NAME OBSERVATION      core_request(); NAME escaped, "-": without one
 *   read-again                core_read_again()
 *   close ID                  core_request_close()
 */
#include <stdint.h>

#include "base/clock.h"

struct action;
struct config;
struct obs_request;
struct observation;

struct recorder {
	/* line: borrowed for the call, without newline; NULL: there was no memory for one, so that
	 * what follows is worth nothing. Must not block. NULL: nothing is recorded. */
	void (*line)(void *arg, const char *line);
	void *arg;
};

void recorder_config(const struct recorder *r, const struct config *config);
void recorder_feed(const struct recorder *r, const struct observation *o);
void recorder_settle(const struct recorder *r, instant now);
void recorder_act(const struct recorder *r, const struct action *a);
void recorder_request(const struct recorder *r, const struct obs_request *word, const char *name);
void recorder_read_again(const struct recorder *r);
void recorder_close(const struct recorder *r, uint64_t request);
