/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rows of a configuration in the syntax they were read from, so that the text can be read back:
 * words in quotation marks, numbers bare, a mark within a string doubled.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/text.h"
#include "config/policy.h"

struct print {
	struct text *out;
	bool with_origins;
	bool is_open;
	enum section section;
	unsigned entry;
};

/* "device" of "devices/device"; NULL: not an entry of a section. */
static const char *inner_name(enum section section)
{
	const char *slash = strchr(section_name(section), '/');

	return slash ? slash + 1 : NULL;
}

static size_t outer_length(enum section section)
{
	return strcspn(section_name(section), "/");
}

static bool is_same_outer(enum section a, enum section b)
{
	return outer_length(a) == outer_length(b) &&
	       strncmp(section_name(a), section_name(b), outer_length(a)) == 0;
}

static void close_entry(struct print *p)
{
	if (p->is_open && inner_name(p->section))
		text_add(p->out, "\t}\n");
}

static void close_section(struct print *p)
{
	close_entry(p);
	if (p->is_open)
		text_add(p->out, "}\n");
	p->is_open = false;
}

static void open_section(struct print *p, const struct config_row *row)
{
	const char *inner = inner_name(row->section);

	if (p->is_open && p->section == row->section && p->entry == row->entry)
		return;
	if (p->is_open && is_same_outer(p->section, row->section)) {
		close_entry(p);
	} else {
		close_section(p);
		text_addf(p->out, "%.*s {\n", (int)outer_length(row->section),
			section_name(row->section));
	}
	if (inner)
		text_addf(p->out, "\t%s {\n", inner);
	p->is_open = true;
	p->section = row->section;
	p->entry = row->entry;
}

static void print_quoted(struct text *out, const char *value)
{
	text_add(out, "\"");
	for (; *value; value++) {
		if (*value == '"')
			text_add(out, "\"");
		text_add_bytes(out, value, 1);
	}
	text_add(out, "\"");
}

static int print_row(void *arg, const struct config_row *row)
{
	struct print *p = arg;

	open_section(p, row);
	text_addf(p->out, "%s%s ", inner_name(row->section) ? "\t\t" : "\t", row->keyword);
	if (row->is_number)
		text_add(p->out, row->value);
	else
		print_quoted(p->out, row->value);
	if (p->with_origins)
		text_addf(p->out, " # %s", row->origin);
	text_add(p->out, "\n");
	return 0;
}

int config_print(const struct config *config, bool with_origins, struct text *out)
{
	struct print p = { .out = out, .with_origins = with_origins };
	int r = config_rows(config, print_row, &p);

	close_section(&p);
	return r == 0 && text_failed(out) ? -ENOMEM : r;
}
