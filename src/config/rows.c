/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The whole configuration as rows, in the order in which a multipath.conf is written: what reads
 * them back as a file gets the same configuration.
 */
#include <errno.h>

#include "base/text.h"
#include "config/config.h"
#include "config/keywords.h"
#include "config/value.h"

struct dump {
	const struct config *config;
	int (*visit)(void *arg, const struct config_row *row);
	void *arg;
	enum section section;
	unsigned entry;
	struct text value;
};

static int show(
	struct dump *d, const struct keyword *k, const struct origin *origin, bool is_number)
{
	char buffer[ORIGIN_TEXT_SIZE];
	const struct config_row row = {
		.section = d->section,
		.entry = d->entry,
		.keyword = k->name,
		.value = text_str(&d->value),
		.origin = config_origin_text(d->config, origin, buffer),
		.is_number = is_number,
		.is_acted_on = keyword_is_acted_on(k),
	};

	return text_failed(&d->value) ? -ENOMEM : d->visit(d->arg, &row);
}

static bool is_digits(const char *s)
{
	if (*s == '-')
		s++;
	for (const char *p = s; *p; p++)
		if (*p < '0' || *p > '9')
			return false;
	return *s;
}

static int show_assignment(struct dump *d, const struct assignment *a)
{
	text_clear(&d->value);
	value_print(a->keyword, a->number, a->text, &d->value);
	return show(d, a->keyword, &a->origin,
		!value_is_text(a->keyword) && is_digits(text_str(&d->value)));
}

/* What nobody set is shown with what is built in. */
static int show_default(struct dump *d, const struct keyword *k)
{
	static const struct origin built_in = { .layer = LAYER_BUILT_IN };

	if (!k->built_in)
		return 0;
	text_clear(&d->value);
	text_add(&d->value, k->built_in);
	return show(d, k, &built_in, !value_is_text(k) && is_digits(k->built_in));
}

/* A field of the settled settings, since the two polling intervals follow each other. */
static int show_interval(struct dump *d, const struct keyword *k, const struct settings *settings)
{
	text_clear(&d->value);
	value_print_field(k, settings, &d->value);
	return show(d, k, &settings->origins[k->setting], true);
}

static bool is_interval(const struct keyword *k)
{
	return keyword_has_field(k) && (k->setting == SETTING_POLLING_INTERVAL ||
					       k->setting == SETTING_MAX_POLLING_INTERVAL);
}

static int show_entry(struct dump *d, const struct entry *entry)
{
	const struct keyword *k;
	int r = 0;

	for (size_t i = 0; (k = keyword_at(i)) && r == 0; i++) {
		const struct assignment *a = entry_get(entry, k);

		if (a && a->keyword == k)
			r = show_assignment(d, a);
	}
	return r;
}

static int show_defaults(struct dump *d)
{
	const struct entry *defaults = &d->config->defaults;
	struct settings settings = d->config->built_in;
	const struct keyword *k;
	int r = 0;

	entry_apply(defaults, &settings);
	settings_settle_intervals(&settings);
	for (size_t i = 0; (k = keyword_at(i)) && r == 0; i++) {
		const struct assignment *a = entry_get(defaults, k);

		if (!keyword_may_stand_in(k, SECTION_DEFAULTS))
			continue;
		if (is_interval(k))
			r = show_interval(d, k, &settings);
		else if (!a)
			r = show_default(d, k);
		else if (a->keyword == k)
			r = show_assignment(d, a);
	}
	return r;
}

static int show_entries(struct dump *d, enum section section, const struct entries *entries)
{
	int r = 0;

	d->section = section;
	for (size_t i = 0; i < entries->n && r == 0; i++) {
		d->entry++;
		r = show_entry(d, &entries->entry[i]);
	}
	d->entry = 0;
	return r;
}

static int show_text(
	struct dump *d, const char *name, const char *text, const struct origin *origin)
{
	text_clear(&d->value);
	if (!text)
		return 0;
	text_add(&d->value, text);
	return show(d, keyword_find(d->section, name, NULL), origin, false);
}

static int show_rule(
	struct dump *d, const struct rule *rule, enum section around, enum section device)
{
	int r;

	if (rule->criterion != CRITERION_DEVICE) {
		d->section = around;
		return show_text(d, criterion_name(rule->criterion), rule->text, &rule->origin);
	}
	d->section = device;
	d->entry++;
	r = show_text(d, "vendor", rule->text, &rule->origin);
	return r == 0 ? show_text(d, "product", rule->product, &rule->origin) : r;
}

static int show_rules(
	struct dump *d, const struct rules *rules, enum section around, enum section device)
{
	unsigned entries = 0;
	int r = 0;

	for (size_t i = 0; i < rules->n && r == 0; i++) {
		d->entry = rules->rule[i].criterion == CRITERION_DEVICE ? entries++ : 0;
		r = show_rule(d, &rules->rule[i], around, device);
	}
	d->entry = 0;
	return r;
}

static int show_all(struct dump *d)
{
	const struct config *c = d->config;
	int r;

	d->section = SECTION_DEFAULTS;
	r = show_defaults(d);
	if (r == 0)
		r = show_rules(
			d, &c->blacklist.excluded, SECTION_BLACKLIST, SECTION_BLACKLIST_DEVICE);
	if (r == 0)
		r = show_rules(
			d, &c->blacklist.excepted, SECTION_EXCEPTIONS, SECTION_EXCEPTIONS_DEVICE);
	if (r == 0)
		r = show_entries(d, SECTION_DEVICE, &c->devices);
	d->section = SECTION_OVERRIDES;
	if (r == 0)
		r = show_entry(d, &c->overrides);
	if (r == 0)
		r = show_entries(d, SECTION_PROTOCOL, &c->protocols);
	return r == 0 ? show_entries(d, SECTION_MULTIPATH, &c->multipaths) : r;
}

int config_rows(const struct config *config, int (*visit)(void *arg, const struct config_row *row),
	void *arg)
{
	struct dump d = { .config = config, .visit = visit, .arg = arg };
	int r = show_all(&d);

	text_done(&d.value);
	return r;
}
