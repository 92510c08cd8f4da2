/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* What came back for one command, as the interface gave it, and which kind of answer that is. */
#include <stdint.h>

#include "scsi/sense.h"

#define SCSI_ANSWER_SENSE 64

/* Flat, no pointers: it travels between processes. */
struct scsi_answer {
	int32_t error;	       /* negative errno of the interface; 0 when the command completed */
	uint8_t status;	       /* SCSI status byte */
	uint8_t host_status;   /* DID_ of the host adapter; 0 is none of its own to report */
	uint8_t driver_status; /* DRIVER_ of the mid layer */
	uint8_t sense_len;     /* bytes written into sense */
	uint8_t sense[SCSI_ANSWER_SENSE];
};

enum answer_kind {
	ANSWER_GOOD,
	ANSWER_SENSE,	  /* CHECK CONDITION with valid current sense */
	ANSWER_BUSY,	  /* BUSY, TASK SET FULL, ACA ACTIVE: ask again */
	ANSWER_CONFLICT,  /* RESERVATION CONFLICT */
	ANSWER_TRANSPORT, /* the host adapter's word, not the logical unit's */
	ANSWER_TIMEOUT,
	ANSWER_DEVICE_ABSENT, /* the kernel has no such device any more */
	ANSWER_NONE,	      /* other errors; deferred or undecodable sense: nothing was said */
	ANSWER_KINDS
};

/* The host's byte wins over everything else: an outage is never an answer of the logical unit.
 * ret_sense (may be NULL) is written with ANSWER_SENSE only. */
enum answer_kind answer_classify(const struct scsi_answer *answer, struct sense *ret_sense);
const char *answer_kind_name(enum answer_kind kind);
