/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/alone.h"
#include "cli/result.h"
#include "cli/verbs.h"
#include "pathkeeper.h"

DEFINE_FREEP(struct pk, pk_close)

/* Ask the daemon; where there is none, do it here. One call of the library a verb. */
static int ask(const struct words *words, enum verb verb,
	int (*call)(struct pk *pk, const struct words *words, char **ret))
{
	_cleanup_(pk_closep) struct pk *pk = NULL;
	char *json;
	int r;

	if (geteuid() != 0)
		return result_failure(words->verb, -EPERM, "needs to be root");
	r = pk_connect(0, &pk);
	if (r == -ECONNREFUSED)
		return alone_run(words, verb);
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
			 (words->held ? PK_PURGE_HELD : 0u);

	return pk_purge(pk, words->names, flags, words->timeout_ms, ret);
}

static int call_holders(struct pk *pk, const struct words *words, char **ret)
{
	return pk_holders(pk, words->names[0], ret);
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

int verb_holders(const struct words *words)
{
	struct words w = with_timeout(words, WORDS_CHECK_TIMEOUT_S);

	return ask(&w, VERB_HOLDERS, call_holders);
}

int verb_reconfigure(const struct words *words)
{
	_cleanup_(pk_closep) struct pk *pk = NULL;
	char *json;
	int r = pk_connect(0, &pk);

	if (r >= 0)
		r = pk_reconfigure(pk, &json);
	return r < 0 ? result_failure(words->verb, r, pk ? pk_error(pk) : NULL)
		     : result_print(words, json);
}
