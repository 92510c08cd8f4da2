/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * One answer, one path -> verdict. The rows say what each answer means for the path's state and
 * whether it is evidence about the logical unit; an outage never is.
 */
#include "model/model.h"

enum {
	JUDGE_TRANSITION_MS = 120000, /* twice what the kernel gives a target that does not say */
	JUDGE_ATTENTIONS = 16,	      /* in a row; then they tell of nothing but an ill device */
};

enum evidence {
	EVIDENCE_NONE, /* nobody answered for the logical unit: neither makes nor clears a mark */
	EVIDENCE_GONE, /* it answered that it is not there */
	EVIDENCE_PRESENT, /* it answered anything else: clears the mark and its history */
};

struct verdict {
	bool keep_state; /* unknown, ask again: the state stays what it was */
	enum path_state state;
	enum checker_word checker;
	enum reason why;
	enum evidence evidence;
	enum gone gone; /* of TEST UNIT READY and INQUIRY together */
	bool outage;	/* the way to it was down at that moment */
	bool failover;	/* 29/xx, 2A/06, 02/04/0A: the grace begins anew */
	enum attention attention;
	bool has_sense;
	struct sense sense;
	uint32_t ask_again_ms; /* 0: at the path's own pace */
};

struct verdict path_judge(const struct path *p, const struct obs_checked *checked);

/* Write the verdict into the path: state, evidence, and what follows at once for its mark. */
void verdict_apply(struct model *m, struct path *p, const struct verdict *v);

/* A check that is out longer than checker_timeout. */
struct verdict path_judge_silence(const struct path *p);
