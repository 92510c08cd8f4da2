/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The one place that says whether answers prove that the array took the logical unit away. The
 * judge asks it for the verdict, and whoever deletes asks it once more on fresh answers.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct scsi_answer;

enum gone {
	GONE_NO,	  /* answered otherwise: a mark is cleared */
	GONE_UNSUPPORTED, /* TEST UNIT READY: LOGICAL UNIT NOT SUPPORTED, and INQUIRY agrees */
	GONE_QUALIFIER,	  /* TEST UNIT READY is good, INQUIRY has no device there (LUN 0 of some) */
	GONE_UNKNOWN,	  /* nobody answered, or not both: neither makes nor clears a mark */
};

/*
 * inquiry NULL: not asked, so that 05/25/00 alone is GONE_UNKNOWN. inquiry_len counts the bytes
 * that were transferred, not those that were asked for.
 */
enum gone scsi_gone(const struct scsi_answer *tur, const struct scsi_answer *inquiry,
	const uint8_t *inquiry_data, size_t inquiry_len);

/* TEST UNIT READY answered 05/25/00: enough for a mark, never for a deed. */
bool scsi_says_unsupported(const struct scsi_answer *tur);

const char *gone_name(enum gone gone);
