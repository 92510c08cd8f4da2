/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "observe/properties.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "port/sysfs.h"

enum { FILE_BYTES = 32 * 1024, MOST_NAMES = 256 };

struct name {
	const char *at; /* borrowed */
	size_t len;
};

/* What libudev makes of the kernel's part of a device, whatever the database says. */
static const char *const always[] = { "DEVNAME", "DEVPATH", "DEVTYPE", "MAJOR", "MINOR",
	"SUBSYSTEM" };

/* Lines of the database that are no properties themselves, and become some. */
static const struct {
	char letter;
	const char *name;
} made_of[] = {
	{ 'S', "DEVLINKS" },
	{ 'I', "USEC_INITIALIZED" },
	{ 'G', "TAGS" },
	{ 'Q', "CURRENT_TAGS" },
};

static struct name name_from(const char *s)
{
	return (struct name){ s, strlen(s) };
}

static bool is_printable(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (s[i] <= ' ' || s[i] > '~' || s[i] == ',')
			return false;
	return len > 0;
}

/* "E:ID_BUS=scsi" -> ID_BUS. A line that names nothing gives an empty name. */
static struct name name_of_line(const char *line, size_t len)
{
	const char *end;

	if (len < 2 || line[1] != ':')
		return (struct name){ line, 0 };
	for (size_t i = 0; i < ARRAY_SIZE(made_of); i++)
		if (made_of[i].letter == line[0])
			return name_from(made_of[i].name);
	end = line[0] == 'E' ? memchr(line, '=', len) : NULL;
	if (!end || !is_printable(line + 2, (size_t)(end - line) - 2))
		return (struct name){ line, 0 };
	return (struct name){ line + 2, (size_t)(end - line) - 2 };
}

static int by_name(const void *left, const void *right)
{
	const struct name *a = left, *b = right;
	int order = memcmp(a->at, b->at, a->len < b->len ? a->len : b->len);

	return order ? order : a->len < b->len ? -1 : a->len > b->len;
}

static void join(const struct name *names, size_t n, char *ret, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		if (i && by_name(&names[i - 1], &names[i]) == 0)
			continue;
		if (used + names[i].len + 2 > size)
			break;
		if (used)
			ret[used++] = ',';
		memcpy(ret + used, names[i].at, names[i].len);
		used += names[i].len;
	}
	ret[used] = '\0';
}

void properties_parse(const char *bytes, size_t len, char *ret, size_t size)
{
	struct name names[MOST_NAMES];
	const char *end = bytes + len;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(always); i++)
		names[n++] = name_from(always[i]);
	while (bytes < end && n < MOST_NAMES) {
		const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));

		if (!newline) /* not a whole line */
			break;
		names[n] = name_of_line(bytes, (size_t)(newline - bytes));
		n += names[n].len != 0;
		bytes = newline + 1;
	}
	qsort(names, n, sizeof names[0], by_name);
	join(names, n, ret, size);
}

void properties_value(const char *bytes, size_t len, const char *name, char *ret, size_t size)
{
	const char *end = bytes + len;
	size_t name_len = strlen(name);

	ret[0] = '\0';
	while (bytes < end) {
		const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
		const char *value = bytes + 2 + name_len + 1;

		if (!newline)
			return;
		if (newline >= value && !strncmp(bytes, "E:", 2) &&
			!strncmp(bytes + 2, name, name_len) && value[-1] == '=' &&
			is_printable(value, (size_t)(newline - value)) &&
			(size_t)(newline - value) < size) {
			memcpy(ret, value, (size_t)(newline - value));
			ret[newline - value] = '\0';
		}
		bytes = newline + 1;
	}
}

int properties_read(int run, const struct devt *devt, char *ret, size_t size, char *ret_serial,
	size_t serial_size)
{
	static uint8_t bytes[FILE_BYTES];
	char path[64];
	ssize_t n;

	ret[0] = ret_serial[0] = '\0';
	snprintf(path, sizeof path, "udev/data/b%u:%u", devt->major, devt->minor);
	n = sysfs_read_bytes(run, path, bytes, sizeof bytes);
	if (n < 0)
		return (int)n;
	properties_parse((const char *)bytes, (size_t)n, ret, size);
	properties_value((const char *)bytes, (size_t)n, "ID_SERIAL", ret_serial, serial_size);
	return 0;
}
