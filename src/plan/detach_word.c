/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/detach_word.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "model/name.h"
#include "plan/gaps.h"
#include "plan/requests.h"

/* ---- which paths ----------------------------------------------------------------------------- */

bool detach_means(const struct model *m, const struct detach *d, const struct path *p)
{
	const struct obs_detaching *word = &d->word;

	if (word->wwid[0])
		return !strcmp(p->device.wwid, word->wwid) ||
		       (p->map >= 0 && !strcmp(map_wwid(&m->maps[p->map]), word->wwid));
	if (!strcmp(p->device.sysfs, word->sysfs))
		return !word->ino || p->device.ino == word->ino;
	return name_is_below(p->device.sysfs, word->sysfs);
}

/* Which of the words is it that stands behind p? One that acts, before one that looks. */
static const struct detach *word_of(const struct model *m, const struct path *p)
{
	const struct detach *chosen = NULL;

	for (uint32_t i = 0; i < m->n_detaches; i++) {
		const struct detach *d = &m->detaches[i];

		if (d->keeps_out && !model_gap_of(m, p))
			continue; /* it is let in by now */
		if (detach_wants(d) && (!chosen || d->stage > chosen->stage) &&
			detach_means(m, d, p))
			chosen = d;
	}
	return chosen;
}

static void assign(struct model *m, struct path *p)
{
	const struct detach *d = word_of(m, p);
	uint64_t before = p->detach;
	bool looked = p->detach_looks;

	p->detach = d ? d->word.number : 0;
	/* what comes under a word that is at its deeds already is kept out first, too */
	p->detach_looks = d && (detach_looks(d) || !gaps_keeps(m, p));
	if (p->detach == before && p->detach_looks == looked)
		return;
	if (p->detach != before)
		p->map_tells = 0;
	/* what it waits for was another word's */
	p->claim_refused_at = INSTANT_NEVER;
	if (p->purge == PURGE_HELD || p->purge == PURGE_MARKED)
		p->retry_at = m->now;
	if (p->purge == PURGE_VERIFYING)
		model_moved(m, p);
}

void detaches_assign(struct model *m)
{
	struct path *p;

	for_each_path (m, p)
		assign(m, p);
}

/* ---- how it comes ---------------------------------------------------------------------------- */

struct opening {
	struct model *m;
	const struct obs_request *word;
	const struct detach *d;
	int failure;
};

static void open_row(struct opening *o, struct path *p)
{
	int r = request_open_detach(o->m, o->word, p, o->d->word.number);

	if (r < 0)
		o->failure = r;
}

int detach_open(struct model *m, const struct obs_request *word, const char *name)
{
	struct obs_detaching what = { 0 };
	struct opening o = { .m = m, .word = word };
	struct detach *d;
	struct path *p;
	int n = 0;

	if (!name_find_root(m, name, &what))
		return 0;
	TEXT_SET(what.name, name);
	TEXT_SET(what.requester, word->requester);
	d = model_add_detach(m, &what);
	if (!d)
		return -ENOMEM;
	d->request = word->request;
	d->dry_run = word->flags & REQUEST_DRY_RUN;
	o.d = d;
	model_detach_enter(m, d, DETACH_LOOKING, BECAUSE_NOTHING);
	for_each_path (m, p)
		if (detach_means(m, d, p)) {
			open_row(&o, p);
			n++;
		}
	for (uint32_t i = 0; i < m->n_maps && !n; i++)
		if (m->maps[i].present && what.wwid[0] &&
			!strcmp(map_wwid(&m->maps[i]), what.wwid)) {
			o.failure = request_open_detach_map(
				m, word, m->maps[i].kernel.name, d->word.number);
			n++;
		}
	return o.failure ? o.failure : n;
}

void detach_keep_out(struct model *m, const struct path *p, const char *requester)
{
	struct obs_detaching what = { .ino = p->device.ino };
	struct detach *d;

	TEXT_SET(what.sysfs, p->device.sysfs);
	TEXT_SET(what.name, p->device.dev);
	TEXT_SET(what.requester, requester);
	d = model_add_detach(m, &what);
	if (!d)
		return;
	d->keeps_out = true;
	model_detach_enter(m, d, DETACH_DELETING, BECAUSE_DETACHED);
}
