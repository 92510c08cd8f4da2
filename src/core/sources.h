/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The core with the real world around it: loop, helpers, uevents, one timer. The daemon and the
 * verbs that need no daemon are both this plus a face. Nothing here has an opinion.
 */
#include "core/core.h"

struct loop;
struct sources;

/* Before anything else in main(): forks the zygote with the table of roles. *ret owned. */
int sources_zygote(int *ret);

/* zygote and config taken. */
int sources_new(struct loop *loop, int zygote, struct config *config, struct sources **ret);
/* What a daemon before this one had begun goes on; not for a verb that does its own work. 0 or
 * negative errno: not all of it is known. */
int sources_resume(struct sources *s);
/* For a verb that does its own work and may end what is kept out. 0 or negative errno: the same. */
int sources_know_gaps(struct sources *s);
struct sources *sources_free(struct sources *s);
DEFINE_FREEP(struct sources, sources_free)

struct core *sources_core(struct sources *s);
struct loop *sources_loop(struct sources *s);

/* Something was fed or asked from outside: think at the end of this turn of the loop. */
void sources_kick(struct sources *s);

/* Every change, and the end of every thought (requests may be answered now). One listener each. */
void sources_listen(struct sources *s, void (*changed)(void *arg, const struct change *c),
	void (*settled)(void *arg), void *arg);

/* Read the configuration files again in a helper, build it, swap it in; done says how it ended:
 * 0, -EINVAL (the remarks say why; the old one stays in force), other negative errno. */
struct diagnostics;
int sources_reconfigure(struct sources *s,
	void (*done)(void *arg, int result, const struct diagnostics *remarks), void *arg);

/* Helpers that are out now, for status. */
void sources_helpers(struct sources *s,
	void (*visit)(
		void *arg, enum helper_kind kind, uint32_t pid, uint32_t host, uint64_t action),
	void *arg);
