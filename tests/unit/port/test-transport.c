/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/cleanup.h"
#include "port/transport.h"

static const struct {
	const char *rule, *sysfs, *path;
	bool required;
} rows[] = {
	{ "iSCSI: the session", "devices/platform/host3/session1/target3:0:0/3:0:0:1",
		"../../iscsi_session/session1/state", true },
	{ "Fibre Channel: the remote port",
		"devices/pci0000:00/0000:00:05.0/host5/rport-5:0-12/target5:0:3/5:0:3:0",
		"../../fc_remote_ports/rport-5:0-12/port_state", true },
	{ "behind a virtual port of a host adapter",
		"devices/pci0000:00/0000:05:00.0/host5/vport-5:0-1/host6/rport-6:0-2/target6:0:0/"
		"6:0:0:0",
		"../../fc_remote_ports/rport-6:0-2/port_state", true },
	{ "SRP: the remote port, if there is one", "devices/x/host2/port-2:1/target2:0:0/2:0:0:0",
		"../../srp_remote_ports/port-2:1/state", false },
	{ "SAS: the end device's port is called so too",
		"devices/x/host0/port-0:0/end_device-0:0/target0:0:0/0:0:0:0",
		"../../../srp_remote_ports/port-0:0/state", false },
	{ "virtio has none", "devices/pci0000:00/0000:00:05.0/virtio1/host0/target0:0:1/0:0:1:0",
		NULL, false },
	{ "a name without a number is none", "devices/x/sessions/target0:0:0/0:0:0:0", NULL,
		false },
	{ "nothing", "", NULL, false },
};

static void the_state_stands_beside_the_way(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char path[TRANSPORT_PATH] = "";
		const struct transport *t = transport_find(rows[i].sysfs, path);

		if (!t != !rows[i].path || (t && strcmp(path, rows[i].path) != 0) ||
			(t && t->required != rows[i].required))
			fail_msg("%s: %s", rows[i].rule, path);
	}
}

/* The depth is whatever sysfs says; the path has a bound. */
static void a_path_that_does_not_fit_is_none(void **state)
{
	char sysfs[512] = "session1", path[TRANSPORT_PATH];

	(void)state;
	for (int i = 0; i < 100; i++)
		strcat(sysfs, "/a");
	assert_null(transport_find(sysfs, path));
}

static const struct {
	const char *sysfs, *state;
	bool up;
} words[] = {
	{ "session1", "LOGGED_IN", true },
	{ "session1", "FAILED", false },
	{ "session1", "FREE", false },
	{ "rport-1", "Online", true },
	{ "rport-1", "Marginal", true }, /* the administrator's word; I/O goes on */
	{ "rport-1", "Blocked", false },
	{ "rport-1", "Not Present", false },
	{ "rport-1", "", false },
	{ "port-1", "running", true },
	{ "port-1", "blocked", false },
	{ "port-1", "fail-fast", false },
	{ "port-1", "lost", false },
};

static void which_words_mean_up(void **state)
{
	char path[TRANSPORT_PATH];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (transport_is_up(transport_find(words[i].sysfs, path), words[i].state) !=
			words[i].up)
			fail_msg("%s: %s", words[i].sysfs, words[i].state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_state_stands_beside_the_way),
		cmocka_unit_test(a_path_that_does_not_fit_is_none),
		cmocka_unit_test(which_words_mean_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
