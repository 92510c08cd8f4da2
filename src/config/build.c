/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A value that cannot be used is skipped, and the value of a weaker place stays in force. Not so
 * for the keywords that guard devices: there the safe value is set in the same place, since what
 * the operator wanted to forbid must not be allowed by a weaker "yes".
 *
 * A pattern of the blacklist that cannot be used refuses the whole configuration, as do the few
 * values whose row says so: leaving them out would touch devices that were to be left alone. In a
 * drop-in file they are only reported: a package must not be able to keep the daemon from starting.
 */
#include "config/build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "config/config.h"
#include "config/keywords.h"
#include "config/value.h"

#define DEEPEST	       4
#define LONGEST_QUOTED "%.80s"

struct build {
	struct config *config;
	const struct config_file *file;
	struct diagnostics *list;
	uint16_t file_number;
	size_t first_device; /* of this file */
	bool is_refused;

	/* the sections around the line, and which keywords they have had */
	size_t depth;
	struct {
		unsigned line;
		bool seen[KEYWORDS_MOST];
	} open[DEEPEST];

	/* the halves of the device rule that is being read */
	char *vendor, *product; /* owned */
};

static const enum layer layers[SECTIONS] = {
	[SECTION_DEFAULTS] = LAYER_DEFAULTS,
	[SECTION_BLACKLIST] = LAYER_BLACKLIST,
	[SECTION_BLACKLIST_DEVICE] = LAYER_BLACKLIST,
	[SECTION_EXCEPTIONS] = LAYER_EXCEPTIONS,
	[SECTION_EXCEPTIONS_DEVICE] = LAYER_EXCEPTIONS,
	[SECTION_DEVICE] = LAYER_DEVICES,
	[SECTION_OVERRIDES] = LAYER_OVERRIDES,
	[SECTION_PROTOCOL] = LAYER_PROTOCOL,
	[SECTION_MULTIPATH] = LAYER_MULTIPATHS,
};

#define REMARK(b, severity, line, ...)                                                             \
	diagnostics_add((b)->list, severity, (b)->file->name, line, __VA_ARGS__)

static struct origin origin_here(const struct build *b, enum section section, unsigned line)
{
	return (struct origin){ layers[section], b->file_number, line };
}

/* For what must not be left out. */
static enum severity refuse(struct build *b)
{
	if (b->file->is_drop_in)
		return SEVERITY_ERROR;
	b->is_refused = true;
	return SEVERITY_FATAL;
}

static bool guards_devices(const struct entry *entry)
{
	for (size_t i = 0; i < entry->n; i++)
		if (entry->assignments[i].keyword->safe)
			return true;
	return false;
}

/* An entry that is dropped, or that never applies, may have been there to protect something. */
static enum severity severity_of_loss(const struct entry *entry)
{
	return guards_devices(entry) ? SEVERITY_ERROR : SEVERITY_WARNING;
}

static struct entry *last_of(struct entries *entries)
{
	return entries->n ? &entries->entry[entries->n - 1] : NULL;
}

/* Where the assignments of a section go; NULL: it has none. */
static struct entry *entry_of(struct build *b, enum section section)
{
	switch (section) {
	case SECTION_DEFAULTS: return &b->config->defaults;
	case SECTION_OVERRIDES: return &b->config->overrides;
	case SECTION_DEVICE: return last_of(&b->config->devices);
	case SECTION_PROTOCOL: return last_of(&b->config->protocols);
	case SECTION_MULTIPATH: return last_of(&b->config->multipaths);
	case SECTION_TOP:
	case SECTION_DEVICES:
	case SECTION_MULTIPATHS:
	case SECTION_BLACKLIST:
	case SECTION_BLACKLIST_DEVICE:
	case SECTION_EXCEPTIONS:
	case SECTION_EXCEPTIONS_DEVICE: break;
	}
	return NULL;
}

/* The list of entries a section belongs to; NULL: it is not an entry of a list. */
static struct entries *entries_of(struct build *b, enum section section)
{
	switch (section) {
	case SECTION_DEVICE: return &b->config->devices;
	case SECTION_PROTOCOL: return &b->config->protocols;
	case SECTION_MULTIPATH: return &b->config->multipaths;
	case SECTION_TOP:
	case SECTION_DEFAULTS:
	case SECTION_OVERRIDES:
	case SECTION_DEVICES:
	case SECTION_MULTIPATHS:
	case SECTION_BLACKLIST:
	case SECTION_BLACKLIST_DEVICE:
	case SECTION_EXCEPTIONS:
	case SECTION_EXCEPTIONS_DEVICE: break;
	}
	return NULL;
}

static struct rules *rules_of(struct build *b, enum section section)
{
	bool is_exception = section == SECTION_EXCEPTIONS || section == SECTION_EXCEPTIONS_DEVICE;

	return is_exception ? &b->config->blacklist.excepted : &b->config->blacklist.excluded;
}

static void forget_halves(struct build *b)
{
	free(b->vendor);
	free(b->product);
	b->vendor = b->product = NULL;
}

static int on_enter(void *arg, enum section section, unsigned line)
{
	struct build *b = arg;
	struct entries *entries = entries_of(b, section);

	b->depth++;
	memset(&b->open[b->depth], 0, sizeof b->open[b->depth]);
	b->open[b->depth].line = line;
	if (entries && !entries_add(entries, origin_here(b, section, line)))
		return -ENOMEM;
	return 0;
}

static int add_rule(struct build *b, enum section section, enum criterion criterion,
	const char *text, const char *product, unsigned line)
{
	enum pattern_fault fault = PATTERN_FINE;
	int r = rules_add(rules_of(b, section), criterion, text, product,
		origin_here(b, section, line), &fault);

	if (r != -EINVAL)
		return r;
	REMARK(b, refuse(b), line, "'" LONGEST_QUOTED "' for %s is %s", text ? text : product,
		criterion_name(criterion), pattern_fault_text(fault));
	return 0;
}

/* Both halves of a device rule are kept until its brace closes. */
static int keep_half(struct build *b, const struct keyword *k, const char *value)
{
	char **half = strcmp(k->name, "vendor") == 0 ? &b->vendor : &b->product;

	free(*half);
	*half = strdup(value);
	return *half ? 0 : -ENOMEM;
}

static int set_rule(struct build *b, enum section section, const struct keyword *k,
	const char *value, unsigned line)
{
	enum criterion criterion;

	if (section == SECTION_BLACKLIST_DEVICE || section == SECTION_EXCEPTIONS_DEVICE)
		return keep_half(b, k, value);
	return criterion_parse(k->name, &criterion) < 0
		       ? 0
		       : add_rule(b, section, criterion, value, NULL, line);
}

/* Says what is wrong with a value (NULL: it is missing), and what is used instead; *number is that
 * then. 0: use *number; -EINVAL: skip it; -ENOMEM. */
static int mend(struct build *b, const struct keyword *k, const char *value, unsigned line,
	int parsed, int64_t *number)
{
	_cleanup_(text_done) struct text range = TEXT_INIT, used = TEXT_INIT;
	enum severity severity = SEVERITY_WARNING;
	int r = parsed == -ERANGE ? 0 : -EINVAL;

	if (k->safe) {
		severity = SEVERITY_ERROR;
		r = value_parse(k, k->safe, number);
	} else if (value && k->flags & KEYWORD_MUST_PARSE) {
		severity = refuse(b);
	}
	value_print_range(k, &range);
	if (r < 0)
		text_add(&used, "skipping it");
	else
		text_add(&used, "using ");
	if (r >= 0)
		value_print(k, *number, "", &used);
	if (text_failed(&range) || text_failed(&used))
		return -ENOMEM;
	if (value)
		REMARK(b, severity, line, "'%s' cannot be '" LONGEST_QUOTED "', but %s; %s",
			k->name, value, text_str(&range), text_str(&used));
	else
		REMARK(b, severity, line, "'%s' without a value; %s", k->name, text_str(&used));
	return r;
}

static int set_value(struct build *b, enum section section, const struct keyword *k,
	const char *value, unsigned line)
{
	struct entry *entry = entry_of(b, section);
	int64_t number = 0;
	int r = value ? value_parse(k, value, &number) : -EINVAL;

	if (!entry)
		return 0;
	if (r < 0)
		r = mend(b, k, value, line, r, &number);
	if (r == -EINVAL)
		return 0;
	if (r < 0)
		return r;
	return entry_set(entry, k, number, value, origin_here(b, section, line));
}

static void remark_unknown(
	struct build *b, enum section section, const char *keyword, unsigned line)
{
	bool is_top = section == SECTION_TOP;

	REMARK(b, SEVERITY_WARNING, line, "no keyword '" LONGEST_QUOTED "' %s%s, skipping the line",
		keyword, is_top ? "outside of sections" : "in the section ", section_name(section));
}

static void remark_twice(struct build *b, const struct keyword *k, unsigned line)
{
	size_t i = 0;
	bool *seen;

	if (k->flags & KEYWORD_MANY)
		return;
	while (keyword_at(i) != k)
		i++;
	seen = &b->open[b->depth].seen[i];
	if (*seen)
		REMARK(b, SEVERITY_WARNING, line,
			"'%s' again in the same section, the later one counts", k->name);
	*seen = true;
}

static int on_value(
	void *arg, enum section section, const char *keyword, const char *value, unsigned line)
{
	struct build *b = arg;
	const struct keyword *k = keyword_find(section, keyword, value);

	if (!k) {
		remark_unknown(b, section, keyword, line);
		return 0;
	}
	remark_twice(b, k, line);
	if (k->flags & KEYWORD_NO_EFFECT) {
		REMARK(b, SEVERITY_NOTE, line, "'%s' is deprecated and has no effect", k->name);
		return 0;
	}
	if (entry_of(b, section))
		return set_value(b, section, k, value, line);
	if (value)
		return set_rule(b, section, k, value, line);
	REMARK(b, SEVERITY_WARNING, line, "'%s' without a value, skipping the line", k->name);
	return 0;
}

/* An entry that does not say what it is for is of no use. */
static void drop_last(struct build *b, struct entries *entries, const char *missing, unsigned line)
{
	REMARK(b, severity_of_loss(last_of(entries)), line, "entry without %s, skipping it",
		missing);
	entries_drop_last(entries);
}

static int compile_half(struct build *b, struct entry *entry, const char *name, struct pattern *ret)
{
	const struct assignment *a = entry_get_by_name(entry, name);
	enum pattern_fault fault;

	if (!a)
		return 0;
	fault = pattern_compile(a->text, ret);
	if (fault == PATTERN_NO_MEMORY)
		return -ENOMEM;
	if (fault == PATTERN_FINE)
		return 0;
	entry->never_matches = true;
	REMARK(b, severity_of_loss(entry), a->origin.line,
		"'" LONGEST_QUOTED "' is %s: the entry applies to no device", a->text,
		pattern_fault_text(fault));
	return 0;
}

static int finish_device(struct build *b, unsigned line)
{
	struct entry *entry = last_of(&b->config->devices);
	const char *vendor = entry_text(entry, "vendor");
	const char *excluded = entry_text(entry, "product_blacklist");
	int r;

	if (!vendor || !entry_text(entry, "product")) {
		drop_last(b, &b->config->devices, "vendor or product", line);
		return 0;
	}
	r = compile_half(b, entry, "vendor", &entry->vendor);
	if (r >= 0)
		r = compile_half(b, entry, "product", &entry->product);
	if (r >= 0)
		r = compile_half(b, entry, "revision", &entry->revision);
	if (r < 0 || !excluded)
		return r;
	return add_rule(b, SECTION_DEVICE, CRITERION_DEVICE, vendor, excluded,
		entry_get_by_name(entry, "product_blacklist")->origin.line);
}

static int finish_rule(struct build *b, enum section section, unsigned line)
{
	int r;

	if (!b->vendor && !b->product)
		REMARK(b, SEVERITY_WARNING, line, "device without vendor and product, skipping it");
	r = add_rule(b, section, CRITERION_DEVICE, b->vendor, b->product, line);
	forget_halves(b);
	return r;
}

static int on_leave(void *arg, enum section section, unsigned line)
{
	struct build *b = arg;
	unsigned opened = b->open[b->depth].line;

	(void)line;
	b->depth--;
	switch (section) {
	case SECTION_DEVICE: return finish_device(b, opened);
	case SECTION_BLACKLIST_DEVICE:
	case SECTION_EXCEPTIONS_DEVICE: return finish_rule(b, section, opened);
	case SECTION_PROTOCOL:
		if (!entry_get_by_name(last_of(&b->config->protocols), "type"))
			drop_last(b, &b->config->protocols, "type", opened);
		return 0;
	case SECTION_MULTIPATH: {
		const char *wwid = entry_text(last_of(&b->config->multipaths), "wwid");

		if (!wwid || !*wwid)
			drop_last(b, &b->config->multipaths, "wwid", opened);
		return 0;
	}
	case SECTION_TOP:
	case SECTION_DEFAULTS:
	case SECTION_BLACKLIST:
	case SECTION_EXCEPTIONS:
	case SECTION_DEVICES:
	case SECTION_OVERRIDES:
	case SECTION_MULTIPATHS: break;
	}
	return 0;
}

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

/* The entries of this file, compared with all before them. Patterns are compared as text. The place
 * of the later one counts: entries between the two are weaker than both. */
static int merge_devices(struct build *b)
{
	struct entries *all = &b->config->devices;
	int r = 0;

	for (size_t i = b->first_device; i < all->n && r >= 0; i++) {
		for (size_t k = 0; k < i && r >= 0; k++) {
			if (!is_same_device(&all->entry[k], &all->entry[i]))
				continue;
			if (k >= b->first_device)
				REMARK(b, SEVERITY_WARNING, all->entry[i].origin.line,
					"another entry for the device of line %u, merging them",
					all->entry[k].origin.line);
			r = entry_merge(&all->entry[i], &all->entry[k]);
		}
	}
	entries_drop_merged(all);
	return r;
}

static int read_file(struct build *b, const struct config_file *file)
{
	const struct grammar_reader reader = { on_enter, on_value, on_leave, b };
	int r;

	b->file = file;
	b->depth = 0;
	memset(&b->open[0], 0, sizeof b->open[0]);
	b->first_device = b->config->devices.n;
	r = grammar_read(file, &reader, b->list);
	forget_halves(b);
	return r < 0 ? r : merge_devices(b);
}

static int by_wwid_and_origin(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	int order = strcmp(entry_text(a, "wwid"), entry_text(b, "wwid"));

	if (order != 0)
		return order;
	if (a->origin.file != b->origin.file)
		return a->origin.file < b->origin.file ? -1 : 1;
	return a->origin.line < b->origin.line ? -1 : a->origin.line > b->origin.line;
}

static int merge_multipaths(struct build *b, const struct config_file *files)
{
	struct entries *all = &b->config->multipaths;
	int r = 0;

	if (all->n > 1)
		qsort(all->entry, all->n, sizeof *all->entry, by_wwid_and_origin);
	for (size_t i = 1; i < all->n && r >= 0; i++) {
		struct entry *earlier = &all->entry[i - 1], *entry = &all->entry[i];

		if (!is_same(earlier, entry, "wwid"))
			continue;
		diagnostics_add(b->list, SEVERITY_WARNING, files[entry->origin.file].name,
			entry->origin.line,
			"another entry for the WWID of line %u of %s, merging them",
			earlier->origin.line, b->config->files[earlier->origin.file]);
		r = entry_merge(entry, earlier);
	}
	entries_drop_merged(all);
	return r;
}

int config_build(struct config *config, const struct config_file *files, size_t n_files,
	struct diagnostics *list)
{
	struct build b = { .config = config, .list = list };
	int r = 0;

	for (size_t i = 0; i < n_files && r >= 0; i++) {
		b.file_number = (uint16_t)i;
		r = read_file(&b, &files[i]);
	}
	if (r >= 0)
		r = merge_multipaths(&b, files);
	if (r >= 0)
		r = blacklist_add_built_in(&config->blacklist);
	if (r < 0)
		return r;
	return b.is_refused ? -EINVAL : 0;
}
