/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/detach_rows.h"

#include <string.h>

#include "base/text.h"
#include "judge/may_detach.h"

static struct request *row_of(struct model *m, const struct detach *d, const struct path *p)
{
	for (uint32_t i = 0; i < m->n_requests; i++) {
		struct request *r = &m->requests[i];

		if (r->used && r->detach == d->word.number && path_id_equal(r->path, p->id))
			return r;
	}
	return NULL;
}

bool detach_rows_are_awaited(const struct model *m, const struct detach *d)
{
	for (uint32_t i = 0; i < m->n_requests; i++)
		if (m->requests[i].used && m->requests[i].detach == d->word.number &&
			m->requests[i].result == REQUEST_OPEN)
			return true;
	return false;
}

static void say_why(const struct detach *d, const struct path *p, enum reason why, struct text *out)
{
	if (!d->whose[0] || !strcmp(d->whose, p->device.dev)) {
		if (why == p->purge_why)
			path_purge_reason(p, out);
		else
			text_add(out, reason_name(why));
		return;
	}
	text_addf(out, "%s %s: %s", reason_name(BECAUSE_BECAUSE_OF), d->whose, reason_name(d->why));
}

void detach_rows_end_map(
	struct model *m, const struct detach *d, enum request_result result, enum reason why)
{
	for (uint32_t i = 0; i < m->n_requests; i++) {
		struct request *r = &m->requests[i];

		if (!r->used || r->detach != d->word.number || r->path.gen ||
			r->result != REQUEST_OPEN)
			continue;
		r->result = result;
		TEXT_SET(r->reason, reason_name(why));
	}
}

void detach_rows_end(struct model *m, const struct detach *d, struct path *p,
	enum request_result result, enum reason why)
{
	struct request *r = row_of(m, d, p);
	struct text t = TEXT_INIT;

	if (!r || r->result != REQUEST_OPEN)
		return;
	if (why != BECAUSE_NOTHING)
		say_why(d, p, why, &t);
	r->result = result;
	request_keep_holders(r, p);
	TEXT_SET(r->reason, text_str(&t));
	text_done(&t);
}

void detach_rows_plan(struct model *m, const struct detach *d, const struct path *p)
{
	struct request *r = row_of(m, d, p);
	struct text t = TEXT_INIT;

	if (!r)
		return;
	may_detach_plan(m, p, &t);
	TEXT_SET(r->plan, text_str(&t));
	text_done(&t);
}
