/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sd-bus, whose calls fail as a whole. */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "wrap.h"

#define BUS(name, params, args)                                                                    \
	REAL(int, name, params)                                                                    \
	{                                                                                          \
		return fault_strikes(FAULT_BUS) ? -errno : __real_##name args;                     \
	}

BUS(sd_bus_new, (sd_bus * *ret), (ret))
BUS(sd_bus_set_fd, (sd_bus * bus, int in, int out), (bus, in, out))
BUS(sd_bus_set_server, (sd_bus * bus, int yes, sd_id128_t id), (bus, yes, id))
BUS(sd_bus_negotiate_fds, (sd_bus * bus, int yes), (bus, yes))
BUS(sd_bus_set_close_on_exit, (sd_bus * bus, int yes), (bus, yes))
BUS(sd_bus_start, (sd_bus * bus), (bus))
BUS(sd_bus_add_object_vtable,
	(sd_bus * bus, sd_bus_slot **slot, const char *path, const char *interface,
		const sd_bus_vtable *vtable, void *arg),
	(bus, slot, path, interface, vtable, arg))
BUS(sd_bus_attach_event, (sd_bus * bus, sd_event *event, int priority), (bus, event, priority))
BUS(sd_bus_get_n_queued_write, (sd_bus * bus, uint64_t *ret), (bus, ret))

REAL(int, sd_bus_message_read_strv, (sd_bus_message * m, char ***ret))
{
	int r = fault_strikes(FAULT_BUS) ? -errno : __real_sd_bus_message_read_strv(m, ret);

	if (r >= 0 && *ret)
		fault_lent(1);
	for (char **name = r < 0 ? NULL : *ret; name && *name; name++)
		fault_lent(1);
	return r;
}

/* Of those with a list of arguments the twin that takes it is what is called. */
#define LISTED(name, twin, params, last, args)                                                     \
	int __wrap_##name params;                                                                  \
	int __wrap_##name params                                                                   \
	{                                                                                          \
		va_list list;                                                                      \
		int r;                                                                             \
                                                                                                   \
		if (fault_strikes(FAULT_BUS))                                                      \
			return -errno;                                                             \
		va_start(list, last);                                                              \
		r = twin args;                                                                     \
		va_end(list);                                                                      \
		return r;                                                                          \
	}

LISTED(sd_bus_message_read, sd_bus_message_readv, (sd_bus_message * m, const char *types, ...),
	types, (m, types, list))
LISTED(sd_bus_reply_method_return, sd_bus_reply_method_returnv,
	(sd_bus_message * m, const char *types, ...), types, (m, types, list))
LISTED(sd_bus_reply_method_errorf, sd_bus_reply_method_errorfv,
	(sd_bus_message * m, const char *name, const char *format, ...), format,
	(m, name, format, list))
LISTED(sd_bus_emit_signal, sd_bus_emit_signalv,
	(sd_bus * bus, const char *path, const char *interface, const char *member,
		const char *types, ...),
	types, (bus, path, interface, member, types, list))
