/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/cleaning.h"

#include <stdlib.h>

#include "base/text.h"

enum { FIRST_NODES = 16 };

static const char *const hold_names[CLEANING_HOLDS] = {
	[CLEANING_BELOW] = "below",
	[CLEANING_CHECK] = "check",
	[CLEANING_WATCH] = "look-up",
	[CLEANING_DEED] = "deed",
	[CLEANING_REMOVAL] = "removal",
	[CLEANING_FENCE] = "fence",
	[CLEANING_REQUEST] = "request",
	[CLEANING_MAP] = "map",
};

struct cleaning_node *cleaning_add(struct cleaning *c, enum cleaning_word word, const char *node)
{
	if (c->n == c->max) {
		uint32_t max = c->max ? c->max * 2 : FIRST_NODES;
		struct cleaning_node *nodes = realloc(c->nodes, max * sizeof *nodes);

		if (!nodes) {
			c->failed = true;
			return NULL;
		}
		c->nodes = nodes;
		c->max = max;
	}
	c->nodes[c->n] = (struct cleaning_node){ .word = word };
	TEXT_SET(c->nodes[c->n].node, node);
	return &c->nodes[c->n++];
}

static bool stays_away(const struct cleaning_node *node)
{
	return node->word == NODE_CLEANED || node->word == NODE_MADE_STALE;
}

void cleaning_keep_cleaned(struct cleaning *c)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->n; i++)
		if (stays_away(&c->nodes[i]))
			c->nodes[n++] = c->nodes[i];
	c->n = n;
}

uint32_t cleaning_count(const struct cleaning *c, enum cleaning_word word)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->n; i++)
		n += c->nodes[i].word == word;
	return n;
}

void cleaning_done(struct cleaning *c)
{
	free(c->nodes);
	*c = (struct cleaning){ 0 };
}

const char *cleaning_hold_name(enum cleaning_hold hold)
{
	return hold_names[hold];
}
