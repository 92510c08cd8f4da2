/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scsi/designator.h"

#include <ctype.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

enum { ANY = -1 };

/*
 * Which designator becomes the WWID: the highest rank, the first among equals. DESIGNATOR_UNUSED
 * ones are well formed and never the WWID; what fits no row is malformed.
 */
static const struct wwid_rule {
	uint8_t type;
	int8_t naa; /* first half-byte; ANY */
	uint8_t min_len, max_len, multiple;
	const char *prefix;
	int rank;
} wwid_rules[] = {
	{ DESIGNATOR_NAA, 6, 16, 16, 1, "", 8 },
	{ DESIGNATOR_NAA, 5, 8, 8, 1, "", 7 },
	{ DESIGNATOR_NAA, 2, 8, 8, 1, "", 6 },
	{ DESIGNATOR_EUI64, ANY, 8, 16, 4, "", 4 },
	{ DESIGNATOR_SCSI_NAME, ANY, 5, 255, 1, "eui.", 3 },
	{ DESIGNATOR_SCSI_NAME, ANY, 5, 255, 1, "naa.", 3 },
	{ DESIGNATOR_SCSI_NAME, ANY, 5, 255, 1, "iqn.", 3 },
	{ DESIGNATOR_T10_VENDOR_ID, ANY, 8, 255, 1, "", 2 },
	{ DESIGNATOR_NAA, 3, 8, 8, 1, "", 1 },
	{ DESIGNATOR_VENDOR_SPECIFIC, ANY, 0, 255, 1, "", DESIGNATOR_UNUSED },
	{ DESIGNATOR_LOGICAL_UNIT_GROUP, ANY, 4, 4, 1, "", DESIGNATOR_UNUSED },
	{ DESIGNATOR_MD5, ANY, 16, 16, 1, "", DESIGNATOR_UNUSED },
	{ DESIGNATOR_UUID, ANY, 0, 255, 1, "", DESIGNATOR_UNUSED },
};

static bool is_text(const struct view *v)
{
	return v->type == DESIGNATOR_SCSI_NAME || v->type == DESIGNATOR_T10_VENDOR_ID;
}

/* A WWID stands in files and on lines, and one without words would be everybody's. */
static bool is_fit_to_print(const struct view *v)
{
	size_t len = strnlen((const char *)v->bytes, v->len);
	size_t first = v->type == DESIGNATOR_SCSI_NAME ? 4 : 0; /* behind "iqn." */
	bool has_words = false;

	for (size_t i = 0; i < len; i++) {
		if (v->bytes[i] < ' ' || v->bytes[i] == 0x7f)
			return false;
		if (i >= first && v->bytes[i] != ' ')
			has_words = true;
	}
	return has_words;
}

static bool fits(const struct view *v, const struct wwid_rule *rule)
{
	return v->type == rule->type && v->len >= rule->min_len && v->len <= rule->max_len &&
	       v->len % rule->multiple == 0 &&
	       (rule->naa == ANY || v->bytes[0] >> 4 == rule->naa) &&
	       !memcmp(v->bytes, rule->prefix, strlen(rule->prefix));
}

int designator_rank(const struct view *v)
{
	if (is_text(v) && !is_fit_to_print(v))
		return DESIGNATOR_INVALID;
	for (size_t i = 0; i < ARRAY_SIZE(wwid_rules); i++)
		if (fits(v, &wwid_rules[i]))
			return wwid_rules[i].rank;
	return DESIGNATOR_INVALID;
}

static void print_hex(const struct view *v, char *ret, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = 0;

	ret[n++] = (char)('0' + v->type);
	for (size_t i = 0; i < v->len && n + 2 < size; i++) {
		ret[n++] = digits[v->bytes[i] >> 4];
		ret[n++] = digits[v->bytes[i] & 0xf];
	}
	ret[n] = '\0';
}

/* eui. and naa. names say in letters what types 2 and 3 say in bytes, and become the same text. */
static void print_name(const struct view *v, char *ret, size_t size)
{
	bool iqn = !memcmp(v->bytes, "iqn.", 4);
	size_t len = strnlen((const char *)v->bytes, v->len), n = 0;

	ret[n++] = iqn ? '8' : !memcmp(v->bytes, "eui.", 4) ? '2' : '3';
	for (size_t i = 4; i < len && n + 1 < size; i++)
		ret[n++] = iqn ? (char)v->bytes[i] : (char)tolower(v->bytes[i]);
	ret[n] = '\0';
}

void designator_print_words(const struct view *v, char *ret, size_t size)
{
	size_t len = strnlen((const char *)v->bytes, v->len), n = 0;

	ret[n++] = '1';
	for (size_t i = 0; i < len && n + 1 < size; i++) {
		if (v->bytes[i] != ' ')
			ret[n++] = (char)v->bytes[i];
		else if (i + 1 < len && v->bytes[i + 1] != ' ')
			ret[n++] = '_';
	}
	ret[n] = '\0';
}

void designator_print(const struct view *v, char *ret, size_t size)
{
	if (size < 2)
		text_copy(ret, size, "");
	else if (v->type == DESIGNATOR_SCSI_NAME)
		print_name(v, ret, size);
	else if (v->type == DESIGNATOR_T10_VENDOR_ID)
		designator_print_words(v, ret, size);
	else
		print_hex(v, ret, size);
}
