/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* REPORT LUNS parameter data (SPC-6 6.33) out of untrusted bytes. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The integer by which Linux calls an eight-byte LUN: its addressing method stays in it, so that
 * flat space LUN 1 is 16385. */
uint64_t lun_to_linux(const uint8_t lun[8]);
void lun_from_linux(uint64_t linux_lun, uint8_t ret[8]);

/* Does it address a well known logical unit, no volume? */
bool lun_is_well_known(uint64_t linux_lun);

/*
 * How many LUNs were written to ret (at most size), or -EBADMSG. ret_total: how many the target
 * says there are; more than were written means a longer answer is to be asked for.
 */
int report_luns_decode(
	const uint8_t *bytes, size_t len, uint64_t *ret, size_t size, size_t *ret_total);
