/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What of all the users that were found uses this device. */
#include "model/action.h"
#include "observe/users.h"

void holders_match(
	const struct users *users, const struct act_holders *wanted, struct obs_holders *ret);
