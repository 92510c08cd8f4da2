/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scsi/gone.h"

#include "scsi/answer.h"
#include "scsi/inquiry.h"
#include "scsi/sense.h"

enum { INQUIRY_LEAST = 5 }; /* the oldest standard's header: qualifier, type, length */

/* What one answer says about there being a logical unit. */
enum word {
	WORD_SILENT,	  /* nothing: outage, busy, attention, no data */
	WORD_OTHER,	  /* an answer of another kind */
	WORD_GOOD,	  /* done; of INQUIRY: a device is connected */
	WORD_UNSUPPORTED, /* 05/25/00 */
	WORD_QUALIFIER,	  /* INQUIRY: no device connected here */
	WORD_NO_DEVICE,	  /* INQUIRY: the same, and the type says unknown or no device */
};

static enum word word_of_sense(const struct sense *sense)
{
	if (sense_is(sense, SENSE_ILLEGAL_REQUEST, 0x25, 0x00))
		return WORD_UNSUPPORTED;
	/* Something happened before; the command itself was not looked at. */
	if (sense->key == SENSE_UNIT_ATTENTION)
		return WORD_SILENT;
	return WORD_OTHER;
}

static enum word word_of(const struct scsi_answer *answer)
{
	struct sense sense = { 0 };

	switch (answer_classify(answer, &sense)) {
	case ANSWER_GOOD: return WORD_GOOD;
	case ANSWER_SENSE: return word_of_sense(&sense);
	case ANSWER_CONFLICT: return WORD_OTHER;
	case ANSWER_BUSY:
	case ANSWER_TRANSPORT:
	case ANSWER_TIMEOUT:
	case ANSWER_DEVICE_ABSENT:
	case ANSWER_NONE:
	case ANSWER_KINDS: break;
	}
	return WORD_SILENT;
}

static enum word word_of_inquiry(const struct scsi_answer *inquiry, const uint8_t *data, size_t len)
{
	enum word word = inquiry ? word_of(inquiry) : WORD_SILENT;
	uint8_t qualifier, type;

	if (word != WORD_GOOD)
		return word;
	if (!data || len < INQUIRY_LEAST)
		return WORD_SILENT;
	qualifier = data[0] >> 5;
	type = data[0] & 0x1f;
	if (qualifier == INQUIRY_CONNECTED)
		return WORD_GOOD;
	if (type == INQUIRY_TYPE_UNKNOWN &&
		(qualifier == INQUIRY_NOT_CONNECTED || qualifier == INQUIRY_NOT_SUPPORTED))
		return WORD_NO_DEVICE;
	return WORD_QUALIFIER;
}

static enum gone gone_of(enum word tur, enum word inquiry)
{
	static const enum gone when_unsupported[] = {
		[WORD_SILENT] = GONE_UNKNOWN,
		[WORD_OTHER] = GONE_NO,
		[WORD_GOOD] = GONE_NO, /* a contradiction: there is one */
		[WORD_UNSUPPORTED] = GONE_UNSUPPORTED,
		[WORD_QUALIFIER] = GONE_UNSUPPORTED,
		[WORD_NO_DEVICE] = GONE_UNSUPPORTED,
	};

	switch (tur) {
	case WORD_SILENT: return GONE_UNKNOWN;
	case WORD_UNSUPPORTED: return when_unsupported[inquiry];
	case WORD_GOOD: return inquiry == WORD_NO_DEVICE ? GONE_QUALIFIER : GONE_NO;
	case WORD_OTHER:
	case WORD_QUALIFIER:
	case WORD_NO_DEVICE: break;
	}
	return GONE_NO;
}

enum gone scsi_gone(const struct scsi_answer *tur, const struct scsi_answer *inquiry,
	const uint8_t *inquiry_data, size_t inquiry_len)
{
	return gone_of(word_of(tur), word_of_inquiry(inquiry, inquiry_data, inquiry_len));
}

bool scsi_says_unsupported(const struct scsi_answer *tur)
{
	return word_of(tur) == WORD_UNSUPPORTED;
}

const char *gone_name(enum gone gone)
{
	static const char *const names[] = {
		[GONE_NO] = "no",
		[GONE_UNSUPPORTED] = "unsupported",
		[GONE_QUALIFIER] = "qualifier",
		[GONE_UNKNOWN] = "unknown",
	};

	return names[gone];
}
