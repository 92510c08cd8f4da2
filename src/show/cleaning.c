/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "show/cleaning.h"

#include <errno.h>
#include <string.h>

#include <json-c/json.h>

#include "base/cleanup.h"
#include "model/model.h"
#include "show/document.h"

static const struct {
	const char *name;
	enum cleaning_word word;
} lists[] = {
	{ "cleaned", NODE_CLEANED },
	{ "busy", NODE_BUSY },
	{ "stale", NODE_MADE_STALE },
	{ "skipped", NODE_SKIPPED },
};

/* ---- the document ---------------------------------------------------------------------------- */

/* What is said of a removal, and of a map, is about that alone. */
static bool has_words(enum cleaning_hold hold)
{
	return hold == CLEANING_REMOVAL || hold == CLEANING_MAP;
}

static struct json_object *hold_object(
	struct document *d, const struct cleaning_node *node, enum cleaning_hold hold)
{
	struct json_object *object = document_empty(d);

	document_put(d, object, "kind", document_text(d, cleaning_hold_name(hold)));
	document_put(d, object, "what", document_text(d, has_words(hold) ? node->what : ""));
	return object;
}

static struct json_object *busy_object(struct document *d, const struct cleaning_node *node)
{
	struct json_object *object = document_empty(d), *holds = document_array(d);

	document_put(d, object, "node", document_text(d, node->node));
	document_put(d, object, "holds", holds);
	for (int i = 0; i < CLEANING_HOLDS; i++)
		if (node->holds >> i & 1)
			document_append(d, holds, hold_object(d, node, (enum cleaning_hold)i));
	return object;
}

static void put_nodes(struct document *d, struct json_object *list, const struct cleaning *c,
	enum cleaning_word word)
{
	for (uint32_t i = 0; i < c->n; i++) {
		if (c->nodes[i].word != word)
			continue;
		document_append(d, list,
			word == NODE_BUSY ? busy_object(d, &c->nodes[i])
					  : document_text(d, c->nodes[i].node));
	}
}

static bool is_of(const struct request *r, uint64_t id)
{
	return r->used && r->id == id;
}

/* The directory, when the name means one that is there. */
static const char *root_of(const struct model *m, uint64_t id, const char *name)
{
	const char *root = NULL;

	for (uint32_t i = 0; i < m->n_requests; i++) {
		if (!is_of(&m->requests[i], id))
			continue;
		if (root || !m->requests[i].name[0])
			return name;
		root = m->requests[i].name;
	}
	return root ? root : name;
}

static bool is_complete(const struct request *r)
{
	return r->result != RESULT_PENDING && !r->cleaning.unfinished;
}

int cleaning_document(const struct model *m, uint64_t id, const char *name, char **ret)
{
	_cleanup_(document_done) struct document d = { 0 };
	bool complete = true;

	document_init(&d, 0);
	document_put(&d, d.root, "root", document_text(&d, root_of(m, id, name)));
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		struct json_object *list = document_array(&d);

		document_put(&d, d.root, lists[i].name, list);
		for (uint32_t k = 0; k < m->n_requests; k++)
			if (is_of(&m->requests[k], id))
				put_nodes(&d, list, &m->requests[k].cleaning, lists[i].word);
	}
	for (uint32_t k = 0; k < m->n_requests; k++) {
		if (!is_of(&m->requests[k], id))
			continue;
		complete &= is_complete(&m->requests[k]);
		d.failed |= m->requests[k].cleaning.failed;
	}
	document_put(&d, d.root, "complete", document_yes(&d, complete));
	return document_finish(&d, ret);
}

/* ---- for people ------------------------------------------------------------------------------ */

static const char *text_of(struct json_object *object, const char *name)
{
	struct json_object *value;
	const char *text = json_object_object_get_ex(object, name, &value)
				   ? json_object_get_string(value)
				   : NULL;

	return text ? text : "";
}

static void print_holds(struct json_object *holds, struct text *out)
{
	size_t n = json_object_is_type(holds, json_type_array) ? json_object_array_length(holds)
							       : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *hold = json_object_array_get_idx(holds, i);
		const char *what = text_of(hold, "what");

		text_add(out, i ? ", " : "  ");
		text_add_escaped(out, text_of(hold, "kind"));
		if (*what)
			text_add(out, " ");
		text_add_escaped(out, what);
	}
}

static void print_row(const char *word, struct json_object *row, struct text *out)
{
	struct json_object *holds = NULL;
	bool busy = json_object_is_type(row, json_type_object);
	const char *node = busy ? text_of(row, "node") : json_object_get_string(row);

	text_addf(out, "%-8s ", word);
	text_add_escaped(out, node ? node : "");
	if (busy && json_object_object_get_ex(row, "holds", &holds))
		print_holds(holds, out);
	text_add(out, "\n");
}

void cleaning_print(struct json_object *root, struct text *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		struct json_object *rows;

		if (!json_object_object_get_ex(root, lists[i].name, &rows) ||
			!json_object_is_type(rows, json_type_array))
			continue;
		for (size_t k = 0; k < json_object_array_length(rows); k++)
			print_row(lists[i].name, json_object_array_get_idx(rows, k), out);
	}
}
