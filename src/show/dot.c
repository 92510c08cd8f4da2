/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "show/dot.h"

#include <stdbool.h>
#include <string.h>

#include <json-c/json.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "show/printable.h"
#include "show/tree.h"

/* ---- colours --------------------------------------------------------------------------------- */

enum { MAX_SHOWN = 3 };

enum colour { PLAIN, GOOD, STANDBY, WAITING, BAD, CLOSED, MAP, COLOURS };

static const struct {
	const char *fill, *words;
} colours[COLOURS] = {
	[PLAIN] = { "white", "" },
	[GOOD] = { "palegreen", "up" },
	[STANDBY] = { "khaki", "ghost: a standby port" },
	[WAITING] = { "orange", "shaky, pending, delayed, blocked" },
	[BAD] = { "salmon", "down, offline" },
	[CLOSED] = { "plum", "fenced: its identity changed" },
	[MAP] = { "lightblue", "map" },
};

static const struct {
	const char *state;
	enum colour colour;
} states[] = {
	{ "up", GOOD },
	{ "ghost", STANDBY },
	{ "shaky", WAITING },
	{ "pending", WAITING },
	{ "delayed", WAITING },
	{ "blocked", WAITING },
	{ "created-blocked", WAITING },
	{ "quiesce", WAITING },
	{ "down", BAD },
	{ "offline", BAD },
	{ "transport-offline", BAD },
	{ "cancel", BAD },
	{ "deleted", BAD },
	{ "fenced", CLOSED },
};

/* ---- the document ---------------------------------------------------------------------------- */

static const char *word(struct json_object *node, const char *name)
{
	struct json_object *value;

	return json_object_object_get_ex(node, name, &value) && value
		       ? json_object_get_string(value)
		       : "";
}

static struct json_object *list(struct json_object *node, const char *name)
{
	struct json_object *value;

	return json_object_object_get_ex(node, name, &value) &&
			       json_object_is_type(value, json_type_array)
		       ? value
		       : NULL;
}

static size_t length(struct json_object *array)
{
	return array ? json_object_array_length(array) : 0;
}

static bool is_kind(struct json_object *node, const char *kind)
{
	return !strcmp(word(node, "kind"), kind);
}

/* Who is drawn; all else only stands between others, or is part of one that is. */
static bool is_drawn(struct json_object *node)
{
	static const char *const kinds[] = { "host", "session", "port", "lun", "disk", "partition",
		"map" };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (is_kind(node, kinds[i]))
			return true;
	return is_kind(node, "pci") && *word(node, "driver");
}

static enum colour colour_of(struct json_object *node)
{
	const char *state = word(node, "state");

	if (is_kind(node, "map"))
		return MAP;
	for (size_t i = 0; is_kind(node, "lun") && i < ARRAY_SIZE(states); i++)
		if (!strcmp(states[i].state, state))
			return states[i].colour;
	return PLAIN;
}

/* ---- the picture ----------------------------------------------------------------------------- */

/* Lines of one host can be followed among those of others. */
static const char *const line_colours[] = { "gray40", "steelblue", "chocolate", "seagreen",
	"mediumorchid", "goldenrod", "firebrick" };

struct picture {
	struct text *out;
	size_t hosts;
	const char *line;	     /* its colour, below the host that is drawn */
	struct json_object *numbers; /* owned: block devices' names to the node they are drawn in */
	int32_t n;
	bool seen[COLOURS];
};

/* Inside of a quoted string of DOT. */
static void add_quoted(const char *s, struct text *out)
{
	_cleanup_(text_done) struct text printable = TEXT_INIT;

	printable_terminal(s, &printable);
	for (const char *c = text_str(&printable); *c; c++)
		text_addf(out, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
}

static void add_words(
	struct json_object *node, const char *const *names, size_t n, struct text *out)
{
	for (size_t i = 0; i < n; i++) {
		const char *w = word(node, names[i]);

		if (!*w || !strcmp(w, "present"))
			continue;
		text_add(out, i ? "\\n" : "");
		add_quoted(w, out);
	}
}

/* What a LUN says and what its disk is called are one box. */
static struct json_object *disk_of(struct json_object *node)
{
	struct json_object *children = list(node, "children");

	if (is_kind(node, "lun") && length(children) == 1 &&
		is_kind(json_object_array_get_idx(children, 0), "disk"))
		return json_object_array_get_idx(children, 0);
	return NULL;
}

/* The first who use it; a box is no list. */
static void add_holds(struct json_object *node, struct text *out)
{
	struct json_object *holds = list(node, "holds");
	size_t n = length(holds);

	for (size_t i = 0; i < n && i < MAX_SHOWN; i++) {
		struct json_object *hold = json_object_array_get_idx(holds, i);

		text_addf(out, "\\n%s ", word(hold, "kind"));
		add_quoted(word(hold, *word(hold, "comm") ? "comm" : "what"), out);
	}
	if (n > MAX_SHOWN)
		text_addf(out, "\\nand %zu more", n - MAX_SHOWN);
}

static void add_label(struct json_object *node, struct text *out)
{
	static const char *const own[] = { "name", "label", "size", "state" };
	static const char *const of_map[] = { "label", "name", "size" };
	static const char *const of_path[] = { "name", "state" };
	struct json_object *disk = disk_of(node);

	if (disk) {
		add_quoted(word(disk, "name"), out);
		text_add(out, "  ");
		add_words(node, of_path, ARRAY_SIZE(of_path), out);
	} else if (is_kind(node, "map")) {
		add_words(node, of_map, ARRAY_SIZE(of_map), out);
	} else {
		add_words(node, own, ARRAY_SIZE(own), out);
	}
	add_holds(disk ? disk : node, out);
}

static void choose_line(struct picture *p)
{
	static const size_t n = ARRAY_SIZE(line_colours) - 1; /* the first is of what is above */

	p->line = line_colours[1 + p->hosts++ % n];
}

static int32_t draw(struct picture *p, struct json_object *node, int32_t above)
{
	enum colour colour = colour_of(node);
	int32_t number = ++p->n;

	p->seen[colour] = true;
	text_addf(p->out, "\tn%d [label=\"", number);
	add_label(node, p->out);
	text_addf(p->out, "\", fillcolor=%s];\n", colours[colour].fill);
	if (above)
		text_addf(p->out, "\tn%d -> n%d [color=%s];\n", above, number, p->line);
	return number;
}

static void remember(struct picture *p, struct json_object *node, int32_t number)
{
	json_object_object_add(p->numbers, word(node, "name"), json_object_new_int(number));
}

static void draw_branch(struct picture *p, struct json_object *node, int32_t above, size_t depth)
{
	struct json_object *disk = disk_of(node), *children;
	const char *line = p->line;

	if (depth > NODE_MAX_DEPTH + 1)
		return;
	if (is_drawn(node)) {
		above = draw(p, node, above);
		remember(p, node, above);
	}
	if (is_kind(node, "host"))
		choose_line(p);
	if (disk)
		remember(p, disk, above);
	children = list(disk ? disk : node, "children");
	for (size_t i = 0; i < length(children); i++)
		draw_branch(p, json_object_array_get_idx(children, i), above, depth + 1);
	p->line = line;
}

static int32_t number_of(const struct picture *p, const char *name)
{
	struct json_object *number;

	return json_object_object_get_ex(p->numbers, name, &number) ? json_object_get_int(number)
								    : 0;
}

/* The paths of a multipath map stand together: in a frame that is not seen. */
static void draw_paths(struct picture *p, struct json_object *node, struct json_object *slaves)
{
	text_addf(p->out, "\tsubgraph cluster_n%d {\n\t\tstyle=invis;\n",
		number_of(p, word(node, "name")));
	for (size_t i = 0; i < length(slaves); i++) {
		const char *name = json_object_get_string(json_object_array_get_idx(slaves, i));

		if (number_of(p, name))
			text_addf(p->out, "\t\tn%d;\n", number_of(p, name));
	}
	text_add(p->out, "\t}\n");
}

/* The devices that another one is made of are elsewhere in the tree. */
static void draw_slaves(struct picture *p, struct json_object *node, size_t depth)
{
	struct json_object *slaves = list(node, "slaves"), *children = list(node, "children");
	int32_t to = number_of(p, word(node, "name"));

	if (depth > NODE_MAX_DEPTH + 1)
		return;
	if (to && length(slaves) && is_kind(node, "map") && *word(node, "wwid"))
		draw_paths(p, node, slaves);
	for (size_t i = 0; to && i < length(slaves); i++) {
		const char *name = json_object_get_string(json_object_array_get_idx(slaves, i));
		int32_t from = number_of(p, name);

		if (from)
			text_addf(p->out, "\tn%d -> n%d [style=dashed];\n", from, to);
	}
	for (size_t i = 0; i < length(children); i++)
		draw_slaves(p, json_object_array_get_idx(children, i), depth + 1);
}

static void draw_legend(struct picture *p)
{
	bool any = false;

	for (int i = PLAIN + 1; i < COLOURS; i++)
		any |= p->seen[i];
	if (!any)
		return;
	text_add(p->out, "\tsubgraph cluster_legend {\n\t\tlabel=\"states\";\n");
	for (int i = PLAIN + 1; i < COLOURS; i++)
		if (p->seen[i])
			text_addf(p->out, "\t\tlegend%d [label=\"%s\", fillcolor=%s];\n", i,
				colours[i].words, colours[i].fill);
	text_add(p->out, "\t}\n");
}

void dot_print(struct json_object *root, struct text *out)
{
	struct picture p = {
		.out = out, .line = line_colours[0], .numbers = json_object_new_object()
	};
	struct json_object *tree;

	text_add(out, "digraph pathkeeper {\n\trankdir=LR;\n\tnodesep=0.08;\n\tranksep=0.9;\n"
		      "\tnode [shape=box, style=filled, fontname=\"sans-serif\", fontsize=10, "
		      "margin=\"0.08,0.03\", height=0.2];\n\tedge [arrowhead=none, color=gray40, "
		      "tailport=e, "
		      "headport=w];\n");
	if (p.numbers && json_object_object_get_ex(root, "tree", &tree)) {
		draw_branch(&p, tree, 0, 0);
		draw_slaves(&p, tree, 0);
		draw_legend(&p);
	}
	text_add(out, "}\n");
	json_object_put(p.numbers);
}
