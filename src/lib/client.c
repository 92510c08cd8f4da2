/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libpathkeeper: each call is one D-Bus method on the daemon's peer-to-peer socket, and its one
 * string is the document.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <time.h>

#include "base/cleanup.h"
#include "pathkeeper.h"

#define OBJECT	  "/org/pathkeeper1"
#define INTERFACE "org.pathkeeper1.Manager"

enum {
	HELLO_US = 5 * 1000 * 1000,
	ANSWER_US = 25 * 1000 * 1000,
	RESCAN_MS = 120 * 1000, /* what the daemon makes of a timeout of 0 */
	WAIT_MS = 120 * 1000,
	GROW_MS = 120 * 1000,
	CLEAN_MS = 20 * 1000,
	DETACH_MS = 120 * 1000,
	LONGER_US = 10 * 1000 * 1000, /* than the daemon was told to wait */
};

struct pk {
	sd_bus *bus; /* owned */
	char error[256];
};

DEFINE_FREEP(struct pk, pk_close)

static void message_unrefp(sd_bus_message **m)
{
	sd_bus_message_unref(*m);
}

static void error_freep(sd_bus_error *e)
{
	sd_bus_error_free(e);
}

/* What a failure of the socket means to who asked. */
static int connect_errno(int r)
{
	switch (r) {
	case -ENOENT:
	case -ECONNREFUSED:
	case -ECONNRESET:
	case -EPIPE:
	case -ENOTCONN: return -ECONNREFUSED;
	case -EACCES:
	case -EPERM: return -EPERM;
	}
	return r;
}

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* A call would wait for the handshake as long as sd-bus does: a minute and a half. */
static int wait_for_handshake(sd_bus *bus, uint64_t end)
{
	for (;;) {
		int r = sd_bus_is_ready(bus);
		uint64_t now = now_us();

		if (r != 0)
			return r < 0 ? r : 0;
		r = sd_bus_process(bus, NULL);
		if (r == 0 && now >= end)
			return -ETIMEDOUT;
		if (r == 0)
			r = sd_bus_wait(bus, end - now);
		if (r < 0 && r != -EINTR)
			return r;
	}
}

/* The daemon introduces nobody by name; one answered call says that it is there and lets us in. */
static int hello(struct pk *pk)
{
	const uint64_t end = now_us() + HELLO_US;
	_cleanup_(error_freep) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(message_unrefp) sd_bus_message *call = NULL;
	int r = wait_for_handshake(pk->bus, end);
	uint64_t now = now_us();

	if (r >= 0)
		r = sd_bus_message_new_method_call(
			pk->bus, &call, NULL, OBJECT, "org.freedesktop.DBus.Peer", "Ping");
	if (r >= 0)
		r = sd_bus_call(pk->bus, call, now < end ? end - now : 1, &error, NULL);
	return r < 0 ? connect_errno(r) : 0;
}

int pk_connect(unsigned flags, struct pk **ret)
{
	_cleanup_(pk_closep) struct pk *pk = calloc(1, sizeof *pk);
	const char *dir = getenv("PATHKEEPER_RUNTIME_DIR");
	char address[320];
	int r;

	if (!pk)
		return -ENOMEM;
	snprintf(address, sizeof address, "unix:path=%s/%s", dir ? dir : "/run/pathkeeper",
		flags & PK_CONNECT_READ ? "read" : "private");
	r = sd_bus_new(&pk->bus);
	if (r >= 0)
		r = sd_bus_set_address(pk->bus, address);
	if (r >= 0)
		r = sd_bus_start(pk->bus);
	if (r < 0)
		return connect_errno(r);
	r = hello(pk);
	if (r < 0)
		return r;
	*ret = TAKE(pk);
	return 0;
}

struct pk *pk_close(struct pk *pk)
{
	if (!pk)
		return NULL;
	if (pk->bus)
		sd_bus_close_unref(pk->bus);
	free(pk);
	return NULL;
}

const char *pk_error(const struct pk *pk)
{
	return pk->error;
}

/* The daemon's own error names, and what they are here. */
static const struct {
	const char *name;
	int error;
} error_rows[] = {
	{ "org.pathkeeper1.Error.NoSuchDevice", ENODEV }, { "org.pathkeeper1.Error.Usage", EINVAL },
	{ "org.pathkeeper1.Error.NotPermitted", EPERM },
	{ "org.pathkeeper1.Error.LimitsExceeded", EBUSY },
	{ "org.pathkeeper1.Error.TimedOut", ETIMEDOUT },
	{ "org.pathkeeper1.Error.NoMemory", ENOMEM }, { "org.pathkeeper1.Error.Failed", EIO },
	{ SD_BUS_ERROR_ACCESS_DENIED, EPERM }, { SD_BUS_ERROR_NO_REPLY, ETIMEDOUT },
	{ SD_BUS_ERROR_UNKNOWN_METHOD, EPERM }, /* not by this socket */
};

static int failure(struct pk *pk, int r, const sd_bus_error *error)
{
	if (!sd_bus_error_is_set(error))
		return r == -EPIPE || r == -ENOTCONN ? -ECONNRESET : r;
	snprintf(pk->error, sizeof pk->error, "%s", error->message ? error->message : error->name);
	for (size_t i = 0; i < ARRAY_SIZE(error_rows); i++)
		if (!strcmp(error->name, error_rows[i].name))
			return -error_rows[i].error;
	return r < 0 ? r : -EIO;
}

static int new_call(struct pk *pk, const char *method, sd_bus_message **ret)
{
	pk->error[0] = '\0';
	return sd_bus_message_new_method_call(pk->bus, ret, NULL, OBJECT, INTERFACE, method);
}

/* Send it, wait, and copy its one string. */
static int answer(struct pk *pk, sd_bus_message *call, uint64_t wait_us, char **ret)
{
	_cleanup_(error_freep) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(message_unrefp) sd_bus_message *reply = NULL;
	const char *text;
	char *copy;
	int r = sd_bus_call(pk->bus, call, wait_us, &error, &reply);

	if (r < 0)
		return failure(pk, r, &error);
	r = sd_bus_message_read(reply, "s", &text);
	if (r < 0)
		return r;
	copy = strdup(text);
	if (!copy)
		return -ENOMEM;
	*ret = copy;
	return 0;
}

static int append_names(sd_bus_message *call, const char *const *names)
{
	int r = sd_bus_message_open_container(call, 'a', "s");

	for (; r >= 0 && names && *names; names++)
		r = sd_bus_message_append(call, "s", *names);
	return r < 0 ? r : sd_bus_message_close_container(call);
}

/* The daemon answers at timeout_ms at the latest; 0: whenever. */
static uint64_t patience(uint64_t timeout_ms)
{
	return timeout_ms ? timeout_ms * 1000 + LONGER_US : UINT64_MAX;
}

int pk_status(struct pk *pk, char **ret)
{
	_cleanup_(message_unrefp) sd_bus_message *call = NULL;
	int r = new_call(pk, "Status", &call);

	return r < 0 ? r : answer(pk, call, ANSWER_US, ret);
}

int pk_paths(struct pk *pk, const char *const *names, char **ret)
{
	_cleanup_(message_unrefp) sd_bus_message *call = NULL;
	int r = new_call(pk, "Paths", &call);

	if (r >= 0)
		r = append_names(call, names);
	return r < 0 ? r : answer(pk, call, ANSWER_US, ret);
}

int pk_maps(struct pk *pk, const char *const *names, char **ret)
{
	_cleanup_(message_unrefp) sd_bus_message *call = NULL;
	int r = new_call(pk, "Maps", &call);

	if (r >= 0)
		r = append_names(call, names);
	return r < 0 ? r : answer(pk, call, ANSWER_US, ret);
}

/* usual_ms is what the daemon makes of a timeout of 0. */
static int call_names(struct pk *pk, const char *method, const char *const *names,
	uint64_t timeout_ms, uint64_t usual_ms, char **ret)
{
	_cleanup_(message_unrefp) sd_bus_message *call = NULL;
	int r = new_call(pk, method, &call);

	if (r >= 0)
		r = append_names(call, names);
	if (r >= 0)
		r = sd_bus_message_append(call, "t", timeout_ms);
	return r < 0 ? r : answer(pk, call, patience(timeout_ms ? timeout_ms : usual_ms), ret);
}

int pk_check(struct pk *pk, const char *const *names, uint64_t timeout_ms, char **ret)
{
	return call_names(pk, "Check", names, timeout_ms, 0, ret);
}

/* A timeout of 0 is waited for as usual_ms; 0: for ever. */
static int call_with_number(struct pk *pk, const char *method, const char *const *names,
	unsigned number, uint64_t timeout_ms, uint64_t usual_ms, char **ret)
{
	_cleanup_(message_unrefp) sd_bus_message *call = NULL;
	int r = new_call(pk, method, &call);

	if (r >= 0)
		r = append_names(call, names);
	if (r >= 0)
		r = sd_bus_message_append(call, "ut", (uint32_t)number, timeout_ms);
	return r < 0 ? r : answer(pk, call, patience(timeout_ms ? timeout_ms : usual_ms), ret);
}

int pk_purge(
	struct pk *pk, const char *const *names, unsigned flags, uint64_t timeout_ms, char **ret)
{
	return call_with_number(pk, "Purge", names, flags, timeout_ms, 0, ret);
}

int pk_detach(
	struct pk *pk, const char *const *names, unsigned flags, uint64_t timeout_ms, char **ret)
{
	return call_with_number(pk, "Detach", names, flags, timeout_ms, DETACH_MS, ret);
}

int pk_holders(struct pk *pk, const char *name, char **ret)
{
	_cleanup_(message_unrefp) sd_bus_message *call = NULL;
	int r = new_call(pk, "Holders", &call);

	if (r >= 0)
		r = sd_bus_message_append(call, "s", name);
	return r < 0 ? r : answer(pk, call, ANSWER_US, ret);
}

int pk_rescan(struct pk *pk, const char *const *names, uint64_t timeout_ms, char **ret)
{
	return call_names(pk, "Rescan", names, timeout_ms, RESCAN_MS, ret);
}

int pk_wait(
	struct pk *pk, const char *const *names, unsigned paths, uint64_t timeout_ms, char **ret)
{
	return call_with_number(pk, "Wait", names, paths, timeout_ms, WAIT_MS, ret);
}

int pk_grow(struct pk *pk, const char *const *names, uint64_t timeout_ms, char **ret)
{
	return call_names(pk, "Grow", names, timeout_ms, GROW_MS, ret);
}

/* The daemon's flags are those of its other words. */
int pk_clean_device(struct pk *pk, const char *name, const char *below, unsigned flags, char **ret)
{
	enum { DRY_RUN = 1, FORCE = 8 };
	_cleanup_(message_unrefp) sd_bus_message *call = NULL;
	uint32_t its = (flags & PK_CLEAN_DRY_RUN ? DRY_RUN : 0u) |
		       (flags & PK_CLEAN_FORCE ? FORCE : 0u);
	int r = new_call(pk, "Clean", &call);

	if (flags & ~(unsigned)(PK_CLEAN_DRY_RUN | PK_CLEAN_FORCE))
		return -EINVAL;
	if (r >= 0)
		r = sd_bus_message_append(call, "ssu", name, below ? below : "", its);
	return r < 0 ? r : answer(pk, call, CLEAN_MS * 1000ull + LONGER_US, ret);
}

int pk_config(struct pk *pk, int with_origin, char **ret)
{
	_cleanup_(message_unrefp) sd_bus_message *call = NULL;
	int r = new_call(pk, "Config", &call);

	if (r >= 0)
		r = sd_bus_message_append(call, "b", with_origin);
	return r < 0 ? r : answer(pk, call, ANSWER_US, ret);
}

int pk_reconfigure(struct pk *pk, char **ret)
{
	_cleanup_(message_unrefp) sd_bus_message *call = NULL;
	int r = new_call(pk, "Reconfigure", &call);

	return r < 0 ? r : answer(pk, call, ANSWER_US, ret);
}

int pk_events(struct pk *pk, uint64_t after, char **ret)
{
	_cleanup_(message_unrefp) sd_bus_message *call = NULL;
	int r = new_call(pk, "Events", &call);

	if (r >= 0)
		r = sd_bus_message_append(call, "t", after);
	return r < 0 ? r : answer(pk, call, ANSWER_US, ret);
}

static int subscribe(struct pk *pk)
{
	_cleanup_(error_freep) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(message_unrefp) sd_bus_message *call = NULL;
	int r = new_call(pk, "Subscribe", &call);

	if (r >= 0)
		r = sd_bus_call(pk->bus, call, ANSWER_US, &error, NULL);
	return r < 0 ? failure(pk, r, &error) : 0;
}

int pk_follow(struct pk *pk, int (*visit)(void *arg, uint64_t number, const char *json), void *arg)
{
	int r = subscribe(pk);

	while (r >= 0) {
		_cleanup_(message_unrefp) sd_bus_message *m = NULL;

		r = sd_bus_process(pk->bus, &m);
		if (r > 0 && m && sd_bus_message_is_signal(m, INTERFACE, "Event")) {
			const char *json;
			uint64_t number;
			int end;

			r = sd_bus_message_read(m, "ts", &number, &json);
			end = r < 0 ? 0 : visit(arg, number, json);
			if (end)
				return end;
		} else if (r == 0) {
			r = sd_bus_wait(pk->bus, UINT64_MAX);
		}
	}
	return r == -EPIPE || r == -ENOTCONN ? -ECONNRESET : r;
}
