/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/path.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

enum { ASK_AGAIN_MS = 1000 };

static const char *const state_names[PATH_STATES] = {
	[PATH_UNCHECKED] = "unchecked",
	[PATH_UP] = "up",
	[PATH_DOWN] = "down",
	[PATH_GHOST] = "ghost",
	[PATH_SHAKY] = "shaky",
	[PATH_PENDING] = "pending",
	[PATH_DELAYED] = "delayed",
	[PATH_FENCED] = "fenced",
};

static const struct {
	const char *name, *message;
} words[CHECKER_WORDS] = {
	[CHECKER_UNCHECKED] = { "unchecked", " has not been checked" },
	[CHECKER_UP] = { "up", " reports path is up" },
	[CHECKER_DOWN] = { "down", " reports path is down" },
	[CHECKER_GHOST] = { "ghost", " reports path is ghost" },
	[CHECKER_SHAKY] = { "shaky", " reports path is shaky" },
	[CHECKER_PENDING] = { "pending", " is transitioning or blocked" },
	[CHECKER_DELAYED] = { "delayed", " is held back" },
	[CHECKER_DISCONNECTED] = { "disconnected", " no access to this device" },
	[CHECKER_TIMEOUT] = { "timeout", " timed out" },
	[CHECKER_REMOVED] = { "removed", " is being removed" },
};

static const char *const purge_names[PURGE_STAGES] = {
	[PURGE_NO] = "no",
	[PURGE_MARKED] = "marked",
	[PURGE_VERIFYING] = "verifying",
	[PURGE_UNMAPPING] = "unmapping",
	[PURGE_DELETING] = "deleting",
	[PURGE_STUCK] = "stuck",
	[PURGE_HELD] = "held",
};

#define TO(s) (1u << PURGE_##s)

/* Every way to DELETING leads through VERIFYING; a device that answers again always gets back to
 * NO, until its delete was handed out. */
static const unsigned may_enter[PURGE_STAGES] = {
	[PURGE_NO] = TO(MARKED),
	[PURGE_MARKED] = TO(VERIFYING) | TO(NO),
	[PURGE_VERIFYING] = TO(HELD) | TO(UNMAPPING) | TO(DELETING) | TO(MARKED) | TO(NO),
	[PURGE_UNMAPPING] = TO(MARKED) | TO(NO),
	[PURGE_DELETING] = TO(STUCK) | TO(MARKED) | TO(NO),
	[PURGE_STUCK] = TO(MARKED) | TO(NO),
	[PURGE_HELD] = TO(MARKED) | TO(NO),
};

bool purge_may_enter(enum purge_stage from, enum purge_stage to)
{
	return may_enter[from] >> to & 1;
}

instant question_may_be_asked_at(const struct question *q)
{
	return q->answered || !instant_is_set(q->at) ? INSTANT_NEVER
						     : instant_add_ms(q->at, ASK_AGAIN_MS);
}

void path_forget_gone(struct path *p)
{
	p->gone_count = 0;
	p->gone = GONE_NO;
	p->gone_seq = 0;
	p->gone_at = INSTANT_NEVER;
}

bool path_is_cleaned(const struct path *p)
{
	return p->state == PATH_UNCHECKED && p->state_why == BECAUSE_CLEANED;
}

int path_state_enter(struct path *p, enum path_state next, enum reason why, instant now)
{
	p->state_why = why;
	if (p->state == next)
		return 0;
	p->state = next;
	p->state_since = now;
	return 1;
}

int path_purge_enter(struct path *p, enum purge_stage next, enum reason why, instant now)
{
	if (p->purge == next) {
		p->purge_why = why;
		return 0;
	}
	if (!purge_may_enter(p->purge, next))
		return -EPROTO;
	p->purge = next;
	p->purge_why = why;
	p->purge_since = now;
	return 1;
}

const char *path_state_name(enum path_state state)
{
	return state_names[state];
}

const char *checker_word_name(enum checker_word word)
{
	return words[word].name;
}

const char *checker_message(enum checker_word word)
{
	return words[word].message;
}

const char *purge_stage_name(enum purge_stage stage)
{
	return purge_names[stage];
}

void hold_print(const struct hold *h, struct text *out)
{
	text_add(out, hold_kind_name(h->kind));
	if (h->what[0]) {
		text_add(out, " ");
		text_add_escaped(out, h->what);
	}
	if (h->pid)
		text_addf(out, " pid %u", h->pid);
	if (h->comm[0]) {
		text_add(out, " ");
		text_add_escaped(out, h->comm);
	}
}

static void failure_print(const struct path *p, struct text *out)
{
	const char *name = strerrorname_np(-p->failed_result);

	text_add(out, reason_name(p->failed_why));
	if (p->failed_stage)
		text_addf(out, " %s", hand_stage_name((enum hand_stage)p->failed_stage));
	if (p->failed_result)
		text_addf(out, " %s", name ? name : "?");
}

void path_fence_reason(const struct path *p, struct text *out)
{
	text_add(out, reason_name(p->fence.why));
	if (p->identity.live[0]) {
		text_add(out, ": ");
		text_add_escaped(out, p->identity.live);
	}
}

void path_purge_reason(const struct path *p, struct text *out)
{
	text_add(out, reason_name(p->purge_why));
	switch ((int)p->purge_why) {
	case BECAUSE_HOLDERS:
	case BECAUSE_LAST_PATH:
	case BECAUSE_PROTECTED:
	case BECAUSE_UDEV:
		if (p->holders.n_holds) {
			text_add(out, ": ");
			hold_print(&p->holders.holds[0], out);
		}
		break;
	case BECAUSE_OWNER_PURGES:
		if (p->settings.purge_owner == PURGE_OWNER_PATHKEEPER)
			text_add(out, ": purge_owner pathkeeper has to wait");
		break;
	case BECAUSE_BACKOFF:
		text_add(out, ": ");
		failure_print(p, out);
		break;
	}
}
