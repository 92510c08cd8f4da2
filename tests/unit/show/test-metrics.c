/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The text is read as strictly as a collector may: what is no line of the format, or comes in
 * another order, fails. METRICS_PAGE is where people read what there is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/cleanup.h"
#include "show/metrics.h"
#include "show/status.h"
#include "world.h"

enum { MAX_SAMPLES = 256, MAX_FAMILIES = 64 };

struct sample {
	char name[80], label[32], value[64];
	double number;
};

struct reading {
	char family[80], type[16]; /* that is being read */
	bool helped, typed;
	char families[MAX_FAMILIES][80];
	size_t n_families;
	struct sample samples[MAX_SAMPLES];
	size_t n;
};

/* 0: the line is good. */
static int read_name(const char **at, char *ret, size_t size, bool colon)
{
	size_t n = 0;

	while (isalpha((unsigned char)**at) || **at == '_' || (colon && **at == ':') ||
		(n && isdigit((unsigned char)**at))) {
		if (n + 1 == size)
			return -1;
		ret[n++] = *(*at)++;
	}
	ret[n] = '\0';
	return n ? 0 : -1;
}

static int read_label_value(const char **at, char *ret, size_t size)
{
	size_t n = 0;

	for (; **at && **at != '"' && n + 1 < size; (*at)++) {
		char c = **at;

		if (c == '\n')
			return -1;
		if (c == '\\') {
			(*at)++;
			if (**at != '\\' && **at != '"' && **at != 'n')
				return -1;
			c = **at == 'n' ? '\n' : **at;
		}
		ret[n++] = c;
	}
	ret[n] = '\0';
	return **at == '"' ? 0 : -1;
}

static int read_sample(const char *line, struct sample *ret)
{
	char *end;

	*ret = (struct sample){ 0 };
	if (read_name(&line, ret->name, sizeof ret->name, true) < 0)
		return -1;
	if (*line == '{') {
		line++;
		if (read_name(&line, ret->label, sizeof ret->label, false) < 0 || *line++ != '=' ||
			*line++ != '"' ||
			read_label_value(&line, ret->value, sizeof ret->value) < 0 ||
			*line++ != '"' || *line++ != '}')
			return -1;
	}
	if (*line++ != ' ' || !isdigit((unsigned char)*line))
		return -1;
	ret->number = strtod(line, &end);
	return *end ? -1 : 0;
}

/* A histogram's samples have ends of their own. */
static bool is_of_family(const struct reading *r, const struct sample *s)
{
	static const char *const ends[] = { "_bucket", "_sum", "_count" };
	size_t len = strlen(r->family);

	if (strcmp(r->type, "histogram"))
		return !strcmp(s->name, r->family);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (!strncmp(s->name, r->family, len) && !strcmp(s->name + len, ends[i]))
			return true;
	return false;
}

static int read_help(struct reading *r, const char *line)
{
	if (read_name(&line, r->family, sizeof r->family, true) < 0 || *line++ != ' ' || !*line ||
		strchr(line, '\\') || strncmp(r->family, "pathkeeper_", 11) != 0)
		return -1;
	for (size_t i = 0; i < r->n_families; i++)
		if (!strcmp(r->families[i], r->family))
			return -1; /* one HELP, one TYPE, and its samples together */
	strcpy(r->families[r->n_families++], r->family);
	r->helped = true;
	r->typed = false;
	return 0;
}

static int read_type(struct reading *r, const char *line)
{
	char name[80];
	size_t len = strlen(r->family);
	bool total = len > 6 && !strcmp(r->family + len - 6, "_total");

	if (!r->helped || r->typed || read_name(&line, name, sizeof name, true) < 0 ||
		strcmp(name, r->family) != 0 || *line++ != ' ')
		return -1;
	if (strcmp(line, "gauge") != 0 && strcmp(line, "counter") != 0 &&
		strcmp(line, "histogram") != 0)
		return -1;
	strcpy(r->type, line);
	r->typed = true;
	return total == !strcmp(line, "counter") ? 0 : -1;
}

static int read_line(struct reading *r, const char *line)
{
	struct sample *s = &r->samples[r->n];

	if (!strncmp(line, "# HELP ", 7))
		return read_help(r, line + 7);
	if (!strncmp(line, "# TYPE ", 7))
		return read_type(r, line + 7);
	if (!r->typed || read_sample(line, s) < 0 || !is_of_family(r, s))
		return -1;
	for (size_t i = 0; i < r->n; i++)
		if (!strcmp(s->name, r->samples[i].name) && !strcmp(s->value, r->samples[i].value))
			return -1;
	r->n++;
	return 0;
}

static int read_all(const char *text, struct reading *ret)
{
	_cleanup_(freep) char *copy = strdup(text);
	char *line = copy, *end;

	*ret = (struct reading){ 0 };
	for (; *line; line = end + 1) {
		end = strchr(line, '\n');
		if (!end) /* the last line ends, too */
			return -1;
		*end = '\0';
		if (ret->n == MAX_SAMPLES || ret->n_families == MAX_FAMILIES ||
			read_line(ret, line) < 0) {
			print_message("# %s\n", line);
			return -1;
		}
	}
	return 0;
}

static const struct sample *find(const struct reading *r, const char *name, const char *value)
{
	for (size_t i = 0; i < r->n; i++)
		if (!strcmp(r->samples[i].name, name) && !strcmp(r->samples[i].value, value))
			return &r->samples[i];
	return NULL;
}

static void assert_sample(const struct reading *r, const char *name, const char *value, double want)
{
	const struct sample *s = find(r, name, value);

	if (!s)
		fail_msg("there is no %s of \"%s\"", name, value);
	else if (fabs(s->number - want) > 1e-9)
		fail_msg("%s of \"%s\" is %g, not %g", name, value, s->number, want);
}

/* ---- a world --------------------------------------------------------------------------------- */

static const struct status_helper helpers[] = {
	{ HELPER_KEEPER, 101, 3 },
	{ HELPER_SCOUT, 102, 0 },
	{ HELPER_KEEPER, 103, 4 },
};

static void fill(struct world *w)
{
	struct counters *c = &w->model->counters;
	struct host *h = model_host(w->model, 3);

	*c = (struct counters){ .checks = 1001,
		.purged = 1002,
		.failed = 1003,
		.gone_by_others = 1004,
		.held = 1005,
		.stuck = 1006,
		.uevents_lost = 1007,
		.fenced = 1008,
		.kept_out = 1014 };
	latency_add(&c->latency, 0);
	latency_add(&c->latency, 20);
	latency_add(&c->latency, 21);
	latency_add(&c->latency, 60000);
	assert_non_null(h);
	h->deed = 55;
	h->stuck = true;
	w->dead->held_back = true;
	w->model->owner_known = w->model->owner.running = true;
}

static struct json_object *status_of_world(void)
{
	struct status_facts facts = { .pid = 100,
		.helpers = helpers,
		.n_helpers = ARRAY_SIZE(helpers),
		.clients = 1011,
		.clients_refused = 1012,
		.clients_dropped = 1013,
		.events = 1009,
		.log_dropped = 1010 };
	_cleanup_(freep) char *json = NULL;
	struct json_object *root;
	struct world w;

	world_init(&w);
	fill(&w);
	assert_int_equal(status_document(w.model, &facts, &json), 0);
	w.model->hosts[0].deed = 0;
	world_done(&w);
	root = json_tokener_parse(json);
	assert_non_null(root);
	return root;
}

static void read_status(struct json_object *status, struct reading *ret)
{
	_cleanup_(text_done) struct text t = TEXT_INIT;

	metrics_print(status, &t);
	assert_false(text_failed(&t));
	assert_int_equal(read_all(text_str(&t), ret), 0);
}

/* ---- rules ----------------------------------------------------------------------------------- */

static const struct {
	const char *name, *value;
	double number;
} expected[] = {
	{ "pathkeeper_info", "observe", 1 },
	{ "pathkeeper_ready", "", 0 },
	{ "pathkeeper_paths", "up", 1 },
	{ "pathkeeper_paths", "down", 1 },
	{ "pathkeeper_paths", "unchecked", 1 },
	{ "pathkeeper_paths", "ghost", 0 },
	{ "pathkeeper_maps", "", 1 },
	{ "pathkeeper_removals", "marked", 1 },
	{ "pathkeeper_removals", "held", 0 },
	{ "pathkeeper_removals_held_back", "", 1 },
	{ "pathkeeper_hands", "", 1 },
	{ "pathkeeper_hands_stuck", "", 1 },
	{ "pathkeeper_helpers", "keeper", 2 },
	{ "pathkeeper_helpers", "scout", 1 },
	{ "pathkeeper_checks_total", "", 1001 },
	{ "pathkeeper_purged_total", "", 1002 },
	{ "pathkeeper_purge_failures_total", "", 1003 },
	{ "pathkeeper_gone_by_others_total", "", 1004 },
	{ "pathkeeper_purge_held_total", "", 1005 },
	{ "pathkeeper_purge_stuck_total", "", 1006 },
	{ "pathkeeper_uevent_losses_total", "", 1007 },
	{ "pathkeeper_fenced_total", "", 1008 },
	{ "pathkeeper_kept_out_total", "", 1014 },
	{ "pathkeeper_gaps", "", 0 },
	{ "pathkeeper_events_total", "", 1009 },
	{ "pathkeeper_log_lines_dropped_total", "", 1010 },
	{ "pathkeeper_clients", "", 1011 },
	{ "pathkeeper_clients_refused_total", "", 1012 },
	{ "pathkeeper_clients_dropped_total", "", 1013 },
	{ "pathkeeper_config_warnings", "", 0 },
	{ "pathkeeper_multipathd_running", "", 1 },
	{ "pathkeeper_multipathd_purges", "", 0 },
	{ "pathkeeper_check_duration_seconds_bucket", "0.001", 1 },
	{ "pathkeeper_check_duration_seconds_bucket", "0.02", 2 },
	{ "pathkeeper_check_duration_seconds_bucket", "0.1", 3 },
	{ "pathkeeper_check_duration_seconds_bucket", "30", 3 },
	{ "pathkeeper_check_duration_seconds_bucket", "+Inf", 4 },
	{ "pathkeeper_check_duration_seconds_sum", "", 60.041 },
	{ "pathkeeper_check_duration_seconds_count", "", 4 },
};

static void test_values(void **state)
{
	struct json_object *status = status_of_world();
	static struct reading r;

	(void)state;
	read_status(status, &r);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		assert_sample(&r, expected[i].name, expected[i].value, expected[i].number);
	assert_null(find(&r, "pathkeeper_paths", "total")); /* or a sum would count twice */
	assert_null(find(&r, "pathkeeper_removals", "held_back"));
	json_object_put(status);
}

/* Whoever adds a counter to the document adds it here. */
static void test_every_counter_is_a_metric(void **state)
{
	struct json_object *status = status_of_world(), *counters;
	static struct reading r;

	(void)state;
	read_status(status, &r);
	assert_true(json_object_object_get_ex(status, "counters", &counters));
	json_object_object_foreach(counters, name, value)
	{
		bool found = false;

		for (size_t i = 0; i < r.n; i++)
			found |= r.samples[i].number == (double)json_object_get_int64(value);
		if (!found)
			fail_msg("counter %s is no metric", name);
	}
	json_object_put(status);
}

static void test_buckets_are_cumulative(void **state)
{
	static const char bucket[] = "pathkeeper_check_duration_seconds_bucket";
	struct json_object *status = status_of_world();
	double bound = -1, number = 0;
	static struct reading r;

	(void)state;
	read_status(status, &r);
	for (size_t i = 0; i < r.n; i++) {
		const struct sample *s = &r.samples[i];

		if (strcmp(s->name, bucket))
			continue;
		assert_string_equal(s->label, "le");
		assert_true(strtod(s->value, NULL) > bound);
		assert_true(s->number >= number);
		bound = strtod(s->value, NULL);
		number = s->number;
	}
	assert_true(isinf(bound));
	json_object_put(status);
}

static void test_labels_are_escaped(void **state)
{
	struct json_object *status = json_object_new_object();
	static struct reading r;

	(void)state;
	json_object_object_add(status, "mode", json_object_new_string("a\"b\\c\nd\\n {}"));
	read_status(status, &r);
	assert_sample(&r, "pathkeeper_info", "a\"b\\c\nd\\n {}", 1);
	assert_int_equal(r.n, 1);
	json_object_put(status);
}

/* A daemon of another version, or none at all. */
static void test_what_is_missing_is_left_out(void **state)
{
	struct json_object *status = json_tokener_parse("{\"maps\":3,\"counters\":{}}");
	static struct reading r;

	(void)state;
	read_status(status, &r);
	assert_sample(&r, "pathkeeper_maps", "", 3);
	assert_int_equal(r.n, 1);
	assert_int_equal(r.n_families, 1);
	json_object_put(status);
}

static void test_the_page_has_every_family(void **state)
{
	struct json_object *status = status_of_world();
	static char page[32768], row[128];
	static struct reading r;
	FILE *file = fopen(METRICS_PAGE, "re");

	(void)state;
	assert_non_null(file);
	assert_true(fread(page, 1, sizeof page - 1, file) > 0);
	fclose(file);
	read_status(status, &r);
	for (size_t i = 0; i < r.n_families; i++) {
		snprintf(row, sizeof row, "\n| `%s` |", r.families[i]);
		if (!strstr(page, row))
			fail_msg("docs/metrics.md does not have %s", r.families[i]);
	}
	json_object_put(status);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_every_counter_is_a_metric),
		cmocka_unit_test(test_buckets_are_cumulative),
		cmocka_unit_test(test_labels_are_escaped),
		cmocka_unit_test(test_what_is_missing_is_left_out),
		cmocka_unit_test(test_the_page_has_every_family),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
