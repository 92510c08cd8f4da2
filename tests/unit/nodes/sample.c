/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sample.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct row {
	const char *name, *directory, *full;
	unsigned flags;
} rows[] = {
	{ "R", NULL, "", 0 },
	{ "P", "R", "pci@0", 0 },
	{ "S", "P", "scsi@1", 0 },
	{ "D00", "S", "disk@0,0", 0 },
	{ "D001", "S", "disk@0,0,1", 0 },
	{ "D001a", "S", "disk@0,0,1:a", PK_NODE_LEAF },
	{ "D00a", "S", "disk@0,0:a", PK_NODE_LEAF },
	{ "D00r", "S", "disk@0,0:a,raw", PK_NODE_LEAF },
	{ "D10", "S", "disk@1,0", 0 },
	{ "D10a", "S", "disk@1,0:a", PK_NODE_LEAF },
	{ "Sctl", "P", "scsi@1:devctl", PK_NODE_LEAF },
	{ "U", "P", "usb@2", 0 },
	{ "H", "U", "hub@1", 0 },
	{ "HD", "H", "disk@2", 0 },
	{ "HDa", "H", "disk@2:a", PK_NODE_LEAF },
	{ "Hc", "U", "hub@1:hubd", PK_NODE_LEAF },
	{ "Uc", "P", "usb@2:hubd", PK_NODE_LEAF },
	{ "V", "R", "scsi_vhci", PK_NODE_VIRTUAL },
	{ "G1", "V", "disk@g1", 0 },
	{ "G1a", "V", "disk@g1:a", PK_NODE_LEAF },
	{ "G2", "V", "disk@g2", 0 },
	{ "G2a", "V", "disk@g2:a", PK_NODE_LEAF },
};

static size_t row_of(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strlen(rows[i].name) == len && !strncmp(rows[i].name, name, len))
			return i;
	fail_msg("no node is called %.*s", (int)len, name);
	return 0;
}

static bool is_in(const char *set, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = set; (at = strstr(at, name)); at += n)
		if ((at == set || at[-1] == ' ') && (at[n] == ' ' || !at[n]))
			return true;
	return false;
}

static void add(char *set, const char *name)
{
	size_t n = strlen(set);

	snprintf(set + n, SAMPLE_TEXT - n, "%s%s", n ? " " : "", name);
}

const char *sample_name_of(const struct sample *s, const struct pk_node *node)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (s->nodes[i] == node)
			return rows[i].name;
	return pk_node_name(node);
}

struct pk_node *sample_node(struct sample *s, const char *name)
{
	return s->nodes[row_of(name, strlen(name))];
}

/* ---- who keeps it ---------------------------------------------------------------------------- */

/* What is of this name in the world is made, with what stands for a handle of it. */
static int find(void *arg, struct pk_node *directory, const char *name)
{
	struct sample *s = arg;

	s->finds++;
	if (s->in_find)
		s->in_find(s);
	for (size_t i = 1; i < ARRAY_SIZE(rows); i++) {
		struct pk_node *of = sample_node(s, rows[i].directory);

		if (of != directory || (name && strcmp(name, rows[i].full) != 0) ||
			(s->hidden_from_find && is_in(s->hidden_from_find, rows[i].name)))
			continue;
		if (pk_node_make(directory, rows[i].full, rows[i].flags, (void *)&rows[i],
			    &s->nodes[i]) < 0)
			return -ENOMEM;
	}
	return 0;
}

static void let_go(void *arg, struct pk_node *node)
{
	struct sample *s = arg;
	const char *name = sample_name_of(s, node);

	assert_true(pk_node_device(node) || node == s->root || !s->root ||
		    strchr(pk_node_name(node), '+'));
	assert_true(pk_node_parent(node) || node == s->root);
	add(s->let_go, name);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (s->nodes[i] == node && !pk_node_is_held(node))
			s->nodes[i] = NULL;
	if (s->in_let_go)
		s->in_let_go(s, name);
}

static int concerns(void *arg, const struct pk_node *client, const struct pk_node *root)
{
	const struct sample *s = arg;

	(void)root;
	return !s->concerned || is_in(s->concerned, sample_name_of(s, client));
}

static int list_below(void *arg, struct pk_node *node)
{
	return pk_node_flags(node) & PK_NODE_LEAF ? 0 : pk_node_list(node, NULL, list_below, arg);
}

struct sample *sample_begin(void)
{
	struct sample *s = calloc(1, sizeof *s);
	const struct pk_node_owner owner = { find, let_go, concerns, s };

	assert_non_null(s);
	assert_int_equal(pk_tree_new(&owner, &s->root), 0);
	s->nodes[0] = s->root;
	assert_int_equal(pk_node_list(s->root, NULL, list_below, s), 0);
	s->finds = 0;
	return s;
}

void sample_end(struct sample *s)
{
	s->in_let_go = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		while (s->nodes[i] && s->nodes[i]->held) {
			bool last = s->nodes[i]->held == 1 && s->nodes[i]->stale;

			s->nodes[i]->looking = 0;
			pk_node_release(s->nodes[i]);
			if (last)
				s->nodes[i] = NULL;
		}
	s->root = pk_tree_free(s->root);
	free(s);
}

/* ---- sets ------------------------------------------------------------------------------------ */

static void each(struct sample *s, const char *set, void (*call)(struct pk_node *node))
{
	for (const char *at = set; *at;) {
		size_t n = strcspn(at, " ");

		call(s->nodes[row_of(at, n)]);
		at += n + (at[n] == ' ');
	}
}

void sample_hold(struct sample *s, const char *set)
{
	each(s, set, pk_node_hold);
}

void sample_release(struct sample *s, const char *set)
{
	each(s, set, pk_node_release);
}

/* The same names, in whatever order. */
void sample_require_set(const char *rule, const char *what, const char *got, const char *wanted)
{
	bool same = strlen(got) == strlen(wanted);

	for (size_t i = 0; same && i < ARRAY_SIZE(rows); i++)
		same = is_in(got, rows[i].name) == is_in(wanted, rows[i].name);
	if (!same)
		fail_msg("%s: %s: \"%s\", not \"%s\"", rule, what, got, wanted);
}

void sample_require_gone(struct sample *s, const char *rule, const char *set)
{
	sample_require_set(rule, "let go", s->let_go, set);
}

void sample_require_partial(struct sample *s, const char *rule, const char *set)
{
	char partial[SAMPLE_TEXT] = "";

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (s->nodes[i] && !s->nodes[i]->stale && pk_node_is_partial(s->nodes[i]))
			add(partial, rows[i].name);
	sample_require_set(rule, "partial", partial, set);
}

/* ---- clean ----------------------------------------------------------------------------------- */

static void visit(
	void *arg, struct pk_node *node, enum pk_clean_word word, enum pk_clean_reason why)
{
	struct sample *s = arg;

	assert_true((word == PK_CLEANED || word == PK_STALE) == (why == PK_BECAUSE_NOTHING));
	switch (word) {
	case PK_CLEANED: break;
	case PK_STALE: add(s->stale, sample_name_of(s, node)); break;
	case PK_BUSY: add(s->busy, sample_name_of(s, node)); break;
	case PK_SKIPPED: add(s->skipped, sample_name_of(s, node)); break;
	}
}

int sample_clean(struct sample *s, const char *root, const char *name, unsigned flags)
{
	s->busy[0] = s->stale[0] = s->skipped[0] = '\0';
	s->report = (struct pk_clean_report){ .visit = visit, .arg = s };
	return pk_clean(sample_node(s, root), strcmp(name, "-") ? name : NULL, flags, &s->report);
}
