/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/gap.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "model/model.h"

static const char *const names[GAP_STAGES] = {
	[GAP_NO] = "no",
	[GAP_WRITING] = "writing",
	[GAP_KEPT] = "kept",
	[GAP_ENDING] = "ending",
};

#define TO(s) (1u << GAP_##s)

static const unsigned may_enter[GAP_STAGES] = {
	[GAP_NO] = TO(WRITING) | TO(KEPT), /* a daemon before this one wrote it down */
	[GAP_WRITING] = TO(KEPT) | TO(ENDING),
	[GAP_KEPT] = TO(ENDING),
	[GAP_ENDING] = TO(NO),
};

bool gap_may_enter(enum gap_stage from, enum gap_stage to)
{
	return may_enter[from] >> to & 1;
}

int gap_enter(struct gap *g, enum gap_stage next, enum reason why)
{
	if (g->stage == next)
		return 0;
	if (!gap_may_enter(g->stage, next))
		return -EPROTO;
	g->stage = next;
	g->why = why;
	g->failures = 0;
	g->again = INSTANT_NEVER;
	return 1;
}

const char *gap_stage_name(enum gap_stage stage)
{
	return (unsigned)stage < GAP_STAGES ? names[stage] : "?";
}

/* ---- rows ------------------------------------------------------------------------------------ */

static struct gap *free_row(struct gaps *gaps)
{
	struct gap *more;

	for (uint32_t i = 0; i < gaps->n; i++)
		if (gaps->rows[i].stage == GAP_NO)
			return &gaps->rows[i];
	if (gaps->n == MAX_GAPS)
		return NULL;
	more = realloc(gaps->rows, (gaps->n + 1) * sizeof *more);
	if (!more)
		return NULL;
	gaps->rows = more;
	return &gaps->rows[gaps->n++];
}

struct gap *gaps_add(struct gaps *gaps, const struct obs_gap *is)
{
	struct gap *g = free_row(gaps);

	if (!g)
		return NULL;
	*g = (struct gap){
		.is = *is,
		.number = ++gaps->last_number,
		.path = PATH_NONE,
	};
	return g;
}

void gaps_done(struct gaps *gaps)
{
	free(gaps->rows);
	*gaps = (struct gaps){ 0 };
}

/* ---- which ----------------------------------------------------------------------------------- */

bool gap_means(const struct gap *g, const char *wwid, const struct scsi_address *at)
{
	if (strcmp(g->is.wwid, wwid) != 0)
		return false; /* what has another name is another volume, wherever it is */
	return (g->is.everywhere && wwid[0]) || scsi_address_equal(&g->is.address, at);
}

/* The kernel numbers its directories upwards: a daemon after this one knows by that what was there
 * before. */
static bool keeps_out(const struct gap *g, const struct path *p)
{
	return (g->stage == GAP_WRITING || g->stage == GAP_KEPT) && p->appeared_seq > g->seq &&
	       p->device.ino > g->is.youngest && gap_means(g, p->device.wwid, &p->device.address);
}

struct gap *model_gap_begun_with(const struct model *m, const struct path *p)
{
	for (uint32_t i = 0; i < m->gaps.n; i++)
		if (m->gaps.rows[i].stage != GAP_NO && path_id_equal(m->gaps.rows[i].path, p->id))
			return &m->gaps.rows[i];
	return NULL;
}

struct gap *model_gap_of(const struct model *m, const struct path *p)
{
	if (model_gap_begun_with(m, p))
		return NULL;
	for (uint32_t i = 0; i < m->gaps.n; i++)
		if (keeps_out(&m->gaps.rows[i], p))
			return &m->gaps.rows[i];
	return NULL;
}

bool model_is_gap(const struct model *m, const struct scsi_address *at)
{
	for (uint32_t i = 0; i < m->gaps.n; i++)
		if (m->gaps.rows[i].stage != GAP_NO &&
			scsi_address_equal(&m->gaps.rows[i].is.address, at))
			return true;
	return false;
}

void model_gap_enter(struct model *m, struct gap *g, enum gap_stage next, enum reason why)
{
	enum gap_stage old = g->stage;
	int r = gap_enter(g, next, why);
	struct change *c;

	assert(r >= 0); /* a step that is not in the table is our own bug */
	if (r == 0)
		return;
	c = model_add_change(m, CHANGE_GAP, NULL);
	c->address = g->is.address;
	TEXT_SET(c->wwid, g->is.wwid);
	TEXT_SET(c->text, g->is.requester);
	c->from = (int)old;
	c->to = (int)next;
	c->why = why;
}

/* ---- the world ------------------------------------------------------------------------------- */

/* Whatever fits is meant: it may have come while nobody was there to see. */
void gaps_note_record(struct model *m, const struct obs_gap *is)
{
	struct gap *g = gaps_add(&m->gaps, is);

	if (!g) {
		m->out_of_memory = true;
		return;
	}
	g->written = true;
	model_gap_enter(m, g, GAP_KEPT, BECAUSE_DETACHED);
}

void gaps_note_done(struct model *m, uint64_t action, int32_t result)
{
	for (uint32_t i = 0; i < m->gaps.n; i++) {
		struct gap *g = &m->gaps.rows[i];

		if (!g->deed || g->deed != action)
			continue;
		g->deed = 0;
		g->deed_ended = true;
		g->deed_result = result;
	}
}

void gaps_note_device(struct model *m, const struct path *p)
{
	for (uint32_t i = 0; i < m->gaps.n; i++) {
		struct gap *g = &m->gaps.rows[i];

		if (g->stage == GAP_KEPT && g->is.ino == p->device.ino &&
			scsi_address_equal(&g->is.address, &p->device.address))
			g->path = p->id;
	}
}

/* Targets say so, too, while they restore their logical units; and for how long is the word of the
 * configuration that was in force. */
static bool says_gone(const struct model *m, const struct path *p)
{
	instant up = model_up_since(m, p);

	return p->gone == GONE_UNSUPPORTED && p->gone_seq > m->config_seq &&
	       p->gone_count >= p->settings.purge_checks && instant_is_set(up) &&
	       instant_reached(p->gone_at, instant_add_ms(up, p->settings.purge_grace_s * 1000ull));
}

void gaps_note_departure(struct model *m, const struct path *p)
{
	for (uint32_t i = 0; i < m->gaps.n; i++) {
		struct gap *g = &m->gaps.rows[i];

		if (g->stage == GAP_NO)
			continue;
		if (path_id_equal(g->path, p->id))
			g->path = PATH_NONE;
		if (scsi_address_equal(&g->is.address, &p->device.address) &&
			!strcmp(g->is.wwid, p->device.wwid))
			g->confirmed |= says_gone(m, p);
	}
}
