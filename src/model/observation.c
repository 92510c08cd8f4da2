/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/observation.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/record.h"
#include "base/text.h"
#include "model/border_text.h"

static const char *const device_state_names[] = {
	[DEVICE_UNKNOWN] = "unknown",
	[DEVICE_RUNNING] = "running",
	[DEVICE_OFFLINE] = "offline",
	[DEVICE_TRANSPORT_OFFLINE] = "transport-offline",
	[DEVICE_BLOCKED] = "blocked",
	[DEVICE_QUIESCE] = "quiesce",
	[DEVICE_GOING] = "going",
};
static const char *const transport_names[] = { "none", "up", "down" };
static const char *const protocol_names[] = {
	[PROTOCOL_UNSPEC] = "scsi:unspec",
	[PROTOCOL_ISCSI] = "scsi:iscsi",
	[PROTOCOL_FCP] = "scsi:fcp",
	[PROTOCOL_SAS] = "scsi:sas",
	[PROTOCOL_SRP] = "scsi:srp",
	[PROTOCOL_VIRTIO] = "scsi:virtio",
	[PROTOCOL_DEBUG] = "scsi:debug",
	[PROTOCOL_USB] = "scsi:usb",
	[PROTOCOL_ATA] = "scsi:ata",
};
static const char *const uevent_names[] = { "add", "remove", "change", "other" };
static const char *const attention_names[] = {
	[ATTENTION_NONE] = "none",
	[ATTENTION_LUNS_CHANGED] = "luns-changed",
	[ATTENTION_INQUIRY_CHANGED] = "inquiry-changed",
	[ATTENTION_CAPACITY] = "capacity",
	[ATTENTION_RESET] = "reset",
	[ATTENTION_ACCESS_CHANGED] = "access-changed",
	[ATTENTION_OTHER] = "other",
};
static const char *const hold_names[] = {
	[HOLD_OTHER] = "other",
	[HOLD_MOUNT] = "mount",
	[HOLD_SWAP] = "swap",
	[HOLD_MAP] = "map",
	[HOLD_MD] = "md",
	[HOLD_BCACHE] = "bcache",
	[HOLD_LOOP] = "loop",
	[HOLD_EXPORT] = "export",
	[HOLD_OPEN] = "open",
	[HOLD_CLAIM] = "claim",
};
static const char *const helper_names[] = {
	[HELPER_ZYGOTE] = "zygote",
	[HELPER_KEEPER] = "keeper",
	[HELPER_SCOUT] = "scout",
	[HELPER_SCANNER] = "scanner",
	[HELPER_DM] = "dm",
	[HELPER_OWNER] = "owner",
	[HELPER_DM_HAND] = "dm-hand",
	[HELPER_SCAN_HAND] = "scan-hand",
	[HELPER_CLERK] = "clerk",
	[HELPER_READER] = "reader",
	[HELPER_HAND] = "hand",
};
static const char *const lun_words[] = { "not-asked", "unknown", "listed", "not-listed" };
static const char *const helper_event_names[] = { "born", "lost" };
static const char *const verb_names[] = {
	[VERB_CHECK] = "check",
	[VERB_PURGE] = "purge",
	[VERB_HOLDERS] = "holders",
	[VERB_RESCAN] = "rescan",
	[VERB_WAIT] = "wait",
	[VERB_GROW] = "grow",
	[VERB_CLEAN] = "clean",
	[VERB_DETACH] = "detach",
};
static const char *const stage_names[STAGE_N] = {
	[STAGE_NONE] = "none",
	[STAGE_LOCK] = "lock",
	[STAGE_STATE] = "state",
	[STAGE_TRANSPORT] = "transport",
	[STAGE_ASK] = "ask",
	[STAGE_CLAIM] = "claim",
	[STAGE_DAEMON] = "daemon",
	[STAGE_WRITE] = "write",
};

#define ANSWER_FIELDS(prefix, member)                                                              \
	FIELD_AS(prefix ".error", observation, member.error, FIELD_I32),                           \
		FIELD_AS(prefix ".status", observation, member.status, FIELD_U8),                  \
		FIELD_AS(prefix ".host", observation, member.host_status, FIELD_U8),               \
		FIELD_AS(prefix ".driver", observation, member.driver_status, FIELD_U8),           \
		FIELD_HEX(prefix ".sense", observation, member.sense, member.sense_len)

#define HEAD_FIELDS                                                                                \
	FIELD_AS("at", observation, at, FIELD_U64),                                                \
		FIELD_AS("path.slot", observation, path.slot, FIELD_U32),                          \
		FIELD_AS("path.gen", observation, path.gen, FIELD_U32),                            \
		FIELD_AS("action", observation, action, FIELD_U64),                                \
		FIELD_AS("result", observation, result, FIELD_I32)

static const struct field hold_fields[] = {
	FIELD_NAMED("kind", hold, kind, hold_names),
	FIELD(hold, pid, FIELD_U32),
	FIELD(hold, critical, FIELD_BOOL),
	FIELD(hold, udev, FIELD_BOOL),
	FIELD(hold, partition, FIELD_BOOL),
	FIELD(hold, what, FIELD_TEXT),
	FIELD(hold, comm, FIELD_TEXT),
	FIELD_END,
};
static const struct field member_fields[] = {
	FIELD_AS("major", map_member, devt.major, FIELD_U32),
	FIELD_AS("minor", map_member, devt.minor, FIELD_U32),
	FIELD(map_member, active, FIELD_BOOL),
	FIELD(map_member, group, FIELD_U16),
	FIELD(map_member, failures, FIELD_U32),
	FIELD_END,
};
static const struct field head_fields[] = { HEAD_FIELDS, FIELD_END };
static const struct field time_fields[] = {
	HEAD_FIELDS,
	FIELD_AS("slept_ms", observation, time.slept_ms, FIELD_U64),
	FIELD_END,
};
static const struct field device_fields[] = {
	HEAD_FIELDS,
	FIELD_AS("present", observation, device.present, FIELD_BOOL),
	FIELD_AS("sysfs", observation, device.sysfs, FIELD_TEXT),
	FIELD_AS("ino", observation, device.ino, FIELD_U64),
	FIELD_AS("address.host", observation, device.address.host, FIELD_U32),
	FIELD_AS("address.channel", observation, device.address.channel, FIELD_U32),
	FIELD_AS("address.target", observation, device.address.target, FIELD_U32),
	FIELD_AS("address.lun", observation, device.address.lun, FIELD_U64),
	FIELD_AS("type", observation, device.type, FIELD_U32),
	FIELD_NAMED("protocol", observation, device.protocol, protocol_names),
	FIELD_NAMED("state", observation, device.state, device_state_names),
	FIELD_NAMED("transport", observation, device.transport, transport_names),
	FIELD_AS("devt.major", observation, device.devt.major, FIELD_U32),
	FIELD_AS("devt.minor", observation, device.devt.minor, FIELD_U32),
	FIELD_AS("sg.major", observation, device.sg.major, FIELD_U32),
	FIELD_AS("sg.minor", observation, device.sg.minor, FIELD_U32),
	FIELD_AS("dev", observation, device.dev, FIELD_TEXT),
	FIELD_AS("vendor", observation, device.vendor, FIELD_TEXT),
	FIELD_AS("product", observation, device.product, FIELD_TEXT),
	FIELD_AS("revision", observation, device.revision, FIELD_TEXT),
	FIELD_AS("wwid", observation, device.wwid, FIELD_TEXT),
	FIELD_AS("udev_serial", observation, device.udev_serial, FIELD_TEXT),
	FIELD_AS("array", observation, device.array, FIELD_TEXT),
	FIELD_AS("size_sectors", observation, device.size_sectors, FIELD_U64),
	FIELD_AS("properties", observation, device.properties, FIELD_TEXT),
	FIELD_END,
};
static const struct field host_fields[] = {
	HEAD_FIELDS,
	FIELD_AS("number", observation, host.number, FIELD_U32),
	FIELD_AS("sysfs", observation, host.sysfs, FIELD_TEXT),
	FIELD_AS("ino", observation, host.ino, FIELD_U64),
	FIELD_NAMED("protocol", observation, host.protocol, protocol_names),
	FIELD_AS("sessions", observation, host.sessions, FIELD_TEXT),
	FIELD_END,
};
static const struct field uevent_fields[] = {
	HEAD_FIELDS,
	FIELD_NAMED("uevent", observation, uevent.action, uevent_names),
	FIELD_NAMED("attention", observation, uevent.attention, attention_names),
	FIELD_AS("sysfs", observation, uevent.sysfs, FIELD_TEXT),
	FIELD_AS("scsi_device", observation, uevent.scsi_device, FIELD_BOOL),
	FIELD_AS("dm_path_failed", observation, uevent.dm_path_failed, FIELD_BOOL),
	FIELD_AS("devt.major", observation, uevent.devt.major, FIELD_U32),
	FIELD_AS("devt.minor", observation, uevent.devt.minor, FIELD_U32),
	FIELD_AS("sequence", observation, uevent.sequence, FIELD_U64),
	FIELD_END,
};
static const struct field checked_fields[] = {
	HEAD_FIELDS,
	FIELD_NAMED("state", observation, checked.state, device_state_names),
	FIELD_NAMED("transport", observation, checked.transport, transport_names),
	FIELD_AS("asked", observation, checked.asked, FIELD_BOOL),
	FIELD_AS("inquired", observation, checked.inquired, FIELD_BOOL),
	ANSWER_FIELDS("tur", checked.tur),
	ANSWER_FIELDS("inquiry", checked.inquiry),
	FIELD_HEX("inquiry.data", observation, checked.inquiry_data, checked.inquiry_len),
	FIELD_AS("took_ms", observation, checked.took_ms, FIELD_U32),
	FIELD_NAMED("sought", observation, checked.sought, lun_words),
	FIELD_AS("identified", observation, checked.identified, FIELD_BOOL),
	FIELD_HEX("identity.data", observation, checked.identity_data, checked.identity_len),
	FIELD_END,
};
static const struct field holders_fields[] = {
	HEAD_FIELDS,
	FIELD_AS("complete", observation, holders.complete, FIELD_BOOL),
	FIELD_AS("found", observation, holders.n_holds, FIELD_U32),
	FIELD_LIST("hold", observation, holders.holds, holders.n_holds, hold_fields),
	FIELD_END,
};
static const struct field map_fields[] = {
	HEAD_FIELDS,
	FIELD_AS("present", observation, map.present, FIELD_BOOL),
	FIELD_AS("devt.major", observation, map.devt.major, FIELD_U32),
	FIELD_AS("devt.minor", observation, map.devt.minor, FIELD_U32),
	FIELD_AS("name", observation, map.name, FIELD_TEXT),
	FIELD_AS("uuid", observation, map.uuid, FIELD_TEXT),
	FIELD_AS("open_count", observation, map.open_count, FIELD_U32),
	FIELD_AS("queues", observation, map.queues, FIELD_BOOL),
	FIELD_AS("suspended", observation, map.suspended, FIELD_BOOL),
	FIELD_AS("read_only", observation, map.read_only, FIELD_BOOL),
	FIELD_AS("size_sectors", observation, map.size_sectors, FIELD_U64),
	FIELD_AS("features", observation, map.features, FIELD_TEXT),
	FIELD_AS("handler", observation, map.handler, FIELD_TEXT),
	FIELD_AS("selector", observation, map.selector, FIELD_TEXT),
	FIELD_AS("groups", observation, map.groups, FIELD_TEXT),
	FIELD_AS("members", observation, map.n_members, FIELD_U32),
	FIELD_LIST("member", observation, map.members, map.n_members, member_fields),
	FIELD_END,
};
static const struct field owner_fields[] = {
	HEAD_FIELDS,
	FIELD_AS("running", observation, owner.running, FIELD_BOOL),
	FIELD_AS("pid", observation, owner.pid, FIELD_U32),
	FIELD_AS("knows_purge", observation, owner.knows_purge, FIELD_BOOL),
	FIELD_AS("purges", observation, owner.purges, FIELD_BOOL),
	FIELD_AS("rules", observation, owner.rules, FIELD_TEXT),
	FIELD_END,
};
static const struct field hand_fields[] = {
	HEAD_FIELDS,
	FIELD_AS("pid", observation, hand.pid, FIELD_U32),
	FIELD_AS("host", observation, hand.host, FIELD_U32),
	FIELD_END,
};
static const struct field done_fields[] = {
	HEAD_FIELDS,
	FIELD_AS("written", observation, done.written, FIELD_BOOL),
	FIELD_AS("asked", observation, done.asked, FIELD_BOOL),
	FIELD_AS("stage", observation, done.stage, FIELD_U8),
	FIELD_AS("sectors", observation, done.sectors, FIELD_U64),
	ANSWER_FIELDS("tur", done.tur),
	ANSWER_FIELDS("inquiry", done.inquiry),
	FIELD_END,
};
static const struct field helper_fields[] = {
	HEAD_FIELDS,
	FIELD_NAMED("helper", observation, helper.helper, helper_names),
	FIELD_NAMED("event", observation, helper.event, helper_event_names),
	FIELD_AS("host", observation, helper.host, FIELD_U32),
	FIELD_AS("pid", observation, helper.pid, FIELD_U32),
	FIELD_END,
};
static const struct field request_fields[] = {
	HEAD_FIELDS,
	FIELD_AS("request", observation, request.request, FIELD_U64),
	FIELD_NAMED("verb", observation, request.verb, verb_names),
	FIELD_AS("flags", observation, request.flags, FIELD_U32),
	FIELD_AS("timeout_ms", observation, request.timeout_ms, FIELD_U64),
	FIELD_AS("paths", observation, request.paths, FIELD_U32),
	FIELD_AS("below", observation, request.below, FIELD_TEXT),
	FIELD_AS("requester", observation, request.requester, FIELD_TEXT),
	FIELD_END,
};

static const struct field fenced_fields[] = {
	HEAD_FIELDS,
	FIELD_AS("ino", observation, fenced.ino, FIELD_U64),
	FIELD_AS("sysfs", observation, fenced.sysfs, FIELD_TEXT),
	FIELD_AS("found", observation, fenced.found, FIELD_TEXT),
	FIELD_END,
};

static const struct field gap_fields[] = {
	HEAD_FIELDS,
	FIELD_AS("address.host", observation, gap.address.host, FIELD_U32),
	FIELD_AS("address.channel", observation, gap.address.channel, FIELD_U32),
	FIELD_AS("address.target", observation, gap.address.target, FIELD_U32),
	FIELD_AS("address.lun", observation, gap.address.lun, FIELD_U64),
	FIELD_AS("ino", observation, gap.ino, FIELD_U64),
	FIELD_AS("youngest", observation, gap.youngest, FIELD_U64),
	FIELD_AS("everywhere", observation, gap.everywhere, FIELD_BOOL),
	FIELD_AS("wwid", observation, gap.wwid, FIELD_TEXT),
	FIELD_AS("since", observation, gap.since, FIELD_U64),
	FIELD_AS("until", observation, gap.until, FIELD_U64),
	FIELD_AS("requester", observation, gap.requester, FIELD_TEXT),
	FIELD_END,
};

static const struct field detaching_fields[] = {
	HEAD_FIELDS,
	FIELD_AS("number", observation, detaching.number, FIELD_U64),
	FIELD_AS("wwid", observation, detaching.wwid, FIELD_TEXT),
	FIELD_AS("sysfs", observation, detaching.sysfs, FIELD_TEXT),
	FIELD_AS("ino", observation, detaching.ino, FIELD_U64),
	FIELD_AS("name", observation, detaching.name, FIELD_TEXT),
	FIELD_AS("requester", observation, detaching.requester, FIELD_TEXT),
	FIELD_END,
};

static const struct field taken_fields[] = {
	HEAD_FIELDS,
	FIELD_AS("word", observation, taken.word, FIELD_U64),
	FIELD_AS("devt.major", observation, taken.devt.major, FIELD_U32),
	FIELD_AS("devt.minor", observation, taken.devt.minor, FIELD_U32),
	FIELD_AS("name", observation, taken.name, FIELD_TEXT),
	FIELD_AS("uuid", observation, taken.uuid, FIELD_TEXT),
	FIELD_AS("read_only", observation, taken.read_only, FIELD_BOOL),
	FIELD_AS("sectors", observation, taken.sectors, FIELD_U64),
	FIELD_AS("type", observation, taken.type, FIELD_TEXT),
	FIELD_AS("params", observation, taken.params, FIELD_TEXT),
	FIELD_END,
};

#define BODY(member)                                                                               \
	offsetof(struct observation, member) + sizeof(((struct observation *)0)->member)
#define HEAD offsetof(struct observation, time)

static const struct border_kind kinds[OBSERVATION_KINDS] = {
	[OBS_TIME] = { "time", BODY(time), time_fields },
	[OBS_DEVICE] = { "device", BODY(device), device_fields },
	[OBS_HOST] = { "host", BODY(host), host_fields },
	[OBS_DEVICES_END] = { "devices-end", HEAD, head_fields },
	[OBS_UEVENT] = { "uevent", BODY(uevent), uevent_fields },
	[OBS_UEVENTS_LOST] = { "uevents-lost", HEAD, head_fields },
	[OBS_WATCHED] = { "watched", HEAD, head_fields },
	[OBS_CHECKED] = { "checked", BODY(checked), checked_fields },
	[OBS_HUNG_UP] = { "hung-up", HEAD, head_fields },
	[OBS_HOLDERS] = { "holders", BODY(holders), holders_fields },
	[OBS_MAP] = { "map", BODY(map), map_fields },
	[OBS_MAPS_END] = { "maps-end", HEAD, head_fields },
	[OBS_OWNER] = { "owner", BODY(owner), owner_fields },
	[OBS_HAND] = { "hand", BODY(hand), hand_fields },
	[OBS_DONE] = { "done", BODY(done), done_fields },
	[OBS_HELPER] = { "helper", BODY(helper), helper_fields },
	[OBS_REQUEST] = { "request", BODY(request), request_fields },
	[OBS_FENCED] = { "fenced", BODY(fenced), fenced_fields },
	[OBS_PRESSURE] = { "pressure", HEAD, head_fields },
	[OBS_KEPT_OUT] = { "kept-out", BODY(gap), gap_fields },
	[OBS_DETACHING] = { "detaching", BODY(detaching), detaching_fields },
	[OBS_TAKEN] = { "taken", BODY(taken), taken_fields },
};

size_t observation_size(const struct observation *o)
{
	if ((unsigned)o->kind >= OBSERVATION_KINDS)
		return 0;
	if (o->kind == OBS_DEVICE)
		return offsetof(struct observation, device.properties) +
		       strlen(o->device.properties) + 1;
	if (o->kind == OBS_OWNER)
		return offsetof(struct observation, owner.rules) + strlen(o->owner.rules) + 1;
	if (o->kind == OBS_TAKEN)
		return offsetof(struct observation, taken.params) + strlen(o->taken.params) + 1;
	if (o->kind == OBS_CHECKED)
		return offsetof(struct observation, checked.identity_data) +
		       o->checked.identity_len;
	return kinds[o->kind].size;
}

bool observation_is_sound(const struct observation *o)
{
	return (unsigned)o->kind < OBSERVATION_KINDS && record_is_sound(kinds[o->kind].fields, o);
}

void observation_print(const struct observation *o, struct text *out)
{
	if ((unsigned)o->kind >= OBSERVATION_KINDS)
		return;
	text_add(out, kinds[o->kind].name);
	record_print(out, kinds[o->kind].fields, o);
}

int observation_parse(const char *line, struct observation *ret)
{
	_cleanup_(freep) struct observation *o = calloc(1, sizeof *o);
	int kind;

	if (!o)
		return -ENOMEM;
	kind = border_parse(kinds, OBSERVATION_KINDS, line, o);
	if (kind < 0)
		return kind;
	o->kind = (enum observation_kind)kind;
	*ret = *o;
	return 0;
}

const char *observation_name(enum observation_kind kind)
{
	return (unsigned)kind < OBSERVATION_KINDS ? kinds[kind].name : "?";
}

const char *hold_kind_name(enum hold_kind kind)
{
	return (unsigned)kind < ARRAY_SIZE(hold_names) ? hold_names[kind] : "other";
}

const char *hand_stage_name(enum hand_stage stage)
{
	return (unsigned)stage < STAGE_N ? stage_names[stage] : "?";
}

const char *protocol_name(enum protocol protocol)
{
	return protocol_names[protocol];
}

const char *helper_kind_name(enum helper_kind helper)
{
	return (unsigned)helper < ARRAY_SIZE(helper_names) ? helper_names[helper] : "?";
}

const char *lun_word_name(enum lun_word word)
{
	return (unsigned)word < ARRAY_SIZE(lun_words) ? lun_words[word] : "?";
}

enum device_state device_state_from(const char *attribute)
{
	static const struct {
		const char *word;
		enum device_state state;
	} words[] = {
		{ "running", DEVICE_RUNNING },
		{ "offline", DEVICE_OFFLINE },
		{ "transport-offline", DEVICE_TRANSPORT_OFFLINE },
		{ "blocked", DEVICE_BLOCKED },
		{ "created-blocked", DEVICE_BLOCKED },
		{ "created", DEVICE_UNKNOWN },
		{ "quiesce", DEVICE_QUIESCE },
		{ "cancel", DEVICE_GOING },
		{ "deleted", DEVICE_GOING },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(words[i].word, attribute))
			return words[i].state;
	return DEVICE_UNKNOWN;
}
