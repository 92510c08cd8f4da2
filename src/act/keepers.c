/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "act/keepers.h"

#include <errno.h>
#include <stdlib.h>

#include "act/helper.h"
#include "base/hash.h"

struct host {
	UT_hash_handle hh;
	uint32_t number, n_paths;
	bool alone;
	struct helper *keeper; /* borrowed; NULL: none at present */
};

struct watched {
	UT_hash_handle hh;
	path_id id;
	struct host *host; /* borrowed: it stays while it has paths */
};

static struct host *find_host(struct keepers *k, uint32_t number)
{
	struct host *host;

	HASH_FIND(hh, k->hosts, &number, sizeof number, host);
	return host;
}

static struct watched *find_watched(struct keepers *k, path_id id)
{
	struct watched *w;

	HASH_FIND(hh, k->watched, &id, sizeof id, w);
	return w;
}

struct helper *keepers_of_host(struct keepers *k, uint32_t number)
{
	struct host *host = find_host(k, number);

	return host ? host->keeper : NULL;
}

struct helper *keepers_of_path(struct keepers *k, path_id path)
{
	struct watched *w = find_watched(k, path);

	return w ? w->host->keeper : NULL;
}

struct helper *keepers_choose(
	struct keepers *k, struct helper *helpers, uint32_t number, uint32_t max, uint32_t more)
{
	const struct host *host = find_host(k, number);
	bool alone = host && host->alone;
	struct helper *least = NULL;
	uint32_t n = 0;

	for (struct helper *h = helpers; h; h = h->next) {
		if (h->kind != HELPER_KEEPER)
			continue;
		n++;
		if (h->n_hosts == 0 && !instant_is_set(h->behind_since))
			return h;
		if (!h->alone && (!least || h->n_hosts < least->n_hosts))
			least = h;
	}
	if (n < max || (alone && n < max + more))
		return NULL;
	return least;
}

static void unserve(struct host *host)
{
	if (host->keeper)
		host->keeper->n_hosts--;
	host->keeper = NULL;
}

/* That a host may not share is remembered beyond its paths. */
static void drop_if_unused(struct keepers *k, struct host *host)
{
	if (host->n_paths)
		return;
	unserve(host);
	if (host->alone)
		return;
	HASH_DEL(k->hosts, host);
	free(host);
}

static struct host *serve(struct keepers *k, struct helper *keeper, uint32_t number)
{
	struct host *host = find_host(k, number);

	if (!host) {
		host = calloc(1, sizeof *host);
		if (!host)
			return NULL;
		host->number = number;
		HASH_ADD(hh, k->hosts, number, sizeof number, host);
		if (!HASH_TOOK(host)) {
			free(host);
			return NULL;
		}
	}
	if (host->keeper != keeper) {
		unserve(host);
		host->keeper = keeper;
		keeper->n_hosts++;
		keeper->alone |= host->alone;
	}
	return host;
}

int keepers_watch(struct keepers *k, struct helper *keeper, uint32_t number, path_id path)
{
	struct watched *w = find_watched(k, path);
	struct host *host = serve(k, keeper, number);

	if (!host)
		return -ENOMEM;
	if (w && w->host == host)
		return 0;
	if (w)
		keepers_forget(k, path);
	w = calloc(1, sizeof *w);
	if (!w) {
		drop_if_unused(k, host);
		return -ENOMEM;
	}
	w->id = path;
	w->host = host;
	HASH_ADD(hh, k->watched, id, sizeof w->id, w);
	if (!HASH_TOOK(w)) {
		free(w);
		drop_if_unused(k, host);
		return -ENOMEM;
	}
	host->n_paths++;
	return 0;
}

static void drop_watched(struct keepers *k, struct watched *w)
{
	w->host->n_paths--;
	HASH_DEL(k->watched, w);
	free(w);
}

void keepers_forget(struct keepers *k, path_id path)
{
	struct watched *w = find_watched(k, path);
	struct host *host;

	if (!w)
		return;
	host = w->host;
	drop_watched(k, w);
	drop_if_unused(k, host);
}

void keepers_lost(struct keepers *k, struct helper *keeper, bool alone,
	void (*visit)(void *arg, uint32_t host), void *arg)
{
	struct watched *w, *next_watched;
	struct host *host, *next_host;

	HASH_ITER (hh, k->watched, w, next_watched)
		if (w->host->keeper == keeper)
			drop_watched(k, w);
	HASH_ITER (hh, k->hosts, host, next_host) {
		uint32_t number = host->number;

		if (host->keeper != keeper)
			continue;
		host->alone |= alone;
		drop_if_unused(k, host);
		visit(arg, number);
	}
}

void keepers_done(struct keepers *k)
{
	struct watched *w, *next_watched;
	struct host *host, *next_host;

	HASH_ITER (hh, k->watched, w, next_watched)
		drop_watched(k, w);
	HASH_ITER (hh, k->hosts, host, next_host) {
		HASH_DEL(k->hosts, host);
		free(host);
	}
}
