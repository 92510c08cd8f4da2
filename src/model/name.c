/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/name.h"

#include <ctype.h>
#include <string.h>

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

static const char *without_prefix(const char *s, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(s, prefix, n) ? NULL : s + n;
}

/* Below these sysfs has links alone, called as what they lead to. */
static bool is_link(const char *sysfs)
{
	static const char *const links[] = { "block/", "class/", "bus/", "dev/", NULL };

	for (size_t i = 0; links[i]; i++)
		if (without_prefix(sysfs, links[i]))
			return true;
	return false;
}

static const char *bare(const char *name)
{
	static const char *const prefixes[] = { "/dev/mapper/", "/dev/", NULL };
	const char *sysfs = without_prefix(name, "/sys/");

	for (size_t i = 0; prefixes[i]; i++)
		if (without_prefix(name, prefixes[i]))
			return without_prefix(name, prefixes[i]);
	if (sysfs && is_link(sysfs))
		return strrchr(sysfs, '/') + 1;
	return sysfs ? sysfs : name;
}

/* Components of the device tree that carry paths. */
static bool is_branch(const char *name)
{
	static const char *const starts[] = { "host", "target", "session", "rport-", NULL };

	for (size_t i = 0; starts[i]; i++) {
		const char *rest = without_prefix(name, starts[i]);

		if (rest && isdigit((unsigned char)rest[0]) && !strchr(rest, '/'))
			return true;
	}
	return false;
}

static const char *map_minor(const char *s)
{
	const char *minor = without_prefix(s, "dm-");

	return minor && all_digits(minor, strlen(minor)) ? minor : NULL;
}

enum name_form name_form(const char *name)
{
	struct scsi_address address;
	struct devt devt;
	const char *n = bare(name);

	if (!*n || strlen(n) >= MAX_SYSFS)
		return NAME_INVALID;
	for (const char *c = n; *c; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f)
			return NAME_INVALID;
	if (is_disk_name(n) || !scsi_address_parse(n, &address) || !devt_parse(n, &devt) ||
		is_branch(n) || map_minor(n) || strchr(n, '/'))
		return NAME_ADDRESS;
	return NAME_WORD;
}

/* Is word one whole component of the sysfs path? */
static bool has_component(const char *sysfs, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = strstr(sysfs, word); at; at = strstr(at + 1, word))
		if ((at == sysfs || at[-1] == '/') && (at[n] == '/' || !at[n]))
			return true;
	return false;
}

/* "devices/...", "pci0000:00/..." or the tail of a link: the path, or something above it. */
static bool is_below(const char *sysfs, const char *name)
{
	const char *from = without_prefix(sysfs, "devices/");
	const char *tail = without_prefix(name, "devices/");
	size_t n;

	if (!tail)
		tail = name;
	if (!from)
		from = sysfs;
	n = strlen(tail);
	while (n && tail[n - 1] == '/')
		n--;
	return n && !strncmp(from, tail, n) && (from[n] == '/' || !from[n]);
}

static bool is_map(const struct model *m, const struct path *p, const char *n)
{
	const struct map *map = p->map < 0 ? NULL : &m->maps[p->map];
	const char *minor = map_minor(n);

	if (!map)
		return false;
	if (minor) {
		char text[DEVT_TEXT];

		devt_print(&map->kernel.devt, text);
		return !strcmp(strchr(text, ':') + 1, minor);
	}
	return !strcmp(map->kernel.name, n) || (*map_wwid(map) && !strcmp(map_wwid(map), n));
}

static bool is_called(const struct model *m, const struct path *p, const char *n)
{
	struct scsi_address address;
	struct devt devt;

	if (!scsi_address_parse(n, &address))
		return scsi_address_equal(&address, &p->device.address);
	if (!devt_parse(n, &devt))
		return devt_equal(&devt, &p->device.devt) ||
		       (p->map >= 0 && devt_equal(&devt, &m->maps[p->map].kernel.devt));
	if (is_branch(n))
		return has_component(p->device.sysfs, n);
	if (strchr(n, '/'))
		return is_below(p->device.sysfs, n);
	return !strcmp(p->device.dev, n) || (p->device.wwid[0] && !strcmp(p->device.wwid, n)) ||
	       is_map(m, p, n);
}

uint32_t name_find(const struct model *m, const char *name,
	void (*visit)(void *arg, struct path *p), void *arg)
{
	const char *n = bare(name);
	uint32_t found = 0;
	struct path *p;

	if (name_form(name) == NAME_INVALID)
		return 0;
	for_each_path (m, p)
		if (is_called(m, p, n)) {
			found++;
			visit(arg, p);
		}
	return found;
}
