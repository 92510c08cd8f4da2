/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * What is known of arrays: hwtable.conf as the build put it in, to be read before any other file.
 */
#include <stddef.h>

#define HWTABLE_NAME "hwtable.conf"

extern const char hwtable_text[]; /* terminated */
extern const size_t hwtable_len;
