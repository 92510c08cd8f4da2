/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "show/paths.h"

#include <errno.h>
#include <string.h>

#include "model/model.h"
#include "model/name.h"
#include "show/names.h"

/* A path with the model it stands in. */
struct row {
	const struct model *model;
	const struct path *path;
};

static const struct path *path_of(const void *item)
{
	const struct row *row = item;

	return row->path;
}

static const struct map *map_of(const void *item)
{
	const struct row *row = item;

	return row->path->map < 0 ? NULL : &row->model->maps[row->path->map];
}

static struct datum get_dev(struct document *d, const void *item)
{
	(void)d;
	return datum_text(path_of(item)->device.dev);
}

static struct datum get_devt(struct document *d, const void *item)
{
	char text[DEVT_TEXT];

	devt_print(&path_of(item)->device.devt, text);
	text_add(&d->scratch, text);
	return datum_scratch(d);
}

static struct datum get_hctl(struct document *d, const void *item)
{
	char text[SCSI_ADDRESS_TEXT];

	scsi_address_print(&path_of(item)->device.address, text);
	text_add(&d->scratch, text);
	return datum_scratch(d);
}

static struct datum get_wwid(struct document *d, const void *item)
{
	(void)d;
	return datum_text(path_of(item)->device.wwid);
}

static struct datum get_map(struct document *d, const void *item)
{
	(void)d;
	return map_of(item) ? datum_text(map_of(item)->kernel.name) : datum_nothing();
}

static struct datum get_state(struct document *d, const void *item)
{
	(void)d;
	return datum_text(path_state_name(path_of(item)->state));
}

static struct datum get_checker(struct document *d, const void *item)
{
	(void)d;
	return datum_text(checker_word_name(path_of(item)->checker));
}

static struct datum get_message(struct document *d, const void *item)
{
	(void)d;
	return datum_text(checker_message(path_of(item)->checker));
}

static struct datum get_sense(struct document *d, const void *item)
{
	char text[SENSE_TEXT];

	if (!path_of(item)->has_sense)
		return datum_nothing();
	sense_print(&path_of(item)->sense, text);
	text_add(&d->scratch, text);
	return datum_scratch(d);
}

static struct datum get_dm_state(struct document *d, const void *item)
{
	(void)d;
	if (!map_of(item))
		return datum_nothing();
	return datum_text(path_of(item)->in_map_active ? "active" : "failed");
}

static struct datum get_purge(struct document *d, const void *item)
{
	(void)d;
	return datum_text(purge_stage_name(path_of(item)->purge));
}

/* Of a path that stays, the reason is only of interest when somebody could want it gone. */
static struct datum get_reason(struct document *d, const void *item)
{
	const struct path *p = path_of(item);

	if (p->purge == PURGE_NO && p->fence.stage != FENCE_NO) {
		path_fence_reason(p, &d->scratch);
		return datum_scratch(d);
	}
	if (p->state == PATH_UNCHECKED && !p->askable)
		return datum_text(reason_name(BECAUSE_NOT_ASKED));
	if (path_is_cleaned(p))
		return datum_text(reason_name(BECAUSE_CLEANED));
	if (p->purge == PURGE_NO && p->checker != CHECKER_DISCONNECTED)
		return datum_nothing();
	path_purge_reason(p, &d->scratch);
	return datum_scratch(d);
}

static struct datum get_fence(struct document *d, const void *item)
{
	(void)d;
	return datum_text(fence_stage_name(path_of(item)->fence.stage));
}

static struct datum get_identity(struct document *d, const void *item)
{
	(void)d;
	return datum_text(identity_word_name(path_of(item)->identity.word));
}

/* What the logical unit calls itself, when it was read last. */
static struct datum get_live_wwid(struct document *d, const void *item)
{
	const char *live = path_of(item)->identity.live;

	(void)d;
	return live[0] ? datum_text(live) : datum_nothing();
}

static struct datum get_since(struct document *d, const void *item)
{
	return datum_instant(d, path_of(item)->state_since);
}

/* As below /sys/devices: "pci0000:00/...", a name that every verb takes. */
static struct datum get_node(struct document *d, const void *item)
{
	static const char prefix[] = "devices/";
	const char *sysfs = path_of(item)->device.sysfs;

	(void)d;
	return datum_text(strncmp(sysfs, prefix, strlen(prefix)) ? sysfs : sysfs + strlen(prefix));
}

const struct document_field path_fields[] = {
	{ "dev", DOCUMENT_TEXT, ALWAYS, "DEV", get_dev },
	{ "devt", DOCUMENT_TEXT, ALWAYS, NULL, get_devt },
	{ "hctl", DOCUMENT_TEXT, ALWAYS, "HCTL", get_hctl },
	{ "wwid", DOCUMENT_TEXT, ALWAYS, "WWID", get_wwid },
	{ "map", DOCUMENT_TEXT, OR_NULL, "MAP", get_map },
	{ "state", DOCUMENT_TEXT, ALWAYS, "STATE", get_state },
	{ "checker", DOCUMENT_TEXT, ALWAYS, "CHECKER", get_checker },
	{ "message", DOCUMENT_TEXT, ALWAYS, NULL, get_message },
	{ "sense", DOCUMENT_TEXT, OR_NULL, "SENSE", get_sense },
	{ "dm_state", DOCUMENT_TEXT, OR_NULL, "DM", get_dm_state },
	{ "purge", DOCUMENT_TEXT, ALWAYS, "PURGE", get_purge },
	{ "reason", DOCUMENT_TEXT, OR_NULL, "REASON", get_reason },
	{ "since", DOCUMENT_TIME, OR_NULL, NULL, get_since },
	{ "node", DOCUMENT_TEXT, ALWAYS, NULL, get_node },
	{ "identity", DOCUMENT_TEXT, ALWAYS, NULL, get_identity },
	{ "live_wwid", DOCUMENT_TEXT, OR_NULL, NULL, get_live_wwid },
	{ "fence", DOCUMENT_TEXT, ALWAYS, NULL, get_fence },
	DOCUMENT_FIELDS_END,
};

/* ---- which paths ----------------------------------------------------------------------------- */

static int compare_rows(const void *a, const void *b)
{
	const struct scsi_address *x = &((const struct row *)a)->path->device.address;
	const struct scsi_address *y = &((const struct row *)b)->path->device.address;

	if (x->host != y->host)
		return x->host < y->host ? -1 : 1;
	if (x->channel != y->channel)
		return x->channel < y->channel ? -1 : 1;
	if (x->target != y->target)
		return x->target < y->target ? -1 : 1;
	return (x->lun > y->lun) - (x->lun < y->lun);
}

struct choice {
	const struct model *model;
	bool *chosen; /* by slot, so that a path that has two of the names is shown once */
};

static void choose(void *arg, struct path *p)
{
	struct choice *choice = arg;

	choice->chosen[p->id.slot] = true;
}

static uint32_t choose_by_name(void *arg, const char *name)
{
	struct choice *choice = arg;

	return name_find(choice->model, name, choose, choice);
}

static int write_rows(struct document *d, const struct model *m, const bool *chosen)
{
	_cleanup_(freep) struct row *rows = calloc(m->n_slots + 1, sizeof *rows);
	struct json_object *array = document_array(d);
	struct path *p;
	size_t n = 0;

	document_put(d, d->root, "paths", array);
	if (!rows)
		return -ENOMEM;
	for_each_path (m, p)
		if (!chosen || chosen[p->id.slot])
			rows[n++] = (struct row){ .model = m, .path = p };
	qsort(rows, n, sizeof *rows, compare_rows);
	for (size_t i = 0; i < n; i++)
		document_append_object(d, array, path_fields, &rows[i]);
	return 0;
}

int paths_document(const struct model *m, char *const *names, int64_t wall_offset_ms, char **ret)
{
	_cleanup_(freep) bool *chosen = calloc(m->n_slots + 1, sizeof *chosen);
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
	document_init(&d, wall_offset_ms);
	r = write_rows(&d, m, all ? NULL : chosen);
	if (r < 0)
		return r;
	document_put_unknown(&d, unknown);
	return document_finish(&d, ret);
}
