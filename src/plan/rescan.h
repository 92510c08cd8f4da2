/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A client's word to look for new logical units at one place: it waits for its turn on the host,
 * sends a hand, and counts what that brought. */
#include "model/model.h"
#include "plan/agenda.h"

/* The next step of r, a word of VERB_RESCAN: REQUEST_OPEN, or how it ended and (in ret_reason) why.
 */
enum request_result rescan_step(
	struct model *m, struct request *r, struct agenda *agenda, struct text *ret_reason);
