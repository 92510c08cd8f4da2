/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Vital product data out of untrusted bytes: 80h unit serial number, 83h device identification.
 *
 * Identity is the set of designators of the logical unit itself (association 00b). A page that is
 * cut short has no identity: what is missing might have been what two sets share.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scsi/designator.h"

#define VPD_SUPPORTED_PAGES 0x00
#define VPD_SERIAL_NUMBER   0x80
#define VPD_DEVICE_ID	    0x83

#define VPD_WWID_TEXT	     128
#define VPD_SERIAL_TEXT	     256
#define VPD_DESIGNATOR_BYTES 255
#define VPD_DESIGNATORS	     8

struct designator {
	uint8_t type, code_set, association, len;
	uint8_t bytes[VPD_DESIGNATOR_BYTES];
};

struct vpd_identity {
	uint8_t n_designators;
	bool complete; /* false: there are more than fit */
	struct designator designators[VPD_DESIGNATORS];
};

enum vpd_match { VPD_MATCH_UNKNOWN, VPD_MATCH_NO, VPD_MATCH_YES };

/* How long the page is by its own word, header included; 0 when there is no header. A page longer
 * than what was read is to be read again with that allocation. */
size_t vpd_length(const uint8_t *bytes, size_t len);

/* Designators that name the logical unit. 0, -EBADMSG (not page 83h, or a designator runs past its
 * end), -EMSGSIZE (the page is longer than len), -ENODATA (no such designator, or by its qualifier
 * no logical unit to have one). */
int vpd_83_decode(const uint8_t *bytes, size_t len, struct vpd_identity *ret);

/*
 * The WWID that multipath, udev and everybody's configuration use: the best designator as text.
 * 0, -EBADMSG (not page 83h), -EMSGSIZE (longer than len), and when nothing usable was found
 * -ENODATA, -EINVAL (the last unusable designator was malformed) or -EOVERFLOW (one ran past the
 * end). A usable designator before the one that ran past the end is used.
 */
int vpd_83_wwid(const uint8_t *bytes, size_t len, char ret[VPD_WWID_TEXT]);

/* The same into size bytes, cut: hexadecimal kinds to whole bytes. */
int vpd_83_wwid_cut(const uint8_t *bytes, size_t len, char *ret, size_t size);

/* The target port group of the port that answered. 0, -EBADMSG, -EMSGSIZE, -ENODATA. */
int vpd_83_target_port_group(const uint8_t *bytes, size_t len, uint16_t *ret);

/* Blanks on both sides go; what does not fit is cut. 0, -EBADMSG (not page 80h), -EMSGSIZE. */
int vpd_80_serial(const uint8_t *bytes, size_t len, char *ret, size_t size);

/* The serial number as an identity of one designator, for units whose page 83h names none. 0,
 * -EBADMSG, -EMSGSIZE, -ENODATA (there are only blanks, or by its qualifier no logical unit). */
int vpd_80_decode(const uint8_t *bytes, size_t len, struct vpd_identity *ret);

/* Either page, by its own word. */
int vpd_identity_decode(const uint8_t *bytes, size_t len, struct vpd_identity *ret);

/*
 * One logical unit? YES: they share a designator. NO: both sets are known in full and share
 * nothing. Vendor specific designators count only where one side has nothing better; those that
 * name a group or a port were never in; a serial number is compared with a serial number alone.
 */
enum vpd_match vpd_identity_compare(const struct vpd_identity *a, const struct vpd_identity *b);

/* Is wwid (the text of a dm uuid, or of udev's ID_SERIAL) made of one of these designators?
 * Unknown when text of that kind is not made of page 83h. */
enum vpd_match vpd_identity_match(const struct vpd_identity *identity, const char *wwid);

/* The text that people know it by: the best designator's, "" when none makes one. */
void vpd_identity_wwid(const struct vpd_identity *identity, char ret[VPD_WWID_TEXT]);
