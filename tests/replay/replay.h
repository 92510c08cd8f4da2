/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A recording (core/recorder.h) fed to the core again. An answer finds its question by what was
 * asked, not by the number that the question had: so a recording outlives a change of the code that
 * asks once more, or once less.
 *
 * What was not recorded but reconstructed has two words more, and a small world that answers:
 *
 *   answer HCTL OBSERVATION   from now on every such question about that device is answered so;
 *                             "answer HCTL silence": a deed there is not answered at all
 *   until at=MS               time passes, and what is asked meanwhile is answered: devices, maps
 *                             and the owner as "obs" lines told them last
 */
#include "core/core.h"

struct replay;

struct replay_listener {
	void (*told)(void *arg, const struct observation *o); /* before the core is */
	void (*act)(void *arg, instant now, const struct action *a);
	void (*changed)(void *arg, instant now, const struct change *c);
	void *arg; /* each may be NULL */
};

/* 0 or -ENOMEM. */
int replay_new(const struct replay_listener *listener, struct replay **ret);
struct replay *replay_free(struct replay *r);
DEFINE_FREEP(struct replay, replay_free)

/* Without its newline. 0, -EINVAL (it means nothing; nothing was done), -ENOMEM. */
int replay_line(struct replay *r, const char *line);

/* Borrowed; NULL before the first line that is no "config". */
struct core *replay_core(struct replay *r);
instant replay_now(const struct replay *r);
/* Answers whose question was never asked here, or was answered already. */
uint32_t replay_unasked(const struct replay *r);
