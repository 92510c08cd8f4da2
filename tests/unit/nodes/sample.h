/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The tree that the conformance cases of clean are about, all of it cached and listed:
 *
 *   R                            the root
 *     P     pci@0                a bus
 *       S     scsi@1             a host adapter
 *         D00   disk@0,0         and its minors D00a disk@0,0:a and D00r disk@0,0:a,raw
 *         D001  disk@0,0,1       ... D001a disk@0,0,1:a
 *         D10   disk@1,0         ... D10a disk@1,0:a
 *       Sctl  scsi@1:devctl
 *       U     usb@2
 *         H     hub@1            HD disk@2 and HDa disk@2:a below it
 *         Hc    hub@1:hubd
 *       Uc    usb@2:hubd
 *     V     scsi_vhci            virtual
 *       G1    disk@g1            ... G1a disk@g1:a
 *       G2    disk@g2            ... G2a disk@g2:a
 *
 * Sets are texts: the short names above, with blanks between them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "nodes/node.h"

enum { SAMPLE_NODES = 32, SAMPLE_TEXT = 256 };

struct sample {
	struct pk_node *root;
	struct pk_node *nodes[SAMPLE_NODES]; /* as they are listed; NULL: let go, and freed */
	char let_go[SAMPLE_TEXT];	     /* in the order in which they were */
	char busy[SAMPLE_TEXT], stale[SAMPLE_TEXT], skipped[SAMPLE_TEXT];
	struct pk_clean_report report;
	const char *concerned; /* clients that are reached through the root of the clean; NULL: all
				*/
	const char *hidden_from_find; /* names that cannot be found */
	uint32_t finds;
	void (*in_find)(struct sample *s);
	void (*in_let_go)(struct sample *s, const char *name);
};

struct sample *sample_begin(void);
/* Everything is released, and nothing is left. */
void sample_end(struct sample *s);

struct pk_node *sample_node(struct sample *s, const char *name);
const char *sample_name_of(const struct sample *s, const struct pk_node *node);

/* All of a set: "D00 D00a". */
void sample_hold(struct sample *s, const char *set);
void sample_release(struct sample *s, const char *set);

/* name: "-" for none. What is said is kept in s. */
int sample_clean(struct sample *s, const char *root, const char *name, unsigned flags);

/* These left since the sample began, and no others; of what is in the tree these and no others are
 * partial. */
void sample_require_gone(struct sample *s, const char *rule, const char *set);
void sample_require_partial(struct sample *s, const char *rule, const char *set);
void sample_require_set(const char *rule, const char *what, const char *got, const char *wanted);
