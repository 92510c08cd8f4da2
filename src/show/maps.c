/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "show/maps.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "dm/table.h"
#include "model/model.h"
#include "model/name.h"
#include "show/map_item.h"
#include "show/names.h"
#include "show/size.h"

static const struct obs_map *kernel_of(const void *item)
{
	const struct map_item *i = item;

	return &i->map->kernel;
}

/* ---- groups ---------------------------------------------------------------------------------- */

static struct datum get_selector(struct document *d, const void *item)
{
	(void)d;
	return datum_text(kernel_of(item)->selector[0] ? kernel_of(item)->selector : "undef");
}

static struct datum get_group_state(struct document *d, const void *item)
{
	const struct map_item *i = item;

	(void)d;
	switch (i->map->kernel.groups[i->group - 1]) {
	case DM_GROUP_ACTIVE: return datum_text("active");
	case DM_GROUP_ENABLED: return datum_text("enabled");
	case DM_GROUP_DISABLED: return datum_text("disabled");
	}
	return datum_text("undef");
}

static struct datum get_group(struct document *d, const void *item)
{
	const struct map_item *i = item;

	(void)d;
	return datum_number(i->group);
}

static struct datum get_paths_of_group(struct document *d, const void *item)
{
	struct json_object *array = document_array(d);
	struct map_item i = *(const struct map_item *)item;

	for (uint32_t k = 0; k < map_item_n_members(&i); k++) {
		i.member = &i.map->kernel.members[k];
		i.path = map_item_path(&i, k);
		if (i.member->group == i.group)
			document_append_object(d, array, map_path_fields, &i);
	}
	return datum_part(array);
}

static const struct document_field group_fields[] = {
	{ "selector", DOCUMENT_TEXT, ALWAYS, NULL, get_selector },
	{ "pri", DOCUMENT_PART, ALWAYS, NULL, map_no_priority },
	{ "dm_st", DOCUMENT_TEXT, ALWAYS, NULL, get_group_state },
	{ "group", DOCUMENT_NUMBER, ALWAYS, NULL, get_group },
	{ "paths", DOCUMENT_PART, ALWAYS, NULL, get_paths_of_group },
	DOCUMENT_FIELDS_END,
};

/* ---- maps ------------------------------------------------------------------------------------ */

static struct datum get_name(struct document *d, const void *item)
{
	(void)d;
	return datum_text(kernel_of(item)->name);
}

static struct datum get_uuid(struct document *d, const void *item)
{
	const struct map_item *i = item;

	(void)d;
	return datum_text(map_wwid(i->map));
}

static struct datum get_sysfs(struct document *d, const void *item)
{
	text_addf(&d->scratch, "dm-%" PRIu32, kernel_of(item)->devt.minor);
	return datum_scratch(d);
}

static struct datum get_failback(struct document *d, const void *item)
{
	(void)d;
	(void)item;
	return datum_text("undef");
}

static struct datum get_queueing(struct document *d, const void *item)
{
	(void)d;
	return datum_text(kernel_of(item)->queues ? "on" : "off");
}

static struct datum get_good_paths(struct document *d, const void *item)
{
	const struct map_item *i = item;
	uint64_t n = 0;

	(void)d;
	for (uint32_t k = 0; k < map_item_n_members(i); k++) {
		const struct path *p = map_item_path(i, k);

		n += p && (p->state == PATH_UP || p->state == PATH_GHOST);
	}
	return datum_number(n);
}

static struct datum get_write_protection(struct document *d, const void *item)
{
	(void)d;
	return datum_text(kernel_of(item)->read_only ? "ro" : "rw");
}

static struct datum get_map_dm_state(struct document *d, const void *item)
{
	(void)d;
	return datum_text(kernel_of(item)->suspended ? "suspend" : "active");
}

static struct datum get_features(struct document *d, const void *item)
{
	(void)d;
	return datum_text(kernel_of(item)->features);
}

static struct datum get_handler(struct document *d, const void *item)
{
	(void)d;
	return datum_text(kernel_of(item)->handler);
}

static struct datum get_action(struct document *d, const void *item)
{
	(void)d;
	(void)item;
	return datum_text("");
}

static struct datum get_path_faults(struct document *d, const void *item)
{
	uint64_t n = 0;

	(void)d;
	for (uint32_t k = 0; k < map_item_n_members(item); k++)
		n += kernel_of(item)->members[k].failures;
	return datum_number(n);
}

/* The first path that calls itself anything speaks for all. */
static const struct obs_device *device_of(const void *item)
{
	const struct map_item *i = item;

	for (uint32_t k = 0; k < map_item_n_members(i); k++) {
		const struct path *p = map_item_path(i, k);

		if (p && p->device.vendor[0] && p->device.product[0])
			return &p->device;
	}
	return NULL;
}

static struct datum word_or_hashes(const char *word)
{
	return datum_text(word && *word ? word : "##");
}

static struct datum get_vendor(struct document *d, const void *item)
{
	(void)d;
	return word_or_hashes(device_of(item) ? device_of(item)->vendor : NULL);
}

static struct datum get_product(struct document *d, const void *item)
{
	(void)d;
	return word_or_hashes(device_of(item) ? device_of(item)->product : NULL);
}

static struct datum get_revision(struct document *d, const void *item)
{
	(void)d;
	return word_or_hashes(device_of(item) ? device_of(item)->revision : NULL);
}

static struct datum get_size(struct document *d, const void *item)
{
	size_print(kernel_of(item)->size_sectors, &d->scratch);
	return datum_scratch(d);
}

static struct datum get_groups(struct document *d, const void *item)
{
	struct json_object *array = document_array(d);
	struct map_item i = *(const struct map_item *)item;

	for (i.group = 1; i.group <= strlen(i.map->kernel.groups); i.group++)
		document_append_object(d, array, group_fields, &i);
	return datum_part(array);
}

const struct document_field map_fields[] = {
	{ "name", DOCUMENT_TEXT, ALWAYS, "NAME", get_name },
	{ "uuid", DOCUMENT_TEXT, ALWAYS, "UUID", get_uuid },
	{ "sysfs", DOCUMENT_TEXT, ALWAYS, "SYSFS", get_sysfs },
	{ "failback", DOCUMENT_TEXT, ALWAYS, NULL, get_failback },
	{ "queueing", DOCUMENT_TEXT, ALWAYS, "QUEUEING", get_queueing },
	{ "paths", DOCUMENT_NUMBER, ALWAYS, "PATHS", get_good_paths },
	{ "write_prot", DOCUMENT_TEXT, ALWAYS, "WP", get_write_protection },
	{ "dm_st", DOCUMENT_TEXT, ALWAYS, "DM", get_map_dm_state },
	{ "features", DOCUMENT_TEXT, ALWAYS, NULL, get_features },
	{ "hwhandler", DOCUMENT_TEXT, ALWAYS, NULL, get_handler },
	{ "action", DOCUMENT_TEXT, ALWAYS, NULL, get_action },
	{ "path_faults", DOCUMENT_NUMBER, ALWAYS, "FAULTS", get_path_faults },
	{ "vend", DOCUMENT_TEXT, ALWAYS, "VEND", get_vendor },
	{ "prod", DOCUMENT_TEXT, ALWAYS, "PROD", get_product },
	{ "rev", DOCUMENT_TEXT, ALWAYS, NULL, get_revision },
	{ "size", DOCUMENT_TEXT, ALWAYS, "SIZE", get_size },
	{ "path_groups", DOCUMENT_PART, ALWAYS, NULL, get_groups },
	DOCUMENT_FIELDS_END,
};

/* ---- which maps ------------------------------------------------------------------------------ */

struct choice {
	const struct model *model;
	bool *chosen; /* by index */
};

static void choose(void *arg, uint32_t map)
{
	struct choice *choice = arg;

	choice->chosen[map] = true;
}

static uint32_t choose_by_name(void *arg, const char *name)
{
	struct choice *choice = arg;

	return name_find_maps(choice->model, name, choose, choice);
}

static int compare_items(const void *a, const void *b)
{
	return strcmp(kernel_of(a)->name, kernel_of(b)->name);
}

static int put_maps(struct document *d, const struct model *m, const bool *chosen)
{
	_cleanup_(freep) struct map_item *items = calloc(m->n_maps + 1, sizeof *items);
	_cleanup_(map_index_done) struct map_index index = { 0 };
	struct json_object *array = document_array(d);
	size_t n = 0;
	int r = map_index_init(&index, m);

	document_put(d, d->root, "maps", array);
	if (!items || r < 0)
		return -ENOMEM;
	for (uint32_t i = 0; i < m->n_maps; i++)
		if (m->maps[i].present && (!chosen || chosen[i]))
			items[n++] = (struct map_item){ .index = &index, .map = &m->maps[i] };
	qsort(items, n, sizeof *items, compare_items);
	for (size_t i = 0; i < n; i++)
		document_append_object(d, array, map_fields, &items[i]);
	return 0;
}

/* The version of multipathd's form, which its readers look for. */
static void put_form(struct document *d)
{
	document_put(d, d->root, "major_version", document_number(d, 0));
	document_put(d, d->root, "minor_version", document_number(d, 1));
}

int maps_document(const struct model *m, char *const *names, char **ret)
{
	_cleanup_(freep) bool *chosen = calloc(m->n_maps + 1, sizeof *chosen);
	_cleanup_(freep) char **unknown = NULL;
	_cleanup_(document_done) struct document d = { 0 };
	struct choice choice = { m, chosen };
	bool all = !names || !names[0];
	int r;

	if (!chosen)
		return -ENOMEM;
	r = all ? 0 : names_choose(names, choose_by_name, &choice, &unknown);
	if (r < 0)
		return r;
	document_init(&d, 0);
	put_form(&d);
	r = put_maps(&d, m, all ? NULL : chosen);
	if (r < 0)
		return r;
	document_put_unknown(&d, unknown);
	return document_finish(&d, ret);
}
