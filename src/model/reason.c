/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/reason.h"

static const char *const names[REASON_N] = {
#define X(name, text) [BECAUSE_##name] = text,
	REASONS(X)
#undef X
};

const char *reason_name(enum reason reason)
{
	return (unsigned)reason < REASON_N ? names[reason] : "?";
}
