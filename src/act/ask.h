/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The questions of a check: TEST UNIT READY and, where wanted, standard INQUIRY and the identity
 * (page 83h, page 80h where that names no logical unit) after it, and whether the target lists a
 * number. Answers are kept as they came; nothing more is sent after an answer that did not come
 * from the logical unit or its target, because it would wait for the same silence once more.
 */
#include "model/observation.h"
#include "port/sg.h"

enum ask_step { ASK_IDLE, ASK_TUR, ASK_INQUIRY, ASK_IDENTITY, ASK_LUNS };

struct ask_wishes {
	bool inquiry, identity;
	bool luns; /* is this number among those that its target lists? */
	uint64_t lun;
};

/* One device's question in flight. Stays where it is until it ended or its descriptor was closed.
 */
struct ask {
	enum ask_step step;
	struct ask_wishes wishes;
	struct sg_command command;
	int pack_id;
	uint8_t page; /* of the identity */
	uint16_t page_bytes;
	uint8_t *luns;		    /* owned, while they are asked for */
	struct obs_checked checked; /* state and transport are the caller's */
};

/* Submits the first command. Afterwards step is ASK_IDLE only when it ended already (in an error).
 */
void ask_begin(struct ask *ask, int sg, uint32_t timeout_ms, struct ask_wishes wishes);
/* To be called when sg is readable. True: it ended, and checked is complete. */
bool ask_go_on(struct ask *ask, int sg);

/* What is in flight is not waited for any more; its descriptor was closed. */
void ask_drop(struct ask *ask);

/* The same, waiting for the answers: on sg and block nodes, in any process. A unit attention tells
 * of something else, so TEST UNIT READY is sent again up to attention_retries times. */
void ask_now(int node, uint32_t timeout_ms, struct ask_wishes wishes, unsigned attention_retries,
	struct obs_checked *ret);
