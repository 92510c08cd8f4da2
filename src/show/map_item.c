/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "show/map_item.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "model/model.h"
#include "scsi/report_luns.h"

/* What multipathd says where it does not know. */
#define UNDEFINED "[undef]"

enum { NO_PRIORITY = -1 };

/* ---- the paths by their numbers -------------------------------------------------------------- */

static int compare_devts(const struct devt *a, const struct devt *b)
{
	if (a->major != b->major)
		return a->major < b->major ? -1 : 1;
	return (a->minor > b->minor) - (a->minor < b->minor);
}

static int compare_paths(const void *a, const void *b)
{
	const struct path *const *x = a, *const *y = b;

	return compare_devts(&(*x)->device.devt, &(*y)->device.devt);
}

static int compare_with_devt(const void *devt, const void *path)
{
	const struct path *const *p = path;

	return compare_devts(devt, &(*p)->device.devt);
}

int map_index_init(struct map_index *index, const struct model *m)
{
	const struct path **paths = calloc(m->n_paths + 1, sizeof *paths);
	struct path *p;
	size_t n = 0;

	if (!paths)
		return -ENOMEM;
	for_each_path (m, p)
		if (n < m->n_paths)
			paths[n++] = p;
	qsort(paths, n, sizeof *paths, compare_paths);
	*index = (struct map_index){ .paths = paths, .n = n };
	return 0;
}

void map_index_done(struct map_index *index)
{
	free(index->paths);
	*index = (struct map_index){ 0 };
}

uint32_t map_item_n_members(const struct map_item *item)
{
	const struct obs_map *map = &item->map->kernel;

	return map->n_members < MAX_MEMBERS ? map->n_members : MAX_MEMBERS;
}

const struct path *map_item_path(const struct map_item *item, uint32_t member)
{
	const struct path *const *found = bsearch(&item->map->kernel.members[member].devt,
		item->index->paths, item->index->n, sizeof *item->index->paths, compare_with_devt);

	return found ? *found : NULL;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static const struct path *path_of(const void *item)
{
	const struct map_item *i = item;

	return i->path;
}

static const char *check_word(enum checker_word word)
{
	switch (word) {
	case CHECKER_UP: return "ready";
	case CHECKER_DOWN: return "faulty";
	case CHECKER_GHOST: return "ghost";
	case CHECKER_SHAKY: return "shaky";
	case CHECKER_PENDING: return "i/o pending";
	case CHECKER_DELAYED: return "delayed";
	case CHECKER_DISCONNECTED: return "disconnected";
	case CHECKER_TIMEOUT: return "i/o timeout";
	case CHECKER_UNCHECKED:
	case CHECKER_REMOVED:
	case CHECKER_WORDS: break;
	}
	return "undef";
}

static struct datum get_dev(struct document *d, const void *item)
{
	(void)d;
	return datum_text(
		path_of(item) && path_of(item)->device.dev[0] ? path_of(item)->device.dev : "-");
}

static struct datum get_devt(struct document *d, const void *item)
{
	const struct map_item *i = item;
	char text[DEVT_TEXT];

	devt_print(&i->member->devt, text);
	text_add(&d->scratch, text);
	return datum_scratch(d);
}

static struct datum get_path_dm_state(struct document *d, const void *item)
{
	const struct map_item *i = item;

	(void)d;
	return datum_text(i->member->active ? "active" : "failed");
}

static struct datum get_dev_state(struct document *d, const void *item)
{
	(void)d;
	if (!path_of(item))
		return datum_text("unknown");
	return datum_text(path_of(item)->device.state == DEVICE_RUNNING ? "running" : "offline");
}

static struct datum get_check_state(struct document *d, const void *item)
{
	(void)d;
	return datum_text(path_of(item) ? check_word(path_of(item)->checker) : "undef");
}

static struct datum get_checker(struct document *d, const void *item)
{
	(void)d;
	return datum_text(path_of(item) && path_of(item)->askable ? "tur" : "(null)");
}

struct datum map_no_priority(struct document *d, const void *item)
{
	(void)d;
	(void)item;
	return datum_part(json_object_new_int(NO_PRIORITY));
}

/* Of a host nothing is read that would tell its own names. */
static struct datum get_host_name(struct document *d, const void *item)
{
	(void)d;
	return datum_text(path_of(item) && path_of(item)->device.protocol == PROTOCOL_FCP
				  ? "[unknown]"
				  : UNDEFINED);
}

static struct datum get_target_node(struct document *d, const void *item)
{
	const struct path *p = path_of(item);
	bool is_named = p && (p->device.protocol == PROTOCOL_ISCSI ||
				     p->device.protocol == PROTOCOL_FCP);

	(void)d;
	return datum_text(is_named && p->device.array[0] ? p->device.array : UNDEFINED);
}

static struct datum get_target_port(struct document *d, const void *item)
{
	(void)d;
	(void)item;
	return datum_text(UNDEFINED);
}

static bool is_pci_function(const char *name, size_t len)
{
	return len == strlen("0000:00:05.0") && name[4] == ':' && name[7] == ':' && name[10] == '.';
}

/* The PCI function that the host hangs on. An iSCSI host has an address there, which is not read.
 */
static struct datum get_host_adapter(struct document *d, const void *item)
{
	const struct path *p = path_of(item);
	const char *found = NULL;
	size_t found_len = 0, len;

	for (const char *name = p ? p->device.sysfs : ""; *name; name += len + (name[len] == '/')) {
		len = strcspn(name, "/");
		if (!strncmp(name, "host", strlen("host")))
			break;
		if (is_pci_function(name, len)) {
			found = name;
			found_len = len;
		}
	}
	if (!found || p->device.protocol == PROTOCOL_ISCSI)
		return datum_text(UNDEFINED);
	text_add_bytes(&d->scratch, found, found_len);
	return datum_scratch(d);
}

static struct datum get_lun(struct document *d, const void *item)
{
	uint8_t lun[8];

	if (!path_of(item))
		return datum_text(UNDEFINED);
	lun_from_linux(path_of(item)->device.address.lun, lun);
	text_add(&d->scratch, "0x");
	for (size_t i = 0; i < sizeof lun; i++)
		text_addf(&d->scratch, "%02x", lun[i]);
	return datum_scratch(d);
}

static struct datum get_failures(struct document *d, const void *item)
{
	const struct map_item *i = item;

	(void)d;
	return datum_number(i->member->failures);
}

static struct datum get_hctl(struct document *d, const void *item)
{
	char text[SCSI_ADDRESS_TEXT];

	if (!path_of(item))
		return datum_nothing();
	scsi_address_print(&path_of(item)->device.address, text);
	text_add(&d->scratch, text);
	return datum_scratch(d);
}

static struct datum get_state(struct document *d, const void *item)
{
	(void)d;
	return path_of(item) ? datum_text(path_state_name(path_of(item)->state)) : datum_nothing();
}

const struct document_field map_path_fields[] = {
	{ "dev", DOCUMENT_TEXT, ALWAYS, NULL, get_dev },
	{ "dev_t", DOCUMENT_TEXT, ALWAYS, NULL, get_devt },
	{ "dm_st", DOCUMENT_TEXT, ALWAYS, NULL, get_path_dm_state },
	{ "dev_st", DOCUMENT_TEXT, ALWAYS, NULL, get_dev_state },
	{ "chk_st", DOCUMENT_TEXT, ALWAYS, NULL, get_check_state },
	{ "checker", DOCUMENT_TEXT, ALWAYS, NULL, get_checker },
	{ "pri", DOCUMENT_PART, ALWAYS, NULL, map_no_priority },
	{ "host_wwnn", DOCUMENT_TEXT, ALWAYS, NULL, get_host_name },
	{ "target_wwnn", DOCUMENT_TEXT, ALWAYS, NULL, get_target_node },
	{ "host_wwpn", DOCUMENT_TEXT, ALWAYS, NULL, get_host_name },
	{ "target_wwpn", DOCUMENT_TEXT, ALWAYS, NULL, get_target_port },
	{ "host_adapter", DOCUMENT_TEXT, ALWAYS, NULL, get_host_adapter },
	{ "lun_hex", DOCUMENT_TEXT, ALWAYS, NULL, get_lun },
	{ "failures", DOCUMENT_NUMBER, ALWAYS, NULL, get_failures },
	{ "hctl", DOCUMENT_TEXT, OR_NULL, NULL, get_hctl },
	{ "state", DOCUMENT_TEXT, OR_NULL, NULL, get_state },
	DOCUMENT_FIELDS_END,
};
