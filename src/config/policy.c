/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config/policy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "config/build.h"
#include "config/config.h"
#include "config/keywords.h"
#include "config/value.h"

#define USB		  "scsi:usb"
#define BLANKS		  " \t"
#define POLLING_TIMES	  4
#define LONGEST_POLLING_S 86400u

static const char *const layer_names[] = {
	[LAYER_BUILT_IN] = "built-in",
	[LAYER_DEFAULTS] = "defaults",
	[LAYER_HARDWARE] = "built-in hardware table",
	[LAYER_DEVICES] = "devices",
	[LAYER_OVERRIDES] = "overrides",
	[LAYER_PROTOCOL] = "overrides/protocol",
	[LAYER_MULTIPATHS] = "multipaths",
	[LAYER_BLACKLIST] = "blacklist",
	[LAYER_EXCEPTIONS] = "blacklist_exceptions",
};

static void set_built_in(struct settings *ret)
{
	const struct keyword *k;
	int64_t number;

	for (size_t i = 0; (k = keyword_at(i)); i++)
		if (keyword_has_field(k) && k->built_in &&
			value_parse(k, k->built_in, &number) == 0)
			value_store(k, number, k->built_in, ret);
}

/* Files are shown without their folder, and a name may hold anything. */
static int name_files(struct config *c, const struct config_file *files, size_t n_files)
{
	c->files = calloc(n_files ? n_files : 1, sizeof *c->files);
	if (!c->files)
		return -ENOMEM;
	for (; c->n_files < n_files; c->n_files++) {
		const char *slash = strrchr(files[c->n_files].name, '/');
		struct text name = TEXT_INIT;

		text_add_escaped(&name, slash ? slash + 1 : files[c->n_files].name);
		c->files[c->n_files] = text_take(&name);
		if (!c->files[c->n_files])
			return -ENOMEM;
	}
	return 0;
}

static int name_rules(const struct config *c, struct rules *rules)
{
	char origin[ORIGIN_TEXT_SIZE];

	for (size_t i = 0; i < rules->n; i++) {
		struct rule *rule = &rules->rule[i];
		struct text why = TEXT_INIT;

		text_addf(&why, "%s blacklisted: %s", criterion_name(rule->criterion),
			config_origin_text(c, &rule->origin, origin));
		rule->why = text_take(&why);
		if (!rule->why)
			return -ENOMEM;
	}
	return 0;
}

int config_new(const struct config_file *files, size_t n_files, struct diagnostics *list,
	struct config **ret)
{
	_cleanup_(config_freep) struct config *c = NULL;
	int r;

	if (n_files > UINT16_MAX)
		return -E2BIG;
	c = calloc(1, sizeof *c);
	if (!c)
		return -ENOMEM;
	set_built_in(&c->built_in);
	r = name_files(c, files, n_files);
	if (r >= 0)
		r = config_build(c, files, n_files, list);
	if (r >= 0)
		r = name_rules(c, &c->blacklist.excluded);
	if (r < 0)
		return r;
	*ret = TAKE(c);
	return 0;
}

struct config *config_free(struct config *config)
{
	if (!config)
		return NULL;
	for (size_t i = 0; i < config->n_files; i++)
		free(config->files[i]);
	free(config->files);
	entry_done(&config->defaults);
	entry_done(&config->overrides);
	entries_done(&config->devices);
	entries_done(&config->protocols);
	entries_done(&config->multipaths);
	blacklist_done(&config->blacklist);
	free(config);
	return NULL;
}

static bool is_known(const char *text)
{
	return text && *text;
}

static int fits(const struct pattern *pattern, const char *text)
{
	return !pattern->is_set || !is_known(text) ? 1 : pattern_matches(pattern, text);
}

/* 1, 0 or -ENOMEM. */
static int entry_fits(const struct entry *entry, const struct config_device *device)
{
	int r = entry->never_matches ? 0 : fits(&entry->vendor, device->vendor);

	if (r > 0)
		r = fits(&entry->product, device->product);
	return r > 0 ? fits(&entry->revision, device->revision) : r;
}

static const struct entry *multipath_of(const struct config *c, const char *wwid)
{
	size_t from = 0, to = c->multipaths.n;

	while (is_known(wwid) && from < to) {
		size_t middle = from + (to - from) / 2;
		const struct entry *entry = &c->multipaths.entry[middle];
		int order = strcmp(wwid, entry_text(entry, "wwid"));

		if (order == 0)
			return entry;
		if (order < 0)
			to = middle;
		else
			from = middle + 1;
	}
	return NULL;
}

static bool protocol_fits(const struct entry *entry, const char *protocol)
{
	const struct assignment *type = entry_get_by_name(entry, "type");
	int64_t number;

	return is_known(protocol) && value_parse(type->keyword, protocol, &number) == 0 &&
	       number == type->number;
}

int config_layers(const struct config *config, const struct config_device *device,
	int (*visit)(void *arg, const struct entry *entry), void *arg)
{
	static const struct config_device nothing;
	const struct config_device *d = device ? device : &nothing;
	const struct entry *multipath = multipath_of(config, d->wwid);
	bool is_identified = is_known(d->vendor) && is_known(d->product);
	int r = visit(arg, &config->defaults);

	for (size_t i = 0; i < config->devices.n && is_identified && r == 0; i++) {
		r = entry_fits(&config->devices.entry[i], d);
		if (r > 0)
			r = visit(arg, &config->devices.entry[i]);
	}
	if (r == 0)
		r = visit(arg, &config->overrides);
	for (size_t i = 0; i < config->protocols.n && r == 0; i++)
		if (protocol_fits(&config->protocols.entry[i], d->protocol))
			r = visit(arg, &config->protocols.entry[i]);
	return r == 0 && multipath ? visit(arg, multipath) : r;
}

void settings_settle_intervals(struct settings *settings)
{
	struct origin *polling = &settings->origins[SETTING_POLLING_INTERVAL];
	struct origin *most = &settings->origins[SETTING_MAX_POLLING_INTERVAL];
	bool is_set = polling->layer != LAYER_BUILT_IN;

	if (settings->max_polling_interval_s == 0) {
		settings->max_polling_interval_s = settings->polling_interval_s * POLLING_TIMES;
		if (settings->max_polling_interval_s > LONGEST_POLLING_S)
			settings->max_polling_interval_s = LONGEST_POLLING_S;
		*most = *polling;
	} else if (!is_set) {
		settings->polling_interval_s = settings->max_polling_interval_s / POLLING_TIMES;
		if (settings->polling_interval_s == 0)
			settings->polling_interval_s = 1;
		*polling = *most;
	} else if (settings->polling_interval_s > settings->max_polling_interval_s) {
		settings->polling_interval_s = settings->max_polling_interval_s;
		*polling = *most;
	}
}

static int apply(void *arg, const struct entry *entry)
{
	entry_apply(entry, arg);
	return 0;
}

int config_resolve(
	const struct config *config, const struct config_device *device, struct settings *ret)
{
	struct settings settings = config->built_in;
	int r = config_layers(config, device, apply, &settings);

	if (r < 0)
		return r;
	settings_settle_intervals(&settings);
	*ret = settings;
	return 0;
}

struct search {
	const char *name;
	const struct assignment *found;
};

static int note(void *arg, const struct entry *entry)
{
	struct search *s = arg;
	const struct assignment *a = entry_get_by_name(entry, s->name);

	if (a)
		s->found = a;
	return 0;
}

bool config_value(const struct config *config, const struct config_device *device,
	const char *keyword, struct text *out)
{
	struct search s = { .name = keyword };
	const struct keyword *k = keyword_with_default(keyword);

	if (config_layers(config, device, note, &s) < 0)
		out->failed = true;
	if (s.found)
		value_print(s.found->keyword, s.found->number, s.found->text, out);
	else if (k)
		text_add(out, k->built_in);
	return s.found || k;
}

/* The attribute that uid_attrs ("sd:ID_SERIAL dasd:ID_UID") has for devices of this name; the first
 * that fits. false: it has none. */
static bool attribute_by_name(const struct config *config, const char *devnode, struct text *ret)
{
	const char *at = entry_text(&config->defaults, "uid_attrs");

	for (size_t len; at && *(at += strspn(at, BLANKS)); at += len) {
		size_t prefix = strcspn(at, ":");

		len = strcspn(at, BLANKS);
		if (is_known(devnode) && strncmp(at, devnode, prefix) == 0) {
			text_add_bytes(ret, at + prefix + 1, len - prefix - 1);
			return true;
		}
	}
	return false;
}

/* The udev property that names the device; "": udev is not asked for its name. */
static void attribute_of(
	const struct config *config, const struct config_device *device, struct text *ret)
{
	if (!attribute_by_name(config, device->devnode, ret))
		config_value(config, device, "uid_attribute", ret);
}

static bool is_unwanted_usb(const struct config *config, const struct config_device *device)
{
	struct settings settings;

	if (!is_known(device->protocol) || strcmp(device->protocol, USB) != 0)
		return false;
	config_resolve(config, NULL, &settings);
	return !settings.allow_usb_devices;
}

int config_is_asked(
	const struct config *config, const struct config_device *device, const char **ret_reason)
{
	_cleanup_(text_done) struct text attribute = TEXT_INIT;
	const char *reason = "behind USB (allow_usb_devices no)";
	const struct rule *rule = NULL;

	if (!is_unwanted_usb(config, device)) {
		attribute_of(config, device, &attribute);
		if (text_failed(&attribute))
			return -ENOMEM;
		switch (blacklist_ask_all(
			&config->blacklist, device, text_str(&attribute), NULL, &rule)) {
		case FILTER_NO_MEMORY: return -ENOMEM;
		case FILTER_NOTHING:
		case FILTER_EXCEPTED: return 1;
		case FILTER_EXCLUDED: reason = rule ? rule->why : "udev property missing";
		}
	}
	if (ret_reason)
		*ret_reason = reason;
	return 0;
}

const char *config_origin_text(
	const struct config *config, const struct origin *origin, char buffer[ORIGIN_TEXT_SIZE])
{
	const char *layer = layer_names[origin->layer];

	if (origin->layer == LAYER_BUILT_IN || origin->file >= config->n_files)
		snprintf(buffer, ORIGIN_TEXT_SIZE, "%s", layer);
	else
		snprintf(buffer, ORIGIN_TEXT_SIZE, "%.80s:%u (%s)", config->files[origin->file],
			(unsigned)origin->line, layer);
	return buffer;
}

const char *settings_value_text(
	const struct settings *settings, enum setting setting, char buffer[SETTING_TEXT_SIZE])
{
	struct text text = TEXT_INIT;

	value_print_field(keyword_of_setting(setting), settings, &text);
	text_copy(buffer, SETTING_TEXT_SIZE, text_str(&text));
	text_done(&text);
	return buffer;
}

const char *setting_name(enum setting setting)
{
	return keyword_of_setting(setting)->name;
}
