/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The process that makes the helpers. It is forked before any socket, lock, bus or loop exists, so
 * that a helper inherits nothing but what it is given: one end of a packet socket. It does not
 * know what the roles do: their table is handed in by core/, which knows both columns.
 *
 * A helper is made before it is wanted: one spare waits for its role, settled and with its memory
 * locked, and the next one is made when it was taken. A helper wanted while storage fails thus
 * needs no fork that has to succeed, and no memory that is to be found.
 */
#include <stdint.h>

#include "model/observation.h"

struct helper_role {
	const char *name; /* shown as the process name: "pk-keeper" */
	/* Runs in the new process until the socket closes; its return is the exit status. */
	int (*main)(int socket, uint32_t tag);
};

/* roles: indexed by HELPER_KEEPER ... HELPER_DM_HAND; one without main is never made. Call before
 * anything else is opened.
 * On success *ret_socket is the zygote's socket (owned by the caller); closing it ends the zygote.
 */
int zygote_start(const struct helper_role *roles, uint32_t n_roles, int *ret_socket);

/* Ask for a helper; *ret_socket is our end of its socket. tag is its host, for a keeper.
 * The helper's first packet is OBS_HELPER born with its pid; when none can be made the socket just
 * closes. Does not block: 0, -EAGAIN (the zygote is behind), -EPIPE (it is gone). */
int zygote_spawn(int zygote, enum helper_kind role, uint32_t tag, int *ret_socket);
