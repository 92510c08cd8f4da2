/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Which keeper serves which SCSI host, and which host a watched path is on. One keeper a host while
 * there are few; beyond that hosts share them, but not with one whose keeper once did not take its
 * packets. A host is remembered while its paths are watched: the kernel never uses a host's number
 * again, so that what stayed would stay for ever.
 */
#include <stdbool.h>
#include <stdint.h>

#include "model/path_id.h"

struct helper;
struct host;
struct watched;

struct keepers {
	struct host *hosts;	 /* owned: a hash by number */
	struct watched *watched; /* owned: a hash by path */
};

void keepers_done(struct keepers *k);

/* The keeper that serves it, or NULL. Borrowed. */
struct helper *keepers_of_host(struct keepers *k, uint32_t host);
struct helper *keepers_of_path(struct keepers *k, path_id path);

/*
 * Which of the helpers (a list, of which only keepers are looked at) shall serve host? NULL: make a
 * new one. An idle one first; a new one while there are fewer than max; then the one with the
 * fewest hosts. A host that may not share gets a new one beyond that, up to max + more.
 */
struct helper *keepers_choose(
	struct keepers *k, struct helper *helpers, uint32_t host, uint32_t max, uint32_t more);

/* keeper serves host and watches path. 0 or -ENOMEM. */
int keepers_watch(struct keepers *k, struct helper *keeper, uint32_t host, path_id path);
void keepers_forget(struct keepers *k, path_id path);

/* The keeper is no more, its paths are watched by nobody: visit is told each of its hosts. With
 * alone, none of them may share a keeper again. */
void keepers_lost(struct keepers *k, struct helper *keeper, bool alone,
	void (*visit)(void *arg, uint32_t host), void *arg);
