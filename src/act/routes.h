/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Who does what, and which observation ends it. */
#include <stdbool.h>

#include "model/action.h"
#include "model/observation.h"

struct route {
	enum helper_kind helper;
	enum observation_kind end; /* OBSERVATION_KINDS: none does */
	bool can_fail;		   /* that observation can say that it came to nothing */
};

/* kind is below ACTION_KINDS. */
const struct route *route_of(enum action_kind kind);

/* There is one of it, which is given up when it owes an answer for too long. */
bool helper_is_single(enum helper_kind kind);
/* It does one deed, reports it, and ends; nobody gives it up. */
bool helper_is_hand(enum helper_kind kind);
/* ... and was made for that by the zygote: it waits for more, and gets none. */
bool helper_is_for_one_deed(enum helper_kind kind);
