/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scsi/report_luns.h"

#include <errno.h>

#include "base/number.h"

enum { HEADER = 8, LUN_BYTES = 8 };

/* Linux puts the first two bytes, the first level of addressing, lowest. */
uint64_t lun_to_linux(const uint8_t lun[8])
{
	uint64_t n = 0;

	for (unsigned i = 0; i < 4; i++)
		n |= (uint64_t)number_be16(lun + 2 * i) << 16 * i;
	return n;
}

void lun_from_linux(uint64_t linux_lun, uint8_t ret[8])
{
	for (unsigned i = 0; i < 4; i++) {
		ret[2 * i] = (uint8_t)(linux_lun >> (16 * i + 8));
		ret[2 * i + 1] = (uint8_t)(linux_lun >> 16 * i);
	}
}

bool lun_is_well_known(uint64_t linux_lun)
{
	return (linux_lun & 0xff00) == 0xc100;
}

int report_luns_decode(
	const uint8_t *bytes, size_t len, uint64_t *ret, size_t size, size_t *ret_total)
{
	size_t total, n;

	if (len < HEADER)
		return -EBADMSG;
	total = number_be32(bytes) / LUN_BYTES;
	n = (len - HEADER) / LUN_BYTES;
	if (n > total)
		n = total;
	if (n > size)
		n = size;
	if (n > INT32_MAX)
		n = INT32_MAX;
	for (size_t i = 0; i < n; i++)
		ret[i] = lun_to_linux(bytes + HEADER + i * LUN_BYTES);
	*ret_total = total;
	return (int)n;
}
