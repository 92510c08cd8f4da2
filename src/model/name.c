/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/name.h"

#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"
#include "model/devfs_name.h"

/* Up to and with the component; 0: it is not there. */
static size_t component_end(const char *sysfs, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = strstr(sysfs, word); at; at = strstr(at + 1, word))
		if ((at == sysfs || at[-1] == '/') && (at[n] == '/' || !at[n]))
			return (size_t)(at - sysfs) + n;
	return 0;
}

/* "devices/...", "pci0000:00/..." or the tail of a link: the path, or something above it. */
static bool is_below(const char *sysfs, const char *name)
{
	const char *from = spelling_behind(sysfs, "devices/");
	const char *tail = spelling_behind(name, "devices/");
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

/* Does a name after devfs mean the device of this directory, whose block device is called dev, or
 * something above it? */
static bool is_devfs_name(const char *sysfs, const char *dev, const char *n)
{
	const char *minor, *rest = strchr(n, '@') ? devfs_name_follow(sysfs, n, &minor) : NULL;

	return rest && (!minor || !strcmp(minor, dev));
}

static bool is_map(const struct map *map, const char *n)
{
	const char *minor = spelling_map_minor(n);
	char dev[MAX_NAME], sysfs[64];
	struct devt devt;

	snprintf(dev, sizeof dev, "dm-%u", (unsigned)map->kernel.devt.minor);
	snprintf(sysfs, sizeof sysfs, "virtual/block/%s", dev);
	if (is_devfs_name(sysfs, dev, n))
		return true;
	if (!devt_parse(n, &devt))
		return devt_equal(&devt, &map->kernel.devt);
	if (minor) {
		char text[DEVT_TEXT];

		devt_print(&map->kernel.devt, text);
		return !strcmp(strchr(text, ':') + 1, minor);
	}
	return !strcmp(map->kernel.name, n) || (*map_wwid(map) && !strcmp(map_wwid(map), n));
}

static bool is_called(const struct model *m, const struct path *p, const char *n)
{
	const struct map *map = p->map < 0 ? NULL : &m->maps[p->map];
	struct scsi_address address;
	struct devt devt;

	if (!scsi_address_parse(n, &address))
		return scsi_address_equal(&address, &p->device.address);
	if (!devt_parse(n, &devt) && devt_equal(&devt, &p->device.devt))
		return true;
	if (is_devfs_name(p->device.sysfs, p->device.dev, n))
		return true;
	if (spelling_is_branch(n))
		return component_end(p->device.sysfs, n) > 0;
	if (strchr(n, '/') && is_below(p->device.sysfs, n))
		return true;
	return !strcmp(p->device.dev, n) || (p->device.wwid[0] && !strcmp(p->device.wwid, n)) ||
	       (map && is_map(map, n));
}

uint32_t name_find(const struct model *m, const char *name,
	void (*visit)(void *arg, struct path *p), void *arg)
{
	char scratch[MAX_SYSFS];
	const char *n = spelling_bare(name, scratch);
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

static size_t directory_end(const char *sysfs, const char *name)
{
	const char *tail = spelling_behind(name, "devices/");
	size_t n = strlen(tail ? tail : name);

	while (n && (tail ? tail : name)[n - 1] == '/')
		n--;
	return (spelling_behind(sysfs, "devices/") ? strlen("devices/") : 0) + n;
}

/* Of a name that means p, or something above it: so much of p's directory. */
static size_t extent_of(const struct path *p, const char *n)
{
	const char *sysfs = p->device.sysfs, *minor, *rest = NULL;
	size_t len = strlen(sysfs);

	if (strchr(n, '@'))
		rest = devfs_name_follow(sysfs, n, &minor);
	if (rest && *rest)
		return len - strlen(rest) - 1;
	if (rest)
		return len;
	if (spelling_is_branch(n))
		return component_end(sysfs, n);
	return strchr(n, '/') && is_below(sysfs, n) ? directory_end(sysfs, n) : len;
}

size_t name_extent(const struct model *m, const char *name, const struct path *p)
{
	char scratch[MAX_SYSFS];
	const char *n = spelling_bare(name, scratch);

	return name_form(name) == NAME_INVALID || !is_called(m, p, n) ? 0 : extent_of(p, n);
}

bool name_says(const char *name, const char *word)
{
	char scratch[MAX_SYSFS];

	return !strcmp(spelling_bare(name, scratch), word);
}

static bool is_on_map(const struct model *m, int map, const char *n)
{
	struct path *p;

	for_each_path (m, p)
		if (p->map == map && is_called(m, p, n))
			return true;
	return false;
}

uint32_t name_find_maps(
	const struct model *m, const char *name, void (*visit)(void *arg, uint32_t map), void *arg)
{
	char scratch[MAX_SYSFS];
	const char *n = spelling_bare(name, scratch);
	uint32_t found = 0;

	if (name_form(name) == NAME_INVALID)
		return 0;
	for (uint32_t i = 0; i < m->n_maps; i++)
		if (m->maps[i].present && (is_map(&m->maps[i], n) || is_on_map(m, (int)i, n))) {
			found++;
			visit(arg, i);
		}
	return found;
}

/* ---- roots ----------------------------------------------------------------------------------- */

bool name_is_below(const char *sysfs, const char *directory)
{
	size_t n = strlen(directory);

	return n && !strncmp(sysfs, directory, n) && (sysfs[n] == '/' || !sysfs[n]);
}

/* Is it the volume that is called so, and not this one way to it? */
static bool is_called_as_volume(const struct model *m, const struct path *p, const char *n)
{
	const struct map *map = p->map < 0 ? NULL : &m->maps[p->map];
	struct scsi_address address;
	struct devt devt;

	if (!scsi_address_parse(n, &address) || spelling_is_branch(n) ||
		!strcmp(p->device.dev, n) ||
		(!devt_parse(n, &devt) && devt_equal(&devt, &p->device.devt)))
		return false;
	return !strcmp(p->device.wwid, n) || (map && is_map(map, n));
}

static void root_of(
	const struct model *m, const struct path *p, const char *n, struct obs_detaching *ret)
{
	const struct map *map = p->map < 0 ? NULL : &m->maps[p->map];
	size_t len;

	if (is_called_as_volume(m, p, n)) {
		text_copy(ret->wwid, sizeof ret->wwid,
			map && is_map(map, n) && *map_wwid(map) ? map_wwid(map) : n);
		return;
	}
	TEXT_SET(ret->sysfs, p->device.sysfs);
	len = extent_of(p, n);
	if (len < strlen(ret->sysfs))
		ret->sysfs[len] = '\0';
	else
		ret->ino = p->device.ino;
}

bool name_find_root(const struct model *m, const char *name, struct obs_detaching *ret)
{
	char scratch[MAX_SYSFS];
	const char *n = spelling_bare(name, scratch);
	struct path *p;

	if (name_form(name) == NAME_INVALID)
		return false;
	for_each_path (m, p)
		if (is_called(m, p, n)) {
			root_of(m, p, n, ret);
			return true;
		}
	for (uint32_t i = 0; i < m->n_maps; i++)
		if (m->maps[i].present && is_map(&m->maps[i], n) && *map_wwid(&m->maps[i])) {
			TEXT_SET(ret->wwid, map_wwid(&m->maps[i]));
			return true;
		}
	return false;
}

/* ---- nodes ----------------------------------------------------------------------------------- */

static bool is_minor(const struct node *node, const char *minor)
{
	return (node->devt.major && !strcmp(node_name(node), minor)) ||
	       (node->sg[0] && !strcmp(node->sg, minor));
}

bool name_is_node(const struct node *node, const char *name)
{
	char scratch[MAX_SYSFS];
	const char *n = spelling_bare(name, scratch);
	const char *minor, *rest = NULL;
	struct devt devt;

	if (name_form(name) == NAME_INVALID)
		return false;
	if (!devt_parse(n, &devt))
		return node->devt.major && devt_equal(&devt, &node->devt);
	if (strchr(n, '@'))
		rest = devfs_name_follow(node->sysfs, n, &minor);
	if (rest && (minor ? is_minor(node, minor) : !*rest))
		return true;
	if (strchr(n, '/') && !strchr(n, '@'))
		return is_below(node->sysfs, n);
	return !strcmp(node_name(node), n) || (node->sg[0] && !strcmp(node->sg, n)) ||
	       (node->wwid[0] && !strcmp(node->wwid, n)) ||
	       (node->kind == NODE_MAP && !strcmp(node->label, n));
}

size_t name_find_nodes(const struct node *nodes, size_t n, const char *name, bool *ret_found)
{
	size_t found = 0;
	uint32_t depth = 0;
	bool below = false;

	for (size_t i = 0; i < n; i++) {
		below = below && nodes[i].depth > depth;
		if (!below && name_is_node(&nodes[i], name)) {
			below = true;
			depth = nodes[i].depth;
			found++;
		}
		ret_found[i] = below;
	}
	return found;
}

/* ---- places ---------------------------------------------------------------------------------- */

enum { MAX_PLACES = 256 };

struct places {
	uint32_t n;
	struct place found[MAX_PLACES];
	void (*visit)(void *arg, const struct place *place);
	void *arg;
};

static void add_place(struct places *places, struct place place)
{
	for (uint32_t i = 0; i < places->n; i++)
		if (place_equal(&places->found[i], &place))
			return;
	if (places->n == MAX_PLACES)
		return;
	places->found[places->n++] = place;
	places->visit(places->arg, &place);
}

static void add_target_of(void *arg, struct path *p)
{
	add_place(arg, place_of_target(&p->device.address));
}

/* "host3", "session1": the number behind the prefix. */
static bool numbered(const char *n, const char *prefix, uint32_t *ret)
{
	const char *rest = spelling_behind(n, prefix);

	return rest && number_parse_u32(rest, ret) == 0;
}

static bool has_word(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = words; (at = strstr(at, word)); at += len)
		if ((at == words || at[-1] == ' ') && (at[len] == ' ' || !at[len]))
			return true;
	return false;
}

static void add_session(const struct model *m, const char *n, struct places *places)
{
	for (uint32_t i = 0; i < m->n_hosts; i++)
		if (m->hosts[i].known && has_word(m->hosts[i].seen.sessions, n))
			add_place(places, place_of_host(m->hosts[i].number));
}

/* A volume that is kept out is nowhere, and known by where it was. */
static void add_gaps(const struct model *m, const char *n, struct places *places)
{
	for (uint32_t i = 0; i < m->gaps.n; i++) {
		const struct gap *g = &m->gaps.rows[i];

		if (g->stage != GAP_NO && g->is.wwid[0] && !strcmp(g->is.wwid, n) &&
			model_known_host(m, g->is.address.host))
			add_place(places, place_of_address(&g->is.address));
	}
}

/* "rport-3:0-1", on which no LUN is that would tell its target number: its channel. */
static void add_remote_port(const struct model *m, const char *n, struct places *places)
{
	uint64_t host, channel;
	struct place place;

	n = spelling_behind(n, "rport-");
	if (!n || number_parse_field(&n, ':', UINT32_MAX, &host) < 0 ||
		number_parse_field(&n, '-', UINT32_MAX - 1, &channel) < 0 ||
		!model_known_host(m, (uint32_t)host))
		return;
	place = place_of_host((uint32_t)host);
	place.channel = (uint32_t)channel;
	add_place(places, place);
}

/* One component of the device tree, or an address, on a host that is there. */
static void add_component(const struct model *m, const char *n, struct places *places)
{
	char address_text[SCSI_ADDRESS_TEXT], kernel[MAX_SYSFS];
	uint32_t host, before = places->n;
	struct scsi_address address;
	const char *target;

	if (devfs_name_kernel(n, kernel, sizeof kernel) == 0)
		n = kernel;
	target = spelling_behind(n, "target");
	if (numbered(n, "host", &host)) {
		if (model_known_host(m, host))
			add_place(places, place_of_host(host));
		return;
	}
	snprintf(address_text, sizeof address_text, "%.40s:0", target ? target : "");
	if (!scsi_address_parse(address_text, &address)) {
		if (model_known_host(m, address.host))
			add_place(places, place_of_target(&address));
		return;
	}
	name_find(m, n, add_target_of, places);
	if (places->n > before)
		return;
	if (!scsi_address_parse(n, &address)) {
		if (model_known_host(m, address.host))
			add_place(places, place_of_address(&address));
		return;
	}
	add_gaps(m, n, places);
	add_session(m, n, places);
	add_remote_port(m, n, places);
}

uint32_t name_find_places(const struct model *m, const char *name,
	void (*visit)(void *arg, const struct place *place), void *arg)
{
	struct places places = { .visit = visit, .arg = arg };
	char scratch[MAX_SYSFS];
	const char *n = spelling_bare(name, scratch);

	if (name_form(name) == NAME_INVALID)
		return 0;
	if (!strchr(n, '/')) {
		add_component(m, n, &places);
		return places.n;
	}
	for (uint32_t i = 0; i < m->n_hosts; i++)
		if (m->hosts[i].known && (is_below(m->hosts[i].seen.sysfs, n) ||
						 is_devfs_name(m->hosts[i].seen.sysfs, "", n)))
			add_place(&places, place_of_host(m->hosts[i].number));
	if (strchr(n, '@') && !places.n)
		add_component(m, strrchr(n, '/') + 1, &places);
	for (uint32_t i = 0; i < m->n_hosts && !places.n; i++)
		if (m->hosts[i].known && is_below(n, m->hosts[i].seen.sysfs))
			add_component(m, strrchr(n, '/') + 1, &places);
	return places.n;
}
