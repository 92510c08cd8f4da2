/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * uthash, which ends the process without memory unless told otherwise. Whoever adds an element asks
 * whether it was taken: HASH_TOOK(element); one that was not is in no hash, and still its owner's.
 */
#define HASH_NONFATAL_OOM 1

#include <uthash.h>

#define HASH_TOOK(element) ((element)->hh.tbl != NULL)
