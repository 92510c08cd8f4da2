/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Both lines are words in the same order, with counts that say how many words follow:
 *
 *   table:  <n> feature*n  <n> handler*n  <groups> <initial group>
 *             { <selector> <n> arg*n  <paths> <args each>  { <devt> arg*each } }
 *   status: <n> feature*n  <n> handler*n  <groups> <current group>
 *             { A|E|D  <n> arg*n  <paths> <args each>  { <devt> A|F <failures> arg*each } }
 */
#include "dm/table.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "base/text.h"

enum { WORD = 64 };

/* Reads words from text; after the first failure everything fails. */
struct reader {
	const char *text, *begin; /* of the words that are kept */
	int error;
	bool is_status;
	char word[WORD];
};

static bool fail(struct reader *r, int error)
{
	if (!r->error)
		r->error = error;
	return false;
}

static bool read_word(struct reader *r)
{
	size_t len;

	if (r->error)
		return false;
	r->text += strspn(r->text, " \n");
	len = strcspn(r->text, " \n");
	if (!len || len >= WORD)
		return fail(r, -EINVAL);
	memcpy(r->word, r->text, len);
	r->word[len] = '\0';
	r->text += len;
	return true;
}

static bool read_number(struct reader *r, uint32_t *ret)
{
	if (!read_word(r))
		return false;
	return number_parse_u32(r->word, ret) < 0 ? fail(r, -EINVAL) : true;
}

/* A count that lies ends with the text. */
static bool skip_words(struct reader *r, uint32_t n)
{
	while (n-- && read_word(r))
		;
	return !r->error;
}

static bool skip_counted(struct reader *r)
{
	uint32_t n;

	return read_number(r, &n) && skip_words(r, n);
}

static void keep_from_here(struct reader *r)
{
	r->begin = r->text + strspn(r->text, " \n");
}

/* What was read since, when it is a table's. Words that do not fit are cut. */
static void keep(const struct reader *r, char ret[DM_WORDS_TEXT])
{
	size_t len = (size_t)(r->text - r->begin);

	if (!r->error && !r->is_status)
		text_copy(ret, len < DM_WORDS_TEXT ? len + 1 : DM_WORDS_TEXT, r->begin);
}

static bool read_features(struct reader *r, struct dm_multipath *map)
{
	uint32_t n;

	keep_from_here(r);
	if (!read_number(r, &n))
		return false;
	for (uint32_t i = 0; i < n && read_word(r); i++) {
		if (!strcmp(r->word, "queue_if_no_path"))
			map->queues = true;
		if (r->is_status && i == 0)
			map->queues_now = strcmp(r->word, "0") != 0;
	}
	keep(r, map->features);
	return !r->error;
}

static bool read_handler(struct reader *r, struct dm_multipath *map)
{
	keep_from_here(r);
	if (!skip_counted(r))
		return false;
	keep(r, map->handler);
	return true;
}

static bool read_letter(struct reader *r, const char *letters, char *ret)
{
	if (!read_word(r))
		return false;
	if (r->word[1] || !strchr(letters, r->word[0]))
		return fail(r, -EINVAL);
	*ret = r->word[0];
	return true;
}

static bool read_path(struct reader *r, uint32_t group, uint32_t n_args, struct dm_path *path)
{
	char letter;

	*path = (struct dm_path){ .group = group };
	if (!read_word(r))
		return false;
	if (devt_parse(r->word, &path->devt) < 0)
		return fail(r, -EINVAL);
	if (r->is_status) {
		if (!read_letter(r, "AF", &letter) || !read_number(r, &path->failures))
			return false;
		path->active = letter == 'A';
	}
	return skip_words(r, n_args);
}

static bool read_selector(struct reader *r, uint32_t group, struct dm_multipath *map)
{
	char selector[DM_WORDS_TEXT] = "";

	keep_from_here(r);
	if (r->is_status ? !read_letter(r, "AED", &map->group_state[group - 1]) : !read_word(r))
		return false;
	if (!skip_counted(r))
		return false;
	keep(r, selector);
	if (group == 1)
		TEXT_SET(map->selector, selector);
	else if (strcmp(map->selector, selector))
		map->selector[0] = '\0';
	return true;
}

static bool read_group(struct reader *r, uint32_t group, struct dm_multipath *map)
{
	uint32_t n_paths, n_args;

	if (!read_selector(r, group, map) || !read_number(r, &n_paths) || !read_number(r, &n_args))
		return false;
	if (n_paths > DM_MAX_PATHS - map->n_paths)
		return fail(r, -E2BIG);
	for (uint32_t i = 0; i < n_paths; i++)
		if (!read_path(r, group, n_args, &map->paths[map->n_paths++]))
			return false;
	return true;
}

static bool read_map(struct reader *r, struct dm_multipath *map)
{
	if (!read_features(r, map) || !read_handler(r, map) || !read_number(r, &map->n_groups) ||
		!read_number(r, &map->current_group))
		return false;
	if (map->n_groups > DM_MAX_GROUPS)
		return fail(r, -E2BIG);
	if (map->current_group > map->n_groups)
		return fail(r, -EINVAL);
	for (uint32_t group = 1; group <= map->n_groups; group++)
		if (!read_group(r, group, map))
			return false;
	return r->text[strspn(r->text, " \n")] ? fail(r, -EINVAL) : true;
}

static int parse(const char *params, bool is_status, struct dm_multipath *ret)
{
	struct reader r = { .text = params, .is_status = is_status };
	struct dm_multipath map = { 0 };

	if (!read_map(&r, &map))
		return r.error;
	*ret = map;
	return 0;
}

int dm_table_parse(const char *params, struct dm_multipath *ret)
{
	return parse(params, false, ret);
}

int dm_status_parse(const char *params, struct dm_multipath *ret)
{
	return parse(params, true, ret);
}

/* ---- a table with fewer paths ---------------------------------------------------------------- */

struct keeping {
	struct reader r;
	const struct devt *keep;
	size_t n;
	uint32_t n_paths, n_groups, first; /* of what is kept; first: the group to begin with */
	struct text groups;
};

/* What was read since keep_from_here(). */
static void add_read(const struct reader *r, struct text *out)
{
	text_add_bytes(out, r->begin, (size_t)(r->text - r->begin));
}

static bool is_kept(const struct keeping *k, const struct devt *devt)
{
	for (size_t i = 0; i < k->n; i++)
		if (devt_equal(&k->keep[i], devt))
			return true;
	return false;
}

/* How many of the group's paths are kept. */
static uint32_t keep_paths(struct keeping *k, uint32_t n_paths, uint32_t n_args, struct text *out)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < n_paths && !k->r.error; i++) {
		struct dm_path path;

		keep_from_here(&k->r);
		if (!read_path(&k->r, 0, n_args, &path) || !is_kept(k, &path.devt))
			continue;
		text_add(out, " ");
		add_read(&k->r, out);
		n++;
	}
	return n;
}

static bool keep_group(struct keeping *k, bool is_first)
{
	_cleanup_(text_done) struct text selector = TEXT_INIT, paths = TEXT_INIT;
	uint32_t n_paths, n_args, n;

	keep_from_here(&k->r);
	if (!read_word(&k->r) || !skip_counted(&k->r))
		return false;
	add_read(&k->r, &selector);
	if (!read_number(&k->r, &n_paths) || !read_number(&k->r, &n_args))
		return false;
	n = keep_paths(k, n_paths, n_args, &paths);
	if (text_failed(&selector) || text_failed(&paths))
		return fail(&k->r, -ENOMEM);
	if (!n)
		return !k->r.error;
	text_addf(&k->groups, " %s %u %u%s", text_str(&selector), n, n_args, text_str(&paths));
	k->n_paths += n;
	k->n_groups++;
	if (is_first)
		k->first = k->n_groups;
	return !k->r.error;
}

static int keep_groups(struct keeping *k, struct text *out)
{
	uint32_t n_groups, first;

	keep_from_here(&k->r);
	if (!skip_counted(&k->r) || !skip_counted(&k->r))
		return k->r.error;
	add_read(&k->r, out);
	if (!read_number(&k->r, &n_groups) || !read_number(&k->r, &first))
		return k->r.error;
	for (uint32_t group = 1; group <= n_groups; group++)
		if (!keep_group(k, group == first))
			return k->r.error;
	if (!k->first && k->n_groups)
		k->first = 1;
	text_addf(out, " %u %u%s", k->n_groups, k->first, text_str(&k->groups));
	return text_failed(out) || text_failed(&k->groups) ? -ENOMEM : (int)k->n_paths;
}

int dm_table_keep(const char *params, const struct devt *keep, size_t n, struct text *out)
{
	struct keeping k = { .r = { .text = params }, .keep = keep, .n = n };
	struct dm_multipath whole;
	int r = dm_table_parse(params, &whole);

	if (r >= 0)
		r = keep_groups(&k, out);
	text_done(&k.groups);
	return r;
}

static const char uuid_prefix[] = "mpath-";

bool dm_uuid_is_multipath(const char *uuid)
{
	return !strncmp(uuid, uuid_prefix, strlen(uuid_prefix));
}

int dm_wwid_from_uuid(const char *uuid, char ret[DM_WWID_TEXT])
{
	const char *wwid = uuid + strlen(uuid_prefix);

	if (!dm_uuid_is_multipath(uuid) || !*wwid)
		return -EINVAL;
	if (strlen(wwid) >= DM_WWID_TEXT)
		return -EOVERFLOW;
	text_copy(ret, DM_WWID_TEXT, wwid);
	return 0;
}
