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
#include "config/merge.h"
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
	struct half {
		char *text; /* owned */
		unsigned line;
	} vendor, product; /* owned */
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
	enum layer layer = b->file->kind == FILE_HARDWARE ? LAYER_HARDWARE : layers[section];

	return (struct origin){ layer, b->file_number, line };
}

/* For what must not be left out. */
static enum severity refuse(struct build *b)
{
	if (b->file->kind == FILE_DROP_IN)
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
	free(b->vendor.text);
	free(b->product.text);
	b->vendor = b->product = (struct half){ 0 };
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

/* The halves of a device rule stand on lines of their own. */
static unsigned line_of(const struct build *b, const struct rule_fault *fault, unsigned line)
{
	if (fault->text == b->vendor.text)
		return b->vendor.line;
	return fault->text == b->product.text ? b->product.line : line;
}

static int add_rule(struct build *b, struct rules *rules, enum criterion criterion,
	const char *text, const char *product, struct origin origin)
{
	struct rule_fault fault;
	int r = rules_add(rules, criterion, text, product, origin, &fault);

	if (r != -EINVAL)
		return r;
	REMARK(b, refuse(b), line_of(b, &fault, origin.line), "'" LONGEST_QUOTED "' for %s is %s",
		fault.text, criterion_name(criterion), pattern_fault_text(fault.fault));
	return 0;
}

/* Both halves of a device rule are kept until its brace closes. */
static int keep_half(struct build *b, const struct keyword *k, const char *value, unsigned line)
{
	struct half *half = strcmp(k->name, "vendor") == 0 ? &b->vendor : &b->product;

	free(half->text);
	*half = (struct half){ strdup(value), line };
	return half->text ? 0 : -ENOMEM;
}

static int set_rule(struct build *b, enum section section, const struct keyword *k,
	const char *value, unsigned line)
{
	enum criterion criterion;

	if (section == SECTION_BLACKLIST_DEVICE || section == SECTION_EXCEPTIONS_DEVICE)
		return keep_half(b, k, value, line);
	return criterion_parse(k->name, &criterion) < 0
		       ? 0
		       : add_rule(b, rules_of(b, section), criterion, value, NULL,
				 origin_here(b, section, line));
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
	if (number == 0 && k->flags & KEYWORD_ZERO_UNSETS) {
		entry_unset(entry, k);
		return 0;
	}
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
	int r;

	if (!entry_text(entry, "vendor") || !entry_text(entry, "product")) {
		drop_last(b, &b->config->devices, "vendor or product", line);
		return 0;
	}
	r = compile_half(b, entry, "vendor", &entry->vendor);
	if (r >= 0)
		r = compile_half(b, entry, "product", &entry->product);
	if (r >= 0)
		r = compile_half(b, entry, "revision", &entry->revision);
	return r;
}

static int finish_rule(struct build *b, enum section section, unsigned line)
{
	int r;

	if (!b->vendor.text && !b->product.text)
		REMARK(b, SEVERITY_WARNING, line, "device without vendor and product, skipping it");
	r = add_rule(b, rules_of(b, section), CRITERION_DEVICE, b->vendor.text, b->product.text,
		origin_here(b, section, line));
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
	return r < 0 ? r : merge_devices(&b->config->devices, b->first_device, file, b->list);
}

/* A vendor's products that are no disks of its array. */
static int exclude_products(struct build *b, const struct config_file *files)
{
	const struct entries *all = &b->config->devices;
	int r = 0;

	for (size_t i = 0; i < all->n && r >= 0; i++) {
		const struct entry *entry = &all->entry[i];
		const struct assignment *a = entry_get_by_name(entry, "product_blacklist");

		if (!a)
			continue;
		b->file = &files[a->origin.file];
		r = add_rule(b, &b->config->blacklist.excluded, CRITERION_DEVICE,
			entry_text(entry, "vendor"), a->text, a->origin);
	}
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
		r = merge_multipaths(config, files, list);
	if (r >= 0)
		r = blacklist_add_built_in(&config->blacklist);
	if (r >= 0)
		r = exclude_products(&b, files);
	if (r < 0)
		return r;
	return b.is_refused ? -EINVAL : 0;
}
