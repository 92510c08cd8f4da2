# shellcheck shell=dash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# lab/bus.sh: a D-Bus system bus. To be sourced in a guest: . "$LAB/bus.sh"
#
#   bus_start      starts it and waits until it answers
#   bus_stop       ends it
#   bus_has NAME   whether somebody owns the name, for wait_until

# shellcheck source=wait.sh
. "$LAB/wait.sh"

bus_answers() { dbus-send --system --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.GetId >/dev/null 2>&1; }

bus_start()
{
	mkdir -p /run/dbus /run/lab
	dbus-daemon --system --nofork --nopidfile </dev/null >>/run/lab/dbus.log 2>&1 &
	bus_pid=$!
	wait_until 30 bus_answers
}

bus_stop()
{
	[ -n "${bus_pid:-}" ] || return 0
	kill "$bus_pid"
	wait "$bus_pid"
	bus_pid=
	rm -f /run/dbus/system_bus_socket
}

bus_has()
{
	dbus-send --system --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner "string:$1" 2>/dev/null |
		grep -q 'boolean true'
}
