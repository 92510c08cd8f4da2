/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Sizes for people, as multipathd writes them: "16M", "1.0G". */
#include <stdint.h>

struct text;

/* Of so many sectors of 512 bytes. */
void size_print(uint64_t sectors, struct text *out);
