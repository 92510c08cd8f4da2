/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * H:C:T:L as Linux prints it. An address is where something is found, never which thing it is: the
 * same address names another device a moment later.
 */
#include <stdbool.h>
#include <stdint.h>

struct scsi_address {
	uint32_t host, channel, target;
	uint64_t lun; /* Linux' integer LUN: see report_luns.h */
};

#define SCSI_ADDRESS_TEXT 56

/* The whole text must be "3:0:0:1". 0 or -EINVAL. */
int scsi_address_parse(const char *text, struct scsi_address *ret);
void scsi_address_print(const struct scsi_address *a, char ret[SCSI_ADDRESS_TEXT]);

/* Host, channel and target are the same: one initiator port and one target port. */
bool scsi_address_same_nexus(const struct scsi_address *a, const struct scsi_address *b);
bool scsi_address_equal(const struct scsi_address *a, const struct scsi_address *b);
