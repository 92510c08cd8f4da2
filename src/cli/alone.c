/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/alone.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/result.h"
#include "config/diagnostics.h"
#include "core/config_files.h"
#include "core/errand.h"
#include "core/sources.h"
#include "port/loop.h"
#include "port/process.h"
#include "show/answers.h"

struct alone {
	struct loop *loop;	 /* borrowed */
	struct sources *sources; /* borrowed */
	struct errand *errand;	 /* borrowed */
	enum errand_progress progress;
};

int alone_config(struct config **ret)
{
	struct config_files files = CONFIG_FILES_INIT;
	struct diagnostics remarks = DIAGNOSTICS_INIT;
	_cleanup_(freep) char *failed = NULL;
	int r = config_files_read(NULL, &files, &failed);

	if (r < 0) {
		fprintf(stderr, "pathkeeper: %s: %s\n", failed ? failed : "configuration",
			strerror(-r));
		return CODE_USAGE;
	}
	r = config_new(files.files, files.n, &remarks, ret);
	config_files_done(&files);
	for (size_t i = 0; i < remarks.n; i++)
		if (remarks.rows[i].severity >= SEVERITY_ERROR)
			fprintf(stderr, "%s:%u: %s: %s\n", remarks.rows[i].file,
				remarks.rows[i].line, severity_name(remarks.rows[i].severity),
				remarks.rows[i].text);
	diagnostics_done(&remarks);
	return r < 0 ? CODE_USAGE : 0;
}

static void on_settled(void *arg)
{
	struct alone *a = arg;
	bool opened = false;

	a->progress = errand_step(a->errand, loop_now(), &opened);
	if (opened)
		sources_kick(a->sources);
	if (a->progress != ERRAND_WAITS)
		loop_exit(a->loop, 0);
}

static int print_answer(const struct words *words, const struct alone *a, enum verb verb)
{
	const struct model *m = core_model(sources_core(a->sources));
	uint64_t id = errand_id(a->errand);
	char *const *unknown = errand_unknown(a->errand);
	char *json = NULL;
	int r;

	switch (a->progress) {
	case ERRAND_DONE: break;
	case ERRAND_NOWHERE: return result_failure(words->verb, -ENODEV, NULL);
	case ERRAND_WAITS:
	case ERRAND_LATE: return result_failure(words->verb, -ETIMEDOUT, NULL);
	case ERRAND_NO_MEMORY: return result_failure(words->verb, -ENOMEM, NULL);
	}
	r = rows_document(m, verb, id, unknown, &json);
	return r < 0 ? result_failure(words->verb, r, NULL) : result_print(words, json);
}

static int run(
	const struct words *words, enum verb verb, struct loop *loop, struct sources *sources)
{
	struct obs_request word = {
		.verb = verb,
		.flags = (words->dry_run ? REQUEST_DRY_RUN : 0u) |
			 (words->held ? REQUEST_HELD : 0u) | (words->fenced ? REQUEST_FENCED : 0u),
		.timeout_ms = words->timeout_ms,
	};
	_cleanup_(errand_freep) struct errand *errand = NULL;
	struct alone a = { .loop = loop, .sources = sources };
	int r;

	snprintf(word.requester, sizeof word.requester, "uid %u pid %u", (unsigned)geteuid(),
		(unsigned)getpid());
	r = errand_new(sources_core(sources), &word, (char *const *)words->names, &errand);
	if (r < 0)
		return result_failure(words->verb, r, NULL);
	a.errand = errand;
	sources_listen(sources, NULL, on_settled, &a);
	sources_kick(sources);
	r = loop_run(loop);
	return r < 0 ? result_failure(words->verb, r, NULL) : print_answer(words, &a, verb);
}

int alone_run(const struct words *words, enum verb verb)
{
	_cleanup_(loop_freep) struct loop *loop = NULL;
	_cleanup_(sources_freep) struct sources *sources = NULL; /* goes before its loop */
	struct config *config;
	int zygote, r;

	r = alone_config(&config);
	if (r)
		return r;
	if (verb == VERB_PURGE && !words->json)
		fprintf(stderr,
			"pathkeeper: no daemon: how long the paths have been up is not known, "
			"so purge_grace begins now\n");
	r = sources_zygote(&zygote);
	if (r < 0) {
		config_free(config);
		return result_failure(words->verb, r, NULL);
	}
	r = loop_new(&loop);
	if (r < 0) {
		config_free(config);
		close_fd(zygote);
		return result_failure(words->verb, r, NULL);
	}
	r = sources_new(loop, zygote, config, &sources);
	if (r >= 0 && verb == VERB_RESCAN)
		r = sources_know_gaps(sources);
	return r < 0 ? result_failure(words->verb, r, NULL) : run(words, verb, loop, sources);
}
