/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * From files to the parts of a configuration: what a value means where it stands, what is said when
 * it means nothing, and how entries for the same thing become one.
 */
#include <stddef.h>

struct config;
struct config_file;
struct diagnostics;

/* Fills an empty configuration. 0; -EINVAL: refused; -ENOMEM. */
int config_build(struct config *config, const struct config_file *files, size_t n_files,
	struct diagnostics *list);
