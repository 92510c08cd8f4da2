/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "show/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "model/latency.h"

enum shape {
	SHAPE_VALUE,	 /* one sample: part.field, or the field of the root */
	SHAPE_MEMBERS,	 /* a sample for each number in the part, but field */
	SHAPE_KINDS,	 /* how many rows of the array have each value of field */
	SHAPE_ROWS,	 /* how many rows the array has, or, with field, where that is true */
	SHAPE_INFO,	 /* 1, and the text of field as its label */
	SHAPE_HISTOGRAM, /* a latency */
};

static const char *const type_names[] = {
	[SHAPE_VALUE] = "gauge",
	[SHAPE_MEMBERS] = "gauge",
	[SHAPE_KINDS] = "gauge",
	[SHAPE_ROWS] = "gauge",
	[SHAPE_INFO] = "gauge",
	[SHAPE_HISTOGRAM] = "histogram",
};

/* One row a family; part NULL: of the root. A value whose name ends with _total is a counter. */
static const struct family {
	const char *name;
	enum shape shape;
	const char *part, *field, *label, *help;
} families[] = {
	{ "pathkeeper_info", SHAPE_INFO, NULL, "mode", "mode", "How the daemon was started." },
	{ "pathkeeper_ready", SHAPE_VALUE, NULL, "ready", NULL,
		"Every device was read once since the start." },
	{ "pathkeeper_paths", SHAPE_MEMBERS, "paths", "total", "state", "Paths in each state." },
	{ "pathkeeper_maps", SHAPE_VALUE, NULL, "maps", NULL, "Multipath maps." },
	{ "pathkeeper_removals", SHAPE_MEMBERS, "purge", "held_back", "stage",
		"Paths on each rung of a removal." },
	{ "pathkeeper_removals_held_back", SHAPE_VALUE, "purge", "held_back", NULL,
		"Marked paths that the limits stop until purge --held." },
	{ "pathkeeper_hands", SHAPE_ROWS, "hands", NULL, NULL, "Deletes that are out." },
	{ "pathkeeper_hands_stuck", SHAPE_ROWS, "hands", "stuck", NULL,
		"Deletes that did not come back by their deadline." },
	{ "pathkeeper_helpers", SHAPE_KINDS, "helpers", "kind", "kind", "Helper processes." },
	{ "pathkeeper_purged_total", SHAPE_VALUE, "counters", "purged", NULL, "Devices removed." },
	{ "pathkeeper_purge_failures_total", SHAPE_VALUE, "counters", "failed", NULL,
		"Removals that failed, each try." },
	{ "pathkeeper_purge_held_total", SHAPE_VALUE, "counters", "held", NULL,
		"Removals that a promise forbade." },
	{ "pathkeeper_purge_stuck_total", SHAPE_VALUE, "counters", "stuck", NULL,
		"Removals that did not come back by their deadline." },
	{ "pathkeeper_fenced_total", SHAPE_VALUE, "counters", "fenced", NULL,
		"Paths fenced since their identity changed." },
	{ "pathkeeper_gaps", SHAPE_ROWS, "gaps", NULL, NULL,
		"Places whose volume is kept out since it was detached." },
	{ "pathkeeper_kept_out_total", SHAPE_VALUE, "counters", "kept_out", NULL,
		"Devices that came back although they are kept out." },
	{ "pathkeeper_gone_by_others_total", SHAPE_VALUE, "counters", "gone_by_others", NULL,
		"Devices that somebody else removed." },
	{ "pathkeeper_checks_total", SHAPE_VALUE, "counters", "checks", NULL,
		"Checks that ended." },
	{ "pathkeeper_check_duration_seconds", SHAPE_HISTOGRAM, "latency", NULL, "le",
		"How long devices took to answer a check." },
	{ "pathkeeper_uevent_losses_total", SHAPE_VALUE, "counters", "uevents_lost", NULL,
		"How often events of the kernel were lost, and all was read again." },
	{ "pathkeeper_events_total", SHAPE_VALUE, "counters", "events", NULL,
		"Events since the start." },
	{ "pathkeeper_log_lines_dropped_total", SHAPE_VALUE, "counters", "log_dropped", NULL,
		"Log lines that nobody took." },
	{ "pathkeeper_clients", SHAPE_VALUE, "clients", "connected", NULL, "Clients connected." },
	{ "pathkeeper_clients_refused_total", SHAPE_VALUE, "clients", "refused", NULL,
		"Clients that were not let in." },
	{ "pathkeeper_clients_dropped_total", SHAPE_VALUE, "clients", "dropped", NULL,
		"Clients that were let go." },
	{ "pathkeeper_config_warnings", SHAPE_VALUE, "config", "warnings", NULL,
		"Warnings and worse about the last reading of the configuration." },
	{ "pathkeeper_multipathd_running", SHAPE_VALUE, "owner", "running", NULL,
		"A multipathd owns the maps." },
	{ "pathkeeper_multipathd_purges", SHAPE_VALUE, "owner", "purges", NULL,
		"That multipathd removes disconnected paths itself." },
};

static struct json_object *member(struct json_object *object, const char *name)
{
	struct json_object *value;

	return json_object_object_get_ex(object, name, &value) ? value : NULL;
}

/* In a label's value a backslash, a quote and a line's end are escaped, and nothing else. */
static void add_label_value(const char *value, struct text *out)
{
	for (; *value; value++) {
		if (*value == '\n')
			text_add(out, "\\n");
		else if (*value == '\\' || *value == '"')
			text_addf(out, "\\%c", *value);
		else
			text_add_bytes(out, value, 1);
	}
}

/* label NULL: without one. */
static void add_sample(
	const char *name, const char *label, const char *value, uint64_t n, struct text *out)
{
	text_add(out, name);
	if (label) {
		text_addf(out, "{%s=\"", label);
		add_label_value(value, out);
		text_add(out, "\"}");
	}
	text_addf(out, " %" PRIu64 "\n", n);
}

static void add_seconds(const char *name, uint64_t ms, struct text *out)
{
	text_addf(out, "%s %" PRIu64 ".%03u\n", name, ms / 1000, (unsigned)(ms % 1000));
}

static uint64_t number_of(struct json_object *value)
{
	int64_t n = json_object_get_int64(value); /* of true: 1 */

	return n > 0 ? (uint64_t)n : 0;
}

static void print_members(const struct family *f, struct json_object *part, struct text *out)
{
	json_object_object_foreach(part, name, value)
	{
		if (strcmp(name, f->field))
			add_sample(f->name, f->label, name, number_of(value), out);
	}
}

static const char *kind_of(struct json_object *rows, size_t i, const char *field)
{
	const char *kind = json_object_get_string(
		member(json_object_array_get_idx(rows, i), field));

	return kind ? kind : "";
}

static uint64_t count_kind(
	struct json_object *rows, size_t end, const char *field, const char *kind)
{
	uint64_t n = 0;

	for (size_t i = 0; i < end; i++)
		n += !strcmp(kind_of(rows, i, field), kind);
	return n;
}

static void print_kinds(const struct family *f, struct json_object *rows, struct text *out)
{
	size_t n = json_object_array_length(rows);

	for (size_t i = 0; i < n; i++) {
		const char *kind = kind_of(rows, i, f->field);

		if (count_kind(rows, i, f->field, kind) == 0) /* not yet */
			add_sample(
				f->name, f->label, kind, count_kind(rows, n, f->field, kind), out);
	}
}

static void print_rows(const struct family *f, struct json_object *rows, struct text *out)
{
	size_t n = json_object_array_length(rows);
	uint64_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += !f->field || json_object_get_boolean(
					      member(json_object_array_get_idx(rows, i), f->field));
	add_sample(f->name, NULL, NULL, count, out);
}

static void print_histogram(const struct family *f, struct json_object *part, struct text *out)
{
	uint64_t n = number_of(member(part, "checks"));
	char name[80], bound[32];

	snprintf(name, sizeof name, "%s_bucket", f->name);
	for (unsigned i = 0; i < LATENCY_BOUNDS; i++) {
		const struct latency_bound *b = &latency_bounds[i];

		snprintf(bound, sizeof bound, "%g", b->ms / 1000.0);
		add_sample(name, f->label, bound, number_of(member(part, b->name)), out);
	}
	add_sample(name, f->label, "+Inf", n, out);
	snprintf(name, sizeof name, "%s_sum", f->name);
	add_seconds(name, number_of(member(part, "sum_ms")), out);
	snprintf(name, sizeof name, "%s_count", f->name);
	add_sample(name, NULL, NULL, n, out);
}

static const char *type_of(const struct family *f)
{
	static const char end[] = "_total";
	size_t len = strlen(f->name);

	return len >= sizeof end && !strcmp(f->name + len - (sizeof end - 1), end)
		       ? "counter"
		       : type_names[f->shape];
}

static void print_family(const struct family *f, struct json_object *status, struct text *out)
{
	struct json_object *part = f->part ? member(status, f->part) : status;
	bool is_of_field = f->shape == SHAPE_VALUE || f->shape == SHAPE_INFO;
	struct json_object *value = is_of_field ? member(part, f->field) : part;

	if (!value)
		return;
	text_addf(out, "# HELP %s %s\n# TYPE %s %s\n", f->name, f->help, f->name, type_of(f));
	switch (f->shape) {
	case SHAPE_VALUE: add_sample(f->name, NULL, NULL, number_of(value), out); break;
	case SHAPE_MEMBERS: print_members(f, part, out); break;
	case SHAPE_KINDS: print_kinds(f, part, out); break;
	case SHAPE_ROWS: print_rows(f, part, out); break;
	case SHAPE_INFO:
		add_sample(f->name, f->label, json_object_get_string(value), 1, out);
		break;
	case SHAPE_HISTOGRAM: print_histogram(f, part, out); break;
	}
}

void metrics_print(struct json_object *status, struct text *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		print_family(&families[i], status, out);
}
