/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scsi/vpd.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "base/text.h"

enum { HEADER = 4, DESIGNATOR_HEADER = 4 };

static int rank_in_page(const struct view *v)
{
	switch ((enum designator_association)v->association) {
	case ASSOCIATION_LOGICAL_UNIT: return designator_rank(v);
	case ASSOCIATION_TARGET_PORT:
	case ASSOCIATION_TARGET_DEVICE: return DESIGNATOR_UNUSED;
	}
	return DESIGNATOR_INVALID;
}

size_t vpd_length(const uint8_t *bytes, size_t len)
{
	return len < HEADER ? 0 : (size_t)HEADER + number_be16(bytes + 2);
}

/* The end of a page that is there as a whole; -EBADMSG, -EMSGSIZE. */
static int page_end(const uint8_t *bytes, size_t len, uint8_t page)
{
	size_t end = vpd_length(bytes, len);

	if (!end || bytes[1] != page)
		return -EBADMSG;
	return end > len ? -EMSGSIZE : (int)end;
}

/* The designator at *at, which moves on behind it. 1, 0 (no more), -EOVERFLOW (runs past end). */
static int next_designator(const uint8_t *bytes, size_t end, size_t *at, struct view *ret)
{
	const uint8_t *d = bytes + *at;

	if (end - *at < DESIGNATOR_HEADER)
		return 0;
	if (end - *at - DESIGNATOR_HEADER < d[3])
		return -EOVERFLOW;
	*ret = (struct view){
		.code_set = d[0] & 0x0f,
		.association = d[1] >> 4 & 0x3,
		.type = d[1] & 0x0f,
		.len = d[3],
		.bytes = d + DESIGNATOR_HEADER,
	};
	*at += (size_t)DESIGNATOR_HEADER + d[3];
	return 1;
}

int vpd_83_wwid_cut(const uint8_t *bytes, size_t len, char *ret, size_t size)
{
	int end = page_end(bytes, len, VPD_DEVICE_ID), best_rank = DESIGNATOR_UNUSED,
	    error = -ENODATA, r;
	struct view v, best = { 0 };
	size_t at = HEADER;

	assert(size > 0);
	if (end < 0)
		return end;
	while ((r = next_designator(bytes, (size_t)end, &at, &v)) > 0) {
		int rank = rank_in_page(&v);

		if (rank == DESIGNATOR_INVALID)
			error = -EINVAL;
		if (rank > best_rank) {
			best_rank = rank;
			best = v;
		}
	}
	if (r < 0)
		error = r;
	if (best_rank == DESIGNATOR_UNUSED)
		return error;
	designator_print(&best, ret, size);
	return 0;
}

int vpd_83_wwid(const uint8_t *bytes, size_t len, char ret[VPD_WWID_TEXT])
{
	return vpd_83_wwid_cut(bytes, len, ret, VPD_WWID_TEXT);
}

static struct view view_of(const struct designator *d)
{
	return (struct view){
		.type = d->type,
		.code_set = d->code_set,
		.association = d->association,
		.len = d->len,
		.bytes = d->bytes,
	};
}

/* The same bytes, or bytes that say the same: NAA and a name "naa.", or other padding. */
static bool same(const struct view *a, const struct view *b)
{
	char text_a[VPD_WWID_TEXT], text_b[VPD_WWID_TEXT];

	if (a->type == b->type && a->len == b->len && !memcmp(a->bytes, b->bytes, a->len))
		return true;
	if (designator_rank(a) <= DESIGNATOR_UNUSED || designator_rank(b) <= DESIGNATOR_UNUSED)
		return false;
	designator_print(a, text_a, sizeof text_a);
	designator_print(b, text_b, sizeof text_b);
	return !strcmp(text_a, text_b);
}

/* Several logical units share a group, a port, or nothing at all. */
static bool names_the_unit(const struct view *v)
{
	return v->association == ASSOCIATION_LOGICAL_UNIT && v->len > 0 &&
	       v->type != DESIGNATOR_RELATIVE_PORT && v->type != DESIGNATOR_TARGET_PORT_GROUP &&
	       v->type != DESIGNATOR_LOGICAL_UNIT_GROUP && v->type != DESIGNATOR_PROTOCOL_PORT;
}

static void add_designator(struct vpd_identity *identity, const struct view *v)
{
	struct designator *d;

	for (unsigned i = 0; i < identity->n_designators; i++) {
		struct view known = view_of(&identity->designators[i]);

		if (known.type == v->type && known.len == v->len &&
			!memcmp(known.bytes, v->bytes, v->len))
			return;
	}
	if (identity->n_designators == VPD_DESIGNATORS) {
		identity->complete = false;
		return;
	}
	d = &identity->designators[identity->n_designators++];
	*d = (struct designator){
		.type = v->type,
		.code_set = v->code_set,
		.association = v->association,
		.len = v->len,
	};
	memcpy(d->bytes, v->bytes, v->len);
}

int vpd_83_decode(const uint8_t *bytes, size_t len, struct vpd_identity *ret)
{
	struct vpd_identity identity = { .complete = true };
	int end = page_end(bytes, len, VPD_DEVICE_ID), r;
	size_t at = HEADER;
	struct view v;

	if (end < 0)
		return end;
	if (bytes[0] >> 5)
		return -ENODATA;
	while ((r = next_designator(bytes, (size_t)end, &at, &v)) > 0)
		if (names_the_unit(&v))
			add_designator(&identity, &v);
	if (r < 0)
		return -EBADMSG;
	if (!identity.n_designators)
		return -ENODATA;
	*ret = identity;
	return 0;
}

int vpd_83_target_port_group(const uint8_t *bytes, size_t len, uint16_t *ret)
{
	int end = page_end(bytes, len, VPD_DEVICE_ID), r;
	size_t at = HEADER;
	struct view v;

	if (end < 0)
		return end;
	while ((r = next_designator(bytes, (size_t)end, &at, &v)) > 0)
		if (v.association == ASSOCIATION_TARGET_PORT &&
			v.type == DESIGNATOR_TARGET_PORT_GROUP && v.len == 4) {
			*ret = number_be16(v.bytes + 2);
			return 0;
		}
	return r < 0 ? -EBADMSG : -ENODATA;
}

int vpd_80_serial(const uint8_t *bytes, size_t len, char *ret, size_t size)
{
	int end = page_end(bytes, len, VPD_SERIAL_NUMBER);
	const char *serial;
	size_t n;

	assert(size > 0);
	if (end < 0)
		return end;
	serial = (const char *)bytes + HEADER;
	n = strnlen(serial, (size_t)end - HEADER);
	for (; n && serial[0] == ' '; n--)
		serial++;
	while (n && serial[n - 1] == ' ')
		n--;
	if (n > size - 1)
		n = size - 1;
	memcpy(ret, serial, n);
	ret[n] = '\0';
	return 0;
}

int vpd_80_decode(const uint8_t *bytes, size_t len, struct vpd_identity *ret)
{
	struct vpd_identity identity = { .complete = true };
	char serial[VPD_DESIGNATOR_BYTES + 1];
	int r = vpd_80_serial(bytes, len, serial, sizeof serial);
	struct view v = {
		.type = DESIGNATOR_SERIAL,
		.len = (uint8_t)(r < 0 ? 0 : strlen(serial)),
		.bytes = (const uint8_t *)serial,
	};

	if (r < 0)
		return r;
	if (bytes[0] >> 5 || !v.len)
		return -ENODATA;
	add_designator(&identity, &v);
	*ret = identity;
	return 0;
}

int vpd_identity_decode(const uint8_t *bytes, size_t len, struct vpd_identity *ret)
{
	return len > 1 && bytes[1] == VPD_SERIAL_NUMBER ? vpd_80_decode(bytes, len, ret)
							: vpd_83_decode(bytes, len, ret);
}

static bool has_standard(const struct vpd_identity *identity)
{
	for (unsigned i = 0; i < identity->n_designators; i++)
		if (identity->designators[i].type != DESIGNATOR_VENDOR_SPECIFIC)
			return true;
	return false;
}

static bool has_type(const struct vpd_identity *identity, enum designator_type type)
{
	for (unsigned i = 0; i < identity->n_designators; i++)
		if (identity->designators[i].type == type)
			return true;
	return false;
}

static bool share_a_designator(const struct vpd_identity *a, const struct vpd_identity *b)
{
	/* A vendor may well give the same words to all its volumes. */
	bool standard_only = has_standard(a) && has_standard(b);

	for (unsigned i = 0; i < a->n_designators; i++)
		for (unsigned j = 0; j < b->n_designators; j++) {
			struct view va = view_of(&a->designators[i]);
			struct view vb = view_of(&b->designators[j]);

			if (standard_only && va.type == DESIGNATOR_VENDOR_SPECIFIC)
				continue;
			if (same(&va, &vb))
				return true;
		}
	return false;
}

enum vpd_match vpd_identity_compare(const struct vpd_identity *a, const struct vpd_identity *b)
{
	if (share_a_designator(a, b))
		return VPD_MATCH_YES;
	if (!a->complete || !b->complete || !a->n_designators || !b->n_designators ||
		has_type(a, DESIGNATOR_SERIAL) != has_type(b, DESIGNATOR_SERIAL))
		return VPD_MATCH_UNKNOWN;
	return VPD_MATCH_NO;
}

void vpd_identity_wwid(const struct vpd_identity *identity, char ret[VPD_WWID_TEXT])
{
	int best = DESIGNATOR_UNUSED;

	ret[0] = '\0';
	for (unsigned i = 0; i < identity->n_designators; i++) {
		struct view v = view_of(&identity->designators[i]);
		int rank = v.type == DESIGNATOR_SERIAL ? DESIGNATOR_INVALID : designator_rank(&v);

		if (rank > best) {
			best = rank;
			designator_print(&v, ret, VPD_WWID_TEXT);
		}
	}
}

/* udev writes '_' for runs of blanks and for what it does not like in a name. */
static bool same_for_udev(const char *wwid, const char *text)
{
	for (; *wwid && *text; wwid++, text++)
		if (*wwid != *text && (*wwid != '_' || isalnum((unsigned char)*text)))
			return false;
	return !*wwid && !*text;
}

/* A vendor specific designator is the end of udev's 0VENDOR_MODEL_designator, a serial number that
 * of its SVENDOR_MODEL_serial. */
static bool ends_with(const char *wwid, const struct view *v)
{
	char text[VPD_DESIGNATOR_BYTES + 2];
	size_t wwid_len = strlen(wwid), len;

	designator_print_words(
		v, text, sizeof text); /* "1" and the words without needless blanks */
	len = strlen(text + 1);
	return len && len < wwid_len && same_for_udev(wwid + wwid_len - len, text + 1);
}

/* scsi_id and sg_inq take designators that are text as they are, behind the digit of their type. */
static bool is_taken_as_text(const struct view *v, const char *wwid)
{
	size_t len = strnlen((const char *)v->bytes, v->len);

	return (v->type == DESIGNATOR_EUI64 || v->type == DESIGNATOR_NAA ||
		       v->type == DESIGNATOR_SCSI_NAME) &&
	       wwid[0] == '0' + v->type && strlen(wwid + 1) == len &&
	       !strncasecmp(wwid + 1, (const char *)v->bytes, len);
}

static bool makes_wwid(const struct view *v, const char *wwid)
{
	char text[VPD_WWID_TEXT];

	if (v->type == DESIGNATOR_VENDOR_SPECIFIC)
		return wwid[0] == '0' && ends_with(wwid, v);
	if (v->type == DESIGNATOR_SERIAL)
		return wwid[0] == 'S' && ends_with(wwid, v);
	if (wwid[0] && is_taken_as_text(v, wwid))
		return true;
	if (designator_rank(v) <= DESIGNATOR_UNUSED)
		return false;
	designator_print(v, text, sizeof text);
	return v->type == DESIGNATOR_T10_VENDOR_ID ? same_for_udev(wwid, text)
						   : !strcmp(wwid, text);
}

/* Would this text have matched, were it of this logical unit? An identity must not be denied for
 * text that others make of something else (page 80h, the model's name). */
static bool is_comparable(const struct vpd_identity *identity, const char *wwid)
{
	size_t len = strlen(wwid);

	switch (wwid[0]) {
	case '0': return has_type(identity, DESIGNATOR_VENDOR_SPECIFIC) && !has_standard(identity);
	case '1': return has_type(identity, DESIGNATOR_T10_VENDOR_ID);
	case '2':
	case '3':
		return !has_type(identity, DESIGNATOR_SERIAL) &&
		       (len == 17 || len == 25 || len == 33) &&
		       strspn(wwid + 1, "0123456789abcdefABCDEF") == len - 1;
	case '8': return has_type(identity, DESIGNATOR_SCSI_NAME);
	case 'S': return has_type(identity, DESIGNATOR_SERIAL);
	}
	return false;
}

enum vpd_match vpd_identity_match(const struct vpd_identity *identity, const char *wwid)
{
	for (unsigned i = 0; i < identity->n_designators; i++) {
		struct view v = view_of(&identity->designators[i]);

		if (makes_wwid(&v, wwid))
			return VPD_MATCH_YES;
	}
	if (!identity->complete || !identity->n_designators || !is_comparable(identity, wwid))
		return VPD_MATCH_UNKNOWN;
	return VPD_MATCH_NO;
}
