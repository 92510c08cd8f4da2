/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * Where sysfs keeps the state of the way to a device: beside the session or remote port that
 * stands in the path of the device's directory.
 */
#include <stdbool.h>
#include <stddef.h>

struct transport {
	const char *component; /* how the directory's name begins; a digit follows */
	const char *class, *attribute;
	const char *up[2]; /* the words for a way that is up */
	bool required;	   /* others are named alike and have no such class */
};

#define TRANSPORT_PATH 256

/* sysfs: "devices/.../session1/target3:0:0/3:0:0:1". The row that fits, and the attribute's path
 * relative to that directory: "../../iscsi_session/session1/state". NULL: there is none. */
const struct transport *transport_find(const char *sysfs, char ret_path[TRANSPORT_PATH]);

bool transport_is_up(const struct transport *t, const char *state);
