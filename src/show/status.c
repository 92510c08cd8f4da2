/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "show/status.h"

#include "base/cleanup.h"
#include "config/diagnostics.h"
#include "model/model.h"
#include "show/remarks.h"

struct status {
	const struct model *model;
	const struct status_facts *facts;
};

static const struct model *model_of(const void *item)
{
	const struct status *s = item;

	return s->model;
}

static const struct status_facts *facts_of(const void *item)
{
	const struct status *s = item;

	return s->facts;
}

/* ---- counts ---------------------------------------------------------------------------------- */

/* {"total":9,"up":7,"down":2,...}: every state is there, also with 0. */
static struct datum get_paths(struct document *d, const void *item)
{
	const struct model *m = model_of(item);
	struct json_object *counts = document_empty(d);
	uint64_t n[PATH_STATES] = { 0 };
	struct path *p;

	for_each_path (m, p)
		n[p->state]++;
	document_put(d, counts, "total", document_number(d, m->n_paths));
	for (unsigned i = 0; i < PATH_STATES; i++)
		document_put(
			d, counts, path_state_name((enum path_state)i), document_number(d, n[i]));
	return datum_part(counts);
}

/* Every rung but "no"; held_back: those marked ones that the limits keep from going on. */
static struct datum get_purge(struct document *d, const void *item)
{
	const struct model *m = model_of(item);
	struct json_object *counts = document_empty(d);
	uint64_t n[PURGE_STAGES] = { 0 }, held_back = 0;
	struct path *p;

	for_each_path (m, p) {
		n[p->purge]++;
		held_back += p->held_back && p->purge == PURGE_MARKED;
	}
	for (unsigned i = PURGE_NO + 1; i < PURGE_STAGES; i++)
		document_put(
			d, counts, purge_stage_name((enum purge_stage)i), document_number(d, n[i]));
	document_put(d, counts, "held_back", document_number(d, held_back));
	return datum_part(counts);
}

/* Every rung but "no"; held: those that more than fence_limit changed with. */
static struct datum get_fence(struct document *d, const void *item)
{
	const struct model *m = model_of(item);
	struct json_object *counts = document_empty(d);
	uint64_t n[FENCE_STAGES] = { 0 }, held = 0;
	struct path *p;

	for_each_path (m, p) {
		n[p->fence.stage]++;
		held += p->fence.held && p->fence.stage == FENCE_CHANGED;
	}
	for (unsigned i = FENCE_NO + 1; i < FENCE_STAGES; i++)
		document_put(
			d, counts, fence_stage_name((enum fence_stage)i), document_number(d, n[i]));
	document_put(d, counts, "held", document_number(d, held));
	return datum_part(counts);
}

static struct datum get_maps(struct document *d, const void *item)
{
	const struct model *m = model_of(item);
	uint64_t n = 0;

	(void)d;
	for (uint32_t i = 0; i < m->n_maps; i++)
		n += m->maps[i].present;
	return datum_number(n);
}

struct count {
	const char *name;
	uint64_t n;
};

static struct datum counts_part(struct document *d, const struct count *counts, size_t n)
{
	struct json_object *part = document_empty(d);

	for (size_t i = 0; i < n; i++)
		document_put(d, part, counts[i].name, document_number(d, counts[i].n));
	return datum_part(part);
}

static struct datum get_counters(struct document *d, const void *item)
{
	const struct counters *c = &model_of(item)->counters;
	const struct count counts[] = {
		{ "checks", c->checks },
		{ "purged", c->purged },
		{ "failed", c->failed },
		{ "gone_by_others", c->gone_by_others },
		{ "held", c->held },
		{ "stuck", c->stuck },
		{ "fenced", c->fenced },
		{ "kept_out", c->kept_out },
		{ "uevents_lost", c->uevents_lost },
		{ "events", facts_of(item)->events },
		{ "log_dropped", facts_of(item)->log_dropped },
	};

	return counts_part(d, counts, ARRAY_SIZE(counts));
}

/* {"checks":812,"sum_ms":1624,"at_most_1_ms":3,...}: each is counted wherever it fits. */
static struct datum get_latency(struct document *d, const void *item)
{
	const struct latency *l = &model_of(item)->counters.latency;
	const struct count counts[] = { { "checks", l->n }, { "sum_ms", l->sum_ms } };
	struct datum part = counts_part(d, counts, ARRAY_SIZE(counts));

	for (unsigned i = 0; i < LATENCY_BOUNDS; i++)
		document_put(
			d, part.part, latency_bounds[i].name, document_number(d, l->at_most[i]));
	return part;
}

static struct datum get_clients(struct document *d, const void *item)
{
	const struct status_facts *f = facts_of(item);
	const struct count counts[] = {
		{ "connected", f->clients },
		{ "refused", f->clients_refused },
		{ "dropped", f->clients_dropped },
	};

	return counts_part(d, counts, ARRAY_SIZE(counts));
}

/* ---- the process ----------------------------------------------------------------------------- */

static struct datum get_mode(struct document *d, const void *item)
{
	(void)d;
	switch (model_of(item)->defaults.mode) {
	case MODE_OBSERVE: return datum_text("observe");
	case MODE_MANAGE: return datum_text("manage");
	}
	return datum_nothing();
}

static struct datum get_pid(struct document *d, const void *item)
{
	(void)d;
	return datum_number(facts_of(item)->pid);
}

static struct datum get_since(struct document *d, const void *item)
{
	(void)d;
	return datum_unix_ms(facts_of(item)->started_unix_ms);
}

/* Before every device was read once, a missing one is not a gone one. */
static struct datum get_ready(struct document *d, const void *item)
{
	(void)d;
	return datum_yes(model_of(item)->devices_known);
}

static struct datum get_config(struct document *d, const void *item)
{
	const struct diagnostics *remarks = facts_of(item)->remarks;
	struct json_object *part = document_empty(d);
	size_t n = remarks ? diagnostics_count(remarks, SEVERITY_WARNING) : 0;

	document_put(d, part, "warnings", document_number(d, n));
	document_put(d, part, "remarks", remarks_array(d, remarks));
	return datum_part(part);
}

static struct datum get_owner(struct document *d, const void *item)
{
	const struct model *m = model_of(item);
	struct json_object *part = document_empty(d);
	bool running = m->owner_known && m->owner.running;

	document_put(d, part, "known", document_yes(d, m->owner_known));
	document_put(d, part, "running", document_yes(d, running));
	document_put(
		d, part, "pid", running && m->owner.pid ? document_number(d, m->owner.pid) : NULL);
	document_put(d, part, "purges", document_yes(d, running && m->owner.purges));
	return datum_part(part);
}

/* ---- hands and helpers ----------------------------------------------------------------------- */

static struct datum get_hand_pid(struct document *d, const void *item)
{
	const struct host *h = item;

	(void)d;
	return h->hand_pid ? datum_number(h->hand_pid) : datum_nothing();
}

static struct datum get_hand_host(struct document *d, const void *item)
{
	const struct host *h = item;

	(void)d;
	return datum_number(h->number);
}

static struct datum get_hand_dev(struct document *d, const void *item)
{
	const struct host *h = item;

	(void)d;
	return datum_text(h->dev);
}

/* A hand that looks for new logical units is about a place, and not about a device. */
static struct datum get_hand_scan(struct document *d, const void *item)
{
	const struct host *h = item;
	char place[PLACE_TEXT];

	if (!h->scans)
		return datum_nothing();
	place_print(&h->scanned, place);
	text_add(&d->scratch, place);
	return datum_scratch(d);
}

static struct datum get_hand_since(struct document *d, const void *item)
{
	const struct host *h = item;

	return datum_instant(d, h->deed_at);
}

static struct datum get_hand_stuck(struct document *d, const void *item)
{
	const struct host *h = item;

	(void)d;
	return datum_yes(h->stuck);
}

static const struct document_field hand_fields[] = {
	{ "pid", DOCUMENT_NUMBER, OR_NULL, NULL, get_hand_pid },
	{ "host", DOCUMENT_NUMBER, ALWAYS, NULL, get_hand_host },
	{ "dev", DOCUMENT_TEXT, ALWAYS, NULL, get_hand_dev },
	{ "since", DOCUMENT_TIME, OR_NULL, NULL, get_hand_since },
	{ "stuck", DOCUMENT_BOOL, ALWAYS, NULL, get_hand_stuck },
	{ "scan", DOCUMENT_TEXT, OR_LESS, NULL, get_hand_scan },
	DOCUMENT_FIELDS_END,
};

/* The path may be gone already while its hand is still out. */
static void append_hand(
	struct document *d, struct json_object *hands, const struct model *m, const struct host *h)
{
	struct json_object *hand = document_object(d, hand_fields, h);
	const struct path *p = model_path(m, h->deed_path);
	char hctl[SCSI_ADDRESS_TEXT];

	if (p)
		scsi_address_print(&p->device.address, hctl);
	document_put(d, hand, "hctl", p ? document_text(d, hctl) : NULL);
	document_append(d, hands, hand);
}

static struct datum get_hands(struct document *d, const void *item)
{
	const struct model *m = model_of(item);
	struct json_object *hands = document_array(d);

	for (uint32_t i = 0; i < m->n_hosts; i++)
		if (m->hosts[i].deed || m->hosts[i].stuck)
			append_hand(d, hands, m, &m->hosts[i]);
	return datum_part(hands);
}

static struct datum get_helper_kind(struct document *d, const void *item)
{
	const struct status_helper *h = item;

	(void)d;
	return datum_text(helper_kind_name(h->kind));
}

static struct datum get_helper_pid(struct document *d, const void *item)
{
	const struct status_helper *h = item;

	(void)d;
	return datum_number(h->pid);
}

static struct datum get_helper_host(struct document *d, const void *item)
{
	const struct status_helper *h = item;

	(void)d;
	if (h->kind != HELPER_KEEPER && h->kind != HELPER_HAND)
		return datum_nothing();
	return datum_number(h->host);
}

static const struct document_field helper_fields[] = {
	{ "kind", DOCUMENT_TEXT, ALWAYS, NULL, get_helper_kind },
	{ "pid", DOCUMENT_NUMBER, ALWAYS, NULL, get_helper_pid },
	{ "host", DOCUMENT_NUMBER, OR_NULL, NULL, get_helper_host },
	DOCUMENT_FIELDS_END,
};

static struct datum get_helpers(struct document *d, const void *item)
{
	const struct status_facts *f = facts_of(item);
	struct json_object *helpers = document_array(d);

	for (size_t i = 0; i < f->n_helpers; i++)
		document_append_object(d, helpers, helper_fields, &f->helpers[i]);
	return datum_part(helpers);
}

/* ---- what is kept out ------------------------------------------------------------------------ */

static struct datum get_gap_wwid(struct document *d, const void *item)
{
	const struct gap *g = item;

	(void)d;
	return g->is.wwid[0] ? datum_text(g->is.wwid) : datum_nothing();
}

static struct datum get_gap_hctl(struct document *d, const void *item)
{
	const struct gap *g = item;
	char address[SCSI_ADDRESS_TEXT];

	scsi_address_print(&g->is.address, address);
	text_add(&d->scratch, address);
	return datum_scratch(d);
}

static struct datum get_gap_everywhere(struct document *d, const void *item)
{
	const struct gap *g = item;

	(void)d;
	return datum_yes(g->is.everywhere);
}

static struct datum get_gap_stage(struct document *d, const void *item)
{
	const struct gap *g = item;

	(void)d;
	return datum_text(gap_stage_name(g->stage));
}

static struct datum get_gap_since(struct document *d, const void *item)
{
	const struct gap *g = item;

	return datum_instant(d, g->is.since);
}

static struct datum get_gap_until(struct document *d, const void *item)
{
	const struct gap *g = item;

	return datum_instant(d, g->is.until);
}

static struct datum get_gap_requester(struct document *d, const void *item)
{
	const struct gap *g = item;

	(void)d;
	return datum_text(g->is.requester);
}

static struct datum get_gap_written(struct document *d, const void *item)
{
	const struct gap *g = item;

	(void)d;
	return datum_yes(g->written);
}

static const struct document_field gap_fields[] = {
	{ "wwid", DOCUMENT_TEXT, OR_NULL, NULL, get_gap_wwid },
	{ "hctl", DOCUMENT_TEXT, ALWAYS, NULL, get_gap_hctl },
	{ "everywhere", DOCUMENT_BOOL, ALWAYS, NULL, get_gap_everywhere },
	{ "stage", DOCUMENT_TEXT, ALWAYS, NULL, get_gap_stage },
	{ "since", DOCUMENT_TIME, OR_NULL, NULL, get_gap_since },
	{ "until", DOCUMENT_TIME, OR_NULL, NULL, get_gap_until },
	{ "requester", DOCUMENT_TEXT, ALWAYS, NULL, get_gap_requester },
	{ "written", DOCUMENT_BOOL, ALWAYS, NULL, get_gap_written },
	DOCUMENT_FIELDS_END,
};

/* dev: what came back and is still there. */
static void append_gap(
	struct document *d, struct json_object *gaps, const struct model *m, const struct gap *g)
{
	struct json_object *gap = document_object(d, gap_fields, g);
	const char *dev = NULL;
	struct path *p;

	for_each_path (m, p)
		if (model_gap_of(m, p) == g)
			dev = p->device.dev;
	document_put(d, gap, "dev", dev ? document_text(d, dev) : NULL);
	document_append(d, gaps, gap);
}

static struct datum get_gaps(struct document *d, const void *item)
{
	const struct model *m = model_of(item);
	struct json_object *gaps = document_array(d);

	for (uint32_t i = 0; i < m->gaps.n; i++)
		if (m->gaps.rows[i].stage != GAP_NO)
			append_gap(d, gaps, m, &m->gaps.rows[i]);
	return datum_part(gaps);
}

/* ---- the document ---------------------------------------------------------------------------- */

static const struct document_field status_fields[] = {
	{ "mode", DOCUMENT_TEXT, ALWAYS, NULL, get_mode },
	{ "pid", DOCUMENT_NUMBER, ALWAYS, NULL, get_pid },
	{ "since", DOCUMENT_TIME, ALWAYS, NULL, get_since },
	{ "ready", DOCUMENT_BOOL, ALWAYS, NULL, get_ready },
	{ "config", DOCUMENT_PART, ALWAYS, NULL, get_config },
	{ "paths", DOCUMENT_PART, ALWAYS, NULL, get_paths },
	{ "maps", DOCUMENT_NUMBER, ALWAYS, NULL, get_maps },
	{ "purge", DOCUMENT_PART, ALWAYS, NULL, get_purge },
	{ "hands", DOCUMENT_PART, ALWAYS, NULL, get_hands },
	{ "helpers", DOCUMENT_PART, ALWAYS, NULL, get_helpers },
	{ "counters", DOCUMENT_PART, ALWAYS, NULL, get_counters },
	{ "latency", DOCUMENT_PART, ALWAYS, NULL, get_latency },
	{ "clients", DOCUMENT_PART, ALWAYS, NULL, get_clients },
	{ "owner", DOCUMENT_PART, ALWAYS, NULL, get_owner },
	{ "fence", DOCUMENT_PART, ALWAYS, NULL, get_fence },
	{ "gaps", DOCUMENT_PART, ALWAYS, NULL, get_gaps },
	DOCUMENT_FIELDS_END,
};

int status_document(const struct model *m, const struct status_facts *facts, char **ret)
{
	const struct status status = { .model = m, .facts = facts };
	_cleanup_(document_done) struct document d;

	document_init(&d, facts->wall_offset_ms);
	document_put_fields(&d, d.root, status_fields, &status);
	return document_finish(&d, ret);
}
