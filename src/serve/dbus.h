/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * org.pathkeeper1 on D-Bus, peer to peer (docs/dbus.md): below process_runtime_dir() the sockets
 * "private" for root and "read" for everybody.
 */
#include "base/cleanup.h"

struct diagnostics;
struct serve_dbus;
struct sources;

/* Listens, and becomes the listener of sources. remarks: of the configuration in force; copied.
 * 0 or negative errno. */
int serve_dbus_new(
	struct sources *sources, const struct diagnostics *remarks, struct serve_dbus **ret);
struct serve_dbus *serve_dbus_free(struct serve_dbus *serve);
DEFINE_FREEP(struct serve_dbus, serve_dbus_free)

/* Read the configuration again, as the method Reconfigure() does; how it ended is logged, and what
 * was remarked is shown in status. */
void serve_dbus_reconfigure(struct serve_dbus *serve);
