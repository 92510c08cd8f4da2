/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every row is tried through a whole configuration, with values made from the row itself: one that
 * fits and one that does not, in every section where the keyword may stand.
 */
#include "reading.h"

#include "config/keywords.h"
#include "config/value.h"

/* Where each section's lines are put; the first %s is the keyword, the second its value. */
static const char *const frames[SECTIONS] = {
	[SECTION_DEFAULTS] = "defaults {\n%s \"%s\"\n}\n",
	[SECTION_OVERRIDES] = "overrides {\n%s \"%s\"\n}\n",
	[SECTION_DEVICE] = "devices {\ndevice {\n%s \"%s\"\n%s}\n}\n",
	[SECTION_PROTOCOL] = "overrides {\nprotocol {\n%s \"%s\"\n%s}\n}\n",
	[SECTION_MULTIPATH] = "multipaths {\nmultipath {\n%s \"%s\"\n%s}\n}\n",
	[SECTION_BLACKLIST] = "blacklist {\n%s \"%s\"\n}\n",
	[SECTION_EXCEPTIONS] = "blacklist_exceptions {\n%s \"%s\"\n}\n",
	[SECTION_BLACKLIST_DEVICE] = "blacklist {\ndevice {\n%s \"%s\"\n}\n}\n",
	[SECTION_EXCEPTIONS_DEVICE] = "blacklist_exceptions {\ndevice {\n%s \"%s\"\n}\n}\n",
};

/* What an entry needs besides, unless it is the keyword under test. */
static const struct {
	enum section section;
	const char *name, *line;
} needs[] = {
	{ SECTION_DEVICE, "vendor", "vendor a\n" },
	{ SECTION_DEVICE, "product", "product b\n" },
	{ SECTION_PROTOCOL, "type", "type scsi:fcp\n" },
	{ SECTION_MULTIPATH, "wwid", "wwid w\n" },
};

static const struct {
	const char *valid, *invalid; /* invalid NULL: any text is valid */
} samples[] = {
	[TYPE_NUMBER] = { NULL, "12x" },
	[TYPE_COUNT] = { NULL, "-1" },
	[TYPE_CHOICE] = { NULL, "maybe" },
	[TYPE_PREFIX] = { NULL, "maybe" },
	[TYPE_TEXT] = { "x.y", NULL },
	[TYPE_NAME] = { "x", "x/y" },
	[TYPE_PATTERN] = { "^x.*", "(" },
	[TYPE_ARGUMENTS] = { NULL, "x y" },
	[TYPE_OCTAL] = { "0640", "0999" },
	[TYPE_KEY] = { "0x123abc:aptpl", "0xyz" },
	[TYPE_ATTRIBUTES] = { "sd:ID_SERIAL dasd:ID_UID", "sd" },
};

/* A section with this keyword, and what its entry needs besides. */
static void frame(
	enum section section, const struct keyword *k, const char *value, struct text *file)
{
	struct text more = TEXT_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(needs); i++)
		if (needs[i].section == section && strcmp(needs[i].name, k->name) != 0)
			text_add(&more, needs[i].line);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
	text_addf(file, frames[section], k->name, value, text_str(&more));
#pragma GCC diagnostic pop
	text_done(&more);
}

static struct reading read_one(enum section section, const struct keyword *k, const char *value)
{
	struct text file = TEXT_INIT;
	struct reading r;

	frame(section, k, value, &file);
	r = read_texts(text_str(&file), NULL);
	text_done(&file);
	return r;
}

/* A valid value that is not the built-in one, where the row has two. */
static void valid_value(const struct keyword *k, struct text *out)
{
	if (samples[k->type].valid) {
		text_add(out, samples[k->type].valid);
	} else if (k->type == TYPE_ARGUMENTS) {
		text_add(out, k->min ? "round-robin 1 9" : "2 a b");
	} else if (!k->choices) {
		text_addf(out, "%lld", (long long)k->min + 1);
	} else {
		bool is_first = k->built_in && strcmp(k->choices[0].word, k->built_in) == 0;

		text_add(out, k->choices[is_first && k->choices[1].word].word);
	}
}

struct search {
	enum section section;
	const struct keyword *keyword;
	struct text value, origin;
	bool is_acted_on;
};

static int note_row(void *arg, const struct config_row *row)
{
	struct search *s = arg;

	if (row->section != s->section || strcmp(row->keyword, s->keyword->name) != 0 ||
		strcmp(row->origin, "built-in") == 0)
		return 0;
	text_add(&s->value, row->value);
	text_add(&s->origin, row->origin);
	s->is_acted_on = row->is_acted_on;
	return 0;
}

/* The value of the row under test in the dump of a configuration; "" where nobody set it. */
static struct search search_row(
	const struct reading *r, enum section section, const struct keyword *k)
{
	struct search s = { .section = section, .keyword = k };

	assert_int_equal(config_rows(r->config, note_row, &s), 0);
	return s;
}

static void search_done(struct search *s)
{
	text_done(&s->value);
	text_done(&s->origin);
}

static void printed(const struct keyword *k, const char *value, struct text *out)
{
	int64_t number = 0;

	assert_int_equal(value_parse(k, value, &number), 0);
	value_print(k, number, value, out);
}

static void try_valid(enum section section, const struct keyword *k)
{
	struct text value = TEXT_INIT, want = TEXT_INIT;
	struct reading r;
	struct search s;

	valid_value(k, &value);
	printed(k, text_str(&value), &want);
	r = read_one(section, k, text_str(&value));
	if (r.result < 0 || strlen(r.remarks))
		fail_msg("%s in %s: %s", k->name, section_name(section), r.remarks);
	s = search_row(&r, section, k);
	if (strcmp(k->name, "checker") != 0)
		expect_text(k->name, text_str(&s.value), text_str(&want));
	assert_int_equal(s.is_acted_on, keyword_is_acted_on(k));
	expect_part(k->name, text_str(&s.origin), "multipath.conf:");
	search_done(&s);
	reading_done(&r);
	text_done(&value);
	text_done(&want);
}

static void try_invalid(enum section section, const struct keyword *k, const char *value)
{
	struct text want = TEXT_INIT;
	struct reading r = read_one(section, k, value);
	struct search s;

	if (k->flags & KEYWORD_MUST_PARSE) {
		assert_int_equal(r.result, -EINVAL);
		expect_part(k->name, r.remarks, "fatal");
		reading_done(&r);
		return;
	}
	assert_int_equal(r.result, 0);
	expect_part(k->name, r.remarks, "/etc/multipath.conf:");
	expect_part(k->name, r.remarks, k->safe ? " error: " : " warning: ");
	expect_part(k->name, r.remarks, k->name);
	if (k->safe)
		printed(k, k->safe, &want);
	s = search_row(&r, section, k);
	expect_text(k->name, text_str(&s.value), text_str(&want));
	search_done(&s);
	reading_done(&r);
	text_done(&want);
}

static void for_each_place(void (*call)(enum section section, const struct keyword *k))
{
	const struct keyword *k;

	for (size_t i = 0; (k = keyword_at(i)); i++)
		for (size_t section = 0; section < SECTIONS; section++)
			if (keyword_may_stand_in(k, (enum section)section) &&
				!(k->flags & KEYWORD_NO_EFFECT))
				call((enum section)section, k);
}

static void each_row_takes_a_valid_value(void **state)
{
	(void)state;
	for_each_place(try_valid);
}

static void what_is_deprecated_is_noted_and_forgotten(void **state)
{
	const struct keyword *k;
	unsigned n = 0;

	(void)state;
	for (size_t i = 0; (k = keyword_at(i)); i++) {
		for (size_t section = 0; section < SECTIONS; section++) {
			struct reading r;

			if (!keyword_may_stand_in(k, (enum section)section) ||
				!(k->flags & KEYWORD_NO_EFFECT))
				continue;
			r = read_one((enum section)section, k, "anything");
			assert_int_equal(r.result, 0);
			assert_int_equal(r.list.n, 1);
			expect_part(k->name, r.remarks, "note: ");
			expect_part(k->name, r.remarks, k->name);
			reading_done(&r);
			n++;
		}
	}
	assert_int_equal(n, 12);
}

/* In defaults mode is two keywords, and a wrong value is a wrong one of ours. */
static bool is_the_other_mode(enum section section, const struct keyword *k)
{
	return section == SECTION_DEFAULTS && k->type == TYPE_OCTAL;
}

static void try_sample(enum section section, const struct keyword *k)
{
	if (samples[k->type].invalid && !is_the_other_mode(section, k))
		try_invalid(section, k, samples[k->type].invalid);
}

static void each_row_refuses_an_invalid_value(void **state)
{
	(void)state;
	for_each_place(try_sample);
}

static void try_outside(enum section section, const struct keyword *k, int64_t number)
{
	struct text value = TEXT_INIT, want = TEXT_INIT;
	struct reading r;
	struct search s;
	int64_t capped;

	text_addf(&value, "%lld", (long long)number);
	if (value_parse(k, text_str(&value), &capped) != -ERANGE) {
		text_done(&value);
		return;
	}
	r = read_one(section, k, text_str(&value));
	if (k->safe)
		printed(k, k->safe, &want);
	else
		value_print(k, capped, "", &want);
	assert_int_equal(r.result, 0);
	expect_part(k->name, r.remarks, k->safe ? " error: " : " warning: ");
	s = search_row(&r, section, k);
	if (capped == 0 && k->flags & KEYWORD_ZERO_UNSETS)
		text_clear(&want);
	if (capped != 0 || k->setting != SETTING_MAX_POLLING_INTERVAL)
		expect_text(k->name, text_str(&s.value), text_str(&want));
	search_done(&s);
	reading_done(&r);
	text_done(&value);
	text_done(&want);
}

static void try_range(enum section section, const struct keyword *k)
{
	if (k->type == TYPE_NUMBER || k->type == TYPE_COUNT ||
		(k->type == TYPE_CHOICE && k->min < k->max)) {
		try_outside(section, k, k->max + 1);
		try_outside(section, k, k->min - 1);
	}
}

static void out_of_range_is_capped_or_made_safe(void **state)
{
	(void)state;
	for_each_place(try_range);
}

static void each_row_is_complete(void **state)
{
	const struct keyword *k;
	int64_t number;

	(void)state;
	for (size_t i = 0; (k = keyword_at(i)); i++) {
		if (!k->help || !*k->help || !k->sections)
			fail_msg("%s: no help or no section", k->name);
		if (k->built_in && value_parse(k, k->built_in, &number) != 0)
			fail_msg("%s: built-in %s", k->name, k->built_in);
		if (k->safe && (!keyword_has_field(k) || value_parse(k, k->safe, &number) != 0))
			fail_msg("%s: safe %s", k->name, k->safe);
	}
	for (size_t i = 0; i < SETTINGS; i++)
		assert_non_null(keyword_of_setting((enum setting)i));
}

/* The registration lists of multipathd; a stock file must bring no complaint. */
static const struct {
	enum section section;
	const char *names;
} known[] = {
	{ SECTION_DEFAULTS,
		"verbosity polling_interval max_polling_interval reassign_maps path_selector "
		"path_grouping_policy uid_attrs uid_attribute prio prio_args features path_checker "
		"checker alias_prefix failback rr_min_io rr_min_io_rq max_fds rr_weight "
		"no_path_retry queue_without_daemon checker_timeout allow_usb_devices "
		"flush_on_last_del user_friendly_names mode uid gid fast_io_fail_tmo dev_loss_tmo "
		"eh_deadline max_retries log_checker_err reservation_key all_tg_pt "
		"retain_attached_hw_handler detect_prio detect_checker detect_pgpolicy "
		"detect_pgpolicy_use_tpg force_sync strict_timing deferred_remove "
		"partition_delimiter delay_watch_checks delay_wait_checks san_path_err_threshold "
		"san_path_err_forget_rate san_path_err_recovery_time marginal_path_err_sample_time "
		"marginal_path_err_rate_threshold marginal_path_err_recheck_gap_time "
		"marginal_path_double_failed_time find_multipaths uxsock_timeout retrigger_tries "
		"retrigger_delay missing_uev_wait_timeout skip_kpartx purge_disconnected "
		"remove_retries max_sectors_kb ghost_delay auto_resize find_multipaths_timeout "
		"enable_foreign marginal_pathgroups recheck_wwid config_dir disable_changed_wwids "
		"multipath_dir bindings_file wwids_file prkeys_file getuid_callout pg_timeout" },
	{ SECTION_DEVICE,
		"vendor product revision product_blacklist path_grouping_policy uid_attribute "
		"path_selector path_checker checker alias_prefix features hardware_handler prio "
		"prio_args failback rr_weight no_path_retry rr_min_io rr_min_io_rq "
		"flush_on_last_del fast_io_fail_tmo dev_loss_tmo eh_deadline user_friendly_names "
		"retain_attached_hw_handler detect_prio detect_checker detect_pgpolicy "
		"detect_pgpolicy_use_tpg deferred_remove delay_watch_checks delay_wait_checks "
		"san_path_err_threshold san_path_err_forget_rate san_path_err_recovery_time "
		"marginal_path_err_sample_time marginal_path_err_rate_threshold "
		"marginal_path_err_recheck_gap_time marginal_path_double_failed_time skip_kpartx "
		"purge_disconnected max_sectors_kb ghost_delay all_tg_pt vpd_vendor recheck_wwid "
		"getuid_callout pg_timeout" },
	{ SECTION_OVERRIDES,
		"path_grouping_policy uid_attribute path_selector path_checker checker "
		"alias_prefix features prio prio_args failback rr_weight no_path_retry rr_min_io "
		"rr_min_io_rq flush_on_last_del fast_io_fail_tmo dev_loss_tmo eh_deadline "
		"user_friendly_names retain_attached_hw_handler detect_prio detect_checker "
		"detect_pgpolicy detect_pgpolicy_use_tpg deferred_remove delay_watch_checks "
		"delay_wait_checks san_path_err_threshold san_path_err_forget_rate "
		"san_path_err_recovery_time marginal_path_err_sample_time "
		"marginal_path_err_rate_threshold marginal_path_err_recheck_gap_time "
		"marginal_path_double_failed_time skip_kpartx purge_disconnected max_sectors_kb "
		"ghost_delay all_tg_pt recheck_wwid getuid_callout" },
	{ SECTION_PROTOCOL, "type fast_io_fail_tmo dev_loss_tmo eh_deadline" },
	{ SECTION_MULTIPATH,
		"wwid alias path_grouping_policy path_selector prio prio_args failback rr_weight "
		"no_path_retry rr_min_io rr_min_io_rq flush_on_last_del features mode uid gid "
		"reservation_key user_friendly_names deferred_remove delay_watch_checks "
		"delay_wait_checks san_path_err_threshold san_path_err_forget_rate "
		"san_path_err_recovery_time marginal_path_err_sample_time "
		"marginal_path_err_rate_threshold marginal_path_err_recheck_gap_time "
		"marginal_path_double_failed_time skip_kpartx purge_disconnected max_sectors_kb "
		"ghost_delay pg_timeout" },
	{ SECTION_BLACKLIST, "devnode wwid property protocol" },
	{ SECTION_EXCEPTIONS, "devnode wwid property protocol" },
	{ SECTION_BLACKLIST_DEVICE, "vendor product" },
	{ SECTION_EXCEPTIONS_DEVICE, "vendor product" },
};

/* Ours, with the sections they may stand in: everywhere, or only there. */
static const struct {
	enum section section; /* SECTION_TOP: where purge_disconnected may stand */
	const char *names;
} ours[] = {
	{ SECTION_TOP, "purge_disconnected purge_action purge_checks purge_delay purge_grace "
		       "purge_last_path purge_single_path purge_owner identity_fence "
		       "rescan_on_lun_change" },
	{ SECTION_DEFAULTS, "purge_limit purge_share fence_limit identity_interval "
			    "rescan_interval polling_interval max_polling_interval checker_timeout "
			    "detach_hold allow_usb_devices node_cache_limit" },
	{ SECTION_MULTIPATH, "protect" },
};

static bool is_listed(const char *names, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = names; (p = strstr(p, name)); p += len)
		if ((p == names || p[-1] == ' ') && (p[len] == ' ' || !p[len]))
			return true;
	return false;
}

static void for_each_name(const char *names, enum section section, bool must_stand)
{
	_cleanup_(freep) char *copy = strdup(names);
	char *rest = NULL;

	for (char *name = strtok_r(copy, " ", &rest); name; name = strtok_r(NULL, " ", &rest))
		if (!keyword_find(section, name, NULL) == must_stand)
			fail_msg("%s in %s", name, section_name(section));
}

static void multipathd_keywords_are_known(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		for_each_name(known[i].names, known[i].section, true);
}

/* What is acted on has the value of its own list, everything else stands where multipathd has it.
 */
static void nothing_else_is_known(void **state)
{
	const struct keyword *k;

	(void)state;
	for (size_t i = 0; (k = keyword_at(i)); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(known); j++) {
			if (keyword_may_stand_in(k, known[j].section) && !keyword_has_field(k) &&
				!is_listed(known[j].names, k->name))
				fail_msg("%s in %s", k->name, section_name(known[j].section));
		}
	}
}

static void our_keywords_stand_where_they_should(void **state)
{
	static const enum section places[] = { SECTION_DEFAULTS, SECTION_DEVICE, SECTION_OVERRIDES,
		SECTION_MULTIPATH };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		for (size_t j = 0; j < ARRAY_SIZE(places); j++)
			for_each_name(ours[i].names, places[j],
				ours[i].section == SECTION_TOP || ours[i].section == places[j]);
}

/* The sections of a device from weak to strong. */
static const enum section by_strength[] = { SECTION_DEFAULTS, SECTION_DEVICE, SECTION_OVERRIDES,
	SECTION_PROTOCOL, SECTION_MULTIPATH };

/* Another value than valid_value() gives. */
static void other_value(const struct keyword *k, struct text *out)
{
	static const char *const texts[] = { [TYPE_TEXT] = "other",
		[TYPE_NAME] = "other",
		[TYPE_PATTERN] = "other",
		[TYPE_OCTAL] = "0600",
		[TYPE_KEY] = "0x7",
		[TYPE_ATTRIBUTES] = "sd:OTHER" };

	if (k->type == TYPE_ARGUMENTS)
		text_add(out, k->min ? "queue-length 0" : "1 z");
	else if ((size_t)k->type < ARRAY_SIZE(texts) && texts[k->type])
		text_add(out, texts[k->type]);
	else if (!k->choices)
		text_addf(out, "%lld", (long long)k->min + 2);
	else if (k->min < k->max)
		text_addf(out, "%lld", (long long)k->max - 1);
	else
		text_add(out, k->choices[k->choices[2].word ? 2 : 1].word);
}

/* One file with the weak section first or last: where a section stands does not matter. */
static struct reading read_two(const struct keyword *k, enum section weak, const char *weak_value,
	enum section strong, const char *strong_value, bool weak_first)
{
	struct text file = TEXT_INIT;
	struct reading r;

	for (int i = 0; i < 2; i++) {
		bool is_weak = (i == 0) == weak_first;
		enum section section = is_weak ? weak : strong;

		frame(section, k, is_weak ? weak_value : strong_value, &file);
	}
	r = read_texts(text_str(&file), NULL);
	text_done(&file);
	return r;
}

static void try_pair(const struct keyword *k, enum section weak, enum section strong)
{
	const struct config_device device = {
		.wwid = "w", .vendor = "a", .product = "b", .protocol = "scsi:fcp"
	};
	struct text one = TEXT_INIT, other = TEXT_INIT, want = TEXT_INIT;

	valid_value(k, &one);
	other_value(k, &other);
	printed(k, text_str(&other), &want);
	for (int weak_first = 0; weak_first < 2; weak_first++) {
		struct reading r = read_two(
			k, weak, text_str(&one), strong, text_str(&other), weak_first);
		struct text got = TEXT_INIT;

		assert_int_equal(r.result, 0);
		config_value(r.config, &device, k->name, &got);
		if (strcmp(text_str(&got), text_str(&want)) != 0)
			fail_msg("%s in %s and %s: %s, not %s", k->name, section_name(weak),
				section_name(strong), text_str(&got), text_str(&want));
		text_done(&got);
		reading_done(&r);
	}
	text_done(&one);
	text_done(&other);
	text_done(&want);
}

/* Permissions of nodes and our own mode have one name, which config_value() takes for ours. */
static bool has_one_meaning(const struct keyword *k)
{
	return strcmp(k->name, "mode") != 0 && strcmp(k->name, "checker") != 0;
}

static void the_stronger_section_wins_for_every_row(void **state)
{
	const struct keyword *k;
	unsigned pairs = 0;

	(void)state;
	for (size_t i = 0; (k = keyword_at(i)); i++)
		for (size_t weak = 0; weak < ARRAY_SIZE(by_strength); weak++)
			for (size_t strong = weak + 1; strong < ARRAY_SIZE(by_strength); strong++)
				if (keyword_may_stand_in(k, by_strength[weak]) &&
					keyword_may_stand_in(k, by_strength[strong]) &&
					!(k->flags & (KEYWORD_NO_EFFECT | KEYWORD_SELECTS)) &&
					has_one_meaning(k)) {
					try_pair(k, by_strength[weak], by_strength[strong]);
					pairs++;
				}
	assert_true(pairs > 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_is_complete),
		cmocka_unit_test(each_row_takes_a_valid_value),
		cmocka_unit_test(each_row_refuses_an_invalid_value),
		cmocka_unit_test(what_is_deprecated_is_noted_and_forgotten),
		cmocka_unit_test(out_of_range_is_capped_or_made_safe),
		cmocka_unit_test(multipathd_keywords_are_known),
		cmocka_unit_test(nothing_else_is_known),
		cmocka_unit_test(our_keywords_stand_where_they_should),
		cmocka_unit_test(the_stronger_section_wins_for_every_row),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
