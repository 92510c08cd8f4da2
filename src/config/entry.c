/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/entry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/keywords.h"
#include "config/value.h"

/* Two rows that fill the same field are two names of one keyword. */
static bool is_same(const struct keyword *a, const struct keyword *b)
{
	return a == b || (keyword_has_field(a) && keyword_has_field(b) && a->setting == b->setting);
}

static struct assignment *find(const struct entry *entry, const struct keyword *keyword)
{
	for (size_t i = 0; i < entry->n; i++)
		if (is_same(entry->assignments[i].keyword, keyword))
			return &entry->assignments[i];
	return NULL;
}

static struct assignment *append(struct entry *entry)
{
	if (entry->n == entry->size) {
		size_t size = entry->size ? entry->size * 2 : 4;
		struct assignment *all = realloc(entry->assignments, size * sizeof *all);

		if (!all)
			return NULL;
		entry->assignments = all;
		entry->size = size;
	}
	entry->assignments[entry->n] = (struct assignment){ 0 };
	return &entry->assignments[entry->n++];
}

int entry_set(struct entry *entry, const struct keyword *keyword, int64_t number, const char *text,
	struct origin origin)
{
	_cleanup_(freep) char *copy = value_is_text(keyword) ? strdup(text) : NULL;
	struct assignment *a;

	if (value_is_text(keyword) && !copy)
		return -ENOMEM;
	a = find(entry, keyword);
	if (!a)
		a = append(entry);
	if (!a)
		return -ENOMEM;
	free(a->text);
	*a = (struct assignment){ keyword, number, TAKE(copy), origin };
	return 0;
}

void entry_unset(struct entry *entry, const struct keyword *keyword)
{
	struct assignment *a = find(entry, keyword);

	if (!a)
		return;
	free(a->text);
	*a = entry->assignments[--entry->n];
}

const struct assignment *entry_get(const struct entry *entry, const struct keyword *keyword)
{
	return find(entry, keyword);
}

const struct assignment *entry_get_by_name(const struct entry *entry, const char *name)
{
	for (size_t i = 0; i < entry->n; i++)
		if (strcmp(entry->assignments[i].keyword->name, name) == 0)
			return &entry->assignments[i];
	return NULL;
}

const char *entry_text(const struct entry *entry, const char *name)
{
	const struct assignment *a = entry_get_by_name(entry, name);

	return a ? a->text : NULL;
}

static bool has_node(const struct entry *entry)
{
	for (size_t i = 0; i < entry->n; i++)
		if (entry->assignments[i].keyword->flags & KEYWORD_OF_NODE)
			return true;
	return false;
}

int entry_merge(struct entry *entry, struct entry *earlier)
{
	bool keeps_node = has_node(entry);

	for (size_t i = 0; i < earlier->n; i++) {
		const struct keyword *k = earlier->assignments[i].keyword;
		struct assignment *a;

		if (find(entry, k) || (keeps_node && k->flags & KEYWORD_OF_NODE))
			continue;
		a = append(entry);
		if (!a)
			return -ENOMEM;
		*a = earlier->assignments[i];
		earlier->assignments[i].text = NULL;
	}
	entry_done(earlier);
	earlier->is_merged = true;
	return 0;
}

void entry_apply(const struct entry *entry, struct settings *ret)
{
	for (size_t i = 0; i < entry->n; i++) {
		const struct assignment *a = &entry->assignments[i];

		if (!keyword_has_field(a->keyword))
			continue;
		value_store(a->keyword, a->number, a->text, ret);
		ret->origins[a->keyword->setting] = a->origin;
	}
}

void entry_done(struct entry *entry)
{
	for (size_t i = 0; i < entry->n; i++)
		free(entry->assignments[i].text);
	free(entry->assignments);
	pattern_done(&entry->vendor);
	pattern_done(&entry->product);
	pattern_done(&entry->revision);
	*entry = (struct entry){ 0 };
}

struct entry *entries_add(struct entries *entries, struct origin origin)
{
	if (entries->n == entries->size) {
		size_t size = entries->size ? entries->size * 2 : 8;
		struct entry *all = realloc(entries->entry, size * sizeof *all);

		if (!all)
			return NULL;
		entries->entry = all;
		entries->size = size;
	}
	entries->entry[entries->n] = (struct entry){ .origin = origin };
	return &entries->entry[entries->n++];
}

void entries_drop_last(struct entries *entries)
{
	entry_done(&entries->entry[--entries->n]);
}

void entries_drop_merged(struct entries *entries)
{
	size_t kept = 0;

	for (size_t i = 0; i < entries->n; i++) {
		if (entries->entry[i].is_merged)
			entry_done(&entries->entry[i]);
		else
			entries->entry[kept++] = entries->entry[i];
	}
	entries->n = kept;
}

void entries_done(struct entries *entries)
{
	for (size_t i = 0; i < entries->n; i++)
		entry_done(&entries->entry[i]);
	free(entries->entry);
	*entries = (struct entries){ 0 };
}
