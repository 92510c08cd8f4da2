/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* How a holder is asked to let go: the command an operator would type, ready to be pasted. */
struct use;
struct text;

/* Appends nothing when no single command does it. */
void release_print(const struct use *u, struct text *out);
