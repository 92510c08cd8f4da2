/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port/transport.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

static const struct transport transports[] = {
	{ "session", "iscsi_session", "state", { "LOGGED_IN" }, true },
	{ "rport-", "fc_remote_ports", "port_state", { "Online", "Marginal" }, true },
	{ "port-", "srp_remote_ports", "state", { "running" }, false },
};

static const struct transport *row_of(const char *component, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(transports); i++) {
		size_t prefix = strlen(transports[i].component);

		if (len > prefix && !strncmp(component, transports[i].component, prefix) &&
			component[prefix] >= '0' && component[prefix] <= '9')
			return &transports[i];
	}
	return NULL;
}

static bool write_path(const struct transport *t, const char *component, size_t len, size_t up,
	char ret[TRANSPORT_PATH])
{
	char tail[TRANSPORT_PATH];
	int r = snprintf(
		tail, sizeof tail, "%s/%.*s/%s", t->class, (int)len, component, t->attribute);

	if (r < 0 || (size_t)r >= sizeof tail || up * strlen("../") + (size_t)r >= TRANSPORT_PATH)
		return false;
	for (; up > 0; up--, ret += strlen("../"))
		memcpy(ret, "../", strlen("../"));
	memcpy(ret, tail, (size_t)r + 1);
	return true;
}

const struct transport *transport_find(const char *sysfs, char ret_path[TRANSPORT_PATH])
{
	const struct transport *found = NULL, *t;
	const char *component = NULL;
	size_t len, component_len = 0;
	size_t up = 0; /* components that follow the one found */

	for (const char *at = sysfs; *at; at += len + (at[len] == '/')) {
		len = strcspn(at, "/");
		t = row_of(at, len);
		up++;
		if (!t)
			continue;
		found = t;
		component = at;
		component_len = len;
		up = 0;
	}
	return found && write_path(found, component, component_len, up, ret_path) ? found : NULL;
}

bool transport_is_up(const struct transport *t, const char *state)
{
	for (size_t i = 0; i < ARRAY_SIZE(t->up) && t->up[i]; i++)
		if (!strcmp(state, t->up[i]))
			return true;
	return false;
}
