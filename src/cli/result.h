/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What a document means for who waits for it: its exit status, and its text for people. */
#include "cli/words.h"

/* A failure of the library or of ourselves, as exit status; says it on standard error. */
int result_failure(const char *verb, int r, const char *words);

/* Prints a document as --json asks for, and returns the exit status that it means (docs/json.md).
 * json is taken. */
int result_print(const struct words *words, char *json);
