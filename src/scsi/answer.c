/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scsi/answer.h"

#include <errno.h>
#include <stddef.h>

#include "base/cleanup.h"

enum {
	HOST_OK = 0x00,
	HOST_TIME_OUT = 0x03,
	DRIVER_OK = 0x00,
	DRIVER_TIMEOUT = 0x06,
	DRIVER_SENSE = 0x08,
	DRIVER_CODE = 0x0f, /* above it stands what the mid layer suggests */
	STATUS_CODE = 0x7e,
	STATUS_GOOD = 0x00,
	STATUS_CHECK_CONDITION = 0x02,
	STATUS_CONDITION_MET = 0x04,
	STATUS_BUSY = 0x08,
	STATUS_RESERVATION_CONFLICT = 0x18,
	STATUS_TASK_SET_FULL = 0x28,
	STATUS_ACA_ACTIVE = 0x30,
};

/* A status that is not here (TASK ABORTED, obsolete and reserved ones) says nothing of the unit. */
static const struct {
	uint8_t status;
	enum answer_kind kind;
} statuses[] = {
	{ STATUS_GOOD, ANSWER_GOOD },
	{ STATUS_CHECK_CONDITION, ANSWER_SENSE },
	{ STATUS_CONDITION_MET, ANSWER_GOOD },
	{ STATUS_BUSY, ANSWER_BUSY },
	{ STATUS_RESERVATION_CONFLICT, ANSWER_CONFLICT },
	{ STATUS_TASK_SET_FULL, ANSWER_BUSY },
	{ STATUS_ACA_ACTIVE, ANSWER_BUSY },
};

static const char *const kind_names[ANSWER_KINDS] = {
	[ANSWER_GOOD] = "good",
	[ANSWER_SENSE] = "sense",
	[ANSWER_BUSY] = "busy",
	[ANSWER_CONFLICT] = "conflict",
	[ANSWER_TRANSPORT] = "transport",
	[ANSWER_TIMEOUT] = "timeout",
	[ANSWER_DEVICE_ABSENT] = "device-absent",
	[ANSWER_NONE] = "none",
};

static enum answer_kind classify_status(const struct scsi_answer *answer)
{
	uint8_t status = answer->status & STATUS_CODE;

	/* Older mid layers report sense by the driver byte alone. */
	if (status == STATUS_GOOD && (answer->driver_status & DRIVER_CODE) == DRIVER_SENSE)
		return ANSWER_SENSE;
	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++)
		if (statuses[i].status == status)
			return statuses[i].kind;
	return ANSWER_NONE;
}

static enum answer_kind classify_sense(const struct scsi_answer *answer, struct sense *ret_sense)
{
	size_t len = answer->sense_len;
	struct sense sense;

	if (len > sizeof answer->sense)
		len = sizeof answer->sense;
	if (sense_decode(answer->sense, len, &sense) < 0 || sense.deferred)
		return ANSWER_NONE;
	if (ret_sense)
		*ret_sense = sense;
	return ANSWER_SENSE;
}

enum answer_kind answer_classify(const struct scsi_answer *answer, struct sense *ret_sense)
{
	enum answer_kind kind;
	uint8_t driver = answer->driver_status & DRIVER_CODE;

	if (answer->host_status == HOST_TIME_OUT)
		return ANSWER_TIMEOUT;
	if (answer->host_status != HOST_OK)
		return ANSWER_TRANSPORT;
	if (answer->error)
		return answer->error == -ENODEV || answer->error == -ENXIO ? ANSWER_DEVICE_ABSENT
									   : ANSWER_NONE;
	if (driver == DRIVER_TIMEOUT)
		return ANSWER_TIMEOUT;
	if (driver != DRIVER_OK && driver != DRIVER_SENSE)
		return ANSWER_TRANSPORT;
	kind = classify_status(answer);
	return kind == ANSWER_SENSE ? classify_sense(answer, ret_sense) : kind;
}

const char *answer_kind_name(enum answer_kind kind)
{
	return kind_names[kind];
}
