/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The daemon at a glance: counts by state, what is out, what it was told. */
#include "model/observation.h"
#include "show/document.h"

struct diagnostics;
struct model;

struct status_helper {
	enum helper_kind kind;
	uint32_t pid;
	uint32_t host; /* of a keeper or hand */
};

/* What the model does not know of its own process. Everything borrowed. */
struct status_facts {
	uint32_t pid;
	int64_t started_unix_ms;
	int64_t wall_offset_ms;
	const struct diagnostics *remarks; /* of the configuration; may be NULL */
	const struct status_helper *helpers;
	size_t n_helpers;
	uint64_t clients, clients_refused, clients_dropped;
	uint64_t events; /* the number of the last one */
	uint64_t log_dropped;
};

/* *ret: the caller's. 0 or -ENOMEM. */
int status_document(const struct model *m, const struct status_facts *facts, char **ret);
