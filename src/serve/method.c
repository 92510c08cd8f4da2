/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "serve/method.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "core/errand.h"
#include "port/loop.h"
#include "serve/client.h"
#include "serve/server.h"
#include "show/answers.h"
#include "show/cleaning.h"
#include "show/configuration.h"

enum {
	CHECK_MS = 40000, /* what is meant by a timeout of 0; of a purge it means none */
	HOLDERS_MS = 15000,
	RESCAN_MS = 120000,
	GROW_MS = 120000,
	CLEAN_MS = 20000,
	DETACH_MS = 120000,
	WAIT_MS = 120000,
	MOST_PATHS = 65536, /* that can be waited for */
	KNOWN_MS = 10000,
	LONGEST_MS = 7 * 24 * 3600 * 1000,
};

static const struct model *model_of(const struct call *call)
{
	return core_model(client_server(call->client)->core);
}

/* What everybody may ask as often as they like is not made anew for each. */
static bool may_be_old(const struct call *call)
{
	return client_door(call->client) == DOOR_READ;
}

/* ---- arguments ------------------------------------------------------------------------------- */

static int check_names(const struct call *call)
{
	size_t most = client_door(call->client) == DOOR_PRIVATE ? METHOD_NAMES_ROOT
								: METHOD_NAMES_OTHERS;
	size_t n = 0;

	for (; call->names && call->names[n]; n++)
		if (strlen(call->names[n]) >= METHOD_NAME_BYTES)
			return -EINVAL;
	return n > most ? -E2BIG : (int)n;
}

static uint64_t timeout_or(uint64_t timeout_ms, uint64_t usual_ms)
{
	if (!timeout_ms)
		return usual_ms;
	return timeout_ms < LONGEST_MS ? timeout_ms : LONGEST_MS;
}

static bool changes_something(enum verb verb)
{
	switch (verb) {
	case VERB_PURGE:
	case VERB_RESCAN:
	case VERB_GROW:
	case VERB_CLEAN:
	case VERB_DETACH: return true;
	case VERB_CHECK:
	case VERB_HOLDERS:
	case VERB_WAIT: break;
	}
	return false;
}

static int open_errand_for(struct call *call, const struct obs_request *asked)
{
	struct server *server = client_server(call->client);
	struct obs_request word = *asked;
	enum verb verb = word.verb;

	snprintf(word.requester, sizeof word.requester, "uid %u pid %u", client_uid(call->client),
		client_pid(call->client));
	log_event(changes_something(verb) ? LOG_LEVEL_NOTICE : LOG_LEVEL_DEBUG, "request",
		"verb=%s uid=%u pid=%u flags=%u", call->method->name, client_uid(call->client),
		client_pid(call->client), word.flags);
	return errand_new(server->core, &word, call->names, &call->errand);
}

static int open_errand(struct call *call, enum verb verb, uint32_t flags, uint64_t timeout_ms)
{
	const struct obs_request word = { .verb = verb, .flags = flags, .timeout_ms = timeout_ms };

	return open_errand_for(call, &word);
}

/* ---- errands --------------------------------------------------------------------------------- */

/* 1: done, 0: waits, negative errno. */
static int step_errand(struct call *call)
{
	struct server *server = client_server(call->client);
	enum errand_progress progress;
	bool opened;

	progress = errand_step(call->errand, loop_now(), &opened);
	if (opened)
		sources_kick(server->sources);
	switch (progress) {
	case ERRAND_WAITS: return 0;
	case ERRAND_DONE: return 1;
	case ERRAND_NOWHERE: return -ENODEV;
	case ERRAND_LATE: return -ETIMEDOUT;
	case ERRAND_NO_MEMORY: return -ENOMEM;
	}
	return -EPROTO;
}

static int answer_errand(struct call *call, char **ret)
{
	const struct model *m = model_of(call);
	uint64_t id = errand_id(call->errand);
	enum verb verb = errand_verb(call->errand);
	int r = step_errand(call);

	if (r <= 0)
		return r;
	if (verb == VERB_HOLDERS)
		r = holders_document(m, id, call->names[0], ret);
	else if (verb == VERB_CLEAN)
		r = cleaning_document(m, id, call->names[0], ret);
	else
		r = rows_document(m, verb, id, errand_unknown(call->errand), ret);
	return r < 0 ? r : 1;
}

/* How many names, or negative errno. */
static int read_names_and_time(struct call *call, sd_bus_message *m, uint64_t *ret_ms)
{
	int r = sd_bus_message_read_strv(m, &call->names);

	if (r >= 0)
		r = sd_bus_message_read(m, "t", ret_ms);
	return r < 0 ? r : check_names(call);
}

static int begin_named(struct call *call, sd_bus_message *m, enum verb verb, uint64_t usual_ms)
{
	uint64_t timeout_ms;
	int r = read_names_and_time(call, m, &timeout_ms);

	if (r < 0)
		return r;
	return r == 0 ? -EINVAL : open_errand(call, verb, 0, timeout_or(timeout_ms, usual_ms));
}

static int begin_check(struct call *call, sd_bus_message *m)
{
	return begin_named(call, m, VERB_CHECK, CHECK_MS);
}

static int begin_grow(struct call *call, sd_bus_message *m)
{
	return begin_named(call, m, VERB_GROW, GROW_MS);
}

/* Names, flags and a time; how many names, or negative errno. */
static int read_names_flags_time(
	struct call *call, sd_bus_message *m, uint32_t *ret_flags, uint64_t *ret_ms)
{
	int r = sd_bus_message_read_strv(m, &call->names);

	if (r >= 0)
		r = sd_bus_message_read(m, "ut", ret_flags, ret_ms);
	return r < 0 ? r : check_names(call);
}

static int begin_detach(struct call *call, sd_bus_message *m)
{
	uint64_t timeout_ms;
	uint32_t flags;
	int r = read_names_flags_time(call, m, &flags, &timeout_ms);

	if (r < 0)
		return r;
	if (r == 0 || flags & ~(uint32_t)REQUEST_DRY_RUN)
		return -EINVAL;
	return open_errand(call, VERB_DETACH, flags, timeout_or(timeout_ms, DETACH_MS));
}

static int begin_purge(struct call *call, sd_bus_message *m)
{
	uint64_t timeout_ms;
	uint32_t flags;
	int r = read_names_flags_time(call, m, &flags, &timeout_ms);

	if (r < 0)
		return r;
	if (flags & ~(uint32_t)(REQUEST_DRY_RUN | REQUEST_HELD | REQUEST_FENCED))
		return -EINVAL;
	if (r == 0 && !(flags & (REQUEST_HELD | REQUEST_FENCED)))
		return -EINVAL;
	return open_errand(call, VERB_PURGE, flags, timeout_or(timeout_ms, 0));
}

/* No names: every host that an array may be behind. */
static int begin_rescan(struct call *call, sd_bus_message *m)
{
	uint64_t timeout_ms;
	int r = read_names_and_time(call, m, &timeout_ms);

	return r < 0 ? r : open_errand(call, VERB_RESCAN, 0, timeout_or(timeout_ms, RESCAN_MS));
}

static int begin_wait(struct call *call, sd_bus_message *m)
{
	struct obs_request word = { .verb = VERB_WAIT };
	uint64_t timeout_ms;
	int r = read_names_flags_time(call, m, &word.paths, &timeout_ms);

	if (r < 0)
		return r;
	if (r == 0 || !word.paths || word.paths > MOST_PATHS)
		return -EINVAL;
	word.timeout_ms = timeout_or(timeout_ms, WAIT_MS);
	return open_errand_for(call, &word);
}

static int keep_name(struct call *call, const char *name)
{
	call->names = calloc(2, sizeof *call->names);
	if (!call->names)
		return -ENOMEM;
	call->names[0] = strdup(name);
	return call->names[0] ? check_names(call) : -ENOMEM;
}

static int begin_holders(struct call *call, sd_bus_message *m)
{
	const char *name;
	int r = sd_bus_message_read(m, "s", &name);

	if (r >= 0)
		r = keep_name(call, name);
	return r < 0 ? r : open_errand(call, VERB_HOLDERS, 0, HOLDERS_MS);
}

static int begin_clean(struct call *call, sd_bus_message *m)
{
	struct obs_request word = { .verb = VERB_CLEAN, .timeout_ms = CLEAN_MS };
	const char *name, *below;
	int r = sd_bus_message_read(m, "ssu", &name, &below, &word.flags);

	if (r >= 0)
		r = keep_name(call, name);
	if (r < 0)
		return r;
	if (word.flags & ~(uint32_t)(REQUEST_DRY_RUN | REQUEST_FORCE) ||
		strlen(below) >= sizeof word.below)
		return -EINVAL;
	TEXT_SET(word.below, below);
	return open_errand_for(call, &word);
}

/* ---- what is known --------------------------------------------------------------------------- */

static int begin_nothing(struct call *call, sd_bus_message *m)
{
	(void)call;
	(void)m;
	return 0;
}

static int answer_status(struct call *call, char **ret)
{
	int r = server_status(client_server(call->client), may_be_old(call), ret);

	return r < 0 ? r : 1;
}

static int begin_names(struct call *call, sd_bus_message *m)
{
	int r = sd_bus_message_read_strv(m, &call->names);

	if (r >= 0)
		r = check_names(call);
	call->deadline = instant_add_ms(loop_now(), KNOWN_MS);
	return r < 0 ? r : 0;
}

/* A daemon that has just started does not know yet what it would be asked for. */
static int answer_paths(struct call *call, char **ret)
{
	int r;

	if (!model_of(call)->devices_known)
		return instant_reached(loop_now(), call->deadline) ? -ETIMEDOUT : 0;
	r = server_paths(client_server(call->client), call->names, may_be_old(call), ret);
	return r < 0 ? r : 1;
}

static int answer_maps(struct call *call, char **ret)
{
	const struct model *m = model_of(call);
	int r;

	if (!m->devices_known || !instant_is_set(m->maps_at))
		return instant_reached(loop_now(), call->deadline) ? -ETIMEDOUT : 0;
	r = server_maps(client_server(call->client), call->names, may_be_old(call), ret);
	return r < 0 ? r : 1;
}

static int begin_config(struct call *call, sd_bus_message *m)
{
	int origin, r = sd_bus_message_read(m, "b", &origin);

	if (r < 0)
		return r;
	call->with_origin = origin;
	return 0;
}

static int answer_config(struct call *call, char **ret)
{
	int r = configuration_document(model_of(call)->config, call->with_origin, ret);

	return r < 0 ? r : 1;
}

static int begin_reconfigure(struct call *call, sd_bus_message *m)
{
	(void)m;
	call->number = server_reconfigure(client_server(call->client));
	return 0;
}

static int answer_reconfigure(struct call *call, char **ret)
{
	const struct server *server = client_server(call->client);
	char *copy;

	if (server->readings < call->number)
		return 0;
	copy = server->reading_result ? strdup(server->reading_result) : NULL;
	if (!copy)
		return -ENOMEM;
	*ret = copy;
	return 1;
}

static int begin_events(struct call *call, sd_bus_message *m)
{
	int r = sd_bus_message_read(m, "t", &call->number);

	return r < 0 ? r : 0;
}

static int answer_events(struct call *call, char **ret)
{
	int r = ring_document(&client_server(call->client)->ring, call->number, ret);

	if (r >= 0)
		client_saw_events(call->client);
	return r < 0 ? r : 1;
}

static int answer_subscribe(struct call *call, char **ret)
{
	client_subscribe(call->client);
	*ret = NULL;
	return 1;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static const struct method methods[] = {
	{ "Status", "", "s", "json\0", true, begin_nothing, answer_status },
	{ "Paths", "as", "s", "names\0json\0", true, begin_names, answer_paths },
	{ "Maps", "as", "s", "names\0json\0", true, begin_names, answer_maps },
	{ "Check", "ast", "s", "names\0timeout_ms\0json\0", false, begin_check, answer_errand },
	{ "Purge", "asut", "s", "names\0flags\0timeout_ms\0json\0", false, begin_purge,
		answer_errand },
	{ "Holders", "s", "s", "name\0json\0", false, begin_holders, answer_errand },
	{ "Rescan", "ast", "s", "names\0timeout_ms\0json\0", false, begin_rescan, answer_errand },
	{ "Wait", "asut", "s", "names\0paths\0timeout_ms\0json\0", false, begin_wait,
		answer_errand },
	{ "Grow", "ast", "s", "names\0timeout_ms\0json\0", false, begin_grow, answer_errand },
	{ "Clean", "ssu", "s", "name\0below\0flags\0json\0", false, begin_clean, answer_errand },
	{ "Detach", "asut", "s", "names\0flags\0timeout_ms\0json\0", false, begin_detach,
		answer_errand },
	{ "Config", "b", "s", "origin\0json\0", true, begin_config, answer_config },
	{ "Reconfigure", "", "s", "json\0", false, begin_reconfigure, answer_reconfigure },
	{ "Events", "t", "s", "after\0json\0", true, begin_events, answer_events },
	{ "Subscribe", "", "", "", true, begin_nothing, answer_subscribe },
};

const struct method *method_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
		if (!strcmp(methods[i].name, name))
			return &methods[i];
	return NULL;
}

static const struct {
	int failure;
	const char *name;
} errors[] = {
	{ -ENODEV, "org.pathkeeper1.Error.NoSuchDevice" },
	{ -EINVAL, "org.pathkeeper1.Error.Usage" },
	{ -EPERM, "org.pathkeeper1.Error.NotPermitted" },
	{ -E2BIG, "org.pathkeeper1.Error.LimitsExceeded" },
	{ -EBUSY, "org.pathkeeper1.Error.LimitsExceeded" },
	{ -ETIMEDOUT, "org.pathkeeper1.Error.TimedOut" },
	{ -ENOMEM, "org.pathkeeper1.Error.NoMemory" },
};

const char *method_error_name(int failure)
{
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		if (errors[i].failure == failure)
			return errors[i].name;
	return "org.pathkeeper1.Error.Failed";
}

/* sd-bus wants what is not used to be zero, so the rows are filled in where they are static. */
const sd_bus_vtable *method_vtable(sd_bus_message_handler_t handler)
{
	static const sd_bus_vtable frame[] = {
		SD_BUS_VTABLE_START(0),
		SD_BUS_SIGNAL_WITH_NAMES("Event", "ts", SD_BUS_PARAM(number) SD_BUS_PARAM(json), 0),
		SD_BUS_VTABLE_END,
	};
	static sd_bus_vtable table[ARRAY_SIZE(methods) + ARRAY_SIZE(frame)];
	size_t n = 0;

	table[n++] = frame[0];
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++, n++) {
		table[n].type = _SD_BUS_VTABLE_METHOD;
		table[n].flags =
			SD_BUS_VTABLE_UNPRIVILEGED; /* who may what is not asked of sd-bus */
		table[n].x.method.member = methods[i].name;
		table[n].x.method.signature = methods[i].in;
		table[n].x.method.result = methods[i].out;
		table[n].x.method.handler = handler;
		table[n].x.method.names = methods[i].argument_names;
	}
	table[n++] = frame[1];
	table[n] = frame[2];
	return table;
}
