/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "observe/uevent_parse.h"

#define LUN	"devices/platform/host3/session1/target3:0:0/3:0:0:1"
#define EVERY64 "0123456789012345678901234567890123456789012345678901234567890123"
#define LONG	EVERY64 EVERY64 EVERY64 EVERY64

/* properties: one a word of a blank-separated list */
static const struct {
	const char *rule;
	enum uevent_origin origin;
	const char *properties;
	int want;
	struct obs_uevent event;
} rows[] = {
	{ "the end of a removal", UEVENT_FROM_KERNEL,
		"ACTION=remove DEVPATH=/" LUN " SUBSYSTEM=scsi DEVTYPE=scsi_device SEQNUM=77", 1,
		{ .action = UEVENT_REMOVE, .sysfs = LUN, .scsi_device = true, .sequence = 77 } },
	{ "a disk goes: its device is named, and it is a part of it", UEVENT_FROM_KERNEL,
		"ACTION=remove DEVPATH=/" LUN "/block/sdb SUBSYSTEM=block DEVTYPE=disk", 1,
		{ .action = UEVENT_REMOVE, .sysfs = LUN } },
	{ "a disk came, the kernel says", UEVENT_FROM_KERNEL,
		"ACTION=add DEVPATH=/" LUN "/block/sdb SUBSYSTEM=block DEVTYPE=disk", 1,
		{ .action = UEVENT_ADD, .sysfs = LUN } },
	{ "a disk changed: udev says it", UEVENT_FROM_UDEV,
		"ACTION=change DEVPATH=/" LUN "/block/sdb SUBSYSTEM=block DEVTYPE=disk", 1,
		{ .action = UEVENT_CHANGE, .sysfs = LUN } },
	{ "... and the kernel's word of it is too early", UEVENT_FROM_KERNEL,
		"ACTION=change DEVPATH=/" LUN "/block/sdb SUBSYSTEM=block DEVTYPE=disk", 0, { 0 } },
	{ "of a removal only the kernel's word counts", UEVENT_FROM_UDEV,
		"ACTION=remove DEVPATH=/" LUN "/block/sdb SUBSYSTEM=block DEVTYPE=disk", 0, { 0 } },
	{ "an sg node came", UEVENT_FROM_KERNEL,
		"ACTION=add DEVPATH=/" LUN "/scsi_generic/sg1 SUBSYSTEM=scsi_generic", 1,
		{ .action = UEVENT_ADD, .sysfs = LUN } },
	{ "partitions are no concern", UEVENT_FROM_KERNEL,
		"ACTION=add DEVPATH=/" LUN "/block/sdb/sdb1 SUBSYSTEM=block DEVTYPE=partition", 0,
		{ 0 } },
	{ "the class device of the same address is not the device", UEVENT_FROM_KERNEL,
		"ACTION=remove DEVPATH=/" LUN "/scsi_device/3:0:0:1 SUBSYSTEM=scsi_device", 0,
		{ 0 } },
	{ "3F/0E", UEVENT_FROM_KERNEL,
		"ACTION=change DEVPATH=/" LUN
		" SUBSYSTEM=scsi DEVTYPE=scsi_device SDEV_UA=REPORTED_LUNS_DATA_HAS_CHANGED",
		1,
		{ .action = UEVENT_CHANGE,
			.attention = ATTENTION_LUNS_CHANGED,
			.sysfs = LUN,
			.scsi_device = true } },
	{ "a unit attention after the removal: the path is cut", UEVENT_FROM_KERNEL,
		"ACTION=change DEVPATH=/0:0:0:1 SUBSYSTEM=scsi SDEV_UA=POWER_ON_RESET_OCCURRED", 1,
		{ .action = UEVENT_CHANGE,
			.attention = ATTENTION_RESET,
			.sysfs = "0:0:0:1",
			.scsi_device = true } },
	{ "3F/03", UEVENT_FROM_KERNEL,
		"ACTION=change DEVPATH=/1:0:0:0 SUBSYSTEM=scsi SDEV_UA=INQUIRY_DATA_HAS_CHANGED", 1,
		{ .action = UEVENT_CHANGE,
			.attention = ATTENTION_INQUIRY_CHANGED,
			.sysfs = "1:0:0:0",
			.scsi_device = true } },
	{ "2A/06", UEVENT_FROM_KERNEL,
		"ACTION=change DEVPATH=/1:0:0:0 SUBSYSTEM=scsi "
		"SDEV_UA=ASYMMETRIC_ACCESS_STATE_CHANGED",
		1,
		{ .action = UEVENT_CHANGE,
			.attention = ATTENTION_ACCESS_CHANGED,
			.sysfs = "1:0:0:0",
			.scsi_device = true } },
	{ "2A/09", UEVENT_FROM_KERNEL,
		"ACTION=change DEVPATH=/1:0:0:0 SUBSYSTEM=scsi SDEV_UA=CAPACITY_DATA_HAS_CHANGED",
		1,
		{ .action = UEVENT_CHANGE,
			.attention = ATTENTION_CAPACITY,
			.sysfs = "1:0:0:0",
			.scsi_device = true } },
	{ "an attention that we have no name for", UEVENT_FROM_KERNEL,
		"ACTION=change DEVPATH=/1:0:0:0 SUBSYSTEM=scsi SDEV_UA=NEWER_THAN_WE", 1,
		{ .action = UEVENT_CHANGE,
			.attention = ATTENTION_OTHER,
			.sysfs = "1:0:0:0",
			.scsi_device = true } },
	{ "udev's copy of an attention is not told twice", UEVENT_FROM_UDEV,
		"ACTION=change DEVPATH=/" LUN
		" SUBSYSTEM=scsi DEVTYPE=scsi_device SDEV_UA=CAPACITY_DATA_HAS_CHANGED",
		0, { 0 } },
	{ "binding is not coming", UEVENT_FROM_KERNEL,
		"ACTION=bind DEVPATH=/" LUN " SUBSYSTEM=scsi DEVTYPE=scsi_device", 0, { 0 } },
	{ "device-mapper saw a path fail", UEVENT_FROM_KERNEL,
		"ACTION=change DEVPATH=/devices/virtual/block/dm-3 SUBSYSTEM=block DEVTYPE=disk "
		"DM_ACTION=PATH_FAILED DM_PATH=8:16 DM_NR_VALID_PATHS=1",
		1, { .action = UEVENT_CHANGE, .dm_path_failed = true, .devt = { 8, 16 } } },
	{ "... without saying which", UEVENT_FROM_KERNEL,
		"ACTION=change DEVPATH=/devices/virtual/block/dm-3 SUBSYSTEM=block "
		"DM_ACTION=PATH_FAILED DM_PATH=8:x",
		0, { 0 } },
	{ "device-mapper reinstated one", UEVENT_FROM_KERNEL,
		"ACTION=change DEVPATH=/devices/virtual/block/dm-3 SUBSYSTEM=block "
		"DM_ACTION=PATH_REINSTATED DM_PATH=8:16",
		0, { 0 } },
	{ "a disk that is not a SCSI device", UEVENT_FROM_KERNEL,
		"ACTION=add DEVPATH=/devices/pci0000:00/0000:00:05.0/virtio2/block/vda "
		"SUBSYSTEM=block DEVTYPE=disk",
		0, { 0 } },
	{ "a path too long for us keeps its address", UEVENT_FROM_KERNEL,
		"ACTION=remove DEVPATH=/devices/" LONG
		"/3:0:0:1 SUBSYSTEM=scsi DEVTYPE=scsi_device",
		1, { .action = UEVENT_REMOVE, .sysfs = "3:0:0:1", .scsi_device = true } },
	{ "a sequence number that is none", UEVENT_FROM_KERNEL,
		"ACTION=remove DEVPATH=/1:0:0:0 SUBSYSTEM=scsi DEVTYPE=scsi_device SEQNUM=-1", 1,
		{ .action = UEVENT_REMOVE, .sysfs = "1:0:0:0", .scsi_device = true } },
	{ "no path", UEVENT_FROM_KERNEL, "ACTION=add SUBSYSTEM=scsi", -EBADMSG, { 0 } },
	{ "no action", UEVENT_FROM_KERNEL, "DEVPATH=/1:0:0:0 SUBSYSTEM=scsi", -EBADMSG, { 0 } },
	{ "a path that does not begin at the root", UEVENT_FROM_KERNEL,
		"ACTION=add DEVPATH=1:0:0:0 SUBSYSTEM=scsi", -EBADMSG, { 0 } },
	{ "an empty path", UEVENT_FROM_KERNEL, "ACTION=add DEVPATH= SUBSYSTEM=scsi", -EBADMSG,
		{ 0 } },
	{ "no subsystem", UEVENT_FROM_KERNEL, "ACTION=add DEVPATH=/1:0:0:0", 0, { 0 } },
};

/* As the kernel or udev would send it. The length. */
static size_t compose(enum uevent_origin origin, const char *properties, uint8_t *ret)
{
	size_t n = strlen(properties) + 1, head;

	if (origin == UEVENT_FROM_KERNEL) {
		head = (size_t)sprintf((char *)ret, "add@/x") + 1;
	} else {
		const uint32_t header[] = { 40, 40, (uint32_t)n, 0, 0, 0, 0 };

		memcpy(ret, "libudev\0\xfe\xed\xca\xfe", 12);
		memcpy(ret + 12, header, sizeof header);
		head = 40;
	}
	for (size_t i = 0; i < n; i++)
		ret[head + i] = properties[i] == ' ' ? '\0' : (uint8_t)properties[i];
	return head + n;
}

/* In memory of exactly that size, so that a byte read beyond it is noticed. */
static int parse(
	enum uevent_origin origin, const uint8_t *bytes, size_t len, struct obs_uevent *ret)
{
	_cleanup_(freep) uint8_t *copy = malloc(len ? len : 1);

	memcpy(copy, bytes, len);
	return uevent_parse(origin, copy, len, ret);
}

static void messages_become_events(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint8_t bytes[2048];
		size_t len = compose(rows[i].origin, rows[i].properties, bytes);
		struct obs_uevent e = { 0 };
		int r = parse(rows[i].origin, bytes, len, &e);

		if (r != rows[i].want || memcmp(&e, &rows[i].event, sizeof e) != 0)
			fail_msg("%s: %d, action %d attention %d '%s' device %d failed %d %u:%u",
				rows[i].rule, r, (int)e.action, (int)e.attention, e.sysfs,
				e.scsi_device, e.dm_path_failed, e.devt.major, e.devt.minor);
	}
}

static void every_cut_message_is_survived(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint8_t bytes[2048];
		size_t len = compose(rows[i].origin, rows[i].properties, bytes);
		struct obs_uevent e;

		for (size_t n = 0; n < len; n++)
			parse(rows[i].origin, bytes, n, &e);
	}
}

static const struct {
	const char *rule;
	uint32_t header_size, properties_at, properties_len;
	const char *magic;
} headers[] = {
	{ "properties behind the end", 40, 41, 1000, "libudev\0\xfe\xed\xca\xfe" },
	{ "properties that begin behind the end", 40, 4000000000u, 10,
		"libudev\0\xfe\xed\xca\xfe" },
	{ "a sum that overflows", 40, 40, 0xffffffff, "libudev\0\xfe\xed\xca\xfe" },
	{ "properties inside the header", 40, 4, 30, "libudev\0\xfe\xed\xca\xfe" },
	{ "another magic", 40, 40, 60, "libudev\0\xfe\xed\xca\xff" },
	{ "another name", 40, 40, 60, "libudex\0\xfe\xed\xca\xfe" },
};

static void a_bad_header_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++) {
		uint8_t bytes[2048];
		size_t len = compose(UEVENT_FROM_UDEV,
			"ACTION=add DEVPATH=/1:0:0:0/block/sda SUBSYSTEM=block DEVTYPE=disk",
			bytes);
		struct obs_uevent e;

		assert_int_equal(parse(UEVENT_FROM_UDEV, bytes, len, &e), 1);
		memcpy(bytes, headers[i].magic, 12);
		memcpy(bytes + 12, &headers[i].header_size, 12);
		if (parse(UEVENT_FROM_UDEV, bytes, len, &e) != -EBADMSG)
			fail_msg("%s", headers[i].rule);
	}
}

static const struct {
	const char *rule;
	enum uevent_origin origin;
	uint32_t port, groups;
	bool has_uid;
	uid_t uid;
	bool genuine;
} senders[] = {
	{ "the kernel", UEVENT_FROM_KERNEL, 0, 1, true, 0, true },
	{ "a process that plays the kernel", UEVENT_FROM_KERNEL, 4711, 1, true, 0, false },
	{ "sent to us alone, not to the group", UEVENT_FROM_KERNEL, 0, 0, true, 0, false },
	{ "udev", UEVENT_FROM_UDEV, 4711, 2, true, 0, true },
	{ "somebody who is not root", UEVENT_FROM_UDEV, 4711, 2, true, 1000, false },
	{ "somebody without a name", UEVENT_FROM_UDEV, 4711, 2, false, 0, false },
	{ "a process that talks to us alone", UEVENT_FROM_UDEV, 4711, 0, true, 0, false },
};

static void only_kernel_and_root_are_believed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(senders); i++)
		if (uevent_is_genuine(senders[i].origin, senders[i].port, senders[i].groups,
			    senders[i].has_uid, senders[i].uid) != senders[i].genuine)
			fail_msg("%s", senders[i].rule);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_become_events),
		cmocka_unit_test(every_cut_message_is_survived),
		cmocka_unit_test(a_bad_header_is_refused),
		cmocka_unit_test(only_kernel_and_root_are_believed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
