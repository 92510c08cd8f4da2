/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "show/holders.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "model/name.h"
#include "show/release.h"

/* ---- one hold -------------------------------------------------------------------------------- */

static struct datum get_kind(struct document *d, const void *item)
{
	const struct use *u = item;

	(void)d;
	return datum_text(hold_kind_name(u->kind));
}

static struct datum get_what(struct document *d, const void *item)
{
	const struct use *u = item;

	(void)d;
	return datum_text(u->what);
}

static struct datum get_on(struct document *d, const void *item)
{
	const struct use *u = item;

	(void)d;
	return datum_text(u->on);
}

static struct datum get_pid(struct document *d, const void *item)
{
	const struct use *u = item;

	(void)d;
	return u->pid ? datum_number(u->pid) : datum_nothing();
}

static struct datum get_comm(struct document *d, const void *item)
{
	const struct use *u = item;

	(void)d;
	return datum_text(u->comm);
}

static struct datum get_unit(struct document *d, const void *item)
{
	const struct use *u = item;

	(void)d;
	return datum_text(u->unit);
}

static struct datum get_namespace(struct document *d, const void *item)
{
	const struct use *u = item;

	(void)d;
	return datum_text(u->namespace);
}

static struct datum get_release(struct document *d, const void *item)
{
	release_print(item, &d->scratch);
	return datum_scratch(d);
}

static struct datum get_critical(struct document *d, const void *item)
{
	const struct use *u = item;

	(void)d;
	return u->critical ? datum_yes(true) : datum_nothing();
}

const struct document_field hold_fields[] = {
	{ "kind", DOCUMENT_TEXT, ALWAYS, "KIND", get_kind },
	{ "what", DOCUMENT_TEXT, ALWAYS, "WHAT", get_what },
	{ "on", DOCUMENT_TEXT, OR_LESS, "ON", get_on },
	{ "pid", DOCUMENT_NUMBER, OR_LESS, "PID", get_pid },
	{ "comm", DOCUMENT_TEXT, OR_LESS, "COMMAND", get_comm },
	{ "unit", DOCUMENT_TEXT, OR_LESS, "UNIT", get_unit },
	{ "namespace", DOCUMENT_TEXT, OR_LESS, NULL, get_namespace },
	{ "release", DOCUMENT_TEXT, OR_NULL, "RELEASE", get_release },
	{ "critical", DOCUMENT_BOOL, OR_LESS, NULL, get_critical },
	DOCUMENT_FIELDS_END,
};

/* ---- all of them ----------------------------------------------------------------------------- */

struct ordered {
	const struct use *use;
	const uint32_t *levels;
};

static int compare(const void *a, const void *b)
{
	const struct ordered *x = a, *y = b;

	return use_compare(x->use, y->use, x->levels);
}

/* In the array, which has room for all. How many. */
static size_t choose_uses(const struct tree_uses *uses, const uint32_t *levels, struct ordered *ret)
{
	size_t found = 0;

	for (size_t i = 0; i < uses->n; i++)
		if (levels[uses->all[i].node] && !uses->all[i].is_path)
			ret[found++] = (struct ordered){ &uses->all[i], levels };
	if (found)
		qsort(ret, found, sizeof *ret, compare);
	return found;
}

/* A LUN is known as its disk. NULL: there is more than one device that is meant. */
static const char *only_name(const struct node *nodes, size_t n, const bool *chosen, size_t found)
{
	size_t first = 0;

	if (found != 1)
		return NULL;
	while (!chosen[first])
		first++;
	if (nodes[first].kind == NODE_LUN && first + 1 < n && nodes[first + 1].kind == NODE_DISK &&
		nodes[first + 1].depth == nodes[first].depth + 1)
		first++;
	return nodes[first].devt.major ? node_name(&nodes[first]) : NULL;
}

static int print(const char *dev, bool complete, const struct ordered *chosen, size_t n, char **ret)
{
	_cleanup_(document_done) struct document d = { 0 };
	struct json_object *holds;

	document_init(&d, 0);
	document_put(&d, d.root, "dev", document_text(&d, dev));
	holds = document_array(&d);
	document_put(&d, d.root, "holds", holds);
	for (size_t i = 0; i < n; i++) {
		document_append_object(&d, holds, hold_fields, chosen[i].use);
		complete &= !chosen[i].use->is_doubtful;
	}
	document_put(&d, d.root, "complete", document_yes(&d, complete));
	return document_finish(&d, ret);
}

int node_holders_document(const struct node *nodes, size_t n, const struct tree_uses *uses,
	const char *name, char **ret)
{
	_cleanup_(freep) bool *chosen = calloc(n + 1, sizeof *chosen);
	_cleanup_(freep) uint32_t *levels = calloc(n + 1, sizeof *levels);
	_cleanup_(freep) struct ordered *ordered = calloc(uses->n + 1, sizeof *ordered);
	const char *dev;
	size_t found;

	if (!chosen || !levels || !ordered)
		return -ENOMEM;
	found = name_find_nodes(nodes, n, name, chosen);
	if (!found)
		return name_form(name) == NAME_ADDRESS ? print(name, true, NULL, 0, ret) : -ENODEV;
	dev = only_name(nodes, n, chosen, found);
	use_find_levels(nodes, n, uses->all, uses->n, chosen, levels);
	return print(
		dev ? dev : name, uses->complete, ordered, choose_uses(uses, levels, ordered), ret);
}
