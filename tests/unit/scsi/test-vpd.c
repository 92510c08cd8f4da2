/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "hostile.h"
#include "scsi/vpd.h"

#define IDENTIFIER "A123456789AbcDefB123456789AbcDef"

enum { NAA = 3, EUI = 2, NAME = 8, T10 = 1, AS_IT_IS = -1 };

struct page {
	uint8_t bytes[600];
	size_t len;
};

static void page_begin(struct page *p)
{
	*p = (struct page){ .bytes = { 0x00, 0x83 }, .len = 4 };
}

static void page_end(struct page *p)
{
	p->bytes[2] = (uint8_t)((p->len - 4) >> 8);
	p->bytes[3] = (uint8_t)(p->len - 4);
}

/* words: text, or for binary types hexadecimal digits. */
static void page_add(struct page *p, uint8_t code_set, uint8_t association_type, const char *words)
{
	uint8_t *d = p->bytes + p->len;
	int len;

	if (code_set == 1)
		len = number_parse_bytes(words, d + 4, 255);
	else
		len = (int)strlen(words), memcpy(d + 4, words, strlen(words));
	assert_true(len >= 0 && p->len + 4 + (size_t)len <= sizeof p->bytes);
	d[0] = code_set;
	d[1] = association_type;
	d[3] = (uint8_t)len;
	p->len += 4 + (size_t)len;
}

/* One designator; its length byte may lie. */
static const struct {
	const char *rule;
	uint8_t type;
	const char *words;
	int field_len;	 /* padded with zeroes to this; AS_IT_IS */
	int length_byte; /* AS_IT_IS */
	size_t size;
	int want;
	const char *wwid;
} vectors[] = {
	{ "V1 NAA 6", NAA, "6a123456789abcdefb123456789abcde", -1, -1, 128, 0,
		"36a123456789abcdefb123456789abcde" },
	{ "V1 NAA 6, just room", NAA, "6a123456789abcdefb123456789abcde", -1, -1, 34, 0,
		"36a123456789abcdefb123456789abcde" },
	{ "V2 NAA 6, cut to whole bytes (33)", NAA, "6a123456789abcdefb123456789abcde", -1, -1, 33,
		0, "36a123456789abcdefb123456789abc" },
	{ "V2 NAA 6, cut to whole bytes (32)", NAA, "6a123456789abcdefb123456789abcde", -1, -1, 32,
		0, "36a123456789abcdefb123456789abc" },
	{ "V2 NAA 6, cut to whole bytes (20)", NAA, "6a123456789abcdefb123456789abcde", -1, -1, 20,
		0, "36a123456789abcdefb" },
	{ "V3 NAA 5", NAA, "5a123456789abcde", -1, -1, 18, 0, "35a123456789abcde" },
	{ "V3 NAA 3", NAA, "3a123456789abcde", -1, -1, 18, 0, "33a123456789abcde" },
	{ "V3 NAA 2", NAA, "2a123456789abcde", -1, -1, 18, 0, "32a123456789abcde" },
	{ "V4 NAA 5, cut (17)", NAA, "5a123456789abcde", -1, -1, 17, 0, "35a123456789abc" },
	{ "V4 NAA 5, cut (16)", NAA, "5a123456789abcde", -1, -1, 16, 0, "35a123456789abc" },
	{ "V5 EUI-64, 8", EUI, "A123456789AbcDef", -1, -1, 128, 0, "2a123456789abcdef" },
	{ "V5 EUI-64, 12", EUI, "A123456789AbcDefB1234567", -1, -1, 128, 0,
		"2a123456789abcdefb1234567" },
	{ "V5 EUI-64, 16", EUI, IDENTIFIER, -1, -1, 128, 0, "2a123456789abcdefb123456789abcdef" },
	{ "V7 name eui.", NAME, "eui.A123456789AbcDe", 20, -1, 17, 0, "2a123456789abcde" },
	{ "V8 name naa.", NAME, "naa.A123456789AbcDe", 20, -1, 17, 0, "3a123456789abcde" },
	{ "V9 name iqn.", NAME, "iqn.A123456789AbcDe", 20, -1, 17, 0, "8A123456789AbcDe" },
	{ "V10 name eui., one zero more", NAME, "eui.A123456789AbcD", 20, -1, 16, 0,
		"2a123456789abcd" },
	{ "V10 name naa., one zero more", NAME, "naa.A123456789AbcD", 20, -1, 16, 0,
		"3a123456789abcd" },
	{ "V10 name iqn., one zero more", NAME, "iqn.A123456789AbcD", 20, -1, 16, 0,
		"8A123456789AbcD" },
	{ "V11 T10, blanks become one _", T10, "Linux   A123456789AbcDe B  3456789AbcDef", -1, -1,
		40, 0, "1Linux_A123456789AbcDe_B_3456789AbcDef" },
	{ "V12 T10, blank behind (24)", T10, "Linux   A123456789AbcDe ", -1, -1, 30, 0,
		"1Linux_A123456789AbcDe" },
	{ "V12 T10, blank behind (26)", T10, "Linux   A123456789AbcDe B ", -1, -1, 30, 0,
		"1Linux_A123456789AbcDe_B" },
	{ "V12 T10, blanks behind (27)", T10, "Linux   A123456789AbcDe B  ", -1, -1, 30, 0,
		"1Linux_A123456789AbcDe_B" },
	{ "V15 NAA 6, length 17", NAA, "6a123456789abcdefb123456789abcde", -1, 17, 40, -EOVERFLOW,
		NULL },
	{ "V15 NAA 6, length 15", NAA, "6a123456789abcdefb123456789abcde", -1, 15, 40, -EINVAL,
		NULL },
	{ "V15 NAA 6, length 8", NAA, "6a123456789abcdefb123456789abcde", -1, 8, 40, -EOVERFLOW,
		NULL },
	{ "V15 NAA 6, length 0", NAA, "6a123456789abcdefb123456789abcde", -1, 0, 40, -EOVERFLOW,
		NULL },
	{ "V16 NAA 5, length 16", NAA, "5a123456789abcde", -1, 16, 40, -EOVERFLOW, NULL },
	{ "V16 NAA 5, length 9", NAA, "5a123456789abcde", -1, 9, 40, -EOVERFLOW, NULL },
	{ "V16 NAA 5, length 7", NAA, "5a123456789abcde", -1, 7, 40, -EINVAL, NULL },
	{ "V16 NAA 5, length 4", NAA, "5a123456789abcde", -1, 4, 40, -EOVERFLOW, NULL },
	{ "V16 NAA 5, length 0", NAA, "5a123456789abcde", -1, 0, 40, -EOVERFLOW, NULL },
	{ "V17 EUI 8, length 12", EUI, "A123456789AbcDef", -1, 12, 40, -EOVERFLOW, NULL },
	{ "V17 EUI 8, length 9", EUI, "A123456789AbcDef", -1, 9, 40, -EOVERFLOW, NULL },
	{ "V17 EUI 8, length 7", EUI, "A123456789AbcDef", -1, 7, 40, -EINVAL, NULL },
	{ "V17 EUI 8, length 5", EUI, "A123456789AbcDef", -1, 5, 40, -EINVAL, NULL },
	{ "V17 EUI 8, length 4", EUI, "A123456789AbcDef", -1, 4, 40, -EOVERFLOW, NULL },
	{ "V17 EUI 8, length 0", EUI, "A123456789AbcDef", -1, 0, 40, -EOVERFLOW, NULL },
	{ "V18 EUI 12, length 8", EUI, "A123456789AbcDefB1234567", -1, 8, 40, 0,
		"2a123456789abcdef" },
	{ "V18 EUI 12, length 11", EUI, "A123456789AbcDefB1234567", -1, 11, 40, -EINVAL, NULL },
	{ "V18 EUI 12, length 9", EUI, "A123456789AbcDefB1234567", -1, 9, 40, -EINVAL, NULL },
	{ "V18 EUI 12, length 16", EUI, "A123456789AbcDefB1234567", -1, 16, 40, -EOVERFLOW, NULL },
	{ "V18 EUI 12, length 13", EUI, "A123456789AbcDefB1234567", -1, 13, 40, -EOVERFLOW, NULL },
	{ "V18 EUI 12, length 7", EUI, "A123456789AbcDefB1234567", -1, 7, 40, -EOVERFLOW, NULL },
	{ "V18 EUI 12, length 0", EUI, "A123456789AbcDefB1234567", -1, 0, 40, -EOVERFLOW, NULL },
	{ "V19 EUI 16, length 12", EUI, IDENTIFIER, -1, 12, 40, 0, "2a123456789abcdefb1234567" },
	{ "V19 EUI 16, length 8", EUI, IDENTIFIER, -1, 8, 40, 0, "2a123456789abcdef" },
	{ "V19 EUI 16, length 15", EUI, IDENTIFIER, -1, 15, 40, -EINVAL, NULL },
	{ "V19 EUI 16, length 13", EUI, IDENTIFIER, -1, 13, 40, -EINVAL, NULL },
	{ "V19 EUI 16, length 17", EUI, IDENTIFIER, -1, 17, 40, -EOVERFLOW, NULL },
	{ "V19 EUI 16, length 11", EUI, IDENTIFIER, -1, 11, 40, -EOVERFLOW, NULL },
	{ "V19 EUI 16, length 7", EUI, IDENTIFIER, -1, 7, 40, -EOVERFLOW, NULL },
	{ "V19 EUI 16, length 0", EUI, IDENTIFIER, -1, 0, 40, -EOVERFLOW, NULL },

	{ "NAA 4 is none", NAA, "4a123456789abcde", -1, -1, 128, -EINVAL, NULL },
	{ "vendor specific is never the WWID", 0, "41424344", -1, -1, 128, -ENODATA, NULL },
	{ "a group is never the WWID", 6, "00000001", -1, -1, 128, -ENODATA, NULL },
	{ "a group of another length is malformed", 6, "0000000001", -1, -1, 128, -EINVAL, NULL },
	{ "MD5 is never the WWID", 7, "00112233445566778899aabbccddeeff", -1, -1, 128, -ENODATA,
		NULL },
	{ "UUID is never the WWID", 0xa, "100000112233445566778899aabbccddeeff", -1, -1, 128,
		-ENODATA, NULL },
	{ "a type nobody defines", 0xc, "00", -1, -1, 128, -EINVAL, NULL },
	{ "a name of another kind", NAME, "t10.ABCDEF", -1, -1, 128, -EINVAL, NULL },
	{ "a name without words", NAME, "iqn.", -1, -1, 128, -EINVAL, NULL },
	{ "a name without words, padded", NAME, "iqn.", 20, -1, 128, -EINVAL, NULL },
	{ "T10 too short", T10, "Linux  ", -1, -1, 128, -EINVAL, NULL },
	{ "T10 without words", T10, "                ", -1, -1, 128, -EINVAL, NULL },
	{ "T10 with a newline", T10, "Linux   A\nB", -1, -1, 128, -EINVAL, NULL },
	{ "T10 padded with zeroes", T10, "Linux   A", 20, -1, 128, 0, "1Linux_A" },
	{ "a name with an escape", NAME, "iqn.a\x1b[0m", -1, -1, 128, -EINVAL, NULL },
	{ "no room but for the end", NAA, "5a123456789abcde", -1, -1, 1, 0, "" },
	{ "room for one", NAA, "5a123456789abcde", -1, -1, 2, 0, "3" },
};

static uint8_t code_set_of(uint8_t type)
{
	return type == NAME ? 3 : type == T10 ? 2 : 1;
}

static void page_of_vector(struct page *p, size_t i)
{
	page_begin(p);
	page_add(p, code_set_of(vectors[i].type), vectors[i].type, vectors[i].words);
	if (vectors[i].field_len >= 0) {
		p->bytes[7] = (uint8_t)vectors[i].field_len;
		p->len = 8 + (size_t)vectors[i].field_len;
	}
	if (vectors[i].length_byte >= 0)
		p->bytes[7] = (uint8_t)vectors[i].length_byte;
	page_end(p);
}

static void wwid_of_one_designator(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		char wwid[VPD_WWID_TEXT] = "untouched";
		struct page p;
		int r;

		page_of_vector(&p, i);
		memset(p.bytes + p.len, 0xed, sizeof p.bytes - p.len);
		r = vpd_83_wwid_cut(p.bytes, p.len, wwid, vectors[i].size);
		if (r != vectors[i].want || strcmp(wwid, r < 0 ? "untouched" : vectors[i].wwid))
			fail_msg("%s: %d %s", vectors[i].rule, r, wwid);
	}
}

/* Page after page: which one of several designators. Each is { association and type, words }. */
static const struct {
	const char *rule;
	struct {
		uint8_t association_type;
		const char *words;
	} designators[5];
	int want;
	const char *wwid;
} choices[] = {
	{ "NAA 6 before all others",
		{ { T10, "Linux   ABC" }, { EUI, "a123456789abcdef" }, { NAA, "5a123456789abcde" },
			{ NAA, "6a123456789abcdefb123456789abcde" }, { NAME, "naa.77" } },
		0, "36a123456789abcdefb123456789abcde" },
	{ "NAA 5 before NAA 2", { { NAA, "2a123456789abcde" }, { NAA, "5a123456789abcde" } }, 0,
		"35a123456789abcde" },
	{ "NAA 2 before EUI-64", { { EUI, "a123456789abcdef" }, { NAA, "2a123456789abcde" } }, 0,
		"32a123456789abcde" },
	{ "EUI-64 before a name", { { NAME, "iqn.abc" }, { EUI, "a123456789abcdef" } }, 0,
		"2a123456789abcdef" },
	{ "a name before T10", { { T10, "Linux   ABC" }, { NAME, "iqn.abc" } }, 0, "8abc" },
	{ "T10 before NAA 3", { { NAA, "3a123456789abcde" }, { T10, "Linux   ABC" } }, 0,
		"1Linux_ABC" },
	{ "the first among equals", { { NAA, "5a123456789abcde" }, { NAA, "5b123456789abcde" } }, 0,
		"35a123456789abcde" },
	{ "the port's is not the unit's",
		{ { 0x10 | NAA, "5a123456789abcde" }, { T10, "Linux   ABC" } }, 0, "1Linux_ABC" },
	{ "the target's is not the unit's", { { 0x20 | NAA, "5a123456789abcde" } }, -ENODATA,
		NULL },
	{ "an association nobody defines", { { 0x30 | NAA, "5a123456789abcde" } }, -EINVAL, NULL },
	{ "PIV does not matter", { { 0x80 | NAA, "5a123456789abcde" } }, 0, "35a123456789abcde" },
	{ "malformed, then good", { { NAA, "5a12" }, { T10, "Linux   ABC" } }, 0, "1Linux_ABC" },
	{ "no designator at all", { { 0, NULL } }, -ENODATA, NULL },
};

static void page_of_choice(struct page *p, size_t i)
{
	page_begin(p);
	for (size_t n = 0; n < 5 && choices[i].designators[n].words; n++)
		page_add(p, code_set_of(choices[i].designators[n].association_type & 0xf),
			choices[i].designators[n].association_type,
			choices[i].designators[n].words);
	page_end(p);
}

static void wwid_of_the_best_designator(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(choices); i++) {
		char wwid[VPD_WWID_TEXT] = "untouched";
		struct page p;
		int r;

		page_of_choice(&p, i);
		r = vpd_83_wwid(p.bytes, p.len, wwid);
		if (r != choices[i].want || strcmp(wwid, r < 0 ? "untouched" : choices[i].wwid))
			fail_msg("%s: %d %s", choices[i].rule, r, wwid);
	}
}

/* V6: a page longer than the usual allocation is asked for once more. */
static void a_page_cut_short_has_no_wwid(void **state)
{
	char wwid[VPD_WWID_TEXT];
	struct page p;

	(void)state;
	page_begin(&p);
	page_add(&p, 1, EUI, "A123456789AbcDef");
	p.len = 4 + 255;
	page_end(&p);
	assert_int_equal(vpd_83_wwid(p.bytes, 254, wwid), -EMSGSIZE);
	assert_int_equal(vpd_length(p.bytes, 254), 259);
	assert_int_equal(vpd_83_wwid(p.bytes, 259, wwid), 0);
	assert_string_equal(wwid, "2a123456789abcdef");
	p.bytes[1] = 0x80;
	assert_int_equal(vpd_83_wwid(p.bytes, 259, wwid), -EBADMSG);
	assert_int_equal(vpd_83_wwid(p.bytes, 3, wwid), -EBADMSG);
}

static const struct {
	const char *rule, *words;
	size_t size;
	const char *serial;
} serials[] = {
	{ "V13 blanks before", "    A123456789AbcDefB123", 21, "A123456789AbcDefB123" },
	{ "V13 blanks behind", "A123456789AbcDefB123    ", 21, "A123456789AbcDefB123" },
	{ "V14 cut", "A123456789AbcDefB123", 20, "A123456789AbcDefB12" },
	{ "V14 cut to nothing", "A123456789AbcDefB123", 1, "" },
	{ "blanks within stay", " A B ", 21, "A B" },
	{ "only blanks", "    ", 21, "" },
	{ "empty", "", 21, "" },
};

static void serial_number(void **state)
{
	struct page p;
	char serial[VPD_SERIAL_TEXT];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(serials); i++) {
		size_t len = strlen(serials[i].words);

		p = (struct page){ .bytes = { 0, 0x80 }, .len = 4 + len };
		memcpy(p.bytes + 4, serials[i].words, len);
		page_end(&p);
		if (vpd_80_serial(p.bytes, p.len, serial, serials[i].size) < 0 ||
			strcmp(serial, serials[i].serial))
			fail_msg("%s: '%s'", serials[i].rule, serial);
		assert_int_equal(vpd_80_serial(p.bytes, 3, serial, sizeof serial), -EBADMSG);
		if (len)
			assert_int_equal(
				vpd_80_serial(p.bytes, 4, serial, sizeof serial), -EMSGSIZE);
	}
	p.bytes[1] = 0x83;
	assert_int_equal(vpd_80_serial(p.bytes, p.len, serial, sizeof serial), -EBADMSG);
}

#define MAX 4
struct set {
	struct {
		uint8_t association_type;
		const char *words;
	} designators[MAX];
};

static struct vpd_identity identity_of(const struct set *set)
{
	struct vpd_identity identity;
	struct page p;

	page_begin(&p);
	for (size_t n = 0; n < MAX && set->designators[n].words; n++)
		page_add(&p, code_set_of(set->designators[n].association_type & 0xf),
			set->designators[n].association_type, set->designators[n].words);
	page_end(&p);
	assert_int_equal(vpd_83_decode(p.bytes, p.len, &identity), 0);
	return identity;
}

static const struct {
	const char *rule;
	struct set a, b;
	bool disjoint;
} pairs[] = {
	{ "the same", { { { NAA, "5a123456789abcde" } } }, { { { NAA, "5a123456789abcde" } } },
		false },
	{ "another", { { { NAA, "5a123456789abcde" } } }, { { { NAA, "5a123456789abcdf" } } },
		true },
	{ "one in common is enough", { { { NAA, "5a123456789abcde" }, { T10, "Linux   A" } } },
		{ { { T10, "Linux   A" }, { NAA, "5b123456789abcde" } } }, false },
	{ "one set holds the other", { { { NAA, "5a123456789abcde" }, { T10, "Linux   A" } } },
		{ { { NAA, "5a123456789abcde" } } }, false },
	{ "of two types, the same words", { { { NAA, "5a123456789abcde" } } },
		{ { { NAME, "naa.5A123456789ABCDE" } } }, false },
	{ "of two types, other words", { { { NAA, "5a123456789abcde" } } },
		{ { { NAME, "naa.5A123456789ABCDF" } } }, true },
	{ "padding does not matter", { { { T10, "Linux   A" } } }, { { { T10, "Linux   A   " } } },
		false },
	{ "the port's is not the unit's",
		{ { { NAA, "5a123456789abcde" }, { 0x10 | NAA, "5000000000000001" } } },
		{ { { NAA, "5b123456789abcde" }, { 0x10 | NAA, "5000000000000001" } } }, true },
	{ "a group is shared by many", { { { NAA, "5a123456789abcde" }, { 6, "00000001" } } },
		{ { { NAA, "5b123456789abcde" }, { 6, "00000001" } } }, true },
	{ "a vendor's words do not hide another unit",
		{ { { NAA, "5a123456789abcde" }, { 0, "4142" } } },
		{ { { NAA, "5b123456789abcde" }, { 0, "4142" } } }, true },
	{ "a vendor's words count where there are no others", { { { 0, "4142" } } },
		{ { { 0, "4142" } } }, false },
	{ "a vendor's other words, where there are no others", { { { 0, "4142" } } },
		{ { { 0, "4143" } } }, true },
	{ "a vendor's words count where one side has no others",
		{ { { NAA, "5a123456789abcde" }, { 0, "4142" } } }, { { { 0, "4142" } } }, false },
	{ "UUIDs count", { { { 0xa, "1000112233445566" } } }, { { { 0xa, "1000112233445567" } } },
		true },
};

static void two_sets_that_share_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		struct vpd_identity a = identity_of(&pairs[i].a), b = identity_of(&pairs[i].b);

		enum vpd_match want = pairs[i].disjoint ? VPD_MATCH_NO : VPD_MATCH_YES;

		if (vpd_identity_compare(&a, &b) != want || vpd_identity_compare(&b, &a) != want)
			fail_msg("%s", pairs[i].rule);
	}
}

static void what_is_not_known_is_never_another(void **state)
{
	const struct set one = { { { NAA, "5a123456789abcde" } } };
	struct vpd_identity known = identity_of(&one), nothing = { .complete = true }, more;
	struct page p;

	(void)state;
	assert_int_equal(vpd_identity_compare(&known, &nothing), VPD_MATCH_UNKNOWN);
	assert_int_equal(vpd_identity_compare(&nothing, &known), VPD_MATCH_UNKNOWN);
	page_begin(&p);
	for (unsigned n = 0; n <= VPD_DESIGNATORS; n++) {
		char words[] = "5b1234567890000X";

		words[15] = (char)('0' + n);
		page_add(&p, 1, NAA, words);
		page_add(&p, 1, NAA, words); /* said twice, counted once */
		page_end(&p);
		assert_int_equal(vpd_83_decode(p.bytes, p.len, &more), 0);
		assert_int_equal(more.complete, n < VPD_DESIGNATORS);
		assert_int_equal(vpd_identity_compare(&known, &more),
			n < VPD_DESIGNATORS ? VPD_MATCH_NO : VPD_MATCH_UNKNOWN);
	}
	assert_int_equal(vpd_identity_match(&more, "35a123456789abcde"), VPD_MATCH_UNKNOWN);
	assert_int_equal(vpd_identity_match(&nothing, "35a123456789abcde"), VPD_MATCH_UNKNOWN);
}

static void pages_without_identity(void **state)
{
	struct vpd_identity untouched = { .n_designators = 99 }, identity = untouched;
	struct page p;

	(void)state;
	page_begin(&p);
	page_end(&p);
	assert_int_equal(vpd_83_decode(p.bytes, p.len, &identity), -ENODATA);
	page_add(&p, 1, 0x10 | NAA, "5a123456789abcde");
	page_end(&p);
	assert_int_equal(vpd_83_decode(p.bytes, p.len, &identity), -ENODATA);
	page_add(&p, 1, NAA, "5a123456789abcde");
	page_end(&p);
	assert_int_equal(vpd_83_decode(p.bytes, p.len - 1, &identity), -EMSGSIZE);
	p.bytes[4 + 12 + 3]++;
	assert_int_equal(vpd_83_decode(p.bytes, p.len, &identity), -EBADMSG);
	p.bytes[4 + 12 + 3]--;
	p.bytes[0] = 0x3f; /* no logical unit is connected: this is somebody's dummy */
	assert_int_equal(vpd_83_decode(p.bytes, p.len, &identity), -ENODATA);
	assert_int_equal(identity.n_designators, untouched.n_designators);
	p.bytes[0] = 0x00;
	assert_int_equal(vpd_83_decode(p.bytes, p.len, &identity), 0);
	assert_int_equal(identity.n_designators, 1);
}

static void the_port_group_is_the_ports(void **state)
{
	uint16_t group = 77;
	struct page p;

	(void)state;
	page_begin(&p);
	page_add(&p, 1, NAA, "5a123456789abcde");
	page_add(&p, 1, 0x10 | 4, "00000001");
	page_end(&p);
	assert_int_equal(vpd_83_target_port_group(p.bytes, p.len, &group), -ENODATA);
	page_add(&p, 1, 0x10 | 5, "00000102");
	page_end(&p);
	assert_int_equal(group, 77);
	assert_int_equal(vpd_83_target_port_group(p.bytes, p.len, &group), 0);
	assert_int_equal(group, 0x102);
}

/* Units whose page 83h names none go by page 80h. */
static void serial_numbers_as_identity(void **state)
{
	struct page a = { .bytes = { 0, 0x80, 0, 8, ' ', ' ', 'S', 'N', '0', '0', '1', ' ' },
		.len = 12 };
	struct page b = a, blank = a, nobody = a;
	const struct set one = { { { NAA, "5a123456789abcde" } } };
	struct vpd_identity known = identity_of(&one), first, second;
	char wwid[VPD_WWID_TEXT];

	(void)state;
	b.bytes[10] = '2';
	memset(blank.bytes + 4, ' ', 8);
	nobody.bytes[0] = 0x7f;
	assert_int_equal(vpd_80_decode(a.bytes, a.len, &first), 0);
	assert_int_equal(vpd_80_decode(b.bytes, b.len, &second), 0);
	assert_int_equal(vpd_identity_compare(&first, &first), VPD_MATCH_YES);
	assert_int_equal(vpd_identity_compare(&first, &second), VPD_MATCH_NO);
	assert_int_equal(vpd_identity_compare(&first, &known), VPD_MATCH_UNKNOWN);
	assert_int_equal(vpd_identity_compare(&known, &first), VPD_MATCH_UNKNOWN);
	assert_int_equal(vpd_identity_match(&first, "SVENDOR_MODEL_SN001"), VPD_MATCH_YES);
	assert_int_equal(vpd_identity_match(&first, "SVENDOR_MODEL_SN002"), VPD_MATCH_NO);
	assert_int_equal(vpd_identity_match(&first, "35a123456789abcde"), VPD_MATCH_UNKNOWN);
	vpd_identity_wwid(&first, wwid);
	assert_string_equal(wwid, "");
	vpd_identity_wwid(&known, wwid);
	assert_string_equal(wwid, "35a123456789abcde");
	assert_int_equal(vpd_80_decode(blank.bytes, blank.len, &second), -ENODATA);
	assert_int_equal(vpd_80_decode(nobody.bytes, nobody.len, &second), -ENODATA);
	assert_int_equal(vpd_80_decode(a.bytes, 11, &second), -EMSGSIZE);
}

static const struct {
	const char *rule;
	struct set set;
	const char *wwid;
	enum vpd_match want;
} matches[] = {
	{ "the best designator", { { { T10, "Linux   A" }, { NAA, "5a123456789abcde" } } },
		"35a123456789abcde", VPD_MATCH_YES },
	{ "any designator", { { { T10, "Linux   A" }, { NAA, "5a123456789abcde" } } }, "1Linux_A",
		VPD_MATCH_YES },
	{ "another", { { { T10, "Linux   A" }, { NAA, "5a123456789abcde" } } }, "35a123456789abcdf",
		VPD_MATCH_NO },
	{ "another T10", { { { T10, "Linux   A" } } }, "1Linux_B", VPD_MATCH_NO },
	{ "half of it", { { { T10, "Linux   AB" } } }, "1Linux_A", VPD_MATCH_NO },
	{ "T10 text where there is none", { { { NAA, "5a123456789abcde" } } }, "1Linux_B",
		VPD_MATCH_UNKNOWN },
	{ "udev's _ for what it does not like", { { { T10, "Linux   A;B" } } }, "1Linux_A_B",
		VPD_MATCH_YES },
	{ "no _ for letters", { { { T10, "Linux   AxB" } } }, "1Linux_A_B", VPD_MATCH_NO },
	{ "a name as it is", { { { NAME, "naa.5A123456789ABCDE" } } }, "8naa.5a123456789abcde",
		VPD_MATCH_YES },
	{ "a name as NAA", { { { NAME, "naa.5A123456789ABCDE" } } }, "35a123456789abcde",
		VPD_MATCH_YES },
	{ "an iqn", { { { NAME, "iqn.2026-01.org.example:A" } } }, "82026-01.org.example:A",
		VPD_MATCH_YES },
	{ "another iqn", { { { NAME, "iqn.2026-01.org.example:A" } } },
		"8iqn.2026-01.org.example:B", VPD_MATCH_NO },
	{ "another iqn, as multipath writes it", { { { NAME, "iqn.2026-01.org.example:A" } } },
		"82026-01.org.example:B", VPD_MATCH_NO },
	{ "udev's vendor, model and serial", { { { 0, "4f4c44" } } }, "0QEMU_QEMU_HARDDISK_OLD",
		VPD_MATCH_YES },
	{ "another serial", { { { 0, "4e4557" } } }, "0QEMU_QEMU_HARDDISK_OLD", VPD_MATCH_NO },
	{ "another serial beside better words",
		{ { { 0, "4e4557" }, { NAA, "5a123456789abcde" } } }, "0QEMU_QEMU_HARDDISK_OLD",
		VPD_MATCH_UNKNOWN },
	{ "made of page 80h", { { { NAA, "5a123456789abcde" } } }, "SQEMU_QEMU_HARDDISK_OLD",
		VPD_MATCH_UNKNOWN },
	{ "a model that begins with a digit", { { { NAA, "5a123456789abcde" } } }, "3Ware_Disk_1",
		VPD_MATCH_UNKNOWN },
	{ "empty", { { { NAA, "5a123456789abcde" } } }, "", VPD_MATCH_UNKNOWN },
};

static void a_wwid_against_a_set(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(matches); i++) {
		struct vpd_identity identity = identity_of(&matches[i].set);
		enum vpd_match match = vpd_identity_match(&identity, matches[i].wwid);

		if (match != matches[i].want)
			fail_msg("%s: %d", matches[i].rule, match);
	}
}

static void decode(const uint8_t *bytes, size_t len)
{
	struct vpd_identity identity;
	char text[VPD_WWID_TEXT], serial[VPD_SERIAL_TEXT];
	uint16_t group;

	(void)vpd_83_target_port_group(bytes, len, &group);
	(void)vpd_80_serial(bytes, len, serial, sizeof serial);
	if (vpd_80_decode(bytes, len, &identity) == 0)
		assert_int_equal(vpd_identity_compare(&identity, &identity), VPD_MATCH_YES);
	if (vpd_83_wwid(bytes, len, text) == 0)
		assert_true(strlen(text) > 1);
	if (vpd_83_decode(bytes, len, &identity) == 0) {
		assert_int_equal(vpd_identity_compare(&identity, &identity), VPD_MATCH_YES);
		if (vpd_83_wwid(bytes, len, text) == 0 && identity.complete)
			assert_int_equal(vpd_identity_match(&identity, text), VPD_MATCH_YES);
	}
}

static void hostile_bytes(void **state)
{
	struct page p;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		page_of_vector(&p, i);
		decode_hostile(p.bytes, p.len, decode);
	}
	for (size_t i = 0; i < ARRAY_SIZE(choices); i++) {
		page_of_choice(&p, i);
		decode_hostile(p.bytes, p.len, decode);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wwid_of_one_designator),
		cmocka_unit_test(wwid_of_the_best_designator),
		cmocka_unit_test(a_page_cut_short_has_no_wwid),
		cmocka_unit_test(serial_number),
		cmocka_unit_test(two_sets_that_share_nothing),
		cmocka_unit_test(what_is_not_known_is_never_another),
		cmocka_unit_test(pages_without_identity),
		cmocka_unit_test(the_port_group_is_the_ports),
		cmocka_unit_test(serial_numbers_as_identity),
		cmocka_unit_test(a_wwid_against_a_set),
		cmocka_unit_test(hostile_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
