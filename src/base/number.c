/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/number.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static int parse(const char *text, unsigned base, uint64_t max, uint64_t *ret)
{
	uint64_t n = 0;
	bool too_large = false;

	if (!text || !*text)
		return -EINVAL;
	for (; *text; text++) {
		int digit = hex_digit(*text);

		if (digit < 0 || (unsigned)digit >= base)
			return -EINVAL;
		if (n > (UINT64_MAX - (unsigned)digit) / base)
			too_large = true;
		else
			n = n * base + (unsigned)digit;
	}
	if (too_large || n > max)
		return -ERANGE;
	*ret = n;
	return 0;
}

int number_parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *ret)
{
	uint64_t n;
	int r = parse(text, 10, max, &n);

	if (r < 0)
		return r;
	if (n < min)
		return -ERANGE;
	*ret = n;
	return 0;
}

int number_parse_u32(const char *text, uint32_t *ret)
{
	uint64_t n;
	int r = number_parse_u64(text, 0, UINT32_MAX, &n);

	if (r < 0)
		return r;
	*ret = (uint32_t)n;
	return 0;
}

int number_parse_field(const char **text, char separator, uint64_t max, uint64_t *ret)
{
	char digits[24]; /* a 64-bit number has at most 20 */
	const char *end = strchr(*text, separator);
	size_t len;
	uint64_t n;
	int r;

	if (!end)
		return -EINVAL;
	len = (size_t)(end - *text);
	if (len >= sizeof digits)
		return -EINVAL;
	memcpy(digits, *text, len);
	digits[len] = '\0';
	r = parse(digits, 10, max, &n);
	if (r < 0)
		return r;
	*text = separator ? end + 1 : end;
	*ret = n;
	return 0;
}

int number_parse_hex(const char *text, uint64_t max, uint64_t *ret)
{
	return parse(text, 16, max, ret);
}

int number_parse_bytes(const char *text, uint8_t *ret, size_t size)
{
	size_t n = 0;

	for (;;) {
		int high, low;

		while (*text == ' ' || *text == '\n' || *text == '\t')
			text++;
		if (!*text)
			return (int)n;
		high = hex_digit(text[0]);
		low = high < 0 ? -1 : hex_digit(text[1]);
		if (low < 0)
			return -EINVAL;
		if (n == size)
			return -ENOSPC;
		ret[n++] = (uint8_t)(high << 4 | low);
		text += 2;
	}
}
