/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/merge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "config/config.h"
#include "config/map_features.h"
#include "config/keywords.h"
#include "config/value.h"

/* Features that have a keyword of their own, which counts where both are set. */
static const struct {
	const char *feature, *keyword, *value;
} owned_features[] = {
	{ "queue_if_no_path", "no_path_retry", "queue" },
	{ "retain_attached_hw_handler", "retain_attached_hw_handler", "yes" },
};

static bool is_same(const struct entry *a, const struct entry *b, const char *name)
{
	const char *left = entry_text(a, name), *right = entry_text(b, name);

	return left && right ? strcmp(left, right) == 0 : left == right;
}

static bool is_same_device(const struct entry *a, const struct entry *b)
{
	return !a->is_merged && !b->is_merged && is_same(a, b, "vendor") &&
	       is_same(a, b, "product") && is_same(a, b, "revision");
}

/* Takes one feature out of the entry's features and sets its keyword instead. */
static int own_feature(struct entry *entry, const char *feature, const char *name, const char *text)
{
	const struct assignment *a = entry_get_by_name(entry, "features");
	const struct keyword *k = keyword_find(SECTION_DEVICE, name, text);
	_cleanup_(text_done) struct text rest = TEXT_INIT;
	struct origin origin;
	int64_t number;
	int r;

	if (!a || map_features_remove(a->text, feature, &rest) <= 0)
		return 0;
	if (text_failed(&rest))
		return -ENOMEM;
	origin = a->origin;
	r = entry_set(entry, a->keyword, 0, text_str(&rest), origin);
	if (r < 0 || entry_get(entry, k) || value_parse(k, text, &number) < 0)
		return r;
	return entry_set(entry, k, number, text, origin);
}

static int own_features(struct entry *entry)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(owned_features) && r >= 0; i++)
		r = own_feature(entry, owned_features[i].feature, owned_features[i].keyword,
			owned_features[i].value);
	return r;
}

/* Entries between the two are weaker than both. */
int merge_devices(struct entries *devices, size_t first, const struct config_file *file,
	struct diagnostics *list)
{
	int r = 0;

	for (size_t i = first; i < devices->n && r >= 0; i++) {
		for (size_t k = 0; k < i && r >= 0; k++) {
			struct entry *entry = &devices->entry[i], *earlier = &devices->entry[k];

			if (!is_same_device(earlier, entry))
				continue;
			if (k >= first)
				diagnostics_add(list, SEVERITY_WARNING, file->name,
					entry->origin.line,
					"another entry for the device of line %u, merging them",
					earlier->origin.line);
			r = entry_merge(entry, earlier);
			if (r >= 0)
				r = own_features(entry);
		}
	}
	entries_drop_merged(devices);
	return r;
}

static int by_origin(const struct origin *a, const struct origin *b)
{
	if (a->file != b->file)
		return a->file < b->file ? -1 : 1;
	return a->line < b->line ? -1 : a->line > b->line;
}

static int by_wwid_and_origin(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	int order = strcmp(entry_text(a, "wwid"), entry_text(b, "wwid"));

	return order ? order : by_origin(&a->origin, &b->origin);
}

/* Entries without an alias come last. */
static int by_alias_and_wwid(const void *left, const void *right)
{
	const struct entry *a = *(struct entry *const *)left, *b = *(struct entry *const *)right;
	const char *alias = entry_text(a, "alias"), *other = entry_text(b, "alias");
	int order = alias && other ? strcmp(alias, other) : !alias - !other;

	return order ? order : strcmp(entry_text(a, "wwid"), entry_text(b, "wwid"));
}

static void take_alias(struct entry *entry, const struct entry *owner,
	const struct config_file *files, struct diagnostics *list)
{
	const struct assignment *a = entry_get_by_name(entry, "alias");

	diagnostics_add(list, SEVERITY_WARNING, files[a->origin.file].name, a->origin.line,
		"the alias '%.80s' is that of the WWID '%.80s', skipping it", a->text,
		entry_text(owner, "wwid"));
	entry_unset(entry, a->keyword);
}

static int settle_aliases(
	struct entries *all, const struct config_file *files, struct diagnostics *list)
{
	_cleanup_(freep) struct entry **sorted = calloc(all->n ? all->n : 1, sizeof(*sorted));
	const struct entry *owner = NULL;

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < all->n; i++)
		sorted[i] = &all->entry[i];
	qsort(sorted, all->n, sizeof(*sorted), by_alias_and_wwid);
	for (size_t i = 0; i < all->n && entry_text(sorted[i], "alias"); i++) {
		if (owner && is_same(owner, sorted[i], "alias"))
			take_alias(sorted[i], owner, files, list);
		else
			owner = sorted[i];
	}
	return 0;
}

int merge_multipaths(
	struct config *config, const struct config_file *files, struct diagnostics *list)
{
	struct entries *all = &config->multipaths;
	int r = 0;

	if (all->n > 1)
		qsort(all->entry, all->n, sizeof *all->entry, by_wwid_and_origin);
	for (size_t i = 1; i < all->n && r >= 0; i++) {
		struct entry *earlier = &all->entry[i - 1], *entry = &all->entry[i];

		if (!is_same(earlier, entry, "wwid"))
			continue;
		diagnostics_add(list, SEVERITY_WARNING, files[entry->origin.file].name,
			entry->origin.line,
			"another entry for the WWID of line %u of %s, merging them",
			earlier->origin.line, config->files[earlier->origin.file]);
		r = entry_merge(entry, earlier);
	}
	entries_drop_merged(all);
	return r < 0 ? r : settle_aliases(all, files, list);
}
