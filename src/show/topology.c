/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "show/topology.h"

#include <string.h>

#include <json-c/json.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "show/printable.h"

/* The columns of a path's line. */
static const char *const columns[] = { "hctl", "dev", "dev_t", "dm_st", "chk_st", "dev_st",
	"state" };

enum { N_COLUMNS = ARRAY_SIZE(columns) };

struct widths {
	size_t of[N_COLUMNS];
};

static const char *text_of(struct json_object *object, const char *name)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, name, &value) || !value)
		return "-";
	return json_object_get_string(value);
}

static struct json_object *list_of(struct json_object *object, const char *name)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, name, &value) ||
		!json_object_is_type(value, json_type_array))
		return NULL;
	return value;
}

static size_t length_of(struct json_object *array)
{
	return array ? json_object_array_length(array) : 0;
}

static size_t add_word(struct json_object *object, const char *name, struct text *out)
{
	size_t before = out->len;

	printable_terminal(text_of(object, name), out);
	return out->len - before;
}

static void widen(struct json_object *path, struct widths *widths)
{
	for (size_t i = 0; i < N_COLUMNS; i++) {
		_cleanup_(text_done) struct text word = TEXT_INIT;
		size_t len = add_word(path, columns[i], &word);

		if (len > widths->of[i])
			widths->of[i] = len;
	}
}

/* Of all maps together, so that the columns stand below each other. */
static void measure(struct json_object *maps, struct widths *widths)
{
	for (size_t m = 0; m < length_of(maps); m++) {
		struct json_object *groups = list_of(
			json_object_array_get_idx(maps, m), "path_groups");

		for (size_t g = 0; g < length_of(groups); g++) {
			struct json_object *paths = list_of(
				json_object_array_get_idx(groups, g), "paths");

			for (size_t p = 0; p < length_of(paths); p++)
				widen(json_object_array_get_idx(paths, p), widths);
		}
	}
}

static void print_path(struct json_object *path, const struct widths *widths, struct text *out)
{
	for (size_t i = 0; i < N_COLUMNS; i++) {
		size_t len = add_word(path, columns[i], out);

		if (i + 1 == N_COLUMNS)
			break;
		for (; len <= widths->of[i]; len++)
			text_add(out, " ");
	}
	text_add(out, "\n");
}

static void print_group(
	struct json_object *group, bool is_last, const struct widths *widths, struct text *out)
{
	struct json_object *paths = list_of(group, "paths");
	size_t n = length_of(paths);

	text_add(out, is_last ? "`-" : "|-");
	text_add(out, n ? "+- policy='" : "-- policy='");
	add_word(group, "selector", out);
	text_add(out, "' status=");
	add_word(group, "dm_st", out);
	text_add(out, "\n");
	for (size_t i = 0; i < n; i++) {
		text_add(out, is_last ? "  " : "| ");
		text_add(out, i + 1 == n ? "`- " : "|- ");
		print_path(json_object_array_get_idx(paths, i), widths, out);
	}
}

static void print_map(struct json_object *map, const struct widths *widths, struct text *out)
{
	static const struct {
		const char *before, *name, *behind;
	} words[] = {
		{ "", "name", "" },
		{ " (", "uuid", ")" },
		{ " ", "sysfs", "" },
		{ " ", "vend", "" },
		{ ",", "prod", "\n" },
		{ "size=", "size", "" },
		{ " features='", "features", "'" },
		{ " hwhandler='", "hwhandler", "'" },
		{ " wp=", "write_prot", "" },
		{ " status=", "dm_st", "\n" },
	};
	struct json_object *groups = list_of(map, "path_groups");

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		const char *word = text_of(map, words[i].name);

		if (!strcmp(words[i].name, "uuid") &&
			(!*word || !strcmp(word, text_of(map, "name"))))
			continue;
		text_add(out, words[i].before);
		add_word(map, words[i].name, out);
		text_add(out, words[i].behind);
	}
	for (size_t i = 0; i < length_of(groups); i++)
		print_group(json_object_array_get_idx(groups, i), i + 1 == length_of(groups),
			widths, out);
}

void topology_print(struct json_object *maps, struct text *out)
{
	struct widths widths = { 0 };

	measure(maps, &widths);
	for (size_t i = 0; i < length_of(maps); i++)
		print_map(json_object_array_get_idx(maps, i), &widths, out);
}
