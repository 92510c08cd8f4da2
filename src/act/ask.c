/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "act/ask.h"

#include <errno.h>
#include <string.h>

#include "scsi/inquiry.h"
#include "scsi/sense.h"

_Static_assert(INQUIRY_BYTES <= MAX_INQUIRY, "standard INQUIRY data fit into an observation");

static void prepare_tur(struct sg_command *command, uint32_t timeout_ms)
{
	*command = (struct sg_command){ .timeout_ms = timeout_ms };
	command->cdb_bytes = cdb_test_unit_ready(command->cdb);
}

static void prepare_inquiry(struct sg_command *command, uint32_t timeout_ms, struct obs_checked *to)
{
	*command = (struct sg_command){
		.timeout_ms = timeout_ms,
		.data = to->inquiry_data,
		.data_bytes = INQUIRY_BYTES,
	};
	command->cdb_bytes = cdb_inquiry(command->cdb, INQUIRY_BYTES);
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

/* A command that could not even be sent: that is its answer. */
static bool submit(struct ask *ask, int sg, enum ask_step step, struct scsi_answer *answer)
{
	int r = sg_submit(sg, &ask->command, ++ask->pack_id);

	ask->step = r < 0 ? ASK_IDLE : step;
	if (r < 0)
		*answer = (struct scsi_answer){ .error = r };
	return r >= 0;
}

void ask_begin(struct ask *ask, int sg, uint32_t timeout_ms, bool wants_inquiry)
{
	ask->wants_inquiry = wants_inquiry;
	ask->checked = (struct obs_checked){ .asked = true };
	prepare_tur(&ask->command, timeout_ms);
	submit(ask, sg, ASK_TUR, &ask->checked.tur);
}

bool ask_go_on(struct ask *ask, int sg)
{
	struct obs_checked *checked = &ask->checked;
	struct scsi_answer answer;
	uint32_t bytes;

	if (ask->step == ASK_IDLE ||
		sg_collect(sg, &ask->command, ask->pack_id, &answer, &bytes) < 0)
		return false;
	if (ask->step == ASK_INQUIRY) {
		note_inquiry(checked, &answer, bytes);
		ask->step = ASK_IDLE;
		return true;
	}
	checked->tur = answer;
	ask->step = ASK_IDLE;
	if (!ask->wants_inquiry || !was_answered(&answer))
		return true;
	prepare_inquiry(&ask->command, ask->command.timeout_ms, checked);
	return !submit(ask, sg, ASK_INQUIRY, &checked->inquiry);
}

void ask_now(int node, uint32_t timeout_ms, bool wants_inquiry, unsigned attention_retries,
	struct obs_checked *ret)
{
	struct sg_command command;
	struct scsi_answer answer;
	uint32_t bytes;

	*ret = (struct obs_checked){ .asked = true };
	do {
		prepare_tur(&command, timeout_ms);
		sg_ask(node, &command, &ret->tur, &bytes);
	} while (is_attention(&ret->tur) && attention_retries-- > 0);
	if (!wants_inquiry || !was_answered(&ret->tur))
		return;
	prepare_inquiry(&command, timeout_ms, ret);
	sg_ask(node, &command, &answer, &bytes);
	note_inquiry(ret, &answer, bytes);
}
