/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "observe/uevent_parse.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "base/text.h"

/* The netlink multicast groups of the two speakers. */
enum { GROUP_KERNEL = 1, GROUP_UDEV = 2 };

/* Before udev's properties: numbers in the host's order, but for the magic. */
struct udev_header {
	char prefix[8]; /* "libudev" */
	uint8_t magic[4];
	uint32_t header_size;
	uint32_t properties_at;
	uint32_t properties_len;
};

#define UDEV_MAGIC 0xfeedcafe

/* The properties that we look at. All borrowed from the message; NULL: not there. */
struct properties {
	const char *action, *devpath, *subsystem, *devtype, *seqnum, *sdev_ua, *dm_action, *dm_path;
};

static const struct property {
	const char *name;
	size_t offset;
} known_properties[] = {
	{ "ACTION=", offsetof(struct properties, action) },
	{ "DEVPATH=", offsetof(struct properties, devpath) },
	{ "SUBSYSTEM=", offsetof(struct properties, subsystem) },
	{ "DEVTYPE=", offsetof(struct properties, devtype) },
	{ "SEQNUM=", offsetof(struct properties, seqnum) },
	{ "SDEV_UA=", offsetof(struct properties, sdev_ua) },
	{ "DM_ACTION=", offsetof(struct properties, dm_action) },
	{ "DM_PATH=", offsetof(struct properties, dm_path) },
};

static const struct {
	const char *word;
	enum uevent_action action;
} actions[] = {
	{ "add", UEVENT_ADD },
	{ "remove", UEVENT_REMOVE },
	{ "change", UEVENT_CHANGE },
};

static const struct {
	const char *word;
	enum attention attention;
} attentions[] = {
	{ "REPORTED_LUNS_DATA_HAS_CHANGED", ATTENTION_LUNS_CHANGED },
	{ "INQUIRY_DATA_HAS_CHANGED", ATTENTION_INQUIRY_CHANGED },
	{ "CAPACITY_DATA_HAS_CHANGED", ATTENTION_CAPACITY },
	{ "POWER_ON_RESET_OCCURRED", ATTENTION_RESET },
	{ "ASYMMETRIC_ACCESS_STATE_CHANGED", ATTENTION_ACCESS_CHANGED },
};

#define OF(action) (1u << UEVENT_##action)

/*
 * Which events of which part of a SCSI device are worth a look. A change of the disk is heard from
 * udev, when its properties are complete; adding from both, as udev may be slow or absent. The
 * device itself changes by unit attentions only, which are told apart before this table is asked.
 */
static const struct interest {
	enum uevent_origin origin;
	const char *subsystem, *devtype; /* devtype NULL: any */
	unsigned actions;
} interests[] = {
	{ UEVENT_FROM_KERNEL, "scsi", "scsi_device", OF(ADD) | OF(REMOVE) },
	{ UEVENT_FROM_KERNEL, "block", "disk", OF(ADD) | OF(REMOVE) },
	{ UEVENT_FROM_KERNEL, "scsi_generic", NULL, OF(ADD) | OF(REMOVE) },
	{ UEVENT_FROM_UDEV, "block", "disk", OF(ADD) | OF(CHANGE) },
};

static bool is(const char *property, const char *value)
{
	return property && !strcmp(property, value);
}

static int read_properties(const uint8_t *bytes, size_t len, struct properties *ret)
{
	*ret = (struct properties){ 0 };
	while (len) {
		const char *line = (const char *)bytes;
		const uint8_t *end = memchr(bytes, '\0', len);

		if (!end)
			return -EBADMSG;
		for (size_t i = 0; i < ARRAY_SIZE(known_properties); i++) {
			size_t n = strlen(known_properties[i].name);

			if (!strncmp(line, known_properties[i].name, n))
				*(const char **)((char *)ret + known_properties[i].offset) = line +
											     n;
		}
		len -= (size_t)(end + 1 - bytes);
		bytes = end + 1;
	}
	return ret->action && ret->devpath && ret->devpath[0] == '/' ? 0 : -EBADMSG;
}

/* "change@/devices/..." and then the properties, which repeat both. */
static int read_kernel(const uint8_t *bytes, size_t len, struct properties *ret)
{
	const uint8_t *end = memchr(bytes, '\0', len);

	if (!end || !memchr(bytes, '@', (size_t)(end - bytes)))
		return -EBADMSG;
	return read_properties(end + 1, len - (size_t)(end + 1 - bytes), ret);
}

static int read_udev(const uint8_t *bytes, size_t len, struct properties *ret)
{
	struct udev_header header;

	if (len < sizeof header)
		return -EBADMSG;
	memcpy(&header, bytes, sizeof header);
	if (memcmp(header.prefix, "libudev", 8) != 0 || number_be32(header.magic) != UDEV_MAGIC ||
		header.properties_at < sizeof header || header.properties_at > len ||
		header.properties_len > len - header.properties_at)
		return -EBADMSG;
	return read_properties(bytes + header.properties_at, header.properties_len, ret);
}

static bool is_address(const char *text, size_t len)
{
	struct scsi_address address;
	char copy[SCSI_ADDRESS_TEXT];

	if (len >= sizeof copy)
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return scsi_address_parse(copy, &address) >= 0;
}

/*
 * "/devices/.../3:0:0:1/block/sdb" -> "devices/.../3:0:0:1". Once the parents are gone the kernel's
 * path is cut at its front ("/3:0:0:1"); what is too long for us is cut in the same way.
 */
static bool cut_to_device(const char *devpath, struct obs_uevent *ret)
{
	const char *start = devpath + 1, *name = start;

	for (;;) {
		size_t len = strcspn(name, "/"), whole = (size_t)(name - start) + len;

		if (is_address(name, len)) {
			const char *from = whole < MAX_SYSFS ? start : name;

			memcpy(ret->sysfs, from, (size_t)(name - from) + len);
			ret->scsi_device = !name[len];
			return true;
		}
		if (!name[len])
			return false;
		name += len + 1;
	}
}

static enum uevent_action action_from(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		if (is(word, actions[i].word))
			return actions[i].action;
	return UEVENT_OTHER;
}

static enum attention attention_from(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(attentions); i++)
		if (is(word, attentions[i].word))
			return attentions[i].attention;
	return ATTENTION_OTHER;
}

static bool is_interesting(
	enum uevent_origin origin, const struct properties *p, enum uevent_action action)
{
	for (size_t i = 0; i < ARRAY_SIZE(interests); i++) {
		const struct interest *row = &interests[i];

		if (row->origin == origin && is(p->subsystem, row->subsystem) &&
			(!row->devtype || is(p->devtype, row->devtype)) &&
			row->actions >> action & 1)
			return true;
	}
	return false;
}

static bool interpret(enum uevent_origin origin, const struct properties *p, struct obs_uevent *e)
{
	e->action = action_from(p->action);
	if (p->seqnum)
		number_parse_u64(p->seqnum, 0, UINT64_MAX, &e->sequence);
	if (origin == UEVENT_FROM_KERNEL && is(p->subsystem, "block") &&
		is(p->dm_action, "PATH_FAILED")) {
		e->dm_path_failed = true;
		return p->dm_path && devt_parse(p->dm_path, &e->devt) >= 0;
	}
	if (!cut_to_device(p->devpath, e))
		return false;
	e->scsi_device = e->scsi_device && is(p->subsystem, "scsi");
	if (origin == UEVENT_FROM_KERNEL && is(p->subsystem, "scsi") && p->sdev_ua) {
		e->attention = attention_from(p->sdev_ua);
		return true;
	}
	return is_interesting(origin, p, e->action);
}

int uevent_parse(
	enum uevent_origin origin, const uint8_t *bytes, size_t len, struct obs_uevent *ret)
{
	struct obs_uevent e = { 0 };
	struct properties p;
	int r = origin == UEVENT_FROM_UDEV ? read_udev(bytes, len, &p)
					   : read_kernel(bytes, len, &p);

	if (r < 0)
		return r;
	if (!interpret(origin, &p, &e))
		return 0;
	*ret = e;
	return 1;
}

bool uevent_is_genuine(
	enum uevent_origin origin, uint32_t port, uint32_t groups, bool has_uid, uid_t uid)
{
	if (!has_uid || uid != 0)
		return false;
	return origin == UEVENT_FROM_KERNEL ? groups == GROUP_KERNEL && port == 0
					    : groups == GROUP_UDEV && port != 0;
}
