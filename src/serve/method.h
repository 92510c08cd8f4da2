/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The methods of org.pathkeeper1.Manager, one row each. Only for this folder. */
#include <stdbool.h>

#include <systemd/sd-bus.h>

struct call;

#define METHOD_PATH	 "/org/pathkeeper1"
#define METHOD_INTERFACE "org.pathkeeper1.Manager"

enum { METHOD_NAMES_ROOT = 1024, METHOD_NAMES_OTHERS = 16, METHOD_NAME_BYTES = 256 };

struct method {
	const char *name, *in, *out;
	const char *argument_names; /* of in, then of out, each with a NUL behind it */
	bool everyone;		    /* also by the door "read" */

	/* Takes the arguments into the call. 0 or negative errno. */
	int (*begin)(struct call *call, sd_bus_message *m);

	/* 1: *ret is the answer (the caller's; NULL where there is nothing to say), 0: not yet,
	 * negative errno: the answer is that. */
	int (*answer)(struct call *call, char **ret);
};

/* NULL: there is none. */
const struct method *method_find(const char *name);

/* The same rows as sd-bus wants them, all leading to handler. */
const sd_bus_vtable *method_vtable(sd_bus_message_handler_t handler);

/* The D-Bus error for a negative errno. Borrowed. */
const char *method_error_name(int failure);
