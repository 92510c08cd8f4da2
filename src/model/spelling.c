/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/spelling.h"

#include <ctype.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/devt.h"
#include "base/text.h"
#include "model/devfs_name.h"
#include "model/observation.h"
#include "scsi/address.h"

static bool all_digits(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isdigit((unsigned char)s[i]))
			return false;
	return n > 0;
}

/* "sdb", "sdaa": a letter block behind "sd". */
static bool is_disk_name(const char *s)
{
	if (strncmp(s, "sd", 2) || !s[2])
		return false;
	for (s += 2; *s; s++)
		if (!islower((unsigned char)*s))
			return false;
	return true;
}

const char *spelling_behind(const char *s, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(s, prefix, n) ? NULL : s + n;
}

/* Below these sysfs has links alone, called as what they lead to. */
static bool is_link(const char *sysfs)
{
	static const char *const links[] = { "block/", "class/", "bus/", "dev/", NULL };

	for (size_t i = 0; links[i]; i++)
		if (spelling_behind(sysfs, links[i]))
			return true;
	return false;
}

/* How udev calls a volume in /dev/disk/by-id, and how a WWID begins that follows. Digits: so begins
 * what must be a number in hexadecimal digits; a WWN that begins otherwise is no NAA. */
static const struct {
	const char *prefix, *wwid, *digits;
} volume_links[] = {
	{ "wwn-0x", "3", "2356" },
	{ "scsi-3", "3", "2356" },
	{ "scsi-2", "2", "0123456789abcdef" },
	{ "dm-uuid-mpath-", "", NULL },
	{ "dm-name-", "", NULL },
};

static bool is_designator(const char *s, const char *digits)
{
	size_t n = strspn(s, "0123456789abcdef");

	return !s[n] && (n == 16 || n == 24 || n == 32) && strchr(digits, s[0]);
}

/* What a link says of the volume it leads to, without following it. NULL: nothing. */
static const char *said_by_link(const char *link, char *scratch)
{
	const char *name = spelling_behind(link, "by-id/");

	for (size_t i = 0; name && i < ARRAY_SIZE(volume_links); i++) {
		const char *rest = spelling_behind(name, volume_links[i].prefix);

		if (!rest ||
			(volume_links[i].digits && !is_designator(rest, volume_links[i].digits)))
			continue;
		text_copy(scratch, MAX_SYSFS, volume_links[i].wwid);
		text_copy(scratch + strlen(scratch), MAX_SYSFS - strlen(scratch), rest);
		return scratch;
	}
	return NULL;
}

const char *spelling_bare(const char *name, char *scratch)
{
	static const char *const prefixes[] = { "/dev/mapper/", "/dev/", NULL };
	const char *sysfs = spelling_behind(name, "/sys/");
	const char *link = spelling_behind(name, "/dev/disk/");

	if (link && said_by_link(link, scratch))
		return scratch;
	for (size_t i = 0; prefixes[i]; i++)
		if (spelling_behind(name, prefixes[i]))
			return spelling_behind(name, prefixes[i]);
	if (sysfs && is_link(sysfs))
		return strrchr(sysfs, '/') + 1;
	return sysfs ? sysfs : name;
}

bool spelling_is_branch(const char *name)
{
	static const char *const starts[] = { "host", "target", "session", "rport-", NULL };

	for (size_t i = 0; starts[i]; i++) {
		const char *rest = spelling_behind(name, starts[i]);

		if (rest && isdigit((unsigned char)rest[0]) && !strchr(rest, '/'))
			return true;
	}
	return false;
}

const char *spelling_map_minor(const char *s)
{
	const char *minor = spelling_behind(s, "dm-");

	return minor && all_digits(minor, strlen(minor)) ? minor : NULL;
}

enum name_form name_form(const char *name)
{
	struct scsi_address address;
	char scratch[MAX_SYSFS];
	struct devt devt;
	const char *n = spelling_bare(name, scratch);

	if (!*n || strlen(n) >= MAX_SYSFS)
		return NAME_INVALID;
	for (const char *c = n; *c; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f)
			return NAME_INVALID;
	if (n != scratch && spelling_behind(name, "/dev/") && strchr(n, '/'))
		return NAME_LINK;
	if (is_disk_name(n) || !scsi_address_parse(n, &address) || !devt_parse(n, &devt) ||
		spelling_is_branch(n) || spelling_map_minor(n) || strchr(n, '/') ||
		devfs_name_is_one(n))
		return NAME_ADDRESS;
	return NAME_WORD;
}

bool name_is_wwid(const char *name)
{
	char scratch[MAX_SYSFS];
	const char *n = spelling_bare(name, scratch);

	return (n[0] == '3' && is_designator(n + 1, "2356")) ||
	       (n[0] == '2' && is_designator(n + 1, "0123456789abcdef"));
}
