/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "judge/path_judge.h"

#include "judge/pace.h"

enum { ANY = 0x100, MAX_ATTENTIONS = 5 };

/* Sense of a completed TEST UNIT READY; the first row that fits counts (SPC-6 table "ASC and ASCQ
 * assignments"; the peer's states for them). */
static const struct sense_rule {
	uint16_t key, asc, ascq;
	bool keep;
	enum path_state state;
	enum checker_word checker;
	enum reason why;
	enum evidence evidence;
	enum attention attention;
	uint32_t ask_again_ms;
} sense_rules[] = {
	/* LOGICAL UNIT NOT SUPPORTED */
	{ 0x5, 0x25, 0x00, false, PATH_DOWN, CHECKER_DISCONNECTED, BECAUSE_DISCONNECTED,
		EVIDENCE_GONE, ATTENTION_NONE, PACE_CONFIRM_MS },
	/* LOGICAL UNIT NOT ACCESSIBLE, TARGET PORT IN STANDBY STATE */
	{ 0x2, 0x04, 0x0b, false, PATH_GHOST, CHECKER_GHOST, BECAUSE_STANDBY, EVIDENCE_PRESENT,
		ATTENTION_NONE, 0 },
	/* LOGICAL UNIT NOT ACCESSIBLE, ASYMMETRIC ACCESS STATE TRANSITION */
	{ 0x2, 0x04, 0x0a, false, PATH_PENDING, CHECKER_PENDING, BECAUSE_TRANSITION,
		EVIDENCE_PRESENT, ATTENTION_NONE, 1000 },
	/* REPORTED LUNS DATA HAS CHANGED */
	{ 0x6, 0x3f, 0x0e, true, PATH_UNCHECKED, CHECKER_UNCHECKED, BECAUSE_ATTENTION,
		EVIDENCE_NONE, ATTENTION_LUNS_CHANGED, PACE_RETRY_MS },
	/* INQUIRY DATA HAS CHANGED */
	{ 0x6, 0x3f, 0x03, true, PATH_UNCHECKED, CHECKER_UNCHECKED, BECAUSE_ATTENTION,
		EVIDENCE_NONE, ATTENTION_INQUIRY_CHANGED, PACE_RETRY_MS },
	/* POWER ON, RESET, OR BUS DEVICE RESET OCCURRED, and I_T NEXUS LOSS among them */
	{ 0x6, 0x29, ANY, true, PATH_UNCHECKED, CHECKER_UNCHECKED, BECAUSE_ATTENTION, EVIDENCE_NONE,
		ATTENTION_RESET, PACE_RETRY_MS },
	/* ASYMMETRIC ACCESS STATE CHANGED */
	{ 0x6, 0x2a, 0x06, true, PATH_UNCHECKED, CHECKER_UNCHECKED, BECAUSE_ATTENTION,
		EVIDENCE_NONE, ATTENTION_ACCESS_CHANGED, PACE_RETRY_MS },
	/* every other unit attention says that something was, not what is */
	{ 0x6, ANY, ANY, true, PATH_UNCHECKED, CHECKER_UNCHECKED, BECAUSE_ATTENTION, EVIDENCE_NONE,
		ATTENTION_OTHER, PACE_RETRY_MS },
	{ ANY, ANY, ANY, false, PATH_DOWN, CHECKER_DOWN, BECAUSE_OTHER_SENSE, EVIDENCE_PRESENT,
		ATTENTION_NONE, 0 },
};

/* What the device's own state attribute means before anything is asked. */
static const struct state_rule {
	enum device_state state;
	enum path_state path;
	enum checker_word checker;
	enum reason why;
	bool outage;
} state_rules[] = {
	{ DEVICE_OFFLINE, PATH_DOWN, CHECKER_DOWN, BECAUSE_OFFLINE, false },
	{ DEVICE_TRANSPORT_OFFLINE, PATH_DOWN, CHECKER_DOWN, BECAUSE_OFFLINE, true },
	{ DEVICE_BLOCKED, PATH_PENDING, CHECKER_PENDING, BECAUSE_BLOCKED, true },
	{ DEVICE_QUIESCE, PATH_PENDING, CHECKER_PENDING, BECAUSE_BLOCKED, false },
	{ DEVICE_GOING, PATH_DOWN, CHECKER_REMOVED, BECAUSE_REMOVED, false },
	{ DEVICE_UNKNOWN, PATH_DOWN, CHECKER_DOWN, BECAUSE_NO_ANSWER, false },
};

/* Answers that are no sense data. */
static const struct answer_rule {
	enum answer_kind kind;
	bool keep;
	enum path_state state;
	enum checker_word checker;
	enum reason why;
	enum evidence evidence;
	bool outage;
	uint32_t ask_again_ms;
} answer_rules[] = {
	{ ANSWER_GOOD, false, PATH_UP, CHECKER_UP, BECAUSE_GOOD, EVIDENCE_PRESENT, false, 0 },
	{ ANSWER_CONFLICT, false, PATH_UP, CHECKER_UP, BECAUSE_CONFLICT, EVIDENCE_PRESENT, false,
		0 },
	{ ANSWER_BUSY, true, PATH_UNCHECKED, CHECKER_UNCHECKED, BECAUSE_BUSY, EVIDENCE_NONE, false,
		1000 },
	{ ANSWER_TRANSPORT, false, PATH_DOWN, CHECKER_DOWN, BECAUSE_HOST_BYTE, EVIDENCE_NONE, true,
		0 },
	{ ANSWER_TIMEOUT, false, PATH_DOWN, CHECKER_TIMEOUT, BECAUSE_TIMEOUT, EVIDENCE_NONE, true,
		0 },
	{ ANSWER_DEVICE_ABSENT, false, PATH_DOWN, CHECKER_REMOVED, BECAUSE_REMOVED, EVIDENCE_NONE,
		false, 0 },
	{ ANSWER_NONE, false, PATH_DOWN, CHECKER_DOWN, BECAUSE_NO_ANSWER, EVIDENCE_NONE, true, 0 },
};

static struct verdict verdict_of_state(enum device_state state)
{
	for (size_t i = 0; i < ARRAY_SIZE(state_rules); i++)
		if (state_rules[i].state == state)
			return (struct verdict){
				.state = state_rules[i].path,
				.checker = state_rules[i].checker,
				.why = state_rules[i].why,
				.outage = state_rules[i].outage,
				.gone = GONE_UNKNOWN,
			};
	return (struct verdict){ .keep_state = true, .gone = GONE_UNKNOWN };
}

static bool fits(const struct sense_rule *r, const struct sense *s)
{
	return (r->key == ANY || r->key == s->key) && (r->asc == ANY || r->asc == s->asc) &&
	       (r->ascq == ANY || r->ascq == s->ascq);
}

/* Whoever fails over or begins anew may deny for a while what it has not read yet. */
static bool is_failover(const struct sense_rule *r)
{
	return r->attention == ATTENTION_RESET || r->attention == ATTENTION_ACCESS_CHANGED ||
	       r->why == BECAUSE_TRANSITION;
}

static struct verdict verdict_of_sense(const struct sense *sense)
{
	const struct sense_rule *r = sense_rules;

	while (!fits(r, sense))
		r++; /* the last row fits all */
	return (struct verdict){
		.keep_state = r->keep,
		.state = r->state,
		.checker = r->checker,
		.why = r->why,
		.evidence = r->evidence,
		.attention = r->attention,
		.failover = is_failover(r),
		.has_sense = true,
		.sense = *sense,
		.ask_again_ms = r->ask_again_ms,
		.gone = GONE_UNKNOWN,
	};
}

static struct verdict verdict_of_answer(enum answer_kind kind)
{
	const struct answer_rule *r = answer_rules;

	while (r < answer_rules + ARRAY_SIZE(answer_rules) - 1 && r->kind != kind)
		r++; /* the last row stands for all that is no answer */
	return (struct verdict){
		.keep_state = r->keep,
		.state = r->state,
		.checker = r->checker,
		.why = r->why,
		.evidence = r->evidence,
		.outage = r->outage,
		.ask_again_ms = r->ask_again_ms,
		.gone = GONE_UNKNOWN,
	};
}

struct verdict path_judge(const struct path *p, const struct obs_checked *checked)
{
	struct sense sense;
	enum answer_kind kind;
	struct verdict v;

	if (checked->state != DEVICE_RUNNING)
		return verdict_of_state(checked->state);
	if (!checked->asked)
		return (struct verdict){ .keep_state = true, .gone = GONE_UNKNOWN };
	kind = answer_classify(&checked->tur, &sense);
	v = kind == ANSWER_SENSE ? verdict_of_sense(&sense) : verdict_of_answer(kind);
	if (v.attention != ATTENTION_NONE && p->attentions >= MAX_ATTENTIONS)
		v.ask_again_ms = 0; /* a device that says nothing else is asked at its own pace */
	if (!checked->inquired)
		return v;
	v.gone = scsi_gone(
		&checked->tur, &checked->inquiry, checked->inquiry_data, checked->inquiry_len);
	if (v.gone == GONE_QUALIFIER) {
		v.state = PATH_DOWN;
		v.checker = CHECKER_DISCONNECTED;
		v.why = BECAUSE_DISCONNECTED;
		v.evidence = EVIDENCE_GONE;
		v.ask_again_ms = PACE_CONFIRM_MS;
	}
	return v;
}

struct verdict path_judge_silence(const struct path *p)
{
	(void)p;
	return verdict_of_answer(ANSWER_TIMEOUT);
}

static void apply_evidence(struct model *m, struct path *p, const struct verdict *v)
{
	switch (v->evidence) {
	case EVIDENCE_NONE: return;
	case EVIDENCE_GONE:
		/* answers agree when they say it in the same way; 05/25/00 is the stronger word */
		if (v->gone == GONE_QUALIFIER && p->gone != GONE_QUALIFIER)
			p->gone_count = 0;
		if (!p->gone_count ||
			instant_ms_between(p->gone_counted_at, m->now) >= PACE_CONFIRM_MS) {
			p->gone_count++;
			p->gone_counted_at = m->now;
		}
		p->gone = v->gone;
		p->gone_seq = p->answer_seq;
		p->gone_at = m->now;
		return;
	case EVIDENCE_PRESENT:
		path_forget_gone(p);
		p->answering_at = m->now;
		if (!p->detach && purge_may_enter(p->purge, PURGE_NO) &&
			p->purge != PURGE_DELETING && p->purge != PURGE_STUCK &&
			p->purge != PURGE_UNMAPPING)
			model_purge_enter(m, p, PURGE_NO, BECAUSE_ANSWERS);
		return;
	}
}

/* The way to this one device; the nexus keeps its own (model_up_since() takes the later). */
static void apply_way(struct model *m, struct path *p, const struct verdict *v)
{
	if (v->outage)
		p->up_since = INSTANT_NEVER;
	else if (!instant_is_set(p->up_since) && p->device.state == DEVICE_RUNNING)
		p->up_since = m->now;
	if (v->failover)
		p->up_since = m->now;
}

static void note_transition(const struct model *m, struct path *p, const struct verdict *v)
{
	if (v->why == BECAUSE_TRANSITION && !instant_is_set(p->transition_since))
		p->transition_since = m->now;
	else if (v->why != BECAUSE_TRANSITION && !v->keep_state)
		p->transition_since = INSTANT_NEVER;
}

/* One logical unit that says so without end keeps nobody else waiting. */
static bool is_believed(const struct model *m, const struct path *p, const struct verdict *v)
{
	return v->why == BECAUSE_TRANSITION
		       ? instant_ms_between(p->transition_since, m->now) < JUDGE_TRANSITION_MS
		       : p->attentions < JUDGE_ATTENTIONS;
}

/* What the target says of itself, whichever of its logical units was asked. */
static void apply_to_nexus(struct model *m, const struct path *p, const struct verdict *v)
{
	struct nexus *n = model_nexus(m, p);

	if (!is_believed(m, p, v))
		return;
	if (v->failover && instant_is_set(n->up_since))
		n->up_since = m->now;
	if (v->attention == ATTENTION_LUNS_CHANGED || v->attention == ATTENTION_INQUIRY_CHANGED ||
		v->attention == ATTENTION_RESET || v->attention == ATTENTION_ACCESS_CHANGED)
		n->sweep = true;
}

/* Its device answers for another logical unit, if at all: only where it stands is of interest. */
static void apply_to_fenced(struct model *m, struct path *p, const struct verdict *v)
{
	if (!v->keep_state)
		p->checker = v->checker;
	p->has_sense = false;
	p->attentions = 0; /* it will not be asked through them any more */
	pace_after_check(m, p, PACE_LOOK_MS, false);
}

void verdict_apply(struct model *m, struct path *p, const struct verdict *v)
{
	enum path_state old = p->state;

	note_transition(m, p, v);
	apply_to_nexus(m, p, v);
	if (p->fence.fenced) {
		apply_to_fenced(m, p, v);
		return;
	}
	p->has_sense = v->has_sense;
	p->sense = v->sense;
	p->attentions = v->attention == ATTENTION_NONE ? 0 : p->attentions + 1;
	apply_way(m, p, v);
	if (!v->keep_state) {
		p->checker = v->checker;
		model_state_enter(m, p, v->state, v->why);
	}
	apply_evidence(m, p, v);
	p->identity.lapsed |= v->outage || v->evidence == EVIDENCE_GONE ||
			      p->device.state != DEVICE_RUNNING;
	pace_after_check(m, p, v->ask_again_ms, old != p->state);
}
