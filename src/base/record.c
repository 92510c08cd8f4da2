/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"

static bool is_zero(const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes[i])
			return false;
	return true;
}

static uint64_t load(const struct field *f, const uint8_t *at)
{
	uint64_t n = 0;

	memcpy(&n, at, f->size < sizeof n ? f->size : sizeof n); /* little endian hosts */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	n >>= 8 * (sizeof n - f->size);
#endif
	return n;
}

static void store(const struct field *f, uint8_t *at, uint64_t n)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	n <<= 8 * (sizeof n - f->size);
#endif
	memcpy(at, &n, f->size);
}

static size_t count_bytes(const struct field *f, const uint8_t *base)
{
	uint16_t n;

	if (f->count_size == 1)
		return base[f->count_offset];
	memcpy(&n, base + f->count_offset, sizeof n);
	return n;
}

static void store_count(const struct field *f, uint8_t *base, size_t count)
{
	uint16_t n = (uint16_t)count;

	if (f->count_size == 1)
		base[f->count_offset] = (uint8_t)count;
	else
		memcpy(base + f->count_offset, &n, sizeof n);
}

static void print_bytes(struct text *out, const struct field *f, const uint8_t *base)
{
	size_t n = count_bytes(f, base);

	for (size_t i = 0; i < n && i < f->size; i++)
		text_addf(out, "%02x", base[f->offset + i]);
}

/* One that fills its field has no end of its own. */
static void print_text(struct text *out, const struct field *f, const uint8_t *at)
{
	struct text s = TEXT_INIT;

	text_add_bytes(&s, (const char *)at, strnlen((const char *)at, f->size - 1));
	out->failed |= text_failed(&s);
	text_add_escaped(out, text_str(&s));
	text_done(&s);
}

/* What follows the end of a text is nobody's. */
static bool has_value(const struct field *f, const uint8_t *base)
{
	if (f->type == FIELD_BYTES)
		return count_bytes(f, base) != 0;
	if (f->type == FIELD_TEXT)
		return base[f->offset] != '\0';
	return !is_zero(base + f->offset, f->size);
}

static void print_one(
	struct text *out, const struct field *f, const uint8_t *base, const char *prefix)
{
	const uint8_t *at = base + f->offset;

	text_addf(out, " %s%s=", prefix, f->name);
	switch (f->type) {
	case FIELD_U64:
	case FIELD_U32:
	case FIELD_U16:
	case FIELD_U8: text_addf(out, "%" PRIu64, load(f, at)); break;
	case FIELD_I32: {
		int32_t n;

		memcpy(&n, at, sizeof n);
		text_addf(out, "%" PRId32, n);
		break;
	}
	case FIELD_BOOL: text_add(out, "yes"); break;
	case FIELD_ENUM: {
		uint64_t n = load(f, at);

		text_add(out, n < f->max_count && f->names[n] ? f->names[n] : "?");
		break;
	}
	case FIELD_TEXT: print_text(out, f, at); break;
	case FIELD_BYTES: print_bytes(out, f, base); break;
	case FIELD_ARRAY: break;
	}
}

static void print_prefixed(
	struct text *out, const struct field *fields, const void *base_, const char *prefix)
{
	const uint8_t *base = base_;

	for (const struct field *f = fields; f->name; f++) {
		uint32_t n = 0;

		if (f->type == FIELD_ARRAY) {
			memcpy(&n, base + f->count_offset, sizeof n);
			for (uint32_t i = 0; i < n && i < f->max_count; i++) {
				char deeper[64];

				snprintf(deeper, sizeof deeper, "%s%s.%u.", prefix, f->name, i);
				print_prefixed(out, f->fields,
					base + f->offset + (size_t)i * f->size, deeper);
			}
		} else if (has_value(f, base)) {
			print_one(out, f, base, prefix);
		}
	}
}

void record_print(struct text *out, const struct field *fields, const void *base)
{
	print_prefixed(out, fields, base, "");
}

static int set_enum(const struct field *f, uint8_t *at, const char *value)
{
	for (uint32_t i = 0; i < f->max_count; i++)
		if (f->names[i] && !strcmp(f->names[i], value)) {
			store(f, at, i);
			return 0;
		}
	return -EINVAL;
}

static int set_number(const struct field *f, uint8_t *at, const char *value)
{
	uint64_t max = f->size >= 8 ? UINT64_MAX : (1ull << (8 * f->size)) - 1, n;
	int r = number_parse_u64(value, 0, max, &n);

	if (r < 0)
		return -EINVAL;
	store(f, at, n);
	return 0;
}

static int set_signed(uint8_t *at, const char *value)
{
	uint64_t n;
	int32_t number;
	bool negative = *value == '-';

	if (number_parse_u64(value + negative, 0, (uint64_t)INT32_MAX + negative, &n) < 0)
		return -EINVAL;
	number = (int32_t)(negative ? -(int64_t)n : (int64_t)n);
	memcpy(at, &number, sizeof number);
	return 0;
}

/* The reverse of text_add_escaped(). */
static int set_text(const struct field *f, uint8_t *at, const char *value)
{
	size_t n = 0;
	uint8_t byte;

	memset(at, 0, f->size);
	for (; *value; value++) {
		if (n + 1 >= f->size)
			return -EINVAL;
		if (value[0] == '\\' && value[1] == 'x' && value[2] && value[3]) {
			char hex[3] = { value[2], value[3], '\0' };

			if (number_parse_bytes(hex, &byte, 1) != 1 || !byte)
				return -EINVAL;
			at[n++] = byte;
			value += 3;
		} else {
			at[n++] = (uint8_t)*value;
		}
	}
	return 0;
}

static int set_element(const struct field *f, uint8_t *base, const char *rest, const char *value)
{
	char index[8] = "";
	uint64_t i;
	uint32_t n;
	size_t digits = strspn(rest, "0123456789");

	if (!digits || digits >= sizeof index || rest[digits] != '.')
		return -ENOENT;
	memcpy(index, rest, digits);
	if (number_parse_u64(index, 0, f->max_count - 1, &i) < 0)
		return -EINVAL;
	memcpy(&n, base + f->count_offset, sizeof n);
	if (n <= i) {
		n = (uint32_t)i + 1;
		memcpy(base + f->count_offset, &n, sizeof n);
	}
	return record_set(
		f->fields, base + f->offset + (size_t)i * f->size, rest + digits + 1, value);
}

static int set_one(const struct field *f, uint8_t *base, const char *value)
{
	size_t max = f->count_size == 1 ? UINT8_MAX : UINT16_MAX; /* of bytes that can be counted */
	uint8_t *at = base + f->offset;
	int r;

	switch (f->type) {
	case FIELD_U64:
	case FIELD_U32:
	case FIELD_U16:
	case FIELD_U8: return set_number(f, at, value);
	case FIELD_I32: return set_signed(at, value);
	case FIELD_BOOL:
		if (strcmp(value, "yes") && strcmp(value, "no"))
			return -EINVAL;
		*at = value[0] == 'y';
		return 0;
	case FIELD_ENUM: return set_enum(f, at, value);
	case FIELD_TEXT: return set_text(f, at, value);
	case FIELD_BYTES:
		memset(at, 0, f->size); /* it may be said twice */
		r = number_parse_bytes(value, at, f->size < max ? f->size : max);
		if (r < 0)
			return -EINVAL;
		store_count(f, base, (size_t)r);
		return 0;
	case FIELD_ARRAY: break;
	}
	return -ENOENT;
}

int record_set(const struct field *fields, void *base, const char *name, const char *value)
{
	for (const struct field *f = fields; f->name; f++) {
		size_t len = strlen(f->name);

		if (f->type == FIELD_ARRAY) {
			if (!strncmp(f->name, name, len) && name[len] == '.')
				return set_element(f, base, name + len + 1, value);
		} else if (!strcmp(f->name, name)) {
			return set_one(f, base, value);
		}
	}
	return -ENOENT;
}

static bool array_is_sound(const struct field *f, const uint8_t *base)
{
	uint32_t n;

	memcpy(&n, base + f->count_offset, sizeof n);
	for (uint32_t i = 0; i < n && i < f->max_count; i++)
		if (!record_is_sound(f->fields, base + f->offset + (size_t)i * f->size))
			return false;
	return true;
}

static bool field_is_sound(const struct field *f, const uint8_t *base)
{
	const uint8_t *at = base + f->offset;
	uint64_t n;

	switch (f->type) {
	case FIELD_BOOL: return *at <= 1;
	case FIELD_ENUM: n = load(f, at); return n < f->max_count && f->names[n];
	case FIELD_TEXT: return memchr(at, '\0', f->size);
	case FIELD_BYTES: return count_bytes(f, base) <= f->size;
	case FIELD_ARRAY: return array_is_sound(f, base);
	case FIELD_U64:
	case FIELD_I32:
	case FIELD_U32:
	case FIELD_U16:
	case FIELD_U8: break;
	}
	return true;
}

bool record_is_sound(const struct field *fields, const void *base)
{
	for (const struct field *f = fields; f->name; f++)
		if (!field_is_sound(f, base))
			return false;
	return true;
}
