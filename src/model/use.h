/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Who uses a device of the tree: a hold with all that is known of it, and the places in the tree of
 * what is held and, when that is a device as well, of who holds it.
 */
#include "model/node.h"
#include "model/observation.h"

#define USE_NO_NODE UINT32_MAX

/* Texts are borrowed; NULL: there is none. */
struct use {
	enum hold_kind kind;
	uint32_t node; /* is held */
	uint32_t by;   /* holds it; USE_NO_NODE: none of the tree */
	uint32_t pid;  /* 0: none */
	bool critical;
	bool udev;
	bool is_path; /* a multipath map has it as a path: no use, but what is above the map is */
	bool is_doubtful; /* who it is for cannot be told */
	bool is_cut;	  /* what is not the whole of it */
	const char *what, *comm;
	const char *unit;      /* of the service manager */
	const char *namespace; /* a mount namespace's file, through which alone it can be entered */
	const char *on;	       /* name of the node */
};

/* What an answer to the daemon says; borrows from it. */
struct use use_of_hold(const struct hold *hold);

/*
 * How high above the chosen devices each device stands: 0 is not above any of them, what is chosen
 * begins at 1, and what is made of others, as uses tell, is higher than all of those. levels has a
 * place for each of the n nodes, chosen says which are; what is below them must be, too.
 */
void use_find_levels(const struct node *nodes, size_t n, const struct use *uses, size_t n_uses,
	const bool *chosen, uint32_t *levels);

/* In which order two holds can let go: what stands highest first, and of one device the processes,
 * then what lies in its file system, then mounts, the deepest first. For qsort(). */
int use_compare(const struct use *a, const struct use *b, const uint32_t *levels);
