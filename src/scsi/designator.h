/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* One designator of a logical unit: which of several becomes its WWID, and the text that makes. */
#include <stddef.h>
#include <stdint.h>

enum designator_type {
	DESIGNATOR_VENDOR_SPECIFIC = 0x0,
	DESIGNATOR_T10_VENDOR_ID = 0x1,
	DESIGNATOR_EUI64 = 0x2,
	DESIGNATOR_NAA = 0x3,
	DESIGNATOR_RELATIVE_PORT = 0x4,
	DESIGNATOR_TARGET_PORT_GROUP = 0x5,
	DESIGNATOR_LOGICAL_UNIT_GROUP = 0x6,
	DESIGNATOR_MD5 = 0x7,
	DESIGNATOR_SCSI_NAME = 0x8,
	DESIGNATOR_PROTOCOL_PORT = 0x9,
	DESIGNATOR_UUID = 0xa,
	DESIGNATOR_SERIAL = 0x80, /* not of page 83h: page 80h */
};

enum designator_association {
	ASSOCIATION_LOGICAL_UNIT = 0,
	ASSOCIATION_TARGET_PORT = 1,
	ASSOCIATION_TARGET_DEVICE = 2,
};

/* Inside a page or a set; bytes borrowed from it. */
struct view {
	uint8_t type, code_set, association, len;
	const uint8_t *bytes;
};

/* Of a designator that names no logical unit as a WWID does, and of one that is malformed. */
enum { DESIGNATOR_UNUSED = 0, DESIGNATOR_INVALID = -1 };

/* The WWID is made of the highest rank, of the first among equals. */
int designator_rank(const struct view *v);

/* The text that people, udev and multipath know it by; cut to size, hexadecimal kinds to whole
 * bytes. Of a rank above DESIGNATOR_UNUSED. */
void designator_print(const struct view *v, char *ret, size_t size);

/* "1" and its words, without needless blanks. */
void designator_print_words(const struct view *v, char *ret, size_t size);
