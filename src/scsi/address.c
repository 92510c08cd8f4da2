/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scsi/address.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/number.h"

int scsi_address_parse(const char *text, struct scsi_address *ret)
{
	uint64_t host, channel, target, lun;

	if (number_parse_field(&text, ':', UINT32_MAX, &host) < 0 ||
		number_parse_field(&text, ':', UINT32_MAX, &channel) < 0 ||
		number_parse_field(&text, ':', UINT32_MAX, &target) < 0 ||
		number_parse_field(&text, '\0', UINT64_MAX, &lun) < 0)
		return -EINVAL;
	*ret = (struct scsi_address){
		.host = (uint32_t)host,
		.channel = (uint32_t)channel,
		.target = (uint32_t)target,
		.lun = lun,
	};
	return 0;
}

void scsi_address_print(const struct scsi_address *a, char ret[SCSI_ADDRESS_TEXT])
{
	snprintf(ret, SCSI_ADDRESS_TEXT, "%" PRIu32 ":%" PRIu32 ":%" PRIu32 ":%" PRIu64, a->host,
		a->channel, a->target, a->lun);
}

bool scsi_address_same_nexus(const struct scsi_address *a, const struct scsi_address *b)
{
	return a->host == b->host && a->channel == b->channel && a->target == b->target;
}

bool scsi_address_equal(const struct scsi_address *a, const struct scsi_address *b)
{
	return scsi_address_same_nexus(a, b) && a->lun == b->lun;
}
