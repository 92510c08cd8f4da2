/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Where a host is told to look for logical units: all of it, a channel, one target, or one LUN. The
 * kernel's words for it are three numbers, each of which may be "-".
 */
#include <stdbool.h>
#include <stdint.h>

#include "scsi/address.h"

#define PLACE_ANY     UINT32_MAX
#define PLACE_ANY_LUN UINT64_MAX

struct place {
	uint32_t host, channel, target; /* channel, target: or PLACE_ANY */
	uint64_t lun;			/* or PLACE_ANY_LUN */
};

/* All of a host; all of the target that has this address; the address alone. */
struct place place_of_host(uint32_t host);
struct place place_of_target(const struct scsi_address *a);
struct place place_of_address(const struct scsi_address *a);

bool place_covers(const struct place *p, const struct scsi_address *a);
bool place_equal(const struct place *a, const struct place *b);

/* "3:0:0:-" for people. */
#define PLACE_TEXT 88
void place_print(const struct place *p, char ret[PLACE_TEXT]);
/* "0 0 -", as the host's scan file wants it. */
void place_print_scan(const struct place *p, char ret[PLACE_TEXT]);
