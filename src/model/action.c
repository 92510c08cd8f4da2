/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/action.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/record.h"
#include "base/text.h"
#include "model/border_text.h"

#define HEAD_FIELDS                                                                                \
	FIELD(action, id, FIELD_U64), FIELD_AS("path.slot", action, path.slot, FIELD_U32),         \
		FIELD_AS("path.gen", action, path.gen, FIELD_U32)
#define DEVT_FIELDS(prefix, member)                                                                \
	FIELD_AS(prefix ".major", action, member.major, FIELD_U32),                                \
		FIELD_AS(prefix ".minor", action, member.minor, FIELD_U32)
#define WATCH_FIELDS(member)                                                                       \
	FIELD_AS("sysfs", action, member.sysfs, FIELD_TEXT),                                       \
		FIELD_AS("ino", action, member.ino, FIELD_U64),                                    \
		FIELD_AS("host", action, member.host, FIELD_U32),                                  \
		DEVT_FIELDS("devt", member.devt), DEVT_FIELDS("sg", member.sg)

static const struct field head_fields[] = { HEAD_FIELDS, FIELD_END };
static const struct field look_fields[] = {
	HEAD_FIELDS,
	FIELD_AS("sysfs", action, look.sysfs, FIELD_TEXT),
	FIELD_END,
};
static const struct field watch_fields[] = { HEAD_FIELDS, WATCH_FIELDS(watch), FIELD_END };
static const struct field check_fields[] = {
	HEAD_FIELDS,
	FIELD_AS("host", action, check.host, FIELD_U32),
	FIELD_AS("ask_inquiry", action, check.ask_inquiry, FIELD_BOOL),
	FIELD_AS("ask_identity", action, check.ask_identity, FIELD_BOOL),
	FIELD_AS("only_look", action, check.only_look, FIELD_BOOL),
	FIELD_AS("timeout_ms", action, check.timeout_ms, FIELD_U32),
	FIELD_AS("seek", action, check.seek, FIELD_BOOL),
	FIELD_AS("lun", action, check.lun, FIELD_U64),
	FIELD_END,
};
static const struct field holders_fields[] = {
	HEAD_FIELDS,
	DEVT_FIELDS("devt", holders.devt),
	DEVT_FIELDS("map", holders.map),
	FIELD_AS("dev", action, holders.dev, FIELD_TEXT),
	FIELD_AS("deadline_ms", action, holders.deadline_ms, FIELD_U32),
	FIELD_END,
};
static const struct field map_fields[] = {
	HEAD_FIELDS,
	DEVT_FIELDS("map", map.map),
	DEVT_FIELDS("member", map.member),
	FIELD_AS("name", action, map.name, FIELD_TEXT),
	FIELD_AS("uuid", action, map.uuid, FIELD_TEXT),
	FIELD_AS("owned", action, map.owned, FIELD_BOOL),
	FIELD_AS("sectors", action, map.sectors, FIELD_U64),
	FIELD_AS("word", action, map.word, FIELD_U64),
	FIELD_AS("dev", action, map.dev, FIELD_TEXT),
	FIELD_AS("ino", action, map.ino, FIELD_U64),
	FIELD_AS("carried", action, map.carried, FIELD_BOOL),
	FIELD_AS("deadline_ms", action, map.deadline_ms, FIELD_U32),
	FIELD_END,
};
static const struct field member_fields[] = {
	FIELD_AS("major", act_member, devt.major, FIELD_U32),
	FIELD_AS("minor", act_member, devt.minor, FIELD_U32),
	FIELD(act_member, ino, FIELD_U64),
	FIELD_END,
};
static const struct field make_fields[] = {
	HEAD_FIELDS,
	FIELD_AS("word", action, make.word, FIELD_U64),
	FIELD_AS("uuid", action, make.uuid, FIELD_TEXT),
	FIELD_AS("deadline_ms", action, make.deadline_ms, FIELD_U32),
	FIELD_AS("members", action, make.n_members, FIELD_U32),
	FIELD_LIST("member", action, make.members, make.n_members, member_fields),
	FIELD_END,
};
static const struct field delete_fields[] = {
	HEAD_FIELDS,
	FIELD_AS("host", action, del.host, FIELD_U32),
	FIELD_AS("claim", action, del.claim, FIELD_BOOL),
	FIELD_AS("by_qualifier", action, del.by_qualifier, FIELD_BOOL),
	FIELD_AS("fenced", action, del.fenced, FIELD_BOOL),
	FIELD_AS("detached", action, del.detached, FIELD_BOOL),
	DEVT_FIELDS("devt", del.devt),
	FIELD_AS("deadline_ms", action, del.deadline_ms, FIELD_U32),
	FIELD_END,
};

static const struct field fence_fields[] = {
	HEAD_FIELDS,
	FIELD_AS("host", action, fence.host, FIELD_U32),
	FIELD_AS("deadline_ms", action, fence.deadline_ms, FIELD_U32),
	FIELD_AS("ino", action, fence.ino, FIELD_U64),
	FIELD_AS("sysfs", action, fence.sysfs, FIELD_TEXT),
	FIELD_AS("found", action, fence.found, FIELD_TEXT),
	FIELD_END,
};

static const struct field scan_fields[] = {
	HEAD_FIELDS,
	FIELD_AS("place.host", action, scan.place.host, FIELD_U32),
	FIELD_AS("place.channel", action, scan.place.channel, FIELD_U32),
	FIELD_AS("place.target", action, scan.place.target, FIELD_U32),
	FIELD_AS("place.lun", action, scan.place.lun, FIELD_U64),
	FIELD_AS("sysfs", action, scan.sysfs, FIELD_TEXT),
	FIELD_AS("ino", action, scan.ino, FIELD_U64),
	FIELD_END,
};

static const struct field reread_fields[] = {
	HEAD_FIELDS,
	WATCH_FIELDS(reread.device),
	FIELD_AS("wwid", action, reread.wwid, FIELD_TEXT),
	FIELD_END,
};

static const struct field gap_fields[] = {
	HEAD_FIELDS,
	FIELD_AS("address.host", action, gap.gap.address.host, FIELD_U32),
	FIELD_AS("address.channel", action, gap.gap.address.channel, FIELD_U32),
	FIELD_AS("address.target", action, gap.gap.address.target, FIELD_U32),
	FIELD_AS("address.lun", action, gap.gap.address.lun, FIELD_U64),
	FIELD_AS("ino", action, gap.gap.ino, FIELD_U64),
	FIELD_AS("youngest", action, gap.gap.youngest, FIELD_U64),
	FIELD_AS("everywhere", action, gap.gap.everywhere, FIELD_BOOL),
	FIELD_AS("wwid", action, gap.gap.wwid, FIELD_TEXT),
	FIELD_AS("since", action, gap.gap.since, FIELD_U64),
	FIELD_AS("until", action, gap.gap.until, FIELD_U64),
	FIELD_AS("requester", action, gap.gap.requester, FIELD_TEXT),
	FIELD_AS("sysfs", action, gap.sysfs, FIELD_TEXT),
	FIELD_END,
};

static const struct field word_fields[] = {
	HEAD_FIELDS,
	FIELD_AS("number", action, word.number, FIELD_U64),
	FIELD_AS("wwid", action, word.wwid, FIELD_TEXT),
	FIELD_AS("sysfs", action, word.sysfs, FIELD_TEXT),
	FIELD_AS("ino", action, word.ino, FIELD_U64),
	FIELD_AS("name", action, word.name, FIELD_TEXT),
	FIELD_AS("requester", action, word.requester, FIELD_TEXT),
	FIELD_END,
};

#define BODY(member) offsetof(struct action, member) + sizeof(((struct action *)0)->member)
#define HEAD	     offsetof(struct action, look)

static const struct border_kind kinds[ACTION_KINDS] = {
	[ACT_READ_DEVICES] = { "read-devices", HEAD, head_fields },
	[ACT_LOOK] = { "look", BODY(look), look_fields },
	[ACT_ASK_OWNER] = { "ask-owner", HEAD, head_fields },
	[ACT_WATCH] = { "watch", BODY(watch), watch_fields },
	[ACT_FORGET] = { "forget", HEAD, head_fields },
	[ACT_CHECK] = { "check", BODY(check), check_fields },
	[ACT_FIND_HOLDERS] = { "find-holders", BODY(holders), holders_fields },
	[ACT_READ_MAPS] = { "read-maps", HEAD, head_fields },
	[ACT_FAIL_PATH] = { "fail-path", BODY(map), map_fields },
	[ACT_REMOVE_MAP] = { "remove-map", BODY(map), map_fields },
	[ACT_RESIZE_MAP] = { "resize-map", BODY(map), map_fields },
	[ACT_TAKE_PATH] = { "take-path", BODY(map), map_fields },
	[ACT_GIVE_PATH] = { "give-path", BODY(map), map_fields },
	[ACT_MAKE_MAP] = { "make-map", BODY(make), make_fields },
	[ACT_DELETE] = { "delete", BODY(del), delete_fields },
	[ACT_FENCE] = { "fence", BODY(fence), fence_fields },
	[ACT_SCAN] = { "scan", BODY(scan), scan_fields },
	[ACT_REREAD] = { "reread", BODY(reread), reread_fields },
	[ACT_KEEP_OUT] = { "keep-out", BODY(gap), gap_fields },
	[ACT_LET_IN] = { "let-in", BODY(gap), gap_fields },
	[ACT_WRITE_DOWN] = { "write-down", BODY(word), word_fields },
	[ACT_STRIKE_OUT] = { "strike-out", BODY(word), word_fields },
};

size_t action_size(const struct action *a)
{
	return (unsigned)a->kind < ACTION_KINDS ? kinds[a->kind].size : 0;
}

bool action_is_sound(const struct action *a)
{
	return (unsigned)a->kind < ACTION_KINDS && record_is_sound(kinds[a->kind].fields, a);
}

void action_print(const struct action *a, struct text *out)
{
	if ((unsigned)a->kind >= ACTION_KINDS)
		return;
	text_add(out, kinds[a->kind].name);
	record_print(out, kinds[a->kind].fields, a);
}

int action_parse(const char *line, struct action *ret)
{
	struct action a = { 0 };
	int kind = border_parse(kinds, ACTION_KINDS, line, &a);

	if (kind < 0)
		return kind;
	a.kind = (enum action_kind)kind;
	*ret = a;
	return 0;
}

uint32_t action_hand_host(const struct action *a)
{
	switch ((int)a->kind) {
	case ACT_FENCE: return a->fence.host;
	case ACT_SCAN: return a->scan.place.host;
	case ACT_REREAD: return a->reread.device.host;
	}
	return a->del.host;
}

uint32_t action_hand_deadline_ms(const struct action *a)
{
	return a->kind == ACT_FENCE ? a->fence.deadline_ms : a->del.deadline_ms;
}

const char *action_name(enum action_kind kind)
{
	return (unsigned)kind < ACTION_KINDS ? kinds[kind].name : "?";
}
