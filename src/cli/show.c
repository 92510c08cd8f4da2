/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "base/cleanup.h"
#include "cli/alone.h"
#include "cli/past.h"
#include "cli/result.h"
#include "cli/verbs.h"
#include "config/diagnostics.h"
#include "config/policy.h"
#include "core/config_files.h"
#include "pathkeeper.h"
#include "show/configuration.h"
#include "show/event.h"
#include "show/remarks.h"

DEFINE_FREEP(struct pk, pk_close)

/* Readers need no privilege: where the private socket is not for us, everybody's is. */
static int connect_to_read(struct pk **ret)
{
	int r = pk_connect(0, ret);

	return r == -EPERM ? pk_connect(PK_CONNECT_READ, ret) : r;
}

static int end(const struct words *words, struct pk *pk, int r, char *json)
{
	return r < 0 ? result_failure(words->verb, r, pk ? pk_error(pk) : NULL)
		     : result_print(words, json);
}

int verb_status(const struct words *words)
{
	_cleanup_(pk_closep) struct pk *pk = NULL;
	char *json = NULL;
	int r = connect_to_read(&pk);

	if (r >= 0)
		r = pk_status(pk, &json);
	return end(words, pk, r, json);
}

int verb_paths(const struct words *words)
{
	_cleanup_(pk_closep) struct pk *pk = NULL;
	char *json = NULL;
	int r = connect_to_read(&pk);

	if (r >= 0)
		r = pk_paths(pk, words->names, &json);
	return end(words, pk, r, json);
}

int verb_maps(const struct words *words)
{
	_cleanup_(pk_closep) struct pk *pk = NULL;
	char *json = NULL;
	int r = connect_to_read(&pk);

	if (r >= 0)
		r = pk_maps(pk, words->names, &json);
	return end(words, pk, r, json);
}

/* ---- config ---------------------------------------------------------------------------------- */

static int check_file(const struct words *words)
{
	struct config_files files = CONFIG_FILES_INIT;
	struct diagnostics remarks = DIAGNOSTICS_INIT;
	_cleanup_(config_freep) struct config *config = NULL;
	char *json = NULL;
	int r = config_files_read_one(words->check_file, &files), code;

	if (r < 0) {
		diagnostics_add(&remarks, SEVERITY_FATAL, words->check_file, 0, "%s", strerror(-r));
	} else {
		r = config_new(files.files, files.n, &remarks, &config);
		config_files_done(&files);
	}
	r = remarks_document(r < 0 ? "refused" : "accepted", NULL, &remarks, &json);
	code = end(words, NULL, r, json);
	if (diagnostics_count(&remarks, SEVERITY_WARNING))
		code = CODE_USAGE;
	diagnostics_done(&remarks);
	return code;
}

int verb_config(const struct words *words)
{
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_(pk_closep) struct pk *pk = NULL;
	char *json = NULL;
	int r;

	if (words->check_file)
		return check_file(words);
	r = connect_to_read(&pk);
	if (r >= 0)
		r = pk_config(pk, words->origin, &json);
	if (r != -ECONNREFUSED)
		return end(words, pk, r, json);
	r = alone_config(&config);
	if (r)
		return r;
	r = configuration_document(config, words->origin, &json);
	return end(words, NULL, r, json);
}

/* ---- events ---------------------------------------------------------------------------------- */

struct following {
	const struct words *words;
	uint64_t last; /* that was printed */
};

static int print_event(void *arg, uint64_t number, const char *json)
{
	struct following *f = arg;
	struct json_object *event;
	struct text t = TEXT_INIT;

	if (number <= f->last)
		return 0;
	f->last = number;
	if (f->words->json) {
		puts(json);
	} else if ((event = json_tokener_parse(json))) {
		event_print(event, &t);
		fputs(text_str(&t), stdout);
		text_done(&t);
		json_object_put(event);
	}
	return fflush(stdout) == EOF ? 1 : 0;
}

/* What came before: each as if it had come now, so that a line is an event. */
static int print_kept(struct following *f, struct pk *pk)
{
	_cleanup_(freep) char *json = NULL;
	struct json_object *root, *events;
	int r = pk_events(pk, 0, &json), end_now = 0;

	if (r < 0)
		return r;
	root = json_tokener_parse(json);
	if (root && json_object_object_get_ex(root, "events", &events))
		for (size_t i = 0; i < json_object_array_length(events) && !end_now; i++) {
			struct json_object *event = json_object_array_get_idx(events, i), *number;

			if (json_object_object_get_ex(event, "number", &number))
				end_now = print_event(f, (uint64_t)json_object_get_int64(number),
					json_object_to_json_string_ext(
						event, JSON_C_TO_STRING_PLAIN));
		}
	json_object_put(root);
	return end_now;
}

/* connected: how that ended. */
static int show_events(const struct words *words, struct pk *pk, int connected)
{
	_cleanup_(freep) char *ring = NULL;
	char *json = NULL;
	int r = connected;

	if (r >= 0)
		r = pk_events(pk, 0, &ring);
	if (r < 0 && r != -ECONNREFUSED)
		return end(words, pk, r, NULL);
	r = past_document(ring, words->last ? words->last : PAST_USUAL, &json);
	return end(words, pk, r == -ENODATA ? -ECONNREFUSED : r, json);
}

int verb_events(const struct words *words)
{
	_cleanup_(pk_closep) struct pk *pk = NULL;
	struct following f = { .words = words };
	int r = connect_to_read(&pk);

	if (!words->follow)
		return show_events(words, pk, r);
	if (r >= 0)
		r = print_kept(&f, pk);
	if (r == 0)
		r = pk_follow(pk, print_event, &f);
	return r < 0 ? result_failure(words->verb, r, pk ? pk_error(pk) : NULL) : CODE_DONE;
}
