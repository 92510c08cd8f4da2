/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/events.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"

enum { ROUND_QUIET_MS = 1000 };

static const char *const attention_texts[] = {
	[ATTENTION_NONE] = "none",
	[ATTENTION_LUNS_CHANGED] = "luns-changed",
	[ATTENTION_INQUIRY_CHANGED] = "inquiry-changed",
	[ATTENTION_CAPACITY] = "capacity",
	[ATTENTION_RESET] = "reset",
	[ATTENTION_ACCESS_CHANGED] = "access-changed",
	[ATTENTION_OTHER] = "other",
};

static void add_device(struct text *out, const struct change *c)
{
	char address[SCSI_ADDRESS_TEXT];

	scsi_address_print(&c->address, address);
	text_add(out, "dev=");
	text_add_escaped(out, c->dev[0] ? c->dev : "-");
	text_addf(out, " hctl=%s", address);
	if (c->map[0]) {
		text_add(out, " map=");
		text_add_escaped(out, c->map);
	}
}

static void add_word(struct text *out, const char *name, const char *value)
{
	text_addf(out, " %s=", name);
	text_add_escaped(out, value[0] ? value : "-");
}

static void add_purge(struct text *out, const struct change *c)
{
	add_device(out, c);
	text_addf(out, " old=%s new=%s", purge_stage_name((enum purge_stage)c->from),
		purge_stage_name((enum purge_stage)c->to));
	add_word(out, "why", reason_name(c->why));
	if (c->text[0])
		add_word(out, "holder", c->text);
	if (c->result) {
		add_word(out, "stage", hand_stage_name((enum hand_stage)c->stage));
		add_word(out, "error",
			strerrorname_np(-c->result) ? strerrorname_np(-c->result) : "?");
	}
}

static void add_fence(struct text *out, const struct change *c)
{
	add_device(out, c);
	text_addf(out, " old=%s new=%s", fence_stage_name((enum fence_stage)c->from),
		fence_stage_name((enum fence_stage)c->to));
	add_word(out, "why", reason_name(c->why));
	add_word(out, "wwid", c->wwid);
	add_word(out, "found", c->text);
	add_word(out, "baseline", baseline_name((enum baseline)c->number));
	if (c->result)
		add_word(out, "error",
			strerrorname_np(-c->result) ? strerrorname_np(-c->result) : "?");
}

static void add_gap(struct text *out, const struct change *c)
{
	char address[SCSI_ADDRESS_TEXT];

	scsi_address_print(&c->address, address);
	text_addf(out, "hctl=%s", address);
	add_word(out, "wwid", c->wwid);
	text_addf(out, " old=%s new=%s", gap_stage_name((enum gap_stage)c->from),
		gap_stage_name((enum gap_stage)c->to));
	add_word(out, "why", reason_name(c->why));
	add_word(out, "requester", c->text);
}

static void add_detach(struct text *out, const struct change *c)
{
	text_addf(out, "number=%" PRIu64, c->number);
	add_word(out, "device", c->text);
	text_addf(out, " old=%s new=%s", detach_stage_name((enum detach_stage)c->from),
		detach_stage_name((enum detach_stage)c->to));
	add_word(out, "why", reason_name(c->why));
	if (c->dev[0])
		add_word(out, "dev", c->dev);
}

static void add_map_lost(struct text *out, const struct change *c)
{
	text_add(out, "map=");
	text_add_escaped(out, c->map);
	add_word(out, "wwid", c->wwid);
	text_addf(out, " number=%" PRIu64, c->number);
	add_word(out, "error", strerrorname_np(-c->result) ? strerrorname_np(-c->result) : "?");
}

static void add_state(struct text *out, const struct change *c)
{
	add_device(out, c);
	text_addf(out, " old=%s new=%s", path_state_name((enum path_state)c->from),
		path_state_name((enum path_state)c->to));
	add_word(out, "why", reason_name(c->why));
}

const char *event_name(const struct change *c)
{
	static const char *const names[] = {
		[CHANGE_PATH_ADDED] = "path-added",
		[CHANGE_PATH_GONE] = "path-gone",
		[CHANGE_STATE] = "path-state",
		[CHANGE_PURGE] = "path-purge",
		[CHANGE_FENCE] = "path-fence",
		[CHANGE_GAP] = "gap",
		[CHANGE_KEPT_OUT] = "path-kept-out",
		[CHANGE_DETACH] = "detach",
		[CHANGE_MAP_LOST] = "map-lost",
		[CHANGE_MAP] = "map-changed",
		[CHANGE_MAP_GONE] = "map-gone",
		[CHANGE_OWNER] = "owner",
		[CHANGE_HELPER_LOST] = "helper-lost",
		[CHANGE_SLEPT] = "slept",
		[CHANGE_UEVENTS_LOST] = "uevents-lost",
		[CHANGE_ATTENTION] = "attention",
		[CHANGE_CLEANED] = "cleaned",
	};

	return names[c->kind];
}

void event_fields(const struct change *c, struct text *out)
{
	switch (c->kind) {
	case CHANGE_PATH_ADDED:
		add_device(out, c);
		add_word(out, "wwid", c->wwid);
		break;
	case CHANGE_PATH_GONE:
		add_device(out, c);
		add_word(out, "wwid", c->wwid);
		add_word(out, "purge", purge_stage_name((enum purge_stage)c->from));
		break;
	case CHANGE_STATE: add_state(out, c); break;
	case CHANGE_PURGE: add_purge(out, c); break;
	case CHANGE_FENCE: add_fence(out, c); break;
	case CHANGE_GAP: add_gap(out, c); break;
	case CHANGE_KEPT_OUT:
		add_device(out, c);
		add_word(out, "wwid", c->wwid);
		add_word(out, "requester", c->text);
		break;
	case CHANGE_DETACH: add_detach(out, c); break;
	case CHANGE_MAP_LOST: add_map_lost(out, c); break;
	case CHANGE_MAP:
		text_add(out, "map=");
		text_add_escaped(out, c->map);
		text_addf(out, " paths=%" PRIu64, c->number);
		break;
	case CHANGE_MAP_GONE:
		text_add(out, "map=");
		text_add_escaped(out, c->map);
		break;
	case CHANGE_OWNER: text_addf(out, "running=%s", c->number ? "yes" : "no"); break;
	case CHANGE_HELPER_LOST:
		text_addf(out, "helper=%s pid=%" PRIu64, c->text, c->number);
		break;
	case CHANGE_SLEPT: text_addf(out, "ms=%" PRIu64, c->number); break;
	case CHANGE_UEVENTS_LOST: break;
	case CHANGE_ATTENTION:
		add_device(out, c);
		add_word(out, "what", attention_texts[c->number]);
		break;
	case CHANGE_CLEANED:
		text_add(out, "root=");
		text_add_escaped(out, c->text);
		text_addf(out, " handles=%d busy=%d", c->from, c->to);
		add_word(out, "why", reason_name(c->why));
		break;
	}
}

static enum log_level level_of(const struct change *c)
{
	switch (c->kind) {
	case CHANGE_PURGE:
		return c->to == PURGE_HELD || c->to == PURGE_STUCK || c->result ? LOG_LEVEL_WARNING
										: LOG_LEVEL_NOTICE;
	case CHANGE_FENCE: /* whatever was written through it went elsewhere */
		return c->to == FENCE_CHANGED ? LOG_LEVEL_ERR : LOG_LEVEL_WARNING;
	case CHANGE_MAP_LOST: return LOG_LEVEL_ERR;
	case CHANGE_DETACH: return c->to == DETACH_UNDOING ? LOG_LEVEL_WARNING : LOG_LEVEL_NOTICE;
	case CHANGE_STATE:
	case CHANGE_CLEANED:
	case CHANGE_GAP:
	case CHANGE_PATH_GONE: return LOG_LEVEL_NOTICE;
	case CHANGE_KEPT_OUT:
	case CHANGE_HELPER_LOST:
	case CHANGE_SLEPT:
	case CHANGE_UEVENTS_LOST: return LOG_LEVEL_WARNING;
	case CHANGE_PATH_ADDED:
	case CHANGE_MAP:
	case CHANGE_MAP_GONE:
	case CHANGE_OWNER:
	case CHANGE_ATTENTION: return LOG_LEVEL_INFO;
	}
	return LOG_LEVEL_INFO;
}

void event_log(const struct model *m, const struct change *c)
{
	struct text t = TEXT_INIT;

	(void)m;
	event_fields(c, &t);
	log_event(level_of(c), event_name(c), "%s", text_str(&t));
	text_done(&t);
}

void purge_round_count(struct purge_round *round, const struct change *c)
{
	if (c->kind == CHANGE_PATH_GONE && (c->from == PURGE_DELETING || c->from == PURGE_STUCK))
		round->purged++;
	if (c->kind != CHANGE_PURGE)
		return;
	if (c->to == PURGE_DELETING || c->to == PURGE_HELD)
		round->running = true;
	if (c->result && c->why == BECAUSE_FAILED)
		round->failed++;
}

void purge_round_step(struct purge_round *round, const struct model *m, struct agenda *agenda)
{
	uint64_t pending = 0, held = 0;
	bool moving = false;
	struct path *p;

	if (!round->running && !round->purged)
		return;
	for_each_path (m, p) {
		held += p->purge == PURGE_HELD || (p->purge == PURGE_MARKED && p->held_back);
		pending += p->purge != PURGE_NO && p->purge != PURGE_HELD;
		moving |= p->purge == PURGE_VERIFYING || p->purge == PURGE_UNMAPPING ||
			  p->purge == PURGE_DELETING;
	}
	if (moving || !instant_is_set(round->quiet_at)) {
		round->quiet_at = instant_add_ms(m->now, ROUND_QUIET_MS);
		agenda_wake_at(agenda, round->quiet_at);
		return;
	}
	if (!instant_reached(m->now, round->quiet_at)) {
		agenda_wake_at(agenda, round->quiet_at);
		return;
	}
	log_event(LOG_LEVEL_NOTICE, "purge-round",
		"purged=%" PRIu64 " failed=%" PRIu64 " pending=%" PRIu64 " held=%" PRIu64,
		round->purged, round->failed, pending, held);
	*round = (struct purge_round){ 0 };
}
