/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "show/answers.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "model/model.h"
#include "show/holders.h"
#include "show/names.h"

/* ---- the requests of one id ------------------------------------------------------------------ */

static int compare_requests(const void *a, const void *b)
{
	const struct request *x = *(const struct request *const *)a;
	const struct request *y = *(const struct request *const *)b;

	return (x->seq > y->seq) - (x->seq < y->seq);
}

/* In the order in which they were asked; the array is the caller's. */
static int find_requests(
	const struct model *m, uint64_t id, const struct request ***ret, size_t *ret_n)
{
	const struct request **found = calloc(m->n_requests + 1, sizeof *found);
	size_t n = 0;

	if (!found)
		return -ENOMEM;
	for (uint32_t i = 0; i < m->n_requests; i++)
		if (m->requests[i].used && m->requests[i].id == id)
			found[n++] = &m->requests[i];
	qsort(found, n, sizeof *found, compare_requests);
	*ret = found;
	*ret_n = n;
	return 0;
}

static struct datum get_dev(struct document *d, const void *item)
{
	const struct request *r = item;

	(void)d;
	return datum_text(r->dev);
}

static struct datum get_hctl(struct document *d, const void *item)
{
	const struct request *r = item;

	(void)d;
	return datum_text(r->hctl);
}

static struct datum get_reason(struct document *d, const void *item)
{
	const struct request *r = item;

	(void)d;
	return datum_text(r->reason);
}

/* ---- checks ---------------------------------------------------------------------------------- */

/* What is said of a device that gave no answer which could be judged. */
static const struct {
	enum path_state state;
	enum checker_word checker;
	const char *message, *reason;
} absent = { PATH_DOWN, CHECKER_REMOVED, " is not there", "absent" },
  silent = { PATH_PENDING, CHECKER_TIMEOUT, " timed out", "no answer before the timeout" };

static bool is_absent(const struct request *r)
{
	return r->result == RESULT_ABSENT;
}

static bool is_silent(const struct request *r)
{
	return r->result == RESULT_PENDING || r->result == REQUEST_OPEN;
}

static struct datum get_state(struct document *d, const void *item)
{
	const struct request *r = item;

	(void)d;
	return datum_text(path_state_name(is_absent(r)	 ? absent.state
					  : is_silent(r) ? silent.state
							 : r->state));
}

static struct datum get_checker(struct document *d, const void *item)
{
	const struct request *r = item;

	(void)d;
	return datum_text(checker_word_name(is_absent(r)   ? absent.checker
					    : is_silent(r) ? silent.checker
							   : r->checker));
}

static struct datum get_message(struct document *d, const void *item)
{
	const struct request *r = item;

	(void)d;
	if (is_absent(r))
		return datum_text(absent.message);
	return datum_text(is_silent(r) ? silent.message : checker_message(r->checker));
}

static struct datum get_sense(struct document *d, const void *item)
{
	const struct request *r = item;

	(void)d;
	return is_silent(r) ? datum_nothing() : datum_text(r->sense);
}

static struct datum get_wwid(struct document *d, const void *item)
{
	const struct request *r = item;

	(void)d;
	return datum_text(r->wwid);
}

static struct datum get_check_reason(struct document *d, const void *item)
{
	const struct request *r = item;

	if (is_absent(r))
		return datum_text(absent.reason);
	return is_silent(r) ? datum_text(silent.reason) : get_reason(d, item);
}

const struct document_field check_fields[] = {
	{ "dev", DOCUMENT_TEXT, ALWAYS, "DEV", get_dev },
	{ "hctl", DOCUMENT_TEXT, ALWAYS, "HCTL", get_hctl },
	{ "state", DOCUMENT_TEXT, ALWAYS, "STATE", get_state },
	{ "checker", DOCUMENT_TEXT, ALWAYS, "CHECKER", get_checker },
	{ "message", DOCUMENT_TEXT, ALWAYS, NULL, get_message },
	{ "sense", DOCUMENT_TEXT, OR_NULL, "SENSE", get_sense },
	{ "wwid", DOCUMENT_TEXT, OR_NULL, "WWID", get_wwid },
	{ "reason", DOCUMENT_TEXT, OR_NULL, "REASON", get_check_reason },
	DOCUMENT_FIELDS_END,
};

/* ---- removals -------------------------------------------------------------------------------- */

static struct datum get_result(struct document *d, const void *item)
{
	const struct request *r = item;

	(void)d;
	return datum_text(
		request_result_name(r->result == REQUEST_OPEN ? RESULT_PENDING : r->result));
}

static struct datum get_requester(struct document *d, const void *item)
{
	const struct request *r = item;

	(void)d;
	return datum_text(r->requester);
}

const struct document_field removal_fields[] = {
	{ "dev", DOCUMENT_TEXT, ALWAYS, "DEV", get_dev },
	{ "hctl", DOCUMENT_TEXT, ALWAYS, "HCTL", get_hctl },
	{ "result", DOCUMENT_TEXT, ALWAYS, "RESULT", get_result },
	{ "reason", DOCUMENT_TEXT, OR_NULL, "REASON", get_reason },
	{ "requester", DOCUMENT_TEXT, ALWAYS, NULL, get_requester },
	DOCUMENT_FIELDS_END,
};

/* ---- detaching ------------------------------------------------------------------------------- */

static struct datum get_plan(struct document *d, const void *item)
{
	const struct request *r = item;

	(void)d;
	return datum_text(r->plan);
}

const struct document_field detach_fields[] = {
	{ "dev", DOCUMENT_TEXT, ALWAYS, "DEV", get_dev },
	{ "hctl", DOCUMENT_TEXT, ALWAYS, "HCTL", get_hctl },
	{ "result", DOCUMENT_TEXT, ALWAYS, "RESULT", get_result },
	{ "plan", DOCUMENT_TEXT, OR_NULL, "PLAN", get_plan },
	{ "reason", DOCUMENT_TEXT, OR_NULL, "REASON", get_reason },
	{ "requester", DOCUMENT_TEXT, ALWAYS, NULL, get_requester },
	DOCUMENT_FIELDS_END,
};

/* ---- scans ----------------------------------------------------------------------------------- */

static struct datum get_found(struct document *d, const void *item)
{
	const struct request *r = item;

	(void)d;
	return datum_number(r->found);
}

const struct document_field scan_fields[] = {
	{ "dev", DOCUMENT_TEXT, ALWAYS, "DEV", get_dev },
	{ "place", DOCUMENT_TEXT, ALWAYS, "PLACE", get_hctl },
	{ "result", DOCUMENT_TEXT, ALWAYS, "RESULT", get_result },
	{ "reason", DOCUMENT_TEXT, OR_NULL, "REASON", get_reason },
	{ "found", DOCUMENT_NUMBER, ALWAYS, "FOUND", get_found },
	{ "requester", DOCUMENT_TEXT, ALWAYS, NULL, get_requester },
	DOCUMENT_FIELDS_END,
};

/* ---- waits ----------------------------------------------------------------------------------- */

static struct datum get_name(struct document *d, const void *item)
{
	const struct request *r = item;

	(void)d;
	return datum_text(r->name);
}

static struct datum get_map(struct document *d, const void *item)
{
	const struct request *r = item;

	(void)d;
	return datum_text(r->map);
}

static struct datum get_wanted(struct document *d, const void *item)
{
	const struct request *r = item;

	(void)d;
	return datum_number(r->wanted);
}

const struct document_field wait_fields[] = {
	{ "device", DOCUMENT_TEXT, ALWAYS, "DEVICE", get_name },
	{ "wwid", DOCUMENT_TEXT, OR_NULL, "WWID", get_wwid },
	{ "map", DOCUMENT_TEXT, OR_NULL, "MAP", get_map },
	{ "paths", DOCUMENT_NUMBER, ALWAYS, "PATHS", get_found },
	{ "wanted", DOCUMENT_NUMBER, ALWAYS, "WANTED", get_wanted },
	{ "result", DOCUMENT_TEXT, ALWAYS, "RESULT", get_result },
	{ "reason", DOCUMENT_TEXT, OR_NULL, "REASON", get_reason },
	{ "requester", DOCUMENT_TEXT, ALWAYS, NULL, get_requester },
	DOCUMENT_FIELDS_END,
};

/* ---- growths --------------------------------------------------------------------------------- */

enum { SECTOR_BYTES = 512 };

/* The map that it is, or the one device. */
static struct datum get_volume(struct document *d, const void *item)
{
	const struct request *r = item;

	(void)d;
	return datum_text(r->name[0] ? r->name : r->dev);
}

static struct datum get_size_before(struct document *d, const void *item)
{
	const struct request *r = item;

	(void)d;
	return datum_number(r->sectors_before * SECTOR_BYTES);
}

static struct datum get_size(struct document *d, const void *item)
{
	const struct request *r = item;

	(void)d;
	return datum_number(r->sectors * SECTOR_BYTES);
}

const struct document_field growth_fields[] = {
	{ "device", DOCUMENT_TEXT, ALWAYS, "DEVICE", get_volume },
	{ "wwid", DOCUMENT_TEXT, OR_NULL, "WWID", get_wwid },
	{ "map", DOCUMENT_TEXT, OR_NULL, NULL, get_map },
	{ "paths", DOCUMENT_NUMBER, ALWAYS, "PATHS", get_found },
	{ "size_before", DOCUMENT_NUMBER, ALWAYS, "BEFORE", get_size_before },
	{ "size", DOCUMENT_NUMBER, ALWAYS, "SIZE", get_size },
	{ "result", DOCUMENT_TEXT, ALWAYS, "RESULT", get_result },
	{ "reason", DOCUMENT_TEXT, OR_NULL, "REASON", get_reason },
	{ "requester", DOCUMENT_TEXT, ALWAYS, NULL, get_requester },
	DOCUMENT_FIELDS_END,
};

/* ---- holders --------------------------------------------------------------------------------- */

static uint32_t n_listed(const struct obs_holders *holders)
{
	return holders->n_holds < MAX_HOLDS ? holders->n_holds : MAX_HOLDS;
}

static bool is_same_hold(const struct hold *a, const struct hold *b)
{
	return a->kind == b->kind && a->pid == b->pid && !strcmp(a->what, b->what) &&
	       !strcmp(a->comm, b->comm);
}

/* What holds a map holds each of its paths: shown once. */
static bool is_told(const struct request *const *found, size_t i, const struct hold *h)
{
	for (size_t k = 0; k < i; k++)
		for (uint32_t n = 0; n < n_listed(&found[k]->holders); n++)
			if (is_same_hold(&found[k]->holders.holds[n], h))
				return true;
	return false;
}

/* Of one that was not refused nobody wants to know. */
static bool is_complete(const struct request *r)
{
	return is_absent(r) || (r->verb != VERB_HOLDERS && !r->holders_known) ||
	       (r->holders_known && r->holders.complete && r->holders.n_holds <= MAX_HOLDS);
}

static void put_hold(struct document *d, struct json_object *holds, const struct hold *hold)
{
	const struct use use = use_of_hold(hold);

	document_append_object(d, holds, hold_fields, &use);
}

static void put_holds(struct document *d, const struct request *const *found, size_t n)
{
	struct json_object *holds = document_array(d);
	bool complete = true;

	document_put(d, d->root, "holds", holds);
	for (size_t i = 0; i < n; i++) {
		for (uint32_t k = 0; k < n_listed(&found[i]->holders); k++)
			if (!is_told(found, i, &found[i]->holders.holds[k]))
				put_hold(d, holds, &found[i]->holders.holds[k]);
		complete &= is_complete(found[i]);
	}
	document_put(d, d->root, "complete", document_yes(d, complete));
}

/* What a word to remove was refused for. */
static bool has_holds(const struct request *const *found, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (found[i]->holders_known && found[i]->holders.n_holds)
			return true;
	return false;
}

int holders_document(const struct model *m, uint64_t id, const char *name, char **ret)
{
	_cleanup_(freep) const struct request **found = NULL;
	_cleanup_(document_done) struct document d = { 0 };
	size_t n;
	int r = find_requests(m, id, &found, &n);

	if (r < 0)
		return r;
	document_init(&d, 0);
	document_put(&d, d.root, "dev", document_text(&d, n == 1 ? found[0]->dev : name));
	put_holds(&d, found, n);
	return document_finish(&d, ret);
}

/* ---- rows ------------------------------------------------------------------------------------ */

static const struct {
	const char *name;
	const struct document_field *fields;
} kinds[] = {
	[VERB_CHECK] = { "checks", check_fields },
	[VERB_PURGE] = { "removals", removal_fields },
	[VERB_RESCAN] = { "scans", scan_fields },
	[VERB_WAIT] = { "waits", wait_fields },
	[VERB_DETACH] = { "removals", detach_fields },
	[VERB_GROW] = { "growths", growth_fields },
	/* a clean is no row: show/cleaning.h */
};

int rows_document(
	const struct model *m, enum verb verb, uint64_t id, char *const *unknown, char **ret)
{
	_cleanup_(freep) const struct request **found = NULL;
	_cleanup_(document_done) struct document d = { 0 };
	struct json_object *rows;
	size_t n;
	int r = find_requests(m, id, &found, &n);

	if (r < 0)
		return r;
	document_init(&d, 0);
	rows = document_array(&d);
	document_put(&d, d.root, kinds[verb].name, rows);
	for (size_t i = 0; i < n; i++)
		document_append_object(&d, rows, kinds[verb].fields, found[i]);
	if (has_holds(found, n))
		put_holds(&d, found, n);
	document_put_unknown(&d, unknown);
	return document_finish(&d, ret);
}
