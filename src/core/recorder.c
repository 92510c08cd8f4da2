/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/recorder.h"

#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "config/policy.h"
#include "model/action.h"
#include "model/observation.h"

static void put(const struct recorder *r, const struct text *line)
{
	r->line(r->arg, text_failed(line) ? NULL : text_str(line));
}

void recorder_config(const struct recorder *r, const struct config *config)
{
	_cleanup_(text_done) struct text all = TEXT_INIT;

	if (!r->line)
		return;
	if (config_print(config, false, &all) < 0 || text_failed(&all)) {
		r->line(r->arg, NULL);
		return;
	}
	for (const char *at = text_str(&all); *at;) {
		_cleanup_(text_done) struct text line = TEXT_INIT;
		size_t len = strcspn(at, "\n");

		text_add(&line, "config ");
		text_add_bytes(&line, at, len);
		put(r, &line);
		at += len + (at[len] == '\n');
	}
}

void recorder_feed(const struct recorder *r, const struct observation *o)
{
	_cleanup_(text_done) struct text line = TEXT_INIT;

	if (!r->line)
		return;
	text_add(&line, "obs ");
	observation_print(o, &line);
	put(r, &line);
}

void recorder_settle(const struct recorder *r, instant now)
{
	_cleanup_(text_done) struct text line = TEXT_INIT;

	if (!r->line)
		return;
	text_addf(&line, "settle at=%" PRIu64, now.ms);
	put(r, &line);
}

void recorder_act(const struct recorder *r, const struct action *a)
{
	_cleanup_(text_done) struct text line = TEXT_INIT;

	if (!r->line)
		return;
	text_add(&line, "do ");
	action_print(a, &line);
	put(r, &line);
}

void recorder_request(const struct recorder *r, const struct obs_request *word, const char *name)
{
	_cleanup_(text_done) struct text line = TEXT_INIT;
	struct observation o = { .kind = OBS_REQUEST, .request = *word };

	if (!r->line)
		return;
	text_add(&line, "ask ");
	text_add_escaped(&line, name ? name : "-");
	text_add(&line, " ");
	observation_print(&o, &line);
	put(r, &line);
}

void recorder_read_again(const struct recorder *r)
{
	if (r->line)
		r->line(r->arg, "read-again");
}

void recorder_close(const struct recorder *r, uint64_t request)
{
	_cleanup_(text_done) struct text line = TEXT_INIT;

	if (!r->line)
		return;
	text_addf(&line, "close %" PRIu64, request);
	put(r, &line);
}
