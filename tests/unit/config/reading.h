/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Configurations out of literal texts, and their remarks as one string: "file:line severity text",
 * one a line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "config/policy.h"

#define DEVICE(v, p)	  .device = { .vendor = v, .product = p }
#define ENTRY(v, p, more) "device {\nvendor \"" v "\"\nproduct \"" p "\"\n" more "}\n"
#define DEVICES(entries)  "devices {\n" entries "}\n"

struct reading {
	int result;
	struct config *config;
	struct diagnostics list;
	char *remarks;
};

static inline char *remarks_of(const struct diagnostics *list)
{
	struct text t = TEXT_INIT;

	for (size_t i = 0; i < list->n; i++)
		text_addf(&t, "%s:%u %s: %s\n", list->rows[i].file, list->rows[i].line,
			severity_name(list->rows[i].severity), list->rows[i].text);
	return text_take(&t);
}

static inline struct reading read_files(const struct config_file *files, size_t n)
{
	struct reading r = { .config = NULL };

	r.result = config_new(files, n, &r.list, &r.config);
	r.remarks = remarks_of(&r.list);
	return r;
}

/* main: multipath.conf; drop_in (may be NULL): conf.d/a.conf. */
static inline struct reading read_texts(const char *main_text, const char *drop_in)
{
	const struct config_file files[] = {
		{ "/etc/multipath.conf", main_text, strlen(main_text), FILE_MAIN },
		{ "/etc/multipath/conf.d/a.conf", drop_in, drop_in ? strlen(drop_in) : 0,
			FILE_DROP_IN },
	};

	return read_files(files, drop_in ? 2 : 1);
}

static inline void reading_done(struct reading *r)
{
	config_free(r->config);
	diagnostics_done(&r->list);
	free(r->remarks);
}

static inline void expect_text(const char *rule, const char *got, const char *want)
{
	if (strcmp(got, want) != 0)
		fail_msg("%s:\n--- want\n%s\n--- got\n%s", rule, want, got);
}

static inline void expect_part(const char *rule, const char *got, const char *want)
{
	if (!strstr(got, want))
		fail_msg("%s:\n--- want somewhere\n%s\n--- got\n%s", rule, want, got);
}

/* Both ways to ask must answer the same. */
static inline void expect_setting(
	const struct reading *r, const struct config_device *d, const char *name, const char *value)
{
	char buffer[SETTING_TEXT_SIZE];
	struct settings s;

	config_resolve(r->config, d, &s);
	for (size_t i = 0; i < SETTINGS; i++)
		if (strcmp(setting_name((enum setting)i), name) == 0)
			expect_text(name, settings_value_text(&s, (enum setting)i, buffer), value);
}

/* "name=value name=value", with what the configuration says for the names of want. */
static inline char *values_of(
	const struct reading *r, const struct config_device *d, const char *want)
{
	_cleanup_(freep) char *names = strdup(want);
	struct text t = TEXT_INIT;
	char *rest = NULL;

	for (char *name = strtok_r(names, " ", &rest); name; name = strtok_r(NULL, " ", &rest)) {
		struct text value = TEXT_INIT;

		*strchr(name, '=') = '\0';
		if (config_value(r->config, d, name, &value))
			expect_setting(r, d, name, text_str(&value));
		else
			text_add(&value, "-");
		text_addf(&t, "%s%s=%s", t.len ? " " : "", name, text_str(&value));
		text_done(&value);
	}
	return text_take(&t);
}

static inline char *dump(const struct reading *r, bool with_origins)
{
	struct text t = TEXT_INIT;

	assert_int_equal(r->result, 0);
	assert_int_equal(config_print(r->config, with_origins, &t), 0);
	return text_take(&t);
}
