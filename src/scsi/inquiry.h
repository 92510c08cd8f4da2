/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* Standard INQUIRY data (SPC-6 6.7.2) out of untrusted bytes. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INQUIRY_BYTES 36 /* what every standard asks for, and all that we look at */

enum inquiry_qualifier {
	INQUIRY_CONNECTED = 0,	   /* 000b */
	INQUIRY_NOT_CONNECTED = 1, /* 001b: could be, and is not now */
	INQUIRY_NOT_SUPPORTED = 3, /* 011b: the device server has no such logical unit */
};

#define INQUIRY_TYPE_DISK    0x00
#define INQUIRY_TYPE_UNKNOWN 0x1f

struct inquiry {
	uint8_t qualifier; /* three bits; enum inquiry_qualifier, or a vendor's own */
	uint8_t type;	   /* five bits */
	uint8_t version;
	uint8_t tpgs; /* asymmetric access: 0 none, 1 implicit, 2 explicit, 3 both */
	bool removable;
	/* As sent, cut at the first NUL, without trailing blanks; may hold any byte. */
	char vendor[9], product[17], revision[5];
};

/* 0, or -EBADMSG: fewer than INQUIRY_BYTES, by len or by the data's own length. */
int inquiry_decode(const uint8_t *bytes, size_t len, struct inquiry *ret);
