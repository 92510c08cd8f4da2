/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * A volume that grew on its array: each good path is read again by the kernel, once it has said
 * after the word came that it is itself, and its map is made as long, by its owner where it has
 * one. One hand a SCSI host, as for a delete. Nothing is ever made shorter, and what leads
 * elsewhere is not touched.
 */
#include "model/model.h"
#include "plan/agenda.h"

/* The next step of r, a word of VERB_GROW: REQUEST_OPEN, or how it ended and (in ret_reason) why.
 */
enum request_result growth_step(
	struct model *m, struct request *r, struct agenda *agenda, struct text *ret_reason);
