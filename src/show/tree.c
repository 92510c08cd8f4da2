/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "show/tree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "base/cleanup.h"
#include "model/devfs_name.h"
#include "model/name.h"
#include "show/printable.h"
#include "show/size.h"

/* What is of no interest to people, being nearly everybody's. */
static const char usual_state[] = "present";

/* A device with all that are above it, and what holds it. */
struct item {
	const struct node *chain[NODE_MAX_DEPTH + 1];
	const struct node *node; /* the last of them */
	const struct use *uses;
	size_t n_uses;
};

/* ---- the document ---------------------------------------------------------------------------- */

static struct datum get_name(struct document *d, const void *item)
{
	const struct item *i = item;

	(void)d;
	return datum_text(node_name(i->node));
}

static struct datum get_kind(struct document *d, const void *item)
{
	const struct node *node = ((const struct item *)item)->node;

	(void)d;
	return datum_text(node_kind_name(node->kind));
}

static struct datum get_sysfs(struct document *d, const void *item)
{
	const struct node *node = ((const struct item *)item)->node;

	text_addf(&d->scratch, "/sys/%s", node->sysfs);
	return datum_scratch(d);
}

static struct datum get_driver(struct document *d, const void *item)
{
	const struct node *node = ((const struct item *)item)->node;

	(void)d;
	return datum_text(node->driver);
}

static struct datum get_devt(struct document *d, const void *item)
{
	const struct node *node = ((const struct item *)item)->node;
	char text[DEVT_TEXT];

	if (!node->devt.major)
		return datum_nothing();
	devt_print(&node->devt, text);
	text_add(&d->scratch, text);
	return datum_scratch(d);
}

static struct datum get_state(struct document *d, const void *item)
{
	const struct node *node = ((const struct item *)item)->node;

	(void)d;
	return datum_text(node->state[0] ? node->state : usual_state);
}

static struct datum get_label(struct document *d, const void *item)
{
	const struct node *node = ((const struct item *)item)->node;

	(void)d;
	return datum_text(node->label);
}

static struct datum get_wwid(struct document *d, const void *item)
{
	const struct node *node = ((const struct item *)item)->node;

	(void)d;
	return datum_text(node->wwid);
}

static struct datum get_sg(struct document *d, const void *item)
{
	const struct node *node = ((const struct item *)item)->node;

	(void)d;
	return datum_text(node->sg);
}

static struct datum get_size(struct document *d, const void *item)
{
	const struct node *node = ((const struct item *)item)->node;

	if (!node->devt.major)
		return datum_nothing();
	size_print(node->size_sectors, &d->scratch);
	return datum_scratch(d);
}

static struct datum get_slaves(struct document *d, const void *item)
{
	const struct node *node = ((const struct item *)item)->node;
	struct json_object *slaves;
	size_t len;

	if (!node->slaves[0])
		return datum_nothing();
	slaves = document_array(d);
	for (const char *at = node->slaves; *at; at += len + (at[len] == ' ')) {
		char name[NODE_SLAVES];

		len = strcspn(at, " ");
		snprintf(name, sizeof name, "%.*s", (int)len, at);
		document_append(d, slaves, document_text(d, name));
	}
	return datum_part(slaves);
}

static struct datum get_devfs(struct document *d, const void *item)
{
	const struct item *i = item;

	devfs_name_print(i->chain, i->node->depth + 1, &d->scratch);
	return datum_scratch(d);
}

static struct datum get_holds(struct document *d, const void *item)
{
	const struct item *i = item;
	struct json_object *holds = document_array(d);

	for (size_t k = 0; k < i->n_uses; k++)
		if (!i->uses[k].is_path)
			document_append_object(d, holds, hold_fields, &i->uses[k]);
	return datum_part(holds);
}

/* Behind these stands "children". */
static const struct document_field node_fields[] = {
	{ "name", DOCUMENT_TEXT, ALWAYS, NULL, get_name },
	{ "kind", DOCUMENT_TEXT, ALWAYS, NULL, get_kind },
	{ "sysfs", DOCUMENT_TEXT, ALWAYS, NULL, get_sysfs },
	{ "driver", DOCUMENT_TEXT, OR_NULL, NULL, get_driver },
	{ "devt", DOCUMENT_TEXT, OR_NULL, NULL, get_devt },
	{ "state", DOCUMENT_TEXT, ALWAYS, NULL, get_state },
	{ "devfs", DOCUMENT_TEXT, ALWAYS, NULL, get_devfs },
	{ "label", DOCUMENT_TEXT, OR_LESS, NULL, get_label },
	{ "wwid", DOCUMENT_TEXT, OR_LESS, NULL, get_wwid },
	{ "sg", DOCUMENT_TEXT, OR_LESS, NULL, get_sg },
	{ "size", DOCUMENT_TEXT, OR_LESS, NULL, get_size },
	{ "slaves", DOCUMENT_PART, OR_LESS, NULL, get_slaves },
	{ "holds", DOCUMENT_PART, ALWAYS, NULL, get_holds },
	DOCUMENT_FIELDS_END,
};

/* The uses are by their node: those of the next one stand behind those of this. */
static void take_uses(const struct tree_uses *uses, size_t node, struct item *item)
{
	const struct use *end = uses->all + uses->n, *at = item->uses + item->n_uses;

	while (at < end && at->node < node)
		at++;
	item->uses = at;
	for (item->n_uses = 0; at < end && at->node == node; at++)
		item->n_uses++;
}

static void put_nodes(struct document *d, const struct node *nodes, size_t n,
	const struct tree_uses *uses, const bool *is_shown)
{
	struct json_object *children[NODE_MAX_DEPTH + 1];
	struct item item = { .uses = uses ? uses->all : NULL };

	for (size_t i = 0; i < n && !d->failed; i++) {
		uint32_t depth = nodes[i].depth;
		struct json_object *object;

		item.node = item.chain[depth] = &nodes[i];
		if (uses)
			take_uses(uses, i, &item);
		if (!is_shown[i])
			continue;
		object = document_object(d, node_fields, &item);
		children[depth] = document_array(d);
		document_put(d, object, "children", children[depth]);
		if (depth)
			document_append(d, children[depth - 1], object);
		else
			document_put(d, d->root, "tree", object);
	}
}

/* All that is above what is shown: from the end, what is less deep than what stands behind it. */
static void choose_above(const struct node *nodes, size_t n, bool *is_shown)
{
	uint32_t wanted = 0; /* all depths below this one stand above something that is shown */

	for (size_t i = n; i-- > 0;) {
		if (is_shown[i] || nodes[i].depth < wanted) {
			is_shown[i] = true;
			wanted = nodes[i].depth;
		}
	}
}

int tree_document(const struct node *nodes, size_t n, bool complete, const struct tree_uses *uses,
	const char *name, char **ret)
{
	_cleanup_(document_done) struct document d = { 0 };
	_cleanup_(freep) bool *is_shown = calloc(n + 1, sizeof *is_shown);

	if (!is_shown)
		return -ENOMEM;
	if (!name)
		memset(is_shown, true, n);
	else if (!name_find_nodes(nodes, n, name, is_shown) && name_form(name) != NAME_ADDRESS)
		return -ENODEV;
	else
		choose_above(nodes, n, is_shown);
	if (n)
		is_shown[0] = true;
	document_init(&d, 0);
	put_nodes(&d, nodes, n, uses, is_shown);
	document_put(
		&d, d.root, "complete", document_yes(&d, complete && (!uses || uses->complete)));
	return document_finish(&d, ret);
}

/* ---- for people ------------------------------------------------------------------------------ */

/* Which lines of those above go on below this one. */
struct trunk {
	bool goes_on[NODE_MAX_DEPTH + 1];
	size_t depth;
};

static void print_branch(const struct trunk *trunk, struct text *out)
{
	for (size_t i = 0; i + 1 < trunk->depth; i++)
		text_add(out, trunk->goes_on[i] ? "|  " : "   ");
	if (trunk->depth)
		text_add(out, trunk->goes_on[trunk->depth - 1] ? "|- " : "`- ");
}

static void print_words(struct json_object *node, struct text *out)
{
	static const char *const words[] = { "name", "devt", "driver", "label", "size", "state" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		struct json_object *value;
		const char *word;

		if (!json_object_object_get_ex(node, words[i], &value) || !value)
			continue;
		word = json_object_get_string(value);
		if (!strcmp(words[i], "state") && !strcmp(word, usual_state))
			continue;
		text_add(out, i ? "  " : "");
		printable_terminal(word, out);
	}
	text_add(out, "\n");
}

/* A line for each, in the place of what is below the device. */
static void print_holds(
	struct json_object *node, struct trunk *trunk, bool goes_on, struct text *out)
{
	static const char *const words[] = { "kind", "what", "pid", "comm", "unit", "release" };
	struct json_object *holds;

	if (!json_object_object_get_ex(node, "holds", &holds) ||
		!json_object_is_type(holds, json_type_array))
		return;
	for (size_t i = 0; i < json_object_array_length(holds); i++) {
		for (size_t k = 0; k < trunk->depth; k++)
			text_add(out, trunk->goes_on[k] ? "|  " : "   ");
		text_add(out, goes_on ? "|  " : "   ");
		for (size_t k = 0; k < ARRAY_SIZE(words); k++) {
			struct json_object *value;

			if (!json_object_object_get_ex(
				    json_object_array_get_idx(holds, i), words[k], &value) ||
				!value)
				continue;
			text_add(out, !k ? "<- " : strcmp(words[k], "release") ? " " : ": ");
			printable_terminal(json_object_get_string(value), out);
		}
		text_add(out, "\n");
	}
}

/* As deep as the document was let be when it was parsed. */
static void print_node(struct json_object *node, struct trunk *trunk, struct text *out)
{
	struct json_object *children;
	size_t n = 0;

	print_branch(trunk, out);
	print_words(node, out);
	if (json_object_object_get_ex(node, "children", &children) &&
		json_object_is_type(children, json_type_array))
		n = json_object_array_length(children);
	print_holds(node, trunk, n > 0, out);
	if (!n || trunk->depth == ARRAY_SIZE(trunk->goes_on))
		return;
	trunk->depth++;
	for (size_t i = 0; i < n; i++) {
		trunk->goes_on[trunk->depth - 1] = i + 1 < n;
		print_node(json_object_array_get_idx(children, i), trunk, out);
	}
	trunk->depth--;
}

void tree_print(struct json_object *root, struct text *out)
{
	struct trunk trunk = { .depth = 0 };
	struct json_object *tree;

	if (json_object_object_get_ex(root, "tree", &tree))
		print_node(tree, &trunk, out);
}
