/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A branch of the device tree as its cache is at this moment: a node for each device whose handles
 * are open or are being opened, the directories on the way to it, and the maps. It is made for one
 * clean out of what the model knows, so that nothing else has to keep it true; decision 24 of docs
 * says why.
 */
#include "model/model.h"
#include "plan/agenda.h"

struct pk_node;

struct branch {
	struct model *model;
	struct agenda *agenda;
	struct cleaning *cleaning;
	const char *root, *below;      /* below devices/; of its first level, "": all */
	const struct request *request; /* NULL: nobody asked for it */
	struct pk_node *tree;	       /* owned; while it is cleaned */
	bool dry_run;
	bool applies; /* what is let go is given back */
	uint32_t given_back;
};

/* Is p at root or below it? */
bool branch_covers(const char *root, const struct path *p);

/* An operator's clean removes what it finds gone, as a purge does; that keeps its handles. */
void branch_remove_gone(struct branch *b);

/* What nobody uses is let go, and said in its cleaning. flags: PK_CLEAN_... */
void branch_clean(struct branch *b, unsigned flags);
