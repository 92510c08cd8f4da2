/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/alone.h"
#include "cli/result.h"
#include "cli/verbs.h"
#include "pathkeeper.h"
#include "port/loop.h"
#include "port/process.h"

DEFINE_FREEP(struct pk, pk_close)

enum { RETRY_US = 200 * 1000 };

/* Until a daemon answers or its lock is ours: whoever has it starts as the daemon, or ends as a
 * verb like this one. -ECONNREFUSED with *ret_lock set: we are alone. */
static int connect_or_lock(const struct words *words, struct pk **ret_pk, int *ret_lock)
{
	instant deadline = instant_add_ms(loop_now(), words->timeout_ms);

	for (;;) {
		int lock, r = pk_connect(0, ret_pk);

		if (r != -ECONNREFUSED)
			return r;
		lock = process_take_lock();
		if (lock >= 0) {
			*ret_lock = lock;
			return r;
		}
		if (lock != -EWOULDBLOCK)
			return lock;
		if (instant_reached(loop_now(), deadline))
			return r;
		usleep(RETRY_US);
	}
}

/* One call of the library a verb. */
typedef int caller(struct pk *pk, const struct words *words, char **ret);

/* Ask the daemon; where there is none, do it here. */
static int ask(const struct words *words, enum verb verb, caller *call)
{
	_cleanup_(pk_closep) struct pk *pk = NULL;
	_cleanup_(closep) int lock = -1;
	char *json;
	int r;

	if (geteuid() != 0)
		return result_failure(words->verb, -EPERM, "needs to be root");
	r = connect_or_lock(words, &pk, &lock);
	if (lock >= 0)
		return alone_run(words, verb);
	if (r == -ECONNREFUSED)
		return result_failure(
			words->verb, r, "another pathkeeper holds the lock and does not answer");
	if (r < 0)
		return result_failure(words->verb, r, NULL);
	r = call(pk, words, &json);
	return r < 0 ? result_failure(words->verb, r, pk_error(pk)) : result_print(words, json);
}

static int call_check(struct pk *pk, const struct words *words, char **ret)
{
	return pk_check(pk, words->names, words->timeout_ms, ret);
}

static int call_purge(struct pk *pk, const struct words *words, char **ret)
{
	unsigned flags = (words->dry_run ? PK_PURGE_DRY_RUN : 0u) |
			 (words->held ? PK_PURGE_HELD : 0u) |
			 (words->fenced ? PK_PURGE_FENCED : 0u);

	return pk_purge(pk, words->names, flags, words->timeout_ms, ret);
}

static int call_rescan(struct pk *pk, const struct words *words, char **ret)
{
	return pk_rescan(pk, words->names, words->timeout_ms, ret);
}

static struct words with_timeout(const struct words *words, uint64_t seconds)
{
	struct words w = *words;

	if (!w.timeout_ms)
		w.timeout_ms = seconds * 1000;
	return w;
}

int verb_check(const struct words *words)
{
	struct words w = with_timeout(words, WORDS_CHECK_TIMEOUT_S);

	return ask(&w, VERB_CHECK, call_check);
}

int verb_purge(const struct words *words)
{
	struct words w = with_timeout(words, WORDS_PURGE_TIMEOUT_S);

	return ask(&w, VERB_PURGE, call_purge);
}

int verb_rescan(const struct words *words)
{
	struct words w = with_timeout(words, WORDS_RESCAN_TIMEOUT_S);

	return ask(&w, VERB_RESCAN, call_rescan);
}

static int call_wait(struct pk *pk, const struct words *words, char **ret)
{
	return pk_wait(pk, words->names, words->paths ? (unsigned)words->paths : 1,
		words->timeout_ms, ret);
}

static int call_grow(struct pk *pk, const struct words *words, char **ret)
{
	return pk_grow(pk, words->names, words->timeout_ms, ret);
}

/* Only a daemon knows how the paths have been. */
static int ask_daemon(const struct words *words, caller *call)
{
	_cleanup_(pk_closep) struct pk *pk = NULL;
	char *json;
	int r = pk_connect(0, &pk);

	if (r >= 0)
		r = call(pk, words, &json);
	return r < 0 ? result_failure(words->verb, r, pk ? pk_error(pk) : NULL)
		     : result_print(words, json);
}

int verb_wait(const struct words *words)
{
	struct words w = with_timeout(words, WORDS_WAIT_TIMEOUT_S);

	return ask_daemon(&w, call_wait);
}

int verb_grow(const struct words *words)
{
	struct words w = with_timeout(words, WORDS_GROW_TIMEOUT_S);

	return ask_daemon(&w, call_grow);
}

static int call_detach(struct pk *pk, const struct words *words, char **ret)
{
	return pk_detach(
		pk, words->names, words->dry_run ? PK_DETACH_DRY_RUN : 0u, words->timeout_ms, ret);
}

int verb_detach(const struct words *words)
{
	struct words w = with_timeout(words, WORDS_DETACH_TIMEOUT_S);

	return ask_daemon(&w, call_detach);
}

static int call_clean(struct pk *pk, const struct words *words, char **ret)
{
	unsigned flags = (words->dry_run ? PK_CLEAN_DRY_RUN : 0u) |
			 (words->force ? PK_CLEAN_FORCE : 0u);

	return pk_clean_device(
		pk, words->names[0], words->n_names > 1 ? words->names[1] : NULL, flags, ret);
}

int verb_clean(const struct words *words)
{
	return ask_daemon(words, call_clean);
}

int verb_reconfigure(const struct words *words)
{
	_cleanup_(pk_closep) struct pk *pk = NULL;
	char *json;
	int r = pk_connect(0, &pk);

	if (r >= 0)
		r = pk_reconfigure(pk, &json);
	if (r < 0)
		return result_failure(words->verb, r, pk ? pk_error(pk) : NULL);
	r = result_print(words, json);
	if (r != CODE_DONE)
		fputs("pathkeeper: the old configuration stays in force\n", stderr);
	return r;
}
