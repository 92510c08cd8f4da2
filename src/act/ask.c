/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "act/ask.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "scsi/gone.h"
#include "scsi/inquiry.h"
#include "scsi/report_luns.h"
#include "scsi/sense.h"
#include "scsi/vpd.h"

_Static_assert(INQUIRY_BYTES <= MAX_INQUIRY, "standard INQUIRY data fit into an observation");

enum {
	FIRST_PAGE_BYTES = 252, /* some answer longer allocations wrongly */
	MOST_LUNS = 1024,	/* of a target that lists more nothing is learned */
	LUN_BYTES = 8,
	LUNS_BYTES = 8 + LUN_BYTES * MOST_LUNS,
};

static void prepare(struct ask *ask, uint8_t *data, uint32_t data_bytes)
{
	ask->command = (struct sg_command){
		.timeout_ms = ask->command.timeout_ms,
		.data = data,
		.data_bytes = data_bytes,
	};
}

static void prepare_step(struct ask *ask)
{
	struct obs_checked *checked = &ask->checked;
	struct sg_command *command = &ask->command;

	switch (ask->step) {
	case ASK_IDLE: return;
	case ASK_TUR:
		prepare(ask, NULL, 0);
		command->cdb_bytes = cdb_test_unit_ready(command->cdb);
		return;
	case ASK_INQUIRY:
		prepare(ask, checked->inquiry_data, INQUIRY_BYTES);
		command->cdb_bytes = cdb_inquiry(command->cdb, INQUIRY_BYTES);
		return;
	case ASK_IDENTITY:
		prepare(ask, checked->identity_data, ask->page_bytes);
		command->cdb_bytes = cdb_inquiry_vpd(command->cdb, ask->page, ask->page_bytes);
		return;
	case ASK_LUNS:
		prepare(ask, ask->luns, LUNS_BYTES);
		command->cdb_bytes = cdb_report_luns(
			command->cdb, REPORT_LUNS_ADDRESSED, LUNS_BYTES);
		return;
	}
}

/* Did the logical unit or its target speak? */
static bool was_answered(const struct scsi_answer *answer)
{
	switch (answer_classify(answer, NULL)) {
	case ANSWER_GOOD:
	case ANSWER_SENSE:
	case ANSWER_BUSY:
	case ANSWER_CONFLICT: return true;
	case ANSWER_TRANSPORT:
	case ANSWER_TIMEOUT:
	case ANSWER_DEVICE_ABSENT:
	case ANSWER_NONE:
	case ANSWER_KINDS: break;
	}
	return false;
}

static bool is_attention(const struct scsi_answer *answer)
{
	struct sense sense;

	return answer_classify(answer, &sense) == ANSWER_SENSE && sense.key == SENSE_UNIT_ATTENTION;
}

/* Of a refused command nothing is data: sg gives what its buffer held from an earlier one, and says
 * that all of it was transferred. */
static void note_inquiry(
	struct obs_checked *checked, const struct scsi_answer *answer, uint32_t bytes)
{
	if (answer_classify(answer, NULL) != ANSWER_GOOD)
		bytes = 0;
	checked->inquired = true;
	checked->inquiry = *answer;
	checked->inquiry_len = (uint8_t)bytes;
	memset(checked->inquiry_data + bytes, 0, sizeof checked->inquiry_data - bytes);
}

static bool refuses(const struct scsi_answer *answer)
{
	struct sense sense;

	return answer_classify(answer, &sense) == ANSWER_SENSE &&
	       sense.key == SENSE_ILLEGAL_REQUEST;
}

/* Is there a logical unit that page 83h gives no name? */
static bool names_nobody(const struct obs_checked *checked)
{
	struct vpd_identity identity;

	return vpd_83_decode(checked->identity_data, checked->identity_len, &identity) ==
		       -ENODATA &&
	       !(checked->identity_data[0] >> 5);
}

/* False: another page, or more of this one, is to be asked for. */
static bool note_identity(struct ask *ask, const struct scsi_answer *answer, uint32_t bytes)
{
	struct obs_checked *checked = &ask->checked;
	bool good = answer_classify(answer, NULL) == ANSWER_GOOD;
	size_t length = good ? vpd_length(checked->identity_data, bytes) : 0;

	checked->identity_len = (uint16_t)(good ? bytes : 0);
	memset(checked->identity_data + checked->identity_len, 0,
		sizeof checked->identity_data - checked->identity_len);
	if (!good && !refuses(answer))
		return true;
	if (length > ask->page_bytes && length <= MAX_IDENTITY &&
		ask->page_bytes == FIRST_PAGE_BYTES) {
		ask->page_bytes = (uint16_t)length;
		return false;
	}
	if (ask->page == VPD_DEVICE_ID && (!good || names_nobody(checked))) {
		ask->page = VPD_SERIAL_NUMBER;
		ask->page_bytes = FIRST_PAGE_BYTES;
		return false;
	}
	checked->identified = true;
	return true;
}

/* One number, also where it is addressed in another way than when the device was found. */
static bool same_number(uint64_t a, uint64_t b)
{
	return a == b || (a <= UINT16_MAX && b <= UINT16_MAX && (a & 0x3fff) == (b & 0x3fff));
}

/* Is that all there is? Who answers is listed himself, so that there is one at least. */
static bool is_whole(const struct ask *ask, int n, size_t total)
{
	return n > 0 && total == (size_t)n && number_be32(ask->luns) % LUN_BYTES == 0;
}

/* Some answer it by LUN 0 alone, and refuse it elsewhere: that says nothing. */
static void note_luns(struct ask *ask, const struct scsi_answer *answer, uint32_t bytes)
{
	_cleanup_(freep) uint64_t *luns = malloc(MOST_LUNS * sizeof *luns);
	size_t total = 0;
	int n = -ENOMEM;

	if (luns && answer_classify(answer, NULL) == ANSWER_GOOD)
		n = report_luns_decode(ask->luns, bytes, luns, MOST_LUNS, &total);
	ask->checked.sought = is_whole(ask, n, total) ? LUN_NOT_LISTED : LUN_UNKNOWN;
	for (int i = 0; i < n; i++)
		if (same_number(luns[i], ask->wishes.lun))
			ask->checked.sought = LUN_LISTED;
	ask_drop(ask);
}

void ask_drop(struct ask *ask)
{
	free(ask->luns);
	ask->luns = NULL;
	ask->step = ASK_IDLE;
}

static enum ask_step step_luns(struct ask *ask)
{
	if (!ask->wishes.luns || scsi_says_unsupported(&ask->checked.tur))
		return ASK_IDLE;
	ask->checked.sought = LUN_UNKNOWN;
	ask->luns = calloc(1, LUNS_BYTES);
	return ask->luns ? ASK_LUNS : ASK_IDLE;
}

static enum ask_step step_identity(struct ask *ask)
{
	if (!ask->wishes.identity || scsi_says_unsupported(&ask->checked.tur))
		return step_luns(ask);
	ask->page = VPD_DEVICE_ID;
	ask->page_bytes = FIRST_PAGE_BYTES;
	return ASK_IDENTITY;
}

/* Keeps an answer, and prepares what is to be sent after it; ASK_IDLE: that was all. */
static void take(struct ask *ask, const struct scsi_answer *answer, uint32_t bytes)
{
	switch (ask->step) {
	case ASK_IDLE: return;
	case ASK_TUR:
		ask->checked.tur = *answer;
		if (!was_answered(answer))
			ask->step = ASK_IDLE;
		else
			ask->step = ask->wishes.inquiry ? ASK_INQUIRY : step_identity(ask);
		break;
	case ASK_INQUIRY:
		note_inquiry(&ask->checked, answer, bytes);
		ask->step = step_identity(ask);
		break;
	case ASK_IDENTITY:
		if (note_identity(ask, answer, bytes))
			ask->step = step_luns(ask);
		break;
	case ASK_LUNS: note_luns(ask, answer, bytes); break;
	}
	prepare_step(ask);
}

static void begin(struct ask *ask, uint32_t timeout_ms, struct ask_wishes wishes)
{
	ask->wishes = wishes;
	ask->checked = (struct obs_checked){ .asked = true };
	ask->command.timeout_ms = timeout_ms;
	ask->step = ASK_TUR;
	prepare_step(ask);
}

/* A command that could not even be sent: that is its answer. False: it ended. */
static bool submit(struct ask *ask, int sg)
{
	while (ask->step != ASK_IDLE) {
		struct scsi_answer answer = { 0 };

		answer.error = sg_submit(sg, &ask->command, ++ask->pack_id);
		if (!answer.error)
			return true;
		take(ask, &answer, 0);
	}
	return false;
}

void ask_begin(struct ask *ask, int sg, uint32_t timeout_ms, struct ask_wishes wishes)
{
	begin(ask, timeout_ms, wishes);
	submit(ask, sg);
}

bool ask_go_on(struct ask *ask, int sg)
{
	struct scsi_answer answer;
	uint32_t bytes;

	if (ask->step == ASK_IDLE ||
		sg_collect(sg, &ask->command, ask->pack_id, &answer, &bytes) < 0)
		return false;
	take(ask, &answer, bytes);
	return !submit(ask, sg);
}

void ask_now(int node, uint32_t timeout_ms, struct ask_wishes wishes, unsigned attention_retries,
	struct obs_checked *ret)
{
	struct ask ask = { 0 };
	struct scsi_answer answer;
	uint32_t bytes;

	begin(&ask, timeout_ms, wishes);
	while (ask.step != ASK_IDLE) {
		sg_ask(node, &ask.command, &answer, &bytes);
		if (ask.step == ASK_TUR && is_attention(&answer) && attention_retries-- > 0)
			continue;
		take(&ask, &answer, bytes);
	}
	*ret = ask.checked;
}
