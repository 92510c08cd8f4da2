/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two answers: status, host byte, driver byte, sense length and sense of each; then INQUIRY data.
 */
#include "fuzz.h"

#include "scsi/answer.h"
#include "scsi/gone.h"
#include "scsi/inquiry.h"
#include "scsi/sense.h"

static void take_answer(const uint8_t **bytes, size_t *len, struct scsi_answer *ret)
{
	size_t sense_len;

	*ret = (struct scsi_answer){ 0 };
	if (*len < 4)
		return;
	ret->status = (*bytes)[0];
	ret->host_status = (*bytes)[1];
	ret->driver_status = (*bytes)[2];
	ret->sense_len = (*bytes)[3]; /* may well be more than there is room for */
	*bytes += 4;
	*len -= 4;
	sense_len = ret->sense_len < sizeof ret->sense ? ret->sense_len : sizeof ret->sense;
	sense_len = sense_len < *len ? sense_len : *len;
	memcpy(ret->sense, *bytes, sense_len);
	*bytes += sense_len;
	*len -= sense_len;
}

/* What is printed is what was read. */
static void require_same(const struct sense *sense, const char *text)
{
	unsigned key, asc, ascq;

	REQUIRE(strlen(text) == 8);
	REQUIRE(sscanf(text, "%2x/%2x/%2x", &key, &asc, &ascq) == 3);
	REQUIRE(key == sense->key && asc == sense->asc && ascq == sense->ascq);
}

static void read_raw(const uint8_t *bytes, size_t len)
{
	struct inquiry inquiry;
	struct sense sense;
	char text[SENSE_TEXT];

	if (sense_decode(bytes, len, &sense) == 0) {
		REQUIRE(sense.key <= 0xf);
		(void)sense_name(sense.key, sense.asc, sense.ascq);
		sense_print(&sense, text);
		require_same(&sense, text);
	}
	if (inquiry_decode(bytes, len, &inquiry) == 0)
		REQUIRE(strlen(inquiry.product) < sizeof inquiry.product);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct scsi_answer tur, inquiry;
	enum gone gone;

	read_raw(bytes, len);
	take_answer(&bytes, &len, &tur);
	take_answer(&bytes, &len, &inquiry);
	gone = scsi_gone(&tur, &inquiry, bytes, len);
	if (gone == GONE_UNSUPPORTED)
		REQUIRE(scsi_says_unsupported(&tur));
	if (gone == GONE_QUALIFIER)
		REQUIRE(answer_classify(&tur, NULL) == ANSWER_GOOD && len > 0);
	if (tur.host_status || (inquiry.host_status && gone != GONE_NO))
		REQUIRE(gone == GONE_UNKNOWN);
	REQUIRE(scsi_gone(&tur, NULL, bytes, len) != GONE_UNSUPPORTED);
	return 0;
}
