/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What a configuration consists of. Only for this folder; everybody else reads policy.h.
 */
#include "config/blacklist.h"
#include "config/entry.h"
#include "config/policy.h"

struct config {
	char **files; /* owned; without their folders, by the number in struct origin */
	size_t n_files;
	struct entry defaults;
	struct entry overrides;
	struct entries devices;	   /* later ones beat earlier ones */
	struct entries protocols;  /* of overrides */
	struct entries multipaths; /* one per WWID, in the order of strcmp() */
	struct blacklist blacklist;
	struct settings built_in;
};

/* Calls visit for each layer that applies to device (NULL: the daemon), the weakest first, until it
 * returns nonzero; returns that, else 0. What is built in is not among them. */
int config_layers(const struct config *config, const struct config_device *device,
	int (*visit)(void *arg, const struct entry *entry), void *arg);

/* max_polling_interval follows polling_interval where it is not set, and the other way round; the
 * one that follows takes the origin of the one that is set. */
void settings_settle_intervals(struct settings *settings);
